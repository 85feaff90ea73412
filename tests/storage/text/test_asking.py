"""Which messages hold a needle: by the index exactly those that reading them finds."""

import base64
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.mail.lines import to_wire
from mailaccess.mail.mime import parse
from mailaccess.mail.text import fold, searchable
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.text import asking, filling
from mailaccess.storage.text.asking import Unanswered
from tests.storage.post import add
from tests.storage.post import settings as storage

CHARACTERS = st.sampled_from(
    [*"abAB\"' \t*^-\0ß", "é", "e\u0301", "İ", "ı", "ﬁ", "ǅ", "Σς", "日", "本", "が", "😀", "\r\n"]
)
WORDS = st.text(st.characters(codec="utf-8"), max_size=8) | st.lists(CHARACTERS, max_size=12).map("".join)
SUBJECTS = st.lists(CHARACTERS, max_size=6).map(lambda found: "".join(found).replace("\r\n", "").replace("\0", ""))


def message(subject: str, words: Sequence[str]) -> bytes:
    """Its body in base64, so that it may be any text."""
    body = base64.encodebytes(" ".join(words).encode())
    return (
        f"Subject: {subject}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n".encode()
        + body
    )


def fill(accounts: Accounts, mailbox: Mailbox) -> None:
    """All there is goes into the index."""
    mailbox.want_texts()
    while accounts.fill():
        pass


def answer(mailbox: Mailbox, needle: str, *, header: bool = True) -> list[int]:
    """What the index says of the messages that it knows, which are all."""
    asked = mailbox.ask_texts()
    assert asked is not None
    try:
        uids = mailbox.messages.uids
        assert asked.unknown(uids) == []
        found = [uid for piece in asked.holding(uids, needle, header=header) for uid in piece]
    finally:
        asked.close()
    assert len(set(found)) == len(found)
    return sorted(set(found) & set(mailbox.messages.uids))


def read(mailbox: Mailbox, needle: str, *, header: bool = True) -> list[int]:
    """What reading all messages finds."""
    found = []
    for uid in mailbox.messages.uids:
        with mailbox.content(uid) as content:
            data = bytes(content.as_buffer())
        if any(needle in fold(text) for text in searchable(data, parse(data), headers=header)):
            found.append(uid)
    return found


@pytest.mark.parametrize(("few", "at_once", "packed"), [(0, 200, 1 << 30), (500, 2, 0)])
def test_the_same_as_reading_them(few: int, at_once: int, packed: int) -> None:
    """Whatever the texts and the needle: by trigrams or one by one, compressed or not, in one step or in many."""

    @settings(max_examples=25)
    @given(st.lists(st.tuples(SUBJECTS, st.lists(WORDS, max_size=5)), min_size=1, max_size=8), st.data())
    def check(mails: list[tuple[str, list[str]]], data: st.DataObject) -> None:
        with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
            patch.setattr(asking, "FEW", few)
            patch.setattr(asking, "_AT_ONCE", at_once)
            patch.setattr(asking, "_STEP", 1)
            patch.setattr(filling, "_PACKED", packed)
            patch.setattr(filling, "_MESSAGES", 3)
            accounts = Accounts(storage(Path(directory)))
            mailbox = accounts.open("fred", None).mailbox("INBOX")
            octets = [message(*mail) for mail in mails]
            add(mailbox, *octets)
            fill(accounts, mailbox)
            texts = [fold(text) for mail in octets for text in searchable(to_wire(mail), parse(to_wire(mail)))]
            for _ in range(10):
                text = data.draw(st.sampled_from(texts) | WORDS.map(fold))
                start = data.draw(st.integers(0, len(text)))
                needle = text[start : start + data.draw(st.integers(1, 9))]
                for header in (False, True):
                    if needle:
                        assert answer(mailbox, needle, header=header) == read(mailbox, needle, header=header)
            accounts.close()

    check()


@pytest.mark.parametrize(
    ("needle", "found"),
    [
        ("A", [1, 2, 3]),
        ("AB", [2]),
        ("ABC", [2]),
        ('"X"', [1]),
        ('"X" OR', [1]),
        ("AB\0", []),
        ("\ud800\ud800\ud800", []),
        ("X" * 70_000, []),
        ("LONG " * 1000, [3]),
        ("TEXT/PLAIN\r\n\r\n", []),  # lies across two texts
    ],
)
def test_needles(
    accounts: Accounts, inbox: Mailbox, needle: str, found: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of any length, and of what SQLite takes for something else."""
    monkeypatch.setattr(asking, "FEW", 0)
    add(inbox, b'Subject: a\n\n"x" or y\n', b"\nabcd\n", b"Content-Type: text/plain\n\n" + b"long " * 3000)
    fill(accounts, inbox)

    assert answer(inbox, needle) == found


def test_mailboxes_are_told_apart(accounts: Accounts, inbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though a copy has the same document."""
    monkeypatch.setattr(asking, "FEW", 0)
    account = accounts.open("fred", None)
    account.create("Work")
    work = account.mailbox("Work")
    add(inbox, b"\nnothing\n", b"\napple\n", b"\napple\n")
    inbox.copy([2, 3], work)
    fill(accounts, inbox)
    fill(accounts, work)

    assert answer(inbox, "APPLE") == [2, 3]
    assert answer(work, "APPLE") == [1, 2]
    assert answer(work, "NOTHING") == []


def test_gaps_between_uids(accounts: Accounts, inbox: Mailbox) -> None:
    """Few messages of many are asked for one by one."""
    add(inbox, *[b"\nnumber %d\n" % number for number in range(1, 41)])
    fill(accounts, inbox)
    asked = inbox.ask_texts()
    assert asked is not None

    assert [uid for piece in asked.holding([1, 40], "NUMBER", header=False) for uid in piece] == [1, 40]
    asked.close()


def test_what_is_damaged_does_not_answer(accounts: Accounts, inbox: Mailbox) -> None:
    """Nor is it there the next time."""
    add(inbox, *[b"\nnumber %d %s\n" % (number, b"x" * 3000) for number in range(1, 41)])
    fill(accounts, inbox)
    path = accounts.open("fred", None).index_path / "text.sqlite"
    data = bytearray(path.read_bytes())
    data[4096 * 3 :] = b"\xa5" * (len(data) - 4096 * 3)
    path.write_bytes(data)
    try:
        asked = inbox.ask_texts()
        if asked is not None:
            list(asked.holding(inbox.messages.uids, "NUMBER", header=False))
    except Unanswered:
        pass

    assert not path.exists()
    fill(accounts, inbox)
    assert answer(inbox, "NUMBER 4") == [4, 40]
