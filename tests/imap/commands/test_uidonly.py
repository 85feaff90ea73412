"""UIDONLY, what the transcripts do not show: every command, long values, and accounts that are not to have it."""

import re
from pathlib import Path

from mailaccess.imap.registry import COMMANDS
from tests.world import World


def test_no_command_by_number_is_left(world: World) -> None:
    """Each that has a UID variant has no other, whatever its arguments."""
    client = world.imap_in()
    client.ask(b"a ENABLE UIDONLY\r\n")
    names = [spec.name for spec in COMMANDS if spec.by_number]

    assert {b"FETCH", b"STORE", b"COPY", b"MOVE", b"SEARCH", b"SORT", b"THREAD", b"REPLACE"} <= set(names)
    for name in names:
        assert client.ask(b"b %s 1 x\r\n" % name).startswith(b"b BAD [UIDREQUIRED]")
        assert client.ask(b"c UID %s 1 x\r\n" % name).startswith((b"c BAD ", b"c NO ", b"c OK "))
        assert b"UIDREQUIRED" not in client.output()


def test_long_and_streamed_values(world: World) -> None:
    """Begin as the short ones do."""
    world.deliver(b"Subject: x\r\n\r\n", flags="T")
    for size in (100, 20_000, 300_000):
        world.deliver(b"Subject: x\r\n\r\n" + b"x" * 98 * (size // 100) + b"\r\n", flags="S")
    client = world.imap_in()
    client.ask(b"a ENABLE UIDONLY\r\nb EXPUNGE\r\n")

    answer = client.ask(b"c UID FETCH 1:* BODY[TEXT]\r\n")
    assert re.findall(rb"^\* .*?\{", answer, re.MULTILINE) == [
        b"* %d UIDFETCH (BODY[TEXT] {" % uid for uid in (2, 3, 4)
    ]


def test_an_account_without_it(tmp_path: Path) -> None:
    """Microsoft's cloud client enables it and then fetches by number: it can be kept from that."""
    world = World(tmp_path)
    users = tmp_path / "users"
    users.write_text(users.read_text() + "cloud:{PLAIN}secret::::::imap_without=UIDONLY\n")
    world.authenticator.backend.reload()
    client = world.imap()
    client.ask(b"l LOGIN cloud secret\r\n")
    client.ask(b"a APPEND INBOX {5+}\r\nX: x\n\r\n")

    assert b"UIDONLY" not in client.ask(b"b CAPABILITY\r\n")
    assert client.ask(b"c ENABLE UIDONLY CONDSTORE\r\n") == b"* ENABLED CONDSTORE\r\nc OK ENABLE completed\r\n"
    client.ask(b"d SELECT INBOX\r\n")
    assert client.ask(b"e FETCH 1 UID\r\n") == b"* 1 FETCH (UID 1)\r\ne OK FETCH completed\r\n"
    world.close()
