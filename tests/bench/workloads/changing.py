"""APPEND, STORE, COPY, EXPUNGE, and mail that comes in."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random

from tests.bench import post
from tests.bench.client import TAG, Answer, Imap
from tests.bench.workloads.table import ARRIVAL, HUNDRED, SCRATCH, STORE, TEN, Bench, total, workload


def _scratch(bench: Bench) -> None:
    """An empty INBOX."""
    session = bench.session(SCRATCH)
    session.ask("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
    session.ask("EXPUNGE")


@workload("APPEND", prepare=_scratch, each=True)
def append(bench: Bench) -> Answer:
    session = bench.session(SCRATCH)
    text = post.message(Random(1), 1, datetime(2024, 1, 1, tzinfo=UTC), 4_000).replace(b"\n", b"\r\n")
    line = b"APPEND INBOX (\\Seen) {%d+}\r\n%s" % (len(text), text)
    return total([session.ask(line, b" EXISTS\r\n") for _ in range(bench.sizes.single)])


@workload("STORE of 10,000, and back")
def store_many(bench: Bench) -> Answer:
    session = bench.session(TEN)
    session.ask("STORE 1:* +FLAGS.SILENT (\\Flagged)")
    return session.ask("STORE 1:* -FLAGS (\\Flagged)", b" FETCH (")


def _single_stores(session: Imap, numbers: Iterable[int]) -> Answer:
    return total([session.ask(f"STORE {number} {sign}FLAGS (\\Draft)") for sign in "+-" for number in numbers])


@workload("single STORE", STORE, each=True)
def store_single(bench: Bench) -> Answer:
    return _single_stores(bench.session(TEN), range(1, 3 * bench.sizes.single, 3))


@workload("single STORE, to one message again and again", STORE, each=True)
def store_again(bench: Bench) -> Answer:
    session = bench.session(TEN)
    return total([_single_stores(session, [5]) for _ in range(bench.sizes.single // 2)])


@workload("single STORE in 100,000", STORE, each=True)
def store_among_many(bench: Bench) -> Answer:
    return _single_stores(bench.session(HUNDRED), range(1, bench.sizes.single, 3))


@workload("COPY and EXPUNGE of 2,000")
def copy_expunge(bench: Bench) -> Answer:
    session = bench.session(TEN)
    session.ask(f"COPY 1:{bench.sizes.many} Scratch")
    session.select("Scratch")
    session.ask("UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
    answer = session.ask("EXPUNGE", b" EXPUNGE\r\n")
    session.select("INBOX")
    return answer


@workload("a file in new/ to EXISTS in IDLE", ARRIVAL, prepare=_scratch, each=True)
def arrival(bench: Bench) -> Answer:
    session = bench.session(SCRATCH)
    session.send(TAG + b" IDLE\r\n")
    while not session.line().startswith(b"+"):
        pass
    for _ in range(bench.sizes.arrivals):
        post.deliver(bench.peer.maildir(SCRATCH), time.monotonic_ns() % 1_000_000)
        while b"EXISTS" not in session.line():
            pass
    session.send(b"DONE\r\n")
    session.answer()
    return Answer(0, bench.sizes.arrivals, bench.sizes.arrivals)
