"""All accounts: where a user's mail is, and how many indexes are open at a time."""

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from mailaccess.mail.lines import Buffer
from mailaccess.storage import quiet
from mailaccess.storage.access import Access
from mailaccess.storage.account import Account
from mailaccess.storage.errors import InvalidName, StorageError
from mailaccess.storage.index.database import Index
from mailaccess.storage.lingering import LINGERING
from mailaccess.storage.mailbox import FactsMaker
from mailaccess.storage.namespaces import Sharing
from mailaccess.storage.quota import Allowance
from mailaccess.storage.text.full_text import FullText
from mailaccess.storage.tree import DefaultMailbox

log = logging.getLogger(__name__)

DEFAULT_MAILBOXES: tuple[DefaultMailbox, ...] = (
    ("Drafts", "\\Drafts"),
    ("Sent", "\\Sent"),
    ("Junk", "\\Junk"),
    ("Trash", "\\Trash"),
    ("Archive", "\\Archive"),
)

_KEPT = 64
"""Accounts kept in memory though no session has them open."""

_FIELD = re.compile(r"\{(user|local|domain)\}")
_FORBIDDEN = re.compile(r"[/\x00-\x1f\x7f\ud800-\udfff]")
_LONGEST = 255  # octets of a file name


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """What the operator chose, and what makes facts of messages."""

    maildir: str  # where mail is: {user}, {local} and {domain} are filled in
    index: str | None  # where indexes are, likewise; None: `mailaccess/` beside the mail
    facts: Callable[[Buffer], bytes]
    facts_version: int
    kin: Callable[[bytes], Sequence[int]] = lambda _: ()  # the names in facts by which threads are found
    max_open_indexes: int = 256
    sharing: Sharing | None = None  # None: everybody has only his own mail
    quota: Callable[[str], Allowance] = lambda _: Allowance()  # what a user's mail may hold; may wait
    full_text: bool = True  # what is searched in texts is kept, for the next search
    default_mailboxes: tuple[DefaultMailbox, ...] = DEFAULT_MAILBOXES  # made, and subscribed to, in a new account


class Accounts:
    """Opens accounts; one object for one Maildir. Any thread may call."""

    def __init__(self, settings: StorageSettings) -> None:
        self._settings = settings
        self._open: OrderedDict[Index, None] = OrderedDict()  # with connections; least recently used first
        self._accounts: WeakValueDictionary[tuple[Path, Path], Account] = WeakValueDictionary()
        self._kept: OrderedDict[tuple[Path, Path], Account] = OrderedDict()
        self._to_fill: dict[FullText, None] = {}  # who waited longest first
        self._lock = threading.Lock()

    def open(self, user: str, home: str | None) -> Account:
        """A user's mail; made if there is none. `home` is where it is, whatever the template says. InvalidName."""
        root = Path(home or fill(self._settings.maildir, user))
        index = Path(fill(self._settings.index, user)) if self._settings.index else root / "mailaccess"
        key = root, index
        with self._lock:
            account = self._accounts.get(key)
        if account is None:
            made = Account(
                root,
                index,
                FactsMaker(self._settings.facts, self._settings.facts_version, self._settings.kin),
                self._settings.default_mailboxes,
                self._use,
                partial(self._settings.quota, user),
                self._fill_later if self._settings.full_text else None,
            )
            with self._lock:
                account = self._accounts.setdefault(key, made)
        with self._lock:
            self._kept[key] = account
            self._kept.move_to_end(key)
            idle = self._kept.popitem(last=False)[1] if len(self._kept) > _KEPT else None
        if idle is not None:
            self._rest(idle)
        return account

    def access(self, user: str, home: str | None) -> Access:
        """What a user comes at: his mail, which is made if there is none, and others' as far as they let him."""
        return Access(user, self.open(user, home), self._settings.sharing, self.open)

    def maintain(self) -> None:
        """What is due from time to time, in all accounts that are in memory."""
        for account in self._in_memory():
            try:
                account.maintain()
            except StorageError as error:
                log.warning("%s could not be maintained: %s", account.root, error)
        quiet.rest()
        LINGERING.rest()

    @property
    def to_fill(self) -> bool:
        """Some full-text index may have to be filled; fit for the reactor."""
        return bool(self._to_fill)

    def fill(self) -> bool:
        """Some 20 ms of work on a full-text index; whether there is more."""
        with self._lock:
            if not self._to_fill:
                return False
            texts = next(iter(self._to_fill))
            del self._to_fill[texts]
        if texts.fill():
            self._fill_later(texts)
        return bool(self._to_fill)

    def close(self) -> None:
        """Closes all accounts: nothing may be under way. The first StorageError is raised when all are closed."""
        failure: StorageError | None = None
        for account in self._in_memory():
            try:
                account.close()
            except StorageError as error:
                failure = failure or error
        with self._lock:
            self._kept.clear()
            indexes = list(self._open)
            self._open.clear()
        for index in indexes:
            index.close()
        if failure is not None:
            raise failure

    def _rest(self, account: Account) -> None:
        """Closes an account that was not asked for in a while; who has it open still goes on."""
        try:
            account.close()
        except StorageError as error:
            log.warning("%s could not be closed in order: %s", account.root, error)
        with self._lock:
            self._open.pop(account.index, None)

    def _fill_later(self, texts: FullText) -> None:
        with self._lock:
            self._to_fill[texts] = None

    def _in_memory(self) -> list[Account]:
        with self._lock:
            return list(self._accounts.values())

    def _use(self, index: Index) -> None:
        """Called before an index opens connections: those that were not used for longest give theirs up."""
        with self._lock:
            self._open[index] = None
            self._open.move_to_end(index)
            too_many = len(self._open) - self._settings.max_open_indexes
            idle = list(self._open)[:too_many] if too_many > 0 else []
        for other in idle:
            if other is not index and other.release():
                with self._lock:
                    self._open.pop(other, None)


def fill(template: str, user: str) -> str:
    """The path that a template gives for a user. InvalidName where it would lead anywhere but below."""
    local, _, domain = user.rpartition("@") if "@" in user else (user, "", "")
    values = {"user": user, "local": local, "domain": domain}
    for field in set(_FIELD.findall(template)):
        value = values[field]
        if value in ("", ".", "..") or _FORBIDDEN.search(value) or len(value.encode()) > _LONGEST:
            raise InvalidName(f"there can be no mail for the user {user!r}")
    return _FIELD.sub(lambda found: values[found[1]], template)
