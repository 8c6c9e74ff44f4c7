"""Dates as feeds and sitemaps write them, as aware UTC.

A date without a zone, or with one that is unknown, is taken as UTC; a date without a time as its midnight. What
cannot be read is None.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

__all__ = ["date_in_url", "parse_date"]

_ISO: Final = re.compile(
    r"(\d{4})-?(\d{1,2})(?:-?(\d{1,2}))?"
    r"(?:[T\s_]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}:?\d{0,2})?)?\s*$",
    re.IGNORECASE,
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero ene gennaio gen janeiro",
            "feb february februar fevrier février fév fev febrero febbraio fevereiro",
            "mar march maerz märz mars marzo marco março mrz",
            "apr april avril abril abr aprile avr",
            "may mai mayo maggio mag maio",
            "jun june juni juin junio giugno giu junho",
            "jul july juli juillet julio luglio lug julho",
            "aug august aout août agosto ago",
            "sep sept september septembre septiembre settembre set setembro",
            "oct october okt oktober octobre octubre ottobre ott outubro out",
            "nov november novembre noviembre novembro",
            "dec december dez dezember decembre décembre diciembre dic dicembre dezembro déc",
        ),
        start=1,
    )
    for name in names.split()
}
_RFC822: Final = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?(\d{1,2})[\s.-]+([^\W\d]+)\.?[\s,.-]+(\d{4}|\d{2})"
    r"(?:[\s,]+(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]\.?m\.?)?\s*"
    r"([A-Za-z]{1,5}|(?:GMT|UTC)?\s*[+-]\d{1,2}:?\d{0,2})?)?",
    re.IGNORECASE,
)
_US: Final = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})"
    r"(?:[\s,]+(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]\.?m\.?)?\s*([A-Za-z]{1,5}|[+-]\d{1,2}:?\d{0,2})?)?",
    re.IGNORECASE,
)
_ASCTIME: Final = re.compile(
    r"[A-Za-z]{3,9}\s+([A-Za-z]{3,9})\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(?:([A-Z]{3,5})\s+)?(\d{4})"
)
_ZONES: Final = {
    # Hours east of UTC; the zones of RFC 822, and those that news feeds write besides.
    "UT": 0,
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "CEST": 2,
    "MEZ": 1,
    "MESZ": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "IST": 5.5,
    "SGT": 8,
    "HKT": 8,
    "JST": 9,
    "KST": 9,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "ART": -3,
    "BRT": -3,
}
_URL_DATE: Final = re.compile(
    r"(?<!\d)(?P<y>(?:19[89]|20[0-4])\d)"
    r"(?:(?P<s>[/_.-])(?P<m>0?[1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"(?:(?P=s)(?P<d>0?[1-9]|[12]\d|3[01])(?!\d))?(?![a-z\d])"
    r"|(?P<cm>0[1-9]|1[0-2])(?P<cd>0[1-9]|[12]\d|3[01])(?!\d))",
    re.IGNORECASE,
)


def _zone(text: str | None) -> timezone | None:
    """The zone that a suffix means; UTC for none, None for one that is unknown."""
    text = re.sub(r"^(GMT|UTC)\s*(?=[+-])", "", (text or "").strip().upper())
    if not text:
        return UTC
    if text in _ZONES:
        return timezone(timedelta(hours=_ZONES[text]))
    number = re.fullmatch(r"([+-])(\d{1,2}):?(\d{2})?", text)
    if not number:
        return None
    minutes = int(number[2]) * 60 + int(number[3] or 0)
    if minutes > 14 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if number[1] == "-" else minutes))


def _moment(
    year: str, month: int, day: str, clock: tuple[str | None, ...], zone: str | None
) -> datetime | None:
    full_year = int(year)
    if len(year) == 2:
        full_year += 2000 if full_year < 70 else 1900
    hour, minute, second, half = clock
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    at = _zone(zone)
    try:
        moment = datetime(full_year, month, int(day), tzinfo=at or UTC) + timedelta(
            hours=hours, minutes=int(minute or 0), seconds=int(second or 0)
        )
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Year 1 and the epoch are what programs write that have no date.
    return moment if moment.year >= 1980 and hours <= 24 else None


def parse_date(text: str | None) -> datetime | None:
    """The moment that `text` means, aware UTC; None where it means none.

    Reads RFC 822 and 850 dates, ISO 8601 and W3C dates, and the odd ones met in feeds (month names of seven
    languages, 12-hour clocks, zones by name). Seconds since the epoch are read too.

    >>> parse_date("Thu, 08 Feb 2024 12:30:00 -0500").isoformat()
    '2024-02-08T17:30:00+00:00'
    """
    text = re.sub(r"\s+", " ", text or "").strip()[:80]
    if not text:
        return None
    if re.fullmatch(r"\d{10}(\d{3})?", text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    if iso := _ISO.match(text):
        return _moment(iso[1], int(iso[2]), iso[3] or "1", (iso[4], iso[5], iso[6], None), iso[7])
    if (rfc := _RFC822.match(text)) and (month := _MONTHS.get(rfc[2].lower())):
        return _moment(rfc[3], month, rfc[1], (rfc[4], rfc[5], rfc[6], rfc[7]), rfc[8])
    if (us := _US.match(text)) and (month := _MONTHS.get(us[1].lower())):
        return _moment(us[3], month, us[2], (us[4], us[5], us[6], us[7]), us[8])
    if (asc := _ASCTIME.match(text)) and (month := _MONTHS.get(asc[1].lower())):
        return _moment(asc[7], month, asc[2], (asc[3], asc[4], asc[5], None), asc[6])
    return None


def date_in_url(path: str) -> tuple[datetime, str] | None:
    """The last date that a URL's path holds and its precision ('day' or 'month'); None where there is none.

    The moment is the *end* of the day or month, so that an age counted from it is never too great.

    >>> date_in_url("/2024/02/08/storm")[0].date().isoformat()
    '2024-02-08'
    """
    found: tuple[datetime, str] | None = None
    for match in _URL_DATE.finditer(path):
        month_text = match["m"] or match["cm"]
        month = int(month_text) if month_text.isdigit() else _MONTHS[month_text.lower()]
        day = match["d"] or match["cd"]
        try:
            if day:
                found = (datetime(int(match["y"]), month, int(day), 23, 59, 59, tzinfo=UTC), "day")
            else:
                start = datetime(int(match["y"]), month, 28, tzinfo=UTC) + timedelta(days=4)
                found = (start.replace(day=1) - timedelta(seconds=1), "month")
        except ValueError:
            continue
    return found
