"""Clients as they are: what Thunderbird says, mbsync itself, and many at a time."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.client import Answer
from tests.bench.workloads.table import PARALLEL, TEN, Bench, total, workload


@workload("240 short sessions of 16 clients", PARALLEL)
def short_sessions(bench: Bench) -> Answer:
    def one(_: int) -> Answer:
        session = bench.connect().log_in(TEN)
        answer = session.ask("FETCH 1:20 (FLAGS ENVELOPE)", b" ENVELOPE (")  # others may have changed flags meanwhile
        session.ask("LOGOUT")
        session.close()
        return answer

    with ThreadPoolExecutor(16) as pool:
        return total(list(pool.map(one, range(bench.sizes.sessions))))


@workload("Thunderbird's first sync of 10,000")
def first_sync(bench: Bench) -> Answer:
    session = bench.connect()
    session.ask(f"LOGIN {TEN} secret")
    for line in ("CAPABILITY", "NAMESPACE", 'LIST "" "*"', 'LSUB "" "*"'):
        session.ask(line)
    session.select("INBOX")
    session.ask("UID FETCH 1:* (FLAGS)")
    fields = "From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type"
    line = f"UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS ({fields} Reply-To)])"
    answer = session.ask(line, b" FETCH (")
    session.close()
    return answer


@workload("Thunderbird's daily reopen of 10,000")
def daily_reopen(bench: Bench) -> Answer:
    session = bench.connect()
    session.ask(f"LOGIN {TEN} secret")
    for line in ("CAPABILITY", "ENABLE CONDSTORE", 'LIST "" "*"'):
        session.ask(line)
    session.select("INBOX", " (CONDSTORE)")
    answer = session.ask("UID FETCH 1:* (FLAGS)", b" FETCH (")
    session.ask("NOOP")
    session.close()
    return answer


def _mbsync(bench: Bench) -> None:
    """One run that pulls TEN's INBOX."""
    state = _state(bench)
    config = state / "mbsyncrc"
    config.write_text(
        "FSync no\n\n"  # the disk is not what is measured
        f"IMAPAccount far\nHost 127.0.0.1\nPort {bench.peer.ports['imap']}\nUser {TEN}\nPass secret\nSSLType None\n"
        f"AuthMechs LOGIN\n\nIMAPStore far\nAccount far\n\nMaildirStore near\nPath {state}/near/\n"
        f"Inbox {state}/near/INBOX\n\nChannel pull\nFar :far:\nNear :near:\nSync Pull\nCreate Near\nSyncState *\n"
    )
    ran = subprocess.run(["mbsync", "-q", "-c", str(config), "pull"], capture_output=True, text=True, check=False)
    if ran.returncode:  # what it says otherwise is that passwords go in the clear
        raise OSError(f"mbsync: {ran.stderr}")


def _state(bench: Bench) -> Path:
    return bench.peer.home / "mbsync"


def _no_state(bench: Bench) -> None:
    shutil.rmtree(_state(bench), ignore_errors=True)
    (_state(bench) / "near").mkdir(parents=True)


@workload("mbsync, full pull of 10,000", prepare=_no_state, needs="mbsync")
def mbsync_full(bench: Bench) -> Answer:
    _mbsync(bench)
    near = _state(bench) / "near" / "INBOX"
    return Answer(0, len([*near.glob("cur/*"), *near.glob("new/*")]))


def _long_ago(bench: Bench) -> None:
    """mbsync waits for a second to pass where it finds a Maildir that has just been changed."""
    for name in ("cur", "new"):
        os.utime(_state(bench) / "near" / "INBOX" / name, (0, 0))


@workload("mbsync, nothing changed", prepare=_long_ago, needs="mbsync")
def mbsync_again(bench: Bench) -> Answer:
    _mbsync(bench)
    return Answer(0, 0)
