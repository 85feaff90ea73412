"""LANG's argument; CAPA and QUIT are in the transcripts."""

import pytest

from tests.world import World


@pytest.mark.parametrize(("wanted", "good"), [(b"EN", True), (b"en-GB", True), (b"de", False), (b"english", False)])
def test_lang(world: World, wanted: bytes, good: bool) -> None:
    """Language ranges are matched as RFC 4647's basic ones."""
    client = world.pop3()
    client.output()

    assert client.ask(b"LANG " + wanted + b"\r\n").startswith(b"+OK en " if good else b"-ERR")
