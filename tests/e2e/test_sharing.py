"""Several sessions on one mailbox, whichever process serves them, and programs that know nothing of the server."""

import imaplib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import PATIENCE, Server, lay_out, serving, until

MESSAGE = b"Subject: news\r\n\r\ntext\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(lay_out(tmp_path_factory.mktemp("shared"), workers=2)) as running:
        yield running


@pytest.fixture
def clients(server: Server) -> Iterator[list[imaplib.IMAP4]]:
    """Enough for both workers to have some: the kernel deals by chance. All have the INBOX open, all but one idle."""
    made = [imaplib.IMAP4("localhost", server.ports["imap"], timeout=PATIENCE) for _ in range(8)]
    for client in made:
        client.login("ann", "apple")
        client.select()
    for client in made[1:]:
        client.send(b"idle IDLE\r\n")
        assert client.readline().startswith(b"+")
    yield made
    for client in made:
        client.shutdown()


def test_what_one_session_does_the_others_are_told_in_idle(clients: list[imaplib.IMAP4]) -> None:
    """A message, a flag, an expunge."""
    writer, *idle = clients
    writer.append("INBOX", None, None, MESSAGE)
    for client in idle:
        until(client, rb"\* \d+ EXISTS")
    writer.store("1", "+FLAGS", "(\\Flagged)")
    for client in idle:
        assert b"\\Flagged" in until(client, rb"\* 1 FETCH .*Flagged")
    writer.store("1", "+FLAGS", "(\\Deleted)")
    writer.expunge()
    for client in idle:
        until(client, rb"\* 1 EXPUNGE")


def test_what_other_programs_do_is_seen(clients: list[imaplib.IMAP4], server: Server) -> None:
    """A delivery, a rename, a removal: files are the truth."""
    maildir = server.config.parent / "mail" / "ann"
    idle = clients[1:]
    (maildir / "tmp" / "1700000000.M1P1.host").write_bytes(MESSAGE)
    (maildir / "tmp" / "1700000000.M1P1.host").rename(maildir / "new" / "1700000000.M1P1.host")
    for client in idle:
        until(client, rb"\* 1 EXISTS")
    [found] = [path for path in maildir.glob("*/1700000000.M1P1.host*") if path.parent.name in {"cur", "new"}]
    answered = maildir / "cur" / "1700000000.M1P1.host:2,R"
    found.rename(answered)
    for client in idle:
        until(client, rb"\* 1 FETCH .*\\Answered")
    answered.unlink()
    for client in idle:
        until(client, rb"\* 1 EXPUNGE")


def test_the_next_command_shows_what_was_acknowledged(server: Server) -> None:
    """Whoever did it, in whichever worker, or beside the server: no session has to wait to be told."""
    maildir = server.config.parent / "mail" / "bob"
    chance = random.Random(1)
    clients = [imaplib.IMAP4("localhost", server.ports["imap"], timeout=PATIENCE) for _ in range(6)]
    for client in clients:
        client.login("bob", "berry")
        client.select()
    count, flagged = 0, set[int]()
    for number in range(30):
        actor = chance.choice(clients)
        match chance.choice(["append", "deliver", "flag", "flag"]) if count else "append":
            case "append":
                actor.append("INBOX", None, None, MESSAGE)
                count += 1
            case "deliver":
                (maildir / "tmp" / f"{number}.host").write_bytes(MESSAGE)
                (maildir / "tmp" / f"{number}.host").rename(maildir / "new" / f"17{number:08}.M1P1.host")
                count += 1
            case "flag":
                message = chance.randint(1, count)
                actor.noop()
                actor.store(str(message), "-FLAGS" if message in flagged else "+FLAGS", "(\\Flagged)")
                flagged ^= {message}
        for client in chance.sample(clients, len(clients)):
            if chance.random() < 0.2:
                client.select()
            else:
                client.noop()
            assert len(client.search(None, "ALL")[1][0].split()) == count
            assert set(map(int, client.search(None, "FLAGGED")[1][0].split())) == flagged
    for client in clients:
        client.shutdown()


def test_session_limits_hold_across_workers(tmp_path: Path) -> None:
    """However the kernel deals the connections; and a session that ends makes room."""
    with serving(lay_out(tmp_path, workers=2, more="[limits]\nsessions_per_user = 3\n")) as server:
        made = [imaplib.IMAP4("localhost", server.ports["imap"], timeout=PATIENCE) for _ in range(5)]
        for client in made[:3]:
            client.login("ann", "apple")
        with pytest.raises(imaplib.IMAP4.error, match=r"\[LIMIT\]"):
            made[3].login("ann", "apple")
        made[4].login("bob", "berry")
        made[0].logout()
        while True:  # the count is written after the goodbye
            try:
                made[3].login("ann", "apple")
            except imaplib.IMAP4.error:
                continue
            break
        for client in made[1:]:
            client.shutdown()
