"""What the client is told of news, also when there is none to be had."""

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.errors import Unavailable
from mailaccess.storage.mailbox import Mailbox
from tests.world import MESSAGES, World


def test_storage_that_fails_twice(world: World) -> None:
    """A command that storage refuses is answered, though the look at the mailbox that follows it fails as well."""
    client = world.imap_in()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Account, "create", _unavailable)
        _fail_to_look(patch)
        assert client.ask(b"a CREATE x\r\n") == b"a NO [UNAVAILABLE] no disk\r\n"

    assert client.ask(b"b NOOP\r\n") == b"b OK NOOP completed\r\n"


def test_storage_that_fails_after_the_command(world: World) -> None:
    """What is done is OK: told NO, a client would append its message once more. The news comes later."""
    client = world.imap_in()
    with pytest.MonkeyPatch.context() as patch:
        _fail_to_look(patch)
        world.deliver(MESSAGES["plain"])
        assert client.ask(b"a NOOP\r\n") == b"a OK NOOP completed\r\n"

    assert client.ask(b"b NOOP\r\n") == b"* 1 EXISTS\r\n* 1 RECENT\r\nb OK NOOP completed\r\n"


def test_recent_that_cannot_be_claimed(world: World) -> None:
    """Is claimed another time; that must not cost the client news that its numbers depend on."""
    world.deliver(MESSAGES["plain"])
    world.deliver(MESSAGES["dots"])
    client = world.imap_in()
    client.output()
    world.files()[0].unlink()
    world.deliver(MESSAGES["lf"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mailbox, "claim_recent", _unavailable)
        answer = client.ask(b"a NOOP\r\n")
    assert answer == b"* 1 EXPUNGE\r\n* 2 EXISTS\r\n* 1 RECENT\r\na OK NOOP completed\r\n"

    world.deliver(MESSAGES["empty"])
    answer = client.ask(b"b NOOP\r\n")
    assert answer == b"* 3 EXISTS\r\n* 3 RECENT\r\nb OK NOOP completed\r\n"


def _fail_to_look(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Mailbox, "poll", lambda _: True)
    patch.setattr(Mailbox, "sync", _unavailable)


def _unavailable(*_: object) -> None:
    raise Unavailable("no disk")
