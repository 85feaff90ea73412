"""How soon a mailbox is open: logging in, SELECT, what is asked before and after it."""

import os

from tests.bench.client import Answer, Imap
from tests.bench.workloads.table import (
    FOLDERS,
    HASHED,
    HUNDRED,
    LIST_STATUS,
    QRESYNC,
    TEN,
    Bench,
    command,
    total,
    workload,
)


def _leave(session: Imap) -> None:
    session.ask("LOGOUT")
    session.close()


@workload("login, SELECT, LOGOUT", each=True)
def login(bench: Bench) -> Answer:
    def one() -> Answer:
        session = bench.connect()
        session.ask(f"LOGIN {TEN} secret")
        answer = session.select("INBOX")
        _leave(session)
        return answer

    return total([one() for _ in range(bench.sizes.openings)])


def _log_in_hashed(bench: Bench) -> Answer:
    for user in HASHED:
        _leave(bench.connect().log_in(user, None))
    return Answer(0, 0, len(HASHED))


def _change_users(bench: Bench) -> None:
    """Nobody may remember that a password was right."""
    os.utime(bench.peer.home / "users")


workload("login with argon2id", prepare=_change_users, each=True)(_log_in_hashed)
workload("login with argon2id, again", each=True)(_log_in_hashed)


@workload("SELECT of 100,000, warm", each=True)
def select_warm(bench: Bench) -> Answer:
    session = bench.session(HUNDRED)
    return total([session.select("INBOX") for _ in range(bench.sizes.openings)])


@workload("fresh session, SELECT of 100,000, one envelope", each=True)
def fresh_session(bench: Bench) -> Answer:
    def one() -> Answer:
        session = bench.connect().log_in(HUNDRED)
        answer = session.ask("FETCH 77 ENVELOPE")
        session.close()
        return answer

    return total([one() for _ in range(bench.sizes.openings)])


command("LIST-STATUS of 500 folders", LIST_STATUS, FOLDERS, 'LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT))')


def _change_one_percent(bench: Bench) -> None:
    """And notes what a client knew before."""
    session = bench.connect()
    session.ask(f"LOGIN {HUNDRED} secret")
    words = session.told("SELECT INBOX (CONDSTORE)").replace(b"]", b" ").replace(b"[", b" ").split()
    known = (words[words.index(name) + 1].decode() for name in (b"UIDVALIDITY", b"HIGHESTMODSEQ"))
    bench.notes["known"] = " ".join(known)
    every = f"1:{max(1, bench.sizes.hundred // 100)}"
    session.ask(f"STORE {every} +FLAGS.SILENT (\\Draft)")
    session.ask(f"STORE {every} -FLAGS.SILENT (\\Draft)")
    session.close()


@workload("QRESYNC reopen, 1% changed", QRESYNC, prepare=_change_one_percent)
def qresync(bench: Bench) -> Answer:
    session = bench.connect()
    session.ask(f"LOGIN {HUNDRED} secret")
    session.ask("ENABLE QRESYNC")
    answer = session.ask(f"SELECT INBOX (QRESYNC ({bench.notes['known']}))", b" FETCH (")
    session.close()
    return answer
