"""Names of processes."""

import os
import subprocess
import sys

from mailaccess.auth.process import alive, this_process


def test_this_process_lives() -> None:
    """And has one name."""
    assert this_process() == this_process()
    assert alive(this_process())


def test_process_that_has_ended_is_dead() -> None:
    """Also while its parent has not asked for its end: it holds nothing any more."""
    script = "from mailaccess.auth.process import this_process; print(this_process())"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        name = process.communicate()[0].strip()

    assert int(name.partition(":")[0]) == process.pid
    assert not alive(name)


def test_other_process_with_the_same_number_is_another() -> None:
    """Numbers are used again, in a container at once."""
    pid, _, rest = this_process().partition(":")

    assert int(pid) == os.getpid()
    assert not alive(f"{pid}:1{rest}")
