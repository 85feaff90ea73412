"""Whatever a client sends, its session lives on or ends with a word, and says the same however the input was split."""

import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailaccess.imap.registry import COMMANDS
from tests.spoiled import LINES, Twins, fed, octets_waited_for, spoiled, twins, without_numbers
from tests.world import USER, World

LOGIN = b"l LOGIN fred secret\r\n"
SELECT = LOGIN + b"s SELECT INBOX\r\n"
BEGINNINGS = (
    b"",
    LOGIN,
    SELECT,
    SELECT,
    SELECT,
    LOGIN + b"e ENABLE QRESYNC\r\ns SELECT INBOX\r\n",
    LOGIN + b"e ENABLE IMAP4rev2\r\ns SELECT INBOX\r\n",
    LOGIN + b"e ENABLE UIDONLY\r\ns SELECT INBOX\r\n",
    LOGIN + b"e ENABLE IMAP4rev2 UTF8=ACCEPT QRESYNC\r\ns SELECT inbox\r\n",
)

BEFORE_LOGIN = (
    b"a1 STARTTLS\r\n",
    b"a2 LOGIN fred secret\r\n",
    b'a3 LOGIN "fred" {6}\r\nsecret\r\n',
    b"a4 LOGIN {4+}\r\nfred {6+}\r\nsecret\r\n",
    b"a5 AUTHENTICATE PLAIN\r\nAGZyZWQAc2VjcmV0\r\n",
    b"a6 AUTHENTICATE PLAIN AGZyZWQAc2VjcmV0\r\n",
    b"a7 AUTHENTICATE LOGIN\r\nZnJlZA==\r\nc2VjcmV0\r\n",
    b"a8 AUTHENTICATE CRAM-MD5\r\nZnJlZCAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==\r\n",
    b"a9 AUTHENTICATE PLAIN\r\n*\r\n",
)
ANY_TIME = (
    b"b1 CAPABILITY\r\n",
    b"b2 NOOP\r\n",
    b'b3 ID ("name" "sodr" "version" NIL "vendor" {4+}\r\nPink)\r\n',
    b"b4 ID NIL\r\n",
    b"b5 LOGOUT\r\n",
    b'b6 LANGUAGE "de" {2+}\r\nen\r\n',
)
AFTER_LOGIN = (
    b"c1 SELECT INBOX\r\n",
    b"c2 SELECT INBOX (CONDSTORE)\r\n",
    b"c3 SELECT INBOX (QRESYNC (@VALIDITY@ @MODSEQ@ 1:40 (1,3 1,3)))\r\n",
    b"c4 EXAMINE {5+}\r\nINBOX (QRESYNC (@VALIDITY@ 1))\r\n",
    b"c5 CREATE foo/bar\r\n",
    b"c6 CREATE &ZeVnLIqe- (USE (\\Drafts \\Sent))\r\n",
    b'c0 CREATE "inbox/Gr\xc3\xb6\xc3\x9fe & u\xcc\x88"\r\n',
    b"c7 DELETE foo/bar\r\n",
    b"c8 RENAME foo {3+}\r\nzap\r\n",
    b"c9 RENAME INBOX old\r\n",
    b"d1 SUBSCRIBE foo/bar\r\n",
    b'd2 UNSUBSCRIBE "foo/bar"\r\n',
    b'd3 LIST "" "*"\r\n',
    b'd4 LIST (SUBSCRIBED RECURSIVEMATCH) "" (% "foo/*") RETURN (CHILDREN STATUS (MESSAGES UNSEEN SIZE))\r\n',
    b"d5 LIST (SPECIAL-USE) {0+}\r\n %\r\n",
    b'd6 LSUB "foo/" "%"\r\n',
    b"d7 NAMESPACE\r\n",
    b"n1 SETACL INBOX ann lrs\r\n",
    b"n2 SETACL {5+}\r\nINBOX -ann +w\r\n",
    b"n3 GETACL INBOX\r\n",
    b'n4 LISTRIGHTS INBOX "$team"\r\n',
    b"n5 MYRIGHTS INBOX\r\n",
    b"n6 DELETEACL INBOX ann\r\n",
    b'n7 LIST "" (% Users/*) RETURN (MYRIGHTS)\r\n',
    b"d8 STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE DELETED APPENDLIMIT)\r\n",
    b"dm STATUS INBOX (MAILBOXID)\r\n",
    b"d9 ENABLE CONDSTORE QRESYNC X-GOOD-IDEA\r\n",
    b"d0 ENABLE IMAP4rev2 UTF8=ACCEPT\r\n",
    b"do ENABLE UIDONLY\r\n",
    b"e1 IDLE\r\nDONE\r\n",
    b'e2 APPEND INBOX (\\Seen $New) " 7-Feb-1994 21:52:25 -0800" {31}\r\nSubject: first\r\n\r\none message\r\n\r\n',
    b'e3 APPEND INBOX " 7-Feb-1994 21:52:25 -0800" {14+}\r\nSubject: c\r\n\r\n {14+}\r\nSubject: d\r\n\r\n\r\n',
    b"e4 APPEND {5+}\r\nINBOX UTF8 (~{14+}\r\nSubject: b\r\n\r\n)\r\n",
    b"e5 APPEND nonesuch {14}\r\n",
    b"e6 APPEND INBOX ~{6+}\r\nx: \0\r\n (\\Seen) CATENATE (URL /INBOX/;UID=1/;SECTION=HEADER TEXT {4+}\r\nx: y)\r\n",
    b'e7 APPEND INBOX CATENATE (TEXT ~{4}\r\nx: z URL {15+}\r\n/INBOX/;UID=2/. URL ";UID=1/;PARTIAL=0.9")\r\n',
    b'e8 GENURLAUTH "imap://fred@h/INBOX/;UID=1/;SECTION=HEADER;URLAUTH=user+fred" INTERNAL\r\n',
    b"e9 URLFETCH {90+}\r\nimap://fred@h/INBOX/;UID=1;URLAUTH=anonymous:internal:" + b"0" * 36 + b" /INBOX/;UID=1\r\n",
    b"k1 RESETKEY INBOX INTERNAL\r\n",
    b'l1 SETMETADATA INBOX (/private/comment {4+}\r\nMine /shared/comment "ours" /private/x NIL)\r\n',
    b'l2 GETMETADATA (DEPTH infinity MAXSIZE 3) "" (/private /shared/comment)\r\n',
    b'm1 GETQUOTA "User quota"\r\n',
    b"m2 GETQUOTAROOT {5+}\r\nINBOX\r\n",
    b"m3 SETQUOTA {10+}\r\nUser quota (STORAGE 9223372036854775807 MESSAGE 99 MAILBOX 9)\r\n",
    b"l3 COMPRESS DEFLATE\r\n",
    b"o1 NOTIFY SET STATUS (selected (MessageNew (UID BODY.PEEK[]) MessageExpunge FlagChange)) (personal NONE)\r\n",
    b"o2 NOTIFY SET (selected-delayed (MessageNew MessageExpunge)) (subtree {3+}\r\nfoo (MailboxName))\r\n",
    b"o4 NOTIFY SET (mailboxes (INBOX x) (MessageNew MessageExpunge MailboxMetadataChange SubscriptionChange))\r\n",
    b"o3 NOTIFY NONE\r\n",
    b"l4 UNAUTHENTICATE\r\n",
)
SELECTED = (
    b"f1 CHECK\r\n",
    b"f2 CLOSE\r\n",
    b"f3 UNSELECT\r\n",
    b"f4 EXPUNGE\r\n",
    b"f5 UID EXPUNGE 1:3\r\n",
    b"f6 SEARCH ALL\r\n",
    b"f7 SEARCH RETURN (MIN MAX COUNT SAVE) CHARSET UTF-8 OR (FLAGGED 1:2,*) NOT SUBJECT {5+}\r\nLunch\r\n",
    b'f8 UID SEARCH UID 1:* SINCE 1-Feb-1994 LARGER 10 HEADER X-Note "" MODSEQ "/flags/\\\\seen" all 1\r\n',
    b"fa UID SEARCH UIDAFTER 2 NOT (UIDBEFORE 4 SEEN)\r\n",
    b"f9 SEARCH BODY {3}\r\none TEXT two YOUNGER 259200 KEYWORD $New SENTON 7-Feb-1994\r\n",
    b"g1 SORT (SUBJECT REVERSE SIZE FROM TO CC DATE ARRIVAL) UTF-8 ALL\r\n",
    b'g2 UID SORT (DATE) "US-ASCII" 1:3 TEXT "o"\r\n',
    b"g3 THREAD REFERENCES UTF-8 ALL\r\n",
    b"ga UID SEARCH RETURN (PARTIAL -1:-2 UPDATE CONTEXT) FUZZY (OR SUBJECT lnuch NOT TEXT noon)\r\n",
    b"gb SORT RETURN (PARTIAL 2:1 RELEVANCY UPDATE SAVE) (REVERSE RELEVANCY DATE) UTF-8 FUZZY FROM ann\r\n",
    b'gc CANCELUPDATE "ga"\r\n',
    b'gd ESEARCH IN (selected subtree-one ("INBOX" a) personal) RETURN (MIN PARTIAL 1:2) CHARSET UTF-8 UNSEEN\r\n',
    b'ge UID ESEARCH IN (subscribed inboxes mailboxes "INBOX") SUBJECT {5}\r\nLunch\r\n',
    b"g4 UID THREAD ORDEREDSUBJECT US-ASCII NOT DELETED\r\n",
    b"g5 THREAD REFS UTF-8 SAVEDSINCE 1-Feb-1994 OR EMAILID M0 THREADID T0 SAVEDATESUPPORTED\r\n",
    b"h1 FETCH 1:* FULL\r\n",
    b"h2 FETCH 1,3 (FLAGS BODY[] RFC822.SIZE BODYSTRUCTURE)\r\n",
    b'h3 UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (DATE {4+}\r\nFrom "To")]<0.30> BODY.PEEK[1.MIME] BODY[2.TEXT])\r\n',
    b"h4 UID FETCH 1:9 (FLAGS) (CHANGEDSINCE 1 VANISHED)\r\n",
    b"h5 FETCH 3:1 (MODSEQ RFC822 RFC822.HEADER RFC822.TEXT ENVELOPE INTERNALDATE UID)\r\n",
    b"h6 FETCH $ ALL\r\n",
    b"h7 FETCH 1:* (EMAILID THREADID PREVIEW (LAZY) SAVEDATE BINARY.SIZE[] BINARY.PEEK[1]<0.9> BINARY[1])\r\n",
    b"h8 UID FETCH 2 PREVIEW (LAZY) (CHANGEDSINCE 1)\r\n",
    b"i1 STORE 1:2 +FLAGS (\\Deleted $New)\r\n",
    b"i2 UID STORE 1,3:* -FLAGS.SILENT \\Seen \\Flagged\r\n",
    b"i3 STORE 2 (UNCHANGEDSINCE @MODSEQ@) FLAGS ()\r\n",
    b"j1 COPY 1:2 foo/bar\r\n",
    b"j2 UID COPY 1:* {5+}\r\nINBOX\r\n",
    b"j3 MOVE 1 foo/bar\r\n",
    b"j4 UID MOVE 2,4 INBOX\r\n",
    b"j5 REPLACE 1 INBOX (\\Draft) {14+}\r\nSubject: c\r\n\r\n\r\n",
    b"j6 UID REPLACE 2 {5+}\r\nINBOX CATENATE (URL ;UID=2 UTF8 (~{4}\r\nx: y))\r\n",
)
VALID = BEFORE_LOGIN + ANY_TIME + AFTER_LOGIN + SELECTED

FINISH = b"\r\nDONE\r\n*\r\nzz NOOP\r\n"
"""Ends a command under way, an IDLE and a SASL exchange, and asks for a sign of life."""


@pytest.fixture(scope="module")
def worlds() -> Iterator[Twins]:
    with twins(
        max_line_before_login=LINES[0], max_line=LINES[1], max_command=1500, max_append=5000, max_messages=3
    ) as made:
        yield made


def test_every_command_is_tried() -> None:
    """A command that is added to the table is added here."""
    given_words = [command.split(b" ", 1)[1].split() for command in VALID]
    names = {b" ".join(words[:2]) if words[0] == b"UID" else words[0] for words in given_words}

    assert names == {spec.name for spec in COMMANDS}


def spoken(world: World, data: bytes, sizes: Sequence[int]) -> bytes:
    """All that a session answers to the data, to as many octets as its literals may still wait for, and to `FINISH`."""
    status = world.accounts.open(USER, None).status("INBOX")
    data = data.replace(b"@VALIDITY@", b"%010d" % status.uidvalidity).replace(b"@MODSEQ@", b"%d" % status.highestmodseq)
    driver = world.imap()
    answer = fed(driver, data, sizes) + fed(driver, b"x" * octets_waited_for(data) + FINISH * 2, ())
    alive = b"\r\nzz OK NOOP completed\r\n" in answer
    driver.hang_up()

    assert driver.failure is None
    assert alive or b"\r\n* BYE " in answer
    assert b"SERVERBUG" not in answer
    for told in re.split(rb"^\* ENABLED.* UIDONLY", answer, flags=re.MULTILINE)[1:]:
        assert not re.search(
            rb"^\* \d+ (FETCH|EXPUNGE)|^\* OK \[UNSEEN", told.partition(b"UNAUTHENTICATE")[0], re.MULTILINE
        )
    return answer


@settings(max_examples=400)
@given(st.sampled_from(BEGINNINGS), spoiled(VALID), st.lists(st.integers(1, 40), min_size=1, max_size=9))
@example(SELECT, b"( {1+}\r\ny" + b"x" * 1000 + b" {10+}\r\nb LOGOUT\r\n\r\n", [7])
@example(SELECT, b"a IDLE\r\n" + b"x" * 1000 + b"\r\n", [7])
@example(SELECT, b"a NOOP" + b" " * 894 + b"\r\n", [1])
@example(b"", b"a APPEND INBOX {4294967296+}\r\n", [3])
def test_spoiled_input(worlds: Twins, beginning: bytes, data: bytes, sizes: list[int]) -> None:
    """No input fails a session, hangs it, or is answered otherwise because it came in other pieces."""
    with worlds.lent() as (one, other):
        whole = spoken(one, beginning + data, ())
        split = spoken(other, beginning + data, sizes)

        assert without_numbers(split) == without_numbers(whole)
