"""What a URL's shape says: an article, a listing, a front page, a feed, or nothing worth a fetch.

Only the URL is looked at; `pages.py` adds where and how the link stands on its page. In doubt a link is MAYBE, which
is fetched and judged by its content, so a mistake here costs a fetch and not an article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from crawler.discovery.dates import date_in_url
from crawler.discovery.words import (
    ID_KEYS,
    LISTINGS,
    NEVER,
    NEVER_KEYS,
    NEWS_ROOMS,
    PAGE_KEYS,
    PEOPLE_AND_TAGS,
    STORIES,
    TOOLS,
)

__all__ = ["LinkShape", "Shape", "is_comments", "page_number", "shape_of", "word_count"]


class Shape(StrEnum):
    """What a URL looks like."""

    ARTICLE = "article"
    LIKELY = "likely"
    MAYBE = "maybe"
    LISTING = "listing"
    FRONT = "front"
    FEED = "feed"
    SITEMAP = "sitemap"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkShape:
    """A URL's shape.

    Attributes:
        dated: the end of the day or month in its path.
        page: the page number of a listing.
        is_certain: a date or an id says so, not the words of the slug alone.
    """

    shape: Shape
    is_certain: bool = False
    dated: datetime | None = None
    page: int | None = None


_ASSET: Final = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|js|mjs|json|xml|txt|csv|pdf|docx?|xlsx?|pptx?|od[tsp]|zip|gz|tgz"
    r"|rar|7z|exe|dmg|apk|mp[34]|m4[av]|ogg|oga|ogv|wav|webm|avi|mov|wmv|flv|mkv|m3u8?|woff2?|ttf|eot|ics|vcf|epub|swf)$"
)
_PAGE_SUFFIX: Final = re.compile(r"\.(?:s?html?|xhtml|php\d?|aspx?|jspx?|cfml?|cgi|do|amp)$")
_FEED: Final = re.compile(
    r"(?:^|/)(?:feeds?|rss2?|atom|rdf)(?:/(?:all|rss2?|atom|news|index|full|latest|main|top)?(?:\.xml)?)?/?$"
    r"|(?:^|/)[\w.-]*(?:rss|atom|feed)[\w.-]*\.(?:xml|json|rss|atom|php|aspx)$|\.(?:rss|atom|rdf)$|(?:^|/)index\.xml$"
)
_SITEMAP: Final = re.compile(r"(?:^|/)[\w.-]*sitemap[\w.-]*\.(?:xml|txt)(?:\.gz)?$")

_WORD: Final = re.compile(r"[^\W\d_]{2,}|[^\W\d_]", re.UNICODE)
_LONG_SCRIPT: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ID: Final = re.compile(
    r"(?:^|[-_.,~!/])(?:[a-z]{0,4})?\d{5,}$|^\d{3,}[-_.][^\W\d]|(?:^|[-_,])(?:art|id|a|n|story|idus|c)\d{3,}"
    r"|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
)
_HEX_ID: Final = re.compile(r"(?:^|[-_.])(?=[a-z]*\d)(?=\d*[a-z])[0-9a-z]{10,40}$")
_COMMENTS: Final = re.compile(r"(?<![a-z])comments?(?![a-z])", re.IGNORECASE)
_COMMENTS_TITLE: Final = re.compile(r"\b(?:comments?|kommentare?|commentaires?)\b", re.IGNORECASE)
_PAGED_PATH: Final = re.compile(r"(?:^|/)(?:page|seite|pagina|p|pag)[/_-]?(\d{1,5})(?:\.\w{2,5})?/?$")
_TRAILING_NUMBER: Final = re.compile(r"^(.*?[^\d])?(\d{1,4})(?:\.\w{2,5})?/?$")


def word_count(text: str) -> int:
    """Words of a text; in scripts without spaces two characters count as a word."""
    long_script = len(_LONG_SCRIPT.findall(text))
    return len(_WORD.findall(_LONG_SCRIPT.sub(" ", text))) + long_script // 2


def page_number(url: str) -> int | None:
    """The page number that a listing's URL plainly holds (`/page/2`, `?page=2`), else None."""
    parts = urlsplit(url)
    if match := _PAGED_PATH.search(parts.path.lower()):
        is_short = re.search(r"(?:^|/)p[/_-]?\d", match[0].lower())
        if not is_short or int(match[1]) < 1000:
            return int(match[1])
    for key, value in parse_qsl(parts.query):
        if (
            key.lower() in ("page", "paged", "pg", "pagenum", "page_no", "pageno", "seite", "pagina")
            and value.isdigit()
        ):
            return int(value)
    return _short_page_number(parts)


def _short_page_number(parts: SplitResult) -> int | None:
    """The number of `/sport/?p=2`; at the root, below a script or with four digits `p` is a story's id."""
    keys = dict(parse_qsl(parts.query))
    last = parts.path.rstrip("/").rpartition("/")[2]
    is_page = len(keys) == 1 and re.fullmatch(r"\d{1,3}", keys.get("p", "")) is not None
    return int(keys["p"]) if is_page and last and "." not in last else None


def is_comments(url: str, title: str | None = None) -> bool:
    """Whether a feed is one of readers' comments; a section called "commentary" is none.

    >>> is_comments("https://a.example/comments/feed/"), is_comments("https://a.example/commentary/feed/")
    (True, False)
    """
    parts = urlsplit(url)
    return bool(_COMMENTS.search(f"{parts.path}?{parts.query}") or _COMMENTS_TITLE.search(title or ""))


@lru_cache(maxsize=16384)
def shape_of(url: str) -> LinkShape:
    """The shape of an absolute URL.

    >>> shape_of("https://a.example/2024/02/08/storm-hits-coast").shape
    <Shape.ARTICLE: 'article'>
    >>> shape_of("https://a.example/politics/").shape
    <Shape.MAYBE: 'maybe'>
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return LinkShape(shape=Shape.SKIP)
    path = unquote(parts.path).lower()
    keys = {key.lower(): value for key, value in parse_qsl(parts.query, keep_blank_values=True)}
    if _SITEMAP.search(path):
        return LinkShape(shape=Shape.SITEMAP)
    if _FEED.search(path) or keys.get("feed") or keys.get("format") in ("feed", "rss", "atom"):
        return LinkShape(shape=Shape.SKIP if is_comments(url) else Shape.FEED)
    if _ASSET.search(path) or NEVER_KEYS & keys.keys():
        return LinkShape(shape=Shape.SKIP)
    segments = [segment for segment in path.split("/") if segment]
    stem = _PAGE_SUFFIX.sub("", segments[-1]) if segments else ""
    has_suffix = bool(segments) and stem != segments[-1]
    if stem in ("index", "default") or (has_suffix and stem in ("home", "main", "start")):
        segments, has_suffix = segments[:-1], False
        stem = segments[-1] if segments else ""
    if stem in NEVER or stem in TOOLS:
        return LinkShape(shape=Shape.SKIP)
    if _is_id_query(keys) and _short_page_number(parts) is None:
        is_list = bool(PAGE_KEYS & keys.keys())
        return LinkShape(shape=Shape.LISTING if is_list else Shape.ARTICLE, is_certain=True)
    if not segments:
        number = page_number(url)
        if number is not None:
            return LinkShape(shape=Shape.LISTING, page=number)
        return LinkShape(shape=Shape.FRONT if not keys else Shape.MAYBE)
    return _shape_of_path(url, path, segments, stem, has_suffix=has_suffix)


def _is_id_query(keys: dict[str, str]) -> bool:
    return any(
        key in ID_KEYS and re.fullmatch(r"[\w-]*\d[\w-]*", value) is not None for key, value in keys.items()
    )


def _shape_of_path(url: str, path: str, segments: list[str], stem: str, *, has_suffix: bool) -> LinkShape:
    dated = date_in_url(path)
    if (segments[0] in NEVER and not dated) or "wp-content" in segments:
        return LinkShape(shape=Shape.SKIP)
    number = page_number(url)
    words = word_count(re.sub(r"[-_+.,~]", " ", stem))
    if PEOPLE_AND_TAGS & set(segments[:-1]):
        # Columnists' stories stand below their names on some sites: /authors/jo-doe/what-we-saw-that-day.
        is_story = len(segments) > 2 and (_has_id(stem) or words >= 4)
        return LinkShape(shape=Shape.LIKELY if is_story else Shape.SKIP)
    if number is not None:
        return LinkShape(shape=Shape.LISTING, page=number, dated=dated[0] if dated else None)
    if dated:
        is_archive = bool(re.fullmatch(r"(?:.*/)?(?:19|20)\d\d(?:/\w{1,3}){0,2}/?", path)) and words < 2
        if dated[1] == "day" and not is_archive:
            return LinkShape(shape=Shape.ARTICLE, dated=dated[0], is_certain=True)
        if is_archive:
            return LinkShape(shape=Shape.LISTING, dated=dated[0])
        if words >= 2 or _has_id(stem):
            return LinkShape(shape=Shape.ARTICLE, dated=dated[0], is_certain=True)
        return LinkShape(shape=Shape.LIKELY, dated=dated[0])
    if re.fullmatch(r"(?:.*/)?(?:19|20)\d\d/?", path):
        return LinkShape(shape=Shape.LISTING)
    before = segments[-2] if len(segments) > 1 else ""
    if stem in LISTINGS or before in LISTINGS or segments[0] in LISTINGS:
        is_story = _has_id(stem) or words >= (5 if before in LISTINGS else 4)
        return LinkShape(shape=Shape.LIKELY if is_story else Shape.LISTING)
    if _has_id(stem) or (
        len(segments) > 1 and _has_id(before) and (words >= 2 or stem in STORIES or len(stem) <= 2)
    ):
        return LinkShape(shape=Shape.ARTICLE, is_certain=re.search(r"\d{4}", stem + before) is not None)
    if words >= 4:
        return LinkShape(shape=Shape.ARTICLE)
    if set(segments[:-1]) & STORIES:
        return LinkShape(shape=Shape.ARTICLE if words >= 2 or stem.isdigit() else Shape.LIKELY)
    if words == 3 or (stem.isdigit() and len(segments) > 1) or re.search(r"[^\W\d]-?\d{2,}$", stem):
        return LinkShape(shape=Shape.LIKELY)
    if has_suffix and (words >= 2 or re.search(r"\d", stem)):
        return LinkShape(shape=Shape.LIKELY)
    if len(segments) > 1 and segments[0] in NEWS_ROOMS and words >= 2:
        return LinkShape(shape=Shape.LIKELY)
    return LinkShape(shape=Shape.MAYBE)


def _has_id(stem: str) -> bool:
    return bool(_ID.search(stem) or _HEX_ID.search(stem))
