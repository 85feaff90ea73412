"""What is computed once from a message and kept in the index: all that FETCH, SEARCH, SORT and THREAD ask but its body.

A blob is a fixed head of numbers and the ends of its sections, then the sections. Reading one never parses the message
again: ENVELOPE, BODYSTRUCTURE and BODY lie there as they are sent, small headers as they are, and the place of each
part, so that a part is one read of the file.
"""

import hashlib
import logging
import struct
from typing import Any, NamedTuple

from mailaccess.imap import structure
from mailaccess.mail import dates, headers, mime, subject, text, thread
from mailaccess.mail.address import Address
from mailaccess.mail.envelope import Envelope, envelope
from mailaccess.mail.lines import Buffer
from mailaccess.mail.preview import preview

log = logging.getLogger(__name__)

VERSION = 2
"""Changes with everything that changes a blob; the index then drops what it holds of another version."""

HEADER_KEPT = 8 * 1024
"""A header of at most so many octets is kept whole, so that asking for its fields opens no file."""

STRUCTURE_KEPT = 1024 * 1024
"""Octets of BODY and BODYSTRUCTURE; a message that needs more is one part of whose insides nothing is told."""

# version, bits, day sent, time sent, size of the header, digest; then where each section ends
_NUMBERS = struct.Struct("<BBxxIqQ20s")
_HEAD = struct.Struct(_NUMBERS.format + "14I")
_REPLY, _SENT, _HEADER = 1, 2, 4  # bits
_ENVELOPE, _BODYSTRUCTURE, _BODY, _FIELDS, _PARTS, _SUBJECT, _FROM, _TO, _CC, _MESSAGE_ID, _REFERENCES, _PREVIEW = (
    range(12)
)
_BODYSTRUCTURE_REV2, _BODY_REV2 = 12, 13  # empty where they are as the others
_SPAN = struct.Struct("<II").unpack_from  # of two ends that follow each other
_END = struct.Struct("<I")
_ENDS = [_NUMBERS.size + _END.size * (index - 1) for index in range(14)]  # where the end before a section's stands

_KIN_BEFORE, _KIN_AFTER = 20, 80  # of many references, so many of the eldest and of the latest tie a message to others


class PartPlace(NamedTuple):
    """Where one body part lies: half-open spans of octets of the message in wire form."""

    header_start: int  # its MIME header, blank line included
    header_end: int
    body_start: int
    body_end: int
    inner_body: int  # message/rfc822: where the body of the message inside begins; else 0
    encoding: str  # Content-Transfer-Encoding, upper case
    type: str  # "text/plain", lower case


class Facts:
    """One message's facts, read from its blob when asked for."""

    __slots__ = ("_blob",)

    def __init__(self, blob: bytes) -> None:
        self._blob = blob

    def _section(self, index: int) -> bytes:
        """Any section but the first."""
        start, end = _SPAN(self._blob, _ENDS[index])
        return self._blob[start:end]

    @property
    def _head(self) -> tuple[Any, ...]:
        return _NUMBERS.unpack_from(self._blob)

    @property
    def digest(self) -> bytes:
        """20 octets that two messages share if they are equal, octet by octet, and only then."""
        value: bytes = self._head[5]
        return value

    @property
    def envelope(self) -> bytes:
        """ENVELOPE, as it is sent."""
        (end,) = _END.unpack_from(self._blob, _NUMBERS.size)
        return self._blob[_HEAD.size : end]

    @property
    def bodystructure(self) -> bytes:
        """BODYSTRUCTURE, as it is sent."""
        return self._section(_BODYSTRUCTURE)

    @property
    def body(self) -> bytes:
        """BODY, as it is sent."""
        return self._section(_BODY)

    @property
    def bodystructure_rev2(self) -> bytes:
        """BODYSTRUCTURE, as it is sent in IMAP4rev2."""
        return self._section(_BODYSTRUCTURE_REV2) or self._section(_BODYSTRUCTURE)

    @property
    def body_rev2(self) -> bytes:
        """BODY, as it is sent in IMAP4rev2."""
        return self._section(_BODY_REV2) or self._section(_BODY)

    @property
    def header_size(self) -> int:
        """Octets of the message's header, blank line included."""
        size: int = self._head[4]
        return size

    @property
    def header(self) -> bytes | None:
        """The message's header in wire form, blank line included; None when it is larger than HEADER_KEPT."""
        return self._section(_FIELDS) if self._blob[1] & _HEADER else None

    @property
    def sent(self) -> int | None:
        """The Date field in seconds since the epoch, UTC; None when it has none that can be read."""
        return self._head[3] if self._head[1] & _SENT else None

    @property
    def sent_day(self) -> int:
        """The day of the Date field as written there, without shift to UTC, as `date.toordinal` counts; 0 for none."""
        day: int = self._head[2]
        return day

    @property
    def base_subject(self) -> str:
        """The base subject (RFC 5256 2.1), folded for comparison (RFC 5051)."""
        return self._section(_SUBJECT).decode()

    @property
    def is_reply(self) -> bool:
        """The subject was that of a reply or forward."""
        return bool(self._blob[1] & _REPLY)

    @property
    def first_from(self) -> str:
        """The local part of the first From address, folded for comparison; empty when there is none."""
        return self._section(_FROM).decode()

    @property
    def first_to(self) -> str:
        """As `first_from`, of To."""
        return self._section(_TO).decode()

    @property
    def first_cc(self) -> str:
        """As `first_from`, of Cc."""
        return self._section(_CC).decode()

    @property
    def message_id(self) -> str | None:
        """The normalised Message-ID; None when there is no valid one."""
        return self._section(_MESSAGE_ID).decode() or None

    @property
    def references(self) -> list[str]:
        """Message IDs of the ancestors, oldest first: References, or else the first of In-Reply-To (RFC 5256)."""
        joined = self._section(_REFERENCES)
        return joined.decode().split("\n") if joined else []

    @property
    def preview(self) -> bytes:
        """The first words of the text (RFC 8970), in UTF-8."""
        return self._section(_PREVIEW)

    def part(self, path: bytes) -> PartPlace | None:
        """Where the part `1.2.3` lies; None when there is no such part."""
        table = self._section(_PARTS)
        start = table.find(b"\n%s " % path)
        if start < 0:
            return None
        line = table[start + 1 : table.index(b"\n", start + 1)]
        _, header_start, header_end, body_start, body_end, inner_body, encoding, kind = line.split(b" ")
        return PartPlace(
            int(header_start),
            int(header_end),
            int(body_start),
            int(body_end),
            int(inner_body),
            encoding.decode(),
            kind.decode(),
        )


def kin(blob: bytes) -> list[int]:
    """Names, 63 bits each, of a message's ancestors, eldest first, and its own; one at least.

    THREADID follows them: they are what THREAD=REFS goes by.
    """
    facts = Facts(blob)
    references = facts.references
    if len(references) > _KIN_BEFORE + _KIN_AFTER:
        references = references[:_KIN_BEFORE] + references[-_KIN_AFTER:]
    own = facts.message_id
    ids = references if own is None else [*references, own]
    return [_name(one.encode("utf-8", "replace")) for one in ids] or [_name(facts.digest)]


def _name(identity: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(identity, digest_size=8).digest(), "big") >> 1


def build(data: Buffer) -> bytes:
    """The blob of a message in wire form."""
    try:
        root = mime.parse(data)
        return _blob(data, root, structure.read_header(root, data), preview(data, root))
    except Exception:
        # Our fault, not the sender's. But a message without a structure would keep its whole folder from being read.
        log.exception("the structure of a message could not be made out")
        blank = data.find(b"\r\n\r\n")
        end = blank + 4 if blank >= 0 else len(data)
        return _blob(data, mime.Part(0, end, end, len(data)), [], "")


def _blob(data: Buffer, root: mime.Part, fields: list[headers.Field], first_words: str) -> bytes:
    head = envelope(fields)
    base, is_reply = subject.base_subject(headers.decode(head.subject or b""))
    sent = dates.parse_date(head.date or b"")
    day = dates.sent_day(head.date or b"")
    ids = thread.message_ids(head.message_id or b"")
    structures = _structures(root, data)
    if sum(map(len, structures)) > STRUCTURE_KEPT:
        root = _opaque(root)
        structures = _structures(root, data)
    body, bodystructure, *rev2 = structures
    header_size = root.header_end
    kept = header_size <= HEADER_KEPT
    sections = [
        structure.envelope(head),
        bodystructure,
        body,
        data[:header_size] if kept else b"",
        _part_table(root),
        _octets(text.fold(base)),
        _first(head.from_),
        _first(head.to),
        _first(head.cc),
        _octets(_one_line(ids[0])) if ids else b"",
        _octets("\n".join(map(_one_line, _references(fields, head)))),
        _octets(first_words),
        *reversed(rev2),
    ]
    ends = []
    end = _HEAD.size
    for section in sections:
        end += len(section)
        ends.append(end)
    bits = _REPLY * is_reply | _SENT * (sent is not None) | _HEADER * kept
    numbers = (VERSION, bits, day.toordinal() if day else 0, sent[0] if sent else 0, header_size)
    return b"".join([_HEAD.pack(*numbers, hashlib.sha256(data).digest()[:20], *ends), *sections])


def _structures(root: mime.Part, data: Buffer) -> tuple[bytes, bytes, bytes, bytes]:
    """BODY and BODYSTRUCTURE, and IMAP4rev2's, which are empty if they are no others."""
    rev2 = structure.body(root, data, rev2=True) if _holds(root, structure.GLOBAL) else (b"", b"")
    return *structure.body(root, data), *rev2


def _holds(part: mime.Part, kind: bytes) -> bool:
    return part.kind == kind or any(_holds(child, kind) for child in part.children)


def _opaque(root: mime.Part) -> mime.Part:
    return mime.Part(0, root.header_end, root.body_start, root.body_end, b"application", b"octet-stream")


def _octets(words: str) -> bytes:
    return words.encode("utf-8", "replace")


def _one_line(msg_id: str) -> str:
    return msg_id.replace("\n", "")


def _first(addresses: list[Address]) -> bytes:
    """The addr-mailbox that SORT compares (RFC 5256 section 3): the first address's, or group's."""
    mailbox = addresses[0].mailbox if addresses else None
    return _octets(text.fold((mailbox or b"").decode("utf-8", "replace")))


def _references(fields: list[headers.Field], head: Envelope) -> list[str]:
    """RFC 5256 section 3, REFERENCES: In-Reply-To stands in, with its first ID only, where References has none."""
    for field in fields:
        if field.name.lower() == b"references":
            found = thread.message_ids(field.value)
            if found:
                return found
    return thread.message_ids(head.in_reply_to or b"")[:1]


def _part_table(root: mime.Part) -> bytes:
    """A line for each part that has a number (RFC 3501 6.4.5), between line feeds."""
    lines: list[str] = [""]
    _list_message(root, "", lines)
    lines.append("")
    return _octets("\n".join(lines))


def _list_message(message: mime.Part, prefix: str, lines: list[str]) -> None:
    """The parts of a message, or of one inside it; what is no multipart has itself as part 1."""
    for number, part in enumerate(_children(message) or [message], 1):
        _list_part(part, f"{prefix}{number}", lines)


def _list_part(part: mime.Part, path: str, lines: list[str]) -> None:
    parts = _children(part)
    inner = part.children[0] if part.children and not parts else None
    lines.append(
        f"{path} {part.header_start} {part.header_end} {part.body_start} {part.body_end}"
        f" {inner.body_start if inner else 0} {_word(part.encoding).upper()} {_word(part.kind)}"
    )
    for number, child in enumerate(parts, 1):
        _list_part(child, f"{path}.{number}", lines)
    if inner is not None:
        _list_message(inner, path + ".", lines)


def _children(part: mime.Part) -> list[mime.Part]:
    """The parts of a multipart; none of anything else."""
    return part.children if part.type.lower() == b"multipart" else []


def _word(value: bytes) -> str:
    """Without white space, which separates the table's words."""
    return "".join(value.decode("ascii", "replace").split())
