"""Search keys that compare: where their edges are."""

import time

import pytest

from tests.world import World


def search(world: World, program: bytes) -> bytes:
    """The numbers found in INBOX."""
    return world.imap_in().ask(b"a SEARCH %s\r\n" % program).split(b"\r\n")[0].removeprefix(b"* SEARCH").strip()


@pytest.mark.parametrize(("key", "matches"), [(b"OLDER", b"1 2"), (b"YOUNGER", b"2 3")])
def test_within_includes_its_bound(world: World, key: bytes, matches: bytes) -> None:
    """RFC 5032: "less recent than or equal", "more recent than or equal"; to the second."""
    now = int(time.time())
    client = world.imap_in()
    for age in (5000, 3000, 1000):
        written = time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(now - age)).encode()
        client.ask(b'a APPEND INBOX "%s" {14+}\r\nSubject: a\r\n\r\n\r\n' % written)

    # The clock may move on by a second between here and there: then 2 is that much older.
    slack = 2 if key == b"YOUNGER" else 0
    assert search(world, b"%s %d" % (key, 3000 + slack)) == matches


@pytest.mark.parametrize(
    ("program", "matches"),
    [
        (b"LARGER 26", b"1"),
        (b"LARGER 27", b""),
        (b"SMALLER 27", b""),
        (b"SMALLER 28", b"1"),
        (b"NOT LARGER 99999999999", b"1"),
    ],
)
def test_sizes_count_crlf(world: World, program: bytes, matches: bytes) -> None:
    """A file with bare line feeds is as large as it is sent."""
    world.deliver(b"Subject: a\n\nline\n\nend\n", flags="")

    assert search(world, program) == matches
