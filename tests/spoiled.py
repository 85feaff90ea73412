"""Valid commands, spoiled, and two worlds to try them on: what the robustness tests of both protocols share."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume
from hypothesis import strategies as st

from tests.driver import MemoryDriver
from tests.world import MESSAGES, World

MEMORY = Path("/dev/shm")
"""Where files cost no disk: a robustness test writes many of them and keeps none."""
EXAMPLES_A_WORLD = 12
"""After so many examples there is too little left of the mail in it."""
LONGEST = 1_000_000
"""Octets of the longest literal that is fed to its end. (One of 2^32 or more is no literal that is waited for.)"""

LINES = (200, 900, 1024)
"""Octets a line may have: in the IMAP sessions tried here before and after login, in POP3 always."""
LITERAL = re.compile(rb"\{(\d{1,20})(\+?)\}(?=\r?\n)")
SIZES = ("0", "1", "7", "400", "70000", "4294967296", "18446744073709551616", "99999999999999999999999")
SPLINTERS = (
    b"\r\n", b"\n", b"\r", b"\0", b'"', b"\\", b"(", b")", b"{", b"}", b"[", b"]", b"*", b"%", b"$", b" ", b"+", b"~",
    b"\xff", b"\xc3\xa4", b"&", b"NIL", b"{3+}\r\nabc", b"{0}\r\n", b"~{1+}\r\nx", b"4294967296", b"-1", b"1:*", b"=",
)  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, commands: Sequence[bytes]) -> bytes:
    """Some of the commands one after the other; bytes flipped, cut, doubled, put in, lines and literals resized."""
    data = b"".join(draw(st.lists(st.sampled_from(commands), min_size=1, max_size=5)))
    for _ in range(draw(st.integers(0, 5))):
        data = draw(st.sampled_from(SPOILERS))(draw, data)
    return data


def _flip(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.binary(min_size=1, max_size=1)) + data[at + 1 :]


def _cut(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data)))
    return data[:at] + data[at + draw(st.integers(1, 30)) :]


def _double(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data)))
    piece = data[at : at + draw(st.integers(1, 30))]
    return data[:at] + piece * draw(st.sampled_from((2, 3, 100))) + data[at:]


def _splinter(draw: st.DrawFn, data: bytes) -> bytes:
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.sampled_from(SPLINTERS)) + data[at:]


def _resize(draw: st.DrawFn, data: bytes) -> bytes:
    found = list(LITERAL.finditer(data))
    if not found:
        return _splinter(draw, data)
    match = draw(st.sampled_from(found))
    near = [str(int(match[1]) + step) for step in (-1, 1) if int(match[1]) + step >= 0]
    size = draw(st.sampled_from((*near, *SIZES))).encode()
    return data[: match.start()] + b"{" + size + draw(st.sampled_from((b"", b"+"))) + b"}" + data[match.end() :]


def _stretch(draw: st.DrawFn, data: bytes) -> bytes:
    """Makes a line about as long as one may be."""
    at = draw(st.integers(0, len(data)))
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
    length = (end if end >= 0 else len(data)) - start
    wanted = draw(st.sampled_from(LINES)) + draw(st.integers(-2, 3))
    return data[:at] + b"x" * max(0, wanted - length) + data[at:]


SPOILERS: tuple[Callable[[st.DrawFn, bytes], bytes], ...] = (_flip, _cut, _double, _splinter, _resize, _stretch)


def octets_waited_for(data: bytes) -> int:
    """As many as its literals announce; examples that announce too many are passed over."""
    sizes = [int(match[1]) for match in LITERAL.finditer(data)]
    waited = [size for size in sizes if size < 1 << 32]
    assume(all(size <= LONGEST for size in waited))
    return sum(waited)


class Complaints(logging.Handler):
    """What was logged for the operator to look at."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class Twins:
    """Two worlds to which the same happens, so that the answers to the same input can be compared."""

    def __init__(self, root: Path, complaints: Complaints, imap_options: dict[str, object]) -> None:
        self._root = root
        self._complaints = complaints
        self._options = imap_options
        self._made = self._used = 0
        self._worlds: list[World] = []

    @contextmanager
    def lent(self) -> Iterator[list[World]]:
        """Both; nothing may happen to them that an operator would have to know.

        After a failure they are not the same any more, and nobody gets them again.
        """
        if not self._worlds or self._used >= EXAMPLES_A_WORLD:
            self.close()
            self._worlds = [self._make(), self._make()]
        self._used += 1
        try:
            self._complaints.lines.clear()
            yield self._worlds
            assert not self._complaints.lines
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        worlds, self._worlds, self._used = self._worlds, [], 0
        for world in worlds:
            world.close()

    def _make(self) -> World:
        self._made += 1
        root = self._root / str(self._made)
        root.mkdir()
        world = World(root, **self._options)
        for message, flags in (("plain", ""), ("lf", "S"), ("alternative", "FT"), ("dots", "")):
            world.deliver(MESSAGES[message], flags=flags)
        return world


@contextmanager
def twins(**imap_options: object) -> Iterator[Twins]:
    """Twins in memory, where there is a directory in memory."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as root:
        complaints = Complaints()
        logging.getLogger("mailaccess").addHandler(complaints)
        made = Twins(Path(root), complaints, imap_options)
        try:
            yield made
        finally:
            made.close()
            logging.getLogger("mailaccess").removeHandler(complaints)


def fed(driver: MemoryDriver, data: bytes, sizes: Sequence[int]) -> bytes:
    """What the session answers to data that comes in pieces of these sizes, in turn; without sizes all at once."""
    start = turn = 0
    while start < len(data):
        size = sizes[turn % len(sizes)] if sizes else len(data)
        driver.feed(data[start : start + size])
        start, turn = start + size, turn + 1
    return driver.output()


def without_numbers(answer: bytes) -> bytes:
    """The answer without what two worlds never have in common: UIDVALIDITY, mod-sequences, times, challenges."""
    answer = re.sub(rb"(?m)^\+ [A-Za-z0-9+/=]{20,}", b"+ challenge", answer)
    answer = re.sub(rb"<[0-9a-f]{32}\.\d+@", b"<challenge@", answer)
    return re.sub(rb"[0-9a-f]{8,}|\d{6,}|\d\d:\d\d:\d\d", b"N", answer)
