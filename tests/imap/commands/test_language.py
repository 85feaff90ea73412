"""Language ranges."""

import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailaccess.imap.commands.language import LANGUAGES, _look_up
from tests.world import World


def test_too_many_ranges_are_refused(tmp_path: Path) -> None:
    """A list that nobody needs."""
    world = World(tmp_path)
    try:
        client = world.imap()
        client.output()
        assert client.ask(b"a LANGUAGE" + b" xx" * 101 + b"\r\n").startswith(b"a BAD At most 100")
    finally:
        world.close()


@given(st.text("enidefault-*", max_size=20))
def test_a_range_leads_to_a_language_that_is_spoken_or_to_none(wanted: str) -> None:
    """Whatever it is made of."""
    assert _look_up(wanted.encode()) in (*LANGUAGES, None)


def test_a_range_of_many_subtags_holds_nobody_up(tmp_path: Path) -> None:
    """It is not taken apart and put together again for each of them: ten seconds, when it was."""
    world = World(tmp_path)
    try:
        client = world.imap_in()
        began = time.process_time()
        answer = client.ask(b"a LANGUAGE en" + b"-a" * 30_000 + b" x" + b"-a" * 2000 + b"\r\n")
        assert answer.endswith(b"a OK Now speaking English\r\n")
        assert client.ask(b"b LANGUAGE x" + b"-a" * 30_000 + b"\r\n").startswith(b"b NO ")
        assert time.process_time() - began < 1
    finally:
        world.close()
