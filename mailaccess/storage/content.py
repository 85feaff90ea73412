"""A message's octets, read from its file in wire form: every line ends in CRLF, whatever the file's do."""

import mmap
from typing import Self

from mailaccess.mail.lines import Buffer, LineEnding
from mailaccess.storage.disk import FileStamp


class Content:
    """One open message. A context manager; not for two threads at once.

    An already expunged message stays readable while it is open.
    """

    stamp: FileStamp
    ending: LineEnding  # of the file
    size: int  # octets in wire form

    def __init__(
        self,
        path: str,
        expected: FileStamp | None = None,
        ending: LineEnding | None = None,
        wire_size: int | None = None,
    ) -> None:
        """Opens the file. What is known of it (both `ending` and `wire_size`) saves reading it whole.

        FileNotFoundError; ContentChanged if the file is not `expected` or no plain file.
        """
        raise NotImplementedError

    def read(self, start: int, length: int) -> bytes:
        """Wire octets [start, start + length), fewer only at the message's end. ShortRead if the file has shrunk."""
        raise NotImplementedError

    def as_buffer(self) -> Buffer:
        """The whole message: bytes up to 1 MiB, above that a mapped temporary file. Valid until `close`."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes the file. May be called twice."""
        raise NotImplementedError
