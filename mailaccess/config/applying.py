"""Settings put to use at the start, alike by the server and by every command: whom to become, which backend to ask.

What turns out to be wrong is a ConfigError that names the setting and where it was given.
"""

from pathlib import Path

from mailaccess.auth.backend import Backend, BadBackend, load
from mailaccess.config.settings import PASSWD_FILE
from mailaccess.config.source import Configuration
from mailaccess.privileges import PrivilegeError, drop, unreadable
from mailaccess.storage.namespaces import Sharing
from mailaccess.storage.sharers import Sharers

DICTIONARY = ".shared-mailboxes"


def become_user(configuration: Configuration) -> None:
    """From here on this process is the configured user, if it was root."""
    security = configuration.settings.security
    try:
        drop(security.user, security.group)
    except PrivilegeError as error:
        raise configuration.error(("security", error.setting), str(error)) from None


def backend(configuration: Configuration) -> Backend:
    """The authentication backend, which has read nothing yet."""
    auth = configuration.settings.auth
    try:
        return load(auth.backend, auth.options)
    except BadBackend as error:
        raise configuration.error(("auth", error.option or "backend"), str(error)) from None


def read_backend(configuration: Configuration) -> Backend:
    """The same, with its accounts in memory."""
    found = backend(configuration)
    try:
        found.reload()
    except OSError as error:
        problems = unreadable([Path(error.filename)]) if error.filename else []
        key = "path" if configuration.settings.auth.backend == PASSWD_FILE else "backend"
        raise configuration.error(("auth", key), problems[0] if problems else str(error)) from None
    return found


def sharing(configuration: Configuration, accounts: Backend) -> Sharing:
    """How mail is shared between the users that the backend knows."""
    wanted = configuration.settings.sharing
    beside = Path(configuration.settings.storage.maildir.partition("{")[0] + "x").parent
    return Sharing(
        accounts.lookup,
        Sharers(wanted.dictionary or beside / DICTIONARY),
        wanted.users,
        wanted.shared,
        wanted.public,
        wanted.personal_flags,
    )
