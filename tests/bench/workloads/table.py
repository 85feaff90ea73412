"""What a workload is, what is aimed at, and the table that all workloads are entered in."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from tests.bench.client import NOTHING, Answer, Imap
from tests.bench.servers import Peer

TEN, HUNDRED, FOLDERS, SCRATCH = "ten", "hundred", "folders", "scratch"
"""Users: 10,000 messages of 4 KB; 100,000 of 1 KB; 500 folders; an empty account."""
FRESH_TEN, FRESH_HUNDRED = "freshten", "freshhundred"
"""The same mail as the first two have; what servers know of it is removed again and again."""
HASHED = [f"hashed{number}" for number in range(8)]
"""Users whose passwords are stored as argon2id makes them; the others' are plain."""
USERS = [TEN, HUNDRED, FOLDERS, SCRATCH, FRESH_TEN, FRESH_HUNDRED, *HASHED]


class Kind(NamedTuple):
    """Workloads of one sort: none of them is to take more than so many times as long as Dovecot."""

    name: str
    ratio: float
    most: float | None = None
    """What is aimed at instead where it is not a ratio, in the row's unit."""


OTHER = Kind("all others", 2.0)
SINGLE = Kind("NOOP and single FETCH", 1.5)
BULK = Kind("bulk FETCH", 0.8)
INDEXED = Kind("search in text, indexed", 0.1)
UNINDEXED = Kind("search in text, not indexed", 0.8)
FINDING = Kind("other searches, SORT, THREAD", 1.0)
PARALLEL = Kind("parallel sessions", 0.4)
STORE = Kind("single STORE", 0.1)
LIST_STATUS = Kind("LIST-STATUS", 0.3)
QRESYNC = Kind("QRESYNC reopen", 0.2)
ARRIVAL = Kind("arrival", 2.0, 20.0)
IDLE = Kind("idle session", 0.05)
IDLE_TLS = Kind("idle TLS session", 0.1)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large everything is."""

    ten: int = 10_000
    hundred: int = 100_000
    folders: int = 500
    many: int = 2_000  # messages of bulk work on part of a mailbox
    single: int = 200  # commands of one message each
    openings: int = 10  # sessions one after the other
    arrivals: int = 3
    sessions: int = 240  # of 16 clients
    idle: int = 1_000  # sessions whose memory is measured, behind a tenth of so many


SHORT = Sizes(ten=300, hundred=1_000, folders=10, many=100, single=10, openings=2, arrivals=1, sessions=16, idle=10)
"""To see that everything works and that both give the same answers."""


@dataclass
class Bench:
    """One server, its open sessions, and what workloads note of it."""

    peer: Peer
    sizes: Sizes
    notes: dict[str, str] = field(default_factory=dict)
    _sessions: dict[str, Imap] = field(default_factory=dict)

    def session(self, user: str) -> Imap:
        """The user's session, with INBOX selected; the same for all workloads."""
        if user not in self._sessions:
            self._sessions[user] = self.connect().log_in(user)
        return self._sessions[user]

    def connect(self) -> Imap:
        return Imap(self.peer.ports["imap"])

    def calm(self) -> None:
        """All sessions are told what there is to tell."""
        for session in self._sessions.values():
            session.ask("NOOP")

    def leave(self, user: str) -> None:
        """Ends the user's session; the next one is another."""
        if user in self._sessions:
            session = self._sessions.pop(user)
            session.ask("LOGOUT")
            session.close()

    def forget(self, user: str) -> None:
        """Removes what the server knows of the user's mail."""
        self.leave(user)
        maildir = self.peer.maildir(user)
        shutil.rmtree(maildir / "mailaccess", ignore_errors=True)
        for path in maildir.glob("dovecot*"):
            path.unlink()

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()


Work = Callable[[Bench], Answer]


class Alike(Enum):
    """What of their answers must be the same."""

    OCTETS = "octets"  # and items
    ITEMS = "items"  # RFCs leave the servers a choice of words
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Workload:
    """`work` is timed, `prepare` is not."""

    name: str
    kind: Kind
    work: Work
    prepare: Callable[[Bench], None] | None
    alike: Alike
    each: bool  # the figure is the time of one of its commands
    needs: str  # a program without which it is left out


WORKLOADS: dict[str, Workload] = {}


def workload(
    name: str,
    kind: Kind = OTHER,
    *,
    prepare: Callable[[Bench], None] | None = None,
    alike: Alike = Alike.ITEMS,
    each: bool = False,
    needs: str = "",
) -> Callable[[Work], Work]:
    """Enters a function."""

    def enter(work: Work) -> Work:
        WORKLOADS[name] = Workload(name, kind, work, prepare, alike, each, needs)
        return work

    return enter


def command(
    name: str,
    kind: Kind,
    user: str,
    text: str,
    alike: Alike = Alike.ITEMS,
    prepare: Callable[[Bench], None] | None = None,
) -> None:
    """Enters a command of the user's session."""

    def work(bench: Bench) -> Answer:
        return bench.session(user).ask(text)

    workload(name, kind, prepare=prepare, alike=alike)(work)


def total(answers: "list[Answer]") -> Answer:
    """All of them."""
    return sum(answers, NOTHING)
