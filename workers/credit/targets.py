"""Where a link really leads: redirect wrappers carry their target in the URL. Pure, no request is made."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

__all__ = ["target_of"]

_TARGET_KEYS: Final = (
    "url", "u", "q", "link", "target", "to", "dest", "destination", "redirect", "redirect_url", "redirect_to", "redir",
    "out", "goto", "go", "href", "source", "r",
)  # fmt: skip
_NEWS_LINK: Final = re.compile(
    r"^https?://news\.google\.com/(?:__i/)?(?:rss/)?(?:rd/)?(?:articles|read)/(CBM[\w-]+={0,2})"
)
_URL_BYTES: Final = re.compile(rb"https?://[\x21-\x7e]+")
_MAX_WRAPPERS: Final = 3


def target_of(url: str) -> str:
    """The URL that `url` wraps, unwrapped as often as needed; `url` itself where it wraps none. Never raises.

    >>> target_of("https://www.google.com/url?sa=t&url=https%3A%2F%2Fpaper.org%2Fa%2Fstory&usg=x")
    'https://paper.org/a/story'
    >>> target_of("https://paper.org/a/story?id=1")
    'https://paper.org/a/story?id=1'
    """
    for _ in range(_MAX_WRAPPERS):
        inner = _wrapped(url)
        if inner is None:
            return url
        url = inner
    return url


def _wrapped(url: str) -> str | None:
    news = _NEWS_LINK.match(url)
    if news is not None:
        return _in_news_link(news[1])
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        return None
    for key in _TARGET_KEYS:
        value = query.get(key, [""])[0].strip()
        if re.match(r"https?://[^/\s]+\.[^/\s]+", value):
            return value
    return None


def _in_news_link(token: str) -> str | None:
    """The first URL in the token of a news aggregator's link: base64 of a small binary message around it."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    found = _URL_BYTES.search(data)
    return found[0].decode("ascii") if found is not None else None
