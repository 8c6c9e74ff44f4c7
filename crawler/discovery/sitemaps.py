"""Sitemaps and sitemap indexes, as XML (also Google's news and RSS in disguise), gzip and text; read as a stream.

Source: https://www.sitemaps.org/protocol.html and https://www.google.com/schemas/sitemap-news/0.9
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from crawler.discovery.body import chunks_of, decode_text
from crawler.discovery.collect import Collector
from crawler.discovery.dates import date_in_url, parse_date
from crawler.discovery.links import Shape, shape_of
from crawler.discovery.model import DocumentRef, Entry, NewsFields
from crawler.discovery.state import WalkState
from crawler.discovery.xml import XmlStream, local_name, text_of

__all__ = ["MAX_INDEX_DEPTH", "read_text_sitemap", "read_xml_sitemap"]

MAX_INDEX_DEPTH: Final = 3
"""Most indexes within indexes; the protocol allows none, sites have two."""

MAX_SUB_SITEMAPS: Final = 200
"""Most sitemaps taken from one index, the newest first."""

MAX_ENTRIES: Final = 50_000
"""Most URLs read from one sitemap; the protocol's own limit."""

_NO_ARTICLES: Final = re.compile(
    r"(?<![a-z])(post_?tag|tags?|authors?|users?|image|images|video|videos|product|products|product_cat|categor(y|ies)"
    r"|taxonom(y|ies)|attachment|static|redirects?)([-_]?sitemap|[-_]\d|\.xml|/|$)",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?<!\d)(19[89]\d|20[0-4]\d)(?!\d)")


def read_xml_sitemap(
    body: bytes,
    headers: Mapping[str, str],
    found: Collector,
    state: WalkState,
    *,
    now: datetime,
    since_of: Callable[[datetime | None], datetime | None],
) -> str | None:
    """Puts the entries and sub-sitemaps into `found`; gives what was wrong, or None.

    Args:
        since_of: start of the age window for a newest date.

    Raises:
        BodyError: nothing can be read.
    """
    stream = XmlStream(chunks_of(body), headers, wanted=("url", "sitemap"))
    children: list[tuple[str, datetime | None]] = []
    count = 0
    for element in stream:
        if local_name(element) == "sitemap":
            url = found.accepted(_child_text(element, "loc"))
            if url:
                changed_at = parse_date(_child_text(element, "lastmod"))
                children.append((url, min(changed_at, now) if changed_at else None))
            continue
        count += 1
        if count > MAX_ENTRIES:
            found.dropped["over_limit"] += 1
            stream.fault = f"more than {MAX_ENTRIES} URLs; the rest was not read"
            break
        _take_url(element, found)
    for ref in _chosen(children, state, now=now, since_of=since_of, found=found):
        found.add_document(ref)
    return stream.fault


def read_text_sitemap(body: bytes, headers: Mapping[str, str], found: Collector) -> None:
    """Puts the URLs of a text sitemap (one a line) into `found`.

    Raises:
        BodyError: the bytes cannot be inflated.
    """
    for number, line in enumerate(decode_text(body, headers).splitlines()):
        if number >= MAX_ENTRIES:
            found.dropped["over_limit"] += 1
        elif line.strip().startswith(("http://", "https://")) and (url := found.accepted(line)):
            add_by_shape(url, found, Entry(url=url, found_by="sitemap"))


def _child_text(element: etree._Element, name: str) -> str | None:
    for child in element:
        if local_name(child) == name and "image" not in str(child.tag) and "video" not in str(child.tag):
            return text_of(child) or None
    return None


def _take_url(element: etree._Element, found: Collector) -> None:
    url = found.accepted(_child_text(element, "loc"))
    if url is None:
        return
    news = next((child for child in element if local_name(child) == "news"), None)
    title, published, fields = None, None, None
    if news is not None:
        values = {local_name(child): text_of(child) for child in news.iter(etree.Element)}
        title = values.get("title", "")[:500] or None
        published = parse_date(values.get("publication_date"))
        fields = NewsFields(
            publication=values.get("name") or None,
            language=values.get("language") or None,
            genres=_list(values.get("genres")),
            keywords=_list(values.get("keywords")),
            stock_tickers=_list(values.get("stock_tickers")),
        )
    entry = Entry(
        url=url,
        found_by="sitemap",
        title=title,
        published_at=published,
        updated_at=parse_date(_child_text(element, "lastmod")),
        news=fields,
    )
    add_by_shape(url, found, entry)


def add_by_shape(url: str, found: Collector, entry: Entry) -> None:
    """Takes a sitemap's URL as an entry, or leaves it out where it is plainly a front, a tag or a login page."""
    shape = shape_of(url).shape
    if entry.news is None and shape in (Shape.SKIP, Shape.FRONT, Shape.LISTING, Shape.FEED, Shape.SITEMAP):
        found.dropped["not_article_shape"] += 1
        if shape is Shape.LISTING:
            found.add_document(
                DocumentRef(url=url, kind="listing", priority=6, state=WalkState(depth=1).written())
            )
        return
    found.add(entry)


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _chosen(
    children: list[tuple[str, datetime | None]],
    state: WalkState,
    *,
    now: datetime,
    since_of: Callable[[datetime | None], datetime | None],
    found: Collector,
) -> Iterator[DocumentRef]:
    """The sub-sitemaps that can hold entries inside the window, the newest first."""
    if state.depth >= MAX_INDEX_DEPTH:
        found.dropped["too_deep"] += len(children)
        return
    newest_at = max((at for _, at in children if at), default=None)
    since = since_of(state.newest_at or newest_at)
    kept: list[tuple[str, datetime | None]] = []
    for url, changed_at in children:
        if _NO_ARTICLES.search(urlsplit(url).path) and "news" not in url.lower():
            found.dropped["not_article_shape"] += 1
        elif since and (dated := changed_at or _last_moment(url)) and dated < since:
            found.dropped["too_old"] += 1
        else:
            kept.append((url, changed_at))
    kept.sort(key=lambda child: child[1].timestamp() if child[1] else float("inf"), reverse=True)
    found.dropped["over_limit"] += max(0, len(kept) - MAX_SUB_SITEMAPS)
    reference = newest_at or state.newest_at
    for url, _ in kept[:MAX_SUB_SITEMAPS]:
        yield DocumentRef(url=url, kind="sitemap", priority=2, state=state.deeper(reference).written())


def _last_moment(url: str) -> datetime | None:
    """The end of the day, month or year that a sitemap's name holds, e.g. `sitemap-2019-03.xml`."""
    path = urlsplit(url).path + "?" + urlsplit(url).query
    if dated := date_in_url(path):
        return dated[0]
    year = _YEAR.search(path)
    return parse_date(f"{year[1]}-12-31T23:59:59Z") if year else None
