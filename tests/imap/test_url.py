"""IMAP URLs: the examples of RFC 5092, 4467 and 4469, what is refused, and what must hold for any text."""

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailaccess.imap.section import Section, Text
from mailaccess.imap.url import Authorization, BadUrl, ImapUrl, Server, parse

TOKEN = b"91354a473744909de610943775f92038"
JOE = b"imap://joe@example.com/INBOX/;uid=20/;section=1.2"


def test_a_message_and_how_much_of_it() -> None:
    """RFC 5092 section 9, first example; names of parameters are in any case."""
    url = parse(b"imap://minbari.example.org/gray-council;UIDVALIDITY=385759045/;UID=20/;PARTIAL=0.1024")

    assert url == ImapUrl(
        Server(None, "minbari.example.org"), "gray-council", 385759045, 20, Section(origin=0, length=1024)
    )


def test_names_are_utf_8() -> None:
    """RFC 5092 section 9, second example, and a user whose name has an @."""
    url = parse(b"imap://psicorp.example.org/~peter/%E6%97%A5%E6%9C%AC%E8%AA%9E/%E5%8F%B0%E5%8C%97")

    assert (url.mailbox, url.uid) == ("~peter/日本語/台北", None)
    assert parse(b"imap://fred%40example.org;AUTH=*@EXAMPLE.org:143/").server == Server(
        "fred@example.org", "example.org"
    )
    assert parse(b"imap://fred@example.org@[::1]:1143").server == Server("fred@example.org", "[::1]")
    assert parse(b"imap://;AUTH=GSSAPI@minbari.example.org/gray-council/;uid=20/;section=1.2").uid == 20


def test_sections() -> None:
    """As in BODY[...], percent-encoded where a URL wants it."""
    assert parse(b"/Drafts;UIDVALIDITY=385759045/;UID=20/;Section=2.MIME").section == Section(Text.MIME, b"2")
    named = parse(b"/Drafts/;UID=20/;section=HEADER.FIELDS%20(Subject%20To)/;partial=3").section
    assert (named.text, named.origin, named.length) == (Text.FIELDS, 3, (1 << 63) - 1)
    assert named.fields is not None
    assert named.fields.search(b"\nto: x\r\n")


def test_relative_urls() -> None:
    """Section 7: an absolute path, or `;UID=` in the mailbox that is selected (9.1)."""
    assert parse(b"/foo%2Fbar/baz/;UID=3").mailbox == "foo/bar/baz"
    assert parse(b"/foo/;UID=20/..") == ImapUrl(None, "foo")
    assert parse(b"/foo/./bar/../baz/;UID=20").mailbox == "foo/baz"
    assert parse(b"/../../foo/;UID=20").mailbox == "foo"
    assert parse(b"/foo/%2E%2E/;UID=20").mailbox == "foo/.."
    assert parse(b";UID=20/;SECTION=1") == ImapUrl(None, None, None, 20, Section(path=b"1"))
    assert parse(b"") == ImapUrl(None, None)
    assert parse(b"//host/INBOX/;UID=2").server == Server(None, "host")


def test_lists_of_messages_name_no_message() -> None:
    """A mailbox, a search, a server."""
    for text in (b"imap://h", b"imap://h/", b"/INBOX", b"/INBOX;UIDVALIDITY=3", b"imap://h/gray%20council?SUBJECT%20x"):
        assert parse(text).uid is None


def test_who_may_have_it() -> None:
    """RFC 4467: a rump URL, and the same with its token."""
    rump = parse(JOE + b";urlauth=submit+fred")
    full = parse(JOE + b";EXPIRE=2026-11-23T12:00:00.5+01:30;URLAUTH=user+fred%40b:internal:" + TOKEN)

    assert rump.authorization == Authorization("submit", "fred", None, JOE + b";urlauth=submit+fred")
    assert full.authorization == Authorization(
        application="user",
        user="fred@b",
        expires=1795429800,
        rump=JOE + b";EXPIRE=2026-11-23T12:00:00.5+01:30;URLAUTH=user+fred%40b",
        mechanism=b"INTERNAL",
        token=TOKEN,
    )
    for access in (b"anonymous", b"authuser", b"stream", b"exampleapp3+testuser"):
        assert parse(JOE + b";URLAUTH=" + access).authorization is not None


@pytest.mark.parametrize(
    "text",
    [
        b"http://example.com/INBOX/;UID=1",
        b"imap:/INBOX/;UID=1",
        b"imap:///INBOX/;UID=1",
        b"imap://a:b:c/INBOX/;UID=1",
        b"INBOX/;UID=1",
        b"./INBOX/;UID=1",
        b";SECTION=1",
        b"/;UID=1",
        b"/IN BOX/;UID=1",
        b"/INB\xc3\x96X/;UID=1",
        b"/INBOX%/;UID=1",
        b"/INBOX%FF/;UID=1",
        b"/INBOX%00/;UID=1",
        b"/INBOX[/;UID=1",
        b"/INBOX;UID=1",
        b"/INBOX/;UID=0",
        b"/INBOX/;UID=4294967296",
        b"/INBOX/;UID=1,2",
        b"/INBOX/;UID=1:*",
        b"/INBOX;UIDVALIDITY=x/;UID=1",
        b"/INBOX/;UID=1/;SECTION=",
        b"/INBOX/;UID=1/;SECTION=0",
        b"/INBOX/;UID=1/;SECTION=MIME",
        b"/INBOX/;UID=1/;SECTION=1%5D%5B",
        b"/INBOX/;UID=1/;SECTION=1]<0.5>",
        b"/INBOX/;UID=1/;SECTION=1%5D%3C0.5%3E",
        b"/INBOX/;UID=1;SECTION=1",
        b"/INBOX/;UID=1/;PARTIAL=0.0",
        b"/INBOX/;UID=1/;PARTIAL=9999999999999999999",
        b"/INBOX/;UID=1/;PARTIAL=1/;SECTION=1",
        b"/INBOX/;UID=1?SUBJECT%20x",
        b"/INBOX/;UID=1#x",
        JOE + b";EXPIRE=2026-11-23T12:00:00Z",
        JOE + b";EXPIRE=2026-11-31T12:00:00Z;URLAUTH=anonymous",
        JOE + b";EXPIRE=2026-11-23T12:00:61Z;URLAUTH=anonymous",
        JOE + b";EXPIRE=0001-01-01T00:00:00+23:59;URLAUTH=anonymous",
        JOE + b";EXPIRE=tomorrow;URLAUTH=anonymous",
        JOE + b";URLAUTH=",
        JOE + b";URLAUTH=user",
        JOE + b";URLAUTH=user+",
        JOE + b";URLAUTH=submit",
        JOE + b";URLAUTH=authuser+fred",
        JOE + b";URLAUTH=user+fred:INTERNAL",
        JOE + b";URLAUTH=user+fred:INTERNAL:12",
        JOE + b";URLAUTH=user+fred:INTERNAL:" + TOKEN + b"/",
        b"imap://joe@example.com/INBOX;URLAUTH=anonymous:INTERNAL:" + TOKEN,
    ],
)
def test_what_is_no_url(text: bytes) -> None:
    """It is refused."""
    with pytest.raises(BadUrl):
        parse(text)


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def encoded(text: str) -> str:
    """Percent-encoded, dots as well: a name is no dot segment."""
    return quote(text, safe="").replace(".", "%2E")


@given(
    user=NAMES,
    mailbox=NAMES,
    uidvalidity=st.integers(1, 2**32 - 1) | st.none(),
    uid=st.integers(1, 2**32 - 1),
    path=st.lists(st.integers(1, 10**9), max_size=4),
    partial=st.tuples(st.integers(0, 2**62), st.integers(1, 2**62)) | st.none(),
    access=st.sampled_from(["anonymous", "authuser", "user+", "submit+"]),
    behalf=NAMES,
)
def test_what_is_written_is_read(
    user: str,
    mailbox: str,
    uidvalidity: int | None,
    uid: int,
    path: list[int],
    partial: tuple[int, int] | None,
    access: str,
    behalf: str,
) -> None:
    """A URL put together of any names and numbers says just these."""
    section = ".".join(map(str, path))
    text = f"imap://{encoded(user)}@h/{encoded(mailbox)}"
    text += f";UIDVALIDITY={uidvalidity}" if uidvalidity else ""
    text += f"/;UID={uid}" + (f"/;SECTION={section}" if path else "")
    text += f"/;PARTIAL={partial[0]}.{partial[1]}" if partial else ""
    text += f";URLAUTH={access}" + (encoded(behalf) if access.endswith("+") else "")
    url = parse(f"{text}:INTERNAL:".encode() + TOKEN)

    assert url.server == Server(user, "h")
    assert (url.mailbox, url.uidvalidity, url.uid) == (mailbox, uidvalidity, uid)
    origin, length = partial or (0, None)
    assert url.section == Section(path=section.encode(), origin=origin, length=length)
    assert url.authorization is not None
    assert url.authorization.rump == text.encode()
    assert url.authorization.user == (behalf if access.endswith("+") else None)


@given(st.binary(max_size=200))
@example(JOE)
@example(b"imap://" + b"@" * 60_000)
@example(b"/" + b";/" * 30_000)
@example(b"/" + b"/;SECTION=1" * 6_000)
@example(b"/a/;UID=1/;SECTION=" + b"1." * 30_000)
@example(b"/.." * 20_000)
def test_any_text_is_a_url_or_refused(text: bytes) -> None:
    """And neither takes long."""
    with contextlib.suppress(BadUrl):
        parse(text)


@given(st.text("imap:/;UID=1SECTION.PARTIAL?URLAUTH+fred%20@<>[]", max_size=120))
def test_text_of_the_grammars_own_pieces(text: str) -> None:
    """It comes nearer to being one, and still does no worse than to be refused."""
    with contextlib.suppress(BadUrl):
        parse(text.encode())
