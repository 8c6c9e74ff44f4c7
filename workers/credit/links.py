"""Credits that are links or counters in the page: where the story came from, by URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

from lxml.html import HtmlElement

from schemas.urls import host_of, site_of
from workers.credit.agencies import agency_of_name, agency_of_site, fold
from workers.credit.hosts import KNOWN
from workers.credit.model import Credit
from workers.credit.view import View, squeeze, text_of

__all__ = ["appeared_first", "originally_published", "pixel", "source_link"]

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
    for anchor in view.tree.iter("a"):
        href = anchor.get("href")
        if not href or href[0] == "#":
            continue
        text = text_of(anchor)
        if len(text) > 90:
            continue
        words = (
            next((c for pattern, c in _SOURCE_WORDS if pattern.match(text)), None)
            if _LINK_HINT.search(text)
            else None
        )
        block = None
        if words is None:
            before = (
                anchor.getprevious().tail if anchor.getprevious() is not None else anchor.getparent().text
            ) or ""
            if not before.strip():
                previous = anchor.getprevious()
                before = text_of(previous) if previous is not None else ""
            if not before or len(before) > 60 or not _LABEL_BEFORE.match(before):
                continue
            words = 0.8
        url = view.absolute(href)
        site = _is_source(view, url)
        if site is None or url is None:
            continue
        block = _block_of(anchor)
        shown = text_of(block)
        if (
            len(shown) > _MAX_BLOCK_CHARS
            or len(_outside_links(view, block)) != 1
            or not _ends_story(view, block)
        ):
            continue
        if not urlsplit(url).path.strip("/"):
            words -= 0.2
        agency = agency_of_site(site)
        credit = Credit(
            kind="source_link",
            agency=agency.id if agency else None,
            site=site,
            url=url,
            text=shown,
            place="body_end",
            confidence=round(words, 2),
        )
        if best is None or credit.confidence >= best.confidence:
            best = credit
    if best is not None:
        yield best


def _outside_links(view: View, block: HtmlElement) -> set[str]:
    return {
        url for a in block.iter("a") if _is_source(view, url := view.absolute(a.get("href") or "")) and url
    }


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
        for sibling in node.itersiblings(preceding=True):
            if isinstance(sibling.tag, str):
                before += _story_chars(sibling, heads)
        for sibling in node.itersiblings():
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


_STORY_NOUN: Final = r"(?:article|story|post|piece|report|column|content|essay|interview|feature|version|blog|news|commentary|op-ed)"
_ORIGINALLY: Final = re.compile(
    rf"(?:(?:this|the|an? (?:version|earlier version) of this|a version of (?:this|the))\s+{_STORY_NOUN}\s+)?"
    r"(?:(?:was|is|has been|were|had)\s+)?(?:also\s+)?(?:"
    r"(?:originally|first|initially|previously|earlier)\s+(?:published|appeared|posted|reported|produced|featured|ran|printed|written)\s+(?:online\s+)?(?:on|in|at|by|for|with)\s+"
    r"|(?:published|appeared)\s+(?:originally|first|initially)\s+(?:on|in|at|by|for)\s+"
    r"|(?:re-?published|reprinted|re-?posted|syndicated)\s+(?:here\s+)?(?:with (?:the )?(?:kind )?permission\s+(?:of|from)|courtesy of|from|under (?:a )?creative commons(?: licen[cs]e)? from)\s+"
    r"|(?:zuerst|ursprünglich|erstmals)\s+(?:erschienen|veröffentlicht|publiziert)?\s*(?:bei|auf|in|im|von)\s+|(?:erschien|wurde)\s+(?:zuerst|ursprünglich|erstmals)\s+(?:bei|auf|in|im)\s+"
    r"|(?:publicad[oa]|apareció)\s+(?:originalmente|originariamente|por primera vez|primero)\s+(?:en|por)\s+|(?:publicad[oa])\s+(?:originalmente|primeiro)\s+(?:no|na|em|pelo|pela)\s+"
    r"|publiée?\s+(?:initialement|à l['’]origine|originellement|d['’]abord|pour la première fois)\s+(?:sur|dans|par|chez)\s+|(?:initialement|d['’]abord)\s+(?:publiée?|parue?)\s+(?:sur|dans|par)\s+"
    r"|pubblicat[oa]\s+(?:originariamente|originalmente|per la prima volta|inizialmente)\s+(?:su|da|in)\s+"
    r"|oorspronkelijk\s+(?:gepubliceerd|verschenen)\s+(?:op|in|door|bij)\s+"
    r")(?P<name>\S.{0,90}?)(?=$|[.;)\]]\s|[.;)\]]$|\s+(?:on|and|under|in|by|as|am|le|el)\s|,|\s[|–—-]\s)",
    re.IGNORECASE,
)
_ORIGINALLY_HINT: Final = re.compile(
    r"(?:originally|first|initially|previously|earlier)\s+(?:published|appeared|posted|reported|produced|featured|ran|printed|written)|published (?:originally|first)|appeared first|"
    r"re-?published|reprinted|re-?posted|syndicated|zuerst|ursprünglich|erstmals|originalmente|originariamente|por primera vez|initialement|à l['’]origine|"
    r"d['’]abord|per la prima volta|oorspronkelijk|primeiro|first on|primero en|premier sur|eerst op|proviene da|først opp|först upp",
    re.IGNORECASE,
)
_DATE_WORD: Final = re.compile(
    r"^(?:the\s+)?(?:\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|yesterday|today|this|that|"
    r"lun|mar|mer|jeu|ven|sam|dim|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)[a-zé]*\b[\s,.]*(?:\d|$))",
    re.IGNORECASE,
)
_EDGE_LINES: Final = 3


def _edge_places(view: View, phrase: str) -> str | None:
    """The place of `phrase` where it opens or closes the story or follows it; None elsewhere."""
    wanted = squeeze(phrase)
    for number, line in enumerate(view.lines):
        if wanted in line:
            if number < 2:
                return "body_start"
            return "body_end" if number >= len(view.lines) - _EDGE_LINES - 2 else None
    place = view.place_of(wanted)
    if place == "after_body" and wanted not in view.text_after_story(800):
        return None
    return place if place in ("before_body", "after_body", "body_start", "body_end") else None


def _phrase_blocks(view: View, pattern: re.Pattern[str]) -> Iterator[tuple[HtmlElement, str, re.Match[str]]]:
    """(block, its text, match) of every short block in which `pattern` is found; inner blocks alone."""
    if not _ORIGINALLY_HINT.search(view.page_text):
        return
    for element in view.tree.iter(
        "p", "div", "em", "i", "li", "span", "blockquote", "small", "footer", "td", "h6", "h5"
    ):
        if len(element) > 12:
            continue
        text = text_of(element)
        if not 12 <= len(text) <= 700 or not _ORIGINALLY_HINT.search(text):
            continue
        found = pattern.search(text)
        if found is not None:
            yield element, text, found


def _link_after(view: View, element: HtmlElement, text: str, start: int) -> tuple[str | None, str]:
    """The first link of `element` whose words stand at or after `start` in its text: (URL, words)."""
    for anchor in element.iter("a"):
        words = text_of(anchor)
        if words and text.find(words, start) >= 0:
            return view.absolute(anchor.get("href") or ""), words
    return None, ""


def originally_published(view: View) -> Iterator[Credit]:
    """ "Originally published on X", "republished from X", where X is a name or a link and not a date.

    Only in the first or last part of the story, and only where X is not the page's own site.
    """
    for element, text, found in _phrase_blocks(view, _ORIGINALLY):
        name = found["name"].strip(" \"'“”‘’*_")
        if _DATE_WORD.match(name) or "The post" in text[: found.start()]:
            continue
        url, words = _link_after(view, element, text, max(0, found.start("name") - 2))
        site = view.outside_site(url)
        if url is not None and site is None:
            continue
        agency = agency_of_name(name) or agency_of_name(words) or (agency_of_site(site) if site else None)
        if site is None and (agency is None and not _is_name(name)):
            continue
        if _is_own_name(view, name) or (site in _NO_SOURCE_SITES):
            continue
        place = _edge_places(view, found[0][:80])
        if place is None:
            continue
        yield Credit(
            kind="originally_published",
            agency=agency.id if agency else None,
            site=site,
            url=url if site else None,
            text=squeeze(found[0]),
            place=place,
            confidence=0.9 if site or agency else 0.75,
        )
        return


def _is_name(text: str) -> bool:
    """Whether `text` reads as a publication's name or domain: every longer word is capitalised."""
    if re.fullmatch(r"(?:www\.)?[\w-]+(?:\.[\w-]+)+", text):
        return True
    words = [w for w in re.findall(r"[^\W\d_][\w'’&.-]*", text) if len(w) > 3 or w[0].isupper()]
    return bool(words) and len(words) <= 7 and all(w[0].isupper() for w in words)


def _is_own_name(view: View, name: str) -> bool:
    """Whether `name` is the page's own site: by its domain's label or its declared site name."""
    bare = re.sub(r"^the", "", fold(name).replace(" ", ""))
    label = view.site.partition(".")[0].replace("-", "")
    if not bare:
        return False
    own = {re.sub(r"^the", "", label), re.sub(r"[^\w]", "", view.site)}
    own |= {
        re.sub(r"^the", "", fold(content).replace(" ", ""))
        for key, content in view.metas
        if key == "og:site_name"
    }
    return bare in own or re.sub(r"\W", "", name.lower().removeprefix("www.")) in own


_APPEARED: Final = re.compile(
    r"(?:The (?:post|article|story)|Der (?:Beitrag|Artikel)|El (?:artículo|cargo|post)|La (?:entrada|noticia|publicación)|L['’]article|O (?:post|artigo|conteúdo)|A (?:matéria|notícia)|"
    r"Het (?:bericht|artikel)|L['’]articolo|Artikkelen|Innlegget|Inlägget|Indlægget|Artykuł|Wpis|Příspěvek|Сообщение|Запись|Yazı)\s+(?P<title>.{3,250}?)\s+"
    r"(?:(?:first )?appeared first (?:on|at)|first appeared (?:on|at)|was (?:first|originally) published (?:on|at)|erschien zuerst (?:auf|bei)|apareció primero en|se publicó primero en|aparece primero en|"
    r"est apparu en premier sur|a été publié en premier sur|apareceu primeiro em|foi publicado primeiro em|verscheen eerst op|proviene da|è apparso per primo su|dukket først opp på|"
    r"dök först upp på|blev først udgivet på|pojawił się (?:najpierw|pierwszy raz) (?:na|w)|se nejdříve objevil na|появились сначала на|впервые появилась|ilk önce .{0,3}üzerinde)\s+(?P<name>.{2,90}?)[.\s]*$",
    re.IGNORECASE,
)


def appeared_first(view: View) -> Iterator[Credit]:
    """ "The post X appeared first on Y": the text came from Y's feed, where Y is not the page's own site."""
    for element, text, found in _phrase_blocks(view, _APPEARED):
        links = [view.absolute(a.get("href") or "") for a in element.iter("a")]
        outside = [url for url in links if view.outside_site(url)]
        if (links and not outside) or _is_own_name(view, found["name"]):
            continue
        url = max(outside, key=lambda u: len(urlsplit(u or "").path)) if outside else None
        site = view.outside_site(url)
        agency = (agency_of_site(site) if site else None) or agency_of_name(found["name"])
        yield Credit(
            kind="appeared_first",
            agency=agency.id if agency else None,
            site=site,
            url=url,
            text=squeeze(found[0]),
            place=view.place_of(text[:80]),
            confidence=0.95 if site else 0.7,
        )
        return


_CONVERSATION: Final = re.compile(r"counter\.theconversation\.(?:com|edu\.au)/content/(\d+)/count", re.I)
_FEED_PIXELS: Final = ("pixel.wp.com", "stats.wordpress.com")


def pixel(view: View) -> Iterator[Credit]:
    """A counter that the story's owner asks republishers to embed, on a foreign site."""
    for element in view.tree.iter("img", "script", "iframe"):
        src = element.get("src") or element.get("data-src") or element.get("data-lazy-src") or ""
        if not src or src.startswith("data:"):
            continue
        if "theconversation" in src and (found := _CONVERSATION.search(src)):
            yield from _pixel(view, src, "theconversation.com", f"conversation:{found[1]}", 0.97)
        elif "republication-pixel" in src or element.get("id") == "republication-tracker-tool-source":
            url = view.absolute(src)
            site = view.outside_site(url)
            if site is not None:
                posts = parse_qs(urlsplit(src).query).get("post", [])
                yield from _pixel(view, src, site, f"{site}:{posts[0]}" if posts else None, 0.97)
        elif "propublica.org" in src and ("pixel" in src or "ppcount" in src or "count" in src):
            yield from _pixel(view, src, "propublica.org", None, 0.95)
        elif "apnewsregistry.com" in src and "/AP/" in src:
            ids = re.search(r"/AP/[A-Z]+/\d+/[A-Z]+/(?:\w+/)?([\w-]{16,})", src)
            yield from _pixel(view, src, "apnews.com", f"ap:{ids[1]}" if ids else None, 0.9)
        elif any(host in src for host in _FEED_PIXELS) and "host=" in src:
            query = parse_qs(urlsplit(src).query)
            origin = (query.get("host") or [""])[0]
            if origin and "." in origin:
                site = site_of(f"https://{host_of('https://' + origin) or origin}/")
                ident = f"{site}:{query['post'][0]}" if query.get("post") else None
                yield from _pixel(view, src, site, ident, 0.85)


def _pixel(view: View, src: str, site: str, ident: str | None, confidence: float) -> Iterator[Credit]:
    if site == view.site:
        return
    agency = agency_of_site(site)
    yield Credit(
        kind="pixel",
        agency=agency.id if agency else None,
        site=site,
        url=view.absolute(src),
        text=src[:300],
        place="page",
        confidence=confidence,
        item_id=ident,
    )
