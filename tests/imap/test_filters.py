"""Named searches."""

from tests.world import MESSAGES, World


def test_ones_own_come_before_everybodys(world: World) -> None:
    """ "private" ones before "public" ones of the same name (RFC 5466 1), whose case does not matter"""
    world.deliver(MESSAGES["plain"], flags="")
    client = world.imap_in()
    client.ask(b'a SETMETADATA "" (/shared/filters/values/mine "SEEN" /private/filters/values/Mine "UNSEEN")\r\n')

    assert client.ask(b"b SEARCH FILTER MINE\r\n").startswith(b"* SEARCH 1\r\n")


def test_what_cannot_be_searched_for_is_not_stored(world: World) -> None:
    """ "The server SHOULD verify that each search criterion ... is a full and correct search criterion" (3.2)"""
    client = world.imap_in()

    assert b"a NO " in client.ask(b'a SETMETADATA "" (/private/filters/values/mine "UNSEEN AND")\r\n')
    assert b"b NO [UNDEFINED-FILTER mine] " in client.ask(b"b SEARCH FILTER mine\r\n")
