"""`parse_document`: the one entry of discovery. Looks at the bytes, then hands over to the parser of that format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from crawler.discovery.body import BodyError, head_of, sniff
from crawler.discovery.collect import Collector, window_start
from crawler.discovery.dates import date_in_url
from crawler.discovery.feeds import FeedFacts, next_feed_page, read_json, read_xml_feed
from crawler.discovery.model import DiscoveryResult, Entry
from crawler.discovery.pages import parse_page, take_links, take_stories
from crawler.discovery.sitemaps import read_text_sitemap, read_xml_sitemap
from crawler.discovery.state import WalkState
from crawler.sites import SiteSpec

__all__ = ["ENTRY_LIMIT", "linked_stories", "parse_document"]

ENTRY_LIMIT: Final = 50_000
"""Most entries of one document: the sitemap protocol's own limit."""

MAX_STORY_LINKS: Final = 30
"""Most stories taken from one story's links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """What `parse_document` was given, and what is gathered."""

    kind: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    walk: WalkState
    found: Collector
    follow: bool
    now: datetime
    max_age_days: int
    limit: int

    def since(self, newest_at: datetime | None) -> datetime | None:
        return window_start(newest_at, self.now, self.max_age_days)


def parse_document(
    kind: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: datetime,
    max_age_days: int = 30,
    limit: int = ENTRY_LIMIT,
    state: str = "",
    spec: SiteSpec | None = None,
) -> DiscoveryResult:
    """Everything that `body` says about articles and further documents. Never raises for a document.

    The age window is counted back from the newest date that the walk's first document names, never from after `now`:
    a site whose latest story is of March keeps that month, a busy one the last 30 days. Entries of listings are not
    left out by age (they have no dates, or stand there because they are current); the walk to their following pages
    ends, after three pages, where all dates on a page are older.

    Args:
        kind: what it was expected to be, one of `DOCUMENT_KINDS`; the bytes decide.
        url: where the body came from, after redirects.
        body: as received, Content-Encoding undone; a .gz file's bytes are inflated here, with a bound.
        headers: response headers, names in lower case.
        now: aware.
        max_age_days: the window; 0 = everything. The spec's own value wins.
        limit: most entries.
        state: `DocumentRef.state` of this document.
        spec: the site it belongs to: allow and deny patterns, and the site that links must stay on.
    """
    walk = WalkState.read(state)
    if walk.site is None and spec is not None:
        walk = replace(walk, site=spec.site)
    document = _Document(
        kind=kind,
        url=url,
        body=body,
        headers=headers,
        walk=walk,
        found=Collector(url, spec, site=walk.site, now=now),
        follow=spec is None or spec.follow_listings,
        now=now,
        max_age_days=max_age_days if spec is None or spec.max_age_days is None else spec.max_age_days,
        limit=limit,
    )
    try:
        return _parsed(document)
    except BodyError as error:
        return DiscoveryResult(problem=str(error), dropped=dict(document.found.dropped))


def linked_stories(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: datetime,
    max_age_days: int,
    state: str = "",
    spec: SiteSpec | None = None,
    most_steps: int,
) -> tuple[tuple[Entry, ...], str]:
    """The stories of the same site that the story at `url` links, and the state that goes with each of them.

    Those whose address holds a date before the window are left out; the window counts back from the newest date that
    the walk has met.

    Args:
        state: of this story: how many steps it is from a listing.
        most_steps: the walk ends there.
    """
    walk = WalkState.read(state)
    found = Collector(url, spec, now=now)
    if walk.depth >= most_steps:
        return (), ""
    try:
        page = parse_page(url, body, headers)
    except BodyError:
        return (), ""
    if page is None:
        return (), ""
    take_stories(page, found)
    days = max_age_days if spec is None or spec.max_age_days is None else spec.max_age_days
    own = date_in_url(urlsplit(url).path)
    dates = [moment for moment in (walk.newest_at, own[0] if own else None, found.newest_at) if moment]
    newest_at = min(max(dates), now) if dates else None
    entries = found.entries(since=window_start(newest_at, now, days), limit=MAX_STORY_LINKS)
    return entries, walk.deeper(newest_at).written()


def _parsed(document: _Document) -> DiscoveryResult:
    form = sniff(head_of(document.body), document.headers)
    if form is None:
        return DiscoveryResult(problem="no text" if document.body.strip() else "empty", is_empty=True)
    if form in ("feed", "xml"):
        return _feed(document, form)
    if form == "json":
        return _json(document)
    if form in ("sitemap", "urls"):
        return _sitemap(document, form)
    return _page(document)


def _feed(document: _Document, form: str) -> DiscoveryResult:
    found_by = "backfill" if document.walk.page > 1 else "feed"
    facts = read_xml_feed(document.body, document.headers, document.found, found_by=found_by)
    if form == "xml" and not document.found.count:
        return DiscoveryResult(problem=facts.fault or "XML, but neither a feed nor a sitemap")
    return _of_feed(document, "feed", facts)


def _json(document: _Document) -> DiscoveryResult:
    found_by = "backfill" if document.walk.page > 1 else "feed"
    kind, facts = read_json(
        document.url, document.body, document.headers, document.found, document.walk, found_by=found_by
    )
    return _of_feed(document, kind, facts)


def _of_feed(document: _Document, kind: str, facts: FeedFacts) -> DiscoveryResult:
    """A feed's result: its window, and its following page where all entries of this one are still inside it."""
    found = document.found
    newest_at = document.walk.newest_at or (min(found.newest_at, document.now) if found.newest_at else None)
    since = document.since(newest_at)
    is_used_up = since is not None and (found.oldest_at or document.now) < since
    entries = found.entries(since=since, limit=document.limit)
    if entries and not is_used_up:
        following = next_feed_page(document.url, facts, document.walk, newest_at, kind)
        if following is not None and found.is_on_site(following.url):
            found.add_document(following)
    return DiscoveryResult(
        kind=kind,
        entries=entries,
        documents=found.documents(),
        problem=None if found.count else facts.fault,
        fault=facts.fault,
        is_empty=not found.count,
        is_final=facts.is_complete,
        announced_interval_s=facts.announced_interval_s,
        dropped=dict(found.dropped),
    )


def _sitemap(document: _Document, form: str) -> DiscoveryResult:
    found, walk = document.found, document.walk
    fault = None
    if form == "urls":
        read_text_sitemap(document.body, document.headers, found)
    else:
        since_of = document.since
        fault = read_xml_sitemap(
            document.body, document.headers, found, walk, now=document.now, since_of=since_of
        )
    # A sitemap below an index may hold an old month: it is measured by the index, not by itself.
    newest_at = walk.newest_at if walk.depth else walk.newest_at or found.newest_at
    entries = found.entries(since=document.since(newest_at), limit=document.limit)
    documents = found.documents()
    return DiscoveryResult(
        kind="sitemap",
        entries=entries,
        documents=documents,
        problem=None if found.count or documents else fault,
        fault=fault,
        is_empty=not found.count and not documents,
        dropped=dict(found.dropped),
    )


def _page(document: _Document) -> DiscoveryResult:
    found, walk = document.found, document.walk
    page = parse_page(document.url, document.body, document.headers)
    if page is None:
        return DiscoveryResult(problem="no HTML", is_empty=True)
    if document.kind in ("feed", "sitemap", "wp_json"):
        # A soft 404 or a cookie wall where a feed should be. Its links are the home page's business.
        return DiscoveryResult(problem=f"an HTML page instead of a {document.kind}", is_empty=True)
    evidence = take_links(page, found, walk, since_of=document.since, follow=document.follow)
    entries = found.entries(since=None, limit=document.limit)
    documents = found.documents()
    kind = "home" if document.kind == "home" else "listing"
    return DiscoveryResult(
        kind=kind,
        entries=entries,
        documents=documents,
        is_empty=not entries and not documents,
        is_article=evidence is not None,
        is_final=evidence in ("declared", "looks")
        or (kind == "listing" and walk.depth > 0 and not entries and not documents),
        dropped=dict(found.dropped),
    )
