"""Whether a page is a story: what it declares about itself, else its run of paragraphs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml.html import HtmlElement

from crawler.discovery.links import word_count

__all__ = ["MANY_HEADED", "article_evidence", "headed_links", "is_wordpress", "json_ld"]

MANY_HEADED: Final = 5
"""Linked headings from which on a page may be a list of stories."""

_ARTICLE_TYPES: Final = frozenset(
    [
        "article",
        "newsarticle",
        "reportagenewsarticle",
        "analysisnewsarticle",
        "opinionnewsarticle",
        "blogposting",
        "reviewnewsarticle",
        "backgroundnewsarticle",
        "askpublicnewsarticle",
        "liveblogposting",
    ]
)


def json_ld(tree: HtmlElement) -> Iterator[dict[str, object]]:
    """The objects of a page's JSON-LD, those of `@graph` and `mainEntity` too; broken scripts are passed over."""
    for script in tree.iter("script"):
        if (script.get("type") or "").lower() != "application/ld+json" or not script.text:
            continue
        try:
            data = json.loads(script.text, strict=False)
        except (ValueError, RecursionError):
            continue
        queue = [data]
        for _ in range(200):
            if not queue:
                break
            node = queue.pop(0)
            if isinstance(node, list):
                queue += node
            elif isinstance(node, dict):
                yield node
                queue += [node[key] for key in ("@graph", "mainEntity") if key in node]


def is_wordpress(tree: HtmlElement) -> bool:
    """Whether a page is made by WordPress: it says so, announces the REST interface, or takes its parts from there."""
    for tag in tree.iter("meta", "link"):
        if tag.tag == "meta":
            is_generator = (tag.get("name") or "").lower() == "generator"
            if is_generator and "wordpress" in (tag.get("content") or "").lower():
                return True
        elif "https://api.w.org/" in (tag.get("rel") or "") or "/wp-content/" in (tag.get("href") or ""):
            return True
    return False


def article_evidence(tree: HtmlElement) -> str | None:
    """Why a page is a story and not a list of stories; None: it is none.

    'declared' by itself; it 'looks' like one (a run of paragraphs); 'mixed': it says so, but looks like a list.
    """
    kinds: Counter[str] = Counter()
    for data in json_ld(tree):
        value = data.get("@type")
        kinds.update({str(kind).lower() for kind in (value if isinstance(value, list) else [value])})
    stories = sum(kinds[kind] for kind in _ARTICLE_TYPES)
    if kinds.keys() & {"collectionpage", "searchresultspage"} or stories > 2:
        return None  # a list that describes each of its stories
    declared = {
        (meta.get("content") or "").strip().lower()
        for meta in tree.iter("meta")
        if (meta.get("property") or meta.get("name") or "").lower() == "og:type"
    }
    run = _longest_run(tree)
    if not stories and run < 3 and headed_links(tree) >= MANY_HEADED:
        # Themes write og:type=article on every page, lists of stories too.
        return "mixed" if declared & {"article", "newsarticle"} and run >= 1 else None
    if declared & {"article", "newsarticle"} or stories:
        return "declared" if run >= 1 or _is_mostly_text(tree) else None
    return "looks" if run >= 3 and "itemlist" not in kinds else None


def headed_links(tree: HtmlElement) -> int:
    """How many headings of a page are links: a list of stories has one for each, a story those of its related ones."""
    count = 0
    for heading in tree.iter("h1", "h2", "h3", "h4"):
        parent = heading.getparent()
        is_inside = parent is not None and parent.tag == "a" and parent.get("href")
        count += bool(is_inside or heading.find(".//a[@href]") is not None)
    return count


def _is_mostly_text(tree: HtmlElement) -> bool:
    """Whether a page without paragraphs has 1,000 characters outside its links, and more than inside them."""
    linked = sum(len(" ".join(anchor.text_content().split())) for anchor in tree.iter("a"))
    hidden = sum(
        len(" ".join((node.text or "").split())) for node in tree.iter("script", "style", "noscript")
    )
    plain = len(" ".join(tree.text_content().split())) - linked - hidden
    return plain >= 1000 and plain > linked


def _longest_run(tree: HtmlElement) -> int:
    """Most paragraphs of running text (≥ 10 words, few links) under one parent that is no list of teasers."""
    runs: dict[HtmlElement, int] = {}
    for paragraph in tree.iter("p"):
        text = " ".join(paragraph.text_content().split())
        if word_count(text) < 10:
            continue
        linked = sum(len(anchor.text_content()) for anchor in paragraph.iter("a"))
        if linked * 2 > len(text):
            continue
        parent = paragraph.getparent()
        if parent is not None:
            runs[parent] = runs.get(parent, 0) + 1
    best = 0
    for parent, count in runs.items():
        others = [child for child in parent if child.tag != "p" and isinstance(child.tag, str)]
        linked_children = [c for c in others if c.tag == "a" or c.find(".//a[@href]") is not None]
        headings = sum(1 for child in linked_children if child.tag in ("h1", "h2", "h3", "h4", "h5"))
        if headings * 2 < count and len(linked_children) < count:
            best = max(best, count)
    return best
