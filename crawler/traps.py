"""Which URLs are not worth a fetch although a document names them: traps, with the reason of each drop.

Pure functions. The frontier counts (how many slugs an article id has had, how many pages of a site were offered
today) and stores each drop with its reason. Session ids need no drop: `schemas.urls.url_key` leaves them out, so that
a page under a thousand of them is one URL, and a site that writes one into every link loses nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["DAILY_QUOTA", "MAX_SLUGS_PER_ID", "Counts", "DropReason", "article_id_key", "judge"]

DAILY_QUOTA: Final = 5000
"""Most new article URLs of one site a day, where the site list names no other quota."""

MAX_SLUGS_PER_ID: Final = 3
"""Most URLs of one article id that are fetched: real sites change a headline once or twice."""

MAX_URL_LENGTH: Final = 1000
MAX_PATH_DEPTH: Final = 14
MAX_PARAMETERS: Final = 10


class DropReason(StrEnum):
    """Why a URL is not crawled."""

    BAD_URL = "bad_url"
    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    REPEATED_PATH = "repeated_path"
    CALENDAR = "calendar"
    TOO_MANY_PARAMETERS = "too_many_parameters"
    SLUG_VARIANT = "slug_variant"
    DAILY_QUOTA = "daily_quota"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the frontier has counted for the URL in question.

    Attributes:
        slugs_of_id: URLs known with the same `article_id_key`, this one not included.
        urls_today: article URLs of the site accepted since midnight UTC.
        daily_quota: of the site.
    """

    slugs_of_id: int = 0
    urls_today: int = 0
    daily_quota: int = DAILY_QUOTA


_CALENDAR_PATH: Final = re.compile(
    r"(?:^|/)(?:calendar|kalender|calendrier|calendario|events?|veranstaltungen|agenda|termine|tribe-events"
    r"|whats-on|tv-guide|tv-programm|programme-tv)(?=/|$)",
    re.IGNORECASE,
)
_CALENDAR_KEY: Final = re.compile(
    r"^(?:tribe[-_]?bar[-_]?date|tribe_event_display|cal(?:endar)?[-_]?date|calmonth|eventdisplay|ical|outlook-ical"
    r"|ai1ec|month|year|day|date|from_date|week)$",
    re.IGNORECASE,
)
_DATE_ONLY: Final = re.compile(r"/(?:(?:19|20)\d{2})(?:[-/]\d{1,2}){1,2}/?$|/(?:19|20)\d{2}/?$")
_YEAR: Final = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_ID: Final = re.compile(r"(?<![0-9A-Za-z])[a-z]{0,4}?(\d{6,18})(?![0-9A-Za-z])", re.IGNORECASE)
_SLUG: Final = re.compile(r"[^\W\d_]{3,}[-_][^\W\d_]")
_ID_SEGMENT: Final = re.compile(r"[a-z]{0,10}[_-]?(\d{6,18})", re.IGNORECASE)


def article_id_key(url: str) -> str | None:
    """Host and article id of a URL whose slug is decoration; None where the URL has no such id.

    Only a number of 6 to 18 digits that is no date counts: with words in the last segment, or alone in the segment
    before it (a number among the words of an earlier segment may be a section's). A page whose path is its id alone has
    no slug to vary. Two URLs with one key are most likely one article.

    >>> article_id_key("https://a.example/news/12345678-storm-hits-coast")
    'a.example:12345678'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    segments = [segment for segment in unquote(parts.path).split("/") if segment]
    if not segments:
        return None
    last, before = segments[-1], segments[-2] if len(segments) > 1 else ""
    alone = _ID_SEGMENT.fullmatch(before) or (_ID_SEGMENT.fullmatch(last) if _SLUG.search(before) else None)
    ids = _ID.findall(last) if _SLUG.search(last) else []
    ids = [found for found in ids or ([alone[1]] if alone else []) if not _is_date(found)]
    if not ids or not (_SLUG.search(last) or _SLUG.search(before)):
        return None
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")
    return f"{host}:{ids[-1]}"


def _is_date(digits: str) -> bool:
    if len(digits) not in (6, 8, 12, 14):
        return False
    if len(digits) == 6:
        return bool(
            re.fullmatch(
                r"(?:19|20)\d\d(?:0[1-9]|1[0-2])|\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", digits
            )
        )
    return bool(re.match(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", digits))


def judge(url: str, counts: Counts | None = None, *, now: datetime | None = None) -> DropReason | None:
    """None where `url` may be crawled, else why not.

    Args:
        counts: what is known of its article id and its site; without them only the URL itself is judged.
        now: for calendars: a bare date whose year is far from it is one that a calendar makes up. Without it only
            paths and keys that name a calendar count.
    """
    reason = _judge_url(url, now)
    if reason is None and counts is not None:
        if counts.slugs_of_id >= MAX_SLUGS_PER_ID:
            return DropReason.SLUG_VARIANT
        if counts.urls_today >= counts.daily_quota:
            return DropReason.DAILY_QUOTA
    return reason


def _judge_url(url: str, now: datetime | None) -> DropReason | None:
    if len(url) > MAX_URL_LENGTH:
        return DropReason.TOO_LONG
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return DropReason.BAD_URL
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return DropReason.BAD_URL
    segments = [segment for segment in parts.path.split("/") if segment]
    if len(segments) > MAX_PATH_DEPTH:
        return DropReason.TOO_DEEP
    if _is_repeated(segments):
        return DropReason.REPEATED_PATH
    query = parse_qsl(parts.query, keep_blank_values=True)
    if len(query) > MAX_PARAMETERS:
        return DropReason.TOO_MANY_PARAMETERS
    if _is_calendar(parts.path, query, now):
        return DropReason.CALENDAR
    return None


def _is_repeated(segments: list[str]) -> bool:
    """Whether relative links have piled up: a segment thrice, or a run of two twice in a row."""
    words = [segment for segment in segments if not segment.isdigit()]
    if any(count >= 3 for count in Counter(words).values()):
        return True
    return any(segments[i : i + 2] == segments[i + 2 : i + 4] for i in range(len(segments) - 3))


def _is_calendar(path: str, query: list[tuple[str, str]], now: datetime | None) -> bool:
    """Whether a URL is one of a calendar's endless months: a calendar's path with a date, or a bare date far off."""
    keys = [key for key, _ in query if _CALENDAR_KEY.match(key)]
    is_calendar = _CALENDAR_PATH.search(path) is not None
    if is_calendar and (keys or _DATE_ONLY.search(path)):
        return True
    if len(keys) >= 2 or any(
        re.match(r"tribe|ical|outlook|ai1ec|eventdisplay", key, re.IGNORECASE) for key in keys
    ):
        return True
    if not (keys or _DATE_ONLY.search(path)) or now is None:
        return False
    years = [
        int(year)
        for year in _YEAR.findall(path + " " + " ".join(v for k, v in query if _CALENDAR_KEY.match(k)))
    ]
    return any(year > now.year + 1 or 1000 < year < 1990 for year in years)
