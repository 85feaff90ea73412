r"""Golden sessions: `C:` and `S:` lines in a text file, run against a session in memory.

    # a comment
    C: a NOOP                   the client sends the line with CRLF
    S: a OK %                   the server answers; `%` matches anything up to the end of the line or the text after it
    S: * 1 FETCH (UID $uid)     `$name` binds on first sight, must be equal afterwards, and is replaced in C: lines
    S? * 2 EXISTS               the next S: lines may come in any order: a block of S? lines is matched as a set
    !  * 3 EXPUNGE              must not appear in the reply that has just been read (since the last C:)
    2|C: b NOOP                 a second client; `1|` is the default
    C> text\r\n                 sends exactly what is written, with \r \n \0 \xNN \\ escapes, no CRLF added
    S{ }                        between `S{` and `}` lines: literal text, sent with CRLF line ends
    @name argument              calls a hook the test gives: something happens on disk, time passes, ...
    S: <closed>                 the server has closed the connection

Every reply to a block of C: lines must be matched completely: a line that no S: line accounts for is a failure.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.driver import MemoryDriver

Split = Callable[[bytes], Iterator[bytes]]
Hooks = Mapping[str, Callable[[str], None]]


def whole(data: bytes) -> Iterator[bytes]:
    """All at once."""
    yield data


def single_octets(data: bytes) -> Iterator[bytes]:
    """One byte at a time."""
    for i in range(len(data)):
        yield data[i : i + 1]


def random_split(seed: int) -> Split:
    """Pieces of random length."""

    def split(data: bytes) -> Iterator[bytes]:
        chance = random.Random(seed)
        while data:
            size = chance.randint(1, 40)
            yield data[:size]
            data = data[size:]

    return split


SPLITS: dict[str, Split] = {"whole": whole, "octets": single_octets, "random": random_split(7)}


def unescape(text: str) -> bytes:
    r"""`\r`, `\n`, `\0`, `\xNN` and `\\` in a transcript line."""
    named = {"r": b"\r", "n": b"\n", "0": b"\0", "t": b"\t", "\\": b"\\"}

    def one(match: re.Match[bytes]) -> bytes:
        code = match[1].decode()
        return bytes.fromhex(code[1:]) if code[0] == "x" else named[code]

    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[rn0t\\])", one, text.encode())


class Transcript:
    """One golden session, run against the clients that `connect` makes."""

    def __init__(self, path: Path, connect: Callable[[], MemoryDriver], split: Split, hooks: Hooks) -> None:
        self.path = path
        self.connect = connect
        self.split = split
        self.hooks = hooks
        self.bound: dict[str, str] = {}
        self.clients: dict[str, MemoryDriver] = {}
        self.unread: dict[str, list[str]] = {}
        self.seen: dict[str, list[str]] = {}
        self.where = 0

    def run(self) -> None:
        lines = self.path.read_text().splitlines()
        i = 0
        while i < len(lines):
            self.where = i + 1
            client, line = self._client(lines[i])
            block = [line]
            if line.startswith(("S{", "C{")):
                while lines[i + 1] != "}":
                    i += 1
                    block.append(lines[i])
                i += 1
            elif line.startswith("S?"):
                while i + 1 < len(lines) and self._client(lines[i + 1])[1].startswith("S?"):
                    i += 1
                    block.append(self._client(lines[i])[1])
            self._step(client, block)
            i += 1
        for client in self.clients:
            self._finish(client)

    @staticmethod
    def _client(line: str) -> tuple[str, str]:
        match = re.match(r"(\d)\|(.*)", line)
        return (match[1], match[2]) if match else ("1", line)

    def _step(self, client: str, block: list[str]) -> None:
        line = block[0]
        kind, rest = line[:2], line[2:].removeprefix(" ")
        if not line.strip() or line.startswith("#"):
            return
        if line.startswith("@"):
            name, _, argument = line[1:].partition(" ")
            self.hooks[name](self._fill(argument))
        elif kind == "C:":
            self._send(client, self._fill(rest).encode() + b"\r\n")
        elif kind == "C>":
            self._send(client, unescape(self._fill(rest)))
        elif kind == "C{":
            self._send(client, "".join(self._fill(text) + "\r\n" for text in block[1:]).encode())
        elif kind == "S:" and rest == "<closed>":
            self._read(client)
            self._check(self._driver(client).closed, "the connection is still open")
        elif kind == "S:":
            self._expect(client, rest)
        elif kind == "S{":
            for text in block[1:]:
                self._expect(client, text, literal=True)
        elif kind == "S?":
            wanted = [text[2:].removeprefix(" ") for text in block]
            for _ in block:
                got = self._next(client)
                hit = next((w for w in wanted if self._matches(w, got)), None)
                self._check(hit is not None, f"unexpected {got!r}, wanted one of {wanted}")
                wanted.remove(hit or "")
        elif line[0] == "!":
            self._read(client)
            pattern = line[1:].strip()
            bad = [got for got in self.seen[client] + self.unread[client] if self._matches(pattern, got)]
            self._check(not bad, f"must not appear: {bad}")
        else:
            self._check(False, f"not a transcript line: {line!r}")

    def _driver(self, client: str) -> MemoryDriver:
        if client not in self.clients:
            self.clients[client] = self.connect()
            self.unread[client], self.seen[client] = [], []
        return self.clients[client]

    def _send(self, client: str, data: bytes) -> None:
        driver = self._driver(client)
        self._finish(client)
        self.seen[client] = []
        for piece in self.split(data):
            driver.feed(piece)

    def _read(self, client: str) -> None:
        data = self._driver(client).output()
        if data:
            self.unread[client] += data.decode("utf-8", "backslashreplace").removesuffix("\r\n").split("\r\n")

    def _next(self, client: str) -> str:
        self._read(client)
        self._check(bool(self.unread[client]), "the server sent no more")
        got = self.unread[client].pop(0)
        self.seen[client].append(got)
        return got

    def _expect(self, client: str, pattern: str, *, literal: bool = False) -> None:
        got = self._next(client)
        good = got == pattern if literal else self._matches(pattern, got)
        self._check(good, f"expected {self._fill(pattern)!r}, got {got!r}")

    def _finish(self, client: str) -> None:
        self._read(client)
        self._check(not self.unread[client], f"not accounted for: {self.unread[client]}")

    def _fill(self, text: str) -> str:
        return re.sub(r"\$(\w+)", lambda match: self.bound.get(match[1], match[0]), text)

    def _matches(self, pattern: str, got: str) -> bool:
        names: list[str] = []

        def piece(match: re.Match[str]) -> str:
            if match[0] == "%":
                return ".*"
            if match[0] == "%%":
                return "%"
            name = match[0][1:]
            if name in self.bound:
                return re.escape(self.bound[name])
            names.append(name)
            return rf"(?P<{name}>[^ ()\[\]]+?)"

        regex = "".join(
            piece(match) if (match := re.fullmatch(r"%%|%|\$\w+", part)) else re.escape(part)
            for part in re.split(r"(%%|%|\$\w+)", pattern)
        )
        match = re.fullmatch(regex, got, re.DOTALL)
        if match:
            self.bound.update({name: match[name] for name in names})
        return match is not None

    def _check(self, good: bool, message: str) -> None:
        if not good:
            raise AssertionError(f"{self.path.name}:{self.where}: {message}")
