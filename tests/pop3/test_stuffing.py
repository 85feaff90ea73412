"""Byte-stuffing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailaccess.pop3.stuffing import Stuffer, Top

wire = st.lists(st.sampled_from([b"", b".", b"..", b".a", b"text", b"x.y"])).map(b"\r\n".join)


def stuffed(pieces: list[bytes]) -> bytes:
    stuffer = Stuffer()
    return b"".join([stuffer.add(piece) for piece in pieces] + [stuffer.end()])


@given(wire, st.lists(st.integers(0, 60), max_size=6))
def test_edges_of_pieces_do_not_matter(text: bytes, cuts: list[int]) -> None:
    """A dot behind an edge is stuffed if and only if it begins a line; a client gets the message back."""
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    pieces = [text[a:b] for a, b in pairwise(edges)]
    sent = stuffed(pieces)

    assert sent == stuffed([text])
    assert sent.endswith(b".\r\n")
    lines = sent.split(b"\r\n")[:-2]
    received = b"".join((line[1:] if line.startswith(b".") else line) + b"\r\n" for line in lines)
    assert received in {text, text + b"\r\n"}


def test_first_line_is_stuffed() -> None:
    """A message that begins with a dot does not end there."""
    assert stuffed([b".\r\n"]) == b"..\r\n.\r\n"
    assert stuffed([]) == b".\r\n"
    assert stuffed([b"no newline"]) == b"no newline\r\n.\r\n"


def top(pieces: list[bytes], lines: int) -> tuple[bytes, bool]:
    head = Top(lines)
    taken = []
    for piece in pieces:
        taken.append(head.take(piece))
        if head.complete:
            break
    return b"".join(taken), head.complete


def test_top() -> None:
    """Header, blank line, so many lines; whether there was enough."""
    text = b"A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\nthree\r\n"

    assert top([text], 0) == (b"A: 1\r\nB: 2\r\n\r\n", True)
    assert top([text], 2) == (b"A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\n", True)
    assert top([text], 9) == (text, False)
    assert top([b"\r\nbody\r\n"], 0) == (b"\r\n", True)
    assert top([b"A: 1\r\n"], 5) == (b"A: 1\r\n", False)


@given(wire, st.lists(st.integers(0, 60), max_size=6), st.integers(0, 5))
def test_top_in_pieces(text: bytes, cuts: list[int], lines: int) -> None:
    """Wherever the edges fall."""
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})

    assert top([text[a:b] for a, b in pairwise(edges)], lines) == top([text], lines)
