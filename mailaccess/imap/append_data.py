"""What APPEND and REPLACE say of a message before its octets (RFC 4466 append-message, RFC 4469, RFC 6855).

Such a command comes in segments of text, each ended by a literal or by the end of the command; `literal` is the
announcement that ends the segment which the cursor reads.
"""

from dataclasses import dataclass
from enum import Enum

from mailaccess.imap.framing import Literal
from mailaccess.imap.grammar import Cursor
from mailaccess.mail.flags import Flags


@dataclass(frozen=True, slots=True)
class Options:
    """append-opts"""

    flags: Flags
    date: int | None  # seconds since the epoch; None: now


class Form(Enum):
    """append-data"""

    LITERAL = "literal / literal8"  # literal8 is RFC 3516's
    UTF8 = '"UTF8" SP "(" literal8 ")"'  # RFC 6855; Thunderbird sends it whether or not it is announced
    CATENATE = '"CATENATE" SP "(" cat-part *(SP cat-part) ")"'  # RFC 4469


class Part(Enum):
    """cat-part, as far as it stands before a literal; and the end of their list."""

    URL = '"URL" SP, the astring to be read'
    TEXT = '"TEXT" SP, and a literal'
    UTF8 = '"UTF8" SP "(", a literal8, and the closing parenthesis to be read'
    END = '")"'


def parse_options(cursor: Cursor) -> Options:
    """append-opts = [SP flag-list] [SP date-time], and the space behind them"""
    flags: Flags = frozenset()
    date = None
    cursor.sp()
    if cursor.peek() == b"(":
        flags = cursor.flag_list()
        cursor.sp()
    if cursor.peek() == b'"':
        date = cursor.date_time()
        cursor.sp()
    return Options(flags, date)


def parse_form(cursor: Cursor, literal: Literal | None) -> Form:
    """append-data up to its first literal, or to its first part."""
    if cursor.skip(b"CATENATE ("):
        return Form.CATENATE
    form = Form.UTF8 if cursor.skip(b"UTF8 (") else Form.LITERAL
    if literal is None or not cursor.at_end() or (form is Form.UTF8 and not literal.binary):
        raise cursor.bad("a literal, UTF8 (~{octets} or CATENATE (")
    return form


def parse_part(cursor: Cursor, literal: Literal | None, *, first: bool) -> Part:
    """[SP] cat-part, or the end of the list, which has at least one."""
    if not first:
        if cursor.skip(b")"):
            return Part.END
        cursor.sp()
    if cursor.skip(b"URL "):
        return Part.URL
    part = Part.TEXT if cursor.skip(b"TEXT ") else Part.UTF8 if cursor.skip(b"UTF8 (") else None
    if part is None or literal is None or not cursor.at_end() or (part is Part.UTF8 and not literal.binary):
        raise cursor.bad("URL and a URL, TEXT and a literal, or UTF8 (~{octets}")
    return part
