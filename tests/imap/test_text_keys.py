"""Search keys that look for texts: where they look."""

from tests.world import World


def search(world: World, program: bytes) -> bytes:
    """The numbers found in INBOX."""
    return world.imap_in().ask(b"a SEARCH %s\r\n" % program).split(b"\r\n")[0].removeprefix(b"* SEARCH").strip()


def test_a_large_header_is_searched_too(world: World) -> None:
    """One that is not kept in the index is read from the file."""
    world.deliver(b"X-Pad: " + b"pad " * 9000 + b"\r\nSubject: at the end\r\n\r\nbody\r\n", flags="")

    assert search(world, b'SUBJECT "the end"') == b"1"
    assert search(world, b"HEADER x-pad pad FROM x") == b""
