"""mailaccess.privileges: becoming somebody else is tried in a child process, which is what gives it up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailaccess.privileges import PrivilegeError, drop, unreadable

as_root = os.getuid() == 0

PROBE = """
import os, sys
from mailaccess.privileges import drop
drop(sys.argv[1], sys.argv[2] or None)
print(os.getuid(), os.geteuid(), os.getgid(), 0 in os.getgroups())
"""


def become(user: str, group: str = "") -> str:
    result = subprocess.run([sys.executable, "-c", PROBE, user, group], capture_output=True, text=True, check=True)
    return result.stdout.strip()


def test_without_a_configured_user_nothing_changes() -> None:
    """No user: the process stays who it is."""
    before = (os.getuid(), os.getgid())
    drop(None, None)

    assert (os.getuid(), os.getgid()) == before


def test_becomes_the_user_for_good() -> None:
    """Root becomes the user in real and effective id; anybody else stays who they are."""
    uid, gid = (65534, 65534) if as_root else (os.getuid(), os.getgid())

    assert become("65534", "65534").startswith(f"{uid} {uid} {gid} ")


def test_root_keeps_none_of_its_groups() -> None:
    """No supplementary group of root's survives."""
    assert become("nobody").endswith(" False")


def test_an_unknown_user_is_named() -> None:
    """A user the machine does not have is refused by name; only root gets as far as looking."""
    if not as_root:
        drop("nobody-of-this-name", None)
        return
    with pytest.raises(PrivilegeError, match="there is no user nobody-of-this-name"):
        drop("nobody-of-this-name", None)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The line says which file and why."""
    there, missing = tmp_path / "key.pem", tmp_path / "users"
    there.write_text("")

    [problem] = unreadable([there, missing])
    assert problem.startswith(f"{missing}: No such file or directory (as user ")
