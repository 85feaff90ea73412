"""Language ranges."""

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
