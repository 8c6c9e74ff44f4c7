"""Dates as people write them: in words of many languages, in figures, with a clock and a zone or without. Pure.

Months are data (`months.toml`). A date needs its year: "Thursday" and "8 February" say nothing on a stored page.
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from unicodedata import digit

from workers.extract.model import Certainty

__all__ = ["MONTHS", "ZONES", "made", "written_date"]


def _months() -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    by_language: dict[str, list[str]] = tomllib.loads(
        (files("workers.extract") / "months.toml").read_text("utf-8")
    )
    tables = {
        language: {
            name.replace("_", " "): number for number, names in enumerate(groups, 1) for name in names.split()
        }
        for language, groups in by_language.items()
    }
    everywhere: dict[str, int] = {}
    for language, table in tables.items():
        if language != "hr":  # whose "listopad" is October and "srpanj" July
            everywhere = {**table, **everywhere}
    return everywhere, {
        "hr": {**everywhere, **tables["hr"]},
        "bs": {**everywhere, **tables["hr"], **tables["bs"]},
    }


MONTHS, _OTHER_MONTHS = _months()
"""Name of a month in any language, lower case, to its number."""

ZONES: Final = {
    "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "et": -5, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "pt": -8,
    "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3, "msk": 3, "ist": 5.5, "jst": 9, "kst": 9, "sgt": 8, "aest": 10,
    "aedt": 11, "sast": 2, "wib": 7, "wat": 1, "eat": 3, "nzst": 12, "nzdt": 13, "brt": -3, "art": -3, "hkt": 8, "pht": 8, "trt": 3,
}  # fmt: skip
"""Abbreviation of a zone, lower case, to its hours before UTC."""

_TOKEN: Final = re.compile(r"[^\s,،;:.|()\[\]/\-–—·•'’\"“”]+")
_FILLERS: Final = frozenset(
    [
        "de",
        "del",
        "di",
        "of",
        "the",
        "den",
        "d",
        "do",
        "da",
        "du",
        "m",
        "gada",
        "г",
        "года",
        "р",
        "року",
        "ng",
        "tháng",
        "năm",
        "день",
        "día",
        "el",
        "le",
        "la",
        "il",
        "am",
        "on",
        "στις",
        "τις",
        "της",
        "a",
        "al",
        "ב",
    ]
)
_DAY: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|ère|re|º|°|ª|e|η|ης|ú|an|da|ja|일)?$", re.I)
_YEAR: Final = re.compile(r"((?:19|20)\d\d|25[5-9]\d)(?:г|р|年)?$")
_YEAR_FIRST: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_DAY_FIRST: Final = re.compile(r"(?<!\d)(\d{1,2})([./-])\s?(\d{1,2})[./-]\s?((?:19|20)\d\d)(?!\d|\.\d)")
_SHORT_YEAR: Final = re.compile(r"(?<![\d.:])(\d{1,2})\.(\d{1,2})\.([0-4]\d)(?![\d.:]\d|\d)")
_CJK: Final = re.compile(r"((?:19|20)\d\d)\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?")
_VIETNAMESE: Final = re.compile(r"(\d{1,2})\s+(?:tháng|thg)\s+(\d{1,2})(?:,|\s|năm)+((?:19|20)\d\d)", re.I)
_CLOCK: Final = re.compile(
    r"(?<![\d:])(\d{1,2})(?:[:.時시h](\d{2}))(?:[:.分]\d{2})?\s*(a\.?m\.?|p\.?m\.?)?(?![\d:])|(?<![\d:])(\d{1,2})\s*(a\.?m\.?|p\.?m\.?)(?!\w)",
    re.I,
)
_AMERICAN_ZONE: Final = re.compile(r"\d\s*(?:[ap]\.?m\.?)?\s*(?:[ecmp][sd]?t)\b", re.I)
_ZONE: Final = re.compile(r"\b(" + "|".join(ZONES) + r")\b\.?", re.I)


def made(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime | None:
    """A time in UTC; None where the calendar has none such."""
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


@cache
def _long_names() -> tuple[str, ...]:
    return tuple(name for name in MONTHS if " " in name)


def _in_words(text: str, months: dict[str, int]) -> tuple[datetime, int, int] | None:
    """The first date with a named month, and where it stands."""
    for name in _long_names():
        text = text.replace(name, name.replace(" ", "_"))
    tokens = [found for found in _TOKEN.finditer(text) if found[0].lower() not in _FILLERS]
    for at, token in enumerate(tokens):
        month = months.get(token[0].lower().replace("_", " "))
        if month is None:
            continue
        for day_at, year_at in ((at - 1, at + 1), (at + 1, at + 2), (at + 1, at - 1)):
            if not (0 <= day_at < len(tokens) and 0 <= year_at < len(tokens)):
                continue
            day, year = _DAY.match(tokens[day_at][0]), _YEAR.match(tokens[year_at][0])
            if day and year and (date := made(_christian(int(year[1])), month, int(day[1]))):
                places = (tokens[day_at], token, tokens[year_at])
                return date, min(place.start() for place in places), max(place.end() for place in places)
    return None


def _christian(year: int) -> int:
    return year - 543 if year > 2500 else year  # Thailand counts from the Buddha's death


def _in_figures(text: str, *, month_first: bool) -> tuple[datetime, int, int] | None:
    date = None
    if (found := _CJK.search(text)) or (found := _YEAR_FIRST.search(text)):
        date = made(int(found[1]), int(found[2]), int(found[3]))
    elif found := _VIETNAMESE.search(text):
        date = made(int(found[3]), int(found[2]), int(found[1]))
    elif found := _DAY_FIRST.search(text):
        first, second = int(found[1]), int(found[3])
        # Day first everywhere but in the United States, which write their dates with a slash.
        is_american = month_first or _AMERICAN_ZONE.search(text, found.end())
        if found[2] == "/" and (second > 12 or (is_american and first <= 12)):
            first, second = second, first
        date = made(int(found[4]), second, first)
    elif found := _SHORT_YEAR.search(text):
        date = made(2000 + int(found[3]), int(found[2]), int(found[1]))
    return (date, found.start(), found.end()) if found and date else None


def written_date(
    text: str, *, language: str | None = None, month_first: bool = False
) -> tuple[datetime, Certainty] | None:
    """The first date in a short text as an aware time, with its certainty; None if there is none.

    Args:
        text: a line or less; times without a zone are taken for UTC, and marked.
        language: of the page, two letters; matters where languages use one name for two months.
        month_first: whether 3/4/2024 is the fourth of March.

    >>> written_date("Thursday, 8 February 2024, 7:30 p.m. EST")
    (datetime.datetime(2024, 2, 9, 0, 30, tzinfo=datetime.timezone.utc), 'exact')
    >>> written_date("jeudi 8 février 2024 à 19h30")
    (datetime.datetime(2024, 2, 8, 19, 30, tzinfo=datetime.timezone.utc), 'no_zone')
    >>> written_date("8. helmikuuta 2024")
    (datetime.datetime(2024, 2, 8, 0, 0, tzinfo=datetime.timezone.utc), 'date_only')
    """
    if not text.isascii():
        text = "".join(str(digit(char)) if char.isdecimal() else char for char in text)
    found = _in_words(text, _OTHER_MONTHS.get(language or "", MONTHS)) or _in_figures(
        text, month_first=month_first
    )
    if found is None:
        return None
    day, start, end = found
    rest = text[:start] + " " + text[end:]
    clock = _CLOCK.search(rest)
    if clock is None:
        return day, "date_only"
    hour, minute, half = int(clock[1] or clock[4]), int(clock[2] or 0), (clock[3] or clock[5] or "").lower()
    if half.startswith("p") and hour < 12:
        hour += 12
    elif half.startswith("a") and hour == 12:
        hour = 0
    if hour > 23 or minute > 59:
        return day, "date_only"
    at = day + timedelta(hours=hour, minutes=minute)
    if zone := _ZONE.search(rest[clock.end() :]):
        return at - timedelta(hours=ZONES[zone[1].lower()]), "exact"
    return at, "no_zone"
