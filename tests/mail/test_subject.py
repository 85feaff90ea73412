import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.subject import base_subject


@pytest.mark.parametrize(
    ("subject", "base", "reply"),
    [
        ("", "", False),
        ("hello", "hello", False),
        ("  a \t b\r\n c ", "a b c", False),
        ("Re: hello", "hello", True),
        ("RE : hello", "hello", True),
        ("fw:hello", "hello", True),
        ("Fwd: hello", "hello", True),
        ("Re: Re: Fwd: hello", "hello", True),
        ("Re[2]: hello", "hello", True),
        ("Re [x] : hello", "hello", True),
        ("[list] hello", "hello", False),
        ("[list] Re: hello", "hello", True),
        ("[a] [b]Re: [c] hello", "hello", True),
        ("[a][b]", "[b]", False),
        ("[list]", "[list]", False),
        ("Re: [list]", "[list]", True),
        ("[list] (fwd)", "[list]", True),
        ("hello (fwd)", "hello", True),
        ("hello (FWD)(fwd) ", "hello", True),
        ("(fwd)", "", True),
        ("[fwd: hello]", "hello", True),
        ("[Fwd: [fwd: Re: hello (fwd)]]", "hello", True),
        ("[fwd: hello] x", "x", False),
        ("[fwd: [list] hello]", "hello", True),
        ("[fwd:]", "", True),
        ("Re:", "", True),
        ("Re", "Re", False),
        ("Reply: hello", "Reply: hello", False),
        ("Fwdd: hello", "Fwdd: hello", False),
        ("AW: hello", "AW: hello", False),
        ("Re2: hello", "Re2: hello", False),
        ("Re[2][3]: hello", "Re[2][3]: hello", False),
        ("[a[b] hello", "[a[b] hello", False),
        ("Grüße (fwd", "Grüße (fwd", False),
    ],
)
def test_base_subject(subject: str, base: str, reply: bool) -> None:
    """RFC 5256 2.1; translations of "re" are no such thing (section 7)."""
    assert base_subject(subject) == (base, reply)


def by_the_letter(subject: str) -> tuple[str, bool]:
    """RFC 5256 2.1, one step after the other, with the names of its grammar."""
    blob = r"\[[^\[\]\0]*\][ ]*"
    refwd = rf"(?i:re|fwd?)[ ]*(?:{blob})?:"
    text = re.sub(r"[ \t\r\n]+", " ", subject)
    reply = False
    while True:
        while trailer := re.search(r"(?i:\(fwd\)| )\Z", text):
            text = text[: trailer.start()]
            reply |= trailer[0] != " "
        before = None
        while before != text:
            before = text
            leader = re.match(rf"(?:{blob})*{refwd}| ", text)
            if leader:
                text = text[leader.end() :]
                reply |= leader[0] != " "
            text = re.sub(rf"\A{blob}(?=.)", "", text, flags=re.DOTALL)
        forward = re.fullmatch(r"(?i:\[fwd:)(.*)\]", text, re.DOTALL)
        if not forward:
            return text, reply
        text, reply = forward[1], True


PIECES = ["Re", "re", "fw", "fwd", "FWD", ":", "[", "]", "[fwd:", "(fwd)", "[x]", "a", "b", "["]


@given(st.lists(st.sampled_from([*PIECES, " ", "\t", "\r\n "])).map("".join))
def test_the_procedure_is_followed_to_the_letter(subject: str) -> None:
    """Whatever is made of the pieces that the procedure knows."""
    assert base_subject(subject) == by_the_letter(subject)


@pytest.mark.parametrize("piece", ["[x]", "[", "re[", "[x", "(fwd)", "[fwd:", "fw ", "re: ", "[fwd:]"])
def test_hostile_subjects_take_linear_time(piece: str) -> None:
    """A subject of 200 KB is read at once."""
    subject = piece * (200_000 // len(piece))

    base_subject(subject)
    base_subject(subject + "]" * 40_000)
