"""Home pages and listing pages: the feeds they announce, the articles they link, the sections and pages that follow.

Recall comes first. A link is an article when its URL says so, or when it stands on the page as a headline does; what
is neither clearly an article nor clearly useless is fetched as a listing and judged by its content, and if it is a
story after all, that very response is published (`DiscoveryResult.is_article`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml import html as lxml_html
from w3lib.encoding import html_to_unicode

from crawler.discovery.anchors import Link, Page, links_of
from crawler.discovery.body import BodyError, chunks_of
from crawler.discovery.collect import Collector, absolute_url
from crawler.discovery.dates import parse_date
from crawler.discovery.evidence import MANY_HEADED, article_evidence, headed_links, is_wordpress, json_ld
from crawler.discovery.feeds import following_page, wordpress_documents, wordpress_feed
from crawler.discovery.links import Shape, is_comments, page_number, shape_of
from crawler.discovery.model import DocumentRef, Entry
from crawler.discovery.state import WalkState

__all__ = ["MAX_DEPTH", "MAX_PAGES", "Page", "parse_page", "take_links", "take_stories"]

MAX_DEPTH: Final = 2
"""Sections of the home page (1) and their subsections (2) are walked; deeper ones are not."""

MAX_PAGES: Final = 50
"""Most pages of one listing that are walked ('next', `/page/2`)."""

SURE_PAGES: Final = 3
"""Pages of one listing that are walked whatever their dates are."""

MAX_SECTIONS: Final = {4: 120, 5: 120, 6: 300}
"""Most further listings taken from one page, by priority: menus and sections, links of no clear shape, and links that
are most likely articles but stand there with no headline. On deeper pages half as many."""

MAX_FEEDS: Final = 30
"""Most feeds taken from the head of one page."""

_MAX_HTML: Final = 8 * 1024 * 1024
_MAX_TAGS: Final = 400_000
_FEED_TYPES: Final = frozenset(
    [
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "text/xml",
        "application/xml",
        "application/json",
        "text/rss",
        "application/x-rss+xml",
    ]
)
_NEXT: Final = re.compile(
    r"^\W*(?:next(?: page| posts?| articles?| entries)?|older(?: posts?| articles?| entries| stories| news)?"
    r"|previous (?:posts|entries)|(?:load|show|see|view)? ?more(?: (?:posts|stories|articles|news))?"
    r"|weiter|n[äa]chste(?: seite)?|[äa]ltere(?: beitr[äa]ge| artikel)?|mehr|suivante?s?|page suivante|plus ancien\w*"
    r"|siguientes?|p[áa]gina siguiente|m[áa]s antigu[ao]s|successiv[ao]|pr[óo]xim[ao]s?|volgende|nast[ęe]pna|dal[šs][íi])\W*$"
    r"|^\s*[›»→>]{1,2}\s*$",
    re.IGNORECASE,
)
_API: Final = re.compile(r"/wp-json(?:/|$)|/oembed(?:/|$)")
_REFRESH: Final = re.compile(
    r"""^\s*(\d+)(?:\.\d*)?\s*[;,]?\s*(?:url\s*=)?\s*["']?([^"'\s>]+)""", re.IGNORECASE
)
_JS_REDIRECT: Final = re.compile(
    r"""(?:window\.|document\.|top\.|self\.)?location(?:\.href)?\s*(?:=|\.(?:replace|assign)\s*\()\s*["']([^"']{1,500})["']"""
)


def parse_page(url: str, body: bytes, headers: Mapping[str, str]) -> Page | None:
    """The page's tree; None where the bytes hold no HTML at all.

    Raises:
        BodyError: the bytes cannot be inflated, or are too many.
    """
    data = b"".join(chunks_of(body, limit=_MAX_HTML))
    if data.count(b"<") > _MAX_TAGS:
        raise BodyError(f"more than {_MAX_TAGS} tags")
    _, text = html_to_unicode(headers.get("content-type"), data)
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if not text.strip():
        return None
    parser = lxml_html.HTMLParser(
        recover=True, no_network=True, remove_comments=True, huge_tree=False, encoding="utf-8"
    )
    try:
        tree = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    base_tag = tree.find(".//base[@href]")
    base = absolute_url(url, base_tag.get("href")) if base_tag is not None else None
    return Page(tree=tree, base=base or url, url=url)


def take_links(
    page: Page,
    found: Collector,
    state: WalkState,
    *,
    since_of: Callable[[datetime | None], datetime | None],
    follow: bool = True,
) -> str | None:
    """Puts what the page links into `found`; gives the evidence that the page is itself an article, or None.

    Args:
        state: where in the walk this page is; depth 0 is the home page.
        follow: whether sections and following pages are walked at all.
        since_of: start of the age window for a newest date.
    """
    found.base = page.base
    evidence = article_evidence(page.tree) if state.depth > 0 and state.page == 1 else None
    is_list = shape_of(page.url).shape is Shape.LISTING and headed_links(page.tree) >= MANY_HEADED
    if evidence in ("looks", "mixed") and is_list:
        evidence = None
    _take_announced(page, found, state)
    _take_redirects(page, found, state)
    links = list(links_of(page, found))
    _take_item_lists(page, found)
    sections: dict[str, int] = {}
    for link in links:
        verdict = _verdict(link)
        if verdict is Shape.ARTICLE:
            # The words of a link inside a text are no headline.
            title = link.title if link.is_headline and link.words >= 3 else None
            found.add(Entry(url=link.url, found_by="listing", title=title))
        elif verdict in (Shape.LISTING, Shape.MAYBE):
            is_likely = link.shape.shape in (Shape.LIKELY, Shape.ARTICLE) and not link.is_nav
            is_section = verdict is Shape.LISTING or link.is_nav
            sections.setdefault(link.url, 6 if is_likely else 4 if is_section else 5)
        elif verdict is Shape.FEED and state.depth == 0:
            found.add_document(DocumentRef(url=link.url, kind="feed", is_probe=True, priority=3))
        elif verdict is Shape.SITEMAP:
            found.add_document(DocumentRef(url=link.url, kind="sitemap", is_probe=True, priority=3))
    # A page that only looks like a story may be a list of long teasers: it is walked as well.
    if evidence == "declared" or not follow:
        return evidence
    dates = _dates(page, found)
    linked = (link.shape.dated for link in links if link.shape.dated)
    newest_at = state.newest_at or max((*dates, *linked), default=None)
    since = since_of(newest_at)
    _take_sections(page, found, state, sections, since)
    is_used_up = bool(dates) and since is not None and max(dates) < since
    own_date = shape_of(page.url).dated
    is_before = own_date is not None and since is not None and own_date < since
    if not (is_before or (is_used_up and state.page >= SURE_PAGES)):
        _take_next(page, found, state.next_page(newest_at), links)
    return evidence


def take_stories(page: Page, found: Collector) -> None:
    """Puts the stories into `found` that a story links; what is not plainly one, by address and place, is left out."""
    found.base = page.base
    for link in links_of(page, found):
        is_story = link.shape.shape in (Shape.ARTICLE, Shape.LIKELY) and _verdict(link) is Shape.ARTICLE
        if is_story and not (link.is_nav or link.is_pager):
            found.add(Entry(url=link.url, found_by="article"))


def _verdict(link: Link) -> Shape:
    """What to do with a link: ARTICLE, LISTING or MAYBE (fetch and look), FEED, SITEMAP, SKIP or FRONT."""
    shape = link.shape.shape
    if link.is_pager and link.words <= 3 and (link.title or "").strip(" .…").isdigit():
        return Shape.FRONT  # a numbered page: `_take_next` walks them in order
    if shape is Shape.ARTICLE:
        # "Arts, Books and Culture" in a menu: its slug has four words and it is a section all the same.
        is_doubtful = link.is_nav and link.words <= 4 and not link.shape.is_certain
        return Shape.MAYBE if is_doubtful else Shape.ARTICLE
    if shape is Shape.LIKELY:
        if link.is_headline or (not link.is_nav and link.words >= 4):
            return Shape.ARTICLE
        return Shape.MAYBE
    if shape is Shape.MAYBE and not link.is_nav and link.words >= (4 if link.is_headline else 6):
        return Shape.ARTICLE
    return shape


def _take_announced(page: Page, found: Collector, state: WalkState) -> None:
    """Takes the feeds that the page's head names. Below the home page they are probes: a section's feed is wanted only
    where the site has no other, or a hundred feeds of one site would be polled one by one."""
    feeds = 0
    first_feed: str | None = None
    for tag in page.tree.iter("link"):
        rels = (tag.get("rel") or "").lower().split()
        kind = (tag.get("type") or "").lower().partition(";")[0].strip()
        href = tag.get("href")
        if "https://api.w.org/" in rels and (root := found.accepted(href, is_counted=False)):
            found.add_document(wordpress_documents(root))
        if "sitemap" in rels and (url := found.accepted(href, is_counted=False)):
            found.add_document(DocumentRef(url=url, kind="sitemap", priority=1))
        if ("alternate" in rels or "feed" in rels) and kind in _FEED_TYPES:
            is_plain = kind in ("application/json", "text/xml", "application/xml") and "feed" not in rels
            url = absolute_url(page.base, href)
            if url is None or is_comments(url, tag.get("title")) or _API.search(urlsplit(url).path):
                continue
            feeds += 1
            if feeds > MAX_FEEDS:
                found.dropped["over_limit"] += 1
                continue
            # A feed may stand on another host (a feed service); its entries must be on the site all the same.
            is_probe = is_plain or state.depth > 0
            first_feed = first_feed or (url if found.is_on_site(url) and not is_plain else None)
            found.add_document(
                DocumentRef(url=url, kind="feed", is_probe=is_probe, priority=1 if not is_probe else 3)
            )
    if state.depth == 0 and state.page == 1 and is_wordpress(page.tree):
        found.add_document(wordpress_feed(first_feed or urljoin(page.url, "/feed/")))


def _take_redirects(page: Page, found: Collector, state: WalkState) -> None:
    """Follows a page that only sends on: meta refresh, frames, or a script's `location`."""
    if state.depth > 1:
        return
    targets: list[str | None] = []
    for meta in page.tree.iter("meta"):
        if (meta.get("http-equiv") or "").lower() == "refresh":
            match = _REFRESH.match(meta.get("content") or "")
            # A page that reloads itself every few minutes does not send on.
            targets += [match[2]] if match and len(match[1]) == 1 else []
    targets += [frame.get("src") for frame in page.tree.iter("frame")]
    if page.tree.find(".//a[@href]") is None:
        for script in page.tree.iter("script"):
            targets += _JS_REDIRECT.findall(script.text or "")[:1]
    for target in targets:
        url = found.accepted(target, is_counted=False) if target else None
        if url and url != page.url:
            kind = "home" if state.depth == 0 else "listing"
            found.add_document(DocumentRef(url=url, kind=kind, priority=0, state=state.deeper().written()))


def _take_item_lists(page: Page, found: Collector) -> None:
    """Articles of a schema.org ItemList, which pages made by scripts often carry."""
    for data in json_ld(page.tree):
        if str(data.get("@type", "")).lower() != "itemlist":
            continue
        items = data.get("itemListElement")
        for item in items if isinstance(items, list) else []:
            inner = item.get("item") if isinstance(item, dict) else None
            link = item.get("url") if isinstance(item, dict) else item
            if isinstance(inner, dict):
                link = inner.get("url") or inner.get("@id") or link
            elif isinstance(inner, str):
                link = inner
            url = found.accepted(link if isinstance(link, str) else None, is_counted=False)
            if url and shape_of(url).shape in (Shape.ARTICLE, Shape.LIKELY):
                found.add(Entry(url=url, found_by="listing"))


def _take_sections(
    page: Page, found: Collector, state: WalkState, sections: Mapping[str, int], since: datetime | None
) -> None:
    if state.depth >= MAX_DEPTH or state.page > 1:
        return
    taken: Counter[int] = Counter()
    for url, priority in sections.items():
        shape = shape_of(url)
        if shape.page is not None and shape.page > 1:
            continue
        if since and shape.dated and shape.dated < since:
            found.dropped["too_old"] += 1
        elif taken[priority] >= MAX_SECTIONS[priority] // (1 if state.depth == 0 else 2):
            found.dropped["over_limit"] += 1
        else:
            taken[priority] += 1
            ref = DocumentRef(url=url, kind="listing", priority=priority, state=state.deeper().written())
            found.add_document(ref)


def _take_next(page: Page, found: Collector, following: WalkState, links: list[Link]) -> None:
    """The following page of this listing: the link that says so, or the next number of its pager."""
    if following.page > MAX_PAGES:
        return
    target = _next_url(page, found, following.page - 1, links)
    if target is not None:
        is_once = following.page > 2
        found.add_document(
            DocumentRef(url=target, kind="listing", is_once=is_once, priority=7, state=following.written())
        )
    elif (guessed := _guessed_page(page, following)) is not None:
        found.add_document(
            DocumentRef(
                url=guessed,
                kind="listing",
                is_once=True,
                is_probe=True,
                priority=8,
                state=following.written(),
            )
        )


def _guessed_page(page: Page, following: WalkState) -> str | None:
    """The following page of a WordPress site's front page whose theme links none."""
    is_front = following.depth == 0 and following.page == 2 and is_wordpress(page.tree)
    is_walked = following.depth == 0 and "paged=" in urlsplit(page.url).query
    return following_page(page.url, following.page) if is_front or is_walked else None


def _dates(page: Page, found: Collector) -> list[datetime]:
    """The dates of a listing's stories: of its `time` elements where there are a few, else of their URLs."""
    times = (parse_date(element.get("datetime")) for element in page.tree.iter("time"))
    dates = [moment for moment in times if moment]
    if len(dates) >= 3:
        return dates
    return [found.newest_at] if found.newest_at and not found.has_undated else []


def _next_url(page: Page, found: Collector, walked: int, links: list[Link]) -> str | None:
    own = page.url.partition("#")[0]
    current = page_number(own) or walked
    for tag in page.tree.iter("link"):
        if "next" in (tag.get("rel") or "").lower().split():
            url = found.accepted(tag.get("href"), is_counted=False)
            if url and url != own:
                return url
    for link in links:
        if "next" in link.rel.split() and link.shape.shape is not Shape.SKIP:
            return link.url
    numbered = [link for link in links if (page_number(link.url) or 0) == current + 1]
    for link in numbered:
        if _same_list(own, link.url):
            return link.url
    for link in links:
        if link.title and _NEXT.match(link.title) and link.shape.shape is not Shape.SKIP:
            number = page_number(link.url)
            is_story = link.shape.shape is Shape.ARTICLE and number is None and not link.is_pager
            if not is_story and (number is None or number > current):
                return link.url
    for link in links:
        if link.is_pager and (link.title or "").strip() == str(current + 1):
            return link.url
    return _earlier_archive(own, links)


def _earlier_archive(own: str, links: list[Link]) -> str | None:
    """The list of the day or month before the one that this page is the list of."""
    shape = shape_of(own)
    if shape.shape is not Shape.LISTING or shape.dated is None:
        return None
    dated = ((link.shape.dated, link.url) for link in links if link.shape.shape is Shape.LISTING)
    return max(((at, url) for at, url in dated if at and at < shape.dated), default=(None, None))[1]


def _same_list(own: str, other: str) -> bool:
    """Whether a numbered page belongs to this listing and not to another one linked here."""
    a, b = urlsplit(own), urlsplit(other)
    stem = re.sub(
        r"(?:page|seite|pagina|pag|p)[/_-]?\d+(?:\.\w+)?/?$|index\.\w+$|/$", "", a.path, flags=re.IGNORECASE
    )
    return b.path.startswith(stem.rstrip("/") or "/")
