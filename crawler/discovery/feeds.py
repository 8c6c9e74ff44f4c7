"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed, and the answers of WordPress' REST interface."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import feedparser
from lxml import etree

from crawler.discovery.body import BodyError, chunks_of, decode_text
from crawler.discovery.collect import Collector, absolute_url
from crawler.discovery.dates import parse_date
from crawler.discovery.model import DocumentRef, Entry
from crawler.discovery.state import WalkState
from crawler.discovery.xml import local_name, read_tree, text_of

__all__ = [
    "MAX_FEED_PAGES",
    "FeedFacts",
    "following_page",
    "next_feed_page",
    "read_json",
    "read_xml_feed",
    "wordpress_documents",
    "wordpress_feed",
]

MAX_FEED_PAGES: Final = 20
"""Most following pages of a paged feed or a REST answer: 20 × 100 posts are more than a month of any one site."""

MAX_FEED_BYTES: Final = 16 * 1024 * 1024
"""Most inflated bytes of a feed: it is held as a tree. Feeds of whole texts are seldom over 2 MiB."""

WP_PAGE_SIZE: Final = 100
"""Posts per answer; the interface allows no more. Source: developer.wordpress.org/rest-api/using-the-rest-api/pagination/"""

_TITLE_LIMIT: Final = 500
_TAG: Final = re.compile(r"<[^>]{0,200}>")
_UPDATE_PERIODS: Final = {
    "hourly": 3600.0,
    "daily": 86400.0,
    "weekly": 604800.0,
    "monthly": 2629800.0,
    "yearly": 31557600.0,
}
_PUBLISHED: Final = ("pubdate", "published", "issued", "date", "created", "dateposted", "pub-date")
_UPDATED: Final = ("updated", "modified", "lastbuilddate", "dcterms:modified")


class FeedFacts:
    """What a feed says besides its entries.

    Attributes:
        fault: None, or what was wrong with it although it was read.
        announced_interval_s: the pace the feed names, in seconds.
        next_url: the following page of a paged feed (RFC 5005), absolute.
        is_complete: the publisher says that nothing will come any more (RSS `<expires>` past is not counted).
        is_wordpress: made by WordPress, so that `?paged=2` is the following page.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self.announced_interval_s: float | None = None
        self.next_url: str | None = None
        self.is_complete = False
        self.is_wordpress = False


def plain(text: str | None) -> str | None:
    """A title as plain text: markup and references undone, white space collapsed; None where nothing is left."""
    if not text:
        return None
    text = html.unescape(_TAG.sub(" ", text[: _TITLE_LIMIT * 4]))
    text = html.unescape(_TAG.sub(" ", text))  # titles are often escaped twice
    return " ".join(text.split())[:_TITLE_LIMIT] or None


def read_xml_feed(body: bytes, headers: Mapping[str, str], found: Collector, *, found_by: str) -> FeedFacts:
    """Puts the entries of an RSS or Atom feed into `found`.

    Raises:
        BodyError: nothing can be read.
    """
    facts = FeedFacts()
    root, facts.fault, is_cut = read_tree(chunks_of(body, limit=MAX_FEED_BYTES), headers)
    items = list(_items(root)) if root is not None else []
    if is_cut:
        del items[-1:]  # half an address is worse than none
    for item in items:
        _take_item(item, found, found_by)
    if root is not None:
        _read_head(root, found.base, facts)
    if not items and facts.fault:
        # Tags that do not nest at all defeat libxml2's recovery; feedparser's loose reader takes them one by one.
        _read_loosely(body, headers, found, found_by)
    return facts


def _items(root: etree._Element) -> Iterator[etree._Element]:
    for element in root.iter(etree.Element):
        if local_name(element) in ("item", "entry"):
            yield element


def _take_item(item: etree._Element, found: Collector, found_by: str) -> None:
    link = _item_link(item)
    if link is None:
        found.dropped["bad_url"] += 1
        return
    url = found.accepted(urljoin(_base_of(item, found.base), link.strip()))
    if url is None:
        return
    title, published, updated = None, None, None
    for child in item:
        name = local_name(child)
        is_media = "search.yahoo.com/mrss" in str(child.tag)
        if name == "title" and title is None and not is_media:
            title = plain(text_of(child))
        elif name in _PUBLISHED and published is None:
            published = parse_date(text_of(child, 100))
        elif name in _UPDATED and updated is None:
            updated = parse_date(text_of(child, 100))
    found.add(Entry(url=url, found_by=found_by, title=title, published_at=published, updated_at=updated))


def _base_of(element: etree._Element, base: str) -> str:
    bases = [
        value
        for node in (element, *element.iterancestors())
        if (value := node.get("{http://www.w3.org/XML/1998/namespace}base"))
    ]
    for value in reversed(bases):
        base = absolute_url(base, value) or base
    return base


def _item_link(item: etree._Element) -> str | None:
    """The URL of the story an item names, as written: the original's one before the feed service's."""
    links: dict[str, str] = {}
    for child in item:
        name = local_name(child)
        if name == "link":
            href = (child.get("href") or text_of(child)).strip()
            rel = (child.get("rel") or "alternate").lower()
            kind = (child.get("type") or "text/html").lower()
            if not href or rel != "alternate":
                if rel == "self" and href:
                    links.setdefault("self", href)
                continue
            links.setdefault("alternate" if "html" in kind else "other", href)
        elif name == "origlink":
            links.setdefault("origlink", text_of(child))
        elif (name == "guid" and (child.get("isPermaLink") or "true").lower() == "true") or name == "id":
            links.setdefault("guid", text_of(child))
    about = item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about")
    if about:
        links.setdefault("about", about)
    for name in ("origlink", "alternate", "other"):
        if links.get(name):
            return links[name]
    for name in ("guid", "about"):
        if links.get(name, "").startswith(("http://", "https://")):
            return links[name]
    if "self" in links:
        return links["self"]
    # Where tags do not nest, recovery leaves the link inside another element.
    inner = (element for element in item.iter(etree.Element) if local_name(element) == "link")
    return next((text for element in inner if (text := text_of(element))), None)


def _read_head(root: etree._Element, base: str, facts: FeedFacts) -> None:
    ttl: float | None = None
    period, frequency = None, 1.0
    for element in root.iter(etree.Element):
        name = local_name(element)
        if name in ("item", "entry"):
            if local_name(root) == "rdf":
                continue
            break
        parent = element.getparent()
        if parent is not None and local_name(parent) in ("item", "entry"):
            continue
        if name == "ttl":
            ttl = _number(text_of(element, 20))
        elif name == "updateperiod":
            period = _UPDATE_PERIODS.get(text_of(element, 20).lower())
        elif name == "updatefrequency":
            frequency = _number(text_of(element, 20)) or 1.0
        elif name == "generator":
            facts.is_wordpress = facts.is_wordpress or "wordpress" in text_of(element, 200).lower()
        elif name == "complete":
            facts.is_complete = True
        elif name == "link" and (element.get("rel") or "").lower() in ("next", "prev-archive"):
            facts.next_url = facts.next_url or absolute_url(base, element.get("href"))
    if period:
        facts.announced_interval_s = period / frequency
    elif ttl:
        facts.announced_interval_s = ttl * 60


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < 1e7 else None


def _read_loosely(body: bytes, headers: Mapping[str, str], found: Collector, found_by: str) -> None:
    data = b"".join(chunks_of(body, limit=MAX_FEED_BYTES))
    parsed = feedparser.parse(
        data,
        response_headers={"content-type": headers.get("content-type", "application/xml")},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    for item in parsed.entries:
        url = found.accepted(item.get("link") or item.get("id"))
        if url is None:
            continue
        found.add(
            Entry(
                url=url,
                found_by=found_by,
                title=plain(item.get("title")),
                # dict.get: feedparser's own gives a date of update for one of publication, with a warning.
                published_at=parse_date(dict.get(item, "published")),
                updated_at=parse_date(dict.get(item, "updated")),
            )
        )


def next_feed_page(
    url: str, facts: FeedFacts, state: WalkState, newest_at: datetime | None, kind: str
) -> DocumentRef | None:
    """The following page of a paged feed: as the feed names it, or WordPress' `?paged=N`; None at the bound."""
    if state.page >= MAX_FEED_PAGES:
        return None
    following = state.next_page(newest_at)
    target = facts.next_url
    is_paged = any(name == "paged" for name, _ in parse_qsl(urlsplit(url).query))
    if target is None and (facts.is_wordpress or is_paged):
        target = following_page(url, following.page)
    if target is None or target == url:
        return None
    return DocumentRef(url=target, kind=kind, is_once=True, priority=7, state=following.written())


def following_page(url: str, number: int) -> str:
    """A page of a list that WordPress makes.

    >>> following_page("https://a.example/feed/", 2)
    'https://a.example/feed/?paged=2'
    """
    return with_query(url, "paged", str(number))


def wordpress_feed(feed_url: str) -> DocumentRef:
    """The second page of a WordPress site's feed: where the REST interface is closed, feeds name the older posts."""
    return DocumentRef(
        url=following_page(feed_url, 2),
        kind="feed",
        is_once=True,
        priority=7,
        state=WalkState(page=2).written(),
    )


def with_query(url: str, name: str, value: str) -> str:
    """`url` with one query parameter set."""
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, value)]), fragment=""))


def wordpress_documents(api_root: str) -> DocumentRef:
    """The first page of all posts of a WordPress site, newest first.

    Args:
        api_root: of the site's `<link rel="https://api.w.org/">`.
    """
    fields = urlencode(
        {
            "per_page": WP_PAGE_SIZE,
            "_fields": "link,date_gmt,modified_gmt,title",
            "orderby": "date",
            "page": 1,
        }
    )
    route = "wp/v2/posts"
    if "rest_route=" in api_root:
        url = api_root.rstrip("/") + "/" + route + "&" + fields
    else:
        url = api_root.rstrip("/") + "/" + route + "?" + fields
    return DocumentRef(url=url, kind="wp_json", is_once=True, is_probe=True, priority=6)


def read_json(
    url: str, body: bytes, headers: Mapping[str, str], found: Collector, state: WalkState, *, found_by: str
) -> tuple[str, FeedFacts]:
    """Puts the entries of a JSON Feed or of a WordPress answer into `found`; gives its kind.

    Raises:
        BodyError: it is neither.
    """
    try:
        data = json.loads(decode_text(body, headers))
    except (ValueError, RecursionError) as error:
        raise BodyError(f"broken JSON: {error}") from None
    facts = FeedFacts()
    if isinstance(data, list):
        if data and not all(isinstance(post, dict) and "link" in post for post in data):
            raise BodyError("JSON, but no feed")
        for post in data:
            _take_post(post, found)
        if len(data) >= WP_PAGE_SIZE and state.page < MAX_FEED_PAGES:
            facts.next_url = with_query(url, "page", str(state.page + 1))
        return "wp_json", facts
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise BodyError("JSON, but no feed")
    for item in data["items"]:
        if isinstance(item, dict):
            _take_json_item(item, found, found_by)
    facts.next_url = absolute_url(url, _text(data.get("next_url")))
    facts.is_complete = data.get("expired") is True
    return "feed", facts


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _take_json_item(item: dict[str, object], found: Collector, found_by: str) -> None:
    # An external_url is a page elsewhere that the item is about; the item's own page is `url`.
    link = _text(item.get("url")) or _text(item.get("id")) or _text(item.get("external_url"))
    url = found.accepted(link)
    if url is None:
        return
    found.add(
        Entry(
            url=url,
            found_by=found_by,
            title=plain(_text(item.get("title"))),
            published_at=parse_date(_text(item.get("date_published"))),
            updated_at=parse_date(_text(item.get("date_modified"))),
        )
    )


def _take_post(post: dict[str, object], found: Collector) -> None:
    url = found.accepted(_text(post.get("link")))
    if url is None:
        return
    title = post.get("title")
    found.add(
        Entry(
            url=url,
            found_by="backfill",
            title=plain(_text(title.get("rendered") if isinstance(title, dict) else title)),
            published_at=parse_date(_text(post.get("date_gmt"))),
            updated_at=parse_date(_text(post.get("modified_gmt"))),
        )
    )
