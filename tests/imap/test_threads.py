"""Threads as THREAD tells them."""

from mailaccess.imap.threads import render_threads
from mailaccess.mail.thread import Node


def rendered(threads: list[Node], uids: list[int] | None = None) -> str:
    return "".join(render_threads(threads, uids))


def test_threads_are_rendered_as_the_standard_draws_them() -> None:
    """RFC 5256 BASE.7.2.THREAD: both examples. A node's key is a row, one less than its number."""
    branches = [Node(3, [Node(22)]), Node(43, [Node(6, [Node(95)])])]
    assert rendered([Node(1), Node(2, [Node(5, branches)])]) == " (2)(3 6 (4 23)(44 7 96))"
    assert rendered([Node(None, [Node(2), Node(4)])]) == " ((3)(5))"
    assert rendered([]) == ""
    assert rendered([Node(None, [Node(0), Node(1)])], uids=[10, 20]) == " ((10)(20))"


def test_deep_threads_are_rendered() -> None:
    """As deep as a mailbox is long."""
    node = Node(99_999)
    for row in reversed(range(99_999)):
        node = Node(row, [node])
    assert rendered([node]).startswith(" (1 2 3 4")

    fork = Node(None, [Node(0), Node(0)])
    for _ in range(20_000):
        fork = Node(0, [Node(0), fork])
    assert rendered([fork]).count("(") == 40_003
