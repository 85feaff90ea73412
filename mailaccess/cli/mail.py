"""How a command comes at an account's mail."""

from collections.abc import Iterator
from contextlib import contextmanager

from mailaccess.cli.context import identity
from mailaccess.config import Configuration, applying
from mailaccess.config.grants import Grants
from mailaccess.imap import facts
from mailaccess.storage.access import Access
from mailaccess.storage.account import Account
from mailaccess.storage.accounts import Accounts, StorageSettings


@contextmanager
def mail_of(loaded: Configuration, user: str) -> Iterator[Account]:
    """The mail of the account called `user`, with all rights to it. NoUser, StorageError."""
    with access_of(loaded, user) as access:
        yield access.own


@contextmanager
def access_of(loaded: Configuration, user: str) -> Iterator[Access]:
    """What `user` comes at, with the rights that he has. NoUser, StorageError."""
    found = identity(loaded, user)
    storage = loaded.settings.storage
    backend = applying.backend(loaded)
    accounts = Accounts(
        StorageSettings(
            storage.maildir,
            storage.index,
            facts.build,
            facts.VERSION,
            facts.kin,
            sharing=applying.sharing(loaded, backend),
            quota=Grants(backend, loaded.settings.quota),
            full_text=storage.full_text,
        )
    )
    try:
        yield accounts.access(found.user, found.home)
    finally:
        accounts.close()
