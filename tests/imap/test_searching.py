"""Evaluation of search programs: the same answer as a naive model's, and no file opened that need not be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.imap import searching
from mailaccess.imap.serving import serve
from mailaccess.wire import traps
from mailaccess.wire.traps import Call, Lane
from tests.driver import MemoryDriver
from tests.world import World


@dataclass(frozen=True)
class Mail:
    """What a message was made of."""

    number: int
    flags: str  # letters of its file name
    sender: str
    subject: str
    body: str

    @property
    def octets(self) -> bytes:
        return f"From: {self.sender}\r\nSubject: {self.subject}\r\n\r\n{self.body}\r\n".encode()


SENDERS, SUBJECTS, BODIES = ("ann@x.org", "bob@y.org"), ("Apples", "Pears, apples", "Plums"), ("red", "green red", "")
MAILS = [
    Mail(
        number,
        ("", "S", "F", "FS", "RS", "DT")[number % 6],
        SENDERS[number % 2],
        SUBJECTS[number % 3],
        BODIES[number // 2 % 3],
    )
    for number in range(1, 14)
]

Predicate = Callable[[Mail], bool]
LEAVES: list[tuple[str, Predicate]] = [
    ("ALL", lambda mail: True),
    ("SEEN", lambda mail: "S" in mail.flags),
    ("UNFLAGGED", lambda mail: "F" not in mail.flags),
    ("ANSWERED", lambda mail: "R" in mail.flags),
    ("KEYWORD none", lambda mail: False),
    ("3:7", lambda mail: 3 <= mail.number <= 7),
    ("UID 9:*", lambda mail: mail.number >= 9),
    ("LARGER 50", lambda mail: len(mail.octets) > 50),
    ("FROM ann", lambda mail: mail.sender.startswith("ann")),
    ("SUBJECT apples", lambda mail: "apples" in mail.subject.lower()),
    ('HEADER Subject "Pears, a"', lambda mail: mail.subject.startswith("Pears")),
    ("BODY red", lambda mail: "red" in mail.body),
    ("BODY green", lambda mail: "green" in mail.body),
    ("TEXT plums", lambda mail: mail.subject == "Plums"),
]

Program = tuple[str, Predicate]


def negated(program: Program) -> Program:
    text, predicate = program
    return f"NOT {text}", lambda mail: not predicate(mail)


def either(pair: tuple[Program, Program]) -> Program:
    (left, first), (right, second) = pair
    return f"OR {left} {right}", lambda mail: first(mail) or second(mail)


def together(programs: list[Program]) -> Program:
    joined = " ".join(text for text, _ in programs)
    return f"({joined})", lambda mail: all(predicate(mail) for _, predicate in programs)


PROGRAMS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        inner.map(negated), st.tuples(inner, inner).map(either), st.lists(inner, min_size=1, max_size=3).map(together)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryDriver]:
    """A client that has selected a mailbox with MAILS in it."""
    world = World(tmp_path_factory.mktemp("searching"))
    for mail in MAILS:
        world.deliver(mail.octets, flags="".join(sorted(mail.flags)))
    yield world.imap_in()
    world.close()


def found(client: MemoryDriver, program: str) -> list[int]:
    """The numbers in the answer to a search, which must succeed."""
    first, last = client.ask(f"a SEARCH {program}\r\n".encode()).decode().splitlines()
    assert first.startswith("* SEARCH")
    assert last == "a OK SEARCH completed"
    return [int(number) for number in first.split()[2:]]


@given(PROGRAMS)
@settings(max_examples=150)
def test_agrees_with_a_naive_model(client: MemoryDriver, program: Program) -> None:
    """Each message alone, each key on its own."""
    text, predicate = program

    assert found(client, text) == [mail.number for mail in MAILS if predicate(mail)]


@given(PROGRAMS)
@settings(max_examples=50)
def test_slices_do_not_change_the_answer(client: MemoryDriver, program: Program) -> None:
    """As if the mailbox were too large for one go."""
    text, predicate = program
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traps, "STEPS_AT_ONCE", 0)
        for limit, value in (("COMPARISONS", 3), ("HEADERS", 2), ("FILES", 3), ("OCTETS", 120)):
            patch.setattr(searching, limit, value)

        assert found(client, text) == [mail.number for mail in MAILS if predicate(mail)]


COMMANDS = [
    b'SEARCH RETURN (MIN SAVE) CHARSET UTF-8 OR BODY "red" NOT (FROM ann SENTON 1-Jan-2000)',
    b'UID SEARCH UID $,1:* MODSEQ "/flags/x" all 0 OLDER 5 HEADER Subject ""',
    b"SORT (SUBJECT REVERSE DATE SIZE) US-ASCII 2:* KEYWORD x",
    b"UID THREAD REFERENCES iso-2022-jp TEXT apples LARGER 10",
]


@given(st.sampled_from(COMMANDS), st.integers(0, 60), st.integers(0, 8), st.binary(max_size=5))
def test_whatever_is_asked_is_answered(client: MemoryDriver, command: bytes, at: int, cut: int, put: bytes) -> None:
    """By OK, NO or BAD, and never by a fault of ours."""
    put = put.translate(None, b"\r\n{")
    reply = client.ask(b"a %s\r\n" % (command[:at] + put + command[at + cut :]))

    assert b"SERVERBUG" not in reply
    assert reply.splitlines()[-1].startswith((b"a OK", b"a NO", b"a BAD"))


def cut_off(world: World, path: Path, client: MemoryDriver) -> None:
    """Takes a message's file away, its facts known; nobody has noticed yet."""
    client.ask(b"f FETCH 1:* (ENVELOPE RFC822.SIZE)\r\n")
    path.unlink()


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        (b"OR SUBJECT one BODY two", b"* SEARCH 1 2"),
        (b"BODY two NOT SUBJECT one", b"* SEARCH 2"),
        (b"NOT OR FLAGGED BODY one", b"* SEARCH 2"),
        (b"OR (FLAGGED FROM x) (UNFLAGGED BODY two)", b"* SEARCH 2"),
        # Both ORs have keys in text; that neither can be true for 1 is decided without opening its file.
        (b"OR (UNFLAGGED BODY one) BODY two (OR (FROM ann BODY one) (SUBJECT two BODY two))", b"* SEARCH 2"),
        (b'BODY ""', b"* SEARCH 1 2"),
        (b"LARGER 1 FROM x", b"* SEARCH"),
    ],
)
def test_files_are_opened_only_where_all_else_leaves_a_doubt(world: World, program: bytes, answer: bytes) -> None:
    """Message 1 has no file any more; a search that tried to read it would say EXPUNGEISSUED."""
    first = world.deliver(b"From: bob\r\nSubject: one\r\n\r\none\r\n", flags="F")
    world.deliver(b"From: ann\r\nSubject: two\r\n\r\ntwo\r\n", flags="")
    client = world.imap_in()
    cut_off(world, first, client)

    reply = client.ask(b"a SEARCH " + program + b"\r\n").splitlines()

    assert reply[0] == answer
    assert b"a OK SEARCH completed" in reply


def test_what_cannot_be_read_is_left_out(world: World) -> None:
    """Neither BODY nor NOT BODY holds for a message that is gone, and the client is told why (RFC 5530)."""
    first = world.deliver(b"Subject: one\r\n\r\none\r\n", flags="")
    world.deliver(b"Subject: two\r\n\r\ntwo\r\n", flags="")
    client = world.imap_in()
    cut_off(world, first, client)

    reply = client.ask(b"a SEARCH NOT BODY three\r\n").splitlines()

    assert reply[0] == b"* SEARCH 2"
    assert any(line.startswith(b"a OK [EXPUNGEISSUED] ") for line in reply)


class Counting(MemoryDriver):
    """Counts what was sent to the compute lane."""

    computed = 0

    def answer_call(self, work: Call) -> object:
        self.computed += work.lane is Lane.COMPUTE
        return super().answer_call(work)


def test_long_work_is_done_in_slices(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many files at a time, then others have their turn; a small search in memory needs no thread at all."""
    for mail in MAILS:
        world.deliver(mail.octets, flags="")
    client = Counting(lambda channel: serve(channel, world.imap_settings))
    world.drivers.append(client)
    client.ask(b"a LOGIN fred secret\r\nb SELECT INBOX\r\nc FETCH 1:* (ENVELOPE RFC822.SIZE)\r\n")
    monkeypatch.setattr(searching, "FILES", 3)

    client.computed = 0
    client.ask(b"d SEARCH BODY red UNSEEN\r\n")
    assert client.computed == 5  # 13 messages
    client.computed = 0
    client.ask(b"e SEARCH UNSEEN 2:9 LARGER 60\r\n")
    assert client.computed == 0
