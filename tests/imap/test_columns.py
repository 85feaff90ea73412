"""Columns of what messages say: read from facts once, kept within bounds."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.columns import BASE_SUBJECT, DIGEST, KEPT, SENT, THREAD, Column, Keeper, fields, raw_fields, read
from mailaccess.imap.facts import Facts, build
from mailaccess.mail import headers, mime
from mailaccess.storage.mailbox import Mailbox
from tests.world import World


@given(st.lists(st.sampled_from([b"A", b"a:", b" ", b"\t", b"ab", b"\r\n", b"\r", b"A: ", b":", b"x"])))
def test_raw_fields_are_those_of_the_header(pieces: list[bytes]) -> None:
    """Found without splitting the whole header, and the same."""
    data = b"".join(pieces)
    header = data[: mime.parse(data).header_end]

    assert raw_fields(header, b"a") == [field.value for field in headers.fields(header) if field.name.lower() == b"a"]


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    """An INBOX."""
    return world.accounts.open("fred", None).mailbox("INBOX")


def test_columns_of_one_name_are_one(mailbox: Mailbox) -> None:
    """So that a second search for the same field finds what the first has read."""
    keeper = Keeper(10_000)
    keeper.add(mailbox, fields(b"subject"), {1: ["A"]})

    assert keeper.get(mailbox, fields(b"subject")) == {1: ["A"]}
    assert keeper.get(mailbox, fields(b"from")) == {}


def test_what_was_not_used_for_longest_goes_first(mailbox: Mailbox) -> None:
    """When there is more than the limit; the others stay."""
    numbers = count()
    columns = [Column(b"%d" % next(numbers), lambda source: 0) for _ in range(4)]
    keeper = Keeper(5000)
    for column in columns[:3]:
        keeper.add(mailbox, column, {1: 0, 2: 0})
    keeper.get(mailbox, columns[0])
    for uid in range(10, 15):
        keeper.add(mailbox, columns[3], {uid: 0})

    assert keeper.get(mailbox, columns[0]) == {1: 0, 2: 0}
    assert keeper.get(mailbox, columns[1]) == {}
    assert keeper.get(mailbox, columns[2]) == {1: 0, 2: 0}
    assert len(keeper.get(mailbox, columns[3])) == 5


def test_a_column_too_large_to_keep_is_not_kept(mailbox: Mailbox) -> None:
    """It goes like any other, and who reads it holds what was given out."""
    keeper = Keeper(5000)
    held = keeper.get(mailbox, SENT)
    keeper.add(mailbox, SENT, dict.fromkeys(range(100), 0))

    assert len(held) == 100
    assert keeper.get(mailbox, SENT) == {}


def test_columns_without_values_take_room_too(mailbox: Mailbox) -> None:
    """A client may name ever other fields, as long as a literal, of a mailbox without messages."""
    keeper = Keeper(100_000)
    first = keeper.get(mailbox, fields(b"0"))
    for number in range(1, 200):
        keeper.get(mailbox, fields(b"%d" % number))
    again = keeper.get(mailbox, fields(b"0"))
    for number in range(3):
        keeper.get(mailbox, fields(b"%d" % number * 40_000))

    assert again is not first
    assert keeper.get(mailbox, fields(b"0")) is not again


def test_mailboxes_are_apart(world: World) -> None:
    """And new messages are added to what is known."""
    world.deliver(b"Subject: Re: one\r\n\r\n", flags="")
    world.deliver(b"Subject: two\r\n\r\n", "Other", flags="")
    client = world.imap_in()
    client.ask(b"a SORT (SUBJECT) UTF-8 ALL\r\n")
    world.deliver(b"Subject: three\r\n\r\n", flags="")
    client.ask(b"b NOOP\r\nc SORT (SUBJECT) UTF-8 ALL\r\nd SELECT Other\r\ne SORT (SUBJECT) UTF-8 ALL\r\n")
    account = world.accounts.open("fred", None)

    assert KEPT.get(account.mailbox("INBOX"), BASE_SUBJECT) == {1: "ONE", 2: "THREE"}
    assert KEPT.get(account.mailbox("Other"), BASE_SUBJECT) == {1: "TWO"}


@pytest.mark.parametrize("limit", [0, 300])
def test_answers_do_not_depend_on_what_is_kept(world: World, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """With room for nothing, or for little, searching and sorting work as ever."""
    for subject in (b"b", b"a", b"Re: b"):
        world.deliver(b"Subject: %s\r\nFrom: x\r\n\r\n" % subject, flags="")
    monkeypatch.setattr("mailaccess.imap.searching.KEPT", Keeper(limit))
    monkeypatch.setattr("mailaccess.imap.searching.HEADERS", 1)
    client = world.imap_in()

    for _ in range(2):
        assert client.ask(b"a SORT (SUBJECT FROM) UTF-8 FROM x\r\n").startswith(b"* SORT 2 1 3\r\n")
        assert client.ask(b"a SEARCH SUBJECT b HEADER From x\r\n").startswith(b"* SEARCH 1 3\r\n")


def test_fields_with_long_names_are_not_kept(world: World) -> None:
    """Whoever looks for ever other fields is not to fill the memory with their names."""
    name = b"x-" + b"y" * 1000
    world.deliver(b"X-Short: one\r\n%s: two\r\n\r\n" % name, flags="")
    client = world.imap_in()
    for _ in range(2):
        assert client.ask(b"a SEARCH HEADER X-Short one HEADER %s two\r\n" % name).startswith(b"* SEARCH 1\r\n")
    mailbox = world.accounts.open("fred", None).mailbox("INBOX")

    assert KEPT.get(mailbox, fields(b"x-short")) == {1: ["ONE"]}
    assert KEPT.get(mailbox, fields(name)) == {}


def test_threads_are_read_all_at_once(world: World) -> None:
    """Beside columns that are read message by message; of one that is gone nothing is said."""
    texts = [b"Message-ID: <1@x>\r\n\r\n", b"Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n\r\n"]
    for text in texts:
        world.deliver(text)
    mailbox = world.accounts.open("fred", None).mailbox("INBOX")
    mailbox.remove([2])
    found = dict(read(mailbox, {uid: Facts(build(text)) for uid, text in enumerate(texts, 1)}, [DIGEST, THREAD]))
    assert found[DIGEST] == {uid: Facts(build(text)).digest for uid, text in enumerate(texts, 1)}
    assert found[THREAD].keys() == {1}
