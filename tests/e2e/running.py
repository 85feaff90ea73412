"""The server as a subprocess, on ports of its own, for tests that look at it from outside."""

import imaplib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

from mailaccess.net.certificate import self_signed

PATIENCE = 30.0
"""Seconds for anything to happen at all."""

CONFIG = """\
hostname = "localhost"
workers = {workers}
[storage]
maildir = "mail/{{user}}"
[tls]
certificate = "cert.pem"
key = "key.pem"
[imap]
listen = ["127.0.0.1:0"]
listen_tls = ["127.0.0.1:0"]
[pop3]
listen = ["127.0.0.1:0"]
listen_tls = ["127.0.0.1:0"]
"""


def lay_out(directory: Path, workers: int = 1, more: str = "") -> Path:
    """Makes what a server needs: two accounts, a certificate, a configuration, whose file is returned."""
    (directory / "users").write_text("ann:{PLAIN}apple\nbob:{PLAIN}berry\n")
    self_signed("localhost", directory / "cert.pem", directory / "key.pem")
    config = directory / "mailaccess.toml"
    config.write_text(CONFIG.format(workers=workers) + more)
    return config


class Server:
    """One run of `mailaccess serve`."""

    def __init__(self, config: Path, python: str = sys.executable) -> None:
        self.config = config
        self.process = subprocess.Popen(
            [python, "-m", "mailaccess", "serve", "--config", str(config)],
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "XDG_RUNTIME_DIR": str(config.parent)},
        )
        self.log: list[dict[str, Any]] = []  # the lines that have been looked at
        self._lines: Queue[bytes] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.ports: dict[str, int] = {}

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._lines.put(line)
        self._lines.put(b"")

    def until(self, event: str) -> dict[str, Any]:
        """The next line of the log whose event matches the expression."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            assert line, f"the server ended before {event!r}: {self.log}"
            entry = self._look_at(line)
            if re.search(event, entry["event"]):
                return entry

    def news(self, event: str) -> list[str]:
        """Those events that match, of the lines that have come and have not been looked at."""
        found = []
        for _ in range(self._lines.qsize()):
            line = self._lines.get()
            if line:
                found.append(self._look_at(line)["event"])
            else:
                self._lines.put(line)  # the end
        return [each for each in found if re.search(event, each)]

    def _look_at(self, line: bytes) -> dict[str, Any]:
        entry = json.loads(line) if line.startswith(b"{") else {"event": line.decode()}
        self.log.append(entry)
        return entry

    def ready(self) -> "Server":
        """Waits until it serves."""
        entry = self.until("^ready$")
        for door in ("imap", "imaps", "pop3", "pop3s"):
            if door in entry:
                self.ports[door] = int(entry[door][0].rpartition(":")[2])
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it, and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self._reader.join(PATIENCE)
            assert self.process.stderr
            self.process.stderr.close()

    def workers(self) -> list[int]:
        """The processes that the parent has."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


@contextmanager
def serving(config: Path, python: str = sys.executable) -> Iterator[Server]:
    """A server that has begun to serve; it is ended behind the test."""
    server = Server(config, python)
    try:
        yield server.ready()
    finally:
        server.stop()


def until(client: imaplib.IMAP4, pattern: bytes) -> bytes:
    """Reads up to a line that matches."""
    while True:
        line = client.readline()
        assert line
        if re.match(pattern, line):
            return line


def trusting(config: Path) -> ssl.SSLContext:
    """A client's TLS context that knows the server's certificate."""
    return ssl.create_default_context(cafile=str(config.with_name("cert.pem")))
