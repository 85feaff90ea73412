"""Results that are kept up to date: a client that heeds every ADDTO and REMOVEFROM has what a new search would find."""

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailaccess.imap import contexts, searching
from mailaccess.imap.numset import runs
from mailaccess.imap.program import Program
from mailaccess.imap.rows import Rows
from tests.driver import MemoryDriver
from tests.world import World

SUBJECTS = [b"pears", b"Re: apples", b"plums", b"apples", b"red pears", b""]
SEARCHES = [
    b"n SEARCH RETURN (ALL UPDATE) UNSEEN",
    b"u UID SEARCH RETURN (ALL UPDATE) OR FLAGGED NOT TEXT red",
    b"s SORT RETURN (ALL UPDATE) (REVERSE SUBJECT ARRIVAL) UTF-8 UNSEEN",
    b"v UID SORT RETURN (ALL UPDATE) (SIZE REVERSE ARRIVAL) UTF-8 OR SUBJECT apples SEEN",
    b"w UID SORT RETURN (ALL UPDATE) (RELEVANCY) UTF-8 FUZZY SUBJECT aples",
]
_ITEM = re.compile(rb"(ADDTO|REMOVEFROM|ALL) (?:\(([^)]*)\)|(\S+))")


def members(numbers: bytes) -> list[int]:
    """A sequence set in its order."""
    found: list[int] = []
    for piece in numbers.split(b","):
        low, _, high = piece.partition(b":")
        found += range(int(low), int(high or low) + 1)
    return found


class Client:
    """What a client makes of the lines it gets: results in their order, by number or UID."""

    def __init__(self, driver: MemoryDriver) -> None:
        self.driver = driver
        self.results: dict[bytes, list[int]] = {}

    def ask(self, command: bytes) -> None:
        for line in self.driver.ask(command + b"\r\n").splitlines():
            if line.startswith(b"* ESEARCH"):
                self._heed(line)
            elif line.endswith(b" EXPUNGE"):
                gone = int(line.split()[1])
                for tag in b"n", b"s":
                    assert gone not in self.results.get(tag, []), "REMOVEFROM comes before EXPUNGE"
                    self.results[tag] = [number - (number > gone) for number in self.results.get(tag, [])]

    def _heed(self, line: bytes) -> None:
        tag = line.split(b'"')[1]
        results = self.results.setdefault(tag, [])
        for name, pairs, everything in _ITEM.findall(line):
            if name == b"ALL":
                results[:] = members(everything)
                continue
            words = pairs.split()
            for position, numbers in zip(map(int, words[::2]), map(members, words[1::2]), strict=True):
                self._change(results, name, position, numbers)

    @staticmethod
    def _change(results: list[int], name: bytes, position: int, numbers: list[int]) -> None:
        if name == b"ADDTO":
            assert not set(numbers) & set(results)
            where = position - 1 if position else len(results)
            results[where:where] = numbers
            if not position:
                results.sort()
        elif position:
            assert results[position - 1 : position - 1 + len(numbers)] == numbers
            del results[position - 1 : position - 1 + len(numbers)]
        else:
            for number in numbers:
                results.remove(number)


def asked_again(driver: MemoryDriver) -> dict[bytes, list[int]]:
    """What the searches find now."""
    found = {}
    for search in SEARCHES:
        line = driver.ask(search.replace(b" UPDATE", b"").replace(search[:1], b"again", 1) + b"\r\n").splitlines()[0]
        everything = re.search(rb"ALL (\S+)", line)
        found[search[:1]] = members(everything[1]) if everything else []
    return found


Step = Callable[[World, MemoryDriver, int], None]


def deliver(world: World, _: MemoryDriver, number: int) -> None:
    for subject in SUBJECTS[: number % 3 + 1]:
        world.deliver(b"Subject: " + subject + SUBJECTS[number % 6] + b"\r\n\r\nx")


def refile(world: World, _: MemoryDriver, number: int) -> None:
    files = world.files()
    if files:
        path = files[number % len(files)]
        path.rename(
            path.parent.parent / "cur" / (path.name.partition(":")[0] + ":2," + ("", "S", "F", "FS")[number % 4])
        )


def remove(world: World, _: MemoryDriver, number: int) -> None:
    files = world.files()
    for path in {files[number % len(files)], files[number // 2 % len(files)]} if files else ():
        path.unlink()


def store(_: World, other: MemoryDriver, number: int) -> None:
    other.ask(
        b"a NOOP\r\nb UID STORE %d:%d %sFLAGS (\\Seen)\r\n" % (number % 9, number % 9 + 3, b"-+"[number % 2 :][:1])
    )


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([deliver, refile, remove, store]), st.integers(0, 30), st.booleans()), max_size=14
    )
)
def test_the_client_has_what_a_new_search_finds(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Step, int, bool]]
) -> None:
    """Whatever others do, and whether or not expunges may be told at once."""
    world = World(tmp_path_factory.mktemp("world"))
    try:
        for subject in SUBJECTS:
            world.deliver(b"Subject: " + subject + b"\r\n\r\n", flags="S" if subject == b"plums" else "")
        client, other = Client(world.imap_in()), world.imap_in()
        for search in SEARCHES:
            client.ask(search)
        for step, number, expunges in steps:
            step(world, other, number)
            client.ask(b"x NOOP" if expunges else b"x FETCH 1 FLAGS")
        client.ask(b"y NOOP")

        assert {tag: client.results.get(tag, []) for tag in (b"n", b"u", b"s", b"v", b"w")} == asked_again(
            client.driver
        )
    finally:
        world.close()


def test_only_what_has_changed_is_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An arrival and a flag do not make the server go through the mailbox."""
    for number in range(50):
        world.deliver(b"Subject: %d\r\n\r\nwords" % number, flags="")
    client = world.imap_in()
    client.ask(b"a UID SEARCH RETURN (UPDATE) UNSEEN TEXT words\r\n")
    looked_at: list[Sequence[int]] = []
    matching = searching.matching

    async def noted(rows: Rows, program: Program, candidates: Sequence[int]) -> list[int]:
        looked_at.append(candidates)
        return await matching(rows, program, candidates)

    monkeypatch.setattr(contexts, "matching", noted)
    world.deliver(b"Subject: new\r\n\r\nwords")
    reply = client.ask(b"b STORE 7 +FLAGS (\\Seen)\r\nc NOOP\r\nd NOOP\r\n")

    assert b'* ESEARCH (TAG "a") UID ADDTO (0 51)\r\n' in reply
    assert b'* ESEARCH (TAG "a") UID REMOVEFROM (0 7)\r\n' in reply
    assert sorted(row for rows in looked_at for row in rows) == [6, 50]


def test_what_is_gone_already_is_told_at_once(world: World) -> None:
    """ "a context that notifies immediately about expunged messages, yet will not affect message sequence numbers"
    (RFC 5267 A.3)"""
    for number in range(3):
        world.deliver(b"Subject: %d\r\n\r\n" % number, flags="")
    client, other = world.imap_in(), world.imap_in()
    other.ask(b"a STORE 2 +FLAGS.SILENT (\\Deleted)\r\nb EXPUNGE\r\n")

    assert client.ask(b"c SEARCH RETURN (UPDATE ALL) ALL\r\nd NOOP\r\n").splitlines() == [
        b'* ESEARCH (TAG "c") ALL 1:3',
        b'* ESEARCH (TAG "c") REMOVEFROM (0 2)',
        b"c OK SEARCH completed",
        b"* 2 EXPUNGE",
        b"d OK NOOP completed",
    ]


@pytest.mark.parametrize(
    ("program", "added"),
    [
        (b"UID 2:*", b"3:4"),
        (b"UID *:9", b"3:4"),
        (b"UID *", b""),
        (b"UID 1,4:8", b"4"),
        (b"2:*", b""),
        (b"1:4", b""),
        (b"OR NOT UID $ 3", b"3:4"),
    ],
)
def test_sets_mean_what_they_meant(world: World, program: bytes, added: bytes) -> None:
    """Of numbers and `$`, the messages that were there (RFC 5267 4.3); which is the last one decides nothing."""
    for number in range(2):
        world.deliver(b"Subject: %d\r\n\r\n" % number, flags="")
    client = world.imap_in()
    client.ask(b"a SEARCH RETURN (SAVE) 1\r\nb UID SEARCH RETURN (UPDATE) %s\r\n" % program)
    for number in range(2):
        world.deliver(b"Subject: %d\r\n\r\n" % number, flags="")
    reply = client.ask(b"c SEARCH RETURN (SAVE) 2\r\nd NOOP\r\n")

    assert (b"ADDTO (0 %s)" % added in reply) if added else b"ADDTO" not in reply


def test_too_many_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their number, or by what they have to remember; the first never is (RFC 5267 4.3.1). The rest is answered."""
    world.deliver(b"Subject: a\r\n\r\n", flags="")
    client = world.imap_in()
    monkeypatch.setattr(contexts, "MOST", 2)
    client.ask(b"a SEARCH RETURN (UPDATE) ALL\r\nb SEARCH RETURN (UPDATE) ALL\r\n")

    assert client.ask(b"B02 UID SORT RETURN (UPDATE COUNT) (DATE) UTF-8 ALL\r\n").splitlines() == [
        b'* ESEARCH (TAG "B02") UID COUNT 1',
        b'* NO [NOUPDATE "B02"] Too many contexts',
        b"B02 OK UID SORT completed",
    ]
    client.ask(b'c CANCELUPDATE "a" "b"\r\n')
    monkeypatch.setattr(contexts, "MOST_RESULTS", 0)
    assert b"NOUPDATE" not in client.ask(b"d SEARCH RETURN (UPDATE) ALL\r\n")
    assert b"* NO [NOUPDATE" in client.ask(b"e SEARCH RETURN (UPDATE) ALL\r\n")


def test_many_at_once(world: World) -> None:
    """Half of a mailbox changes, and more comes than there was."""
    for number in range(300):
        world.deliver(b"Subject: %d\r\n\r\n" % (number * 7 % 300), flags="")
    client = Client(world.imap_in())
    for search in SEARCHES:
        client.ask(search)
    for number in range(400):
        world.deliver(b"Subject: %d\r\n\r\n" % (number * 11 % 400))
    client.ask(b"a STORE 1:150 +FLAGS.SILENT (\\Seen)")
    client.ask(b"b NOOP")

    assert {tag: client.results.get(tag, []) for tag in (b"n", b"u", b"s", b"v", b"w")} == asked_again(client.driver)
    assert len(runs(client.results[b"s"])) > 10
