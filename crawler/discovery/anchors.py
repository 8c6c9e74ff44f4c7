"""The links of a page and how each of them stands there: in a menu, as a headline, in a pager."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml.html import HtmlElement

from crawler.discovery.collect import Collector
from crawler.discovery.links import LinkShape, shape_of, word_count

__all__ = ["MAX_ANCHORS", "Link", "Page", "links_of"]

MAX_ANCHORS: Final = 20_000
"""Most anchors of one page that are looked at."""

_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5")

_NAV: Final = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|submenu|breadcrumbs?|footer|topbar|toolbar|masthead-nav|social|share|"
    r"sharing|cookie|login|tagcloud|tag-list|tags)(?:$|[\s_-])",
    re.IGNORECASE,
)
_PAGER: Final = re.compile(
    r"(?:^|[\s_-])(?:pagination|pager|paging|page-numbers|nav-links|pages|paginator|wp-pagenavi|load-?more)(?:$|[\s_-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A parsed page: its tree, the base of its links, and its own address."""

    tree: HtmlElement
    base: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL that a page links, with the best that any of its anchors says."""

    url: str
    shape: LinkShape
    title: str | None
    words: int
    is_nav: bool
    is_headline: bool
    is_pager: bool
    rel: str


def links_of(page: Page, found: Collector) -> Iterator[Link]:
    """The page's links on the site, each URL once, with the best that any of its anchors says."""
    gathered: dict[str, list[Link]] = {}
    surroundings = _Surroundings()
    own = page.url.partition("#")[0]
    for number, anchor in enumerate(page.tree.iter("a", "area")):
        if number >= MAX_ANCHORS:
            found.dropped["over_limit"] += 1
            break
        href = anchor.get("href")
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
            continue
        url = found.accepted(href, is_counted=False)
        if url is None or url == own:
            continue
        gathered.setdefault(url, []).append(_seen(anchor, url, surroundings))
    for url, seen in gathered.items():
        best = max(seen, key=lambda link: (link.is_headline and not link.is_nav, not link.is_nav, link.words))
        yield Link(
            url=url,
            shape=best.shape,
            title=best.title,
            words=max(link.words for link in seen),
            is_nav=all(link.is_nav for link in seen),
            is_headline=any(link.is_headline and not link.is_nav for link in seen),
            is_pager=any(link.is_pager for link in seen),
            rel=" ".join(link.rel for link in seen),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What stands around a link: a heading or an article, a menu or footer, a pager."""

    is_headline: bool = False
    is_nav: bool = False
    is_pager: bool = False
    is_in_article: bool = False


class _Surroundings:
    """The place of each element, worked out once: links of one list share their ancestors."""

    def __init__(self) -> None:
        self._places: dict[HtmlElement, _Place] = {}

    def of(self, element: HtmlElement | None) -> _Place:
        """What stands around `element`, itself included."""
        path = []
        while element is not None and element not in self._places:
            path.append(element)
            element = element.getparent()
        place = self._places[element] if element is not None else _Place()
        for node in reversed(path):
            place = self._places[node] = _inside(node, place)
        return place


def _inside(node: HtmlElement, around: _Place) -> _Place:
    tag = node.tag
    if tag in ("html", "body"):
        return around
    names = f"{node.get('class', '')} {node.get('id', '')}"
    is_nav = (
        tag == "nav"
        or (tag == "footer" and not around.is_in_article)
        or node.get("role") in ("navigation", "menubar", "menu")
        or (tag not in ("main", "article") and _NAV.search(names) is not None)
    )
    return _Place(
        is_headline=around.is_headline or tag == "article" or tag in _HEADINGS,
        is_nav=around.is_nav or is_nav,
        is_pager=around.is_pager or _PAGER.search(names) is not None,
        is_in_article=around.is_in_article or tag == "article",
    )


def _seen(anchor: HtmlElement, url: str, surroundings: _Surroundings) -> Link:
    text = anchor.text_content() or anchor.get("title") or anchor.get("aria-label") or ""
    text = " ".join(text.split())[:500]
    place = surroundings.of(anchor.getparent())
    return Link(
        url=url,
        shape=shape_of(url),
        title=text or None,
        words=word_count(text),
        is_nav=place.is_nav,
        is_headline=place.is_headline or any(child.tag in _HEADINGS for child in anchor.iter()),
        is_pager=place.is_pager or _PAGER.search(anchor.get("class", "")) is not None,
        rel=(anchor.get("rel") or "").lower(),
    )
