"""Rights as sets of letters (RFC 4314 section 2.1), and how lists of them are read and written."""

Rights = frozenset[str]
"""Letters, each one right; never the virtual ones."""

LOOKUP, READ, SEEN, WRITE, INSERT, POST = "l", "r", "s", "w", "i", "p"
CREATE, DELETE, DELETE_MESSAGES, EXPUNGE, ADMINISTER = "k", "x", "t", "e", "a"

LETTERS = "lrswipkxtea"
ALL: Rights = frozenset(LETTERS)
NONE: Rights = frozenset()

VIRTUAL = {"c": frozenset("kx"), "d": frozenset("te")}
"""What "c" and "d" of RFC 2086 stand for: "create" and "delete", in the first of the two readings of RFC 4314 2.1.1."""

NEW = "kxte"
"""Those that RFC 2086 did not have: what RIGHTS= announces."""

ANY_TELLS = frozenset("lrikxa")
"""With one of these a user may know that the mailbox exists, and what he may do there (section 4, MYRIGHTS)."""


class UnknownRight(ValueError):  # noqa: N818
    """A letter that stands for no right."""

    def __init__(self, letter: str) -> None:
        upper = "uppercase rights are not allowed" if letter.isupper() else f"there is no right {letter!r}"
        super().__init__(upper)


def parse(text: str) -> Rights:
    """The rights of a list, the virtual ones replaced by what they stand for. UnknownRight."""
    found: set[str] = set()
    for letter in text:
        if letter in VIRTUAL:
            found |= VIRTUAL[letter]
        elif letter in ALL:
            found.add(letter)
        else:
            raise UnknownRight(letter)
    return frozenset(found)


def modified(rights: Rights, change: str) -> Rights:
    """The rights after `change`: a list to replace them, or to add or take with "+" or "-" before it. UnknownRight."""
    given = parse(change[1:] if change[:1] in ("+", "-") else change)
    if change.startswith("+"):
        return rights | given
    return rights - given if change.startswith("-") else given


def letters(rights: Rights) -> str:
    """The letters in their usual order."""
    return "".join(letter for letter in LETTERS if letter in rights)


def shown(rights: Rights) -> str:
    """The same for clients: "when any of the "delete" member rights is set ..., the server MUST also include the "d"
    right" (2.1.1), and so for "c"."""
    return letters(rights) + "".join(virtual for virtual, members in VIRTUAL.items() if members & rights)
