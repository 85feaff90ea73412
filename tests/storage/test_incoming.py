"""Files on their way in."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.lines import wire_size
from mailaccess.storage.errors import DiskFull, NoSuchMailbox
from mailaccess.storage.incoming import Incoming
from mailaccess.storage.maildir import Maildir
from mailaccess.storage.names import Entry, size_hints


@pytest.fixture
def maildir(tmp_path: Path) -> Maildir:
    made = Maildir(tmp_path / "box")
    made.create()
    return made


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def arrive(maildir: Maildir, data: bytes, info: str = ":2,", date: int | None = None) -> Entry:
    with maildir.incoming() as incoming:
        incoming.write(data)
        return maildir.link_in(incoming, info, date)


@given(st.lists(st.text("a\r\n", max_size=6)))
def test_sizes_are_counted_however_the_octets_arrive(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    """A CR at the end of one piece belongs to the LF that begins the next."""
    data = "".join(parts).encode()
    with Incoming(str(tmp_path_factory.getbasetemp())) as incoming:
        for part in parts:
            incoming.write(part.encode())

        assert (incoming.size, incoming.wire_size) == (len(data), wire_size(data))


def test_the_name_tells_the_sizes_and_the_mtime_the_date(maildir: Maildir) -> None:
    """S= as on disk, W= as on the wire."""
    entry = arrive(maildir, b"a: b\n\nbody\r\n", ":2,S", 1_000_000_000)

    assert size_hints(entry.base) == (12, 14)
    assert (entry.letters, entry.where) == ("S", "cur")
    assert Path(maildir.file(entry)).stat().st_mtime == 1_000_000_000
    assert Path(maildir.file(entry)).read_bytes() == b"a: b\n\nbody\r\n"


def test_delivery_to_new(maildir: Maildir) -> None:
    """Without an info."""
    with maildir.incoming() as incoming:
        incoming.write(b"x")
        entry = maildir.link_in(incoming, "", where="new")

    assert files(maildir.path / "new") == [entry.base]


def test_a_date_before_1970_is_kept(maildir: Maildir) -> None:
    """APPEND may carry any."""
    entry = arrive(maildir, b"x", date=-86400)

    assert Path(maildir.file(entry)).stat().st_mtime == -86400


def test_what_is_not_linked_leaves_nothing(maildir: Maildir) -> None:
    """A broken connection, or a refused message."""
    with maildir.incoming() as incoming:
        incoming.write(b"half a mess")
    incoming.discard()

    assert files(maildir.path / "tmp") == []


def test_a_synced_file_can_still_be_linked_in_or_discarded(maildir: Maildir) -> None:
    """The slow part is done before the lock is taken."""
    with maildir.incoming() as one, maildir.incoming() as two:
        one.write(b"one")
        one.sync(1000)
        two.sync()
        entry = maildir.link_in(one, date=2000)

    assert Path(maildir.file(entry)).stat().st_mtime == 1000
    assert files(maildir.path / "tmp") == []


def test_a_message_is_linked_in_once(maildir: Maildir) -> None:
    """A second time is the caller's mistake."""
    with maildir.incoming() as incoming:
        maildir.link_in(incoming)

        with pytest.raises(ValueError):
            maildir.link_in(incoming)


def test_a_full_disk_is_told_and_leaves_nothing(maildir: Maildir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a piece may have been written."""
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) < 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data[:5])

    with maildir.incoming() as incoming:
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(DiskFull):
            incoming.write(b"a message\n")
        monkeypatch.undo()

    assert files(maildir.path / "tmp") == []


def test_a_mailbox_deleted_meanwhile_is_told(maildir: Maildir) -> None:
    """The file is still in tmp/, its place is gone."""
    with maildir.incoming() as incoming:
        (maildir.path / "cur").rmdir()

        with pytest.raises(NoSuchMailbox):
            maildir.link_in(incoming)
