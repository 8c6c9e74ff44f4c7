"""Where discovery of a site begins: its home page, what is named for it, what robots.txt names, the usual places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urljoin

from crawler.discovery.model import DocumentRef
from crawler.discovery.state import WalkState
from crawler.sites import SiteSpec
from schemas.urls import site_of

__all__ = ["MAX_FIRST_REQUESTS", "USUAL_FEEDS", "USUAL_SITEMAPS", "first_documents", "robots_documents"]

MAX_FIRST_REQUESTS = 6
"""Home page, robots.txt and four usual places: the most that an unknown site is asked before it has named anything."""

USUAL_SITEMAPS = ("/sitemap.xml",)
USUAL_FEEDS = ("/feed", "/rss.xml", "/atom.xml")
"""`/feed` without a slash: servers that want one redirect, those that want none know no other."""


def first_documents(spec: SiteSpec) -> tuple[DocumentRef, ...]:
    """The documents a site starts with.

    Named feeds, sitemaps and listings where the list gives them, the home page always, and the usual places as
    probes for the kinds that the list does not name.
    """
    refs = [DocumentRef(url=spec.url, kind="home", priority=0)]
    refs += [DocumentRef(url=url, kind="feed", priority=0) for url in spec.feeds]
    refs += [DocumentRef(url=url, kind="sitemap", priority=1) for url in spec.sitemaps]
    refs += [DocumentRef(url=url, kind="listing", priority=1) for url in spec.listings]
    if not spec.sitemaps:
        refs += [
            DocumentRef(url=urljoin(spec.url, path), kind="sitemap", is_probe=True, priority=2)
            for path in USUAL_SITEMAPS
        ]
    if not spec.feeds:
        refs += [
            DocumentRef(url=urljoin(spec.url, path), kind="feed", is_probe=True, priority=3)
            for path in USUAL_FEEDS
        ]
    return tuple({ref.url: _for_site(ref, spec) for ref in reversed(refs)}.values())[::-1]


def _for_site(ref: DocumentRef, spec: SiteSpec) -> DocumentRef:
    """The document, with the site that it is read for where it stands on another one."""
    if site_of(ref.url) == spec.site:
        return ref
    return replace(ref, state=WalkState(site=spec.site).written())


def robots_documents(spec: SiteSpec, sitemaps: Sequence[str]) -> tuple[DocumentRef, ...]:
    """The documents that the Sitemap lines of the site's robots.txt name.

    Args:
        sitemaps: the lines' values, as written, relative ones allowed. At most 100 are taken.
    """
    urls = dict.fromkeys(urljoin(spec.url, line.strip()) for line in sitemaps if line.strip())
    return tuple(
        _for_site(DocumentRef(url=url, kind="sitemap", priority=1), spec)
        for url in list(urls)[:100]
        if url.startswith(("http://", "https://"))
    )
