"""What the full-text index answers of a search, so that files are read only for messages that it does not have yet."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mailaccess.imap.program import KEYS, Branch, Node
from mailaccess.imap.rows import Question, Rows
from mailaccess.storage.text.asking import Asking, Unanswered
from mailaccess.wire.traps import call, compute, compute_steps

FEW = 16
"""Messages that are read as fast as the index is opened."""

CHECKED = 500
"""Matches whose files are looked at: whether they are there, and what was read for the index. More are taken at its
word, as what the index says of headers is; opening such a message will show it."""

STRETCHES = 100
"""Gaps in what the index knows up to which that is left in one piece between them."""


class Answers(NamedTuple):
    """What the index knows. Nothing in it is in proportion to the messages that it knows and that do not match."""

    unknown: list[int]  # rows of which it cannot tell, ascending
    matches: dict[Question, list[int]]  # rows of all others that match, ascending, by what was looked for


async def ask(rows: Rows, root: Node, candidates: Sequence[int]) -> Answers | None:
    """What the index says of these messages (rows, ascending) to what a program looks for in texts. None: nothing."""
    questions = set(_questions(root))
    if len(candidates) <= FEW or None in questions:
        return None
    asking = await call(rows.view.mailbox.ask_texts)
    if asking is None:
        return None
    try:
        if isinstance(candidates, range):
            uids = rows.uids[candidates.start : candidates.stop]
        else:
            uids = [rows.uids[row] for row in candidates]
        unknown = await compute_steps(len(uids), _unknown, asking, rows, candidates, uids)
        if len(unknown) == len(candidates):
            return None
        matches: dict[Question, list[int]] = {}
        for question in filter(None, questions):
            found: set[int] = set()
            pieces = asking.holding(uids, question.needle, header=question.header)
            while (piece := await compute(next, pieces, None)) is not None:
                found.update(piece)
            matches[question] = await compute_steps(len(found) * 4, _rows_of, found, candidates, uids)
    except Unanswered:
        return None
    finally:
        asking.close()
    return Answers(unknown, matches)


def known(answers: Answers, candidates: Sequence[int]) -> Iterator[Sequence[int]]:
    """The messages of which the index can tell, in stretches: ranges, where the candidates are one."""
    if len(answers.unknown) > STRETCHES:
        unknown = set(answers.unknown)
        yield [row for row in candidates if row not in unknown]
        return
    start = 0
    for row in answers.unknown:
        end = bisect_left(candidates, row)
        if end > start:
            yield candidates[start:end]
        start = end + 1
    if start < len(candidates):
        yield candidates[start:]


async def doubtful(rows: Rows, matches: Sequence[int]) -> set[int]:
    """Those of the matches whose files are not where and what they were: they have to be opened."""
    if not matches or len(matches) > CHECKED:
        return set()
    unlike = await call(rows.view.mailbox.unlike, [rows.uids[row] for row in matches])
    return {row for row in matches if rows.uids[row] in unlike}


def _questions(node: Node) -> Iterator[Question | None]:
    """All that is looked for in texts; None for what the index cannot tell."""
    if isinstance(node, Branch):
        for child in node.children:
            yield from _questions(child)
    elif node.key in (KEYS[b"BODY"], KEYS[b"TEXT"]):
        if node.argument:
            yield Question(node.argument, header=node.key is KEYS[b"TEXT"])
    elif node.key.name in (b"BODY", b"TEXT"):
        yield None  # behind FUZZY


def _unknown(asking: Asking, rows: Rows, candidates: Sequence[int], uids: Sequence[int]) -> list[int]:
    """Rows of messages of which the index cannot tell, or that are gone, which only their files show."""
    unknown = set(_rows_of(asking.unknown(uids), candidates, uids))
    messages = rows.view.mailbox.messages
    if messages is not rows.view.generation:
        unknown.update(row for row, uid in zip(candidates, uids, strict=True) if messages.position(uid) < 0)
    return sorted(unknown)


def _rows_of(wanted: Iterable[int], candidates: Sequence[int], uids: Sequence[int]) -> list[int]:
    """Rows of those of the UIDs that are among the candidates, ascending."""
    found = []
    for uid in sorted(wanted):
        at = bisect_left(uids, uid)
        if at < len(uids) and uids[at] == uid:
            found.append(candidates[at])
    return found
