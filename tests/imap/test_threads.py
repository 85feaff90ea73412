"""Threads as THREAD tells them."""

from mailaccess.imap.threads import render_threads
from mailaccess.mail.thread import Threads


def rendered(threads: Threads, numbers: list[int]) -> str:
    return "".join(render_threads(threads, numbers))


def test_threads_are_rendered_as_the_standard_draws_them() -> None:
    """RFC 5256 BASE.7.2.THREAD: both examples. Nodes are places, a dummy's is above those."""
    drawn = Threads(8, [0, 1], {1: [2], 2: [3, 5], 3: [4], 5: [6], 6: [7]})
    assert rendered(drawn, [2, 3, 6, 4, 23, 44, 7, 96]) == " (2)(3 6 (4 23)(44 7 96))"
    assert rendered(Threads(2, [2], {2: [0, 1]}), [3, 5]) == " ((3)(5))"
    assert rendered(Threads(0, [], {}), []) == ""


def test_deep_threads_are_rendered() -> None:
    """As deep as a mailbox is long."""
    chain = Threads(100_000, [0], {node: [node + 1] for node in range(99_999)})
    assert rendered(chain, list(range(1, 100_001))).startswith(" (1 2 3 4")

    forks = {node: [node + 1, node + 2] for node in range(0, 40_000, 2)}
    assert rendered(Threads(40_001, [0], forks), list(range(40_001))).count("(") == 40_001
