"""Words as people remember them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.fuzzy import BEST, Needle, closeness
from mailaccess.mail.text import fold


def score(needle: str, *texts: str) -> int:
    return Needle(fold(needle)).score(map(fold, texts))


@pytest.mark.parametrize(
    ("needle", "text"),
    [
        ("IMAP break", "IMAP break"),
        ("imap BREAK", "an imap break in"),
        ("", "anything"),
        ("strasse", "Strasse"),
        ("Müller", "Herr Muller"),
        ("muller", "Müller"),
        ("日本", "東京は日本にある"),
        ("...", "so ..."),
    ],
)
def test_what_stands_there_scores_best(needle: str, text: str) -> None:
    """In any case, with or without accents; words need no spaces."""
    assert score(needle, text) == BEST


@pytest.mark.parametrize(
    ("needle", "text"),
    [
        ("break IMAP", "IMAP break"),
        ("IMAP broken", "IMAP is broken"),
        ("repo month", "monthly report"),
        ("Helo", "hello there"),
        ("Helo", "please help"),
        ("recieve", "to receive it"),
        ("invoices", "an invoice"),
        ("conferense shedule", "Conference Schedule"),
        ("lunhc", "Lunch"),
        ("accomodation", "accommodation"),
    ],
)
def test_what_is_nearly_there_is_found(needle: str, text: str) -> None:
    """Any order, beginnings, single typing errors, two in long words; with less than the best score."""
    assert 0 < score(needle, text) < BEST


@pytest.mark.parametrize(
    ("needle", "text"),
    [
        ("cat", "car"),
        ("lunch dinner", "lunch"),
        ("1234", "1235"),
        ("help", "hull"),
        ("...", "so"),
        ("anything", ""),
        ("Hello", "hull"),
    ],
)
def test_what_is_not_there_is_not_found(needle: str, text: str) -> None:
    """Short words and numbers have to be right; all words have to be there."""
    assert score(needle, text) == 0


def test_words_may_stand_in_several_texts() -> None:
    """The parts of one message."""
    assert score("red apples", "Subject: apples", "they are red") > 0


def test_better_matches_score_higher() -> None:
    """As it is; all the words; a beginning; the inside of a word; a mistake; two."""
    texts = ["quarterly", "quarterly", "quarterlyish", "unquarterly", "quartorly", "quartorli"]
    needles = ["quarterly", "quarterly,quarterly"] + ["quarterly"] * 4
    scores = [score(needle, text) for needle, text in zip(needles, texts, strict=True)]

    assert scores[:2] == [100, 90]
    assert scores[4:] == [45, 30]


@given(text=st.text(max_size=60), start=st.integers(0, 59), size=st.integers(0, 60))
def test_whatever_is_a_substring_is_found(text: str, start: int, size: int) -> None:
    """RFC 6203 leaves it open; whoever asks loosely must not find less."""
    folded = fold(text)
    assert Needle(folded[start : start + size]).score([folded]) == BEST


@given(
    word=st.text("abcde", min_size=5, max_size=7),
    at=st.integers(0, 4),
    change=st.sampled_from(["left out", "put in", "replaced", "swapped"]),
)
def test_one_error_in_a_word_is_forgiven(word: str, at: int, change: str) -> None:
    """Whichever and wherever."""
    mistyped = {
        "left out": word[:at] + word[at + 1 :],
        "put in": word[:at] + "x" + word[at:],
        "replaced": word[:at] + "x" + word[at + 1 :],
        "swapped": word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
    }[change]
    assert score(word, f"so {mistyped} there") > 0


@pytest.mark.parametrize(
    ("value", "score"), [(10, 100), (20, 100), (15, 100), (9, 76), (8, 51), (6, 1), (5, 0), (21, 76), (24, 1), (25, 0)]
)
def test_closeness(value: int, score: int) -> None:
    """The further away, the less; beyond the slack, not at all."""
    assert closeness(value, 10, 20, 4) == score
    assert closeness(value, 10, 20, 0) == (100 if 10 <= value <= 20 else 0)


def test_hostile_text_takes_no_time() -> None:
    """Long words, many words, long needles."""
    texts = [fold("a" * 200_000), fold(" ".join("abcdefgh"[i % 8] * 9 for i in range(20_000)))]
    texts.append(fold(" ".join(f"abc{i:06}" for i in range(20_000))))
    needles = [" ".join("abcdefg" + "xyz"[i % 3] * (i % 50) for i in range(2000)), "abcdefghi abcxxxxxx", "y" * 100_000]
    start = time.process_time()
    for needle in needles:
        Needle(fold(needle)).score(texts)

    assert time.process_time() - start < 4
