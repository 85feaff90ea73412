"""The envelope of a message: what RFC 3501 7.4.2 (ENVELOPE) takes from its header."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mailaccess.mail.address import MOST, Address, parse_addresses
from mailaccess.mail.headers import Field, unfold


@dataclass(slots=True)
class Envelope:
    """Texts are unfolded and otherwise as written, None where the field is missing; the subject's blanks are single."""

    date: bytes | None = None
    subject: bytes | None = None
    from_: list[Address] = field(default_factory=list)
    sender: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    in_reply_to: bytes | None = None
    message_id: bytes | None = None


def envelope(fields: Iterable[Field]) -> Envelope:
    """The envelope of a header. Of a text written twice the last counts; addresses written twice are all listed.

    Without a Sender or a Reply-To, or with an empty one, the addresses of From stand for it.
    """
    found = Envelope()
    for one in fields:
        match one.name.lower():
            case b"date":
                found.date = unfold(one.value)
            case b"subject":
                found.subject = b" ".join(unfold(one.value).split())
            case b"from":
                _add(found.from_, one.value)
            case b"sender":
                _add(found.sender, one.value)
            case b"reply-to":
                _add(found.reply_to, one.value)
            case b"to":
                _add(found.to, one.value)
            case b"cc":
                _add(found.cc, one.value)
            case b"bcc":
                _add(found.bcc, one.value)
            case b"in-reply-to":
                found.in_reply_to = unfold(one.value)
            case b"message-id":
                found.message_id = unfold(one.value)
    found.sender = found.sender or found.from_
    found.reply_to = found.reply_to or found.from_
    return found


def _add(listed: list[Address], value: bytes) -> None:
    """Takes in one more field of a name, unless there are very many addresses already."""
    if len(listed) < MOST:
        listed += parse_addresses(value)
