"""Sets of rights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.storage import rights

SETS = st.frozensets(st.sampled_from(rights.LETTERS))


@given(SETS)
def test_what_is_shown_can_be_set_again(some: rights.Rights) -> None:
    """But for the virtual rights, which give more than the one that made them be shown."""
    assert rights.parse(rights.letters(some)) == some
    assert rights.parse(rights.shown(some)) >= some


def test_virtual_rights_stand_for_others() -> None:
    """RFC 4314 2.1.1"""
    assert rights.parse("lrswida") == frozenset("lrswieta")
    assert rights.parse("cd") == frozenset("kxte")
    assert rights.shown(frozenset("lrswikteda") - {"d"}) == "lrswikteacd"
    assert rights.shown(frozenset("lr")) == "lr"


@pytest.mark.parametrize("letter", ["q", "Q", "0", "é", " "])
def test_a_letter_of_no_right_is_refused(letter: str) -> None:
    """ "an unrecognized right MUST cause the command to return the BAD response" (RFC 4314 3.1)"""
    with pytest.raises(rights.UnknownRight):
        rights.parse("lr" + letter)


def test_rights_are_added_taken_and_replaced() -> None:
    """RFC 4314 3.1"""
    assert rights.modified(frozenset("lr"), "+cda") == frozenset("lrkxtea")
    assert rights.modified(frozenset("lrw"), "-w") == frozenset("lr")
    assert rights.modified(frozenset("lrw"), "i") == frozenset("i")
    assert rights.modified(frozenset("lrw"), "") == rights.NONE
    with pytest.raises(rights.UnknownRight):
        rights.modified(rights.NONE, "+l+")
