"""Which URLs are not worth a fetch although a document names them: traps, with the reason of each drop.

Pure functions. The frontier counts (how many slugs an article id has had, how many pages of a site were offered
today) and stores each drop with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["DAILY_QUOTA", "MAX_SLUGS_PER_ID", "Counts", "DropReason", "article_id_key", "judge"]

DAILY_QUOTA: Final = 5000
"""Most new article URLs of one site a day, where the site list names no other quota."""

MAX_SLUGS_PER_ID: Final = 3
"""Most URLs of one article id that are fetched: real sites change a headline once or twice."""


class DropReason(StrEnum):
    """Why a URL is not crawled."""

    BAD_URL = "bad_url"
    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    REPEATED_PATH = "repeated_path"
    SESSION_ID = "session_id"
    CALENDAR = "calendar"
    TOO_MANY_PARAMETERS = "too_many_parameters"
    SLUG_VARIANT = "slug_variant"
    DAILY_QUOTA = "daily_quota"
    NOT_HTML = "not_html"
    DENIED = "denied"


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


def article_id_key(url: str) -> str | None:
    """Host and article id of a URL whose slug is decoration; None where the URL has no such id.

    Two URLs with one key are most likely one article under two slugs.

    >>> article_id_key("https://a.example/news/12345678-storm-hits-coast")
    'a.example:12345678'
    """
    raise NotImplementedError


def judge(url: str, counts: Counts | None = None) -> DropReason | None:
    """None where `url` may be crawled, else why not. Without counts only the URL itself is judged."""
    raise NotImplementedError
