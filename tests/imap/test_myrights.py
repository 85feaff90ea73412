"""MYRIGHTS, on its own and in a LIST."""

from tests.world import World


def test_in_a_list_there_is_none_for_what_is_no_mailbox(world: World) -> None:
    """ "it does not send the MYRIGHTS reply" (RFC 8440 section 3); asked for by name, a parent has rights"""
    client = world.imap_in()
    client.ask(b"a CREATE a/b\r\n")
    answer = client.ask(b'b LIST "" "a*" RETURN (MYRIGHTS)\r\n')

    assert b'* MYRIGHTS "a/b" lrswipkxteacd\r\n' in answer
    assert b'MYRIGHTS "a" ' not in answer
    assert b'* MYRIGHTS "a" lkc\r\n' in client.ask(b"c MYRIGHTS a\r\n")
