"""The passwd-file backend: `user:{SCHEME}hash:uid:gid:gecos:home:shell:extra`, one account a line, as in Dovecot.

The first two fields are needed, `home` is where the mail is if given, uid and gid are not used. The file may be
edited by hand or by other programs at any time, and is read again when it has changed.
"""

import logging
import os
import re
import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from mailaccess.auth import schemes
from mailaccess.auth.backend import Identity
from mailaccess.auth.file_edit import Busy, Stamp, edit, stamp_of
from mailaccess.auth.names import normal_user

log = logging.getLogger(__name__)

_EXTRA = 7  # which of the fields the extra ones are

TICK = 0.05
"""Seconds within which two changes of a file may bear the same times: several ticks of the kernel's clock."""

UNSUPPORTED = ("nologin", "allow_nets")
"""Extra fields that restrict an account in a way unknown here. Rather nobody than too many."""


class AccountError(Exception):
    """An account cannot be added, changed or removed; the text says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """One line's account."""

    identity: Identity
    stored: str  # the second field
    refused: bool  # it has a restriction that is not supported


@dataclass(frozen=True, slots=True)
class _Table:
    stamp: Stamp
    settled: bool  # the stamp changes with the next change of the file, for certain
    accounts: dict[str, Account]  # by the name that is compared
    problems: tuple[str, ...]
    has_secrets: bool


class PasswdFile:
    """The backend, and what the command line does to its file. Thread-safe."""

    def __init__(self, path: Path, fold_case: bool = False) -> None:
        """`fold_case`: user names are compared without regard to case. The file is first read when it is needed."""
        self.path = path
        self._fold_case = fold_case
        self._lock = threading.Lock()
        self._table: _Table | None = None
        self._unreadable = False  # it was, at the last look, and that is logged

    # -- the backend

    @property
    def has_secrets(self) -> bool:
        try:
            return (self._table or self._current()).has_secrets
        except OSError:
            return False

    def verify(self, user: str, password: str) -> Identity | None:
        account = self._find(user)
        if account is None or account.refused:
            schemes.dummy_verify(password)
            return None
        if not schemes.verify(account.stored, password):
            return None
        if schemes.needs_upgrade(account.stored):
            self._upgrade(account, password)
        return account.identity

    def lookup(self, user: str) -> Identity | None:
        account = self._find(user)
        return account.identity if account else None

    def secret(self, user: str) -> str | None:
        account = self._find(user)
        return schemes.secret(account.stored) if account and not account.refused else None

    def version(self) -> Hashable:
        table = self._current()
        return table.stamp if table.settled else object()

    def users(self) -> list[str]:
        return [account.identity.user for account in self._current().accounts.values()]

    def reload(self) -> None:
        with self._lock:
            self._load()

    @property
    def problems(self) -> tuple[str, ...]:
        """`file:line: what is wrong` for each line that is not taken, or gives an account nobody can log in to."""
        return self._current().problems

    # -- the command line

    def add(self, user: str, password: str, home: str | None = None) -> None:
        """Adds an account; the file is made if it is missing. AccountError, ValueError for an impossible name or
        password, OSError if the file cannot be replaced."""
        name, hashed = normal_user(user, False), schemes.hash_password(password)
        if ":" in name or name.startswith("#") or name != name.strip():
            raise ValueError("in this file a user name has no colon, no # in front and no space around it")
        if home is not None and (":" in home or not home.isprintable() or not home.startswith("/")):
            raise ValueError("in this file a home is an absolute path with neither a colon nor control characters")
        with edit(self.path, create=True) as lines:
            if any(self._is_line_of(line, name) for line in lines):
                raise AccountError(f"There is already a user {name}.")
            if lines and not lines[-1].endswith("\n"):
                lines[-1] += "\n"
            lines.append(f"{name}:{hashed}::::{home}\n" if home else f"{name}:{hashed}\n")

    def set_password(self, user: str, password: str) -> None:
        """Gives a user a new password. As `add`."""
        hashed = schemes.hash_password(password)
        with edit(self.path) as lines:
            index = self._line_of(lines, user)
            lines[index] = _with_stored(lines[index], hashed)

    def set_extra(self, user: str, name: str, value: str | None) -> None:
        """Sets one of a user's extra fields, or with None removes it. As `add`."""
        if value is not None and not re.fullmatch(r"[!-~]+", value):
            raise ValueError("in this file an extra field has neither spaces nor other characters than ASCII's")
        with edit(self.path) as lines:
            index = self._line_of(lines, user)
            lines[index] = _with_extra(lines[index], name, value)

    def remove(self, user: str) -> None:
        """Removes an account; its mail stays. As `add`."""
        with edit(self.path) as lines:
            del lines[self._line_of(lines, user)]

    # -- reading

    def _find(self, user: str) -> Account | None:
        try:
            return self._current().accounts.get(normal_user(user, self._fold_case))
        except ValueError:
            return None

    def _current(self) -> _Table:
        """The accounts as the file has them now; while it cannot be read, as it had them last."""
        with self._lock:
            try:
                table = self._table
                if table is None or not table.settled or stamp_of(self.path.stat()) != table.stamp:
                    table = self._load()
                self._unreadable = False
            except OSError as error:
                if self._table is None:
                    raise
                if not self._unreadable:
                    log.warning("user file not read, going on with what it held before: %s", error)
                self._unreadable = True
                return self._table
            return table

    def _load(self) -> _Table:
        with self.path.open("rb") as file:
            # The stamp is taken before the content: a change in between is seen at the next look.
            stamp = stamp_of(os.fstat(file.fileno()))
            settled = abs(time.time() - stamp.changed / 1e9) > TICK
            before = self._table
            if before is not None and before.stamp == stamp and before.settled:
                return before
            text = file.read().decode("utf-8", "surrogateescape")
        accounts, problems = self._parse(text)
        has_secrets = any(schemes.secret(account.stored) for account in accounts.values() if not account.refused)
        if before is None or before.problems != problems:
            for problem in problems:
                log.warning("%s", problem)
        self._table = _Table(stamp, settled, accounts, problems, has_secrets)
        return self._table

    def _parse(self, text: str) -> tuple[dict[str, Account], tuple[str, ...]]:
        accounts: dict[str, Account] = {}
        problems = []
        for number, line in enumerate(text.split("\n"), 1):
            try:
                account = _account(line)
                if account is None:
                    continue
                name = self._key(account)
            except ValueError as error:
                problems.append(f"{self.path}:{number}: {error}")
                continue
            if name in accounts:
                problems.append(f"{self.path}:{number}: this user has an earlier line, which counts")
                continue
            accounts[name] = account
            if reason := _hindrance(account):
                problems.append(f"{self.path}:{number}: {reason}")
        return accounts, tuple(problems)

    # -- writing

    def _upgrade(self, account: Account, password: str) -> None:
        """Replaces an old hash by one of today's, if that can be done at once and without changing anything else."""
        user = account.identity.user
        try:
            hashed = schemes.hash_password(password)
            with edit(self.path, wait=False) as lines:
                index = self._line_of(lines, user)
                # Somebody may have set another password since this one was checked.
                if _fields(lines[index])[1] != account.stored:
                    return
                lines[index] = _with_stored(lines[index], hashed)
        except (OSError, Busy, AccountError, ValueError) as error:
            log.debug("password hash of %s not upgraded: %s", user, error)
        else:
            log.info("password hash of %s upgraded", user)

    def _line_of(self, lines: list[str], user: str) -> int:
        for index, line in enumerate(lines):
            if self._is_line_of(line, user):
                return index
        raise AccountError(f"There is no user {user}.")

    def _is_line_of(self, line: str, user: str) -> bool:
        try:
            account = _account(line.removesuffix("\n"))
            return account is not None and self._key(account) == normal_user(user, self._fold_case)
        except ValueError:
            return False

    def _key(self, account: Account) -> str:
        """The name that is compared."""
        user = account.identity.user
        return normal_user(user, True) if self._fold_case else user


def _account(line: str) -> Account | None:
    """The account of a line without its line feed; None for a comment or an empty line. ValueError."""
    line = line.removesuffix("\r")
    if not line.strip() or line.startswith("#"):
        return None
    fields = _fields(line)
    if len(fields) < 2:
        raise ValueError("expected user:{SCHEME}password")
    user = normal_user(fields[0], False)
    home = fields[5] if len(fields) > 5 and fields[5] else None
    if home is not None and ("\0" in home or not home.startswith("/")):
        raise ValueError("a home is an absolute path")
    items = (item.partition("=") for item in (fields[_EXTRA].split() if len(fields) > _EXTRA else []))
    extra = {name: value for name, _, value in items}
    refused = any(name in UNSUPPORTED for name in extra)
    return Account(Identity(user, home, extra), fields[1], refused)


def _fields(line: str) -> list[str]:
    """The last one, the extra fields, may hold colons."""
    return line.rstrip("\r\n").split(":", _EXTRA)


def _with_stored(line: str, stored: str) -> str:
    user, _, rest = line.partition(":")
    old = _fields(line)[1]
    return f"{user}:{stored}{rest[len(old) :]}"


def _with_extra(line: str, name: str, value: str | None) -> str:
    text = line.rstrip("\r\n")
    fields = _fields(text)
    fields += [""] * (_EXTRA + 1 - len(fields))
    kept = [item for item in fields[_EXTRA].split() if item.partition("=")[0] != name]
    fields[_EXTRA] = " ".join([*kept, f"{name}={value}"] if value is not None else kept)
    return ":".join(fields) + line[len(text) :]


def _hindrance(account: Account) -> str | None:
    """Why nobody can log in to an account, unless it was locked on purpose."""
    if account.refused:
        return f"login refused, since {' and '.join(UNSUPPORTED)} are not supported"
    text = account.stored.removeprefix("{CRYPT}")
    locked = text == "x" or text.startswith(("!", "*"))
    return None if locked else schemes.problem(account.stored)
