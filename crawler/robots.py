"""robots.txt by RFC 9309: what an answer means, and what the rules say. Pure.

| answer | meaning | kept |
|---|---|---|
| 200–299 | its rules | 24 h |
| 400–499 but 429 | the site has none: everything may be fetched | 24 h |
| 429, 500–599, no answer | nothing may be fetched | until the next try |
| more than five redirects | as 404 | 24 h |

Source: RFC 9309 sections 2.2 to 2.5. 429 is treated as 5xx, as a site that asks for fewer requests has not said yes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from protego import Protego

from crawler.agent import PRODUCT_TOKEN

__all__ = ["CRAWL_DELAY_CAP_S", "LIFETIME_S", "MAX_BYTES", "REFRESH_S", "Rules", "parse_rules", "state_of"]

CRAWL_DELAY_CAP_S: Final = 60.0
"""Longest Crawl-delay that is honoured as it stands; a longer one counts as this. Some sites say a day."""

LIFETIME_S: Final = 24 * 3600.0
"""Age beyond which rules are not used any more. Source: RFC 9309 section 2.4."""

REFRESH_S: Final = 22 * 3600.0
"""Age at which they are fetched anew, so that they seldom expire."""

MAX_BYTES: Final = 512 * 1024
"""What is read of a robots.txt. Source: RFC 9309 section 2.5 asks for at least 500 KiB."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one robots.txt says to this crawler.

    Attributes:
        crawl_delay_s: pause it asks for, capped; 0 = none.
        sitemaps: values of its Sitemap lines, as written.
    """

    crawl_delay_s: float = 0.0
    sitemaps: tuple[str, ...] = ()
    _parser: Any = field(default=None, repr=False, compare=False)

    def allows(self, url: str) -> bool:
        """Whether `url` may be fetched.

        >>> parse_rules(b"User-agent: *\\nDisallow: /private").allows("https://a.example/private/x")
        False
        """
        return self._parser is None or bool(self._parser.can_fetch(url, PRODUCT_TOKEN))


def state_of(status: int | None) -> str:
    """'rules', 'free' or 'unavailable': what an answer to the request for robots.txt means.

    Args:
        status: HTTP status after redirects; None = no answer.
    """
    if status is not None and 200 <= status < 300:
        return "rules"
    if status is not None and 300 <= status < 500 and status != 429:
        return "free"
    return "unavailable"


def parse_rules(body: bytes) -> Rules:
    """The rules of a robots.txt; of bytes that are none, rules that allow everything. Never raises for a body.

    Args:
        body: as received; only the first `MAX_BYTES` are read; UTF-8, bad bytes replaced.
    """
    text = body[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").replace("\x00", "")
    try:
        parser = Protego.parse(text)
        delay = parser.crawl_delay(PRODUCT_TOKEN)
        rate = parser.request_rate(PRODUCT_TOKEN)
        sitemaps = tuple(parser.sitemaps)
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError, OverflowError):
        return Rules()
    pauses = [float(delay)] if delay is not None else []
    if rate is not None and rate.requests > 0:
        pauses.append(float(rate.seconds) / float(rate.requests))
    pause_s = max((p for p in pauses if p >= 0), default=0.0)
    return Rules(min(pause_s, CRAWL_DELAY_CAP_S), sitemaps, parser)
