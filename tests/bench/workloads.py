"""What is measured. A workload is a function that makes a server work and returns what it answered, for comparison."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TypeVar

from tests.bench import post
from tests.bench.client import TAG, Answer, Imap, Pop3
from tests.bench.servers import Peer

TEN, HUNDRED, FOLDERS, SCRATCH, FRESH = "ten", "hundred", "folders", "scratch", "fresh"
"""Users: 10,000 messages of 4 KB; 100,000 of 1 KB; 500 folders; an empty account; one whose index is removed."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large everything is."""

    ten: int = 10_000
    hundred: int = 100_000
    folders: int = 500
    many: int = 2_000  # messages of bulk work on part of a mailbox
    single: int = 200  # commands of one message each
    sessions: int = 240
    idle: int = 200


SHORT = Sizes(ten=300, hundred=1_000, folders=10, many=100, single=10, sessions=16, idle=8)
"""To see that everything works and that both give the same answers."""


class Bench:
    """One server, its open sessions, and what the run knows of it."""

    def __init__(self, peer: Peer, sizes: Sizes) -> None:
        self.peer = peer
        self.sizes = sizes
        self._sessions: dict[str, Imap] = {}

    def session(self, user: str) -> Imap:
        """The user's session, with INBOX selected; the same for all workloads."""
        if user not in self._sessions:
            self._sessions[user] = self.connect().log_in(user)
        return self._sessions[user]

    def connect(self) -> Imap:
        return Imap(self.peer.ports["imap"])

    def deliver(self, user: str, number: int) -> None:
        """A message arrives in new/."""
        text = post.message(Random(number), number, datetime.now(UTC), 2_000)
        maildir = self.peer.maildir(user)
        name = f"{int(time.time())}.M{number}P2.bench,S={len(text)}"
        (maildir / "tmp" / name).write_bytes(text)
        owner = maildir.stat()
        os.chown(maildir / "tmp" / name, owner.st_uid, owner.st_gid)
        (maildir / "tmp" / name).rename(maildir / "new" / name)

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()


Work = Callable[[Bench], Answer]


@dataclass(frozen=True, slots=True)
class Workload:
    """`target`: the ratio to Dovecot that is aimed at. `measure` gives a figure of its own instead of the time."""

    name: str
    target: float
    work: Work
    prepare: Callable[[Bench], None] | None = None
    unit: str = "ms"
    same: bool = True  # both servers' answers have as many lines
    needs: str = ""  # a program without which it is left out


WORKLOADS: dict[str, Workload] = {}


def workload(
    name: str, target: float, *, prepare: Callable[[Bench], None] | None = None, same: bool = True, needs: str = ""
) -> Callable[[Work], Work]:
    """Enters a function into the table."""

    def enter(work: Work) -> Work:
        WORKLOADS[name] = Workload(name, target, work, prepare, same=same, needs=needs)
        return work

    return enter


def commands(name: str, target: float, user: str, *texts: str, same: bool = True) -> None:
    """Enters commands of one session, one after the other."""

    def work(bench: Bench) -> Answer:
        session = bench.session(user)
        return _sum(session.ask(text) for text in texts)

    workload(name, target, same=same)(work)


def _sum(answers: Iterable[Answer]) -> Answer:
    octets = lines = 0
    for answer in answers:
        octets, lines = octets + answer.octets, lines + answer.lines
    return Answer(octets, lines)


# -- opening


@workload("login, SELECT, LOGOUT", 2.0)
def login(bench: Bench) -> Answer:
    session = bench.connect().log_in(TEN)
    session.ask("LOGOUT")
    session.close()
    return Answer(0, 1)


commands("SELECT of 100,000, warm", 2.0, HUNDRED, "SELECT INBOX", same=False)


@workload("fresh session, SELECT of 100,000, one envelope", 2.0)
def fresh_session(bench: Bench) -> Answer:
    session = bench.connect().log_in(HUNDRED)
    answer = session.ask("FETCH 77 ENVELOPE")
    session.close()
    return answer


def _forget(bench: Bench) -> None:
    """Removes what a server knows of FRESH's mail."""
    maildir = bench.peer.maildir(FRESH)
    shutil.rmtree(maildir / "mailaccess", ignore_errors=True)
    for path in maildir.glob("dovecot*"):
        path.unlink()


@workload("first open of 100,000 without any index", 2.0, prepare=_forget, same=False)
def first_open(bench: Bench) -> Answer:
    session = bench.connect().log_in(FRESH)
    session.close()
    return Answer(0, 1)


# -- reading

commands("FETCH flags of 100,000", 0.8, HUNDRED, "FETCH 1:* (UID FLAGS)")
commands("FETCH envelopes of 10,000", 0.8, TEN, "FETCH 1:* (ENVELOPE)")
commands("FETCH structures of 10,000", 0.8, TEN, "FETCH 1:* (BODYSTRUCTURE)")
commands(
    "FETCH header fields of 10,000", 0.8, TEN, "FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)])"
)
commands("FETCH bodies of 10,000", 0.8, TEN, "FETCH 1:* (BODY.PEEK[])")
commands("FETCH parts of 10,000", 0.8, TEN, "FETCH 1:* (BODY.PEEK[1]<0.200>)")


@workload("single FETCH", 1.5)
def single_fetch(bench: Bench) -> Answer:
    session = bench.session(TEN)
    return _sum(session.ask(f"FETCH {number + 1} (FLAGS)") for number in range(bench.sizes.single))


@workload("NOOP", 1.5)
def noop(bench: Bench) -> Answer:
    session = bench.session(TEN)
    return _sum(session.ask("NOOP") for _ in range(bench.sizes.single))


# -- finding

commands("SEARCH by flag", 1.0, HUNDRED, "SEARCH UNSEEN")
commands("SEARCH by date", 1.0, HUNDRED, "SEARCH SINCE 1-Mar-2023 BEFORE 1-Apr-2023")
commands("SEARCH in a header field", 1.0, TEN, "SEARCH FROM user55@")
commands("SEARCH in bodies, a rare word", 0.8, TEN, f"SEARCH BODY {post.RARE}")
commands("SEARCH in texts, a common word", 0.8, TEN, f"SEARCH TEXT {post.COMMON}")
commands("SORT by date", 1.0, TEN, "SORT (DATE) UTF-8 ALL")
commands("SORT by subject", 1.0, TEN, "SORT (SUBJECT) UTF-8 ALL")
commands("THREAD", 1.0, TEN, "THREAD REFERENCES UTF-8 ALL")


# -- changing


def _scratch(bench: Bench) -> None:
    """An empty INBOX and an empty folder."""
    session = bench.session(SCRATCH)
    session.ask("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
    session.ask("EXPUNGE")


@workload("APPEND", 2.0, prepare=_scratch, same=False)
def append(bench: Bench) -> Answer:
    session = bench.session(SCRATCH)
    text = post.message(Random(1), 1, datetime(2024, 1, 1, tzinfo=UTC), 4_000).replace(b"\n", b"\r\n")
    command = b"APPEND INBOX (\\Seen) {%d+}\r\n%s" % (len(text), text)
    return _sum(session.ask(command) for _ in range(bench.sizes.single))


@workload("STORE of 10,000", 2.0, same=False)
def store_many(bench: Bench) -> Answer:
    session = bench.session(TEN)
    session.ask("STORE 1:* +FLAGS.SILENT (\\Flagged)")
    return session.ask("STORE 1:* -FLAGS.SILENT (\\Flagged)")


@workload("single STORE", 0.1, same=False)
def store_single(bench: Bench) -> Answer:
    session = bench.session(TEN)
    for sign in "+-":
        for number in range(bench.sizes.single):
            session.ask(f"STORE {number * 3 + 1} {sign}FLAGS (\\Draft)")
    return Answer(0, 0)


@workload("COPY and EXPUNGE", 2.0, same=False)
def copy_expunge(bench: Bench) -> Answer:
    session = bench.session(TEN)
    session.ask(f"COPY 1:{bench.sizes.many} Scratch")
    session.ask("SELECT Scratch")
    session.ask("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
    session.ask("EXPUNGE")
    return session.ask("SELECT INBOX")


# -- many at a time


@workload("short sessions from 16 clients", 0.4)
def short_sessions(bench: Bench) -> Answer:
    def one(_: int) -> int:
        session = bench.connect().log_in(TEN)
        lines = session.ask("FETCH 1:20 (FLAGS ENVELOPE)").lines
        session.ask("LOGOUT")
        session.close()
        return lines

    with ThreadPoolExecutor(16) as pool:
        return Answer(0, sum(pool.map(one, range(bench.sizes.sessions))))


@workload("LIST-STATUS of 500 folders", 0.3)
def list_status(bench: Bench) -> Answer:
    session = bench.session(FOLDERS)
    return session.ask('LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT))')


# -- clients as they are


@workload("Thunderbird's first sync", 2.0, same=False)
def first_sync(bench: Bench) -> Answer:
    session = bench.connect()
    session.ask(f"LOGIN {TEN} secret")
    for command in ('LIST "" "*"', 'LSUB "" "*"', "SELECT INBOX", "UID FETCH 1:* (FLAGS)"):
        session.ask(command)
    fields = "From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type"
    answer = session.ask(f"UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS ({fields} Reply-To)])")
    session.close()
    return answer


@workload("Thunderbird's daily reopen", 2.0, same=False)
def daily_reopen(bench: Bench) -> Answer:
    session = bench.connect()
    session.ask(f"LOGIN {TEN} secret")
    for command in ("ENABLE CONDSTORE", 'LIST "" "*"', "SELECT INBOX (CONDSTORE)", "UID FETCH 1:* (FLAGS)"):
        answer = session.ask(command)
    session.ask("NOOP")
    session.close()
    return answer


def _change_one_percent(bench: Bench) -> None:
    session = bench.session(HUNDRED)
    every = f"1:{max(1, bench.sizes.hundred // 100)}"
    session.ask(f"STORE {every} +FLAGS.SILENT (\\Answered)")
    session.ask(f"STORE {every} -FLAGS.SILENT (\\Answered)")


@workload("QRESYNC reopen, 1% changed", 0.2, prepare=_change_one_percent, same=False)
def qresync(bench: Bench) -> Answer:
    session = bench.connect()
    session.ask(f"LOGIN {HUNDRED} secret")
    session.ask("ENABLE QRESYNC")
    session.ask("SELECT INBOX (CONDSTORE)")
    data, _ = session.read_status("STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)")
    words = data.replace(b"(", b" ").replace(b")", b" ").split()
    validity = int(words[words.index(b"UIDVALIDITY") + 1])
    answer = session.ask(f"SELECT INBOX (QRESYNC ({validity} {int(words[words.index(b'HIGHESTMODSEQ') + 1])}))")
    session.close()
    return answer


def mbsync(bench: Bench, state: Path) -> None:
    """One run of mbsync that pulls TEN's INBOX into `state`."""
    config = state / "mbsyncrc"
    config.write_text(
        f"IMAPAccount far\nHost 127.0.0.1\nPort {bench.peer.ports['imap']}\nUser {TEN}\nPass secret\nSSLType None\n"
        f"AuthMechs LOGIN\n\nIMAPStore far\nAccount far\n\nMaildirStore near\nPath {state}/near/\n"
        f"Inbox {state}/near/INBOX\n\nChannel pull\nFar :far:\nNear :near:\nSync Pull\nCreate Near\nSyncState *\n"
    )
    subprocess.run(["mbsync", "-q", "-c", str(config), "pull"], check=True)


def _state(bench: Bench) -> Path:
    return bench.peer.home / "mbsync"


def _no_state(bench: Bench) -> None:
    shutil.rmtree(_state(bench), ignore_errors=True)
    (_state(bench) / "near").mkdir(parents=True)


@workload("mbsync, full pull", 2.0, prepare=_no_state, needs="mbsync")
def mbsync_full(bench: Bench) -> Answer:
    mbsync(bench, _state(bench))
    return Answer(0, len(list((_state(bench) / "near" / "INBOX" / "cur").iterdir())))


@workload("mbsync, nothing changed", 2.0, needs="mbsync")
def mbsync_again(bench: Bench) -> Answer:
    mbsync(bench, _state(bench))
    return Answer(0, 1)


@workload("a file in new/ to EXISTS in IDLE", 0.1, same=False)
def arrival(bench: Bench) -> Answer:
    session = bench.session(SCRATCH)
    session.send(TAG + b" IDLE\r\n")
    while not session.line().startswith(b"+"):
        pass
    bench.deliver(SCRATCH, time.monotonic_ns() % 1_000_000)
    while b"EXISTS" not in session.line():
        pass
    session.send(b"DONE\r\n")
    return session.answer()


# -- POP3


@workload("POP3 UIDL and LIST of 10,000", 2.0)
def pop3_lists(bench: Bench) -> Answer:
    session = Pop3(bench.peer.ports["pop3"]).log_in(TEN)
    answer = _sum((session.multi(b"UIDL\r\n"), session.multi(b"LIST\r\n")))
    session.single(b"QUIT\r\n")
    session.close()
    return answer


@workload("POP3 RETR of 2,000", 2.0)
def pop3_retr(bench: Bench) -> Answer:
    session = Pop3(bench.peer.ports["pop3"]).log_in(TEN)
    answer = _sum(session.multi(b"RETR %d\r\n" % (number + 1)) for number in range(bench.sizes.many))
    session.single(b"RSET\r\n")
    session.single(b"QUIT\r\n")
    session.close()
    return answer
