"""A file system with no space left: what was acknowledged stays, the rest is refused, and with space it goes on.

Runs in a small tmpfs of its own, in a name space of its own; skipped where the kernel does not let us.
"""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from mailaccess.mail.flags import DELETED, SEEN
from mailaccess.storage.accounts import Accounts
from mailaccess.storage.errors import DiskFull, StorageError, Unavailable
from mailaccess.storage.mailbox import Action, Mailbox
from tests.storage.post import add, arrive, settings, texts

MEGABYTES = 2
TEXT = b"Subject: filler\n\n" + b"x" * 79 * 400 + b"\n"


def fill(root: Path) -> None:
    """Run inside: fills the disk in every way, and looks what is left."""
    accounts = Accounts(settings(root))
    account = accounts.open("fred", None)
    account.create("Work")
    inbox, work = account.mailbox("INBOX"), account.mailbox("Work")
    acknowledged = dict.fromkeys(add(inbox, b"first\n"), b"first\r\n")
    acknowledged |= _append_until_full(inbox)
    refused = 0
    for change in (
        lambda: inbox.store([1], Action.ADD, frozenset([SEEN])),
        lambda: inbox.copy(list(acknowledged), work),
        lambda: inbox.move([1], work),
        lambda: account.create("More"),
        lambda: inbox.make_facts(list(acknowledged)),
        account.maintain,
        lambda: acknowledged.update(dict.fromkeys(add(inbox, TEXT), b"")),  # there may be room again
    ):
        try:
            change()
        except (DiskFull, Unavailable):
            refused += 1
        assert acknowledged.keys() == {**texts(inbox), **dict.fromkeys(_moved(work, acknowledged))}.keys()
    assert refused, "the disk was never full"
    inbox.remove(list(acknowledged)[2:])
    work.remove(list(work.messages.uids)[1:])  # copies share their octets with what they were made from
    (uid,) = add(inbox, b"last\n")
    assert uid > max(acknowledged)
    accounts.close()
    again = Accounts(settings(root))
    inbox = again.open("fred", None).mailbox("INBOX")
    assert texts(inbox)[uid] == b"last\r\n"
    arrive(root / "fred", b"delivered\n")
    inbox.sync()
    assert b"delivered\r\n" in texts(inbox).values()
    again.close()


def make_room(root: Path) -> None:
    """Run inside: on a disk that others have filled to the last octet, a user reads mail and removes some."""
    accounts = Accounts(settings(root))
    inbox = accounts.open("fred", None).mailbox("INBOX")
    uids = [add(inbox, TEXT)[0] for _ in range(20)]
    _take_all(root)
    accounts = Accounts(settings(root))  # as another process
    inbox = accounts.open("fred", None).mailbox("INBOX")
    _at_last(inbox.claim_recent)
    assert len(texts(inbox)) == 20
    _at_last(lambda: inbox.store(uids[:10], Action.ADD, frozenset([DELETED])))
    _at_last(lambda: inbox.expunge(None))
    assert len(texts(inbox)) == 10
    add(inbox, TEXT)
    accounts.close()


def read_on(root: Path) -> None:
    """Run inside: where not even the index has room, mail that nobody has read yet is read."""
    accounts = Accounts(settings(root))
    account = accounts.open("fred", None)
    inbox = account.mailbox("INBOX")
    for number in range(3):
        arrive(root / "fred", b"unread %d\n" % number)
    inbox.sync()
    refused = 0
    while refused < 5:  # the first time something is given back
        _take_all(root)
        try:
            account.mailbox("INBOX").store([1], Action.ADD, frozenset([f"keyword{refused}"]))
        except StorageError:
            refused += 1
    uids = list(inbox.messages.uids)
    assert inbox.make_facts(uids[:1]).keys() == {uids[0]}
    assert inbox.make_sizes(uids[1:]) == {2: 10, 3: 10}
    assert list(inbox.messages.sizes) == [10] * 3
    assert len(texts(inbox)) == 3


def start_anew(root: Path) -> None:
    """Run inside: a server that is started, twice, on a disk that has long been full serves mail, and lets it be
    removed. SQLite has to make a file beside the index to open it at all."""
    accounts = Accounts(settings(root))
    account = accounts.open("fred", None)
    account.create("Work")
    inbox = account.mailbox("INBOX")
    for _ in range(20):
        add(inbox, TEXT)
    arrive(root / "fred", b"unread\n")
    accounts.close()
    _take_all(root)
    for number in range(2):
        accounts = Accounts(settings(root))
        account = accounts.open("fred", None)
        assert account.status("INBOX").messages == 21 - 2 * number
        inbox = account.mailbox("INBOX")
        inbox.claim_recent()
        assert len(texts(inbox)) == 21 - 2 * number
        with account.maildrop_lock():  # as POP3 has
            _take_all(root)
        _at_last(lambda box=inbox: box.remove(list(box.messages.uids)[:2]))  # type: ignore[misc]
        with suppress(DiskFull):
            accounts.close()
        del account, inbox, accounts
        _take_all(root)
    account = Accounts(settings(root)).open("fred", None)
    _at_last(lambda: account.delete("Work"))


def _take_all(root: Path) -> None:
    """To the last octet."""
    with (root / "filler").open("ab", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 512)


def _at_last(change: Callable[[], object]) -> None:
    """The first attempt may find no room, and makes it."""
    with suppress(DiskFull):
        change()
        return
    change()


def _append_until_full(inbox: Mailbox) -> dict[int, bytes]:
    acknowledged: dict[int, bytes] = {}
    failures = 0
    while failures < 5:  # a small message may still fit where a large one does not
        text = TEXT if not failures else b"small\n"
        try:
            (uid,) = add(inbox, text)
        except StorageError:
            failures += 1
        else:
            acknowledged[uid] = text.replace(b"\n", b"\r\n")
            if len(acknowledged) > MEGABYTES * 1000:
                break
    return acknowledged


def _moved(work: Mailbox, acknowledged: dict[int, bytes]) -> list[int]:
    """UIDs that were acknowledged in INBOX and are now in the other mailbox."""
    return [1] if b"first\r\n" in texts(work).values() and 1 in acknowledged else []


@pytest.mark.parametrize("what", [fill, make_room, read_on, start_anew])
def test_a_full_disk(tmp_path: Path, what: Callable[[Path], None]) -> None:
    """Mail, index and uidlist share it."""
    mount = f"mount -t tmpfs -o size={MEGABYTES}m,mode=0700 none {tmp_path}"
    enter = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*enter, mount], capture_output=True, check=False).returncode:
        pytest.skip("no mount name spaces here")
    script = f"from pathlib import Path; from {__name__} import {what.__name__} as run; run(Path('{tmp_path}'))"
    done = subprocess.run(
        [*enter, f'{mount} && exec "$0" -c "$1"', sys.executable, script],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
