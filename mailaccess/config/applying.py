"""Settings put to use at the start, alike by the server and by every command: whom to become, which backend to ask."""

from mailaccess.auth.backend import Backend, BadBackend, load
from mailaccess.config.source import Configuration
from mailaccess.privileges import PrivilegeError, drop


def become_user(configuration: Configuration) -> None:
    """From here on this process is the configured user, if it was root. ConfigError."""
    security = configuration.settings.security
    try:
        drop(security.user, security.group)
    except PrivilegeError as error:
        raise configuration.error(("security", error.setting), str(error)) from None


def backend(configuration: Configuration) -> Backend:
    """The authentication backend, which has read nothing yet. ConfigError names the option it does not like."""
    auth = configuration.settings.auth
    try:
        return load(auth.backend, auth.options)
    except BadBackend as error:
        raise configuration.error(("auth", error.option or "backend"), str(error)) from None
