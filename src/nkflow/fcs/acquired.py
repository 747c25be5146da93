"""When a tube was acquired: `$DATE`, `$BTIM`, `$ETIM`, `$BEGINDATETIME`, `$ENDDATETIME` (FCS-M01)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nkflow.fcs.keywords import Keywords
from nkflow.fcs.tolerance import Tolerance

__all__ = ["Acquired", "parse_acquired", "parse_clock", "parse_date"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(r"(\d{1,4})[-/ .]([A-Za-z]{3})[A-Za-z]{0,6}[-/ .](\d{1,4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:([:.])(\d{1,6}))?", re.ASCII)


@dataclass(frozen=True)
class Acquired:
    """Begin and end of the acquisition, in the time zone the file states, if any."""

    begin: datetime | None = None
    end: datetime | None = None

    @property
    def seconds(self) -> float | None:
        """Length of the acquisition in seconds, where both ends are known."""
        return None if self.begin is None or self.end is None else (self.end - self.begin).total_seconds()


def parse_acquired(keywords: Keywords, version: str, tolerance: Tolerance) -> Acquired:
    """Return begin and end; what can't be read is None with a finding."""
    zoned = [_iso(keywords, key, tolerance) for key in ("$BEGINDATETIME", "$ENDDATETIME")]
    if zoned[0] is not None or zoned[1] is not None:
        return Acquired(zoned[0], zoned[1])
    day = _day(keywords, tolerance)
    begin_clock = _clock(keywords, ("$BTIM", "BTIM"), version, tolerance)
    end_clock = _clock(keywords, ("$ETIM", "ETIM", "ETIME"), version, tolerance)
    if day is None:
        return Acquired()
    midnight = datetime(day.year, day.month, day.day)
    begin = None if begin_clock is None else midnight + begin_clock
    end = None if end_clock is None else midnight + end_clock
    if begin is not None and end is not None and end < begin:  # the run went past midnight
        end += timedelta(days=1)
    return Acquired(begin, end)


def parse_date(text: str) -> tuple[date | None, bool]:
    """Return the date in `text`, and whether day and month could be taken for one another."""
    text = text.strip()[:40]
    if match := _NAMED.fullmatch(text):
        first, month, last = match.groups()
        number = _MONTHS.index(month.lower()) + 1 if month.lower() in _MONTHS else 0
        year, day = (int(first), int(last)) if len(first) == 4 else (_year(last), int(first))
        return _valid(year, number, day), False
    if match := _YEAR_FIRST.fullmatch(text):
        year, month_number, day = map(int, match.groups())
        return _valid(year, month_number, day), False
    if match := _YEAR_LAST.fullmatch(text):
        day, month_number, year = map(int, match.groups())
        if month_number > 12:
            day, month_number = month_number, day
        return _valid(year, month_number, day), day <= 12 and day != month_number
    return None, False


def parse_clock(text: str, version: str) -> timedelta | None:
    """Return the time of day in `text` since midnight.

    After a colon stand 1/60 s in FCS 3.0 (FCS-M01); Accuri and Stratedigm write 1/100 s there, which shows where
    it is 60 or more; three digits are milliseconds. After a full stop stands a decimal fraction.
    """
    match = _CLOCK.fullmatch(text.strip()[:40])
    if not match:
        return None
    hours, minutes, seconds = (int(part) for part in match.groups()[:3])
    if hours > 24 or minutes > 59 or seconds > 60:
        return None
    sign, digits = match[4], match[5]
    fraction = 0.0
    if sign == ".":
        fraction = float(f"0.{digits}")
    elif sign == ":":
        sixtieths = version <= "FCS3.0" and len(digits) <= 2 and int(digits) < 60
        fraction = int(digits) / (60 if sixtieths else 10 ** len(digits))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds + fraction)


def _year(text: str) -> int:
    """Return the year; FCS 2.0 writes two digits, and there was no FCS before 1984."""
    value = int(text)
    if len(text) > 2:
        return value
    return value + (1900 if value >= 70 else 2000)


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _day(keywords: Keywords, tolerance: Tolerance) -> date | None:
    text = keywords.text("$DATE")
    if not text:
        return None
    day, ambiguous = parse_date(text)
    if day is None:
        tolerance.note("date-unreadable", f"$DATE {text[:40]!a} is no date", severity="info", where="$DATE")
    elif ambiguous:
        tolerance.note(
            "date-ambiguous", f"$DATE {text} is read as day, month, year", severity="info", where="$DATE"
        )
    return day


def _clock(keywords: Keywords, keys: tuple[str, ...], version: str, tolerance: Tolerance) -> timedelta | None:
    key = next((key for key in keys if keywords.text(key)), None)
    if key is None:
        return None
    clock = parse_clock(keywords.text(key), version)
    if clock is None:
        found = ascii(keywords.text(key)[:40])
        tolerance.note("clock-unreadable", f"{key} {found} is no time of day", severity="info", where=key)
    return clock


def _iso(keywords: Keywords, key: str, tolerance: Tolerance) -> datetime | None:
    text = keywords.text(key)[:60]
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        tolerance.note("clock-unreadable", f"{key} {text!a} is no date and time", severity="info", where=key)
        return None
