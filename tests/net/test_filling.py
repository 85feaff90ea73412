"""Full-text indexes are filled when sessions leave the time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.net.filling import GIVE_WAY, LOOK, Filling
from mailaccess.net.lanes import Lanes
from mailaccess.storage.accounts import Accounts, StorageSettings
from mailaccess.storage.mailbox import Mailbox
from mailaccess.wire.traps import Lane
from tests.net.stage import Loop


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    made = Accounts(StorageSettings(str(tmp_path / "mail" / "{user}"), None, lambda _: b"", 1))
    yield made
    made.close()


@pytest.fixture
def mailbox(accounts: Accounts) -> Mailbox:
    """Something to put in."""
    mailbox = accounts.open("ann", None).mailbox("INBOX")
    incoming = mailbox.incoming()
    incoming.write(b"Subject: a\n\nbody\n")
    mailbox.append([(incoming, frozenset(), None)])
    return mailbox


def known(mailbox: Mailbox) -> int:
    """How many messages are in the index."""
    asked = mailbox.ask_texts()
    if asked is None:
        return 0
    try:
        return len(mailbox.messages) - len(asked.unknown(mailbox.messages.uids))
    finally:
        asked.close()


def test_filled_in_quiet_moments(accounts: Accounts, mailbox: Mailbox) -> None:
    """Once somebody wants it, and nobody is at work."""
    reactor = Loop()
    lanes = Lanes(reactor)
    filling = Filling(reactor, lanes, accounts)
    filling.start()
    reactor.advance(LOOK)
    assert lanes.busy == 0
    mailbox.want_texts()
    lanes.submit(lambda: None, Lane.STORAGE, lambda *_: None)
    reactor.advance(LOOK)
    assert known(mailbox) == 0
    reactor.run_posted()
    while accounts.to_fill:
        reactor.advance(GIVE_WAY)
        reactor.run_posted()
    filling.stop()

    assert known(mailbox) == 1
    assert reactor.getDelayedCalls() == []


def test_stopped_while_at_it(accounts: Accounts, mailbox: Mailbox) -> None:
    """What a thread is doing, it finishes; nothing follows."""
    reactor = Loop()
    filling = Filling(reactor, Lanes(reactor), accounts)
    filling.start()
    mailbox.want_texts()
    reactor.advance(LOOK)
    filling.stop()
    reactor.run_posted()

    assert known(mailbox) == 1
    assert reactor.getDelayedCalls() == []


def test_what_fails_is_tried_again(
    accounts: Accounts, mailbox: Mailbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And told."""
    reactor = Loop()
    mailbox.want_texts()
    monkeypatch.setattr(accounts, "fill", lambda: 1 / 0)
    filling = Filling(reactor, Lanes(reactor), accounts)
    filling.start()
    reactor.advance(LOOK)
    reactor.run_posted()

    assert caplog.messages == ["could not fill a full-text index"]
    assert len(reactor.getDelayedCalls()) == 1
    filling.stop()
