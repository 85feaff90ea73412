"""From root to the configured user, for good: the server after binding, every other command before anything else."""

import grp
import os
import pwd
from collections.abc import Iterable
from pathlib import Path


class PrivilegeError(Exception):
    """The configured user or group does not exist; `setting` is the one of the two to blame."""

    def __init__(self, setting: str, text: str) -> None:
        super().__init__(text)
        self.setting = setting


def drop(user: str | None, group: str | None) -> None:
    """Started as root, becomes `user` (a name or number) with its groups, or with `group` in place of its own.

    Does nothing for anybody else, nor where no user is configured. Raises PrivilegeError.
    """
    if os.getuid() != 0 or user is None:
        return
    uid, gid = _user(user)
    if group is not None:
        gid = _group(group)
    if gid is None:
        raise PrivilegeError("group", f"expected one, for user {user} has none of its own")
    name = _name(uid)
    os.setgroups([] if name is None else os.getgrouplist(name, gid))
    os.setgid(gid)
    os.setuid(uid)
    os.umask(0o077)


def unreadable(files: Iterable[Path]) -> list[str]:
    """One line for each of the files that this process may not read, saying why."""
    problems = []
    for file in files:
        try:
            file.open("rb").close()
        except OSError as error:
            problems.append(f"{file}: {error.strerror} (as user {_name(os.getuid()) or os.getuid()})")
    return problems


def _user(user: str) -> tuple[int, int | None]:
    """The user's number, and its group's where the system knows it."""
    try:
        entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    except KeyError:
        if user.isdecimal():
            return int(user), None
        raise PrivilegeError("user", f"there is no user {user} on this machine") from None
    return entry.pw_uid, entry.pw_gid


def _group(group: str) -> int:
    if group.isdecimal():
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise PrivilegeError("group", f"there is no group {group} on this machine") from None


def _name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
