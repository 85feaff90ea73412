"""UIDONLY (RFC 9586): after ENABLE UIDONLY no message has a sequence number any more, neither way.

What is different then stands where it is done:

* Commands that go by sequence numbers, REPLACE, SORT and THREAD among them, are BAD [UIDREQUIRED]:
  `ImapCommand.by_number` and `Session._find`. So are sequence sets as search keys (`imap.finding`) and the
  sample of sequence numbers and their UIDs that QRESYNC has (`commands.select`).
* UIDFETCH takes the place of FETCH, and has UID among its items only if that was asked for: `imap.fetching` for what
  FETCH answers, `Session.flags_fetch` for all else.
* VANISHED takes the place of EXPUNGE: `Session._tell`.
* SELECT and EXAMINE leave out UNSEEN: `commands.select`. EXISTS and RECENT, which number no message, remain.

Search results that were to be kept up to date by number are not any more: "NO [NOUPDATE]" (RFC 5267 4.3.1).
A sequence set is still a set of UIDs in the UID commands, with `*`, and `$` is what was found.
"""

from mailaccess.imap import contexts
from mailaccess.imap.registry import enables, feature
from mailaccess.imap.session import Session


async def _forget_numbers(session: Session) -> None:
    if session.selected is not None:
        contexts.give_up_numbers(session)


feature(b"UIDONLY", rfc=9586)
enables(b"UIDONLY", then=_forget_numbers)
