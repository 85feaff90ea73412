"""IDLE beyond its transcript."""

from tests.world import MESSAGES, World


def test_changes_of_another_session_arrive_at_once(world: World) -> None:
    """Nothing has to be asked: the commit of one session wakes the other."""
    world.deliver(MESSAGES["plain"], flags="")
    idler, other = world.imap_in(), world.imap_in()
    idler.ask(b"a IDLE\r\n")
    other.ask(b"a STORE 1 +FLAGS (\\Deleted)\r\nb EXPUNGE\r\n")

    assert b"* 1 EXPUNGE\r\n" in idler.output()


def test_done_in_pieces(world: World) -> None:
    """Half a line does not end IDLE, and does not spin either."""
    client = world.imap_in()
    client.ask(b"a IDLE\r\n")
    for piece in (b"D", b"ON", b"E\r"):
        assert client.ask(piece) == b""
    assert client.ask(b"\n") == b"a OK IDLE completed\r\n"
