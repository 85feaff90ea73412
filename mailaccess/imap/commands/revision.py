"""IMAP4rev2 (RFC 9051) and UTF8=ACCEPT (RFC 6855): what is different for those who enabled them, and where that stands.

Nothing is until they do. After ENABLE IMAP4rev2:

- SELECT and EXAMINE tell of the mailbox in a LIST response, not of \\Recent nor of the first unseen message (`select`).
  \\Recent is not told of anywhere: no message has it in this session's view (`session`).
- SEARCH answers with ESEARCH (`search`); flags that change are told with the UID (`session`).
- A name that the client spelled otherwise than it is here is answered with LIST and OLDNAME (`respelling`; 6.3.9.7).
- A name without a mailbox is \\NonExistent, and not \\Noselect as well (`listing`).
- BODY and BODYSTRUCTURE tell what is in a message/global (`structure`, `fetch`).
- Texts for people may be UTF-8, as they may after LANGUAGE (`session`).
- RECENT in STATUS, NEW, OLD and RECENT in SEARCH, LSUB, CHECK, and RFC822, RFC822.HEADER and RFC822.TEXT in FETCH are
  "deprecated": who asks is answered as before.

After either, mailbox names are sent and read as they are, in UTF-8, `&` included, and quoted strings have to be UTF-8
(`grammar`, `render`). After ENABLE UTF8=ACCEPT a SEARCH names no charset (`search`).

Without either, what RFC 6855 leaves to the server: UTF-8 in quoted strings is read, but never sent; names are sent in
modified UTF-7. Messages with UTF-8 in their headers are neither hidden nor replaced by surrogates (7): a surrogate has
another size and breaks signatures, and one UID would name two messages. The client gets the octets, in literals. For
the same reason APPEND takes such messages from everybody, although "the server MUST reject" them (4): many that came by
SMTP are like that, and their owner could not copy them here from elsewhere.
"""

from mailaccess.imap.registry import ANY, enables, feature
from mailaccess.imap.session import Session


async def _forget_recent(session: Session) -> None:
    """Somebody may enable it while a mailbox is selected, which clients "MUST NOT" do (6.3.1)."""
    if session.selected is not None:
        session.selected.drop_recent()


feature(b"IMAP4rev2", rfc=9051, announce=ANY)
enables(b"IMAP4rev2", then=_forget_recent)
feature(b"UTF8=ACCEPT", rfc=6855)
enables(b"UTF8=ACCEPT")
