"""NOTIFY on real sockets: what happens anywhere is told without a command, whichever process serves the session."""

import imaplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import PATIENCE, Server, lay_out, serving, until

MESSAGE = b"Subject: news\r\n\r\ntext\r\n"
EVERYTHING = b"(messagenew messageexpunge flagchange mailboxname subscriptionchange mailboxmetadatachange)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(lay_out(tmp_path_factory.mktemp("notify"), workers=2)) as running:
        yield running


@pytest.fixture
def clients(server: Server) -> Iterator[list[imaplib.IMAP4]]:
    """Enough for both workers to have some; all but the first have asked for everything, and wait."""
    made = [imaplib.IMAP4("localhost", server.ports["imap"], timeout=PATIENCE) for _ in range(6)]
    for client in made:
        client.login("ann", "apple")
    if "Lists" not in str(made[0].list()):
        made[0].create("Lists")
    for client in made[1:]:
        client.select()
        client.send(b"n NOTIFY SET (selected (messagenew (uid) messageexpunge)) (personal %s)\r\n" % EVERYTHING)
        until(client, rb"n OK")
    yield made
    for client in made:
        client.shutdown()


def test_what_another_session_does(clients: list[imaplib.IMAP4]) -> None:
    """In the selected mailbox, in others, and to them."""
    actor, *others = clients
    actor.append("INBOX", None, None, MESSAGE)
    for client in others:
        until(client, rb"\* \d+ FETCH \(UID \d+\)")
    actor.append("Lists", None, None, MESSAGE)
    for client in others:
        until(client, rb'\* STATUS "Lists" \(MESSAGES')
    actor.create("made")
    actor.rename("made", "renamed")
    actor.subscribe("renamed")
    for client in others:
        until(client, rb'\* LIST \(.*\\Subscribed.* "renamed"')
    actor.delete("renamed")
    for client in others:
        until(client, rb'\* LIST \(.*\\NonExistent.* "renamed"')


def test_what_is_dropped_into_new_is_told_within_a_second(clients: list[imaplib.IMAP4], server: Server) -> None:
    """Of a mailbox that nobody has open, by a program that knows nothing of the server."""
    _, *others = clients
    directory = server.config.parent / "mail" / "ann" / ".Lists"
    seconds = []
    for number in range(5):
        name = f"{1_800_000_000 + number}.x.elsewhere"
        (directory / "tmp" / name).write_bytes(MESSAGE)
        began = time.monotonic()
        (directory / "tmp" / name).rename(directory / "new" / name)
        for client in others:
            until(client, rb'\* STATUS "Lists" \(MESSAGES')
        seconds.append(time.monotonic() - began)
    assert sorted(seconds)[2] < 1  # a busy machine may need more, but not always


def test_commands_go_on_as_ever(clients: list[imaplib.IMAP4]) -> None:
    """Whatever is told between them."""
    actor, client, *_ = clients
    for _ in range(20):
        actor.append("Lists", None, None, MESSAGE)
        assert client.noop()[0] == "OK"
    assert client.uid("SEARCH", "ALL")[0] == "OK"


def test_a_tree_that_other_programs_change(clients: list[imaplib.IMAP4], server: Server, tmp_path: Path) -> None:
    """Folders come and go."""
    _, *others = clients
    root = server.config.parent / "mail" / "ann"
    for name in ("new", "tmp", "cur"):
        (tmp_path / ".there" / name).mkdir(parents=True)
    (tmp_path / ".there").rename(root / ".there")
    for client in others:
        until(client, rb'\* LIST \(\\HasNoChildren\) "/" "there"')
    (root / ".there").rename(root / ".elsewhere")
    for client in others:
        until(client, rb'\* LIST \(\\HasNoChildren\) "/" "elsewhere" \("OLDNAME" \("there"\)\)')
