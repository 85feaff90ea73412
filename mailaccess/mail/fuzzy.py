"""Looking for words as people remember them (RFC 6203): in any order, without accents, half typed or mistyped.

A needle matches where it stands as it is, and where each of its words is found somewhere: as a word, as the beginning
of one, inside one, or as a word that differs by a typing error (two in long words). So whatever the strict search
finds, this finds too. How well it was found is a score from 1 to 100.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

BEST = 100
"""The needle stands there as it is."""

_WORD, _START, _INSIDE, _TYPO, _TYPOS = 90, 75, 60, 45, 30  # how well a single word was found
_SHORT = 4  # characters of a word below which a typing error would make any word of it
_LONG = 8  # ... from which on there may be two
_LONGEST = 64  # characters of a word in which typing errors are looked for
_MOST_WORDS = 32  # of a needle that are looked for one by one
_MOST_COMPARED = 2000  # words of a text that look as if they might be one mistyped; nobody's mail has so many

_MARKS = re.compile("[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_WORDS = re.compile(r"\w+")


def plain(folded: str) -> str:
    """Folded text without the marks above and below letters, into which folding has taken accents apart."""
    return folded if folded.isascii() else _MARKS.sub("", folded)


def closeness(value: int, low: float, high: float, slack: int) -> int:
    """How well a number lies between two others, both included; those that miss by more than `slack` do not at all."""
    missing = max(low - value, value - high, 0)
    if missing == 0:
        return BEST
    return BEST - int((BEST - 1) * missing / slack) if missing <= slack else 0


class Needle:
    """What is looked for, folded as the texts are (`text.fold`)."""

    __slots__ = ("_phrase", "_words")

    def __init__(self, text: str) -> None:
        self._phrase = plain(text)
        words = dict.fromkeys(match[0] for match in _WORDS.finditer(self._phrase))
        self._words = [_Word(word) for word in islice(words, _MOST_WORDS)]

    def score(self, texts: Iterable[str]) -> int:
        """How well it is found in folded texts, of which each may have some of the words; 0: not at all."""
        best = [0] * len(self._words)
        for text in map(plain, texts):
            if self._phrase in text:
                return BEST
            known: set[str] | None = None
            for number, word in enumerate(self._words):
                if best[number] == _WORD:
                    continue
                at = text.find(word.text)
                if at < 0 and not word.mistyped:
                    continue
                if known is None:
                    known = set(_WORDS.findall(text))
                best[number] = max(best[number], word.score(known, inside=at >= 0))
        return sum(best) // len(best) if best and all(best) else 0


@lru_cache(maxsize=16)
def needle(text: str) -> Needle:
    """A needle; taken apart once for many messages."""
    return Needle(text)


class _Word:
    """One word of a needle, and what shows quickly that another cannot be it mistyped."""

    __slots__ = ("_errors", "_pieces", "_swapped", "mistyped", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.mistyped = _SHORT <= len(text) <= _LONGEST and not text.isdigit()
        if not self.mistyped:
            return
        self._errors = 2 if len(text) >= _LONG else 1
        # Errors are too few to touch each piece: one of them stands in a mistyped word as it is.
        size = len(text) // (self._errors + 1)
        self._pieces = [text[start : start + size] for start in range(0, size * self._errors, size)]
        self._pieces.append(text[size * self._errors :])
        # But for neighbours that changed places, one of which can be in each of two pieces.
        self._swapped = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1)}

    def score(self, words: set[str], *, inside: bool) -> int:
        """How well it is found among a text's words; `inside`: at least within one of them."""
        if self.text in words:
            return _WORD
        if inside:
            return _START if any(word.startswith(self.text) for word in words) else _INSIDE
        if not self.mistyped:
            return 0
        if not self._swapped.isdisjoint(words):
            return _TYPO
        found = self._errors + 1
        for word in islice(filter(self._resembles, words), _MOST_COMPARED):
            found = min(found, _distance(self.text, word, found))
            if found == 1:
                break
        return (0, _TYPO, _TYPOS)[found] if found <= self._errors else 0

    def _resembles(self, word: str) -> bool:
        first, *middle, last = self._pieces
        return abs(len(word) - len(self.text)) <= self._errors and (
            word.startswith(first) or word.endswith(last) or any(piece in word for piece in middle)
        )


def _distance(one: str, other: str, limit: int) -> int:
    """How many characters were put in, left out or replaced; `limit` if not less."""
    before = list(range(len(other) + 1))
    for row, character in enumerate(one, 1):
        current = [row]
        for column, candidate in enumerate(other, 1):
            current.append(
                min(before[column] + 1, current[column - 1] + 1, before[column - 1] + (character != candidate))
            )
        if min(current) >= limit:
            return limit
        before = current
    return min(before[-1], limit)
