"""Which messages match a search program, by looking at no more than it takes.

The program is gone through once for each kind of need, cheapest first: what flags and dates decide is decided before
any header is looked at, and files are opened only for messages that all the rest left open. Each pass goes over the
mailbox in slices of about 20 ms, so that other sessions are served in between.
"""

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from time import time
from typing import Any

from mailaccess.imap import indexed
from mailaccess.imap.columns import KEPT, Column, read
from mailaccess.imap.errors import No
from mailaccess.imap.loading import load_facts
from mailaccess.imap.program import SEQUENCE_SET, And, Leaf, Needs, Node, Not, Or, Program
from mailaccess.imap.rows import Rows
from mailaccess.imap.view import View
from mailaccess.storage.messages import UNSIZED
from mailaccess.wire.traps import compute, compute_steps, turn

COMPARISONS = 50_000  # in memory, of a slice: rows times keys
HEADERS = 500  # messages of a slice whose facts may have to be read
FILES = 50  # messages of a slice that are opened ...
OCTETS = 512 * 1024  # ... and about how large they may be together
LONGEST_KEPT = 100
"""Octets of a column's name, mostly a header field's, up to which it is kept: of what is kept only values count."""
ORDINARY = OCTETS // FILES  # octets of a message whose size nobody has found out

_SETS = frozenset([SEQUENCE_SET, b"UID", b"UIDAFTER", b"UIDBEFORE"])

Advance = Callable[[int], None]


def _silently(_: int) -> None:
    """Nobody waits."""


Sifted = tuple[Sequence[int], Sequence[int]]
"""Rows that match, and rows that this pass cannot decide; both ascending."""


@dataclass(slots=True)
class Found:
    """What a search found: which rows of what it looked at, ascending."""

    rows: Rows
    matches: list[int]
    lowest: int = 0  # UID of the first message that was looked at, where those below it were too many (RFC 9738)

    @property
    def missing(self) -> bool:
        """What went with an expunged message's file was asked for; that message is not among the matches."""
        return bool(self.rows.gone)


async def evaluate(
    view: View, saved: Sequence[int], program: Program, *, most: int = sys.maxsize, advance: Advance = _silently
) -> Found:
    """Runs a program over a mailbox; `saved` is what `$` is. NO [BADCHARSET] for a charset that is not known.

    Of more than `most` messages only the last ones are looked at. `advance` is told of so many that are done with.
    """
    if not program.charset_known:
        raise No("The charset is not known here", b"BADCHARSET (US-ASCII UTF-8)")
    rows = await look(view, saved)
    candidates: Sequence[int] = range(rows.count)
    lowest = 0
    if rows.count > most:
        candidates = await compute_steps(rows.count, _named, program.root, rows)
        if len(candidates) > most:
            candidates = candidates[-most:]
            lowest = rows.uids[candidates[0]]
    return Found(rows, await matching(rows, program, candidates, advance), lowest)


def _named(root: Node, rows: Rows) -> Sequence[int]:
    """The rows that a program can match by the sets of numbers in it: "the number of searched messages (note, NOT the
    number of matched messages)" is what is limited (RFC 9738 3.1)."""
    candidates: Sequence[int] = range(rows.count)
    for node in root.children if isinstance(root, And) else [root]:
        if isinstance(node, Leaf) and node.key.name in _SETS:
            candidates = node.key.match(rows, candidates, node.argument)
    return candidates


async def look(view: View, saved: Sequence[int] = ()) -> Rows:
    """The messages of a mailbox as they are now."""
    owed = view.count if view.generation is not view.mailbox.messages else 0  # then columns have to be made
    return await compute_steps(owed, Rows, view, saved, int(time()))


async def matching(rows: Rows, program: Program, candidates: Sequence[int], advance: Advance = _silently) -> list[int]:
    """Which of some rows (ascending) match."""
    undecided = candidates
    if program.sizes:
        await make_sizes(rows, undecided)
    matches: list[int] = []
    for level in Needs:
        if level not in program.needs:
            continue
        if level is Needs.TEXT:
            found, undecided = await _by_index(rows, program, undecided)
            matches += found
        left: list[int] = []
        for part in _slices(rows, undecided, level, program.keys):
            if level is not Needs.COLUMNS:
                await hold_columns(rows, part, program.columns)
            if level is Needs.TEXT or program.fuzzy:
                yes, maybe = await compute(sift, program.root, rows, part, level)
            else:
                yes, maybe = sift(program.root, rows, part, level)
                await turn()
            matches += yes
            left += maybe
            advance(len(part) - len(maybe))
        undecided = left
    matches.sort()  # what the passes found, each ascending
    if rows.gone:
        matches = [row for row in matches if row not in rows.gone]
    return matches


async def _by_index(rows: Rows, program: Program, candidates: Sequence[int]) -> Sifted:
    """Decides what the full-text index knows, which is wanted for the rest."""
    answers = await indexed.ask(rows, program.root, candidates)
    if answers is None:
        matches: list[int] = []
    else:
        rows.answers = answers.matches
        matches = []
        level = Needs.FACTS if program.columns else Needs.COLUMNS  # texts are not needed any more
        for stretch in indexed.known(answers, candidates):
            for part in _slices(rows, stretch, level, program.keys):
                await hold_columns(rows, part, program.columns)
                matches += (await compute(sift, program.root, rows, part, Needs.TEXT))[0]
        rows.answers = None
        doubtful = await indexed.doubtful(rows, matches)
        matches = _without(matches, doubtful)
        candidates = sorted([*answers.unknown, *doubtful])
    if len(candidates) > indexed.FEW:
        rows.view.mailbox.want_texts()
    return matches, candidates


def _slices(rows: Rows, candidates: Sequence[int], level: Needs, keys: int) -> Iterator[Sequence[int]]:
    if level is Needs.TEXT:
        yield from _by_size(rows, candidates)
        return
    step = COMPARISONS // keys
    if level is Needs.FACTS:  # takes longer
        step = min(step // 5, HEADERS)
    step = max(1, step)
    for start in range(0, len(candidates), step):
        yield candidates[start : start + step]


def _by_size(rows: Rows, candidates: Sequence[int]) -> Iterator[Sequence[int]]:
    start = octets = 0
    for index, row in enumerate(candidates, 1):
        octets += ORDINARY if rows.sizes[row] == UNSIZED else rows.sizes[row]
        if octets >= OCTETS or index - start >= FILES:
            yield candidates[start:index]
            start, octets = index, 0
    if start < len(candidates):
        yield candidates[start:]


async def hold_columns(rows: Rows, part: Sequence[int], columns: Sequence[Column[Any]]) -> None:
    """Sees to it that the values of a slice of rows are at hand."""
    if not columns:
        rows.hold({})
        return
    mailbox = rows.view.mailbox
    held = {column: KEPT.get(mailbox, column) if len(column.name) <= LONGEST_KEPT else {} for column in columns}
    uids = [rows.uids[row] for row in part]
    lacking = [column for column, values in held.items() if not all(map(values.__contains__, uids))]
    if lacking:
        facts = await load_facts(mailbox, [uid for uid in uids if any(uid not in held[column] for column in lacking)])
        for column, values in await compute(read, mailbox, facts, lacking):
            if len(column.name) <= LONGEST_KEPT:
                KEPT.add(mailbox, column, values)
            held[column].update(values)  # it may have been dropped meanwhile
    rows.hold(held)


async def make_sizes(rows: Rows, candidates: Sequence[int]) -> None:
    """Finds out the sizes that nobody has needed so far."""
    unsized = rows.unsized(candidates)
    for start in range(0, len(unsized), HEADERS):
        await compute(rows.view.mailbox.make_sizes, [rows.uids[row] for row in unsized[start : start + HEADERS]])
    if unsized:
        rows.align()
        rows.gone.update(rows.unsized(unsized))


def sift(node: Node, rows: Rows, candidates: Sequence[int], level: Needs) -> Sifted:
    """Which candidates match, and which cannot be decided by keys that need at most `level`."""
    if node.least > level:
        return (), candidates
    match node:
        case Leaf():
            return node.key.match(rows, candidates, node.argument), ()
        case And():
            return _sift_and(node, rows, candidates, level)
        case Or():
            return _sift_or(node, rows, candidates, level)
        case Not():
            yes, maybe = sift(node.children[0], rows, candidates, level)
            return _without(candidates, yes, maybe), maybe


def _sift_and(node: And, rows: Rows, candidates: Sequence[int], level: Needs) -> Sifted:
    """Each child, cheapest first, sees only what those before it let through."""
    unsure: set[int] = set()
    pending = False
    for child in node.children:
        if child.least > level:
            pending = True
            continue
        yes, maybe = sift(child, rows, candidates, level)
        unsure.update(maybe)
        candidates = sorted([*yes, *maybe]) if yes and maybe else yes or maybe
        if not candidates:
            return (), ()
    if pending:
        return (), candidates
    if not unsure:
        return candidates, ()
    return [row for row in candidates if row not in unsure], [row for row in candidates if row in unsure]


def _sift_or(node: Or, rows: Rows, candidates: Sequence[int], level: Needs) -> Sifted:
    """Each child, cheapest first, sees only what none before it has matched."""
    matches: Sequence[int] = ()
    unsure: set[int] = set()
    pending = False
    for child in node.children:
        if child.least > level:
            pending = True
            continue
        yes, maybe = sift(child, rows, candidates, level)
        unsure.update(maybe)
        if yes:
            matches = sorted([*matches, *yes]) if matches else yes
            candidates = _without(candidates, yes)
        if not candidates:
            break
    if not pending:
        candidates = [row for row in candidates if row in unsure]
    return matches, candidates


def _without(candidates: Sequence[int], *taken: Collection[int]) -> list[int]:
    rows = set().union(*taken)
    return [row for row in candidates if row not in rows]
