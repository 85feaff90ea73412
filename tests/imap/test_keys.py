"""The search keys: that all of RFC 3501 are there, and the edges of those whose edges are sharp."""

from mailaccess.imap import keys  # noqa: F401 - fills the table
from mailaccess.imap.program import KEYS
from tests.world import World

RFC3501 = (
    "ALL ANSWERED BCC BEFORE BODY CC DELETED DRAFT FLAGGED FROM HEADER KEYWORD LARGER NEW OLD ON RECENT SEEN SENTBEFORE"
    " SENTON SENTSINCE SINCE SMALLER SUBJECT TEXT TO UID UNANSWERED UNDELETED UNDRAFT UNFLAGGED UNKEYWORD UNSEEN"
)

LATER = (  # RFC 5032, 7162, 8514, 8474, 9738
    "OLDER YOUNGER MODSEQ SAVEDBEFORE SAVEDON SAVEDSINCE SAVEDATESUPPORTED EMAILID THREADID UIDAFTER UIDBEFORE"
)


def search(world: World, program: bytes) -> bytes:
    """The numbers found in INBOX."""
    return world.imap_in().ask(b"a SEARCH %s\r\n" % program).split(b"\r\n")[0].removeprefix(b"* SEARCH").strip()


def test_all_keys_of_the_standards_are_there() -> None:
    """RFC 3501 6.4.4 (AND, OR and NOT are the grammar's) and what later ones add."""
    assert {name.encode() for name in f"{RFC3501} {LATER} sequence-set".split()} == KEYS.keys()


def test_recent_is_recent_for_one_session_only(world: World) -> None:
    """RECENT, NEW and OLD go by what this session was told."""
    world.deliver(b"Subject: a\r\n\r\n")
    first, second = world.imap_in(), world.imap_in()

    assert b"* SEARCH 1\r\n" in first.ask(b"a SEARCH RECENT\r\n")
    assert b"* SEARCH\r\n" in second.ask(b"a SEARCH RECENT\r\n")
    assert b"* SEARCH 1\r\n" in second.ask(b"a SEARCH OLD\r\n")
    assert b"* SEARCH 1\r\n" in first.ask(b"a SEARCH NEW\r\n")
    first.ask(b"a STORE 1 +FLAGS (\\Seen)\r\n")
    assert b"* SEARCH\r\n" in first.ask(b"a SEARCH NEW\r\n")


def test_keywords_go_by_the_mailboxs_spelling(world: World) -> None:
    """Any case finds them."""
    world.deliver(b"Subject: a\r\n\r\n", flags="")
    client = world.imap_in()
    client.ask(b"a STORE 1 FLAGS (NonJunk)\r\n")

    assert b"* SEARCH 1\r\n" in client.ask(b"b SEARCH KEYWORD nonjunk\r\n")
    assert b"* SEARCH\r\n" in client.ask(b"c SEARCH UNKEYWORD NONJUNK\r\n")


def test_an_empty_mailbox_has_no_matches(world: World) -> None:
    """Nor does any kind of key mind."""
    for program in (b"ALL", b"*", b"1", b"UID 1:*", b"NOT ALL", b"OR NOT BODY a SUBJECT b", b"LARGER 1", b"RECENT"):
        assert search(world, program) == b""
