"""How flags are told, to whom."""

import pytest

from mailaccess.imap import flag_lines
from mailaccess.imap.flag_lines import FlagsLine


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (flag_lines.flags, b"* 3 FETCH (FLAGS (x))\r\n"),
        (flag_lines.flags_with_uid, b"* 3 FETCH (UID 7 FLAGS (x))\r\n"),
        (flag_lines.flags_with_modseq, b"* 3 FETCH (UID 7 FLAGS (x) MODSEQ (9))\r\n"),
        (flag_lines.modseq, b"* 3 FETCH (UID 7 MODSEQ (9))\r\n"),
        (flag_lines.uidonly_flags, b"* 7 UIDFETCH (FLAGS (x))\r\n"),
        (flag_lines.uidonly_flags_with_modseq, b"* 7 UIDFETCH (FLAGS (x) MODSEQ (9))\r\n"),
        (flag_lines.uidonly_modseq, b"* 7 UIDFETCH (MODSEQ (9))\r\n"),
    ],
)
def test_the_forms(line: FlagsLine, text: bytes) -> None:
    """Message 3, with UID 7."""
    assert line(3, 7, b"(x)", 9) == text
