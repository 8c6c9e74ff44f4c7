"""What of a document's URLs is kept: absolute, on the site, allowed, once, inside the age window."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urljoin, urlsplit

from crawler.discovery.dates import date_in_url
from crawler.discovery.model import DocumentRef, Entry
from crawler.discovery.state import WalkState
from crawler.sites import SiteSpec
from crawler.traps import judge
from schemas.urls import site_of

__all__ = ["Collector", "absolute_url", "window_start"]

_MAX_URL: Final = 2000
_WORK: Final = re.compile(r"[\s#\\]")
_AHEAD: Final = timedelta(hours=36)
_SPACE: Final = re.compile(r"[\t\r\n]+")


def absolute_url(base: str, link: str | None) -> str | None:
    """`link` as an absolute http or https URL without its fragment; None where it is none.

    >>> absolute_url("https://a.example/news/", " ../x?y=1#top ")
    'https://a.example/x?y=1'
    """
    link = _SPACE.sub("", (link or "").strip())
    if not link or len(link) > _MAX_URL or link.startswith("#"):
        return None
    try:
        url = link if link.startswith(("http://", "https://")) else urljoin(base, link)
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        return None
    url = url.partition("#")[0]
    return url.replace(" ", "%20") if " " in url else url


class Collector:
    """Gathers entries and documents of one document, and counts what is left out."""

    def __init__(
        self, own_url: str, spec: SiteSpec | None, *, site: str | None = None, now: datetime | None = None
    ) -> None:
        """Makes an empty one.

        Args:
            now: dates more than a day and a half after it are taken for none: a wrong date is worse.
            own_url: where the document came from. Its site counts as the site's own, so that a site that has moved
                is followed.
            spec: allow and deny patterns.
            site: the site that is crawled, where the document stands elsewhere (a feed service).
        """
        self.base = own_url
        self._own_url = own_url
        self._latest = now + _AHEAD if now else None
        self._spec = spec
        self._site = site
        self._sites = {site_of(own_url)} | ({site} if site else set())
        self._entries: dict[str, tuple[Entry, datetime | None]] = {}
        self._documents: dict[str, DocumentRef] = {}
        self._host_parts: set[str] = set()
        self.dropped: Counter[str] = Counter()

    def accepted(self, link: str | None, *, is_counted: bool = True) -> str | None:
        """The absolute URL of `link` where it is on the site and allowed, else None."""
        url = self._on_known_host(link) or absolute_url(self.base, link)
        reason = None
        if url is None:
            reason = "bad_url"
        elif _host_part(url) not in self._host_parts and site_of(url) not in self._sites:
            reason = "other_site"
        elif self._spec is not None and not self._spec.allows(url):
            reason = "denied"
        if reason or url is None:
            if is_counted:
                self.dropped[str(reason)] += 1
            return None
        if part := _host_part(url):
            self._host_parts.add(part)
        return url

    def _on_known_host(self, link: str | None) -> str | None:
        """`link` itself where it plainly needs no work: absolute, on a host that was accepted before (sitemaps)."""
        if link and _host_part(link) in self._host_parts and len(link) <= _MAX_URL and not _WORK.search(link):
            return link
        return None

    def add(self, entry: Entry) -> None:
        """Takes an entry (its URL from `accepted`); the first one of a URL wins, later ones fill its gaps."""
        if self._latest:
            entry = replace(
                entry,
                published_at=_unless_after(entry.published_at, self._latest),
                updated_at=_unless_after(entry.updated_at, self._latest),
            )
        known = self._entries.get(entry.url)
        if known is None:
            in_url = date_in_url(urlsplit(entry.url).path)
            # A sitemap's lastmod often says when the template changed; the date in the URL does not change.
            dated = in_url[0] if in_url else None
            self._entries[entry.url] = (entry, entry.published_at or dated or entry.updated_at)
            return
        self.dropped["duplicate"] += 1
        first, dated = known
        if entry.published_at and not first.published_at:
            first = replace(first, published_at=entry.published_at)
            dated = entry.published_at
        if entry.title and not first.title:
            first = replace(first, title=entry.title)
        self._entries[entry.url] = (first, dated)

    def add_document(self, ref: DocumentRef) -> None:
        """Takes a further document, unless it is a trap; the first one of a URL wins."""
        if ref.url == self._own_url:
            return
        if trap := judge(ref.url):
            self.dropped[str(trap)] += 1
            return
        if self._site and site_of(ref.url) != self._site:
            ref = replace(ref, state=replace(WalkState.read(ref.state), site=self._site).written())
        self._documents.setdefault(ref.url, ref)

    @property
    def count(self) -> int:
        """Entries so far, those outside the window included."""
        return len(self._entries)

    @property
    def oldest_at(self) -> datetime | None:
        """The oldest date of the entries so far."""
        return min((dated for _, dated in self._entries.values() if dated), default=None)

    def is_on_site(self, url: str) -> bool:
        """Whether a URL is on one of the document's sites."""
        return site_of(url) in self._sites

    @property
    def newest_at(self) -> datetime | None:
        """The newest date of the entries so far."""
        return max((dated for _, dated in self._entries.values() if dated), default=None)

    @property
    def has_undated(self) -> bool:
        """Whether there are entries without any date."""
        return any(dated is None for _, dated in self._entries.values())

    def entries(self, *, since: datetime | None, limit: int) -> tuple[Entry, ...]:
        """The entries that are kept, in the document's order.

        Args:
            since: dated entries before it are left out; None = all are kept.
            limit: most entries; the newest dated ones stay, then the first undated ones.
        """
        kept: list[tuple[Entry, datetime | None]] = []
        for entry, dated in self._entries.values():
            if since is not None and dated is not None and dated < since:
                self.dropped["too_old"] += 1
            else:
                kept.append((entry, dated))
        if len(kept) > limit:
            self.dropped["over_limit"] += len(kept) - limit
            order = sorted(range(len(kept)), key=lambda i: (kept[i][1] is None, _age_key(kept[i][1])))
            chosen = set(order[:limit])
            kept = [pair for i, pair in enumerate(kept) if i in chosen]
        return tuple(entry for entry, _ in kept)

    def documents(self) -> tuple[DocumentRef, ...]:
        """The further documents, those first that should be fetched first."""
        return tuple(sorted(self._documents.values(), key=lambda ref: ref.priority))


def _host_part(url: str) -> str:
    """Scheme and host of an absolute URL, as written; empty where no path follows."""
    return url[: max(url.find("/", 8), 0)] if url.startswith(("http://", "https://")) else ""


def _unless_after(moment: datetime | None, latest: datetime) -> datetime | None:
    return moment if moment is None or moment <= latest else None


def _age_key(moment: datetime | None) -> float:
    return -moment.timestamp() if moment else 0.0


def window_start(newest_at: datetime | None, now: datetime, max_age_days: int) -> datetime | None:
    """From when on entries are kept: `max_age_days` before the newest date, which is never after `now`."""
    if not max_age_days:
        return None
    return min(newest_at or now, now) - timedelta(days=max_age_days)
