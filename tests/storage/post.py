"""What tests of storage do: open accounts, add messages by our own calls, and what other programs do to a Maildir."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from mailaccess.mail.flags import Flags
from mailaccess.mail.lines import Buffer
from mailaccess.storage.accounts import StorageSettings
from mailaccess.storage.mailbox import Mailbox
from mailaccess.storage.names import delivery_order

NONE: Flags = frozenset()
TEXT = b"Subject: hello\n\nworld\n"
WIRE_TEXT = TEXT.replace(b"\n", b"\r\n")

_numbers = count(1)


def facts(data: Buffer) -> bytes:
    """The first line, and the wire size."""
    return b"%d %s" % (len(data), data[: data.find(b"\r\n")])


def settings(root: Path, **options: object) -> StorageSettings:
    """Accounts below `root`, without default mailboxes unless asked for."""
    chosen: dict[str, object] = {"index": None, "facts": facts, "facts_version": 1, "default_mailboxes": ()} | options
    return StorageSettings(maildir=str(root / "{user}"), **chosen)  # type: ignore[arg-type]


def add(mailbox: Mailbox, *texts: bytes, flags: Flags = NONE, date: int | None = None) -> list[int]:
    """Appends messages in one call (one if no text is given); their UIDs."""
    items = []
    for text in texts or (TEXT,):
        incoming = mailbox.incoming()
        incoming.write(text)
        items.append((incoming, flags, date))
    return mailbox.append(items)


def seen_files(directory: Path) -> list[Path]:
    """Those in cur/, in the order of their delivery, which is not that of their names as text."""
    return sorted((directory / "cur").iterdir(), key=lambda path: delivery_order(path.name))


def arrive(directory: Path, text: bytes = TEXT, *, name: str = "", where: str = "new") -> Path:
    """Another program delivers a message, or places a file of this name."""
    path = directory / where / (name or f"1700000000.M{next(_numbers)}P1.elsewhere")
    temporary = directory / "tmp" / path.name
    temporary.write_bytes(text)
    temporary.rename(path)
    return path


def files(directory: Path) -> list[str]:
    """`new/...` and `cur/...` names, sorted."""
    return sorted(f"{where}/{path.name}" for where in ("new", "cur") for path in (directory / where).iterdir())


def file_of(mailbox: Mailbox, directory: Path, uid: int) -> Path:
    """The file of a message whose name can be told from its text alone: the only one with this content."""
    with mailbox.content(uid) as content:
        wanted = content.read(0, content.size)
    found = [
        path
        for where in ("new", "cur")
        for path in (directory / where).iterdir()
        if path.read_bytes().replace(b"\r\n", b"\n") == wanted.replace(b"\r\n", b"\n")
    ]
    (path,) = found
    return path


def texts(mailbox: Mailbox) -> dict[int, bytes]:
    """All messages in wire form, by UID."""
    found = {}
    for uid in mailbox.messages.uids:
        with mailbox.content(uid) as content:
            found[uid] = content.read(0, content.size)
    return found


def flags_of(mailbox: Mailbox) -> dict[int, Flags]:
    """All flags, by UID."""
    return dict(zip(mailbox.messages.uids, mailbox.messages.flags, strict=True))


def settle(mailbox: Mailbox) -> None:
    """Waits until the mailbox is known so well that no doubt is left."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        mailbox.sync()
        row = mailbox._memory.row
        if row.new_settled and row.cur_settled:
            return
        time.sleep(0.01)
    raise AssertionError("the mailbox does not come to rest")


@contextmanager
def renaming(directory: Path) -> Iterator[None]:
    """A process that changes flags of all files, without pause."""
    script = (
        "import os, sys\n"
        "print(flush=True)\n"
        "while True:\n"
        "    for name in os.listdir('.'):\n"
        "        base, _, letters = name.partition(':2,')\n"
        "        os.rename(name, base + ':2,' + ('S' if not letters else ''))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=directory, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()
            process.wait()
