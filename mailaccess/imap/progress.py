"""INPROGRESS (RFC 9585): how far a long command has come. When that is told is the driver's part."""

from mailaccess.imap import render
from mailaccess.imap.registry import feature

feature(b"INPROGRESS", rfc=9585)


class Progress:
    """Of one command at a time. Commands that say nothing of theirs are told of as being at work."""

    __slots__ = ("_command", "_done", "_goal")

    def __init__(self) -> None:
        self._command = -1  # the number of the command that the others belong to
        self._done = self._goal = 0

    def expect(self, command: int, messages: int) -> None:
        """This command has so many messages to go through, or so many more."""
        if command != self._command:
            self._command, self._done, self._goal = command, 0, 0
        self._goal += messages

    def advance(self, messages: int) -> None:
        """It has gone through so many of them."""
        self._done += messages

    def line(self, command: int, tag: bytes) -> bytes:
        """ "INPROGRESS" SP "(" tag SP number/nil SP number/nil ")"; a tag with the end of a response code in it is NIL.

        The last message is not told of: then the command is completed.
        """
        name = b"NIL" if b"]" in tag else render.quoted(tag)
        if command != self._command or not self._goal:
            return b"* OK [INPROGRESS (%s NIL NIL)] Still at work\r\n" % name
        done = min(self._done, self._goal - 1)
        return b"* OK [INPROGRESS (%s %d %d)] %d%% done\r\n" % (name, done, self._goal, done * 100 // self._goal)
