"""An account in a temporary directory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailaccess.storage import watch
from mailaccess.storage.access import Access
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.namespaces import Sharing
from mailaccess.storage.sharers import Sharers
from mailaccess.storage.watch import Watcher
from tests.storage.people import PEOPLE
from tests.storage.post import settings


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """Accounts below the test's directory; closed at its end."""
    accounts = Accounts(settings(tmp_path))
    yield accounts
    accounts.close()


@pytest.fixture
def account(accounts: Accounts) -> Account:
    """fred's mail."""
    return accounts.open("fred", None)


@pytest.fixture
def elsewhere(account: Account) -> Iterator[Account]:
    """fred's mail as another process has it: nothing is shared but disk and index."""
    accounts = Accounts(settings(account.root.parent))
    yield accounts.open(account.root.name, None)
    accounts.close()


@pytest.fixture
def inbox(account: Account) -> Mailbox:
    """fred's INBOX."""
    return account.mailbox("INBOX")


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    """The process's watcher; nothing is told until `ready` is called."""
    watcher = Watcher()
    watch.install(watcher)
    yield watcher
    watch.install(None)
    watcher.close()


@pytest.fixture
def sharing(tmp_path: Path) -> Sharing:
    """Names are looked up in any case."""
    return Sharing(lambda user: PEOPLE.get(user.lower()), Sharers(tmp_path / "shared-mailboxes"), public="public")


@pytest.fixture
def people(tmp_path: Path, sharing: Sharing) -> Iterator[Accounts]:
    """ann, bob and carol, and an account that is everybody's."""
    accounts = Accounts(settings(tmp_path, sharing=sharing))
    yield accounts
    accounts.close()


@pytest.fixture
def ann(people: Accounts) -> Access:
    return people.access("ann", None)


@pytest.fixture
def bob(people: Accounts) -> Access:
    return people.access("bob", None)
