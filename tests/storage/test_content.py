"""A message's octets in wire form, from any place, however its lines end on disk."""

import mmap
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailaccess.mail.lines import LineEnding, ending, to_wire
from mailaccess.storage import content as module
from mailaccess.storage.content import Content
from mailaccess.storage.disk import FileStamp
from mailaccess.storage.errors import ContentChanged, ShortRead

BIG = b"a line of some length, as mail has them\n" * 100_000  # 4 MB


def write(directory: Path, data: bytes) -> str:
    path = directory / "1.host:2,"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", LineEnding.CRLF),
        (b"no line end", LineEnding.CRLF),
        (b"a\r\nb\r\n", LineEnding.CRLF),
        (b"a\nb\n", LineEnding.LF),
        (b"a\r\nb\n", LineEnding.MIXED),
        (b"\r\r\n\n\r", LineEnding.MIXED),
    ],
)
def test_each_kind_of_line_end(tmp_path: Path, data: bytes, kind: LineEnding) -> None:
    """Only a bare LF becomes CRLF."""
    with Content(write(tmp_path, data)) as content:
        assert content.ending is kind
        assert content.size == len(to_wire(data))
        assert content.read(0, 100) == content.as_buffer() == to_wire(data)


@settings(max_examples=200)
@given(
    st.text("a\r\n", max_size=60),
    st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=8),
    st.booleans(),
)
def test_any_part_is_a_part_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, text: str, parts: list[tuple[int, int]], known: bool
) -> None:
    """Whatever was read before, wherever blocks end, and whether the size was known or counted."""
    data = text.encode()
    wire = to_wire(data)
    path = write(tmp_path_factory.getbasetemp(), data)
    facts = (ending(data), len(wire)) if known else (None, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", 7)
        patch.setattr(module, "_known", type(module._known)())

        for _ in range(2):  # the second time with the offsets that the first has left
            with Content(path, None, *facts) as content:
                assert (content.ending, content.size) == (ending(data), len(wire))
                for start, length in parts:
                    assert content.read(start, length) == wire[start : start + length]


def test_reading_on_costs_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large message is sent in chunks: no octet is read twice, but for the one before each block."""
    path = write(tmp_path, BIG)
    total = 0
    pread = os.pread

    def counted(fd: int, length: int, offset: int) -> bytes:
        nonlocal total
        data = pread(fd, length, offset)
        total += len(data)
        return data

    with Content(path, None, LineEnding.LF, 4_100_000) as content:
        monkeypatch.setattr(os, "pread", counted)
        pieces = [content.read(start, 100_000) for start in range(0, content.size, 100_000)]

    assert b"".join(pieces) == to_wire(BIG)
    assert total <= len(BIG) + 100


def test_an_offset_is_found_without_reading_what_is_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once someone has read the message, a later reader of a part reads about that part."""
    path = write(tmp_path, BIG)
    with Content(path):
        pass
    total = 0
    pread = os.pread

    def counted(fd: int, length: int, offset: int) -> bytes:
        nonlocal total
        data = pread(fd, length, offset)
        total += len(data)
        return data

    monkeypatch.setattr(os, "pread", counted)
    with Content(path, None, LineEnding.LF, 4_100_000) as content:
        part = content.read(4_000_000, 1000)

    assert part == to_wire(BIG)[4_000_000:4_001_000]
    assert total < 3 * 65536


@pytest.mark.parametrize("data", [BIG, BIG.replace(b"\n", b"\r\n")])
def test_a_large_message_is_mapped(tmp_path: Path, data: bytes) -> None:
    """From a copy: cutting the file short harms nobody who holds the map."""
    path = write(tmp_path, data)
    with Content(path) as content:
        buffer = content.as_buffer()
        os.truncate(path, 0)

        assert isinstance(buffer, mmap.mmap)
        assert content.as_buffer() is buffer
        assert buffer[:] == to_wire(data)
        part = memoryview(buffer)[:10]
    assert bytes(part) == data[:10]  # still there for the one who holds it
    part.release()


class TestTrouble:
    """Files are what they are."""

    def test_a_missing_file_is_told(self, tmp_path: Path) -> None:
        """The caller looks where it went."""
        with pytest.raises(FileNotFoundError):
            Content(str(tmp_path / "1.host:2,"))

    def test_an_open_message_outlives_its_file(self, tmp_path: Path) -> None:
        """Expunged or renamed meanwhile."""
        path = write(tmp_path, b"mail\n")
        with Content(path) as content:
            Path(path).unlink()

            assert content.read(0, 10) == b"mail\r\n"

    @pytest.mark.parametrize("data", [b"a\n" * 100_000, b"a\r\n" * 100_000])
    def test_a_file_that_comes_up_short(self, tmp_path: Path, data: bytes) -> None:
        """Is an error, never a shorter message."""
        path = write(tmp_path, data)
        with Content(path) as content:
            os.truncate(path, 150_000)

            assert content.read(0, 10) == b"a\r\na\r\na\r\na"
            with pytest.raises(ShortRead):
                content.read(content.size - 10, 10)
            with pytest.raises(ShortRead):
                content.as_buffer()

    def test_a_file_rewritten_in_place_with_fewer_lines(self, tmp_path: Path) -> None:
        """Of the same length on disk: the announced wire size cannot be kept."""
        path = write(tmp_path, b"a\n" * 1000)
        with Content(path) as content:
            with Path(path).open("r+b") as file:
                file.write(b"aa" * 1000)

            with pytest.raises(ShortRead):
                content.read(0, content.size)

    def test_another_content_than_expected_is_told(self, tmp_path: Path) -> None:
        """The caller makes a new message of it."""
        path = write(tmp_path, b"mail\n")
        expected = FileStamp.of(Path(path).stat())
        with Content(path, expected) as content:
            assert content.stamp == expected

        for other in (
            expected._replace(size=4),
            expected._replace(mtime_ns=expected.mtime_ns + 1),
            expected._replace(inode=expected.inode + 1),
        ):
            with pytest.raises(ContentChanged):
                Content(path, other)

    @pytest.mark.parametrize("kind", ["link", "fifo", "directory"])
    def test_only_plain_files_are_read(self, tmp_path: Path, kind: str) -> None:
        """No link out of the mailbox, and nothing that blocks."""
        path = tmp_path / "1.host:2,"
        if kind == "link":
            path.symlink_to("/etc/passwd")
        elif kind == "fifo":
            os.mkfifo(path)
        else:
            path.mkdir()

        with pytest.raises(ContentChanged):
            Content(str(path))

    def test_no_descriptor_is_left_open(self, tmp_path: Path) -> None:
        """Neither by refusals nor by closing twice."""
        path = write(tmp_path, b"mail\n")
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208

        with pytest.raises(ContentChanged):
            Content(path, FileStamp(0, 0, 0))
        content = Content(path)
        content.close()
        content.close()

        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_offsets_are_kept_for_the_files_last_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their number is bounded."""
    monkeypatch.setattr(module, "_BLOCK", 4)
    monkeypatch.setattr(module, "_MAPS", 3)
    known = type(module._known)()
    monkeypatch.setattr(module, "_known", known)
    for number in range(5):
        path = tmp_path / str(number)
        path.write_bytes(b"a\n" * 10)
        with Content(str(path)) as content:
            assert content.read(5, 3) == b"\na\r"

    assert len(known) == 3


def test_nul_is_not_let_out(tmp_path: Path) -> None:
    """No literal and no line may hold one; the size stays."""
    file = tmp_path / "message"
    file.write_bytes(b"Subject: x\n\na\0b\n")
    with Content(str(file)) as content:
        assert content.read(0, content.size) == b"Subject: x\r\n\r\na\x80b\r\n"
        assert bytes(content.as_buffer()) == content.read(0, content.size)
