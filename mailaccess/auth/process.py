"""Processes by names that are never used twice, so that what a dead one left behind can be told from a living one's."""

import os
from functools import cache
from pathlib import Path


def this_process() -> str:
    """This process's name."""
    return name_of(os.getpid()) or f"{os.getpid()}::"


def alive(name: str) -> bool:
    """Does the process of this name still run?"""
    pid = int(name.partition(":")[0])
    return name_of(pid) == name


def name_of(pid: int) -> str | None:
    """`pid:start:boot`, since a process identifier alone is used again. None: no such process.

    Where the system has no /proc, only the process identifier counts.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None if Path("/proc/self/stat").exists() or not _exists(pid) else f"{pid}::"
    # The second field is the program's name in parentheses, which may hold spaces and parentheses; the third is the
    # state, the 22nd the start time.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{pid}:{fields[19]}:{_boot()}"


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
