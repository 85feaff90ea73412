"""What the rights to the selected mailbox allow, as responses (RFC 4314 5.1.1 and 5.2)."""

from collections.abc import Sequence
from functools import lru_cache

from mailaccess.imap.view import View
from mailaccess.mail.flags import SYSTEM
from mailaccess.storage import rights
from mailaccess.storage.keywords import MOST_OF_MAILBOX
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.rights import Rights
from mailaccess.storage.viewer import right_for

_FEW = 16
"""Keywords, of 255 octets at most each, of which the responses are kept."""


def writes(mailbox: Mailbox) -> bool:
    """READ-ONLY is "if none of the following rights is granted to the current user: "i", "e", and "shared flag
    rights" " (RFC 4314 5.2)."""
    return bool(mailbox.rights & {rights.INSERT, rights.EXPUNGE}) or mailbox.shares_flags


def flags_lines(view: View) -> Sequence[bytes]:
    """FLAGS and PERMANENTFLAGS: "MUST accurately reflect the current user's rights"."""
    names = view.mailbox.keywords()
    lines = _flags_lines if len(names) <= _FEW else _flags_lines.__wrapped__
    return lines(names, view.mailbox.rights, read_only=view.read_only)


@lru_cache(maxsize=64)
def _flags_lines(keywords: tuple[str, ...], granted: Rights, *, read_only: bool) -> Sequence[bytes]:
    """The same, found out once where keywords are few: most mailboxes have none, or some clients' usual ones."""
    names = [*sorted(SYSTEM), *keywords]
    listed = b"FLAGS (%s)" % " ".join(names).encode()
    if read_only:
        return listed, b"OK [PERMANENTFLAGS ()] Read-only mailbox"
    permanent = [name for name in names if right_for(name) in granted]
    # "if that limit is reached, the server MUST send a new PERMANENTFLAGS response code without the special flag \\*"
    # (RFC 9051 7.1)
    if rights.WRITE in granted and len(keywords) < MOST_OF_MAILBOX:
        permanent.append("\\*")
    return listed, b"OK [PERMANENTFLAGS (%s)] Limited" % " ".join(permanent).encode()


def rendered(granted: Rights) -> bytes:
    """rights = astring"""
    return rights.shown(granted).encode() or b'""'
