"""Files of which the index was asked ahead: what it says now counts, and what is there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED
from mailaccess.storage.account import Account
from mailaccess.storage.errors import MessageGone
from mailaccess.storage.index import reading
from mailaccess.storage.mailbox import Action, Mailbox
from tests.storage.post import add

COUNT = 100


@pytest.fixture
def asked(inbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """INBOX has messages 1 to COUNT. How many UIDs the index is asked for, each time."""
    for number in range(COUNT):
        add(inbox, b"Subject: %d\r\n\r\n" % (number + 1))
    inbox.make_sizes(list(range(1, COUNT + 1)))
    counts: list[int] = []
    real: Callable[..., object] = reading.files_of

    def counting(connection: object, mailbox: int, uids: range) -> object:
        counts.append(len(uids))
        return real(connection, mailbox, uids)

    monkeypatch.setattr(reading, "files_of", counting)
    return counts


def subject(inbox: Mailbox, uid: int) -> bytes | None:
    """What `content_at_hand` gives."""
    content = inbox.content_at_hand(uid)
    if content is None:
        return None
    with content:
        return content.read(9, 100).strip()


def path_of(inbox: Mailbox, account: Account, uid: int) -> Path:
    """Where a message is."""
    return next(path for path in account.root.glob("cur/*") if path.read_bytes() == b"Subject: %d\r\n\r\n" % uid)


def test_the_index_is_asked_rarely(inbox: Mailbox, asked: list[int]) -> None:
    """By who opens one after the other; not by who opens the same ones again."""
    assert [subject(inbox, uid) for uid in range(1, COUNT + 1)] == [b"%d" % uid for uid in range(1, COUNT + 1)]
    assert len(asked) == 2 + COUNT // 32
    assert subject(inbox, COUNT) == b"%d" % COUNT


def test_who_opens_messages_here_and_there_asks_for_no_more(inbox: Mailbox, asked: list[int]) -> None:
    for uid in (90, 10, 50, 30):
        assert subject(inbox, uid) == b"%d" % uid
    assert asked == [1, 1, 1, 1]


def test_what_another_process_flags_is_found(inbox: Mailbox, asked: list[int], elsewhere: Account) -> None:
    """Under its new name, which the index knows."""
    subject(inbox, 1), subject(inbox, 2)
    elsewhere.mailbox("INBOX").store([3], Action.ADD, frozenset([DELETED]))
    assert subject(inbox, 3) == b"3"


def test_what_another_process_expunges_is_gone(inbox: Mailbox, asked: list[int], elsewhere: Account) -> None:
    subject(inbox, 1), subject(inbox, 2)
    elsewhere.mailbox("INBOX").remove([3])
    with pytest.raises(MessageGone):
        inbox.content_at_hand(3)
    assert subject(inbox, 4) == b"4"


def test_what_another_program_does_is_seen(inbox: Mailbox, asked: list[int], account: Account) -> None:
    """Removed, renamed, written to: as where the index was not asked ahead."""
    subject(inbox, 1), subject(inbox, 2)
    path_of(inbox, account, 3).unlink()
    path = path_of(inbox, account, 4)
    path.rename(f"{path}F")
    path_of(inbox, account, 5).write_bytes(b"Subject: other\r\n\r\n")

    assert subject(inbox, 3) is None
    assert subject(inbox, 4) is None
    with pytest.raises(MessageGone):
        inbox.content_at_hand(5)
    with pytest.raises(MessageGone):
        inbox.content(3)
    with inbox.content(4) as content:
        assert content.read(9, 1) == b"4"
