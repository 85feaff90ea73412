"""Structure of parts, and parts without their encoding."""

import base64
from typing import Any

import pytest

from mailaccess.imap.url import parse
from mailaccess.imap.url_data import UrlData, open_url
from mailaccess.imap.url_metadata import body_part_structure, decoded
from mailaccess.storage.mailbox import Mailbox
from tests.imap.test_url_data import run
from tests.world import USER, World

OCTETS = b"GIF89a\0\r\n\n\xff" * 30
MESSAGE = (
    b'Subject: all sorts\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: image/gif\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
    + base64.encodebytes(OCTETS).replace(b"\n", b"\r\n")
    + b"--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\nd\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\ntext\r\n"
    b"--b\r\nContent-Transfer-Encoding: X-BLURDYBLOOP\r\n\r\n????\r\n"
    b"--b--\r\n"
)


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    world.deliver(MESSAGE)
    return world.accounts.open(USER, None).mailbox("INBOX")


def told(mailbox: Mailbox, place: str, *, binary: bool = True) -> tuple[bytes | None, bytes]:
    """The decoded octets (None: they cannot be had), and BODYPARTSTRUCTURE."""
    url = parse(f"/INBOX/;UID=1{place}".encode())

    async def ask() -> Any:
        data: UrlData = await open_url(mailbox, url, with_facts=True)
        with data.content:
            octets = await decoded(url.section, data) if binary else None
            return octets, await body_part_structure(url.section, data, binary=binary)

    result: tuple[bytes | None, bytes] = run(ask)
    return result


def test_what_is_decoded(mailbox: Mailbox) -> None:
    """A structure beside it tells of what is sent."""
    assert told(mailbox, "/;SECTION=1") == (OCTETS, b'("image" "gif" NIL NIL NIL "BINARY" 330 NIL NIL NIL NIL)')
    assert told(mailbox, "/;SECTION=2") == (
        b"a=bc\r\nd",
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "BINARY" 7 1 NIL NIL NIL NIL)',
    )


def test_a_range_is_of_what_is_decoded(mailbox: Mailbox) -> None:
    """From its first octet, so many of them; beyond the end there are none."""
    assert told(mailbox, "/;SECTION=1/;PARTIAL=3.5")[0] == OCTETS[3:8]
    assert told(mailbox, "/;SECTION=1/;PARTIAL=320")[0] == OCTETS[320:]
    assert told(mailbox, "/;SECTION=1/;PARTIAL=999.5")[0] == b""


def test_what_stays_as_it_is(mailbox: Mailbox) -> None:
    """Structures are those of BODYSTRUCTURE; of what is no part there is none."""
    assert told(mailbox, "/;SECTION=1", binary=False) == (
        None,
        b'("image" "gif" NIL NIL NIL "BASE64" 450 NIL NIL NIL NIL)',
    )
    octets, whole = told(mailbox, "")
    assert octets == MESSAGE
    assert whole.endswith(b'"mixed" ("boundary" "b") NIL NIL NIL)')
    octets, message = told(mailbox, "/;SECTION=3")
    assert octets == b"Subject: inside\r\n\r\ntext"
    assert message.startswith(b'("message" "rfc822" NIL')
    assert told(mailbox, "/;SECTION=3.1")[1].startswith(b'("text" "plain"')
    for place in ("/;SECTION=HEADER", "/;SECTION=1.MIME", "/;SECTION=3.TEXT", "/;SECTION=TEXT"):
        assert told(mailbox, place, binary=False) == (None, b"NIL")


def test_an_encoding_that_nobody_knows(mailbox: Mailbox) -> None:
    """The octets cannot be had without it, the structure can."""
    octets, structure = told(mailbox, "/;SECTION=4")

    assert octets is None
    assert b'"X-BLURDYBLOOP" 4' in structure
