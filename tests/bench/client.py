"""Raw sockets: commands go out, answers are counted. Nothing is parsed that need not be."""

import socket
import ssl
from typing import NamedTuple

TAG = b"b3nc4"
"""In no message."""
_TAGGED = b"\r\n" + TAG + b" "
PATIENCE = 900.0
"""Seconds for an answer."""
_RECEIVE = 1 << 20


class Answer(NamedTuple):
    """What came back, for comparison: how much the server said, how many things it told of, to how many commands."""

    octets: int
    items: int
    commands: int = 1

    def __add__(self, other: "Answer") -> "Answer":  # type: ignore[override]
        return Answer(*(one + another for one, another in zip(self, other, strict=True)))


NOTHING = Answer(0, 0, 0)


class Refused(Exception):
    """The server did not say OK."""


class Imap:
    """A connection to an IMAP server."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self._buffer = bytearray()
        self.line()

    def log_in(self, user: str, mailbox: str | None = "INBOX") -> "Imap":
        """Logs in and selects."""
        self.ask(f"LOGIN {user} secret")
        if mailbox is not None:
            self.select(mailbox)
        return self

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, command: str | bytes, counting: bytes = b"") -> Answer:
        """Sends one command; its whole answer, whose items are its untagged lines or what `counting` says. Refused."""
        text = command.encode() if isinstance(command, str) else command
        self.send(TAG + b" " + text + b"\r\n")
        return self.answer(counting)

    def answer(self, counting: bytes = b"") -> Answer:
        """Reads up to the tagged line."""
        data = self.read()
        return Answer(len(data), data.count(counting or b"\r\n* ") + (not counting and data.startswith(b"* ")))

    def select(self, mailbox: str, parameters: str = "") -> Answer:
        """Its items are the messages there."""
        data = self.told(f"SELECT {mailbox}{parameters}")
        return Answer(0, next(int(line.split()[1]) for line in data.split(b"\r\n") if line.endswith(b" EXISTS")))

    def told(self, command: str) -> bytes:
        """As `ask`, but what was said."""
        self.send(TAG + b" " + command.encode() + b"\r\n")
        return self.read()

    def read(self) -> bytes:
        """What stands before the tagged line. Refused."""
        buffer = self._buffer
        start = 0
        while True:
            at = 0 if buffer.startswith(TAG + b" ") else buffer.find(_TAGGED, start) + 2
            end = buffer.find(b"\r\n", at) if at != 1 else -1
            if end >= 0:
                break
            start = max(0, len(buffer) - len(_TAGGED))
            self._receive()
        with memoryview(buffer) as view:
            data, tagged = bytes(view[:at]), bytes(view[at:end])
        del buffer[: end + 2]
        if not tagged.startswith(TAG + b" OK"):
            raise Refused(tagged.decode(errors="replace"))
        return data

    def line(self) -> bytes:
        """One line, without its end."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            self._receive()
        found = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return found

    def _receive(self) -> None:
        data = self._socket.recv(_RECEIVE)
        if not data:
            raise Refused("the server hung up")
        self._buffer += data

    def close(self) -> None:
        self._socket.close()


class Pop3:
    """A connection to a POP3 server."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self.single(b"")

    def log_in(self, user: str) -> "Pop3":
        self.single(f"USER {user}\r\n".encode())
        self.single(b"PASS secret\r\n")
        return self

    def single(self, command: bytes) -> bytes:
        """A command with an answer of one line. Refused."""
        return self._until(command, b"\r\n")

    def multi(self, command: bytes) -> Answer:
        """A command with an answer of many lines. Refused."""
        data = self._until(command, b"\r\n.\r\n")
        return Answer(len(data), data.count(b"\r\n") - 2)

    def _until(self, command: bytes, end: bytes) -> bytes:
        if command:
            self._socket.sendall(command)
        buffer = self._buffer
        start = 0
        while (at := buffer.find(end, start)) < 0:
            start = max(0, len(buffer) - len(end))
            data = self._socket.recv(_RECEIVE)
            if not data:
                raise Refused("the server hung up")
            buffer += data
        found = bytes(buffer[: at + len(end)])
        del buffer[: at + len(end)]
        if not found.startswith(b"+OK"):
            raise Refused(found[:200].decode(errors="replace"))
        return found

    def close(self) -> None:
        self._socket.close()
