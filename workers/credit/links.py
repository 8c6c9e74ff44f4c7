"""Credits that are links or counters in the page: where the story came from, by URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import parse_qs, urlsplit

from lxml.html import HtmlElement

from schemas.urls import host_of, site_of
from workers.credit.agencies import agency_of_site
from workers.credit.hosts import KNOWN
from workers.credit.model import Credit
from workers.credit.view import View, text_of

__all__ = ["pixel", "source_link"]

_SOURCE_WORDS: Final = (
    (re.compile(r"^[\W_]*(?:source ?link|link (?:to )?source|original source|source ?url|source article|story source|article source|news source)s?[\W_]*$", re.I), 0.95),
    (re.compile(
        r"^[\W_]*(?:(?:click here to |continue to )?(?:read|view|see|continue reading)\s+(?:the\s+|this\s+|more (?:of|at|on)\s+)?(?:full|whole|entire|complete|original|rest of the|source)\s*"
        r"(?:article|story|post|news|text|report|piece|content|version)?(?:\s+(?:here|now|at source|on|at|from|in|via)(?:\s+.{2,50})?)?|"
        r"(?:the )?original (?:article|story|post|content|publication|link)(?: here| link)?|full (?:article|story)(?: here)?|"
        r"read (?:more|original) (?:at|on|from) (?:the )?(?:source|original|.{2,40}))[\W_]*$", re.I), 0.9),
    (re.compile(
        r"^[\W_]*(?:(?:zum )?original(?:artikel|beitrag|quelle|text)|link zur quelle|quell(?:e|en)?link|den (?:ganzen|vollständigen) artikel (?:hier )?lesen|"
        r"lien (?:vers la )?source|lire (?:l['’]article (?:complet|original)|la suite sur .{2,40})|article original|"
        r"enlace (?:a la fuente|fuente|original)|leer (?:el )?(?:artículo|nota|noticia) (?:completa?|original)(?: (?:aquí|en .{2,40}))?|fuente original|nota original|"
        r"link (?:da|para a) (?:fonte|matéria)|fonte original|leia (?:a )?(?:matéria|notícia) (?:completa|original)(?: (?:aqui|em .{2,40}))?|"
        r"articolo originale|fonte originale|leggi (?:l['’]articolo|la notizia) (?:completo|originale|completa)(?: .{2,40})?|"
        r"bron ?link|lees het (?:volledige|originele) artikel.{0,30}|источник(?: новости)?|ссылка на источник|читать (?:полностью|оригинал).{0,30}|"
        r"kaynak(?: link)?i?|źródło|原文(?:链接|連結|リンク)?|原文链接|出典|출처|원문(?: ?링크)?|المصدر|رابط المصدر)[\W_]*$", re.I), 0.9),
    (re.compile(r"^[\W_]*(?:source|sources|quelle|fuente|fonte|bron|källa|kilde|lähde|zdroj|forrás|sursa|izvor|πηγή|nguồn)[\W_]*$", re.I), 0.8),
    (re.compile(r"^[\W_]*via[\W_]*$", re.I), 0.65),
)  # fmt: skip
_LABEL_BEFORE: Final = re.compile(
    r"^[\W_]*(?:(?:news |original |article |story )?source(?: link| url)?|quelle|fuente|fonte|bron|källa|kilde|sursa|źródło|источник|"
    r"original(?:ly)? (?:article|story|post|published|appeared)(?: (?:at|on|in|here))?|read (?:the )?(?:full|original|whole) (?:article|story)(?: (?:at|on|here))?|via|"
    r"credit|原文|出典|출처)\s*[:：\-–—]?\s*(?:link)?[\W_]*$",
    re.I,
)
_LINK_HINT: Final = re.compile(
    r"source|via\b|full|original|quell|fuente|fonte|bron|källa|kilde|lähde|zdroj|forrás|sursa|izvor|πηγή|nguồn|lien|lire|leer|enlace|"
    r"leia|leggi|lees|источник|читать|kaynak|źródło|原文|出典|출처|원문|المصدر|credit|read",
    re.I,
)
_NO_SOURCE_SITES: Final = KNOWN["no_source_sites"]
_BLOCKS: Final = frozenset(
    (
        "p",
        "div",
        "li",
        "blockquote",
        "section",
        "article",
        "td",
        "footer",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "center",
    )
)
_MAX_BLOCK_CHARS: Final = 160
_MAX_BLOCK_CHILDREN: Final = 12
_MAX_SIBLINGS: Final = 150
_MAX_CHECKED: Final = 25
"""Links called a source that are looked at, from the page's end: a page of nothing but such links is no story."""
_MAX_STORY_AFTER: Final = 0.12
"""Share of the story's characters that may follow a source link; an end link is the last block but for scraps."""


def _block_of(element: HtmlElement) -> HtmlElement:
    """The block that `element` stands in: the nearest ancestor that starts a line of its own."""
    node = element
    while node.tag not in _BLOCKS and node.getparent() is not None:
        node = node.getparent()
    return node


def _is_source(view: View, url: str | None) -> str | None:
    """The site of `url` where it can be a story's source: another site, no share button, library or shop."""
    site = view.outside_site(url)
    return None if site is None or site in _NO_SOURCE_SITES else site


def source_link(view: View) -> Iterator[Credit]:
    """The link to its source that ends a story: "Source link", "Source: X", "Via X", "Read the full article here".

    It counts as the last block of the story alone, with one outside link in it.
    """
    best: Credit | None = None
    checked = 0
    for anchor in reversed(view.story_end):
        href = anchor.get("href")
        if not href or (("//" not in href[:8] or _is_own(href, view.site)) and "=http" not in href):
            continue
        confidence = _source_confidence(anchor)
        if confidence is None:
            continue
        checked += 1
        if checked > _MAX_CHECKED:
            break
        credit = _source_credit(view, anchor, href, confidence)
        if credit is not None and (best is None or credit.confidence > best.confidence):
            best = credit
    if best is not None:
        yield best


def _is_own(href: str, site: str) -> bool:
    host = href[href.index("//") + 2 :].partition("/")[0]
    return host == site or host.endswith(f".{site}")


def _source_credit(view: View, anchor: HtmlElement, href: str, confidence: float) -> Credit | None:
    """The credit of a link that is called a source, where it is the one outside link of the story's last block."""
    url = view.target(href)
    site = _is_source(view, url)
    if site is None or url is None:
        return None
    block = _block_of(anchor)
    is_bare = block is anchor.getparent() and not (anchor.tail or "").strip()
    if is_bare and (len(block) > _MAX_BLOCK_CHILDREN or any(child.tag in _BLOCKS for child in block)):
        block = anchor
    if len(block) > _MAX_BLOCK_CHILDREN:
        return None
    shown = text_of(block)
    if len(shown) > _MAX_BLOCK_CHARS or len(_outside_links(view, block)) != 1 or not _ends_story(view, block):
        return None
    if not urlsplit(url).path.strip("/"):
        confidence -= 0.2
    agency = agency_of_site(site)
    return Credit(
        kind="source_link",
        agency=agency.id if agency else None,
        site=site,
        url=url,
        text=shown,
        place="body_end",
        confidence=round(confidence, 2),
    )


def _source_confidence(anchor: HtmlElement) -> float | None:
    """How surely a link's words, or the label before it, call it a source; None where they do not."""
    text = text_of(anchor)
    if len(text) > 90:
        return None
    if _LINK_HINT.search(text):
        for pattern, confidence in _SOURCE_WORDS:
            if pattern.match(text):
                return confidence
    previous, parent = anchor.getprevious(), anchor.getparent()
    before = (previous.tail if previous is not None else parent.text if parent is not None else "") or ""
    if not before.strip():
        before = text_of(previous) if previous is not None else _label_around(anchor)
    return 0.8 if before and len(before) <= 60 and _LABEL_BEFORE.match(before) else None


def _label_around(anchor: HtmlElement) -> str:
    """The label before an inline element that holds nothing but the link: `Source: <em><a>…</a></em>`."""
    parent = anchor.getparent()
    if parent is None or parent.tag in _BLOCKS:
        return ""
    previous, outer = parent.getprevious(), parent.getparent()
    if previous is not None:
        return (previous.tail or "").strip() or text_of(previous)
    return (outer.text or "") if outer is not None else ""


def _outside_links(view: View, block: HtmlElement) -> set[str]:
    return {url for a in block.iter("a") if _is_source(view, url := view.target(a.get("href") or "")) and url}


def _ends_story(view: View, block: HtmlElement) -> bool:
    """Whether `block` follows the story: story text stands before it, and next to none after it."""
    if not view.lines:
        return False
    heads = {line[:60] for line in view.lines if len(line) >= 25}
    if not heads:
        heads = {line[:60] for line in view.lines}
    node: HtmlElement | None = block
    before = after_chars = 0
    depth = 0
    while node is not None and depth < 5:
        for sibling in islice(node.itersiblings(preceding=True), _MAX_SIBLINGS):
            if isinstance(sibling.tag, str):
                before += _story_chars(sibling, heads)
        for sibling in islice(node.itersiblings(), _MAX_SIBLINGS):
            if isinstance(sibling.tag, str):
                after_chars += _story_chars(sibling, heads)
        if before >= 0.5 * len(view.story):
            break
        node = node.getparent()
        depth += 1
    return before > 0 and after_chars <= _MAX_STORY_AFTER * max(1, len(view.story)) and before > after_chars


def _story_chars(element: HtmlElement, heads: set[str]) -> int:
    """How many characters of the story stand in `element`."""
    count = 0
    for part in [element, *element.iter("p", "li", "h2", "h3", "blockquote", "div")][:400]:
        if part is not element and part.tag == "div" and len(part):
            continue
        text = text_of(part)
        if text[:60] in heads:
            count += len(text)
            if part is element:
                return count
    return count


_CONVERSATION: Final = re.compile(r"counter\.theconversation\.(?:com|edu\.au)/content/(\d+)/count", re.I)
_PIXEL_HINTS: Final = (
    "theconversation", "republication-pixel", "propublica.org", "apnewsregistry", "pixel.wp.com", "stats.wordpress.com",
)  # fmt: skip
_FEED_PIXELS: Final = ("pixel.wp.com", "stats.wordpress.com")


def pixel(view: View) -> Iterator[Credit]:
    """A counter that the story's owner asks republishers to embed, on a foreign site."""
    everything = "\n".join(src for _, src in view.sources)
    is_hinted = any(hint in everything for hint in _PIXEL_HINTS)
    for element, src in view.sources:
        if element.tag == "link":
            continue
        is_known = is_hinted and any(hint in src for hint in _PIXEL_HINTS)
        if not is_known and element.get("id") != "republication-tracker-tool-source":
            continue
        if "theconversation" in src and (found := _CONVERSATION.search(src)):
            yield from _pixel(view, src, "theconversation.com", f"conversation:{found[1]}", None, 0.97)
        elif "republication-pixel" in src or element.get("id") == "republication-tracker-tool-source":
            url = view.absolute(src)
            site = view.outside_site(url)
            if site is not None:
                posts = parse_qs(urlsplit(src).query).get("post", [""])
                yield from _pixel(view, src, site, *_wordpress_post(host_of(url or ""), site, posts[0]), 0.97)
        elif "propublica.org" in src and ("pixel" in src or "ppcount" in src or "count" in src):
            yield from _pixel(view, src, "propublica.org", None, None, 0.95)
        elif "apnewsregistry.com" in src and "/AP/" in src:
            ids = re.search(r"/AP/[A-Z]+/\d+/[A-Z]+/(?:\w+/)?([\w-]{16,})", src)
            yield from _pixel(view, src, "apnews.com", f"ap:{ids[1]}" if ids else None, None, 0.9)
        elif any(host in src for host in _FEED_PIXELS) and "host=" in src:
            query = parse_qs(urlsplit(src).query)
            origin = (query.get("host") or [""])[0]
            if origin and "." in origin:
                site = site_of(f"https://{host_of('https://' + origin) or origin}/")
                post = query.get("post", [""])[0]
                yield from _pixel(view, src, site, *_wordpress_post(origin, site, post), 0.85)


def _wordpress_post(host: str, site: str, post: str) -> tuple[str | None, str | None]:
    """(item id, short link) of a WordPress post that a counter names."""
    return (f"{site}:{post}", f"https://{host}/?p={post}") if post.isdigit() else (None, None)


def _pixel(
    view: View, src: str, site: str, ident: str | None, url: str | None, confidence: float
) -> Iterator[Credit]:
    if site == view.site:
        return
    agency = agency_of_site(site)
    yield Credit(
        kind="pixel",
        agency=agency.id if agency else None,
        site=site,
        url=url or view.absolute(src),
        text=src[:300],
        place="page",
        confidence=confidence,
        item_id=ident,
    )
