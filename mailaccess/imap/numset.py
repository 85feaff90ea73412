"""Sequence sets: what a client names, and how lists of numbers are rendered (RFC 3501 section 9, RFC 9051)."""

from collections.abc import Iterable, Sequence

STAR = 1 << 32
"""`*`, the largest number in use; larger than any real one."""

NumSet = tuple[tuple[int, int], ...]
"""Ranges as the client wrote them: ends in either order, STAR unresolved."""

SAVED: NumSet = ()
"""`$`, the saved search result (RFC 5182). A written set is never empty, so nothing else is this."""


def resolve(numset: NumSet, largest: int) -> list[tuple[int, int]]:
    """Ascending ranges without overlap, `*` replaced by `largest`.

    "A UID range of 559:* always includes the UID of the last message" (RFC 3501): ends are put in order after `*` is
    known. With `largest` 0 there is nothing to name.
    """
    if largest == 0:
        return []
    if len(numset) == 1:  # most are
        a, b = numset[0]
        if a == STAR:
            a = largest
        if b == STAR:
            b = largest
        return [(a, b) if a <= b else (b, a)]
    ordered = sorted(
        (min(a, b), max(a, b))
        for a, b in ((largest if a == STAR else a, largest if b == STAR else b) for a, b in numset)
    )
    merged: list[tuple[int, int]] = []
    for low, high in ordered:
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Neighbours in the given order joined into ascending ranges: 1 2 3 7 8 -> (1, 3) (7, 8)."""
    found: list[tuple[int, int]] = []
    start = last = -1
    for number in numbers:
        if number == last + 1 and start >= 0:
            last = number
            continue
        if start >= 0:
            found.append((start, last))
        start = last = number
    if start >= 0:
        found.append((start, last))
    return found


def render_runs(ranges: Sequence[tuple[int, int]]) -> bytes:
    """`1:3,7` for ranges in their order."""
    return b",".join(b"%d" % low if low == high else b"%d:%d" % (low, high) for low, high in ranges)


def render(numbers: Iterable[int]) -> bytes:
    """A sequence set of `numbers` in their order; empty for none."""
    return render_runs(runs(numbers))
