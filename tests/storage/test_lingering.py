"""Mailboxes that listen on for a while."""

from mailaccess.storage.account import Account
from mailaccess.storage.lingering import LINGERING, Lingering
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.watch import Watcher
from tests.storage.post import arrive


class Ears:
    """Something that listens."""

    def __init__(self) -> None:
        self.listening = True

    def rest(self) -> None:
        self.listening = False


def test_those_left_last_listen_on() -> None:
    """As many as may; one that is left again counts as the latest."""
    lingering = Lingering(2)
    first, second, third = Ears(), Ears(), Ears()
    for ears in (first, second, first, third):
        lingering.stay(ears)

    assert [ears.listening for ears in (first, second, third)] == [True, False, True]
    lingering.rest(after=60)
    assert first.listening
    lingering.rest(after=0)
    assert not first.listening
    assert not third.listening


def test_what_happens_between_two_sessions_is_heard(inbox: Mailbox, account: Account, watcher: Watcher) -> None:
    """Mail that came while nobody had the mailbox open is there at once for the next one; until it listens no more."""
    inbox.subscribe(lambda: None)()
    arrive(account.root)

    assert account.mailbox("INBOX").messages.uids.tolist() == [1]
    told: list[int] = []
    arrive(account.root)
    inbox.subscribe(lambda: told.append(1))()
    assert told  # it came after the mailbox was opened, and before there was anybody to tell
    watcher.ready()
    LINGERING.rest(after=0)
    assert not watcher.polling
    assert watcher.sees_all(1) is False


def test_a_session_keeps_it_listening(inbox: Mailbox, account: Account, watcher: Watcher) -> None:
    """However long it was not opened anew."""
    told: list[int] = []
    inbox.subscribe(lambda: told.append(1))
    account.mailbox("INBOX")
    LINGERING.rest(after=0)
    told.clear()
    arrive(account.root)
    watcher.ready()

    assert told
