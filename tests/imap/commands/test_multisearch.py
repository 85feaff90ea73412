"""ESEARCH across mailboxes: whose, how many, and what happens to them meanwhile."""

import re

from tests.world import World


def test_rights(world: World) -> None:
    """ "required to have the "r" right for each mailbox", and "l" where it was not named (RFC 7377 2.2)."""
    for name, rights in ("seen", "lr"), ("unlisted", "r"), ("closed", "l"), ("secret", "-"):
        world.hooks["share"](f"ann {name} fred {rights}")
        world.hooks["deliver-to"](f"ann {name} plain")
    client = world.imap()
    client.ask(b"l LOGIN fred secret\r\n")
    found = re.compile(rb'MAILBOX "([^"]*)"')

    assert found.findall(client.ask(b"a ESEARCH IN (subtree Users) ALL\r\n")) == [b"Users/ann/seen"]
    named = b"(Users/ann/seen Users/ann/unlisted Users/ann/closed Users/ann/secret)"
    reply = client.ask(b"b ESEARCH IN (mailboxes " + named + b") ALL\r\n")
    assert found.findall(reply) == [b"Users/ann/seen", b"Users/ann/unlisted"]
    assert client.ask(b"c ESEARCH IN (personal) ALL\r\n") == b"c OK ESEARCH completed\r\n"


def test_hundreds_of_mailboxes(world: World) -> None:
    """One after the other."""
    account = world.accounts.access("fred", None)
    for number in range(200):
        account.create(f"m{number:03}")
        world.deliver(b"Subject: %d\r\n\r\n" % number, f"m{number:03}", flags="S")
    client = world.imap()
    client.ask(b"l LOGIN fred secret\r\n")
    reply = client.ask(b"a ESEARCH IN (personal) RETURN (COUNT) SEEN SUBJECT 7\r\n").splitlines()

    assert len(reply) - 1 == sum("7" in str(number) for number in range(200))
    assert reply[0].startswith(b'* ESEARCH (TAG "a" MAILBOX "m007" UIDVALIDITY ')
    assert reply[0].endswith(b") UID COUNT 1")
    assert reply[-1] == b"a OK ESEARCH completed"
