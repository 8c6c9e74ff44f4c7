"""The newsroom's feeds and sitemaps: one of each kind that a crawler must read. Pure."""

from __future__ import annotations

import gzip
import json
from email.utils import format_datetime
from html import escape

from infra.newsroom.model import Newsroom, Publication, Site
from infra.newsroom.pages import (
    about_page,
    article_page,
    home_page,
    listing_page,
    section_page,
    section_paths,
)

__all__ = ["Resource", "resources_of"]

Resource = tuple[str, bytes]
"""Content type and body."""


def _rss(newsroom: Newsroom, site: Site) -> Resource:
    items = "".join(
        f"<item><title>{escape(p.headline)}</title><link>{escape(p.url)}</link>"
        f'<guid isPermaLink="false">{escape(p.story)}</guid><pubDate>{format_datetime(p.at)}</pubDate>'
        f"<description>{escape(p.paragraphs[0])}</description></item>"
        for p in newsroom.of(site)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>{escape(site.name)}</title><link>{newsroom.base(site)}/</link><description>News</description>{items}</channel></rss>"
    )
    return "application/rss+xml; charset=UTF-8", text.encode()


def _atom(newsroom: Newsroom, site: Site) -> Resource:
    entries = "".join(
        f'<entry><id>{escape(p.url)}</id><title type="html">{escape(p.headline)}</title>'
        f'<link rel="alternate" href="{escape(p.path)}"/><published>{p.at.isoformat()}</published><updated>{p.at.isoformat()}</updated></entry>'
        for p in newsroom.of(site)
    )
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="{newsroom.base(site)}/">'
        f"<id>{newsroom.base(site)}/</id><title>{escape(site.name)}</title><updated>2024-02-09T20:00:00+00:00</updated>{entries}</feed>"
    )
    return "application/atom+xml", text.encode()


def _json_feed(newsroom: Newsroom, site: Site) -> Resource:
    items = [
        {
            "id": p.story,
            "url": p.url,
            "title": p.headline,
            "date_published": p.at.isoformat(),
            "content_text": p.paragraphs[0],
        }
        for p in newsroom.of(site)
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": site.name, "items": items}
    return "application/feed+json", json.dumps(feed).encode()


def _sitemap(publications: tuple[Publication, ...]) -> bytes:
    urls = "".join(
        f"<url><loc>{escape(p.url)}</loc><lastmod>{p.at.isoformat()}</lastmod></url>" for p in publications
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def _news_sitemap(newsroom: Newsroom, site: Site) -> Resource:
    urls = "".join(
        f"<url><loc>{escape(p.url)}</loc><news:news><news:publication><news:name>{escape(site.name)}</news:name>"
        f"<news:language>en</news:language></news:publication><news:publication_date>{p.at.isoformat()}</news:publication_date>"
        f"<news:title>{escape(p.headline)}</news:title></news:news></url>"
        for p in newsroom.of(site)
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
    )
    return "application/xml", text.encode()


def _sitemap_index(newsroom: Newsroom, site: Site) -> dict[str, Resource]:
    """An index of two sitemaps, one of them gzipped."""
    base = newsroom.base(site)
    mine = newsroom.of(site)
    half = len(mine) // 2
    index = (
        '<?xml version="1.0" encoding="UTF-8"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{base}/sitemaps/new.xml</loc></sitemap><sitemap><loc>{base}/sitemaps/old.xml.gz</loc></sitemap></sitemapindex>"
    )
    return {
        "/sitemap_index.xml": ("application/xml", index.encode()),
        "/sitemaps/new.xml": ("application/xml", _sitemap(mine[:half])),
        "/sitemaps/old.xml.gz": ("application/gzip", gzip.compress(_sitemap(mine[half:]), mtime=0)),
    }


def _html(text: str) -> Resource:
    return "text/html; charset=utf-8", text.encode()


def resources_of(newsroom: Newsroom, site: Site) -> dict[str, Resource]:
    """Everything that a site serves, by path with query."""
    found: dict[str, Resource] = {"/": _html(home_page(newsroom, site))}
    rules = ["User-agent: *", "Disallow: /search", "Disallow: /wp-admin/"]
    for way in site.discovery:
        if way == "rss":
            path = {"paper": "/feed.xml", "broadsheet": "/rss/latest"}.get(site.style, "/feed/")
            found[path] = _rss(newsroom, site)
        elif way == "atom":
            found["/atom.xml"] = _atom(newsroom, site)
        elif way == "json_feed":
            found["/feed.json"] = _json_feed(newsroom, site)
        elif way == "sitemap":
            found["/sitemap.xml"] = "application/xml", _sitemap(newsroom.of(site))
        elif way == "news_sitemap":
            found["/sitemap-news.xml"] = _news_sitemap(newsroom, site)
            rules.append(f"Sitemap: {newsroom.base(site)}/sitemap-news.xml")
        elif way == "sitemap_index":
            found |= _sitemap_index(newsroom, site)
            rules.append(f"Sitemap: {newsroom.base(site)}/sitemap_index.xml")
        elif way == "listing":
            found["/news/"] = _html(listing_page(newsroom, site, 1))
            for number in range(2, len(newsroom.of(site)) // 3 + 2):
                found[f"/news/?page={number}"] = _html(listing_page(newsroom, site, number))
    for path, name in section_paths(site).items():
        found[path] = _html(section_page(newsroom, site, name))
    for path in ("/about", "/contact/"):
        found[path] = _html(about_page(site))
    found["/robots.txt"] = "text/plain", ("\n".join(rules) + "\n").encode()
    for publication in newsroom.of(site):
        found[publication.path] = _html(article_page(newsroom, publication))
    return found
