"""How a command comes at an account's mail."""

from collections.abc import Iterator
from contextlib import contextmanager

from mailaccess.cli.context import identity
from mailaccess.config import Configuration
from mailaccess.imap import facts
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts, StorageSettings


@contextmanager
def mail_of(loaded: Configuration, user: str) -> Iterator[Account]:
    """The mail of the account called `user`. NoUser, StorageError."""
    found = identity(loaded, user)
    storage = loaded.settings.storage
    accounts = Accounts(StorageSettings(storage.maildir, storage.index, facts.build, facts.VERSION, facts.kin))
    try:
        yield accounts.open(found.user, found.home)
    finally:
        accounts.close()
