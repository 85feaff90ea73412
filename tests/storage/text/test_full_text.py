"""One account's full-text index, as mailboxes and commands use it."""

from pathlib import Path

from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.rights import Rights
from mailaccess.storage.viewer import Viewer
from tests.storage.post import add, settings
from tests.storage.text.test_asking import answer, fill


def test_removed_and_made_again(accounts: Accounts, account: Account, inbox: Mailbox) -> None:
    """Not while somebody asks."""
    add(inbox)
    fill(accounts, inbox)
    texts = account.texts
    assert texts is not None
    asked = inbox.ask_texts()
    assert asked is not None
    assert not texts.remove()
    asked.close()
    assert texts.remove()
    assert (texts.size(), inbox.ask_texts()) == (0, None)
    fill(accounts, inbox)

    assert answer(inbox, "WORLD") == [1]
    assert texts.progress() == {inbox.number: (1, 1)}


def test_how_far_it_is(account: Account, inbox: Mailbox) -> None:
    """Of each mailbox that is wanted."""
    texts = account.texts
    assert texts is not None
    assert texts.progress() == {}
    add(inbox, *[b"\nnumber %d\n" % number for number in range(40)])
    texts.want(inbox.number)
    assert texts.fill()
    done, messages = texts.progress()[inbox.number]

    assert 0 < done < messages == 40


def test_whoever_looks_at_it_has_the_same(accounts: Accounts, account: Account, inbox: Mailbox) -> None:
    """The index is the owner's; a viewer's rights are looked after elsewhere."""
    add(inbox)
    viewed = account.viewed("INBOX", Viewer("ann", owner=False, personal=True))
    fill(accounts, viewed)

    assert answer(viewed, "WORLD") == answer(inbox, "WORLD") == [1]
    assert viewed.rights == Rights()


def test_switched_off(tmp_path: Path) -> None:
    """There is none, and nothing is written."""
    accounts = Accounts(settings(tmp_path, full_text=False))
    account = accounts.open("fred", None)
    inbox = account.mailbox("INBOX")
    add(inbox)
    inbox.want_texts()

    assert account.texts is None
    assert inbox.ask_texts() is None
    assert not accounts.to_fill
    accounts.close()
    assert not (account.index_path / "text.sqlite").exists()
