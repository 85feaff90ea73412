"""What it takes to answer a FETCH is found out once, and for each kind of client."""

import pytest

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.plan import Plan, parse_asked


def plan(text: bytes, *, rev2: bool = False, uidonly: bool = False, condstore: bool = False, uid: bool = False) -> Plan:
    return parse_asked(Cursor(text)).plan(rev2=rev2, uidonly=uidonly, condstore=condstore, with_uid=uid)


def test_what_is_asked_again_is_the_same_wherever_it_stands() -> None:
    """What came of a text is kept; what is wrong is told with its place."""
    first, second = Cursor(b"(UID FLAGS) (CHANGEDSINCE 1)"), Cursor(b"100 (UID FLAGS) (CHANGEDSINCE 1)", 4)
    assert parse_asked(first) == parse_asked(second)
    assert (first.pos, second.pos) == (11, 15)
    for start in (0, 4):
        with pytest.raises(Bad, match=f"character {start + 6} "):
            parse_asked(Cursor(b" " * start + b"(UID (FLAGS))", start))


def test_a_plan_is_made_once_for_each_kind_of_client() -> None:
    """What a client has enabled changes how it is told, also in the middle of a session."""
    assert plan(b"(FLAGS)") is plan(b"(FLAGS)")
    forms = {
        plan(b"(FLAGS)").form: b"* %d FETCH (FLAGS %s)\r\n",
        plan(b"(FLAGS)", uid=True).form: b"* %d FETCH (UID %d FLAGS %s)\r\n",
        plan(b"(FLAGS)", uidonly=True, uid=True).form: b"* %d UIDFETCH (FLAGS %s)\r\n",
    }
    assert list(forms) == list(forms.values())
    assert plan(b"(FLAGS)").tells_flags
    assert not plan(b"(FLAGS)", condstore=True).tells_flags
    assert plan(b"(FLAGS MODSEQ)", condstore=True).tells_flags


def test_a_long_text_leaves_no_plan_behind() -> None:
    """Items that a client makes up take no memory once they are told."""
    text = b"(FLAGS BODY[HEADER.FIELDS (%s)])" % (b"X" * 600)
    assert plan(text) is not plan(text)
    assert plan(text).form == plan(text).form


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ({}, b"* %d FETCH (BODY[] %s FLAGS %s)\r\n"),
        ({"rev2": True}, b"* %d FETCH (BODY[] %s UID %d FLAGS %s)\r\n"),
        ({"condstore": True}, b"* %d FETCH (BODY[] %s UID %d FLAGS %s MODSEQ (%d))\r\n"),
        ({"condstore": True, "uidonly": True}, b"* %d UIDFETCH (BODY[] %s FLAGS %s MODSEQ (%d))\r\n"),
    ],
)
def test_what_is_told_beside_of_messages_that_become_seen(kind: dict[str, bool], form: bytes) -> None:
    """RFC 7162 3.2.4; of the others no more than was asked for."""
    marking = plan(b"BODY[]", **kind).marking
    assert marking is not None
    assert marking.full_form == form
    assert marking.form == plan(b"BODY[]", **kind).form
    assert plan(b"BODY.PEEK[]", **kind).marking is None
