"""An account's feed: one picture for all who look, drawn anew where something happened."""

import shutil
import threading
from collections.abc import Callable

import pytest

from mailaccess.mail.flags import SEEN
from mailaccess.storage import feed as feed_module
from mailaccess.storage.account import Account
from mailaccess.storage.acl import Who
from mailaccess.storage.errors import LimitReached, Unavailable
from mailaccess.storage.feed import Listener
from mailaccess.storage.flagging import Action
from mailaccess.storage.lingering import LINGERING
from mailaccess.storage.metadata import SHARED
from mailaccess.storage.picture import Picture
from mailaccess.storage.watch import Watcher
from tests.storage.post import add, arrive


@pytest.fixture
def woken() -> list[str]:
    """What listeners were woken."""
    return []


@pytest.fixture
def listener(watcher: Watcher, account: Account, woken: list[str]) -> Listener:
    """Somebody who listens to fred's mail, in which there are INBOX, a and a/b."""
    account.create("a")
    account.create("a/b")
    return account.feed.listen(lambda: woken.append("one"))


def _settled(listener: Listener) -> Picture:
    """A picture behind which nothing waits to be looked at once more."""
    picture = listener.look()
    for _ in range(1000):
        if listener.patience is None and not listener.differs(picture):
            return picture
        threading.Event().wait(listener.patience)
        picture = listener.look()
    raise AssertionError("it never settles")


def test_the_first_look_shows_everything(listener: Listener, account: Account) -> None:
    """What nobody has looked into has no sums."""
    account.subscribe("a")
    account.annotations(None).change({SHARED: {"/comment": b"x"}})
    account.status("a")
    picture = listener.look()

    assert list(picture.tree) == ["INBOX", "a", "a/b"]
    assert picture.sums.keys() == {"a"}
    assert picture.subscriptions == {"INBOX", "a"}
    assert picture.annotations == {"": {SHARED: {"/comment": b"x"}}}
    assert not listener.differs(picture)


def test_mailboxes_that_nobody_has_looked_into(listener: Listener, account: Account) -> None:
    """Have sums once they are watched, also where there are several."""
    for name in ("b", "c", "d"):
        account.create(name)
        arrive(account.root / f".{name}")
    listener.watch(["INBOX", "a", "a/b", "b", "c", "d"])
    picture = _settled(listener)

    assert {name: sums.messages for name, sums in picture.sums.items()} == {
        **dict.fromkeys(["INBOX", "a", "a/b"], 0),
        **dict.fromkeys(["b", "c", "d"], 1),
    }


def test_as_long_as_nothing_happens_the_picture_is_the_same(listener: Listener) -> None:
    """The very object: whoever was told of it need not compare."""
    picture = listener.look()

    assert listener.look() is picture


def test_a_commit_of_this_process_wakes(listener: Listener, account: Account, woken: list[str]) -> None:
    """What the sums of other mailboxes are stays the same object."""
    inbox = account.mailbox("INBOX")
    account.status("a")
    before = listener.look()
    woken.clear()
    add(inbox)

    assert woken
    assert listener.differs(before)
    after = listener.look()
    assert after.sums["INBOX"].messages == before.sums["INBOX"].messages + 1
    assert after.sums["a"] is before.sums["a"]
    assert after.tree is before.tree
    assert after.annotations is before.annotations


def test_a_commit_of_another_process_wakes(
    listener: Listener, account: Account, elsewhere: Account, watcher: Watcher, woken: list[str]
) -> None:
    """By the wake file."""
    account.status("INBOX")
    inbox = elsewhere.mailbox("INBOX")
    before = listener.look()
    watcher.ready()
    woken.clear()
    add(inbox)
    watcher.ready()

    assert woken
    assert listener.look().sums["INBOX"].messages == before.sums["INBOX"].messages + 1


def test_the_wake_file_of_our_own_commit_is_no_news(
    listener: Listener, account: Account, watcher: Watcher, woken: list[str]
) -> None:
    """It was told already, without the kernel."""
    add(account.mailbox("INBOX"))
    picture = _settled(listener)
    woken.clear()
    add(account.mailbox("INBOX"))
    assert woken
    picture = listener.look()
    woken.clear()
    watcher.ready()

    assert not listener.differs(picture)


def test_what_other_programs_deliver_is_seen_where_it_is_watched(
    listener: Listener, account: Account, watcher: Watcher, woken: list[str]
) -> None:
    """And elsewhere when somebody looks into the mailbox."""
    listener.look()
    listener.watch(["a"])
    before = _settled(listener)
    woken.clear()
    arrive(account.root / ".a")
    arrive(account.root / ".a.b")
    watcher.ready()

    assert woken == ["one"]
    after = listener.look()
    assert after.sums["a"].messages == before.sums["a"].messages + 1
    assert "a/b" not in after.sums
    account.status("a/b")
    assert listener.look().sums["a/b"].messages == 1


def test_flags_that_other_programs_set_and_mail_they_remove(
    listener: Listener, account: Account, watcher: Watcher
) -> None:
    """In cur/."""
    file = arrive(account.root / ".a", where="cur", name="1.x:2,")
    listener.look()
    listener.watch(["a"])
    assert _settled(listener).sums["a"].unseen == 1

    file = file.rename(file.with_name("1.x:2,S"))
    watcher.ready()
    assert listener.look().sums["a"].unseen == 0
    file.unlink()
    watcher.ready()
    assert _settled(listener).sums["a"].messages == 0


def test_mailboxes_that_other_programs_make_move_and_remove(
    listener: Listener, account: Account, watcher: Watcher
) -> None:
    """A mailbox that was moved is known by its GUID, as long as anybody had looked into it."""
    listener.look()
    listener.watch(["a", "x"])
    guid = _settled(listener).sums["a"].guid

    (account.root / ".a").rename(account.root / ".x")
    watcher.ready()
    moved = _settled(listener)
    assert list(moved.tree) == ["INBOX", "a/b", "x"]
    assert moved.sums["x"].guid == guid
    arrive(account.root / ".x")
    watcher.ready()
    assert listener.look().sums["x"].messages == 1

    shutil.rmtree(account.root / ".x")
    watcher.ready()
    assert list(_settled(listener).tree) == ["INBOX", "a/b"]


def test_a_mailbox_that_comes_to_be_is_watched_if_that_was_wished(
    listener: Listener, account: Account, watcher: Watcher
) -> None:
    """By name."""
    listener.look()
    listener.watch(["new"])
    account.create("new")
    watcher.ready()
    _settled(listener)
    arrive(account.root / ".new")
    watcher.ready()

    assert listener.look().sums["new"].messages == 1


def test_a_mailbox_that_took_the_place_of_a_watched_one(listener: Listener, account: Account, watcher: Watcher) -> None:
    """What was renamed is followed; what has its name now is another."""
    add(account.mailbox("a"))
    listener.look()
    listener.watch(["a", "moved"])
    before = _settled(listener)
    account.rename("a", "moved")
    account.create("a")
    watcher.ready()
    after = _settled(listener)

    assert after.sums["moved"] == before.sums["a"]
    assert after.sums["a"].guid != before.sums["a"].guid
    arrive(account.root / ".a")
    arrive(account.root / ".moved")
    watcher.ready()
    last = _settled(listener)
    assert (last.sums["a"].messages, last.sums["moved"].messages) == (1, 2)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda account: account.subscribe("a"), "subscriptions"),
        (lambda account: account.annotations("a").change({SHARED: {"/comment": b"x"}}), "annotations"),
        (lambda account: account.create("c"), "tree"),
        (lambda account: account.acls.change("a", Who("anyone"), "lr", "fred"), "lists"),
    ],
)
def test_parts_that_are_files(
    change: Callable[[Account], None], part: str, listener: Listener, account: Account, watcher: Watcher
) -> None:
    """Only that part is another."""
    account.annotations("a").change({SHARED: {"/title": b"x"}})
    before = _settled(listener)
    change(account)
    watcher.ready()
    after = listener.look()

    parts = ("tree", "subscriptions", "annotations", "lists")
    assert [name for name in parts if getattr(after, name) is not getattr(before, name)] == [part]


def test_one_watch_for_all_who_listen(listener: Listener, account: Account, watcher: Watcher, woken: list[str]) -> None:
    """Whoever looks first looks for all."""
    other = account.feed.listen(lambda: woken.append("two"))
    listener.watch(["a"])
    other.watch(["a", "INBOX"])
    picture = _settled(listener)
    assert _settled(other) is picture
    woken.clear()
    arrive(account.root / ".a")
    watcher.ready()

    assert sorted(woken) == ["one", "two"]
    assert other.look() is listener.look()
    other.close()
    add(account.mailbox("a/b"))
    listener.look()
    woken.clear()
    arrive(account.root)
    arrive(account.root / ".a")
    watcher.ready()
    assert woken == ["one"]


def test_nothing_is_watched_when_nobody_listens(listener: Listener, account: Account, watcher: Watcher) -> None:
    """Neither directories nor the wake file; who comes then sees all that happened."""
    listener.watch(["a", "INBOX"])
    _settled(listener)
    listener.close()
    add(account.mailbox("INBOX"))
    arrive(account.root / ".a")
    LINGERING.rest(after=0)

    assert not watcher._paths
    again = account.feed.listen(lambda: None)
    again.watch(["a"])
    assert _settled(again).sums["a"].messages == 1


def test_what_fails_is_tried_again_ever_less_often(
    listener: Listener, account: Account, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    """Until it succeeds."""
    listener.watch(["a"])
    picture = _settled(listener)
    broken = account.root / ".a" / "new"
    broken.rename(account.root / ".a" / "old")
    broken.write_text("")
    watcher.ready()
    waits = []
    for _ in range(4):
        listener.look()
        waits.append(listener.patience or 0)

    assert [later / waits[0] for later in waits] == [1, 2, 4, 8]
    assert "cannot be looked at" in caplog.text
    assert listener.look().sums == picture.sums
    broken.unlink()
    (account.root / ".a" / "old").rename(broken)
    arrive(account.root / ".a")
    assert _settled(listener).sums["a"].messages == 1
    assert listener.patience is None


def test_of_many_watches_a_thread_lets_go(
    listener: Listener, account: Account, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer than a reactor has time for."""
    monkeypatch.setattr(feed_module, "_AT_ONCE", 1)
    listener.watch(["a", "INBOX"])
    _settled(listener)
    before = set(threading.enumerate())
    listener.close()
    for thread in set(threading.enumerate()) - before:
        thread.join()

    assert not watcher._paths


def test_there_is_a_limit(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was watched before still is."""
    monkeypatch.setattr(feed_module, "MOST", 2)
    listener.watch(["INBOX", "a"])
    with pytest.raises(LimitReached):
        listener.watch(["INBOX", "a", "a/b"])
    listener.watch(["a", "a/b"])


def test_without_a_watcher_every_look_looks(account: Account) -> None:
    """A program that does not watch still sees what is there."""
    account.create("a")
    listener = account.feed.listen(lambda: None)
    listener.look()
    listener.watch(["a"])
    before = listener.look()
    arrive(account.root / ".a")
    account.subscribe("a")

    assert listener.differs(before)
    after = listener.look()
    assert after.sums["a"].messages == 1
    assert after.subscriptions == {"INBOX", "a"}
    listener.close()


def test_the_index_may_be_lost(listener: Listener, account: Account, watcher: Watcher) -> None:
    """It is made anew, with the UIDs that there were."""
    add(account.mailbox("a"), b"Subject: 1\n\n1\n", b"Subject: 2\n\n2\n")
    account.maintain()
    listener.look()
    listener.watch(["a", "INBOX"])
    before = _settled(listener)
    for path in account.index_path.glob("index.sqlite*"):
        path.unlink()
    arrive(account.root / ".a")
    watcher.ready()
    after = _settled(listener)

    assert after.sums["a"].messages == 3
    assert after.sums["a"].guid == before.sums["a"].guid
    assert after.sums["a"].uidvalidity == before.sums["a"].uidvalidity
    assert after.sums["a"].uidnext > before.sums["a"].uidnext


def test_a_look_that_fails_is_made_up_for(listener: Listener, account: Account, watcher: Watcher) -> None:
    """Nothing that was heard is forgotten."""
    listener.look()
    away = account.root.with_name("away")
    account.create("c")
    account.root.rename(away)
    with pytest.raises(Unavailable):
        listener.look()
    assert listener.patience is not None
    shutil.rmtree(account.root)  # where the index was made anew
    away.rename(account.root)

    assert "c" in _settled(listener).tree


def test_damaged_annotations_keep_nobody_from_the_rest(listener: Listener, account: Account, watcher: Watcher) -> None:
    """What was known of them stays."""
    account.annotations("a").change({SHARED: {"/comment": b"x"}})
    before = _settled(listener)
    (account.root / "mailaccess-metadata").write_text("{")
    account.create("c")
    watcher.ready()
    after = listener.look()

    assert "c" in after.tree
    assert after.annotations == before.annotations


def test_sessions_in_threads(listener: Listener, account: Account, watcher: Watcher) -> None:
    """While one process stores and others look, the last look shows the last state."""
    uids = add(account.mailbox("a"), *[b"Subject: %d\n\nx\n" % number for number in range(20)])
    listener.look()
    listener.watch(["a"])
    done = threading.Event()
    failures: list[Exception] = []

    def keep_looking() -> None:
        mine = account.feed.listen(lambda: None)
        try:
            while not done.is_set():
                mine.look()
        except Exception as failure:  # noqa: BLE001 - the test tells of it
            failures.append(failure)
        finally:
            mine.close()

    threads = [threading.Thread(target=keep_looking) for _ in range(3)]
    for thread in threads:
        thread.start()
    mailbox = account.mailbox("a")
    for uid in uids:
        mailbox.store([uid], Action.ADD, frozenset([SEEN]))
        watcher.ready()
    done.set()
    for thread in threads:
        thread.join()

    assert not failures
    assert _settled(listener).sums["a"].unseen == 0
