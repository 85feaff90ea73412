"""COMPRESS asks for the change of the wire behind its answer."""

from pathlib import Path

from tests.world import PASSWORD, USER, World


def test_the_wire_changes_and_changes_back(tmp_path: Path) -> None:
    """COMPRESS turns it on, UNAUTHENTICATE off; both answer first."""
    world = World(tmp_path)
    try:
        client = world.imap()
        client.ask(f"a LOGIN {USER} {PASSWORD}\r\n".encode())
        assert client.ask(b"b COMPRESS DEFLATE\r\n") == b"b OK DEFLATE active\r\n"
        assert client.compressed
        client.ask(b"c UNAUTHENTICATE\r\n")
        assert not client.compressed
    finally:
        world.close()
