"""How a mailbox in memory follows what others do, and tells."""

import threading
import time

import pytest

from mailaccess.storage.account import Account
from mailaccess.storage.mailbox import Action, Mailbox
from mailaccess.storage.watch import Watcher
from tests.storage.post import add, arrive, flags_of, settle


class TestNews:
    """How sessions learn that there is something to tell."""

    def test_subscribers_are_told_of_commits(self, inbox: Mailbox) -> None:
        """Until they no longer want to be."""
        told: list[int] = []
        unsubscribe = inbox.subscribe(lambda: told.append(len(inbox.messages)))
        add(inbox)
        assert told == [1]
        unsubscribe()
        add(inbox)

        assert told == [1]

    def test_of_commits_in_another_mailbox_object_of_the_account(self, account: Account) -> None:
        """COPY changes the target."""
        account.create("Work")
        inbox, work = account.mailbox("INBOX"), account.mailbox("Work")
        add(inbox)
        told: list[str] = []
        inbox.subscribe(lambda: told.append("inbox"))
        work.subscribe(lambda: told.append("work"))
        inbox.copy([1], work)

        assert told == ["work"]

    def test_nobody_opens_it_while_news_is_taken_in(self, inbox: Mailbox, watcher: Watcher) -> None:
        """He would be told right afterwards what was there before."""
        add(inbox)
        settle(inbox)
        inbox.attend()
        asked, go = threading.Event(), threading.Event()

        def ask(_: int, __: int) -> None:
            asked.set()
            go.wait(20)

        thread = threading.Thread(target=inbox._refresh, args=(ask,))
        assert inbox.is_at_hand()
        thread.start()
        asked.wait(20)
        seen = inbox.is_at_hand()
        go.set()
        thread.join()

        assert not seen
        assert inbox.is_at_hand()

    def test_a_broken_session_does_not_keep_others_from_it(
        self, inbox: Mailbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Its error is logged."""
        told: list[int] = []

        def fail() -> None:
            raise RuntimeError("broken")

        inbox.subscribe(fail)
        inbox.subscribe(lambda: told.append(1))
        add(inbox)

        assert told == [1]
        assert "broken" in caplog.text

    def test_of_changes_on_disk(self, inbox: Mailbox, account: Account, watcher: Watcher) -> None:
        """The first subscriber has the directories watched, the last one has it ended."""
        told: list[int] = []
        unsubscribe = inbox.subscribe(lambda: told.append(1))
        watcher.ready()
        told.clear()
        arrive(account.root)
        watcher.ready()
        assert told
        assert inbox.poll()
        unsubscribe()
        told.clear()
        arrive(account.root)
        watcher.ready()

        assert told == []

    def test_of_commits_of_another_process(self, inbox: Mailbox, elsewhere: Account, watcher: Watcher) -> None:
        """Which touches the wake file."""
        other = elsewhere.mailbox("INBOX")
        add(inbox)
        told: list[int] = []
        inbox.subscribe(lambda: told.append(1))
        watcher.ready()
        told.clear()
        other.sync()
        other.store([1], Action.ADD, frozenset(["$Late"]))
        watcher.ready()

        assert told
        assert inbox.poll()
        inbox.sync()
        assert flags_of(inbox) == {1: {"$Late"}}

    def test_what_happened_before_the_watch_was_armed_is_told(
        self, inbox: Mailbox, account: Account, watcher: Watcher
    ) -> None:
        """Armed first, then looked."""
        arrive(account.root)
        told: list[int] = []
        inbox.subscribe(lambda: told.append(1))

        assert told == [1]

    def test_polling_is_cheap(self, inbox: Mailbox) -> None:
        """Thousands of sessions do it after every command."""
        add(inbox)
        settle(inbox)
        started = time.perf_counter()
        for _ in range(1000):
            inbox.poll()

        assert (time.perf_counter() - started) / 1000 < 0.0005

    def test_what_is_told_while_this_process_writes_is_not_lost(self, inbox: Mailbox, account: Account) -> None:
        """`poll` says no during a write; when it is over, subscribers are told to ask again."""
        add(inbox)
        polls: list[bool] = []
        told: list[bool] = []

        def work() -> None:
            arrive(account.root)
            polls.append(inbox.poll())

        inbox.subscribe(lambda: told.append(inbox.poll()))
        inbox._write(work)

        assert polls == [False]
        assert told[-1:] == [True]
