"""One user's mailbox in others' clients, whichever process serves them."""

import imaplib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from mailaccess.cli.program import program
from tests.e2e.running import PATIENCE, Server, lay_out, serving

MESSAGE = b"Subject: news\r\n\r\ntext\r\n"
Connected = Callable[[str], imaplib.IMAP4]
SHARING = '[sharing]\npublic = "everybody"\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(lay_out(tmp_path_factory.mktemp("others"), workers=2, more=SHARING)) as running:
        yield running


@pytest.fixture
def connected(server: Server) -> Iterator[Connected]:
    """Makes clients that have logged in; they are hung up behind the test."""
    made: list[imaplib.IMAP4] = []

    def connect(user: str) -> imaplib.IMAP4:
        made.append(imaplib.IMAP4("localhost", server.ports["imap"], timeout=PATIENCE))
        made[-1].login(user, {"ann": "apple", "bob": "berry"}[user])
        return made[-1]

    yield connect
    for each in made:
        each.shutdown()


def listed(session: imaplib.IMAP4, pattern: str) -> list[bytes]:
    _, lines = session.list('""', pattern)
    return [line.rpartition(b'"/" ')[2] for line in lines if isinstance(line, bytes)]


def until(session: imaplib.IMAP4, pattern: bytes) -> bytes:
    """Reads up to a line that matches."""
    while True:
        line = session.readline()
        assert line
        if re.match(pattern, line):
            return line


def test_a_folder_is_shared_used_and_withdrawn(connected: Connected) -> None:
    """Five sessions of bob's, in both workers, see what ann lets them see, until she does not any more."""
    ann = connected("ann")
    ann.create("Work")
    ann.append("Work", None, None, MESSAGE)
    assert listed(connected("bob"), "Users/*") == []

    assert ann.setacl("Work", "bob", "lrswi")[0] == "OK"

    bobs = [connected("bob") for _ in range(6)]
    for bob in bobs:
        assert listed(bob, "*")[-1] == b'"Users/ann/Work"'
        assert bob.select("Users/ann/Work")[1] == [b"1"]
    writer, *idle = bobs
    for bob in idle:
        bob.send(b"idle IDLE\r\n")
        assert bob.readline().startswith(b"+")
    writer.store("1", "+FLAGS", "(\\Seen \\Flagged)")
    writer.append("Users/ann/Work", "(\\Seen)", None, MESSAGE)
    for bob in idle:
        assert b"\\Flagged \\Seen" in until(bob, rb"\* 1 FETCH")
        until(bob, rb"\* 2 EXISTS")
    ann.select("Work")
    _, flags = ann.fetch("1:2", "(FLAGS)")
    assert re.findall(r"FLAGS \((.*?)\)", str(flags)) == ["\\\\Flagged \\\\Recent", "\\\\Recent"]

    ann.deleteacl("Work", "bob")

    for bob in idle:
        until(bob, rb"\* BYE .*withdrawn")
    assert listed(connected("bob"), "Users/*") == []


def test_what_is_everybodys_is_shared_by_the_command_line(server: Server, connected: Connected) -> None:
    """Its account needs no password that anybody knows."""
    users = server.config.with_name("users")
    users.write_text(users.read_text() + "everybody:*\n")
    for arguments in (["create", "everybody", "News"], ["share", "everybody", "News", "anyone", "lrs"]):
        done = CliRunner().invoke(program, ["folder", *arguments, "--config", str(server.config)])
        assert done.exit_code == 0, done.output
    bob = connected("bob")

    assert listed(bob, "Shared/%") == [b'"Shared/News"']
    assert bob.myrights("Shared/News")[1] == [b'"Shared/News" lrs']
    assert bob.select("Shared/News", readonly=True) == ("OK", [b"0"])
    assert Path(server.config.with_name("mail") / "everybody" / ".News" / "dovecot-acl").read_text() == "anyone lrs\n"
