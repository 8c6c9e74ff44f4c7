"""Credits that are sentences about the story itself: "originally published on X", "The post X appeared first on Y"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from workers.credit.agencies import agency_of_name, agency_of_site, fold
from workers.credit.hosts import KNOWN
from workers.credit.model import Credit
from workers.credit.view import View, squeeze, text_of

__all__ = ["appeared_first", "originally_published"]

_NO_SOURCE_SITES: Final = KNOWN["no_source_sites"]
_BLOCKS: Final = frozenset(("p", "div", "ul", "ol", "table", "section", "article", "blockquote", "footer"))

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
_HINT: Final = (
    "originally", "first published", "published first", "first appeared", "appeared first", "first posted", "first reported", "first ran", "first on", "first at", "initially published", "initially appeared",
    "previously published", "previously appeared", "earlier published", "published initially", "republished",
    "re-published", "reprinted", "reposted", "re-posted", "syndicated", "zuerst", "ursprünglich", "erstmals", "originalmente",
    "originariamente", "por primera vez", "initialement", "l'origine", "l’origine", "d'abord", "d’abord", "per la prima volta",
    "oorspronkelijk", "primeiro", "primero en", "premier sur", "première fois", "eerst op", "proviene da", "først op", "först upp",
    "pojawił się", "objevil na", "впервые", "сначала", "ilk önce", "inizialmente", "originellement",
)  # fmt: skip
_DATE_WORD: Final = re.compile(
    r"^(?:the\s+)?(?:\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|yesterday|today|this|that|"
    r"lun|mar|mer|jeu|ven|sam|dim|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)[a-zé]*\b[\s,.]*(?:\d|$))",
    re.IGNORECASE,
)
_EDGE_LINES: Final = 3


_OF_THE_STORY: Final = re.compile(
    rf"\b{_STORY_NOUN}\b|^\W*(?:originally|first (?:published|posted)|re-?published|reprinted|published|re-?posted|zuerst|ursprünglich|publicad|publié|pubblicat|oorspronkelijk)|"
    r"\b(?:artikel|beitrag|text|artículo|nota|article|texte|articolo|artigo|matéria)\b",
    re.IGNORECASE,
)
"""A name without a link counts only where the sentence is about the story: people and diseases appear first, too."""


def _edge_places(view: View, phrase: str) -> str | None:
    """The place of `phrase` where it opens or closes the story or follows it; None elsewhere."""
    wanted = squeeze(phrase)
    for number, line in enumerate(view.lines):
        if wanted in line:
            if number < 2:
                return "body_start"
            return "body_end" if number >= len(view.lines) - _EDGE_LINES - 2 else None
    place = view.place_of(wanted)
    if place == "after_body" and wanted not in view.tail:
        return None
    return place if place in ("before_body", "after_body", "body_start", "body_end") else None


def _edges_with_hint(view: View) -> list[str]:
    """The story's first and last lines and what follows it, as far as they have a word of a phrase."""
    return [edge for edge in view.edges if _has_hint(edge)] if view.mentions_at_edges(_HINT) else []


def _has_hint(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _HINT)


def _phrase_blocks(view: View, pattern: re.Pattern[str]) -> Iterator[tuple[HtmlElement, str, re.Match[str]]]:
    """(block, its text, match) of every short block in which `pattern` is found.

    The page is searched only where the story's edges have such a phrase at all.
    """
    if not any(map(pattern.search, _edges_with_hint(view))):
        return
    for element in view.tree.iter(
        "p", "div", "em", "i", "li", "span", "blockquote", "small", "footer", "td", "h6", "h5"
    ):
        if len(element) > 12 or any(child.tag in _BLOCKS for child in element):
            continue
        text = text_of(element)
        if 12 <= len(text) <= 700 and _has_hint(text):
            found = pattern.search(text)
            if found is not None:
                yield element, text, found


def _link_after(view: View, element: HtmlElement, text: str, start: int) -> tuple[str | None, str]:
    """The first link of `element` whose words stand at or after `start` in its text: (URL, words).

    Where it leads to a home page, a later link to a story of the same site ("Read the original article") is better.
    """
    found: list[tuple[str | None, str]] = []
    for anchor in element.iter("a"):
        words = text_of(anchor)
        if words and text.find(words, start) >= 0:
            found.append((view.target(anchor.get("href") or ""), words))
    if not found:
        return None, ""
    url, words = found[0]
    site = view.outside_site(url)
    if url is not None and site is not None and not urlsplit(url).path.strip("/"):
        deeper = [
            u for u, _ in found[1:] if u and view.outside_site(u) == site and urlsplit(u).path.strip("/")
        ]
        url = deeper[0] if deeper else url
    return url, words


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
        if site is None and agency is None and not (_is_name(name) and _OF_THE_STORY.search(found[0])):
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
        links = [view.target(a.get("href") or "") for a in element.iter("a")]
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
