"""Addresses in header fields (RFC 5322 3.4 and 4.4), down to what no grammar knows.

What is missing is named MISSING_MAILBOX and MISSING_DOMAIN, since in an IMAP envelope an address without a mailbox or
host means the end or the start of a group (RFC 3501 7.4.2).
"""

import re
from typing import NamedTuple

from mailaccess.mail.headers import unfold

LIMIT = 256 * 1024
"""Octets of one field that are looked at."""
MOST = 2000
"""Addresses of one field that are listed."""

NO_MAILBOX = b"MISSING_MAILBOX"
NO_HOST = b"MISSING_DOMAIN"


class Address(NamedTuple):
    """One address as RFC 3501 lists it: raw octets, quotes removed, encoded words left as they are.

    `Address(None, None, name, None)` starts a group, `GROUP_END` ends it.
    """

    name: bytes | None
    route: bytes | None
    mailbox: bytes | None
    host: bytes | None


GROUP_END = Address(None, None, None, None)


class _Token(NamedTuple):
    """A special character, or a word with kind "w"; comments have kind "(", quoted strings kind '"'."""

    kind: bytes
    text: bytes
    spaced: bool  # white space or a comment stands before it


_ATOM = rb'[^\s<>,;:@"()\[\]\\]+'
# The common forms: `local@host`, `Words <local@host>`, `"Words" <local@host>`.
_PLAIN = re.compile(
    rb'\s*+(?:(%b)@(%b)|(?:"([^"\\]*)"|(%b(?:[ \t]+%b)*))?[ \t]*<(%b)@(%b)>)\s*(?:,|\Z)' % ((_ATOM,) * 6)
)
_QUOTED = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_PAREN = re.compile(rb"\\.|[()]", re.DOTALL)
_SPACE = re.compile(rb"[ \t]*")
# An encoded word or a bracketed text may hold what would separate addresses: `=?utf-8?q?a,b?=`, `[list: x]`.
_WORD = re.compile(rb'=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=|\[[^\[\]\\]*\]|[^\s<>,;:@"(\[]+|.', re.DOTALL)
_SPECIALS = frozenset((b"<", b">", b",", b";", b":", b"@"))


def parse_addresses(value: bytes) -> list[Address]:
    """The addresses in a field's value, as many as can be made out; of very many the first."""
    value = unfold(value[:LIMIT])
    found: list[Address] = []
    position = 0
    while position < len(value) and len(found) < MOST:
        plain = _PLAIN.match(value, position)
        if not plain:
            return _first(_Reader(_tokens(value)).addresses())
        mailbox, host, quoted, words, angle_mailbox, angle_host = plain.groups()
        name = _collapsed(quoted or words or b"")
        found.append(Address(name, None, mailbox or angle_mailbox, host or angle_host))
        position = plain.end()
    return found


def _first(found: list[Address]) -> list[Address]:
    """At most MOST of them. A group that is cut is ended."""
    if len(found) <= MOST:
        return found
    first = found[:MOST]
    last = next((one for one in reversed(first) if one.host is None), GROUP_END)
    return first if last == GROUP_END else [*first, GROUP_END]


def _tokens(value: bytes) -> list[_Token]:
    tokens = []
    quotes = comments = True  # until one turns out to be unterminated: from there on it is a character like any other
    spaced = False
    position = _end(_SPACE, value, 0)
    while position < len(value):
        start, kind, text = position, b"w", b""
        if quotes and value[start] == 0x22:
            quoted = _QUOTED.match(value, start)
            if quoted:
                kind, text, position = b'"', _ESCAPED.sub(rb"\1", quoted[1]), quoted.end()
            quotes = bool(quoted)
        elif comments and value[start] == 0x28:
            position = _comment_end(value, start)
            comments = position > start
            if comments:
                kind, text = b"(", _ESCAPED.sub(rb"\1", value[start + 1 : position - 1])
        if position == start:
            position = _end(_WORD, value, start)
            text = value[start:position]
            if text in _SPECIALS:
                kind = text
        tokens.append(_Token(kind, text, spaced))
        behind = _end(_SPACE, value, position)
        spaced = behind > position or kind == b"("
        position = behind
    return tokens


def _end(pattern: re.Pattern[bytes], value: bytes, position: int) -> int:
    found = pattern.match(value, position)
    return found.end() if found else position


def _comment_end(value: bytes, start: int) -> int:
    """The offset behind the comment at `start`; `start` if it has no end."""
    depth = 0
    for found in _PAREN.finditer(value, start):
        if found[0] == b"(":
            depth += 1
        elif found[0] == b")":
            depth -= 1
            if depth == 0:
                return found.end()
    return start


class _Reader:
    """Reads tokens from left to right, keeping what belongs to the address under way."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.found: list[Address] = []
        self.in_group = False
        self.words: list[_Token] = []  # of the address under way
        self.comment: bytes | None = None
        self.complete: Address | None = None  # the address under way, once its <...> was read

    def addresses(self) -> list[Address]:
        position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            position += 1
            match token.kind:
                case b",":
                    self.finish()
                case b";":  # outside a group it separates, as Outlook has it
                    self.finish()
                    self.end_group()
                case b":":
                    self.begin_group(token)
                case b"<":
                    position = self.read_angle(position)
                case b"(":
                    if self.words:  # behind an address it is the name, as it was before RFC 822
                        self.comment = _collapsed(token.text) or self.comment
                case b">":
                    pass
                case _:
                    self.words.append(token)
        self.finish()
        self.end_group()
        return self.found

    def begin_group(self, colon: _Token) -> None:
        if any(word.kind == b"@" for word in self.words):
            self.words.append(colon)
            return
        self.finish_complete()
        self.end_group()
        self.found.append(Address(None, None, _phrase(self.words) or b"", None))
        self.words, self.comment = [], None
        self.in_group = True

    def end_group(self) -> None:
        if self.in_group:
            self.found.append(GROUP_END)
        self.in_group = False

    def read_angle(self, start: int) -> int:
        """Reads `route:local@host>`. Returns the position behind it, or of what ends it for want of a bracket."""
        tokens = self.tokens
        end = start
        while end < len(tokens) and tokens[end].kind not in {b"<", b">"}:
            end += 1
        kinds = [token.kind for token in tokens[start:end]]
        route = None
        if kinds[:1] == [b"@"] and b":" in kinds:
            colon = start + kinds.index(b":")
            route = b"".join(token.text for token in tokens[start:colon] if token.kind != b"(")
            start = colon + 1
        end = next((at for at in range(start, end) if tokens[at].kind in {b",", b";"}), end)
        inner = [token for token in tokens[start:end] if token.kind != b"("]
        ending = tokens[end].kind if end < len(tokens) else b""
        if ending == b"<":  # the right one is still to come
            self.words += inner
            return end
        self.finish_complete()
        self.complete = _address(_phrase(self.words), route, inner)
        self.words = []
        return end + (ending == b">")

    def finish_complete(self) -> None:
        """Ends an address whose <...> was read."""
        if self.complete:
            self.found.append(self.complete)
        self.complete = None

    def finish(self) -> None:
        """Ends the address under way, if there is one."""
        words = self.words
        if self.complete:
            self.finish_complete()
        elif any(word.kind == b"@" for word in words):
            at = max(place for place, word in enumerate(words) if word.kind == b"@")
            *before, local = _runs(words[:at]) or [[]]
            name = _phrase([word for run in before for word in run]) or self.comment
            self.found.append(_address(name, None, local + words[at:]))
        elif len(words) == 1:
            self.found.append(Address(self.comment, None, words[0].text, NO_HOST))
        elif words:
            self.found.append(Address(_phrase(words), None, NO_MAILBOX, NO_HOST))
        self.words, self.comment = [], None


def _address(name: bytes | None, route: bytes | None, words: list[_Token]) -> Address:
    """The address of `local@host`, or of as much of it as there is; also of `mailto:local@host`."""
    kinds = [word.kind for word in words]
    at = len(kinds) - 1 - kinds[::-1].index(b"@") if b"@" in kinds else len(kinds)
    local = words[kinds.index(b":") + 1 : at] if b":" in kinds[:at] else words[:at]
    mailbox = b" ".join(_text(run) for run in _runs(local))
    host = _text((_runs(words[at + 1 :]) or [[]])[0])
    return Address(name, route, mailbox or NO_MAILBOX, host or NO_HOST)


def _runs(words: list[_Token]) -> list[list[_Token]]:
    """The words in runs that belong together: nothing stands between them, or a dot does (RFC 5322 4.4)."""
    runs: list[list[_Token]] = []
    for word in words:
        if runs and (not word.spaced or word.text.startswith(b".") or runs[-1][-1].text.endswith(b".")):
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _text(run: list[_Token]) -> bytes:
    return b"".join(word.text for word in run)


def _phrase(words: list[_Token]) -> bytes | None:
    """A display name: one space between words, also around quoted strings."""
    pieces = []
    quoted = False
    for word in words:
        if word.spaced or quoted or word.kind == b'"':
            pieces.append(b" ")
        pieces.append(word.text)
        quoted = word.kind == b'"'
    return _collapsed(b"".join(pieces))


def _collapsed(text: bytes) -> bytes | None:
    return b" ".join(text.split()) or None
