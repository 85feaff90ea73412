"""The first words of a message, in one line."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.mail import mime
from mailaccess.mail.preview import preview


def of(message: bytes) -> str:
    return preview(message, mime.parse(message))


def html(text: str) -> str:
    """What shows of a document."""
    return of(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + text.encode())


def multipart(kind: bytes, *parts: bytes) -> bytes:
    """A message or part of several."""
    body = b"".join(b"--%s\r\n%s\r\n" % (kind, part) for part in parts)
    return b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n%s--%s--\r\n' % (kind, kind, body, kind)


PLAIN = b"Content-Type: text/plain\r\n\r\nplain"
HTML = b"Content-Type: text/html\r\n\r\n<p>html"
ATTACHED = b"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nattached"
IMAGE = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"Subject: a\r\n\r\nOne\r\n  two\t\r\n\r\nthree\r\n", "One two three"),
        (b"Subject: a\r\n\r\n", ""),
        (b"", ""),
        (multipart(b"alternative", HTML, PLAIN), "plain"),
        (multipart(b"alternative", b"Content-Type: text/plain\r\n\r\n \r\n", HTML), "html"),
        (multipart(b"mixed", ATTACHED, HTML, PLAIN), "html"),
        (multipart(b"mixed", ATTACHED, IMAGE), ""),
        (multipart(b"mixed", IMAGE, multipart(b"related", HTML, IMAGE)), "html"),
        (multipart(b"mixed", b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nforwarded"), "forwarded"),
        (multipart(b"encrypted", PLAIN), ""),
        (b"Subject: a\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n", ""),
        (b"Subject: a\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nsigned", "signed"),
        (b"Subject: a\r\n\r\n> quoted\r\n>> more\r\nMy answer\r\n-- \r\nAnn\r\n", "My answer"),
        (b"Subject: a\r\n\r\n> only\r\n> quoted\r\n", "> only > quoted"),
        (b"Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOf\r\nZQ==\r\n", "Grüße"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe", "Grüße"),
        (b"Content-Type: text/plain; charset=utf-16\r\n\r\n" + "wide".encode("utf-16"), "wide"),
        (b"Content-Transfer-Encoding: quoted-printable\r\n\r\nsoft =\r\nbreak =C3=A9", "soft break é"),
        (b"Content-Type: application/pdf\r\n\r\n%PDF", ""),
        (b"Subject: a\r\n\r\nbell\x07 nul\x00 esc\x1b end", "bell nul esc end"),
    ],
)
def test_the_best_text(message: bytes, words: str) -> None:
    assert of(message) == words


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("<p>One</p><p>two&amp;three</p>", "One two&three"),
        ("<b>H</b>ello <span class='x'>w</span>orld<br>again", "Hello world again"),
        ("<html><head><title>no</title></head><body>yes", "yes"),
        ("<header>shown</header>", "shown"),
        ("<style>a { b: c }</style>text<script>if (a < b) x()</script> more", "text more"),
        ("<!-- hidden > still -->seen<![if !mso]>too<![endif]>", "seen too"),
        ("<style>never ends", ""),
        ("caf&eacute; &#8364; &nbsp;&zwnj;&nbsp; end", "café € end"),
        ("a < b and c > d", "a < b and c > d"),
        ("<p\nclass='x'\n>folded\n\n  text</p", "folded text"),
        ("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"),
    ],
)
def test_what_shows_of_html(document: str, words: str) -> None:
    """Not its markup, nor what it hides."""
    assert html(document) == words


def test_two_hundred_characters_are_enough() -> None:
    """And none is cut in two, nor what readers take for one."""
    assert of(b"Subject: a\r\n\r\n" + b"word " * 1000) == ("word " * 40).rstrip()
    assert of(b"Subject: a\r\n\r\n" + "日本".encode() * 4000) == "日本" * 100
    assert of(b"Subject: a\r\n\r\n" + ("e\u0301" * 300).encode()) == "e\u0301" * 100
    family = "👩\u200d👩\u200d👧"
    assert of(b"Subject: a\r\n\r\n" + (family * 100).encode()) == family * 40


def test_text_that_begins_late() -> None:
    """Behind quotes, or the style sheets of a newsletter."""
    assert of(b"Subject: a\r\n\r\n" + b"> quoted\r\n" * 500 + b"own words") == "own words"
    assert html("<style>" + "p { margin: 0 }\n" * 5000 + "</style><p>news") == "news"


@pytest.mark.parametrize(
    "piece", ["<style", "<!--", "<", "&", "<style></style>", "<p a='", "\u200c", ">", "<b ", "=", "-- \r\n", " \t"]
)
def test_crafted_text_takes_no_time(piece: str) -> None:
    """However often it begins what does not end."""
    start = time.thread_time()
    for kind in ("plain", "html"):
        of(f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n".encode() + (piece * 200_000).encode())
    assert time.thread_time() - start < 0.5


@settings(max_examples=60)
@given(st.text(max_size=500), st.sampled_from(["plain", "html"]), st.sampled_from(["utf-8", "utf-16", "gb18030"]))
def test_whatever_the_text(text: str, kind: str, charset: str) -> None:
    """It is at most 200 characters, in UTF-8, in one line."""
    body = text.encode(charset, "replace")
    found = of(f"Content-Type: text/{kind}; charset={charset}\r\n\r\n".encode() + body)
    assert len(found) <= 200
    assert found.encode() is not None
    assert not {"\0", "\r", "\n", "\t"} & set(found)
    assert found == found.strip()
