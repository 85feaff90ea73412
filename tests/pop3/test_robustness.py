"""Whatever a client sends, its session lives on or ends with a word, and says the same however the input was split."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailaccess.pop3.registry import COMMANDS
from tests.spoiled import Twins, fed, spoiled, twins, without_numbers
from tests.world import World

LOGIN = b"USER fred\r\nPASS secret\r\n"

BEFORE_LOGIN = (
    b"USER fred\r\n",
    b"PASS secret\r\n",
    LOGIN,
    b"APOP fred c4c9334bac560ecc979e58001b3e22fb\r\n",
    b"AUTH PLAIN\r\nAGZyZWQAc2VjcmV0\r\n",
    b"AUTH PLAIN AGZyZWQAc2VjcmV0\r\n",
    b"AUTH LOGIN\r\nZnJlZA==\r\nc2VjcmV0\r\n",
    b"AUTH CRAM-MD5\r\nZnJlZCAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==\r\n",
    b"AUTH\r\n",
    b"STLS\r\n",
    b"UTF8\r\n",
)
ANY_TIME = (b"CAPA\r\n", b"LANG\r\n", b"LANG en\r\n", b"QUIT\r\n")
AFTER_LOGIN = (
    b"STAT\r\n",
    b"LIST\r\n",
    b"LIST 2\r\n",
    b"UIDL\r\n",
    b"UIDL 3\r\n",
    b"RETR 1\r\n",
    b"RETR 4\r\n",
    b"TOP 3 1\r\n",
    b"TOP 4 1000000\r\n",
    b"DELE 2\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
)
VALID = BEFORE_LOGIN + ANY_TIME + AFTER_LOGIN

FINISH = b"\r\n*\r\nCAPA\r\n"
"""Ends a line and a SASL exchange, and asks for a sign of life."""


@pytest.fixture(scope="module")
def worlds() -> Iterator[Twins]:
    with twins() as made:
        yield made


def test_every_command_is_tried() -> None:
    """A command that is added to the table is added here."""
    assert {command.split()[0] for command in VALID} == {spec.name for spec in COMMANDS}


def spoken(world: World, data: bytes, sizes: Sequence[int]) -> bytes:
    """All that a session answers to the data and to `FINISH`."""
    driver = world.pop3()
    answer = fed(driver, data, sizes) + fed(driver, FINISH, ())
    closed = driver.closed
    driver.hang_up()

    assert driver.failure is None
    assert closed or answer.endswith(b"\r\n.\r\n")
    assert b"Internal error" not in answer
    return answer


@settings(max_examples=200)
@given(st.sampled_from((b"", LOGIN, LOGIN)), spoiled(VALID), st.lists(st.integers(1, 20), min_size=1, max_size=9))
@example(LOGIN, b"RETR 1\r\n" * 100, [2])
def test_spoiled_input(worlds: Twins, beginning: bytes, data: bytes, sizes: list[int]) -> None:
    """No input fails a session, hangs it, or is answered otherwise because it came in other pieces."""
    with worlds.lent() as (one, other):
        whole = spoken(one, beginning + data, ())
        split = spoken(other, beginning + data, sizes)

        assert without_numbers(split) == without_numbers(whole)
