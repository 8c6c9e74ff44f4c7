"""Which article a page is: its own URL key, or that of the canonical URL it names.

Pure. Owns the rule that says when a `rel=canonical` link may be believed as identity; credits that a canonical
link to another site gives are read in `workers.credit`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from schemas.urls import is_same_site, url_key

__all__ = ["ArticleKey", "article_key"]

_PAGE_PARAMETERS: Final = frozenset({"page", "paged", "p", "pg", "seite", "pagina", "start", "offset"})
_ID: Final = re.compile(r"\d{5,}")
_DATE: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?")
_NEUTRAL_SEGMENTS: Final = frozenset({"amp", "print", "m", "mobile", "index", "outputtype"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleKey:
    """The identity of an article.

    Attributes:
        key: the URL key under which the article is stored.
        is_alias: whether the page stands under another URL than the one that the key names.
    """

    key: str
    is_alias: bool


def article_key(url: str, canonical_url: str | None) -> ArticleKey:
    """The identity of the article at `url`.

    The canonical link is believed only where it points to the same site, to something more than its home page,
    and to a twin of this page: the same last path segment or the same long number. Many sites name their home
    page, a section or the first page of a series on every page; believing that would fold different stories
    into one row.

    >>> article_key("https://n.example/story-12345/amp", "https://n.example/story-12345")
    ArticleKey(key='n.example/story-12345', is_alias=True)
    >>> article_key("https://n.example/a-story", "https://n.example/")
    ArticleKey(key='n.example/a-story', is_alias=False)
    """
    own = url_key(url)
    if not canonical_url or not is_same_site(url, canonical_url):
        return ArticleKey(key=own, is_alias=False)
    canonical = url_key(canonical_url)
    if canonical == own:
        # The key knows AMP, mobile and print twins by their URLs; the canonical link tells which of them is the page.
        return ArticleKey(key=own, is_alias=_place(url) != _place(canonical_url))
    if not _is_twin(url, canonical_url):
        return ArticleKey(key=own, is_alias=False)
    return ArticleKey(key=canonical, is_alias=True)


def _is_twin(url: str, canonical_url: str) -> bool:
    page, target = urlsplit(url), urlsplit(canonical_url)
    if any(name.lower() in _PAGE_PARAMETERS for name, _ in parse_qsl(page.query)):
        return False
    ours, theirs = _slug(page.path), _slug(target.path)
    if not theirs:
        return False
    return ours == theirs or _has_shared_id(page, target)


def _has_shared_id(page: SplitResult, target: SplitResult) -> bool:
    """Whether both hold one long number where a story's id stands: in the last segment or the query, or before a slug.

    A number that stands before the story's own segment may be a section's, and then names all of the section's stories.
    """
    (last, before), (last_there, before_there) = _ids(page), _ids(target)
    return bool(last & last_there or before & before_there)


def _ids(parts: SplitResult) -> tuple[set[str], set[str]]:
    """The long numbers of the last segment and the query, and those of the segment before; dates are none."""
    segments = [segment for segment in parts.path.split("/") if segment]
    while segments and segments[-1].split(".")[0].lower() in _NEUTRAL_SEGMENTS:
        segments.pop()
    last = (segments[-1] if segments else "") + "?" + parts.query
    before = segments[-2] if len(segments) > 1 else ""
    return _numbers(last), _numbers(before)


def _numbers(text: str) -> set[str]:
    return {number for number in _ID.findall(text) if not _DATE.fullmatch(number)}


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")


def _slug(path: str) -> str:
    """The last path segment that names something, without its extension."""
    segments = [segment.lower() for segment in path.split("/") if segment]
    while segments and segments[-1].split(".")[0] in _NEUTRAL_SEGMENTS:
        segments.pop()
    return re.sub(r"\.(s?html?|php|aspx?|amp)$", "", segments[-1]) if segments else ""
