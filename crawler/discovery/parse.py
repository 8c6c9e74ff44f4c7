"""`parse_document`: the one entry of discovery. Looks at the bytes, then hands over to the parser of that format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from crawler.discovery.body import BodyError, head_of, sniff
from crawler.discovery.collect import Collector, window_start
from crawler.discovery.feeds import FeedFacts, next_feed_page, read_json, read_xml_feed
from crawler.discovery.model import DiscoveryResult
from crawler.discovery.pages import parse_page, take_links
from crawler.discovery.sitemaps import read_text_sitemap, read_xml_sitemap
from crawler.discovery.state import WalkState
from crawler.sites import SiteSpec

__all__ = ["ENTRY_LIMIT", "NEW_ENTRY_LIMIT", "parse_document"]

ENTRY_LIMIT: Final = 50_000
"""Most entries of one document: the sitemap protocol's own limit."""

NEW_ENTRY_LIMIT: Final = 2000
"""Most entries of one document that the frontier should take as new in one poll; the rest comes with the next polls.
It cannot be applied here: which entries are new only the frontier knows."""


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
    ends where every dated link is older.

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
    if spec is not None and spec.max_age_days is not None:
        max_age_days = spec.max_age_days
    walk = WalkState.read(state)
    found = Collector(url, url, spec)
    try:
        form = sniff(head_of(body), headers)
        if form is None:
            return DiscoveryResult(problem="no text" if body.strip() else "empty", is_empty=True)
        if form in ("feed", "xml"):
            return _feed(kind, url, body, headers, found, walk, now, max_age_days, limit, form)
        if form == "json":
            return _json(kind, url, body, headers, found, walk, now, max_age_days, limit)
        if form in ("sitemap", "urls"):
            return _sitemap(form, body, headers, found, walk, now, max_age_days, limit)
        return _page(kind, url, body, headers, found, walk, spec, now, max_age_days, limit)
    except BodyError as error:
        return DiscoveryResult(kind=None, problem=str(error), dropped=dict(found.dropped))


def _feed(
    kind: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    found: Collector,
    walk: WalkState,
    now: datetime,
    max_age_days: int,
    limit: int,
    form: str,
) -> DiscoveryResult:
    found_by = "backfill" if walk.page > 1 else "feed"
    facts = read_xml_feed(body, headers, found, found_by=found_by)
    if form == "xml" and found.newest_at is None and not found.count:
        return DiscoveryResult(problem=facts.problem or "XML, but neither a feed nor a sitemap")
    return _finished("feed", url, found, facts, walk, now, max_age_days, limit)


def _json(
    kind: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    found: Collector,
    walk: WalkState,
    now: datetime,
    max_age_days: int,
    limit: int,
) -> DiscoveryResult:
    found_by = "backfill" if walk.page > 1 else "feed"
    real, facts = read_json(url, body, headers, found, walk, found_by=found_by)
    return _finished(real, url, found, facts, walk, now, max_age_days, limit)


def _finished(
    kind: str,
    url: str,
    found: Collector,
    facts: FeedFacts,
    walk: WalkState,
    now: datetime,
    max_age_days: int,
    limit: int,
) -> DiscoveryResult:
    """A feed's result: its window, and its following page where entries of this one are still inside it."""
    newest_at = walk.newest_at or (min(found.newest_at, now) if found.newest_at else None)
    since = window_start(newest_at, now, max_age_days)
    is_used_up = since is not None and (found.oldest_at or now) < since
    entries = found.entries(since=since, limit=limit)
    if entries and not is_used_up:
        following = next_feed_page(url, facts, walk, newest_at, kind)
        if following is not None and found.is_allowed_document(following.url):
            found.add_document(following)
    return DiscoveryResult(
        kind=kind,
        entries=entries,
        documents=found.documents(),
        problem=facts.problem,
        is_empty=not found.count,
        is_final=facts.is_complete,
        announced_interval_s=facts.announced_interval_s,
        dropped=dict(found.dropped),
    )


def _sitemap(
    form: str,
    body: bytes,
    headers: Mapping[str, str],
    found: Collector,
    walk: WalkState,
    now: datetime,
    max_age_days: int,
    limit: int,
) -> DiscoveryResult:
    problem = None
    if form == "urls":
        read_text_sitemap(body, headers, found)
    else:
        problem = read_xml_sitemap(body, headers, found, walk, now=now, max_age_days=max_age_days)
    since = window_start(
        walk.newest_at or found.newest_at if not walk.depth else walk.newest_at, now, max_age_days
    )
    entries = found.entries(since=since, limit=limit)
    documents = found.documents()
    return DiscoveryResult(
        kind="sitemap",
        entries=entries,
        documents=documents,
        problem=problem,
        is_empty=not found.count and not documents,
        dropped=dict(found.dropped),
    )


def _page(
    kind: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    found: Collector,
    walk: WalkState,
    spec: SiteSpec | None,
    now: datetime,
    max_age_days: int,
    limit: int,
) -> DiscoveryResult:
    page = parse_page(url, body, headers)
    if page is None:
        return DiscoveryResult(problem="no HTML", is_empty=True)
    if kind in ("feed", "sitemap", "wp_json"):
        # A soft 404 or a cookie wall where a feed should be. Its links are the home page's business.
        return DiscoveryResult(kind="listing", problem=f"an HTML page instead of a {kind}", is_empty=True)
    since = window_start(walk.newest_at, now, max_age_days)
    is_article = take_links(page, found, walk, since=since, follow=spec is None or spec.follow_listings)
    entries = found.entries(since=None, limit=limit)
    documents = found.documents()
    real = "home" if kind == "home" else "listing"
    return DiscoveryResult(
        kind=real,
        entries=entries,
        documents=documents,
        is_empty=not entries and not documents,
        is_article=is_article,
        is_final=is_article or (real == "listing" and walk.depth > 0 and not entries),
        dropped=dict(found.dropped),
    )
