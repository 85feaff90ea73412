"""URLs for others, beyond their transcripts: long texts, who asks for whom, what storage and backend cannot do."""

import base64
import hmac

import pytest

from mailaccess.auth.passwd_file import PasswdFile
from mailaccess.imap.commands.urlauth import parse_genurlauth, parse_resetkey, parse_urlfetch
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.serving import serve
from mailaccess.imap.url_metadata import Metadata
from mailaccess.storage.access_keys import FILE
from mailaccess.storage.account import Account
from mailaccess.storage.content import Content
from mailaccess.storage.errors import ShortRead, Unavailable
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.channel import Peer
from tests.driver import MemoryDriver, UnreadDriver
from tests.world import World

LONG = b"Subject: long\r\n\r\n" + b"0123456\r\n" * 60_000


def test_grammar() -> None:
    """RFC 4467 section 9. Mechanisms are in any case, and one trailing space is let through."""
    assert parse_resetkey(Cursor(b"")) == (None, [])
    assert parse_resetkey(Cursor(b"INBOX internal xsample ")) == ("INBOX", [b"INTERNAL", b"XSAMPLE"])
    assert parse_genurlauth(Cursor(b'"a b" internal {1}\r\nc X ')) == ([(b"a b", b"INTERNAL"), (b"c", b"X")],)
    assert parse_urlfetch(Cursor(b'a ("b") ("c d" binary BODYPARTSTRUCTURE) ')) == (
        [(b"a", []), (b"b", []), (b"c d", [Metadata.BINARY, Metadata.BODYPARTSTRUCTURE])],
    )
    for text in (
        b"(a BINARY BODY)",
        b"(a BODY BODY)",
        b"(a BODY",
        b"(a  BODY)",
        b"(a BODYSTRUCTURE)",
        b"()",
        b"a BODY)",
    ):
        with pytest.raises(Bad):
            parse_urlfetch(Cursor(text))
    with pytest.raises(Bad, match="At most"):
        parse_urlfetch(Cursor(b" ".join([b"a"] * 101)))
    with pytest.raises(Bad, match="At most"):
        parse_genurlauth(Cursor(b" ".join([b"a INTERNAL"] * 101)))


def authorized(client: MemoryDriver, access: bytes = b"anonymous", place: bytes = b"INBOX/;UID=1") -> bytes:
    """The URL that fred's server gives him."""
    answer = client.ask(b'g GENURLAUTH "imap://fred@h/%s;URLAUTH=%s" INTERNAL\r\n' % (place, access))
    assert b"g OK GENURLAUTH" in answer
    return answer.split(b'"')[1]


def other(world: World, login: bytes = b"ann secret") -> MemoryDriver:
    client = world.imap()
    client.ask(b"l LOGIN %s\r\n" % login)
    return client


def test_a_long_text_is_sent_piece_by_piece(world: World) -> None:
    """To a reader who takes his time, it is not all held."""
    world.deliver(LONG)
    url = authorized(world.imap_in())
    answer = other(world).ask(b"a URLFETCH %s\r\n" % url)
    assert answer.endswith(b"{%d}\r\n%s\r\na OK URLFETCH completed\r\n" % (len(LONG), LONG))

    slow = UnreadDriver(lambda channel: serve(channel, world.imap_settings))
    slow.feed(b"l LOGIN ann secret\r\na URLFETCH %s\r\n" % url)
    first = slow.read()
    assert len(first) < len(LONG) // 4


def test_a_long_part_is_decoded_piece_by_piece(world: World) -> None:
    """And nothing of it is held for a reader who takes his time."""
    octets = bytes(range(256)) * 9_000
    world.deliver(
        b"Content-Type: application/x-y\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(octets)
    )
    url = authorized(world.imap_in(), place=b"INBOX/;UID=1/;SECTION=1")
    answer = other(world).ask(b"a URLFETCH (%s BINARY)\r\n" % url)
    assert answer.endswith(b" (BINARY ~{%d}\r\n%s)\r\na OK URLFETCH completed\r\n" % (len(octets), octets))

    slow = UnreadDriver(lambda channel: serve(channel, world.imap_settings))
    slow.read()
    slow.feed(b"l LOGIN ann secret\r\na URLFETCH (%s BINARY)\r\n" % url)
    assert len(slow.read()) < len(octets)


def test_a_message_that_shrinks_while_it_is_sent_ends_the_connection(world: World) -> None:
    """No word would be taken for one in a literal."""
    world.deliver(LONG)
    url = authorized(world.imap_in())
    client = other(world)

    def shrunk(*_: object) -> bytes:
        raise ShortRead("shorter than it was")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Content, "read", shrunk)
        answer = client.ask(b"a URLFETCH %s\r\n" % url)
    assert answer.endswith(b"{%d}\r\n" % len(LONG))
    assert client.closed


def test_who_acts_for_an_application(world: World) -> None:
    """Whom the operator named, no matter on whose behalf; nobody else, not even the owner."""
    object.__setattr__(world.imap_settings, "url_applications", {"submit": frozenset(["ann"])})
    world.deliver(b"Subject: x\r\n\r\n")
    fred = world.imap_in()
    url = authorized(fred, b"submit+fred")

    assert b"Subject: x" in other(world).ask(b"a URLFETCH %s\r\n" % url)
    assert b"NIL\r\na OK" in fred.ask(b"a URLFETCH %s\r\n" % url)


def test_a_user_may_be_written_in_several_ways(world: World) -> None:
    """It is the backend that says who is meant, in access identifiers and before the @."""
    world.deliver(b"Subject: x\r\n\r\n")
    users = world.root / "users"
    object.__setattr__(world.authenticator, "backend", PasswdFile(users, fold_case=True))
    fred = world.imap()
    fred.ask(b"l LOGIN Fred secret\r\n")
    answer = fred.ask(b'g GENURLAUTH "imap://FRED@h/INBOX/;UID=1;URLAUTH=user+ANN" INTERNAL\r\n')
    url = answer.split(b'"')[1]

    assert b"Subject: x" in other(world).ask(b"a URLFETCH %s\r\n" % url)
    assert b"NIL\r\na OK" in other(world, b"test test").ask(b"a URLFETCH %s\r\n" % url)


def test_a_backend_that_cannot_answer(world: World) -> None:
    """It is no fault of the URL."""
    world.deliver(b"Subject: x\r\n\r\n")
    url = authorized(world.imap_in())
    ann = other(world)

    def fail(*_: object) -> None:
        raise OSError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasswdFile, "lookup", fail)
        assert ann.ask(b"a URLFETCH %s\r\n" % url).startswith(b"a NO [UNAVAILABLE]")
    assert b"Subject: x" in ann.ask(b"a URLFETCH %s\r\n" % url)


def test_mail_that_cannot_be_reached(world: World) -> None:
    """ "A NO response indicates a server internal failure" (RFC 4467 section 7)."""
    world.deliver(b"Subject: x\r\n\r\n")
    client = world.imap_in()
    url = authorized(client)

    def fail(*_: object) -> None:
        raise Unavailable("not now")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailbox, "content", fail)
        assert client.ask(b"a URLFETCH %s\r\n" % url).startswith(b"a NO [UNAVAILABLE] not now")


def test_a_mailbox_renamed_and_one_made_anew(world: World) -> None:
    """The key goes with the mailbox, the URL with the name: neither opens another's mail."""
    client = world.imap_in()
    client.ask(b"a CREATE one\r\nb APPEND one {4+}\r\nx: y\r\n")
    url = authorized(client, place=b"one/;UID=1")
    client.ask(b"a RENAME one two\r\nb CREATE one\r\nc APPEND one {4+}\r\nx: z\r\n")
    assert b"NIL\r\na OK" in client.ask(b"a URLFETCH %s\r\n" % url)
    client.ask(b"a DELETE one\r\nb RENAME two one\r\n")
    assert b"x: y" in client.ask(b"a URLFETCH %s\r\n" % url)


def test_keys_outlive_the_index_and_stay_private(world: World) -> None:
    """They are beside the mail."""
    world.deliver(b"Subject: x\r\n\r\n")
    url = authorized(world.imap_in())
    for path in sorted((world.maildir / "mailaccess").iterdir()):
        path.unlink()

    assert b"Subject: x" in world.imap_in().ask(b"a URLFETCH %s\r\n" % url)
    assert (world.maildir / FILE).stat().st_mode & 0o777 == 0o600


def test_a_user_who_does_not_exist_gets_no_directory(world: World) -> None:
    """Whoever asks."""
    client = world.imap_in()
    url = b"imap://nobody@h/INBOX/;UID=1;URLAUTH=anonymous:INTERNAL:" + b"0" * 64
    assert b"NIL\r\na OK" in client.ask(b"a URLFETCH %s\r\n" % url)
    assert not (world.root / "nobody").exists()


def test_mechanisms_are_told_where_nobody_listens(world: World) -> None:
    """ "A server implementation MUST implement a configuration" (RFC 4467 section 8); and to whom they are offered."""
    assert b"[URLMECH INTERNAL]" in other(world).ask(b"a SELECT INBOX\r\n")
    far = world.imap(Peer("192.0.2.1", tls=True))
    assert b"[URLMECH INTERNAL]" in far.ask(b"l LOGIN ann secret\r\na EXAMINE INBOX\r\n")
    cram = world.imap(Peer("192.0.2.1"))
    challenge = cram.ask(b"l AUTHENTICATE CRAM-MD5\r\n").split()[-1]
    digest = hmac.new(b"secret", base64.b64decode(challenge), "md5").hexdigest()
    answer = cram.ask(base64.b64encode(b"ann " + digest.encode()) + b"\r\na SELECT INBOX\r\n")
    assert b"a OK [READ-WRITE]" in answer
    assert b"URLMECH" not in answer

    object.__setattr__(world.imap_settings, "without", frozenset([b"URLAUTH"]))
    client = other(world)
    assert b"URLMECH" not in client.ask(b"a SELECT INBOX\r\n")
    assert client.ask(b"b RESETKEY\r\n").startswith(b"b BAD")


def test_a_forged_url_opens_no_mailbox(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever can log in could have others' mailboxes gone through, one after the other."""
    world.deliver(LONG)
    url = authorized(world.imap_in())
    forged = url[:-1] + (b"1" if url.endswith(b"0") else b"0")
    client = other(world)
    opened: list[str] = []
    unlisted = Account.unlisted

    def noted(account: Account, name: str, *, early: bool = False) -> Mailbox | None:
        opened.append(name)
        return unlisted(account, name, early=early)

    monkeypatch.setattr(Account, "unlisted", noted)

    assert client.ask(b"a URLFETCH %s\r\n" % forged).startswith(b'* URLFETCH "%s" NIL\r\n' % forged)
    assert not opened
    assert client.ask(b"b URLFETCH %s\r\n" % url).startswith(b'* URLFETCH "%s" {' % url)
    assert opened == ["INBOX"]
