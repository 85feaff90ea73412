import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.address import Address
from mailaccess.mail.envelope import Envelope, envelope
from mailaccess.mail.headers import fields
from tests.mail.strategies import MESSAGES, mutated


def read(header: bytes) -> Envelope:
    return envelope(fields(header))


def test_envelope_of_rfc_3501() -> None:
    """The message of RFC 3501 8 and the envelope shown there."""
    found = read(
        b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Terry Gray <gray@cac.washington.edu>\r\n"
        b"Subject: IMAP4rev1 WG mtg summary and minutes\r\nTo: imap@cac.washington.edu\r\n"
        b"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
        b"Message-Id: <B27397-0100000@cac.washington.edu>\r\nMIME-Version: 1.0\r\n\r\n"
    )

    terry = [Address(b"Terry Gray", None, b"gray", b"cac.washington.edu")]
    assert found == Envelope(
        date=b"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
        subject=b"IMAP4rev1 WG mtg summary and minutes",
        from_=terry,
        sender=terry,
        reply_to=terry,
        to=[Address(None, None, b"imap", b"cac.washington.edu")],
        cc=[
            Address(None, None, b"minutes", b"CNRI.Reston.VA.US"),
            Address(b"John Klensin", None, b"KLENSIN", b"MIT.EDU"),
        ],
        message_id=b"<B27397-0100000@cac.washington.edu>",
    )


def test_sender_and_reply_to_are_their_own_if_written() -> None:
    """From stands for them only where they are missing or empty."""
    a, b, c = (Address(None, None, name, b"x") for name in (b"a", b"b", b"c"))

    found = read(b"From: a@x\r\nSender: b@x\r\nReply-To: c@x\r\n")
    assert (found.from_, found.sender, found.reply_to) == ([a], [b], [c])
    found = read(b"From: a@x\r\nSender:\r\nReply-To: (nobody)\r\n")
    assert (found.from_, found.sender, found.reply_to) == ([a], [a], [a])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", Envelope()),
        (b"Subject:\r\nDate:\r\nIn-Reply-To: \r\n", Envelope(subject=b"", date=b"", in_reply_to=b"")),
        (b"Subject: a\r\n\t  b  c \r\n", Envelope(subject=b"a b c")),
        (b"In-Reply-To: <a@b>\r\n <c@d> e\r\n", Envelope(in_reply_to=b"<a@b> <c@d> e")),
        (b"Subject: =?utf-8?q?=C3=A4?=\r\n", Envelope(subject=b"=?utf-8?q?=C3=A4?=")),
        (b"Subject: a\r\nSUBJECT: b\r\n", Envelope(subject=b"b")),
        (
            b"To: a@x\r\nTo: b@x\r\n",
            Envelope(to=[Address(None, None, b"a", b"x"), Address(None, None, b"b", b"x")]),
        ),
        (b"Bcc: g:;\r\n", Envelope(bcc=[Address(None, None, b"g", None), Address(None, None, None, None)])),
    ],
)
def test_fields_of_the_envelope(header: bytes, expected: Envelope) -> None:
    """Missing is None, empty is empty; nothing is decoded."""
    assert read(header) == expected


@given(mutated(MESSAGES) | st.binary())
def test_anything_has_an_envelope(data: bytes) -> None:
    """Never an error."""
    read(data)
