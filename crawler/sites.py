"""Site lists: which sites are crawled, and what their owner of the list says about each.

A text file holds a URL a line; a TOML file holds a table `[[site]]` per site. A line or table that cannot be used is
named by its line number and the others go on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["SITE_KINDS", "LineProblem", "SiteList", "SiteSpec", "read_site_list", "site_spec"]

SITE_KINDS: Final = ("publisher", "agency", "aggregator")
"""Closed set: an agency's copies are originals; an aggregator is never first against evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSpec:
    """One site to crawl.

    Attributes:
        url: home page, absolute.
        site: `schemas.urls.site_of(url)`.
        feeds, sitemaps, listings: documents named for it, absolute URLs.
        allow: regular expressions; where there are any, a URL must match one (`re.search`) to be crawled.
        deny: regular expressions; a URL that matches one is not crawled.
        delay_s: pause between two requests, in seconds; None = the crawler's default.
        kind: one of `SITE_KINDS`.
        group: sites with one group share one pace (politeness key); None = the site itself.
        max_age_days: window of this site's entries; None = the default; 0 = everything.
        daily_quota: most article pages a day; None = the default.
        follow_listings: whether section pages and their following pages are walked.
        line_number: where the list names it; 0 = not from a list.
    """

    url: str
    site: str
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    delay_s: float | None = None
    kind: str = "publisher"
    group: str | None = None
    max_age_days: int | None = None
    daily_quota: int | None = None
    follow_listings: bool = True
    line_number: int = 0

    def allows(self, url: str) -> bool:
        """Whether the list's patterns let `url` be crawled."""
        if any(re.search(pattern, url) for pattern in self.deny):
            return False
        return not self.allow or any(re.search(pattern, url) for pattern in self.allow)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """A line of the list that cannot be used: its number from 1, its text (cut), and why."""

    line_number: int
    text: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line_number}: {self.why}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteList:
    """What a list holds: the sites that can be crawled, and the lines that cannot be used."""

    sites: tuple[SiteSpec, ...]
    problems: tuple[LineProblem, ...] = ()


def site_spec(url: str) -> SiteSpec:
    """The spec of a bare URL.

    Raises:
        ValueError: `url` is no http or https URL with a host.
    """
    raise NotImplementedError


def read_site_list(path: Path) -> SiteList:
    """The sites of a list, and the lines of it that cannot be used.

    Raises:
        SiteListError: the file cannot be read at all.
    """
    raise NotImplementedError
