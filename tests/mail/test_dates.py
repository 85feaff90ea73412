import datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailaccess.mail.dates import parse_date, sent_day


def utc(*when: int) -> int:
    return int(datetime.datetime(*when, tzinfo=datetime.UTC).timestamp())  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("value", "seconds", "zone"),
    [
        (b"Fri, 21 Nov 1997 09:55:06 -0600", utc(1997, 11, 21, 15, 55, 6), -360),
        (b"Tue, 1 Jul 2003 10:52:37 +0200", utc(2003, 7, 1, 8, 52, 37), 120),
        (b"Thu, 13 Feb 1969 23:32:54 -0330", utc(1969, 2, 14, 3, 2, 54), -210),
        (
            b"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n      -0330 (Newfoundland Time)",
            utc(1969, 2, 14, 3, 2),
            -210,
        ),
        (b"21 Nov 97 09:55:06 GMT", utc(1997, 11, 21, 9, 55, 6), 0),
        (b"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", utc(1997, 11, 21, 15, 55, 6), -360),
        (b"Mon, 7 Feb 1994 21:52:25 -0800 (PST)", utc(1994, 2, 8, 5, 52, 25), -480),
    ],
)
def test_dates_of_the_rfcs(value: bytes, seconds: int, zone: int) -> None:
    """The examples of RFC 5322 A, and RFC 3501's."""
    assert parse_date(value) == (seconds, zone)


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        (b"", 0),
        (b" UT", 0),
        (b" EST", -300),
        (b" edt", -240),
        (b" PST", -480),
        (b" Z", 0),
        (b" A", 0),
        (b" CEST", 0),
        (b" -0000", 0),
        (b" +1400", 840),
        (b" +9959", 5999),
        (b"+0530", 330),
        (b" GMT+0100", 60),
        (b" UTC-5", -300),
        (b" +02:00", 120),
        (b" -0500 (EST (x))", -300),
        (b" +200", 120),
    ],
)
def test_zones(zone: bytes, minutes: int) -> None:
    """RFC 5322 4.3 names some; military letters and all other names are taken for -0000."""
    assert parse_date(b"1 Jan 2024 12:00:00" + zone) == (utc(2024, 1, 1, 12) - minutes * 60, minutes)


@pytest.mark.parametrize(
    ("year", "full"), [(b"00", 2000), (b"49", 2049), (b"50", 1950), (b"99", 1999), (b"101", 2001), (b"2024", 2024)]
)
def test_short_years(year: bytes, full: int) -> None:
    """RFC 5322 4.3."""
    assert sent_day(b"1 Jan " + year + b" 00:00 +0000") == datetime.date(full, 1, 1)


@pytest.mark.parametrize(
    "value",
    [
        b"Wednesday, 06-Nov-94 08:49:37 GMT",
        b"Sun Nov  6 08:49:37 1994",
        b"Sun Nov  6 08:49:37 EST 1994 -0000",
        b"Sunday, November 6, 08:49:37 1994",
        b"6 november 1994, 08:49:37",
        b"Sun,6 Nov 1994 8:49:37 +0000",
        b"Sun 6 Nov 1994 08.49.37",
        b"1994-11-06T08:49:37Z",
        b"1994-11-06 08:49:37.123 +00:00",
        b"Sun, 6 Nov 1994 08:49:37 +0000 and more",
    ],
)
def test_other_ways_to_write_a_date(value: bytes) -> None:
    """Real mail has them all."""
    assert parse_date(value) == (utc(1994, 11, 6, 8, 49, 37), 0)
    assert sent_day(value) == datetime.date(1994, 11, 6)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"yesterday",
        b"30 Feb 2024 10:00:00 +0000",
        b"1 Foo 2024",
        b"0 Jan 2024",
        b"1 Jan 20245",
        b"1 Jan",
        b"(1 Jan 2024)",
    ],
)
def test_no_dates(value: bytes) -> None:
    """What names no day has none."""
    assert parse_date(value) is None
    assert sent_day(value) is None


@pytest.mark.parametrize("time", [b"", b"24:00:00 -0100", b"10:60", b"10:00:61", b"noon"])
def test_no_times(time: bytes) -> None:
    """RFC 5256 2.2: without a valid time it is midnight."""
    assert parse_date(b"1 Jan 2024 " + time) == (utc(2024, 1, 1), 0)
    assert sent_day(b"1 Jan 2024 " + time) == datetime.date(2024, 1, 1)


def test_the_day_is_as_written() -> None:
    """SENTON and its kind disregard time and zone (RFC 3501 6.4.4)."""
    assert sent_day(b"Mon, 1 Jan 2024 23:59:59 -1200") == datetime.date(2024, 1, 1)


@given(st.datetimes(timezones=st.integers(-1439, 1439).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m)))))
def test_dates_come_back(when: datetime.datetime) -> None:
    """Every date that the grammar can write."""
    when = when.replace(microsecond=0)
    offset = when.utcoffset()

    assert offset is not None
    assert parse_date(format_datetime(when).encode()) == (
        int(when.timestamp()),
        offset // datetime.timedelta(minutes=1),
    )


PIECES = rb"""Fri , 21 Nov - 97 1997 09 : 55 06 -0600 ( ) \ EST 1994-11-06 T Z + . 99999999""".split(b" ")


@given(st.binary() | st.lists(st.sampled_from([*PIECES, b" ", b"\r\n ", b"\xff"])).map(b"".join))
def test_anything_can_be_read(value: bytes) -> None:
    """Never an error; where there is a moment there is a day, and the other way round."""
    assert (parse_date(value) is None) == (sent_day(value) is None)
