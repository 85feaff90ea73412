"""What URLs name, in a mailbox with messages of several kinds."""

from collections.abc import Callable
from typing import Any

import pytest

from mailaccess.imap.section import STREAMED, Span
from mailaccess.imap.url import parse
from mailaccess.imap.url_data import NO_DATA, UrlData, open_url
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.channel import Channel
from tests.driver import MemoryDriver
from tests.world import MESSAGES, USER, World

NESTED = b"Subject: out\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner\r\n"


def run(work: Callable[[], Any]) -> Any:
    """The result of a coroutine that waits for nothing but calls."""
    results: list[Any] = []

    async def serve(_: Channel) -> None:
        results.append(await work())

    driver = MemoryDriver(serve)
    if driver.failure is not None:
        raise driver.failure
    return results[0]


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    """1: two parts, 2: a message in a message, 3: one with LF, 4: a long one."""
    for text in (MESSAGES["alternative"], NESTED, MESSAGES["lf"], b"Subject: long\r\n\r\n" + b"0123456\r\n" * 50_000):
        world.deliver(text)
    return world.accounts.open(USER, None).mailbox("INBOX")


def text_of(mailbox: Mailbox, url: str) -> bytes:
    data: UrlData = run(lambda: open_url(mailbox, parse(url.encode())))
    with data.content:
        return b"".join(data.read(start, 1000) for start in range(0, data.size, 1000))


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("/INBOX/;UID=1/;SECTION=1", b"plain"),
        ("/INBOX/;UID=1/;SECTION=2.MIME", b"Content-Type: text/html\r\n\r\n"),
        ("/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)", b"Subject: two ways\r\n\r\n"),
        ("/INBOX/;UID=1/;SECTION=2/;PARTIAL=3", b"html</p>"),
        ("/INBOX/;UID=1/;SECTION=2/;PARTIAL=3.4", b"html"),
        ("/INBOX/;UID=1/;SECTION=2/;PARTIAL=300.4", b""),
        ("/INBOX/;UID=2/;SECTION=1.HEADER", b"Subject: in\r\n\r\n"),
        ("/INBOX/;UID=2/;SECTION=1.TEXT", b"inner\r\n"),
        ("/INBOX/;UID=3", b"Subject: unix\r\n\r\none\r\ntwo\r\n"),
    ],
)
def test_what_a_url_names(mailbox: Mailbox, url: str, text: bytes) -> None:
    """The octets that FETCH BODY.PEEK[] has."""
    assert text_of(mailbox, url) == text


def test_nul_is_copied_and_not_sent(world: World) -> None:
    """No literal holds one (RFC 3501 4.3); a copy is octet for octet."""
    world.deliver(b"Subject: binary\r\n\r\na\0b")
    mailbox = world.accounts.open(USER, None).mailbox("INBOX")
    data: UrlData = run(lambda: open_url(mailbox, parse(b"/INBOX/;UID=1/;SECTION=TEXT")))
    with data.content:
        assert (data.read(0, 9), data.read_binary(0, 9)) == (b"a\x80b", b"a\0b")


def test_a_long_text_stays_in_its_file(mailbox: Mailbox) -> None:
    """It is read piece by piece."""
    data: UrlData = run(lambda: open_url(mailbox, parse(b"/INBOX/;UID=4/;PARTIAL=10.400000")))
    with data.content:
        assert isinstance(data.text, Span)
    assert data.size == 400_000 > STREAMED
    assert text_of(mailbox, "/INBOX/;UID=4/;SECTION=TEXT") == b"0123456\r\n" * 50_000


@pytest.mark.parametrize(
    "url",
    [
        "/INBOX",
        "/INBOX/;UID=9",
        "/INBOX;UIDVALIDITY=1/;UID=1",
        "/INBOX/;UID=1/;SECTION=3",
        "/INBOX/;UID=1/;SECTION=1.MIME.1",
        "/INBOX/;UID=1/;SECTION=1.HEADER",
        "/INBOX/;UID=1/;SECTION=1.TEXT",
    ],
)
def test_what_names_nothing(mailbox: Mailbox, url: str) -> None:
    """No mailbox, message, or part of this name."""
    with pytest.raises(NO_DATA):
        text_of(mailbox, url)


def test_a_message_that_another_program_has_removed(world: World, mailbox: Mailbox) -> None:
    """It is gone, also where its structure is known."""
    text_of(mailbox, "/INBOX/;UID=1/;SECTION=1")
    world.files()[0].unlink()
    with pytest.raises(NO_DATA):
        text_of(mailbox, "/INBOX/;UID=1/;SECTION=1")
