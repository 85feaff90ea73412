"""The items of FETCH: how they are asked for, and what they say of messages in memory."""

import pytest

from mailaccess.imap.errors import Bad
from mailaccess.imap.grammar import Cursor
from mailaccess.imap.wanted import Block, Needs, parse_items
from mailaccess.storage.messages import Messages


def form(text: bytes) -> bytes:
    """How the one item of a list stands in a response."""
    cursor = Cursor(text)
    (wanted,) = parse_items(cursor)
    cursor.end()
    return wanted.form


def block(*, recent: bool = False) -> Block:
    messages = Messages([7], [frozenset(["\\Seen", "$Forwarded"])], [42], [1234], [760686745], [0])
    return Block([1], [7], [(messages, slice(0, 1))], (lambda uid: uid == 7) if recent else None)


def rendered(text: bytes, **options: bool) -> bytes:
    """The items for the one message of `block`."""
    items = parse_items(Cursor(text))
    return b" ".join(wanted.form % wanted.column(block(**options))[0] for wanted in items if wanted.column)


def test_what_has_a_long_name_is_not_kept() -> None:
    """Whoever asks for ever other header fields is not to fill the memory with their names."""
    usual, long = (
        parse_items(Cursor(b"BODY.PEEK[HEADER.FIELDS (%s)]" % fields))[0]
        for fields in (b"X-Mailer", b"X-%s" % (b"x" * 2000))
    )

    assert usual.kept_as is not None
    assert usual.read_as is not None
    assert long.kept_as is None
    assert long.read_as is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"BODY", b"BODY %s"),
        (b"BODY[]", b"BODY[] %s"),
        (b"body.peek[1.2]<5.10>", b"BODY[1.2]<5> %s"),
        (b"BODY [TEXT]", b"BODY[TEXT] %s"),
        (b"BODY.PEEK [HEADER]", b"BODY[HEADER] %s"),
        (b"BODYSTRUCTURE", b"BODYSTRUCTURE %s"),
        (b"RFC822", b"RFC822 %s"),
        (b"RFC822.HEADER", b"RFC822.HEADER %s"),
        (b"RFC822.TEXT", b"RFC822.TEXT %s"),
    ],
)
def test_texts_and_structures(text: bytes, expected: bytes) -> None:
    """Pine is known to put a space before the section."""
    assert form(text) == form(b"(%s)" % text) == expected


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (b"BODY[]", True),
        (b"BODY[HEADER]", True),
        (b"BODY.PEEK[]", False),
        (b"BODY", False),
        (b"RFC822", True),
        (b"RFC822.TEXT", True),
        (b"RFC822.HEADER", False),
    ],
)
def test_what_sets_seen(text: bytes, seen: bool) -> None:
    """RFC 3501 6.4.5; RFC822.HEADER is "functionally equivalent to BODY.PEEK[HEADER]"."""
    assert parse_items(Cursor(text))[0].sets_seen is seen


def test_items_of_memory() -> None:
    assert rendered(b"(UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)") == (
        b'UID 7 FLAGS (\\Seen $Forwarded) INTERNALDATE "08-Feb-1994 05:52:25 +0000" RFC822.SIZE 1234 MODSEQ (42)'
    )


def test_recent_is_the_sessions() -> None:
    assert rendered(b"FLAGS", recent=True) == b"FLAGS (\\Seen $Forwarded \\Recent)"


def test_needs() -> None:
    """What has to be loaded first: nothing for memory's columns, no facts for the whole message."""
    items = {
        text: parse_items(Cursor(text))[0] for text in (b"FLAGS", b"RFC822.SIZE", b"ENVELOPE", b"BODY[]", b"BODY[1]")
    }

    assert items[b"FLAGS"].needs == items[b"BODY[]"].needs == Needs.NOTHING
    assert items[b"RFC822.SIZE"].needs == Needs.SIZES
    assert [text for text, wanted in items.items() if wanted.says] == [b"ENVELOPE", b"BODY[1]"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"BODY.PEEK[HEADER]", b"RFC822.HEADER", True),
        (b"BODY[1]<0.10>", b"BODY[1]<0.11>", False),
        (b"BODY[HEADER.FIELDS (To)]", b"BODY.PEEK[HEADER.FIELDS (to)]", True),
        (b"BODY[HEADER.FIELDS (To)]", b"BODY[HEADER.FIELDS.NOT (To)]", False),
        (b"BODY", b"BODYSTRUCTURE", False),
    ],
)
def test_values_are_kept_by_what_they_are(one: bytes, other: bytes, same: bool) -> None:
    """Two items that differ in anything that counts do not share them."""
    first, second = (parse_items(Cursor(text))[0].kept_as for text in (one, other))
    assert (first == second) is same


def test_a_percent_sign_in_a_field_name() -> None:
    """It has no meaning in the response's form."""
    wanted = parse_items(Cursor(b'BODY[HEADER.FIELDS ("X%s")]'))[0]

    assert wanted.form % b"{2}\r\n\r\n" == b'BODY[HEADER.FIELDS ("X%S")] {2}\r\n\r\n'


@pytest.mark.parametrize(
    "text", [b"PREVIEW", b"(PREVIEW)", b"PREVIEW (LAZY)", b"(UID PREVIEW (lazy) FLAGS)", b"PREVIEW (LAZY LAZY)"]
)
def test_preview_may_be_lazy(text: bytes) -> None:
    """RFC 8970 section 6. Lazily, nothing is made."""
    cursor = Cursor(text)
    (wanted,) = [wanted for wanted in parse_items(cursor) if wanted.form == b"PREVIEW %s"]
    cursor.end()
    assert wanted.needs is (Needs.FACTS_AT_HAND if b"lazy" in text.lower() else Needs.NOTHING)
    assert (wanted.says is None) is (b"lazy" in text.lower())


@pytest.mark.parametrize("text", [b"(PREVIEW (FUZZY))", b"(PREVIEW ())", b"(PREVIEW (LAZY)", b"(PREVIEW(LAZY))"])
def test_bad_preview(text: bytes) -> None:
    with pytest.raises(Bad):
        form(text)


def test_behind_preview_may_be_modifiers() -> None:
    """Which are not its own."""
    cursor = Cursor(b"PREVIEW (CHANGEDSINCE 5)")
    parse_items(cursor)
    assert cursor.data[cursor.pos :] == b" (CHANGEDSINCE 5)"
