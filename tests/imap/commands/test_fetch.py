"""FETCH: what the transcripts cannot show."""

import re

import pytest

from mailaccess.imap.commands.fetch import parse_fetch
from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.numset import STAR
from mailaccess.storage import flagging
from mailaccess.storage.errors import DiskFull
from tests.world import World


def test_arguments() -> None:
    (asked,) = parse_fetch(Cursor(b"1:*,7 (FLAGS UID) (CHANGEDSINCE 12 VANISHED)"))

    assert asked.numset == ((1, STAR), (7, 7))
    assert [item.form for item in asked.items.items] == [b"FLAGS %s", b"UID %d"]
    assert asked.changed_since == 12
    assert asked.vanished


@pytest.mark.parametrize(
    "text", [b"", b"1", b"1 ", b"1 FLAGS (", b"1 FLAGS (CHANGEDSINCE x)", b"1 FLAGS x", b"1 FLAGS (VANISHED"]
)
def test_what_is_no_fetch_is_bad(text: bytes) -> None:
    with pytest.raises(Bad):
        parse_fetch(Cursor(text))


def test_changes_among_many(world: World) -> None:
    """CHANGEDSINCE finds them in any selection of messages."""
    for i in range(50):
        world.deliver(b"Subject: %d\r\n\r\n" % i)
    client = world.imap_in()
    found = re.search(rb"HIGHESTMODSEQ (\d+)", client.ask(b"a EXAMINE INBOX\r\nb SELECT INBOX\r\n"))
    assert found is not None
    client.ask(b"c STORE 5:9,20,30:40 +FLAGS.SILENT (\\Flagged)\r\n")
    reply = client.ask(b"d FETCH 1:6,8,15:35,40:50 UID (CHANGEDSINCE %s)\r\n" % found[1])

    assert re.findall(rb"\* (\d+) FETCH", reply) == [b"%d" % n for n in (5, 6, 8, 20, *range(30, 36), 40)]


def test_the_seen_flag_is_set_on_disk(world: World) -> None:
    world.deliver(b"Subject: x\r\n\r\n")
    client = world.imap_in()
    client.ask(b"a FETCH 1 BODY[]\r\n")

    assert world.files()[0].name.endswith(":2,S")


def test_mail_that_cannot_be_marked_can_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is no reason to keep the text from its reader."""

    def fail(*_: object) -> None:
        raise DiskFull("no space is left where the mail is kept")

    world.deliver(b"Subject: x\r\n\r\n")
    client = world.imap_in()
    monkeypatch.setattr(flagging, "store", fail)

    assert client.ask(b"a FETCH 1 BODY[TEXT]\r\n") == b"* 1 FETCH (BODY[TEXT] {0}\r\n)\r\na OK FETCH completed\r\n"
    assert world.files()[0].name.endswith(":2,")


def test_an_expunge_that_renumbers_is_not_told_as_earlier(world: World) -> None:
    """Messages that the client still counts are told of by VANISHED without (EARLIER), when the command ends."""
    for i in range(4):
        world.deliver(b"Subject: %d\r\n\r\n" % i)
    one, two = world.imap_in(), world.imap_in()
    two.ask(b"a ENABLE QRESYNC\r\n")
    one.ask(b"a STORE 2:3 +FLAGS.SILENT (\\Deleted)\r\nb UID EXPUNGE 2\r\n")
    two.ask(b"b NOOP\r\n")
    one.ask(b"c EXPUNGE\r\n")
    reply = two.ask(b"c UID FETCH 2:3 (UID) (CHANGEDSINCE 1 VANISHED)\r\n")

    assert reply == b"* VANISHED (EARLIER) 2\r\n* VANISHED 3\r\nc OK UID FETCH completed\r\n"


def test_the_saved_search_result(world: World) -> None:
    """RFC 5182: `$` is a set of messages like any other, by number, by UID and with VANISHED."""
    for i in range(4):
        world.deliver(b"Subject: %d\r\n\r\n" % i)
    client = world.imap_in()
    client.ask(b"a ENABLE QRESYNC\r\nb SEARCH RETURN (SAVE) 2:3\r\n")

    assert client.ask(b"c FETCH $ UID\r\n") == b"* 2 FETCH (UID 2)\r\n* 3 FETCH (UID 3)\r\nc OK FETCH completed\r\n"
    client.ask(b"d STORE 2 +FLAGS.SILENT (\\Deleted)\r\ne EXPUNGE\r\n")
    reply = client.ask(b"f UID FETCH $ (UID) (CHANGEDSINCE 1 VANISHED)\r\n")
    assert re.findall(rb"\* (?:VANISHED \(EARLIER\) (\d+)|(\d) FETCH)", reply) == [(b"", b"2")]
