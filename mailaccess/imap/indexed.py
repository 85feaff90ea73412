"""What the full-text index answers of a search, so that files are read only for messages that it does not have yet."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from mailaccess.imap.program import KEYS, Branch, Node
from mailaccess.imap.rows import Question, Rows
from mailaccess.storage.text.asking import Asking, Unanswered
from mailaccess.wire.traps import call, compute

FEW = 16
"""Messages that are read as fast as the index is opened."""

CHECKED = 500
"""Matches whose files are looked at: whether they are there, and what was read for the index. More are taken at its
word, as what the index says of headers is; opening such a message will show it."""


class Answers(NamedTuple):
    """What the index knows."""

    rows: list[int]  # of which messages, ascending
    matches: dict[Question, set[int]]  # rows, by what was looked for


async def ask(rows: Rows, root: Node, candidates: Sequence[int]) -> Answers | None:
    """What the index says of these messages (rows, ascending) to what a program looks for in texts. None: nothing."""
    questions = set(_questions(root))
    if len(candidates) <= FEW or None in questions:
        return None
    asking = await call(rows.view.mailbox.ask_texts)
    if asking is None:
        return None
    try:
        known = await compute(_known, asking, rows, candidates)
        if not known:
            return None
        uids = [rows.uids[row] for row in known]
        matches: dict[Question, set[int]] = {}
        for question in filter(None, questions):
            found: set[int] = set()
            pieces = asking.holding(uids, question.needle, header=question.header)
            while (piece := await compute(next, pieces, None)) is not None:
                found.update(piece)
            matches[question] = {row for row, uid in zip(known, uids, strict=True) if uid in found}
    except Unanswered:
        return None
    finally:
        asking.close()
    return Answers(known, matches)


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


def _known(asking: Asking, rows: Rows, candidates: Sequence[int]) -> list[int]:
    """Rows of messages of which the index can tell; not of those that are gone, which only files show."""
    messages = rows.view.mailbox.messages
    uids = [rows.uids[row] for row in candidates]
    if messages is not rows.view.generation:
        uids = [uid for uid in uids if messages.position(uid) >= 0]
    known: Collection[int] = asking.known(uids)
    if len(known) == len(candidates):
        return list(candidates)
    known = set(known)
    return [row for row in candidates if rows.uids[row] in known]
