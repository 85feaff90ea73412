"""What the watcher tells, and that nothing is missed where inotify gives up."""

import logging
import os
import select
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.storage import disk, watch
from mailaccess.storage.watch import Happened, Note, Watcher, current, install, touch_wake

Told = list[list[str] | None]


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    made = Watcher()
    yield made
    made.close()


def names(told: Told) -> Note:
    """Notes the names alone."""
    return lambda happened: told.append(None if happened is None else spelled(happened))


def spelled(happened: Happened) -> list[str]:
    """The names in all directories."""
    return [os.fsdecode(name) for names in happened.values() for name in names]


def readable(watcher: Watcher) -> bool:
    return bool(select.select([watcher.fileno()], [], [], 0)[0])


def test_names_of_files_that_come_and_go_are_told_in_order(watcher: Watcher, tmp_path: Path) -> None:
    """Made, moved in, moved out, removed; each name once."""
    told: Told = []
    watcher.add([tmp_path], names(told))
    assert not readable(watcher)

    (tmp_path / "made").touch()
    (tmp_path / "made").rename(tmp_path / "moved")
    os.link(tmp_path / "moved", tmp_path / "linked")
    (tmp_path / "moved").unlink()

    assert readable(watcher)
    watcher.ready()
    watcher.ready()
    assert told == [["made", "moved", "linked"]]


def test_what_happened_last_to_a_name_is_told(watcher: Watcher, tmp_path: Path) -> None:
    """And in which of the directories."""
    told: list[Happened | None] = []
    new, cur = tmp_path / "new", tmp_path / "cur"
    new.mkdir()
    cur.mkdir()
    (new / "b").touch()
    watcher.add([new, cur], told.append)

    (new / "a").touch()
    (new / "a").rename(cur / "a:2,")
    (new / "b").unlink()
    (new / "b").touch()
    watcher.ready()

    assert told == [{f"{new}": {b"a": False, b"b": True}, f"{cur}": {b"a:2,": True}}]


def test_all_take_note_before_any_is_told(watcher: Watcher, tmp_path: Path) -> None:
    """Who is told may look, and must not find less than has happened."""
    said: list[str] = []
    for name in ("one", "two"):
        watcher.add([tmp_path], lambda _, name=name: said.append(f"{name} notes"), lambda name=name: said.append(name))  # type: ignore[misc]
    (tmp_path / "a").touch()
    watcher.ready()

    assert said == ["one notes", "two notes", "one", "two"]


def test_another_directory_in_the_place_of_a_watched_one(watcher: Watcher, tmp_path: Path) -> None:
    """Who watches a mailbox made under the name of a renamed one sees it; who watched before is to look."""
    before: Told = []
    after: Told = []
    cur = tmp_path / "box" / "cur"
    cur.mkdir(parents=True)
    watcher.add([cur], names(before))
    (tmp_path / "box").rename(tmp_path / "moved")
    cur.mkdir(parents=True)
    watcher.add([cur], names(after))
    watcher.poll()
    (cur / "a").touch()
    watcher.ready()

    assert before[0] is None
    assert after[-1] == ["a"]


def test_more_than_one_look_can_take(watcher: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event loop has others to serve; who wants to know all asks again."""
    monkeypatch.setattr(watch, "_READS", 1)
    monkeypatch.setattr(watch, "_READ", 300)  # with what it holds then there may be no room for another
    told: Told = []
    watcher.add([tmp_path], names(told))
    (tmp_path / "a").touch()
    assert not watcher.ready()
    assert watcher.ready()

    assert told == [["a"]]


def test_after_the_end(tmp_path: Path) -> None:
    """Mailboxes may outlive the watcher; its descriptor is somebody else's then."""
    watcher = Watcher()
    watcher.add([tmp_path], lambda _: None)
    watcher.close()

    assert watcher.ready()


def test_whether_events_tell_all(watcher: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of a path that is not there, nor on a file system that others change."""
    here = watcher.add([tmp_path], lambda _: None)
    nowhere = watcher.add([tmp_path, tmp_path / "later"], lambda _: None)
    assert watcher.sees_all(here)
    assert not watcher.sees_all(nowhere)
    watcher.remove(here)
    assert not watcher.sees_all(here)

    monkeypatch.setattr(watch, "is_remote", lambda _: True)
    (tmp_path / "shared").mkdir()
    assert not watcher.sees_all(watcher.add([tmp_path / "shared"], lambda _: None))


def test_a_file_written_in_place_is_told(watcher: Watcher, tmp_path: Path) -> None:
    """When its writer closes it, so that it is whole."""
    told: Told = []
    (tmp_path / "1.host:2,").touch()
    watcher.add([tmp_path], names(told))

    with (tmp_path / "1.host:2,").open("wb") as file:
        file.write(b"mail")
        file.flush()
        watcher.ready()
        assert told == []
    watcher.ready()

    assert told == [["1.host:2,"]]


def test_reading_and_touching_are_no_changes(watcher: Watcher, tmp_path: Path) -> None:
    """We read these files all the time."""
    told: Told = []
    (tmp_path / "1.host:2,").write_bytes(b"mail")
    watcher.add([tmp_path], names(told))

    (tmp_path / "1.host:2,").read_bytes()
    (tmp_path / "1.host:2,").chmod(0o600)
    watcher.ready()

    assert told == []


def test_the_wake_file(watcher: Watcher, tmp_path: Path) -> None:
    """Each commit is told, nothing else in the directory is."""
    told: Told = []
    wake = tmp_path / "wake"
    touch_wake(wake)
    watcher.add([wake], names(told))

    touch_wake(wake)
    (tmp_path / "index.sqlite-wal").touch()
    watcher.ready()

    assert told == [[""]]


def test_names_in_no_encoding(watcher: Watcher, tmp_path: Path) -> None:
    """As everywhere in storage."""
    told: Told = []
    watcher.add([tmp_path], names(told))
    name = os.fsdecode(b"1.h\xf6st:2,")

    (tmp_path / name).touch()
    watcher.ready()

    assert told == [[name]]


def test_one_directory_has_several_listeners(watcher: Watcher, tmp_path: Path) -> None:
    """Even under two names; each stays until it is removed itself."""
    (tmp_path / "cur").mkdir()
    (tmp_path / "link").symlink_to("cur")
    one: Told = []
    two: Told = []
    three: Told = []
    tokens = [
        watcher.add([tmp_path / "cur"], names(one)),
        watcher.add([tmp_path / "cur", tmp_path / "cur"], names(two)),
        watcher.add([tmp_path / "link"], names(three)),
    ]

    for number in range(4):
        (tmp_path / "cur" / str(number)).touch()
        watcher.ready()
        if number < 3:
            watcher.remove(tokens[number])

    assert (one, two, three) == ([["0"]], [["0"], ["1"]], [["0"], ["1"], ["2"]])


def test_a_removed_listener_is_not_called_by_what_waits(watcher: Watcher, tmp_path: Path) -> None:
    """Its session is gone. An unknown token is no trouble."""
    told: Told = []
    token = watcher.add([tmp_path], names(told))
    (tmp_path / "a").touch()

    watcher.remove(token)
    watcher.remove(token)
    watcher.ready()

    assert told == []


def test_a_listener_may_remove_others(watcher: Watcher, tmp_path: Path) -> None:
    """While it is called."""
    told: Told = []
    first = watcher.add([tmp_path], lambda _: watcher.remove(second))
    second = watcher.add([tmp_path], names(told))

    (tmp_path / "a").touch()
    watcher.ready()
    watcher.remove(first)

    assert told == []


def test_a_failing_listener_harms_no_other(watcher: Watcher, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged."""
    told: Told = []

    def fail(_: Happened | None) -> None:
        raise RuntimeError("broken")

    watcher.add([tmp_path], fail)
    watcher.add([tmp_path], names(told))
    (tmp_path / "a").touch()
    watcher.ready()

    assert told == [["a"]]
    assert "callback failed" in caplog.text


def test_an_overflow_tells_everyone_that_anything_may_have_changed(watcher: Watcher, tmp_path: Path) -> None:
    """Those of other directories too: whose events were dropped is not known."""
    busy: Told = []
    quiet: Told = []
    for name in ("busy", "quiet"):
        (tmp_path / name).mkdir()
    watcher.add([tmp_path / "busy"], names(busy))
    watcher.add([tmp_path / "quiet"], names(quiet))
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    one, two = str(tmp_path / "busy" / "1"), str(tmp_path / "busy" / "2")
    Path(one).touch()

    for _ in range(limit // 4 + 100):  # each rename is two events
        os.rename(one, two)  # noqa: PTH104
        os.rename(two, one)  # noqa: PTH104
    while readable(watcher):
        watcher.ready()

    assert None in busy
    assert quiet == [None]
    (tmp_path / "quiet" / "3").touch()
    watcher.ready()
    assert quiet == [None, ["3"]]


@pytest.mark.parametrize("how", ["removed", "moved"])
def test_a_directory_that_goes_is_told_and_found_again(watcher: Watcher, tmp_path: Path, how: str) -> None:
    """Other watches live on; when a new one comes in its place, polling finds it and inotify takes over."""
    told: Told = []
    others: Told = []
    box = tmp_path / "box"
    box.mkdir()
    (tmp_path / "other").mkdir()
    watcher.add([box], names(told))
    watcher.add([tmp_path / "other"], names(others))

    if how == "removed":
        box.rmdir()
    else:
        box.rename(tmp_path / "elsewhere")
    watcher.ready()
    assert told == [None]
    assert watcher.polling
    watcher.poll()
    assert told == [None]

    box.mkdir()
    watcher.poll()
    assert told == [None, None]
    assert not watcher.polling

    (box / "a").touch()
    (tmp_path / "other" / "b").touch()
    watcher.ready()
    assert told == [None, None, ["a"]]
    assert others == [["b"]]


def test_a_path_that_is_not_there_yet_is_polled(watcher: Watcher, tmp_path: Path) -> None:
    """Until it is."""
    told: Told = []
    watcher.add([tmp_path / "wake"], names(told))
    assert watcher.polling

    touch_wake(tmp_path / "wake")
    watcher.poll()
    touch_wake(tmp_path / "wake")
    watcher.ready()

    assert told == [None, [""]]
    assert not watcher.polling


class Unwatchable(Watcher):
    """As if the kernel had no watch left."""

    def _arm(self, path: str) -> bool:
        return False


def settle(*paths: Path) -> None:
    """Makes the files' times old, as far as that can be done: mtimes only."""
    for path in paths:
        os.utime(path, ns=(10**18, 10**18))


class TestPolling:
    """Where inotify cannot see."""

    def test_changes_are_found(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of directories and of the wake file; what stays the same is not told."""
        monkeypatch.setattr(watch, "_FRESH", 0)
        told: Told = []
        wakes: Told = []
        touch_wake(tmp_path / "wake")
        settle(tmp_path / "wake")
        watcher = Unwatchable()
        (tmp_path / "cur").mkdir()
        settle(tmp_path / "cur")
        watcher.add([tmp_path / "cur"], names(told))
        watcher.add([tmp_path / "wake"], names(wakes))

        watcher.poll()
        assert (told, wakes) == ([], [])
        (tmp_path / "cur" / "a").touch()
        watcher.poll()
        watcher.poll()
        assert (told, wakes) == ([None], [])
        touch_wake(tmp_path / "wake")
        watcher.poll()
        assert (told, wakes) == ([None], [None])
        assert watcher.polling
        watcher.close()

    def test_fresh_times_are_told_again(self, tmp_path: Path) -> None:
        """A second change within the file system's tick would leave the same times."""
        told: Told = []
        watcher = Unwatchable()
        watcher.add([tmp_path], names(told))

        watcher.poll()

        assert told == [None]
        watcher.close()

    def test_a_shared_file_system_is_both_watched_and_polled(
        self, watcher: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The kernel sees what this host does, at once, and nothing of the others."""
        monkeypatch.setattr(watch, "is_remote", lambda _: True)
        told: Told = []
        watcher.add([tmp_path], names(told))

        (tmp_path / "a").touch()
        watcher.ready()
        watcher.poll()

        assert told == [["a"], None]
        assert watcher.polling


def test_without_inotify_everything_is_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Too many instances of it run already: slower, not broken, and said once."""

    class NoInotify:
        def inotify_init1(self, _: int) -> int:
            return -1

        def __getattr__(self, name: str) -> object:
            return getattr(disk._libc, name)

    monkeypatch.setattr(watch, "_libc", NoInotify())
    told: Told = []
    watcher = Watcher()
    watcher.add([tmp_path], names(told))

    assert not readable(watcher)
    watcher.ready()
    watcher.poll()
    assert told == [None]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    watcher.close()


def test_listeners_come_and_go_in_other_threads(watcher: Watcher, tmp_path: Path) -> None:
    """While events are read."""
    stop = threading.Event()
    told: Told = []
    watcher.add([tmp_path], names(told))

    def come_and_go() -> None:
        while not stop.is_set():
            watcher.remove(watcher.add([tmp_path, tmp_path.parent], lambda _: None))

    thread = threading.Thread(target=come_and_go)
    thread.start()
    for number in range(300):
        (tmp_path / str(number)).touch()
        watcher.ready()
    stop.set()
    thread.join()
    watcher.ready()

    assert [name for names in told for name in names or ()] == [str(number) for number in range(300)]


def test_the_processes_watcher(watcher: Watcher) -> None:
    """One, installed by whoever owns the event loop."""
    assert current() is None

    install(watcher)
    assert current() is watcher

    install(None)
    assert current() is None


def test_ones_own_noise_wakes_nobody(watcher: Watcher, tmp_path: Path) -> None:
    """While it lasts the event loop sees nothing; at its end all is told, what others did meanwhile too."""
    told: list[str] = []
    watcher.add([tmp_path], lambda happened: told.extend(spelled(happened or {})))
    loop = select.epoll()
    loop.register(watcher.fileno(), select.EPOLLIN)
    with watcher.held():
        (tmp_path / "ours").touch()
        with watcher.held():
            (tmp_path / "theirs").touch()
        (tmp_path / "late").touch()
        assert loop.poll(0) == []

    assert told == ["ours", "theirs", "late"]
    assert loop.poll(0) == []
    (tmp_path / "then").touch()
    assert loop.poll(0) != []


def test_what_fails_is_noise_as_well(watcher: Watcher, tmp_path: Path) -> None:
    """The event loop hears again."""
    loop = select.epoll()
    loop.register(watcher.fileno(), select.EPOLLIN)
    watcher.add([tmp_path], lambda _: None)
    with pytest.raises(ValueError, match="no"), watcher.held():
        raise ValueError("no")
    (tmp_path / "then").touch()

    assert loop.poll(0) != []
