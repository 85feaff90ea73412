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


def test_what_is_not_done_ends_it_whole(world: World) -> None:
    """However long it is and in whatever pieces it comes; and its literal is no command."""
    limit = world.imap_settings.max_line
    for line in (b"b NOOP", b"x" * (limit + 9), b"y" * limit + b" {10+}\r\nb LOGOUT\r\n"):
        for size in (len(line) + 2, 1000):
            client = world.imap_in()
            client.ask(b"a IDLE\r\n")
            data = line + b"\r\nc NOOP\r\n"
            for start in range(0, len(data), size):
                client.feed(data[start : start + size])
            assert client.output() == b"a BAD Expected DONE\r\nc OK NOOP completed\r\n"
