"""UIDONLY (RFC 9586): after ENABLE UIDONLY no message has a sequence number any more, neither way.

What is different then stands where it is done:

* Commands that go by sequence numbers, REPLACE, SORT and THREAD among them, are BAD [UIDREQUIRED]:
  `ImapCommand.by_number` and `Session._find`. So are sequence sets as search keys (`commands.search.find`) and the
  sample of sequence numbers and their UIDs that QRESYNC has (`commands.select`).
* UIDFETCH takes the place of FETCH, and has UID among its items only if that was asked for: `imap.fetching` for what
  FETCH answers, `Session.flags_fetch` for all else.
* VANISHED takes the place of EXPUNGE: `Session._tell`.
* SELECT and EXAMINE leave out UNSEEN: `commands.select`. EXISTS and RECENT, which number no message, remain.

A sequence set is still a set of UIDs in the UID commands, with `*`, and `$` is what was found.
"""

from mailaccess.imap.registry import enables, feature

feature(b"UIDONLY", rfc=9586)
enables(b"UIDONLY")
