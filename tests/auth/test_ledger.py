"""Sessions and failures, counted over all workers."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailaccess.auth.ledger import Ledger, Slot, TooManySessions
from mailaccess.auth.throttle import Throttle

HOME, OFFICE, ELSEWHERE = "192.0.2.7", "198.51.100.7", "203.0.113.7"


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "file"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "ledger"


@pytest.fixture
def ledger(path: Path | None, clock: Clock) -> Iterator[Ledger]:
    ledger = Ledger(path, clock=clock, trusted=("10.0.0.0/8",))
    yield ledger
    ledger.close()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[tuple[Ledger, Ledger]]:
    """Two ledgers on one file, as two workers have them."""
    first, second = Ledger(tmp_path / "ledger"), Ledger(tmp_path / "ledger")
    yield first, second
    first.close()
    second.close()


def enter(ledger: Ledger, user: str = "tim", address: str = HOME, per_user: int = 2, per_address: int = 3) -> Slot:
    return ledger.enter(user, address, per_user=per_user, per_address=per_address)


def eventually(attempt: Callable[[], Slot]) -> Slot:
    """Tries until the other worker's news has arrived."""
    until = time.monotonic() + 20
    while True:
        try:
            return attempt()
        except TooManySessions:
            if time.monotonic() > until:
                raise


# -- sessions


def test_sessions_of_a_user_are_limited(ledger: Ledger) -> None:
    """Over all addresses; the text names the limit."""
    slots = [enter(ledger, address=HOME), enter(ledger, address=OFFICE)]

    with pytest.raises(TooManySessions, match=r"user.*2"):
        enter(ledger, address=ELSEWHERE)
    enter(ledger, "tom").leave()
    slots[0].leave()
    slots[1] = enter(ledger, address=ELSEWHERE)


def test_sessions_of_an_address_are_limited(ledger: Ledger) -> None:
    """Over all users; an IPv6 customer's addresses are one."""
    slots = [enter(ledger, f"user{number}", f"2001:db8::{number}") for number in range(3)]

    with pytest.raises(TooManySessions, match=r"address.*3"):
        enter(ledger, "tim", "2001:db8::ffff")
    slots.append(enter(ledger, "tim", "2001:db8:0:1::"))


def test_trusted_addresses_are_not_limited(ledger: Ledger) -> None:
    """All users of a webmail come from one; each user still is."""
    slots = [enter(ledger, f"user{number}", "10.0.0.1") for number in range(5)]
    slots.append(enter(ledger, "user0", "10.0.0.1"))

    with pytest.raises(TooManySessions):
        enter(ledger, "user0", "10.0.0.1")


def test_refused_session_does_not_count(ledger: Ledger) -> None:
    """However often it is tried."""
    slots = [enter(ledger), enter(ledger)]
    for _ in range(3):
        with pytest.raises(TooManySessions):
            enter(ledger)
    slots.pop().leave()

    slots.append(enter(ledger))


def test_slot_is_left_once(ledger: Ledger) -> None:
    """A session that cleans up twice frees no other's place."""
    slot, other = enter(ledger), enter(ledger)
    slot.leave()
    slot.leave()
    kept = enter(ledger)

    with pytest.raises(TooManySessions):
        enter(ledger)
    kept.leave()
    other.leave()


def test_dropped_slot_is_left(ledger: Ledger) -> None:
    """The peer may be gone before the session has got it."""
    for _ in range(10):
        enter(ledger)


def test_workers_count_together(workers: tuple[Ledger, Ledger]) -> None:
    """A user's limit holds over all processes."""
    first, second = workers
    slots = [enter(first), enter(second)]

    for ledger in workers:
        with pytest.raises(TooManySessions):
            enter(ledger)
    assert len(slots) == 2


def test_leaving_reaches_the_other_worker(workers: tuple[Ledger, Ledger]) -> None:
    """Without any further session in the first."""
    first, second = workers
    slots = [enter(first), enter(first)]
    slots.pop().leave()

    slots.append(eventually(lambda: enter(second)))


def test_leaving_is_told_though_the_file_was_held(
    workers: tuple[Ledger, Ledger], caplog: pytest.LogCaptureFixture
) -> None:
    """By another process, for longer than anybody waits: it is tried again, with nobody coming or going."""
    first, second = workers
    slots = [enter(first), enter(first)]
    given_up = threading.Event()

    def note(record: logging.LogRecord) -> bool:
        if "not written" in record.getMessage():
            given_up.set()
        return True

    caplog.handler.addFilter(note)
    first._db.execute("PRAGMA busy_timeout = 1")
    second._db.execute("BEGIN IMMEDIATE")
    slots.pop().leave()
    assert given_up.wait(20)
    second._db.execute("COMMIT")

    slots.append(eventually(lambda: enter(second)))


def test_closed_worker_no_longer_counts(tmp_path: Path) -> None:
    """Its sessions have ended with it."""
    first, second = Ledger(tmp_path / "ledger"), Ledger(tmp_path / "ledger")
    slots = [enter(first), enter(first)]
    first.close()

    slots += [enter(second), enter(second)]
    second.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from mailaccess.auth.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
slots = [ledger.enter("tim", "192.0.2.7", per_user=2, per_address=3) for _ in range(2)]
print("entered", flush=True)
sys.stdin.read()
"""


def test_killed_worker_no_longer_counts(tmp_path: Path) -> None:
    """It had no time to say so."""
    ledger = Ledger(tmp_path / "ledger")
    arguments = [sys.executable, "-c", KILLED, str(tmp_path / "ledger")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"entered\n"
        with pytest.raises(TooManySessions):
            enter(ledger)
        worker.kill()
        worker.wait()

        slots = [enter(ledger), enter(ledger)]
    assert len(slots) == 2
    ledger.close()


def test_many_threads_never_exceed_the_limit(path: Path | None) -> None:
    """And all places are free at the end."""
    ledger = Ledger(path)
    inside: list[int] = []
    most = 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal most
        for _ in range(40):
            slot = eventually(lambda: enter(ledger, per_user=3, per_address=100))
            with guard:
                inside.append(1)
                most = max(most, len(inside))
            with guard:
                inside.pop()
            slot.leave()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 <= most <= 3
    slots = [enter(ledger, per_user=3) for _ in range(3)]
    assert len(slots) == 3
    ledger.close()


# -- failures


def fail(ledger: Ledger, times: int, user: str = "tim", address: str = HOME) -> list[float]:
    return [ledger.failed(user, address) for _ in range(times)]


def test_failures_slow_down_up_to_a_cap(ledger: Ledger) -> None:
    """The first is answered in half a second, none later than a mail client waits."""
    assert fail(ledger, 8) == [0.5, 1, 2, 4, 8, 15, 15, 15]


def test_failures_decay(ledger: Ledger, clock: Clock) -> None:
    """Half of them are forgotten in five minutes, all in an hour."""
    fail(ledger, 8)
    clock.now += 300
    assert fail(ledger, 1) == pytest.approx([8.0])
    clock.now += 3600

    assert fail(ledger, 1) == pytest.approx([0.5], rel=0.01)


def test_delay_that_was_not_sat_out_is_left_to_wait(ledger: Ledger, clock: Clock) -> None:
    """Hanging up and calling again gains nothing; whoever waited for the answer waits no more."""
    assert ledger.turn("tim", HOME) == 0
    delay = fail(ledger, 4)[-1]
    clock.now += 1
    assert ledger.turn("tim", HOME) == pytest.approx(delay - 1, rel=0.02)
    clock.now += 2 * delay

    assert ledger.turn("tim", HOME) == 0


def turns(ledger: Ledger, times: int, user: str = "tim", address: str = HOME) -> list[float | None]:
    return [ledger.turn(user, address) for _ in range(times)]


def test_guesses_at_the_same_time_wait_for_each_other(ledger: Ledger, clock: Clock) -> None:
    """Two hundred connections guess no faster than one; who would wait for long is told so at once."""
    assert turns(ledger, 50) == [0] * 50
    delay = fail(ledger, 4)[-1]
    assert turns(ledger, 8) == [delay * number for number in range(1, 8)] + [None]
    clock.now += delay

    assert ledger.turn("tim", HOME) == pytest.approx(28, rel=0.02)
    assert ledger.turn("tim", HOME) is None


def test_guesses_at_the_same_time_wait_over_all_workers(tmp_path: Path, clock: Clock) -> None:
    """Each has its share of the connections."""
    workers = [Ledger(tmp_path / "ledger", clock=clock) for _ in range(2)]
    fail(workers[0], 4)

    assert [worker.turn("tim", HOME) for worker in workers * 2] == [4, 8, 12, 16]
    for worker in workers:
        worker.close()


def test_guesses_from_many_networks_wait_for_each_other(ledger: Ledger) -> None:
    """One a second in all: the account is guessed at from anywhere."""
    for number in range(50):
        ledger.failed("tim", f"203.0.{number}.1")

    assert [ledger.turn("tim", f"198.51.{number}.1") for number in range(3)] == [1, 2, 3]


def test_one_password_for_many_accounts_waits(ledger: Ledger) -> None:
    """The network's failures hold up whatever comes from there, together."""
    for number in range(9):
        ledger.failed(f"user{number}", HOME)

    assert [ledger.turn(f"other{number}", HOME) for number in range(3)] == [4, 8, 12]


def test_attacker_with_many_connections_keeps_nobody_else_out(ledger: Ledger) -> None:
    """The attacker's own turns are far apart, so that others from elsewhere find theirs between them."""
    fail(ledger, 20, address=ELSEWHERE)
    turns(ledger, 200, address=ELSEWHERE)

    assert ledger.turn("tim", OFFICE) == 3, "a second for each turn that the attacker may hold"


def test_right_password_ends_the_waiting(ledger: Ledger) -> None:
    """For the account in that network, though others there took turns."""
    fail(ledger, 4)
    turns(ledger, 3)
    ledger.succeeded("tim", HOME)

    assert turns(ledger, 5) == [0] * 5


def test_clock_set_back_prolongs_nothing(ledger: Ledger, clock: Clock) -> None:
    """Beyond the delay itself."""
    delay = fail(ledger, 4)[-1]
    assert ledger.turn("tim", HOME) == delay
    clock.now -= 86400

    assert ledger.turn("tim", HOME) == delay


def test_one_account_counts_over_all_networks(ledger: Ledger) -> None:
    """Guessing one password from many places is slow, too."""
    delays = [ledger.failed("tim", f"192.0.{number}.1") for number in range(8)]

    assert delays == [0.5, 1, 2, 4, 8, 15, 15, 15]


def test_one_network_counts_over_all_accounts(ledger: Ledger) -> None:
    """Trying one password on many accounts is slow after a few, which an office mistypes without being punished."""
    delays = [ledger.failed(f"user{number}", f"192.0.2.{number}") for number in range(12)]

    assert delays == [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 2, 4, 8, 15, 15]
    assert ledger.turn("somebody", "192.0.2.200") == 15
    assert ledger.turn("somebody", OFFICE) == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.2.3.4", "::ffff:10.2.3.4"])
def test_loopback_and_trusted_networks_are_not_slowed_down(ledger: Ledger, address: str) -> None:
    """A proxy's users do not pay for each other; an account that is attacked through it still is protected."""
    assert [ledger.failed(f"user{number}", address) for number in range(9)] == [0.5] * 9
    assert ledger.turn("somebody", address) == 0
    assert fail(ledger, 3, "tim", address) == [0.5, 1, 2]


def test_attacker_hardly_slows_the_user_where_the_user_is_known(ledger: Ledger, clock: Clock) -> None:
    """In a network of an earlier login nothing is waited for, though the account is attacked from everywhere."""
    ledger.succeeded("tim", HOME)
    clock.now += 86400
    for number in range(50):
        ledger.failed("tim", f"203.0.{number}.1")

    assert turns(ledger, 5) == [0] * 5
    assert ledger.failed("tim", HOME) == 2
    assert ledger.turn("tim", OFFICE) == 1


def test_known_networks_are_forgotten(ledger: Ledger, clock: Clock) -> None:
    """After a month without a login."""
    ledger.succeeded("tim", HOME)
    clock.now += 31 * 86400
    fail(ledger, 8, "tim", ELSEWHERE)

    assert ledger.turn("tim", HOME) == 1


def test_login_keeps_a_network_known(ledger: Ledger, clock: Clock) -> None:
    """Who reads mail daily stays known."""
    for _ in range(40):
        ledger.succeeded("tim", HOME)
        clock.now += 86400
    fail(ledger, 8, "tim", ELSEWHERE)

    assert ledger.turn("tim", HOME) == 0


def test_success_clears_the_accounts_failures_in_that_network_only(ledger: Ledger) -> None:
    """An attacker's failures elsewhere stay counted against the attacker."""
    fail(ledger, 3, "tim", HOME)
    fail(ledger, 4, "tim", ELSEWHERE)
    fail(ledger, 7, "tom", HOME)
    ledger.succeeded("tim", HOME)

    assert ledger.turn("new", HOME) == 1, "seven failures of the network are left, five are free"
    assert ledger.turn("tom", HOME) == 15
    assert ledger.failed("tim", OFFICE) == 8, "four failures of the account are left"


def test_own_account_does_not_wash_an_attacker_clean(ledger: Ledger) -> None:
    """Logging in with it between guesses at others' changes nothing for the network."""
    for number in range(9):
        ledger.failed(f"victim{number}", ELSEWHERE)
        ledger.succeeded("attacker", ELSEWHERE)

    assert ledger.turn("anybody", ELSEWHERE) == 4


def test_success_after_decay_takes_out_what_is_left(ledger: Ledger, clock: Clock) -> None:
    """The sums and the part age at one pace."""
    fail(ledger, 2, "tim", ELSEWHERE)
    clock.now += 300
    fail(ledger, 4, "tim", HOME)
    clock.now += 300
    ledger.succeeded("tim", HOME)

    assert ledger.failed("tim", OFFICE) == pytest.approx(0.5 * 2**0.5)


def test_spelling_of_a_name_makes_no_new_account(ledger: Ledger) -> None:
    """Case and decomposition are an attacker's free choice."""
    assert [ledger.failed(name, HOME) for name in ("Jörg", "jörg", "JO\u0308RG")] == [0.5, 1, 2]


def test_failures_are_shared_by_workers(tmp_path: Path, clock: Clock) -> None:
    """And outlive them."""
    first = Ledger(tmp_path / "ledger", clock=clock)
    fail(first, 3)
    second = Ledger(tmp_path / "ledger", clock=clock)
    assert second.turn("tim", HOME) == 2
    first.close()
    second.close()

    third = Ledger(tmp_path / "ledger", clock=clock)
    assert third.failed("tim", HOME) == 4
    third.close()


def test_names_are_not_kept_with_failures(tmp_path: Path) -> None:
    """People type their passwords there."""
    ledger = Ledger(tmp_path / "ledger")
    fail(ledger, 3, "correct horse battery")
    ledger.close()

    assert all(b"correct horse" not in file.read_bytes() for file in tmp_path.iterdir())


def test_old_rows_go(tmp_path: Path, clock: Clock) -> None:
    """The file does not grow with every name ever tried."""
    ledger = Ledger(tmp_path / "ledger", clock=clock, throttle=Throttle(known_for=3600))
    for number in range(20):
        ledger.failed(f"user{number}", HOME)
        ledger.succeeded(f"other{number}", HOME)
    clock.now += 7200
    fail(ledger, 1)

    assert ledger._db.execute("SELECT count(*) FROM failure").fetchone() == (3,)
    assert ledger._db.execute("SELECT count(*) FROM known").fetchone() == (0,)
    ledger.close()


def test_logins_go_on_without_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A full disk locks nobody out: uncounted, and logged."""
    ledger = Ledger(tmp_path / "ledger")
    ledger._db.execute("DROP TABLE session")
    ledger._db.execute("DROP TABLE failure")

    slots = [enter(ledger) for _ in range(4)]
    slots[0].leave()
    assert ledger.failed("tim", HOME) == 0.5
    assert ledger.turn("tim", HOME) == 0
    ledger.succeeded("tim", HOME)
    ledger.close()
    assert "ledger not written" in caplog.text
