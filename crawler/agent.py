"""How this crawler names itself to the sites it visits.

Source: RFC 9110 section 10.1.5 (User-Agent), RFC 9309 section 2.2.1 (product token).
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

from schemas.errors import UsageError
from schemas.settings import Settings

__all__ = ["PRODUCT_TOKEN", "user_agent"]

PRODUCT_TOKEN: Final = "Wiretrace"  # noqa: S105
"""The name that robots.txt files address; letters only, as RFC 9309 asks."""


def user_agent(settings: Settings) -> str:
    """The User-Agent header, with a way to reach whoever runs the crawler.

    Raises:
        UsageError: `WIRETRACE_CRAWL_CONTACT` is not set. A crawler that site owners cannot reach does not start.
    """
    if not settings.crawl_contact:
        raise UsageError(
            "crawling needs a contact for site owners: set WIRETRACE_CRAWL_CONTACT to a web or mail address"
        )
    try:
        release = version("wiretrace")
    except PackageNotFoundError:
        release = "0"
    return f"{PRODUCT_TOKEN}/{release} (+{settings.crawl_contact})"
