"""What the extended URLFETCH (RFC 5524) tells of a part beside its octets as they are: its structure, and the octets
without their Content-Transfer-Encoding."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

from mailaccess.imap import structure
from mailaccess.imap.section import Section, Text
from mailaccess.imap.url_data import UrlData
from mailaccess.mail import mime
from mailaccess.mail.lines import Buffer
from mailaccess.mail.mime import Part
from mailaccess.mail.transfer import decode_in_pieces
from mailaccess.wire.traps import call, compute

_IDENTITY = {"7BIT", "8BIT", "BINARY"}
_DECODED = {"BASE64", "QUOTED-PRINTABLE"}  # "Servers MUST understand" these (3.2)
_PIECE = 1 << 20  # octets decoded by one call to a thread: about 5 ms


class Metadata(Enum):
    """url-fetch-param"""

    BODY = b"BODY"
    BINARY = b"BINARY"
    BODYPARTSTRUCTURE = b"BODYPARTSTRUCTURE"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A part without its encoding, and as much of it as the URL names. Nothing of it is held."""

    encoded: Callable[[], Iterator[bytes]]  # begins to decode the part, piece by piece
    first: int  # of the decoded octets that are named
    last: int  # behind them
    whole: int = 0  # octets, decoded
    lines: int = 0  # line ends in them
    size: int = 0  # octets that are named
    has_nul: bool = False  # among these

    async def pieces(self) -> AsyncIterator[tuple[bytes, bytes]]:
        """All of it, decoded once more, each piece with what of it is named."""
        position = 0
        pieces = self.encoded()
        while (piece := await compute(next, pieces, None)) is not None:
            yield piece, piece[max(0, self.first - position) : max(0, self.last - position)]
            position += len(piece)


def is_plain(section: Section, data: UrlData) -> bool:
    """What the URL names has no encoding that could be undone: it is sent as it is."""
    part = data.facts.part(section.path) if data.facts is not None and section.path else None
    composite = part is None or part.type.startswith(("multipart/", "message/"))
    return section.text is not Text.WHOLE or composite or (part is not None and part.encoding in _IDENTITY)


async def decoded(section: Section, data: UrlData) -> Decoded | None:
    """The part that the URL names, without its encoding; None if that is unknown."""
    part = data.facts.part(section.path) if data.facts is not None else None
    if part is None or part.encoding not in _DECODED:
        return None
    buffer = await call(data.content.as_buffer)
    begin = partial(decode_in_pieces, buffer, part.body_start, part.body_end, part.encoding.encode(), _PIECE)
    last = len(buffer) if section.length is None else section.origin + section.length
    found = Decoded(begin, section.origin, last)
    whole = lines = size = 0
    has_nul = False
    async for piece, named in found.pieces():
        whole, lines, size = whole + len(piece), lines + piece.count(b"\n"), size + len(named)
        has_nul |= b"\0" in named
    return replace(found, whole=whole, lines=lines, size=size, has_nul=has_nul)


async def body_part_structure(section: Section, data: UrlData, binary: Decoded | None) -> bytes:
    """BODYPARTSTRUCTURE: BODYSTRUCTURE of the part, or of the message; NIL of what is neither.

    Where the octets are sent decoded, it tells of these: their encoding is BINARY, their size what is sent.
    """
    if section.text is not Text.WHOLE or data.facts is None:
        return b"NIL"
    if not section.path:
        return data.facts.bodystructure
    buffer = await call(data.content.as_buffer)
    return await compute(_rendered, buffer, [int(number) for number in section.path.split(b".")], binary)


def _rendered(buffer: Buffer, path: list[int], binary: Decoded | None) -> bytes:
    part = _part_at(mime.parse(buffer), path)
    if part is None:
        return b"NIL"
    if binary is not None:
        part = replace(part, encoding=b"BINARY", body_end=part.body_start + binary.whole, lines=binary.lines)
    return structure.body(part, buffer)[1]


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
