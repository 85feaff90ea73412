"""What the rights to the selected mailbox allow, as responses (RFC 4314 5.1.1 and 5.2)."""

from mailaccess.imap.view import View
from mailaccess.mail.flags import SYSTEM
from mailaccess.storage import rights
from mailaccess.storage.keywords import MOST_OF_MAILBOX
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.rights import Rights
from mailaccess.storage.viewer import right_for


def writes(mailbox: Mailbox) -> bool:
    """READ-ONLY is "if none of the following rights is granted to the current user: "i", "e", and "shared flag
    rights" " (RFC 4314 5.2)."""
    return bool(mailbox.rights & {rights.INSERT, rights.EXPUNGE}) or mailbox.shares_flags


def flags_lines(view: View) -> list[bytes]:
    """FLAGS and PERMANENTFLAGS: "MUST accurately reflect the current user's rights"."""
    names = [*sorted(SYSTEM), *view.mailbox.keywords()]
    listed = b"FLAGS (%s)" % " ".join(names).encode()
    if view.read_only:
        return [listed, b"OK [PERMANENTFLAGS ()] Read-only mailbox"]
    permanent = [name for name in names if right_for(name) in view.mailbox.rights]
    # "if that limit is reached, the server MUST send a new PERMANENTFLAGS response code without the special flag \\*"
    # (RFC 9051 7.1)
    if rights.WRITE in view.mailbox.rights and len(names) - len(SYSTEM) < MOST_OF_MAILBOX:
        permanent.append("\\*")
    return [listed, b"OK [PERMANENTFLAGS (%s)] Limited" % " ".join(permanent).encode()]


def rendered(granted: Rights) -> bytes:
    """rights = astring"""
    return rights.shown(granted).encode() or b'""'
