"""Date fields (RFC 5322 3.3 and 4.3), and the other ways in which mail writes a date."""

import datetime
import re

_LIMIT = 1000  # octets of a value that may be a date
_COMMENT = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
_COMMENT_DEPTH = 5

_MONTHS = b"jan feb mar apr may jun jul aug sep oct nov dec".split()
_ZONES = {b"est": -5, b"edt": -4, b"cst": -6, b"cdt": -5, b"mst": -7, b"mdt": -6, b"pst": -8, b"pdt": -7}
"""Hours east of Greenwich. The military letters and all other names count as -0000 (RFC 5322 4.3)."""

_MONTH = rb"(?P<month>%b)[a-z]*" % b"|".join(_MONTHS)
_TIME = rb"(?P<hour>\d\d?) ?[:.] ?(?P<minute>\d\d?)(?: ?[:.] ?(?P<second>\d\d?)(?:[.,]\d+)?)?"
_NAME = rb"(?P<zone>[a-z]{1,5})?"
_OFFSET = rb"(?:(?P<sign>[+-])(?P<hours>\d\d?):?(?P<minutes>\d\d)?(?!\d))?"
_FORMS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        # Fri, 21 Nov 1997 09:55:06 -0600
        rb"(?:[a-z]+\.? ?,? ?)?(?P<day>\d\d?) ?[-./]? ?%b ?[-.,/]? ?(?P<year>\d{2,4})(?!\d)(?: ?,? ?%b ?%b ?%b)?"
        % (_MONTH, _TIME, _NAME, _OFFSET),
        # Fri Nov 21 09:55:06 EST 1997
        rb"(?:[a-z]+ ?,? )?%b (?P<day>\d\d?),? %b ?%b ?(?P<year>\d{4})(?!\d) ?%b" % (_MONTH, _TIME, _NAME, _OFFSET),
        # 1997-11-21T09:55:06Z
        rb"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:[T ]%b ?%b ?%b)?" % (_TIME, _NAME, _OFFSET),
    )
]


def parse_date(value: bytes) -> tuple[int, int] | None:
    """Seconds since the epoch and the zone's minutes east of Greenwich; None where there is no date.

    An impossible time, as one that is missing, is 00:00:00 (RFC 5256 2.2).
    """
    found = _find(value)
    day = found and _day(found)
    if not found or not day:
        return None
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    zone = _zone(found)
    if hour > 23 or minute > 59 or second > 60:
        hour = minute = second = zone = 0
    days = day.toordinal() - datetime.date(1970, 1, 1).toordinal()
    return ((days * 24 + hour) * 60 + minute - zone) * 60 + second, zone


def sent_day(value: bytes) -> datetime.date | None:
    """The day as it is written, whatever the time and the zone; None where there is no date."""
    found = _find(value)
    return _day(found) if found else None


def _find(value: bytes) -> re.Match[bytes] | None:
    value = value[:_LIMIT]
    depth = 0
    while b"(" in value and depth < _COMMENT_DEPTH:
        value = _COMMENT.sub(b" ", value)
        depth += 1
    value = b" ".join(value.split())
    return next((found for form in _FORMS if (found := form.match(value))), None)


def _day(found: re.Match[bytes]) -> datetime.date | None:
    month = found["month"].lower()
    year = int(found["year"])
    if len(found["year"]) == 2 and year < 50:
        year += 2000
    elif len(found["year"]) < 4:
        year += 1900
    try:
        return datetime.date(year, int(month) if month.isdigit() else _MONTHS.index(month) + 1, int(found["day"]))
    except ValueError:
        return None


def _zone(found: re.Match[bytes]) -> int:
    """Minutes east of Greenwich."""
    if found["sign"]:
        minutes = int(found["hours"]) * 60 + int(found["minutes"] or 0)
        return -minutes if found["sign"] == b"-" else minutes
    return _ZONES.get((found["zone"] or b"").lower(), 0) * 60
