"""ENVELOPE, BODY and BODYSTRUCTURE as RFC 3501 7.4.2 and 8 show them, and as clients need them."""

from mailaccess.imap import structure
from mailaccess.mail import mime
from mailaccess.mail.address import Address
from mailaccess.mail.envelope import envelope


def rendered(message: bytes) -> tuple[bytes, bytes]:
    """BODY and BODYSTRUCTURE of a message."""
    return structure.body(mime.parse(message), message)


def envelope_of(message: bytes) -> bytes:
    return structure.envelope(envelope(structure.read_header(mime.parse(message), message)))


RFC_HEADER = b"""Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r
From: Terry Gray <gray@cac.washington.edu>\r
Subject: IMAP4rev1 WG mtg summary and minutes\r
To: imap@cac.washington.edu\r
cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r
Message-Id: <B27397-0100000@cac.washington.edu>\r
MIME-Version: 1.0\r
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r
\r
"""


def test_the_envelope_of_rfc_3501() -> None:
    """Section 8: sender and reply-to default to from."""
    terry = b'(("Terry Gray" NIL "gray" "cac.washington.edu"))'

    assert envelope_of(RFC_HEADER) == (
        b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" %s %s %s'
        b' ((NIL NIL "imap" "cac.washington.edu"))'
        b' ((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU"))'
        b' NIL NIL "<B27397-0100000@cac.washington.edu>")' % (terry, terry, terry)
    )


def test_an_envelope_has_ten_fields() -> None:
    """Also when the message has none of them."""
    assert envelope_of(b"") == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


def test_a_group_in_an_envelope() -> None:
    """RFC 3501 7.4.2: a NIL host starts it, NIL mailbox and host end it."""
    found = structure.addresses([Address(None, None, b"team", None), Address(None, None, None, None)])

    assert found == b'((NIL NIL "team" NIL)(NIL NIL NIL NIL))'


def test_quotes_in_an_envelope_are_escaped() -> None:
    assert b' "<a\\"b\\\\c@x>")' in envelope_of(b'Message-ID: <a"b\\c@x>\r\n\r\n')


def test_eight_bit_text_is_a_literal() -> None:
    """A quoted string has seven bits; raw UTF-8 in headers is common."""
    assert b"(NIL {6}\r\ncaf\xc3\xa9! NIL" in envelope_of("Subject: café!\r\n\r\n".encode())


def test_the_body_of_rfc_3501() -> None:
    """Section 8: a text of 92 lines and 3028 octets."""
    text = b"".join(b"%-30d\r\n" % i for i in range(91)) + b"x" * 114 + b"\r\n"

    assert rendered(RFC_HEADER + text)[0] == b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7bit" 3028 92)'


TWO_PARTS = (
    b'MIME-Version: 1.0\r\nContent-Type: MULTIPART/MIXED; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\nContent-Transfer-Encoding: 7BIT\r\n\r\none\r\ntwo\r\n\r\n"
    b'--b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME="cc.diff"\r\nContent-Transfer-Encoding: BASE64\r\n'
    b"Content-ID: <960723163407.20117h@cac.washington.edu>\r\nContent-Description: Compiler diff\r\n"
    b'Content-Disposition: attachment; filename="cc.diff"\r\nContent-Language: en, de\r\nContent-Location: http://x/\r\n'
    b"Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n\r\nAAAA\r\nAAAA\r\n--b--\r\n"
)


def test_the_two_parts_of_rfc_3501() -> None:
    """Section 7.4.2, BODYSTRUCTURE: a text and an attached diff."""
    assert rendered(TWO_PARTS)[0] == (
        b'(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 10 2)'
        b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") "<960723163407.20117h@cac.washington.edu>"'
        b' "Compiler diff" "BASE64" 10 1) "MIXED")'
    )


def test_extension_data() -> None:
    """Parameters of the multipart; MD5, disposition, languages and location of a part."""
    assert rendered(TWO_PARTS)[1] == (
        b'(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 10 2 NIL NIL NIL NIL)'
        b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") "<960723163407.20117h@cac.washington.edu>"'
        b' "Compiler diff" "BASE64" 10 1 "Q2hlY2sgSW50ZWdyaXR5IQ==" ("attachment" ("filename" "cc.diff")) ("en" "de")'
        b' "http://x/") "MIXED" ("boundary" "b") NIL NIL NIL)'
    )


def test_the_defaults_of_a_message_without_mime() -> None:
    """Plain text in US-ASCII; the encoding is never NIL, which breaks clients."""
    assert rendered(b"Subject: x\r\n\r\nhi\r\n") == (
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1)',
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1 NIL NIL NIL NIL)',
    )


def test_a_disposition_without_parameters() -> None:
    assert b'("inline" NIL)' in rendered(b"Content-Disposition: inline\r\n\r\n")[1]


def test_a_part_that_is_no_text_has_no_lines() -> None:
    assert rendered(b"Content-Type: image/png\r\n\r\nhi\r\n")[0] == b'("image" "png" NIL NIL NIL "7bit" 4)'


def test_a_message_in_a_message_shows_its_envelope_and_body() -> None:
    """RFC 3501 body-type-msg: envelope, body, and size in lines."""
    message = b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhello\r\n"

    assert rendered(message)[1] == (
        b'("message" "rfc822" NIL NIL NIL "7bit" 22 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL)'
        b' ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)'
    )


def test_only_imap4rev2_shows_what_is_in_a_message_global() -> None:
    """To the grammar of RFC 3501 it is body-type-basic, to RFC 9051's media-message. However deep it lies."""
    inner = b"Content-Type: message/global\r\n\r\nSubject: in\r\n\r\nhello\r\n"
    message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + inner + b"\r\n--b--\r\n"
    basic, _ = structure.body(mime.parse(message), message)
    nested, full = structure.body(mime.parse(message), message, rev2=True)
    text = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 7 1'

    assert basic == b'(("message" "global" NIL NIL NIL "7bit" 22) "mixed")'
    assert nested == (
        b'(("message" "global" NIL NIL NIL "7bit" 22 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) %s) 3) "mixed")' % text
    )
    assert text + b" NIL NIL NIL NIL) 3 NIL NIL NIL NIL)" in full


def test_a_multipart_without_parts_shows_one() -> None:
    """The grammar demands one; `("ALTERNATIVE")` breaks clients."""
    message = b"Content-Type: multipart/alternative; boundary=b\r\n\r\nnothing\r\n"

    assert rendered(message)[0] == b'(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) "alternative")'


def test_an_eight_bit_parameter_is_a_literal() -> None:
    message = 'Content-Type: application/x; name="café"\r\n\r\n'.encode()

    assert b'("name" {5}\r\ncaf\xc3\xa9) NIL' in rendered(message)[0]
