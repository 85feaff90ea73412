"""What the extended URLFETCH (RFC 5524) tells of a part beside its octets as they are: its structure, and the octets
without their Content-Transfer-Encoding."""

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from mailaccess.imap import structure
from mailaccess.imap.binary import BinarySection, Decoded, Encoded, UnknownEncoding
from mailaccess.imap.section import Section, Text
from mailaccess.imap.url_data import UrlData
from mailaccess.mail import mime
from mailaccess.mail.mime import Part
from mailaccess.storage.content import Content
from mailaccess.wire.traps import call, compute

_PIECE = 1 << 20
_CHANGED = {b"base64", b"quoted-printable"}  # encodings of which undoing one leaves other octets


class Metadata(Enum):
    """url-fetch-param"""

    BODY = b"BODY"
    BINARY = b"BINARY"
    BODYPARTSTRUCTURE = b"BODYPARTSTRUCTURE"


async def decoded(section: Section, data: UrlData) -> bytes | Decoded | None:
    """What the URL names, without its encoding; None if that is unknown: "this MAY contain NIL" (3.2)."""
    encoded = _encoded(section, data)
    return None if encoded is None else await call(encoded.read, data.content, section.origin, section.length)


async def body_part_structure(section: Section, data: UrlData, *, binary: bool) -> bytes:
    """BODYPARTSTRUCTURE: BODYSTRUCTURE of the part, or of the message; NIL of what is neither.

    `binary`: the octets are sent decoded, and it tells of these; their encoding is BINARY then.
    """
    if section.text is not Text.WHOLE or data.facts is None:
        return b"NIL"
    if not section.path:
        return data.facts.bodystructure
    path = [int(number) for number in section.path.split(b".")]
    return await compute(_rendered, data.content, path, _encoded(section, data) if binary else None)


def _encoded(section: Section, data: UrlData) -> Encoded | None:
    try:
        return BinarySection(section.path).find(data.content, data.facts)
    except UnknownEncoding:
        return None


def _rendered(content: Content, path: list[int], encoded: Encoded | None) -> bytes:
    buffer = content.as_buffer()
    part = _part_at(mime.parse(buffer), path)
    if part is None:
        return b"NIL"
    if encoded is not None and encoded.encoding in _CHANGED:
        lines = sum(piece.count(b"\n") for piece in _pieces(encoded, content))
        size = encoded.size(content)
        part = replace(part, encoding=b"BINARY", body_end=part.body_start + size, lines=lines)
    return structure.body(part, buffer)[1]


def _pieces(encoded: Encoded, content: Content) -> Iterator[bytes]:
    octets = encoded.read(content, 0, None)
    if isinstance(octets, bytes):
        yield octets
        return
    for start in range(0, octets.size, _PIECE):
        yield octets.piece(content, start, min(_PIECE, octets.size - start))


def _part_at(root: Part, path: list[int]) -> Part | None:
    """A part by its number (RFC 3501 6.4.5): what is no multipart has itself as part 1."""
    found: Part | None = None
    choices = _parts(root) or [root]
    for number in path:
        if number > len(choices):
            return None
        found = choices[number - 1]
        choices = _parts(found)
        if found.children and not choices:  # a message
            choices = _parts(found.children[0]) or found.children
    return found


def _parts(part: Part) -> list[Part]:
    return part.children if part.type.lower() == b"multipart" else []
