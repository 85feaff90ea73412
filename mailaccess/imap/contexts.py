"""Search results that are kept up to date for the client: RETURN (UPDATE), ADDTO and REMOVEFROM (RFC 5267 4.3).

A context knows the UIDs that match, and for SORT their order. After each command it runs its program over what is new
or has changed since, and over nothing else; what moves with the time alone (OLDER, YOUNGER) is found when the message
next changes: "the server may delay the updates" (RFC 5032 2). Each is told with what it follows from: REMOVEFROM before
the EXPUNGE, "in order that those sequence numbers remain valid", all else behind EXISTS and FETCH. Of an expunge that
has to wait it is told at once (A.3).
"""

import logging
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from mailaccess.imap import numset, render
from mailaccess.imap.errors import Bad
from mailaccess.imap.fetching import Answer, plan_for
from mailaccess.imap.plan import Asked
from mailaccess.imap.program import KEYS, SEQUENCE_SET, Leaf, Node, Not, Program
from mailaccess.imap.returning import Results, response
from mailaccess.imap.rows import Rows
from mailaccess.imap.searching import Found, look, matching
from mailaccess.imap.session import Session
from mailaccess.imap.sorting import Criteria, in_order, places
from mailaccess.imap.view import View, missing
from mailaccess.imap.wanted import Wanted
from mailaccess.storage.errors import StorageError
from mailaccess.wire.traps import compute_steps

log = logging.getLogger(__name__)

MOST = 16
"""Contexts of one session."""
MOST_RESULTS = 4_000_000
"""Results of all of them together, at 4 octets each, or 8 in an order; the first context may have more."""

Pairs = list[tuple[int, list[int]]]
"""Context positions, and the UIDs there in the order of the results."""

Number = Callable[[int], int]
"""The sequence number of a UID."""


class Context:
    """One search that goes on."""

    def __init__(
        self,
        session: Session,
        correlator: bytes,
        program: Program,
        found: Found,
        results: Results,
        criteria: Criteria | None = None,
        items: Iterable[Wanted] = (),
    ) -> None:
        """`results`: what was found, in the order of the criteria. `items` are fetched of new messages that match."""
        rows = found.rows
        self._session = session
        self._view = rows.view
        self._correlator = correlator
        self._by_uid = results.by_uid
        self._asked = Asked(tuple(items))
        self._program = replace(program, root=fixed(program.root, rows), numbers=False)
        self._criteria = criteria
        self._matches = array("I", [rows.uids[row] for row in found.matches])  # ascending
        self._ordered = array("I")  # the same in the order of the criteria
        self._scores: dict[int, int] = {}  # by UID, if they are among the criteria
        if criteria is not None:
            self._order(rows, [(0, results.matches)])
            self._matches = array("I", sorted(self._ordered))
        self._modseq = rows.modseq  # changes up to here have been looked at ...
        self._last = rows.uids[rows.count - 1] if rows.count else 0  # ... of messages up to this UID
        self._uids: Sequence[int] = rows.uids  # of the mailbox, when expunges were last looked for

    @property
    def by_uid(self) -> bool:
        return self._by_uid

    def __len__(self) -> int:
        return len(self._matches) + len(self._ordered)

    # -- what the view does

    async def expunged(self, expunged: Sequence[tuple[int, int]]) -> None:
        """The client is about to be told of these: (sequence number, UID)."""
        numbers = {uid: number for number, uid in expunged}
        self._tell(await self._remove(list(numbers), numbers.__getitem__))

    async def look(self) -> None:
        """The client has been told the news of the mailbox."""
        data: list[bytes] = []
        try:
            await self._look(self._view, data)
        except StorageError as error:  # the command that is under way is not to blame, and has been done
            log.warning("search results cannot be kept up to date: %s", error)
        self._tell(data)

    async def _look(self, view: View, data: list[bytes]) -> None:
        messages = view.mailbox.messages
        highest, last = messages.highest, view.uid(view.count) if view.count else 0
        if messages.uids is not self._uids:  # something is gone, of which the client has perhaps not been told
            gone = await compute_steps(len(self._uids) // 16, missing, self._uids, messages.uids)
            data += await self._remove([self._uids[index] for index in gone], view.number)
            self._uids = messages.uids
        if highest != self._modseq or last > self._last:
            steps = messages.changes_since(self._modseq) * 10 + view.count - view.number_up_to(self._last)
            candidates = await compute_steps(steps, self._concerned, view)
            rows = await look(view)
            matches = await matching(rows, self._program, candidates)
            gone, added = await compute_steps(len(candidates) * 10, self._differing, rows, candidates, matches)
            if self._asked.items:
                await self._fetch(rows, added)
            data += await self._remove(gone, view.number)
            data += await self._add(rows, added)
            self._modseq, self._last = highest, max(self._last, last)

    def _concerned(self, view: View) -> list[int]:
        """Rows of what has changed or come since, as far as the client knows of it."""
        changed = view.mailbox.messages.changed_since(self._modseq)
        known = map(view.number, changed[: bisect_right(changed, self._last)])
        return [number - 1 for number in known if number] + list(range(view.number_up_to(self._last), view.count))

    def _differing(self, rows: Rows, candidates: Sequence[int], matches: Sequence[int]) -> tuple[list[int], list[int]]:
        """UIDs that match no more, and rows that do now. Of a message whose file is gone nothing is known but that it
        will soon be expunged."""
        matched = set(matches)
        others = [rows.uids[row] for row in candidates if row not in matched and row not in rows.gone]
        return others, [row for row in matches if not self._has(rows.uids[row])]

    async def _fetch(self, rows: Rows, added: Sequence[int]) -> None:
        """Behind EXISTS and before the ESEARCH response; none "if a message becomes a member of UPDATE SEARCH due to
        flag or annotation changes" (RFC 5465 7)."""
        new = numset.runs(row + 1 for row in added if rows.uids[row] > self._last)
        plan = plan_for(self._session, self._asked, with_uid=self._session.rev2 or self._by_uid)
        await Answer(self._session, plan).send(new)

    # -- the results

    def _has(self, uid: int) -> bool:
        index = bisect_left(self._matches, uid)
        return index < len(self._matches) and self._matches[index] == uid

    async def _remove(self, uids: Sequence[int], number: Number) -> list[bytes]:
        """Takes those of the UIDs that are there out of the results, and says so."""
        return await compute_steps(len(uids) * 20 + len(self) if uids else 0, self._taken, uids, number)

    def _taken(self, uids: Sequence[int], number: Number) -> list[bytes]:
        gone = sorted(filter(self._has, uids))
        return [self._item(b"REMOVEFROM", self._take(gone), number)] if gone else []

    def _take(self, gone: Sequence[int]) -> Pairs:
        for uid in gone:
            del self._matches[bisect_left(self._matches, uid)]
            self._scores.pop(uid, None)
        if self._criteria is None:
            return [(0, list(gone))]  # "the context position MAY be zero": wherever they are
        taken = set(gone)
        indexes = [index for index, uid in enumerate(self._ordered) if uid in taken]
        pairs: Pairs = []
        for low, high in reversed(numset.runs(indexes)):  # from the end, where no position moves another
            pairs.append((low + 1, list(self._ordered[low : high + 1])))
            del self._ordered[low : high + 1]
        return pairs

    async def _add(self, rows: Rows, added: Sequence[int]) -> list[bytes]:
        """Puts rows (ascending) where they belong in the results, and says so."""
        if not added:
            return []
        where = [0] * len(added)
        if self._criteria is not None:
            added = await in_order(rows, added, self._criteria)
            count = len(self._ordered)
            where = await places(rows, count, lambda index: self._row(rows, index), added, self._criteria)
        return await compute_steps(len(added) * 50, self._entered, rows, where, added)

    def _entered(self, rows: Rows, where: Sequence[int], added: Sequence[int]) -> list[bytes]:
        groups = groupby(zip(where, added, strict=True), lambda pair: pair[0])
        placed = [(place, [row for _, row in group]) for place, group in groups]
        for row in added:
            insort(self._matches, rows.uids[row])
        pairs: Pairs = [(0, [rows.uids[row] for row in group]) for _, group in placed]
        if self._criteria is not None:
            pairs = self._order(rows, placed)
        return [self._item(b"ADDTO", pairs, self._view.number)] if pairs else []

    def _row(self, rows: Rows, index: int) -> int:
        """The row of one of the ordered results."""
        uid = self._ordered[index]
        row = self._view.number(uid) - 1
        if uid in self._scores:
            rows.rated([(row, self._scores[uid])])
        return row

    def _order(self, rows: Rows, placed: Sequence[tuple[int, Sequence[int]]]) -> Pairs:
        """Puts rows before what stands at these indexes."""
        pairs: Pairs = []
        before = 0  # how many have been put in
        for place, group in placed:
            uids = [rows.uids[row] for row in group]
            at = place + before
            self._ordered[at:at] = array("I", uids)
            pairs.append((at + 1, uids))
            before += len(uids)
            if self._criteria is not None and b"RELEVANCY" in self._criteria:
                self._scores |= {uid: rows.relevancy(row) for uid, row in zip(uids, group, strict=True)}
        return pairs

    # -- the answer

    def _item(self, name: bytes, pairs: Pairs, number: Number) -> bytes:
        """ret-data-addto, ret-data-removefrom"""
        sets = []
        for position, uids in pairs:
            numbers = uids if self._by_uid else map(number, uids)
            sets.append(b"%d %s" % (position, numset.render(numbers)))
        return b"%s (%s)" % (name, b" ".join(sets))

    def _tell(self, data: Sequence[bytes]) -> None:
        if data:
            self._session.untagged(response(self._correlator, data, self._by_uid))


def fixed(node: Node, rows: Rows) -> Node:
    """The same keys, with UIDs for message numbers and `$`: these "are evaluated at the time the command is received;
    therefore, if the messages referred to by such message sequence numbers change, no notifications will be emitted"
    (RFC 5267 4.3). Nor does a UID set depend on which message is the last: `7:*` is all from there on, for good."""
    if not isinstance(node, Leaf):
        return type(node)([fixed(child, rows) for child in node.children])
    by_uid = KEYS[b"UID"]
    if node.key is KEYS[SEQUENCE_SET] or (node.key is by_uid and node.argument is numset.SAVED):
        # Between two neighbours there will never be another UID.
        uids = tuple((rows.uids[low], rows.uids[high]) for low, high in rows.numbered(node.argument))
    elif node.key is by_uid:
        uids = tuple(_without_star(low, high, rows) for low, high in node.argument)
    else:
        return node
    return Leaf(by_uid, uids) if uids else Not([Leaf(KEYS[b"ALL"], None)])


def _without_star(low: int, high: int, rows: Rows) -> tuple[int, int]:
    if numset.STAR not in (low, high):
        return low, high
    first = min(low, high, numset.STAR - 1)
    if rows.count:
        first = min(first, rows.uids[rows.count - 1])
    return (first, first) if low == high else (first, numset.STAR - 1)


def give_up_numbers(session: Session) -> None:
    """From here on messages have no numbers: what was told in them cannot be kept up to date."""
    followers = session.view.followers
    for tag in [tag for tag, follower in followers.items() if not follower.by_uid]:
        del followers[tag]
        session.untagged(b"NO [NOUPDATE %s] Messages have no numbers any more" % render.quoted(tag))


def check_tag(session: Session) -> None:
    """Before a search with UPDATE: BAD if the tag stands for another (RFC 5267 4.3)."""
    if session.selected is not None and session.tag in session.selected.followers:
        raise Bad("A search with this tag is still kept up to date")


def follow(session: Session, context: Context) -> None:
    """Begins to keep it up to date, or refuses to (RFC 5267 4.3.1)."""
    followers = session.view.followers
    if len(followers) >= MOST or (followers and sum(map(len, followers.values())) + len(context) > MOST_RESULTS):
        refuse(session, b"Too many contexts")
        return
    followers[session.tag] = context


def refuse(session: Session, reason: bytes) -> None:
    """Says that nothing will be kept up to date; all else was done."""
    session.untagged(b"NO [NOUPDATE %s] %s" % (render.quoted(session.tag), reason))
