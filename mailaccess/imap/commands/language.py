"""LANGUAGE: which one texts for people are in; and that texts are compared by i;unicode-casemap (RFC 5255)."""

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.registry import ANY, command, feature
from mailaccess.imap.session import Session

feature(b"I18NLEVEL=1", rfc=5255)  # mail.text.fold

DEFAULT = b"i-default"
LANGUAGES = (b"EN", DEFAULT)
"""English both times: what there is, and what everybody is expected to read (RFC 2277 4.5)."""

MAX_RANGES = 100


def parse_language(cursor: Cursor) -> tuple[list[bytes]]:
    """language-cmd = "LANGUAGE" *(SP lang-range-quoted)"""
    ranges: list[bytes] = []
    while not cursor.at_end():
        if ranges:
            cursor.sp()
        ranges.append(cursor.astring("a language range"))
        if len(ranges) > MAX_RANGES:
            raise Bad(f"At most {MAX_RANGES} language ranges are taken")
    return (ranges,)


@command(b"LANGUAGE", when=ANY, parse=parse_language, capability=b"LANGUAGE", announce=ANY, rfc=5255)
async def language(session: Session, ranges: list[bytes]) -> bytes:
    """RFC 5255 3.2"""
    if not ranges:
        session.untagged(b"LANGUAGE (%s)" % b" ".join(LANGUAGES))
        return b"Supported languages have been enumerated"
    for wanted in ranges:
        found = _look_up(wanted)
        if found is not None:
            session.language_chosen = found != DEFAULT
            session.untagged(b"LANGUAGE (%s)" % found)
            return b"Now speaking English"
    raise No(f"Unsupported language {ranges[0].decode('ascii', 'replace')}")


def _look_up(wanted: bytes) -> bytes | None:
    """The language that a range leads to when it is shortened subtag by subtag (RFC 4647 3.4)."""
    if wanted.upper() in (b"DEFAULT", b"*"):
        return DEFAULT
    return next((known for known in LANGUAGES if (wanted.upper() + b"-").startswith(known.upper() + b"-")), None)
