"""Messages put together of parts: how much, from where, and what is left when that fails."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailaccess.imap.receiving import COPIES
from mailaccess.imap.upload import Upload
from mailaccess.storage.errors import DiskFull
from mailaccess.storage.mailbox import Incoming
from tests.driver import MemoryDriver
from tests.world import World


def tmp(world: World) -> list[str]:
    return [path.name for path in (world.maildir / "tmp").iterdir()]


@pytest.fixture
def client(world: World) -> MemoryDriver:
    """One whose INBOX has a message of 400,017 octets, and one of 30."""
    world.deliver(b"Subject: long\r\n\r\n" + b"01234567\r\n" * 40_000)
    world.deliver(b"Subject: s\r\n\r\none\r\ntwo\r\nend\r\n")
    return world.imap_in()


def test_parts_are_put_together(world: World, client: MemoryDriver) -> None:
    """Long ones and short ones, of other messages and of the command's own."""
    url = b"/INBOX/;UID=2/;SECTION=TEXT/;PARTIAL=5.5"
    answer = client.ask(
        b'a APPEND INBOX CATENATE (TEXT {16+}\r\nSubject: new\r\n\r\n URL "/INBOX/;UID=1/;SECTION=TEXT"'
        b" TEXT ~{3+}\r\n-\0- UTF8 (~{4+}\r\n\xc3\xa4\r\n) URL {%d+}\r\n%s)\r\n" % (len(url), url)
    )
    assert b"a OK [APPENDUID" in answer

    stored = world.files()[-1].read_bytes()
    assert stored == b"Subject: new\r\n\r\n" + b"01234567\r\n" * 40_000 + b"-\0-\xc3\xa4\r\ntwo\r\n"
    assert tmp(world) == []


def test_nul_is_copied_as_it_is(world: World) -> None:
    """ "The server copies octets, unchanged" (RFC 4469 section 3)"""
    client = world.imap_in()
    client.ask(b"a APPEND INBOX ~{9+}\r\nx: y\r\n\r\n\0\r\n")
    client.ask(b"b APPEND INBOX CATENATE (URL /INBOX/;UID=1)\r\n")
    assert [path.read_bytes() for path in world.files()] == 2 * [b"x: y\r\n\r\n\0"]


def test_the_message_may_not_be_too_large(world: World) -> None:
    """Neither by its text nor by what it copies; nothing is invited that cannot be kept."""
    object.__setattr__(world.imap_settings, "max_append", 1000)
    world.deliver(b"Subject: x\r\n\r\n" + b"0123456\r\n" * 60)
    client = world.imap_in()

    assert client.ask(b"a APPEND INBOX CATENATE (TEXT {1001}\r\n").startswith(b"a NO [TOOBIG]")
    assert client.ask(b"b APPEND INBOX CATENATE (URL /INBOX/;UID=1 TEXT {460}\r\n").startswith(b"b NO [TOOBIG]")
    assert client.ask(b"c APPEND INBOX CATENATE (URL /INBOX/;UID=1 URL /INBOX/;UID=1)\r\n").startswith(b"c NO [TOOBIG]")
    many = b" CATENATE (URL /INBOX/;UID=1)" * (COPIES * 1000 // 554 + 1)
    assert client.ask(b"d APPEND INBOX" + many + b"\r\n").startswith(b"d NO [LIMIT]")
    assert len(world.files()) == 1
    assert tmp(world) == []


@pytest.mark.parametrize(
    "parts",
    [
        b"TEXT {3+}\r\nabc URL /INBOX/;UID=9 TEXT {10+}\r\nx LOGOUT\r\n URL /INBOX/;UID=8)",
        b"URL /nonesuch/;UID=9 TEXT {10+}\r\nx LOGOUT\r\n)",
        b"URL http://x/ TEXT {10+}\r\nx LOGOUT\r\n)",
        b"URL {70000+}\r\n%70000d TEXT {10+}\r\nx LOGOUT\r\n)" % 0,
        b"TEXT {3+}\r\nabc TEXT foo {10+}\r\nx LOGOUT\r\n)",
        b"TEXT {3+}\r\nabc) (\\Shiny) {10+}\r\nx LOGOUT\r\n",
        b"UTF8 (~{3+}\r\nabc TEXT {10+}\r\nx LOGOUT\r\n)",
        b"TEXT {3+}\r\nabc)) {10+}\r\nx LOGOUT\r\n",
    ],
)
def test_a_failure_leaves_nothing(world: World, client: MemoryDriver, parts: bytes) -> None:
    """No message, no file, and what was on its way is no command."""
    answer = client.ask(b"a APPEND INBOX CATENATE (" + parts + b"\r\nb NOOP\r\n")

    assert answer.startswith((b"a NO ", b"a BAD "))
    assert answer.endswith(b"\r\nb OK NOOP completed\r\n")
    assert answer.count(b"\r\n") == 2
    assert len(world.files()) == 2
    assert tmp(world) == []


def test_a_connection_lost_between_parts_leaves_nothing(world: World, client: MemoryDriver) -> None:
    """The file that was begun goes."""
    client.feed(b"a APPEND INBOX CATENATE (URL /INBOX/;UID=1 TEXT {300+}\r\nhalf")
    assert len(tmp(world)) == 1
    client.hang_up()

    assert tmp(world) == []
    assert len(world.files()) == 2


def test_a_full_disk(world: World, client: MemoryDriver) -> None:
    """It is no fault of the URL."""

    def full(*_: object) -> None:
        raise DiskFull("no space")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Incoming, "write", full)
        answer = client.ask(b"a APPEND INBOX CATENATE (URL /INBOX/;UID=1 TEXT {10+}\r\nx LOGOUT\r\n)\r\nb NOOP\r\n")
    assert answer == b"a NO [OVERQUOTA] no space\r\nb OK NOOP completed\r\n"
    assert tmp(world) == []


def test_a_fault_of_ours_leaves_the_session_alive(world: World, client: MemoryDriver) -> None:
    """What is on its way is not taken for commands then, either."""

    def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Upload, "hold", fail)
        answer = client.ask(b"a APPEND INBOX {10+}\r\nx LOGOUT\r\n {10+}\r\ny LOGOUT\r\n\r\nb NOOP\r\n")
    assert answer.startswith(b"a NO [SERVERBUG]")
    assert answer.endswith(b"\r\nb OK NOOP completed\r\n")
    assert answer.count(b"\r\n") == 2


def test_a_line_that_is_too_long(world: World, client: MemoryDriver) -> None:
    """Behind a literal: the file that was begun goes."""
    answer = client.ask(b"a APPEND INBOX CATENATE (TEXT {3+}\r\nabc %s\r\nb NOOP\r\n" % (b"x" * 70_000))
    assert answer.startswith(b"a BAD A line may have")
    assert answer.endswith(b"\r\nb OK NOOP completed\r\n")
    assert tmp(world) == []


def test_a_url_is_told_in_what_may_be_told(client: MemoryDriver) -> None:
    """url-resp-text has no bracket and no line end (RFC 4469 section 5)."""
    answer = client.ask(b'a APPEND INBOX CATENATE (URL {12+}\r\n/a]"b\\ c\r\n\xff/)\r\nb NOOP\r\n')

    assert answer.startswith(b'a NO [BADURL "/a%5D%22b%5C%20c%0D%0A%FF/"] That URL')
    assert answer.endswith(b"b OK NOOP completed\r\n")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.binary(max_size=30) | st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=6),
    st.lists(st.integers(1, 30), min_size=1, max_size=5),
    st.booleans(),
)
def test_any_parts_are_put_together(
    world: World, parts: list[bytes | tuple[int, int]], sizes: list[int], invited: bool
) -> None:
    """However many of either kind, in whatever pieces they come: the message is their octets, one after the other."""
    source = b"Subject: s\r\n\r\none\r\ntwo\r\nend\r\n"
    if not world.maildir.exists():
        world.deliver(source)
    client = world.imap_in()
    expected, words = b"", []
    for part in parts:
        if isinstance(part, bytes):
            expected += part
            words.append(b"TEXT ~{%d%s}\r\n%s" % (len(part), b"" if invited else b"+", part))
        else:
            expected += source[part[0] : sum(part)]
            words.append(b"URL /INBOX/;UID=1/;PARTIAL=%d.%d" % part)
    before = set(world.files())
    data = b"a APPEND INBOX CATENATE (" + b" ".join(words) + b")\r\n"
    for size in itertools.cycle(sizes):
        if not data:
            break
        client.feed(data[:size])
        data = data[size:]
    answer = client.output()
    client.hang_up()

    assert (b"a OK [APPENDUID" in answer) == bool(expected)
    assert answer.count(b"+ Ready") == (sum(isinstance(part, bytes) for part in parts) if invited else 0)
    assert [path.read_bytes() for path in world.files() if path not in before] == ([expected] if expected else [])
    assert tmp(world) == []
