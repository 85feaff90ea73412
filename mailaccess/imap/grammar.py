"""The words of IMAP (RFC 3501 section 9): a cursor over one whole command, literals included.

A command arrives framed (`framing`), its literals in place: `LOGIN {4}\r\nfred secret`. Each method reads the ABNF rule
it is named after and moves on, or raises Bad saying what was expected. Regexes match at a position; nothing is copied
but what is returned.
"""

import re
import unicodedata
from calendar import timegm
from collections.abc import Iterator
from datetime import date

from mailaccess.imap.errors import Bad, No
from mailaccess.imap.numset import SAVED, STAR, NumSet
from mailaccess.mail import mutf7
from mailaccess.mail.flags import SYSTEM, Flags, canonical

MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
MAX_NUMBER = (1 << 32) - 1
MAX_NUMBER64 = (1 << 63) - 1
MAX_FLAGS = 1_000
"""That one command may name."""
LONGEST_MAILBOX = 4_096
"""Octets of a name as the client writes it; no directory's is so long."""

# 8-bit octets are let through where a string may stand: clients send raw UTF-8 there, and what they mean is clear.
_ATOM = re.compile(rb'[^(){ %*"\\\]\x00-\x1f\x7f]+')
_ASTRING_ATOM = re.compile(rb'[^(){ %*"\\\x00-\x1f\x7f]+')
_LIST_ATOM = re.compile(rb'[^(){ "\\\x00-\x1f\x7f]+')
_QUOTED = re.compile(rb'"([^"\\\r\n\x00]*(?:\\["\\][^"\\\r\n\x00]*)*)"')
_LITERAL = re.compile(rb"(~?)\{(\d{1,20})\+?\}\r\n")
_NUMBER = re.compile(rb"\d{1,20}")
_NUMSET = re.compile(rb"(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?(?:,(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?)*")
_FLAG = re.compile(rb'\\?[^(){ %*"\\\]\x00-\x1f\x7f]+')
_DATE = re.compile(rb'("?)(\d{1,2})-([A-Za-z]{3})-(\d{4})\1')
_DATE_TIME = re.compile(rb'"([ \d]?\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')

_NO_SEQ_NUMBER = f"Numbers in a sequence set run from 1 to {MAX_NUMBER}"

LITERAL_AT_END = re.compile(rb"(~?)\{(\d{1,20})(\+?)\}\Z")
"""A line that ends so goes on with a literal: binary mark, octets, non-synchronizing mark (RFC 7888, RFC 3516)."""


class Respelled(str):
    """A mailbox name in its one spelling (NFC, INBOX in capitals) that the client spelled otherwise, as `supplied`."""

    __slots__ = ("supplied",)
    supplied: str

    def __new__(cls, name: str, supplied: str) -> "Respelled":
        made = super().__new__(cls, name)
        made.supplied = supplied
        return made


class Cursor:
    """Reads one command. `utf8` is set once the client has enabled UTF8=ACCEPT or IMAP4rev2."""

    __slots__ = ("data", "pos", "utf8")

    def __init__(self, data: bytes, pos: int = 0, *, utf8: bool = False) -> None:
        self.data = data
        self.pos = pos
        self.utf8 = utf8

    def _match(self, pattern: re.Pattern[bytes], expected: str) -> re.Match[bytes]:
        match = pattern.match(self.data, self.pos)
        if match is None:
            raise self.bad(expected)
        self.pos = match.end()
        return match

    def bad(self, expected: str) -> Bad:
        """The error that says what should stand here."""
        return Bad(f"Expected {expected} at character {self.pos + 1} of the arguments")

    def at_end(self) -> bool:
        return self.pos >= len(self.data)

    def end(self) -> None:
        """Nothing may follow. One trailing space is let through: several clients send it."""
        if self.pos < len(self.data) and self.data[self.pos :] != b" ":
            raise self.bad("the end of the command")

    def peek(self) -> bytes:
        """The next octet, empty at the end."""
        return self.data[self.pos : self.pos + 1]

    def skip(self, token: bytes) -> bool:
        """Reads `token` (upper case; compared in any case) if it stands here."""
        if self.data[self.pos : self.pos + len(token)].upper() == token:
            self.pos += len(token)
            return True
        return False

    def expect(self, token: bytes) -> None:
        if not self.skip(token):
            raise self.bad(f"'{token.decode()}'")

    def sp(self) -> None:
        if self.data[self.pos : self.pos + 1] != b" ":
            raise self.bad("a space")
        self.pos += 1

    def members(self, most: int, what: str) -> Iterator[None]:
        """Stops before each member of a list that has at least one, up to its ")". Bad as soon as there are more than
        `most`: a whole line may be made of them."""
        for _ in range(most):
            yield
            if self.skip(b")"):
                return
            self.sp()
        raise Bad(f"At most {most} {what} can be named at once")

    def words(self, most: int, what: str) -> Iterator[None]:
        """The same, up to the end of the command, with or without a space there."""
        for _ in range(most):
            yield
            if self.at_end():
                return
            self.sp()
            if self.at_end():
                return
        raise Bad(f"At most {most} {what} can be named at once")

    def word(self, expected: str = "a word") -> bytes:
        """An atom in upper case: a keyword of the grammar."""
        return self._match(_ATOM, expected)[0].upper()

    def atom(self, expected: str = "an atom") -> bytes:
        return self._match(_ATOM, expected)[0]

    def number(self) -> int:
        """number = 1*DIGIT, 32 bits unsigned"""
        return self._bounded(MAX_NUMBER, "a number")

    def nz_number(self) -> int:
        """nz-number = digit-nz *DIGIT"""
        value = self._bounded(MAX_NUMBER, "a number above zero")
        if value == 0:
            raise Bad("Expected a number above zero")
        return value

    def number64(self) -> int:
        """number64, mod-sequence-valzer (63 bits, RFC 7162)"""
        return self._bounded(MAX_NUMBER64, "a number")

    def _bounded(self, largest: int, expected: str) -> int:
        value = int(self._match(_NUMBER, expected)[0])
        if value > largest:
            raise Bad(f"A number here may be at most {largest}")
        return value

    def numset(self) -> NumSet:
        """sequence-set = (seq-number / seq-range) *("," ...) / "$" (RFC 5182)"""
        if self.skip(b"$"):
            return SAVED
        text = self._match(_NUMSET, "a sequence set")[0]
        if text.isdigit():
            number = _seq_number(text)
            return ((number, number),)
        if b"," in text and b":" not in text and b"*" not in text:  # clients send thousands
            numbers = list(map(int, text.split(b",")))
            if min(numbers) < 1 or max(numbers) > MAX_NUMBER:
                raise Bad(_NO_SEQ_NUMBER)
            return tuple(zip(numbers, numbers, strict=True))
        ranges = []
        for piece in text.split(b","):
            first, _, last = piece.partition(b":")
            low = _seq_number(first)
            ranges.append((low, _seq_number(last) if last else low))
        return tuple(ranges)

    def uid_set(self) -> NumSet:
        """As `numset`, without `*` and `$` (RFC 7162 known-uids, RFC 4315)."""
        numset = self.numset()
        if numset is SAVED or any(STAR in pair for pair in numset):
            raise Bad("Expected a set of UIDs without '*' and '$'")
        return numset

    def quoted(self) -> bytes:
        text = self._match(_QUOTED, "a quoted string")[1]
        if self.utf8 and not _is_utf8(text):
            # "the server MUST reject, with a "BAD" response, any octet sequences with the high bit set that fail to
            # comply" (RFC 6855 3). Clients that have enabled nothing use charsets of their own.
            raise Bad("A quoted string is in UTF-8 here")
        return b"\\".join(part.replace(b'\\"', b'"') for part in text.split(b"\\\\")) if b"\\" in text else text

    def string(self, *, binary: bool = False) -> bytes:
        """string = quoted / literal; `binary` also takes literal8."""
        if self.peek() == b'"':
            return self.quoted()
        match = self._match(_LITERAL, "a string")
        if match[1] and not binary:
            raise Bad("A literal8 is not allowed here")
        start, self.pos = self.pos, self.pos + int(match[2])
        value = self.data[start : self.pos]
        if not match[1] and b"\0" in value:
            raise Bad("NUL is not allowed in a literal")
        return value

    def astring(self, expected: str = "a string or an atom") -> bytes:
        """astring = 1*ASTRING-CHAR / string"""
        match = _ASTRING_ATOM.match(self.data, self.pos)
        if match is not None:
            self.pos = match.end()
            return match[0]
        if self.peek() not in b'"{' or self.at_end():
            raise self.bad(expected)
        return self.string()

    def nstring(self) -> bytes | None:
        """nstring = string / nil"""
        return None if self.skip(b"NIL") else self.string()

    def mailbox(self) -> str:
        """mailbox = "INBOX" / astring, decoded from modified UTF-7 (or UTF-8 once enabled)."""
        return self.mailbox_name(self.astring("a mailbox name"))

    def new_mailbox(self) -> str:
        """The name of a mailbox that is to be made: 8-bit names, "server implementations SHOULD prohibit the creation
        of" (RFC 3501 5.1). A client that writes them would see another name, in modified UTF-7, beside its own."""
        raw = self.astring("a mailbox name")
        if not self.utf8 and not raw.isascii():
            raise No("A new mailbox's name is written in modified UTF-7, or in UTF-8 once that is enabled", b"CANNOT")
        return self.mailbox_name(raw)

    def mailbox_name(self, raw: bytes) -> str:
        """A mailbox name as the client wrote it, decoded, in its one spelling; Respelled if that is not the client's.

        Once UTF-8 is enabled `&` is a character like others; and 8-bit names are UTF-8 without that (RFC 6855 3).
        """
        if len(raw) > LONGEST_MAILBOX:
            raise Bad(f"A mailbox name has at most {LONGEST_MAILBOX} octets")
        try:
            supplied = raw.decode("utf-8") if self.utf8 or not raw.isascii() else mutf7.decode(raw)
        except ValueError:
            raise Bad("The mailbox name is not valid modified UTF-7 or UTF-8") from None
        name = supplied if supplied.isascii() else unicodedata.normalize("NFC", supplied)
        first, slash, rest = name.partition("/")
        if first.casefold() == "inbox":  # which "ınbox", in capitals the same, is not
            name = "INBOX" + slash + rest
        return name if name == supplied else Respelled(name, supplied)

    def list_mailbox(self) -> bytes:
        """list-mailbox = 1*list-char / string; not decoded, since it may hold wildcards."""
        match = _LIST_ATOM.match(self.data, self.pos)
        if match is not None:
            self.pos = match.end()
            return match[0]
        return self.string()

    def flag(self) -> str:
        """flag = system flag / keyword. \\Recent passes; whoever stores flags drops it."""
        name = self._match(_FLAG, "a flag")[0]
        if not name.isascii():
            raise Bad("A keyword is written in ASCII")
        flag = canonical(name.decode())
        if flag.startswith("\\") and flag not in SYSTEM and flag.upper() != "\\RECENT":
            raise Bad(f"{flag} is not a system flag")
        return flag

    def flag_list(self) -> Flags:
        """flag-list = "(" [flag *(SP flag)] ")"; \\Recent, which nobody can set, is dropped."""
        self.expect(b"(")
        flags: list[str] = []
        while not self.skip(b")"):
            if flags:
                self.sp()
                if self.skip(b")"):
                    break
            if len(flags) == MAX_FLAGS:
                raise Bad(f"At most {MAX_FLAGS} flags can be named at once")
            flags.append(self.flag())
        return frozenset(flag for flag in flags if flag.upper() != "\\RECENT")

    def date(self) -> date:
        """date = date-text / DQUOTE date-text DQUOTE"""
        match = self._match(_DATE, "a date such as 1-Feb-2026")
        try:
            return date(int(match[4]), _month(match[3]), int(match[2]))
        except ValueError:
            raise Bad("There is no such date") from None

    def date_time(self) -> int:
        """date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE, as UTC seconds."""
        match = self._match(_DATE_TIME, 'a date and time such as "01-Feb-2026 12:00:00 +0000"')
        day, year, hour, minute, second = (int(match[i]) for i in (1, 3, 4, 5, 6))
        try:
            month = _month(match[2])
            date(year, month, day)
        except ValueError:
            raise Bad("There is no such date") from None
        if hour > 23 or minute > 59 or second > 60:
            raise Bad("There is no such time of day")
        zone = (int(match[8]) * 60 + int(match[9])) * (-60 if match[7] == b"-" else 60)
        return timegm((year, month, day, hour, minute, second)) - zone


def _seq_number(text: bytes) -> int:
    """seq-number = nz-number / "*" """
    if text == b"*":
        return STAR
    number = int(text)
    if not 0 < number <= MAX_NUMBER:
        raise Bad(_NO_SEQ_NUMBER)
    return number


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except ValueError:
        return False
    return True


def _month(name: bytes) -> int:
    return MONTHS.index(name.capitalize()) + 1
