"""Search programs: the table of keys, and from the words of a command to a tree of them (RFC 3501 6.4.4).

A key stands in one place, in `imap.keys` or beside it: name, grammar, what it has to look at, and how it matches. How
a tree is evaluated without looking at more than it takes is `imap.searching`'s.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any, TypeVar

from mailaccess.imap.columns import Column
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import SAVED, NumSet
from mailaccess.imap.rows import Rows
from mailaccess.mail import charset, text

T = TypeVar("T")

MAX_KEYS = 1000
"""Keys in one program. Clients that look for many Message-IDs at once send hundreds."""
MAX_DEPTH = 64
"""Nested parentheses, NOTs, FUZZYs and left operands of OR. `OR a OR b OR c d`, as long lists are, nests nothing."""

MAX_FILTERS = 16
"""Filters that name filters; RFC 5466 wants three."""


class Needs(IntEnum):
    """What a key looks at, cheapest first."""

    COLUMNS = 0  # what stands in memory: flags, dates, sizes, numbers
    FACTS = 1  # what the index keeps of the header
    TEXT = 2  # the message itself


_UTF8 = ("utf-8", charset.codec("utf-8"))

Candidates = Sequence[int]
"""Rows that may match, ascending."""
Match = Callable[[Rows, Candidates, Any], list[int]]
"""(rows, candidates, the key's argument) -> which of the candidates match. Row numbers, ascending."""


@dataclass(frozen=True, slots=True)
class Key:
    """One search key."""

    name: bytes
    needs: Needs
    parse: Callable[["Terms"], Any]
    match: Match
    sizes: bool  # compares sizes, which may have to be found out first
    fuzzily: "Key | None" = None  # how it matches behind FUZZY; None: as without


@dataclass(slots=True)
class Leaf:
    """A key with its argument."""

    key: Key
    argument: Any
    least: Needs = field(init=False)
    most: Needs = field(init=False)

    def __post_init__(self) -> None:
        self.least = self.most = self.key.needs


@dataclass(slots=True)
class Branch:
    """Nodes under an operator; `least` and `most` are what the cheapest and the dearest key below it needs."""

    children: list["Node"]
    least: Needs = field(init=False)
    most: Needs = field(init=False)

    def __post_init__(self) -> None:
        self.children.sort(key=lambda child: (child.most, child.least))
        self.least = min(child.least for child in self.children)
        self.most = max(child.most for child in self.children)


class And(Branch):
    """AND"""


class Or(Branch):
    """OR"""


class Not(Branch):
    """NOT, of one child."""


Node = Leaf | And | Or | Not


Filters = Mapping[bytes, bytes]
"""Stored search criteria, by name in lower case (RFC 5466)."""


@dataclass(frozen=True, slots=True)
class Program:
    """A whole program. If its charset is unknown its strings were not understood, and it can only be refused."""

    root: Node
    text: bytes  # as written
    keys: int
    needs: frozenset[Needs]
    columns: tuple[Column[Any], ...] = ()  # what keys that need FACTS read
    charset_known: bool = True
    charset_named: bool = False
    modseq: bool = False  # MODSEQ is among the keys: the answer tells mod-sequences (RFC 7162 3.1.5)
    numbers: bool = False  # so are message numbers: no expunge may be told even of UID SEARCH (RFC 7162 3.2.10)
    sizes: bool = False  # some key compares sizes
    fuzzy: bool = False  # FUZZY is among the keys: matches have scores (RFC 6203 4)
    filters: tuple[bytes, ...] = ()  # names of those that are not known (RFC 5466)
    again: Callable[[Filters], "Program"] | None = None  # the same, once the filters that it names are at hand


KEYS: dict[bytes, Key] = {}
"""By name, in upper case."""
SEQUENCE_SET = b"sequence-set"
"""Stands in KEYS for the key without a name; in lower case, no client can name it."""


def key(
    name: bytes,
    *,
    needs: Needs,
    parse: Callable[["Terms"], Any] | None = None,
    sizes: bool = False,
    fuzzily: Match | None = None,
) -> Callable[[Match], Match]:
    """Enters a key. `parse` reads its argument, from the space before it on; `fuzzily` is how it matches behind FUZZY,
    where that makes a difference: "deciding that fuzzy matching is meaningless for a particular key" is left to
    servers (RFC 6203 5)."""

    def enter(match: Match) -> Match:
        if name in KEYS:
            raise ValueError(f"search key {name!r} is defined twice")
        read = parse or _no_argument
        loose = None if fuzzily is None else Key(name, needs, read, fuzzily, sizes)
        KEYS[name] = Key(name, needs, read, match, sizes, loose)
        return match

    return enter


def _no_argument(_: "Terms") -> None:
    return None


class Terms(Cursor):
    """Reads search keys. Strings come out of the program's charset, ready to be compared."""

    __slots__ = (
        "charset_known",
        "charset_named",
        "codec",
        "columns",
        "filters",
        "fuzzily",
        "fuzzy",
        "inside",
        "keys",
        "modseq",
        "named",
        "needs",
        "numbers",
        "sizes",
        "undefined",
    )

    def __init__(self, cursor: Cursor, filters: Filters | None = None) -> None:
        super().__init__(cursor.data, cursor.pos, utf8=cursor.utf8)
        self.filters = filters or {}
        self.inside: tuple[bytes, ...] = ()  # filters of which this is the text
        self.named = False  # some filter was
        self.undefined: dict[bytes, None] = {}  # filters that are not known, in order
        self.codec = "utf-8"  # without CHARSET and with US-ASCII too: clients send UTF-8 then, if anything else
        self.charset_known = True
        self.charset_named = False
        self.keys = 0
        self.needs: set[Needs] = set()
        self.columns: dict[Column[Any], None] = {}  # in order
        self.modseq = self.numbers = self.sizes = False
        self.fuzzy = False  # FUZZY was among the keys ...
        self.fuzzily = False  # ... and the next one stands behind it

    def charset(self) -> None:
        """charset = atom / quoted"""
        name = self.astring("a charset")
        codec = charset.codec(name.decode("latin-1"))
        self.charset_known, self.charset_named = codec is not None, True
        if codec not in (None, "ascii"):
            self.codec = codec

    def needle(self) -> str:
        """A string to look for, folded (RFC 5051). It is no match for a string of another charset."""
        raw = self.astring()
        if not self.charset_known:
            return ""
        try:
            return text.fold(raw.decode(self.codec))
        except UnicodeError:
            raise Bad("A string to search for is not in the charset that was named") from None

    def reads(self, column: Column[T]) -> Column[T]:
        """Notes that a key goes by this column."""
        self.columns[column] = None
        return column

    def keyset(self) -> NumSet:
        """sequence-set as a key of its own."""
        numset = self.numset()
        self.numbers |= numset is not SAVED
        return numset

    def program(self) -> Program:
        """search-key *(SP search-key), up to the end of the command."""
        start = self.pos
        root = self._criteria()
        return Program(
            root=root,
            text=self.data[start : self.pos],
            keys=self.keys,
            needs=frozenset(self.needs),
            columns=tuple(self.columns),
            charset_known=self.charset_known,
            charset_named=self.charset_named,
            modseq=self.modseq,
            numbers=self.numbers,
            sizes=self.sizes,
            fuzzy=self.fuzzy,
            filters=tuple(self.undefined),
            again=partial(self._again, start) if self.named else None,
        )

    def _criteria(self) -> Node:
        nodes = [self._key(0)]
        while not self.at_end():
            self.sp()
            if self.at_end():
                break  # one space too many, as several clients send
            nodes.append(self._key(0))
        return _all(nodes)

    def _again(self, start: int, filters: Filters) -> Program:
        terms = Terms(Cursor(self.data, start, utf8=self.utf8), filters)
        return terms.program()

    def _key(self, depth: int) -> Node:
        """search-key"""
        if depth > MAX_DEPTH:
            raise Bad(f"Search keys may be nested {MAX_DEPTH} deep")
        if self.skip(b"("):
            return self._list(depth)
        if self.peek() in (b"$", b"*") or self.peek().isdigit():
            return self._leaf(KEYS[SEQUENCE_SET])
        word = self.word("a search key")
        if word == b"NOT":
            self.sp()
            return Not([self._fuzzily(False, depth)])  # what is not exactly so is not to be kept out
        if word == b"FUZZY":
            self.sp()
            self.fuzzy = True
            return self._fuzzily(True, depth)
        if word == b"OR":
            return self._either(depth)
        if word == b"FILTER":
            return self._filter()
        found = KEYS.get(word)
        if found is None:
            raise Bad(f"{word.decode('ascii', 'replace')} is not a search key")
        return self._leaf(found)

    def _fuzzily(self, fuzzily: bool, depth: int) -> Node:
        """search-key, with all keys in it matched as is said."""
        before, self.fuzzily = self.fuzzily, fuzzily
        node = self._key(depth + 1)
        self.fuzzily = before
        return node

    def _filter(self) -> Node:
        """ "FILTER" SP filter-name: what is stored under it stands in its place, as if in parentheses (RFC 5466 3.1).

        "If an implementation detects a loop [...] it MUST behave as if the specified filter doesn't exist".
        """
        self.sp()
        name = self.atom("the name of a filter")
        if b"/" in name or not name.isascii():
            raise Bad("The name of a filter is in ASCII, and has no '/'")
        if not self.charset_known or self.codec not in _UTF8:
            raise Bad("With a filter, the charset is UTF-8", b"BADCHARSET (US-ASCII UTF-8)")
        self.named = True
        key = name.lower()
        text = self.filters.get(key)
        if text is None or key in self.inside or len(self.inside) == MAX_FILTERS:
            self.undefined[name] = None
            return self._leaf(KEYS[b"ALL"])
        inner = Terms(Cursor(text, utf8=self.utf8), self.filters)
        inner.inside, inner.fuzzily = (*self.inside, key), self.fuzzily
        inner.keys, inner.needs, inner.columns, inner.undefined = self.keys, self.needs, self.columns, self.undefined
        try:
            node = inner._criteria()
        except Bad:
            self.keys = inner.keys
            self.undefined[name] = None
            return self._leaf(KEYS[b"ALL"])
        self.keys = inner.keys
        self.modseq |= inner.modseq
        self.numbers |= inner.numbers
        self.sizes |= inner.sizes
        self.fuzzy |= inner.fuzzy
        return node

    def _leaf(self, found: Key) -> Leaf:
        self.keys += 1
        if self.keys > MAX_KEYS:
            raise Bad(f"A search may have {MAX_KEYS} keys")
        self.needs.add(found.needs)
        self.sizes |= found.sizes
        return Leaf(found.fuzzily if self.fuzzily and found.fuzzily else found, found.parse(self))

    def _list(self, depth: int) -> Node:
        """ "(" search-key *(SP search-key) ")" """
        nodes = [self._key(depth + 1)]
        while not self.skip(b")"):
            self.sp()
            if self.skip(b")"):
                break
            nodes.append(self._key(depth + 1))
        return _all(nodes)

    def _either(self, depth: int) -> Node:
        """ "OR" SP search-key SP search-key; a chain of ORs to the right is read in one go."""
        nodes: list[Node] = []
        more = True
        while more:
            self.sp()
            nodes.append(self._key(depth + 1))
            self.sp()
            more = self.skip(b"OR")
        nodes.append(self._key(depth + 1))
        return _either(nodes)


def _all(nodes: list[Node]) -> Node:
    """One AND of nested ones, so that the cheapest key of all goes first."""
    flat = [child for node in nodes for child in (node.children if isinstance(node, And) else [node])]
    return flat[0] if len(flat) == 1 else And(flat)


def _either(nodes: list[Node]) -> Node:
    flat = [child for node in nodes for child in (node.children if isinstance(node, Or) else [node])]
    return Or(flat)
