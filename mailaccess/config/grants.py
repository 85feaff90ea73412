"""What an account may hold: the configuration says so for all, and the account's own settings go before it.

Those are `quota=1G` or `quota=storage=1G,messages=1000,mailboxes=50` (none or 0: any number), or what Dovecot reads:
`userdb_quota_rule=*:storage=1G:messages=1000`, `userdb_quota_storage_size=1G`, `userdb_quota_message_count=1000`.
"""

import logging
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace

from mailaccess.auth.backend import Backend
from mailaccess.config.settings import Quota
from mailaccess.storage.quota import Allowance, Limits

log = logging.getLogger(__name__)

FIELD = "quota"
"""The account's own setting."""

NAMES = ("storage", "messages", "mailboxes")

_RULE = re.compile(r"(?:userdb_)?quota_rule[0-9]*")
_DOVECOT = {"quota_storage_size": "storage", "quota_message_count": "messages", "quota_mailbox_count": "mailboxes"}
_NUMBER = re.compile(r"([0-9]{1,18})([bkmgt]?)", re.IGNORECASE)
_UNITS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_CACHED = 10_000

Said = dict[str, int | None]
"""Limits by name, None for any number; what is missing is said elsewhere."""


class Grants:
    """Asked for each user before anything is added, so that a change counts at once. Thread-safe; may wait."""

    def __init__(self, accounts: Backend, settings: Quota) -> None:
        self._accounts = accounts
        self._soft = settings.soft
        self._limits = Limits(settings.storage, settings.messages, settings.mailboxes)
        self._known: tuple[Hashable, dict[str, Allowance]] = None, {}

    def __call__(self, user: str) -> Allowance:
        """While the accounts cannot be asked, what they said before, or what all have."""
        version, known = self._known
        try:
            now = self._accounts.version()
            if now != version or len(known) > _CACHED:
                known = {}
                self._known = now, known
            found = known.get(user)
            if found is None:
                found = known[user] = self._ask(user)
        except OSError as error:
            log.warning("the quota of %s cannot be looked up: %s", user, error)
            return known.get(user) or Allowance(self._limits, self._soft)
        return found

    def _ask(self, user: str) -> Allowance:
        identity = self._accounts.lookup(user)
        try:
            said = read(identity.extra if identity is not None else {})
        except ValueError as error:
            log.warning("the account %s has a wrong quota, %s: it has that of the configuration", user, error)
            said = {}
        return Allowance(replace(self._limits, **said), self._soft)


def read(extra: Mapping[str, str]) -> Said:
    """What an account's settings say. ValueError."""
    said: Said = {}
    for name, value in extra.items():
        if _RULE.fullmatch(name):
            said |= dict(_rule(value))
    for name, limit in _DOVECOT.items():
        for spelled in (name, f"userdb_{name}"):
            if spelled in extra:
                said[limit] = number(extra[spelled], limit)
    if FIELD in extra:
        said |= parse(extra[FIELD])
    return said


def parse(text: str) -> Said:
    """`1G`, or limits by name. ValueError."""
    said: Said = {}
    for part in text.split(","):
        name, separator, value = part.partition("=")
        if not separator:
            name, value = "storage", part
        if name not in NAMES or name in said:
            raise ValueError(f"{text!r}, where 1G or {','.join(f'{each}=...' for each in NAMES)} was expected")
        said[name] = number(value, name)
    return said


def render(said: Said) -> str:
    """The same the other way round; the order is that of NAMES."""
    return ",".join(f"{name}={'none' if said[name] is None else said[name]}" for name in NAMES if name in said)


def _rule(text: str) -> Iterator[tuple[str, int | None]]:
    """Dovecot's: a mailbox or `*`, and limits, each behind a colon. Mailboxes have no quota of their own here."""
    mailbox, *limits = text.split(":")
    for limit in limits if mailbox == "*" else ():
        name, _, value = limit.partition("=")
        if name == "storage":
            yield "storage", number(value, name, unit="k")
        elif name in ("bytes", "messages"):
            yield {"bytes": "storage"}.get(name, name), number(value, name)
        elif name == "ignore":
            yield from (("storage", None), ("messages", None))


def number(text: str, name: str, unit: str = "b") -> int | None:
    """A limit in words, of storage in `unit` if it says none; None for any number. ValueError."""
    if text.lower() == "none":
        return None
    found = _NUMBER.fullmatch(text)
    if found is None or (found[2] and name in NAMES[1:]):
        raise ValueError(f"{text!r}, where a number was expected" + ("" if name in NAMES[1:] else ", as 1G"))
    scale = 1 if name in NAMES[1:] else _UNITS[(found[2] or unit).lower()]
    return int(found[1]) * scale or None
