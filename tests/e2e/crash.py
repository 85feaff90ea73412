"""The crash test: SIGKILL at random while clients append, copy, move and expunge; then nothing acknowledged is missing.

`scripts/crash` runs it long, `test_crash.py` short. Every message bears a token of its own. What a client was told OK
for is written down (`Book`); after each restart the mailboxes hold exactly that, but for what was under way then.
"""

import argparse
import imaplib
import os
import random
import re
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.running import Server, lay_out

USER, PASSWORD = "ann", "apple"

MAILBOXES = ("INBOX", "work", "archive/2026")
CLIENTS = 4


@dataclass
class Book:
    """What is known of the messages of one client; the others never touch them."""

    kept: dict[tuple[str, int], str] = field(default_factory=dict)  # (mailbox, UID) -> token: must be there
    gone: set[tuple[str, int]] = field(default_factory=set)  # must never come back
    doubtful: set[str] = field(default_factory=set)  # tokens of what was under way when the server was killed


class Client(threading.Thread):
    """Works until its connection breaks."""

    def __init__(self, port: int, number: int, book: Book, seed: int) -> None:
        super().__init__(daemon=True)
        self.port, self.number, self.book = port, number, book
        self.chance = random.Random(seed)
        self.done = 0
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with connected(self.port) as self.imap:
                while True:
                    self._step()
                    self.done += 1
        except (imaplib.IMAP4.abort, OSError, EOFError):
            pass  # the server was killed
        except Exception as failure:  # noqa: BLE001 - raised again by whoever joins this thread
            self.failure = failure

    def _step(self) -> None:
        work = [self._append, self._append, self._copy, self._move, self._expunge]
        self.chance.choice(work if len(self.book.kept) > 5 else [self._append])()

    def _append(self) -> None:
        mailbox = self.chance.choice(MAILBOXES)
        token = f"t{self.number}-{time.time_ns()}"
        text = f"Subject: {token}\r\n\r\n".encode() + b"x" * self.chance.choice([10, 5000, 200_000])
        self.book.doubtful.add(token)
        answer = self._ok(self.imap.append(f'"{mailbox}"', "", "", text))
        uid = re.search(r"APPENDUID \d+ (\d+)", answer)
        assert uid, answer
        self._keep(mailbox, int(uid[1]), token)

    def _pick(self) -> tuple[str, int, str]:
        (mailbox, uid), token = self.chance.choice(list(self.book.kept.items()))
        self._ok(self.imap.select(f'"{mailbox}"'))
        return mailbox, uid, token

    def _copy(self) -> None:
        _, uid, token = self._pick()
        target = self.chance.choice(MAILBOXES)
        self.book.doubtful.add(token)
        self._keep(target, self._arrived("COPY", uid, target), token)

    def _move(self) -> None:
        mailbox, uid, token = self._pick()
        target = self.chance.choice([name for name in MAILBOXES if name != mailbox])
        del self.book.kept[mailbox, uid]
        self.book.doubtful.add(token)
        arrived = self._arrived("MOVE", uid, target)
        self.book.gone.add((mailbox, uid))
        self._keep(target, arrived, token)

    def _arrived(self, command: str, uid: int, target: str) -> int:
        """The UID of a message after COPY or MOVE."""
        self.imap.untagged_responses.pop("COPYUID", None)
        self._ok(self.imap.uid(command, str(uid), f'"{target}"'))
        (code,) = self.imap.untagged_responses.pop("COPYUID")
        assert isinstance(code, bytes)
        return int(code.split()[2])

    def _expunge(self) -> None:
        mailbox, uid, token = self._pick()
        del self.book.kept[mailbox, uid]
        self.book.doubtful.add(token)
        self._ok(self.imap.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)"))
        self._ok(self.imap.uid("EXPUNGE", str(uid)))
        self.book.gone.add((mailbox, uid))
        self.book.doubtful.discard(token)

    def _keep(self, mailbox: str, uid: int, token: str) -> None:
        self.book.kept[mailbox, uid] = token
        self.book.doubtful.discard(token)

    @staticmethod
    def _ok(answer: tuple[str, Sequence[object]]) -> str:
        status, data = answer
        assert status == "OK", answer
        return " ".join(item.decode() if isinstance(item, bytes) else str(item) for item in data)


@contextmanager
def connected(port: int) -> Iterator[imaplib.IMAP4]:
    """A client that has logged in, and lets go of its socket whatever happens."""
    imap = imaplib.IMAP4("127.0.0.1", port, timeout=150)
    try:
        imap.login(USER, PASSWORD)
        yield imap
    finally:
        imap.sock.close()
        imap.file.close()


def look(imap: imaplib.IMAP4, mailbox: str, validities: dict[str, str], found: dict[tuple[str, int], str]) -> float:
    """Enters the mailbox's messages into `found`; returns the seconds it took to open."""
    imap.create(f'"{mailbox}"')
    began = time.monotonic()
    assert imap.select(f'"{mailbox}"')[0] == "OK"
    seconds = time.monotonic() - began
    validity = imap.response("UIDVALIDITY")[1][0].decode()
    assert validities.setdefault(mailbox, validity) == validity, "UIDVALIDITY changed"
    _, data = imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    for item in data:
        if isinstance(item, tuple):
            uid, subject = re.search(rb"UID (\d+)", item[0]), re.search(rb"Subject: (\S+)", item[1])
            assert uid, item
            assert subject, item
            found[mailbox, int(uid[1])] = subject[1].decode()
    return seconds


def check(port: int, books: list[Book], validities: dict[str, str]) -> float:
    """Compares all mailboxes with the books; returns the seconds the slowest took to open."""
    found: dict[tuple[str, int], str] = {}
    with connected(port) as imap:
        slowest = max(look(imap, mailbox, validities, found) for mailbox in MAILBOXES)
    for book in books:
        for place, token in book.kept.items():
            assert found.get(place) == token, f"lost: {place} {token}, found {found.get(place)}"
        for place in book.gone:
            assert place not in found, f"came back: {place} {found[place]}"
    known = {place for book in books for place in book.kept}
    doubtful = {token for book in books for token in book.doubtful}
    for place, token in found.items():
        assert place in known or token in doubtful, f"there twice, or from nowhere: {place} {token}"
    settle(books, found)
    return slowest


def kill(server: Server) -> None:
    """The parent and its workers, all at once."""
    if server.process.poll() is None:
        for process in (server.process.pid, *server.workers()):
            os.kill(process, signal.SIGKILL)
    server.stop(signal.SIGKILL)


def settle(books: list[Book], found: dict[tuple[str, int], str]) -> None:
    """What was under way is known now: it is there, or it is not."""
    for book in books:
        book.kept.update({place: token for place, token in found.items() if token in book.doubtful})
        book.doubtful.clear()


def crash(root: Path, rounds: int, *, workers: int = 2, seed: int = 1, report: bool = False) -> None:
    """Runs so many rounds of work, SIGKILL and restart in `root`."""
    chance = random.Random(seed)
    books = [Book() for _ in range(CLIENTS)]
    validities: dict[str, str] = {}
    slowest, done = 0.0, 0
    config = lay_out(root, workers)
    server = Server(config).ready()
    try:
        check(server.ports["imap"], books, validities)
        for number in range(1, rounds + 1):
            port = server.ports["imap"]
            clients = [Client(port, i, books[i], chance.randrange(1 << 30)) for i in range(CLIENTS)]
            for client in clients:
                client.start()
            threading.Event().wait(chance.uniform(0.1, 1.0))
            kill(server)
            for client in clients:
                client.join()
                if client.failure is not None:
                    raise client.failure
            done += sum(client.done for client in clients)
            server = Server(config).ready()
            slowest = max(slowest, check(server.ports["imap"], books, validities))
            if report:
                kept = sum(len(book.kept) for book in books)
                print(f"round {number}: {kept} messages kept, {done} commands done, slowest opening {slowest:.2f} s")
    finally:
        kill(server)
    assert slowest < 2.0, f"a mailbox took {slowest:.1f} s to open after a crash"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory() as folder:
        crash(Path(folder), options.rounds, workers=options.workers, seed=options.seed, report=True)
    print("nothing was lost, and nothing came back")
