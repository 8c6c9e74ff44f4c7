"""The values that discovery hands to the frontier.

A *document* is something that names articles: a home page, a feed, a sitemap, a listing page, an answer of
WordPress' REST interface. An *entry* is one article that a document names. The frontier fetches documents again and
again (`crawler.revisit`), entries once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

__all__ = ["DOCUMENT_KINDS", "DiscoveryResult", "DocumentRef", "Entry", "NewsFields"]

DOCUMENT_KINDS: Final = ("home", "feed", "sitemap", "listing", "wp_json")
"""Closed set of the kinds of documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsFields:
    """What a news sitemap says about an article (`news:` of Google's schema), as written, unchecked.

    Source: https://www.google.com/schemas/sitemap-news/0.9
    """

    publication: str | None = None
    language: str | None = None
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    stock_tickers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article that a document names.

    Attributes:
        url: absolute, http or https, as written (resolved against the document, never rewritten).
        found_by: 'feed', 'sitemap', 'listing', 'article' (a link on a story) or 'backfill', as in `schemas.records.FOUND_BY`.
        title: plain text, at most 500 characters.
        published_at: aware, UTC; None where the document does not say.
        updated_at: aware, UTC; a sitemap's lastmod is here, as it says nothing about publication.
        news: the news fields of a news sitemap.
    """

    url: str
    found_by: str
    title: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    news: NewsFields | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRef:
    """A document that should be fetched and given to `parse_document`.

    Attributes:
        kind: one of `DOCUMENT_KINDS`; what it is expected to be (parsing looks at the bytes).
        is_probe: a usual place that may not exist. Its failure is no failure of the site, and it need not be fetched
            at all when the site has a document of this kind that parsed.
        is_once: fetched once and never polled again (back-fill: page 2 and later of a listing or a feed).
        priority: 0 first … 9 last, among the documents of one site.
        state: opaque text of at most 300 characters that the frontier keeps with the URL and hands back to
            `parse_document(state=…)`: depth, page number and age window of bounded walks. Two refs of one URL
            differ in it at most; the first one kept wins.
    """

    url: str
    kind: str
    is_probe: bool = False
    is_once: bool = False
    priority: int = 5
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryResult:
    """What one document says. Never an exception: what cannot be read is a `problem`.

    Attributes:
        kind: what the bytes really are, one of `DOCUMENT_KINDS`, or None where they are none of them.
        entries: articles, in the document's order, each URL once.
        documents: further documents to fetch, each URL once.
        problem: None, or one sentence why nothing could be read.
        fault: None, or what was wrong with a document that was read all the same (cut off, tags that do not nest).
        is_empty: it was read and names nothing.
        is_article: the page itself is, or may be, an article: publish this very response as a page too, once (shapes
            of URLs are ambiguous, so a page taken for a section can turn out to be a story).
        is_final: do not poll again (the document says so, or it is an article).
        announced_interval_s: what the feed says about its own pace (RSS ttl, sy:updatePeriod), in seconds; a hint.
        dropped: how many entries were left out, by reason: 'too_old', 'over_limit', 'other_site', 'bad_url',
            'denied', 'duplicate', 'not_article_shape', 'too_deep', or a `crawler.traps.DropReason`.
    """

    kind: str | None = None
    entries: tuple[Entry, ...] = ()
    documents: tuple[DocumentRef, ...] = ()
    problem: str | None = None
    fault: str | None = None
    is_empty: bool = False
    is_article: bool = False
    is_final: bool = False
    announced_interval_s: float | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
