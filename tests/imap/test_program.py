"""Search programs: grammar, order of evaluation, limits."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap import keys  # noqa: F401 - fills the table
from mailaccess.imap.commands.search import parse_search
from mailaccess.imap.commands.sort import parse_sort, parse_thread
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.program import KEYS, MAX_DEPTH, MAX_KEYS, And, Leaf, Needs, Node, Not, Or, Program, Terms
from mailaccess.imap.returning import Returns


def parsed(text: bytes) -> Program:
    return Terms(Cursor(text)).program()


def shape(node: Node) -> object:
    """The tree as nested lists of names."""
    if isinstance(node, Leaf):
        return node.key.name.decode()
    return [type(node).__name__, *(shape(child) for child in node.children)]


def test_cheapest_keys_go_first() -> None:
    """Whatever their order in the command: flags, then the header, then the text."""
    assert shape(parsed(b"BODY a SUBJECT b SEEN").root) == ["And", "SEEN", "SUBJECT", "BODY"]
    assert shape(parsed(b"OR BODY a FLAGGED").root) == ["Or", "FLAGGED", "BODY"]


def test_nested_operators_of_one_kind_are_one() -> None:
    """So that the cheapest of all goes first, and long chains are not deep."""
    assert shape(parsed(b"(BODY a (SEEN (SUBJECT b)))").root) == ["And", "SEEN", "SUBJECT", "BODY"]
    assert shape(parsed(b"OR OR SEEN DRAFT OR 1 UID 2").root) == ["Or", "SEEN", "DRAFT", "sequence-set", "UID"]
    assert shape(parsed(b"NOT (SEEN DRAFT)").root) == ["Not", ["And", "SEEN", "DRAFT"]]


def test_what_a_branch_needs() -> None:
    """The least and the most that the keys below it look at."""
    root = parsed(b"OR (SEEN BODY a) SUBJECT b").root

    assert (root.least, root.most) == (Needs.COLUMNS, Needs.TEXT)


def test_what_a_program_tells_of_itself() -> None:
    """Whether it has keys that change the answer or need preparation."""
    plain = parsed(b"SEEN UID 1")
    assert (plain.keys, plain.modseq, plain.numbers, plain.sizes) == (2, False, False, False)
    full = parsed(b'OR NOT MODSEQ "/flags/\\\\Seen" all 7 (LARGER 1 2:*)')
    assert (full.keys, full.modseq, full.numbers, full.sizes) == (3, True, True, True)


def test_unknown_charset() -> None:
    """It is not the grammar that is wrong, so the rest is read and the handler refuses."""
    returns, program = parse_search(Cursor(b'RETURN (SAVE) CHARSET no-such TEXT "\xff"'))

    assert returns == Returns(frozenset([b"SAVE"]))
    assert not program.charset_known


def test_long_chains_of_or() -> None:
    """The way a client asks for many Message-IDs at once."""
    chain = b"OR HEADER Message-ID x " * (MAX_KEYS - 1) + b"HEADER Message-ID x"

    assert isinstance(parsed(chain).root, Or)


def test_too_many_keys() -> None:
    """One more than allowed."""
    parsed(b"SEEN " * (MAX_KEYS - 1) + b"SEEN")
    with pytest.raises(Bad, match="keys"):
        parsed(b"SEEN " * MAX_KEYS + b"SEEN")


@pytest.mark.parametrize("text", [b"(%s)", b"NOT %s", b"FUZZY %s", b"OR %s ALL"])
def test_too_deep(text: bytes) -> None:
    """Nesting is bounded, far below where the interpreter would give up."""

    def nested(depth: int) -> bytes:
        program = b"SEEN"
        for _ in range(depth):
            program = text % program
        return program

    assert isinstance(parsed(nested(MAX_DEPTH)).root, Leaf | And | Or | Not)
    with pytest.raises(Bad, match="nested"):
        parsed(nested(MAX_DEPTH + 1))
    with pytest.raises(Bad, match="nested"):
        parsed(nested(20_000))


def test_fuzzy() -> None:
    """FUZZY reaches into lists and alternatives, not through NOT; keys for which it means nothing are themselves."""
    program = parsed(b"FUZZY (SUBJECT a OR FROM b NOT TO c UID 1) NOT FUZZY BODY d SUBJECT e")
    loose = {leaf.key.name for leaf in leaves(program.root) if leaf.key is not KEYS[leaf.key.name]}

    assert loose == {b"SUBJECT", b"FROM", b"BODY"}
    assert [leaf.key for leaf in leaves(program.root) if leaf.argument[1:] == ("E",)] == [KEYS[b"SUBJECT"]]
    assert program.fuzzy
    assert not parsed(b"SUBJECT fuzzy").fuzzy


def leaves(node: Node) -> list[Leaf]:
    return [node] if isinstance(node, Leaf) else [leaf for child in node.children for leaf in leaves(child)]


def test_every_key_is_refused_without_its_argument() -> None:
    """Keys with one; and those without do not take one."""
    for name in KEYS.keys() - {b"sequence-set"}:
        argument = b" 1" if name in (b"UID", b"MODSEQ", b"LARGER", b"SMALLER", b"OLDER", b"YOUNGER") else b""
        try:
            parsed(name + argument)
        except Bad:
            with pytest.raises(Bad):
                parsed(name)


VALID = [
    b'RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"',
    b"RETURN () CHARSET UTF-8 (OR $ 1,3000:3021) TEXT {8}\r\nYYYYYYYY",
    b'CHARSET ISO-8859-1 OR OR SUBJECT "\xfc" HEADER X-Y "" NOT (BODY a UID 1:*)',
    b'RETURN (SAVE) MODSEQ "/flags/\\\\draft" all 620162338 LARGER 5 YOUNGER 259200',
    b'KEYWORD $Junk UNKEYWORD x SENTON 01-Jan-2000 BEFORE "1-Jan-2000" *',
    b"(SUBJECT REVERSE DATE) UTF-8 ALL",
    b"(ARRIVAL CC FROM SIZE TO) US-ASCII 1:5 NOT DELETED",
    b"REFERENCES UTF-8 SINCE 5-MAR-2000",
    b'ORDEREDSUBJECT "utf-7" TEXT gewp+AOQ-',
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid command with pieces cut out, doubled, swapped for others or put in."""
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        piece = draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from(
                    [b"", b" ", b"(", b")", b'"', b"NOT ", b"OR ", b"$", b"*", b"{3}\r\n", b"RETURN (", b"0"]
                ),
                st.just(text[start:end] * 2),
            )
        )
        text = text[:start] + piece + text[end:]
    return text


@given(mutated(), st.sampled_from([parse_search, parse_sort, parse_thread]))
def test_whatever_comes_is_read_or_refused(text: bytes, parse: Callable[[Cursor], object]) -> None:
    """A parser returns or raises Bad, and nothing else."""
    with contextlib.suppress(Bad):
        parse(Cursor(text))


TEXTS = [b"FILTER a", b"FILTER b", b"FILTER c FILTER a", b"SEEN", b"OR"]


@given(st.dictionaries(st.sampled_from([b"a", b"b", b"c"]), st.sampled_from(TEXTS)))
def test_filters_end_whatever_they_name(filters: dict[bytes, bytes]) -> None:
    """A loop is a filter that is not known."""
    program = Terms(Cursor(b"FILTER a FILTER b"), filters).program()

    assert program.again is not None


def test_filters_count_as_the_keys_they_stand_for() -> None:
    """Few words cannot stand for millions of keys."""
    filters = {b"%d" % n: b"FILTER %d FILTER %d" % (n + 1, n + 1) for n in range(14)} | {b"14": b"SEEN"}

    with pytest.raises(Bad):
        Terms(Cursor(b"FILTER 0"), filters).program()
