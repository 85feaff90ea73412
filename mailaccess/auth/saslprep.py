"""SASLprep (RFC 4013), the profile of stringprep (RFC 3454) for names and passwords."""

import stringprep
from unicodedata import ucd_3_2_0

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str:
    """`text` prepared as a query: code points unassigned in Unicode 3.2 pass. ValueError if it holds prohibited ones.

    New passwords are prepared the same way: what the RFC asks of stored strings would forbid most emoji.
    """
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in text if not stringprep.in_table_b1(char)
    )
    # The RFC means Unicode 3.2, also where later versions normalise more characters.
    prepared = ucd_3_2_0.normalize("NFKC", mapped)
    for char in prepared:
        if any(prohibited(char) for prohibited in _PROHIBITED):
            raise ValueError("prohibited character")
    _check_bidirectional(prepared)
    return prepared


def _check_bidirectional(text: str) -> None:
    """RFC 3454 section 6: right-to-left text begins and ends so, and holds nothing left-to-right."""
    right_to_left = [stringprep.in_table_d1(char) for char in text]
    if not any(right_to_left):
        return
    if any(stringprep.in_table_d2(char) for char in text):
        raise ValueError("right-to-left and left-to-right characters in one string")
    if not (right_to_left[0] and right_to_left[-1]):
        raise ValueError("right-to-left text must begin and end with right-to-left characters")
