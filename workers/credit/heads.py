"""Credits that stand in a page's head, its metadata and its URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from workers.credit.agencies import Agency, agencies_in_author, agency_of_name, agency_of_site
from workers.credit.canonical import canonical_verdict
from workers.credit.model import Credit
from workers.credit.view import View, squeeze, text_of

__all__ = ["author_agency", "canonical", "plugin_mark", "syndication_meta", "url_path"]

_AUTHOR_METAS: Final = frozenset(
    [
        "author",
        "article:author",
        "dc.creator",
        "dc.creator.name",
        "dcterms.creator",
        "parsely-author",
        "sailthru.author",
        "byl",
        "cxenseparse:author",
        "article:author_name",
        "article.author",
        "news_authors",
        "authors",
        "citation_author",
        "byline",
        "vr:author",
        "creator",
        "article:publisher_agency",
        "agency",
        "article:agency",
        "news_agency",
        "agencia",
    ]
)
_SOURCE_METAS: Final = frozenset(
    [
        "syndication-source",
        "original-source",
        "dc.source",
        "source",
        "article:source",
        "news_source",
        "original_source",
        "cms_source",
        "cre:source",
        "content_source",
        "article.source",
    ]
)
_BYLINE_CLASS: Final = re.compile(
    r"(?:^|[\s_-])(?:by-?lines?|author|authors|authorname\S*|source|article-?author|post-?author|c-byline|"
    r"name|writer|reporter|journalist|publication|contributors?|attribution|signature|firma|autor|auteur|autore|article-?source|agency|agencia|agence|agentur)(?:$|[\s_-])|byline",
    re.IGNORECASE,
)
_BYLINE_SPOILED: Final = re.compile(
    r"photo|image|img|caption|foto|picture|media|gallery|video|related|recommend|comment|teaser|card|promo|widget|"
    r"footer|avatar|popular|trending|credit|legend|sidebar",
    re.IGNORECASE,
)
_SPOILED_ANCESTORS: Final = frozenset(("figure", "figcaption", "nav", "footer", "picture"))
_MAX_BYLINE_CHARS: Final = 160

_CONTRIBUTED: Final = re.compile(
    r"with (?:files|inputs?|reporting|additional reporting|reports?|material|contributions?) (?:from|by)|contributed to|"
    r"mit material (?:von|der)|avec l'aide de|con información de|con informazioni",
    re.IGNORECASE,
)

_PATH_AGENCY: Final = {
    "ap": "ap", "ap-news": "ap", "apnews": "ap", "associated-press": "ap", "ap-top-news": "ap", "ap-sports": "ap",
    "ap-wire": "ap", "ap-online": "ap", "reuters": "reuters", "afp": "afp", "dpa": "dpa", "cnn": "cnn", "cnn-wire": "cnn",
    "cnn-newsource": "cnn", "cnn-other": "cnn", "cnn-us-politics": "cnn", "stacker": "stacker", "stacker-news": "stacker",
    "efe": "efe", "ansa": "ansa", "pti": "pti", "pti-news": "pti", "ani": "ani", "ians": "ians", "bloomberg": "bloomberg",
    "prnewswire": "prnewswire", "pr-newswire": "prnewswire", "businesswire": "businesswire", "globenewswire": "globenewswire",
    "presseportal": "newsdirect", "europa-press": "europapress", "europapress": "europapress", "xinhua": "xinhua",
    "the-conversation": "conversation", "theconversation": "conversation", "the-canadian-press": "cp", "canadian-press": "cp",
    "the-center-square": "thecentersquare", "kff-health-news": "kff", "propublica": "propublica",
}  # fmt: skip
_PATH_SYNDICATED: Final = frozenset(
    ("syndication", "syndicated", "agencies", "agencias", "agenturmeldungen", "wire", "newswire", "wires")
)

_PLUGIN: Final = re.compile(
    r"(?:wp-content/plugins/|/\*|\bgenerator\b.{0,40}|id=[\"']|class=[\"'][^\"']*)?"
    r"(feedzy(?:-rss-feeds?)?|wp-rss-aggregator|wprss|wp-automatic|wpematico|wp-robot|feedwordpress|syndicate-press|"
    r"rss-post-importer|cyberseo|autoblog(?:ging)?|echo-rss|newsomatic|rss-autopilot|crawlomatic)",
    re.IGNORECASE,
)


def _names(value: Any) -> Iterator[str]:
    """The names in a JSON-LD author, publisher or source, whatever its form."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value[:30]:
            yield from _names(item)
    elif isinstance(value, dict):
        yield from _names(value.get("name"))


def _author_credit(agency: Agency, text: str, place: str, confidence: float, is_mixed: bool) -> Credit:
    kind = "contributed" if _CONTRIBUTED.search(text) else "author_agency"
    return Credit(
        kind=kind,
        agency=agency.id,
        text=text,
        place=place,
        confidence=confidence - (0.1 if is_mixed else 0.0),
    )


def author_agency(view: View) -> Iterator[Credit]:
    """The author in JSON-LD, the metas or the visible byline is an agency.

    `@type` is not looked at: three of four sites call an agency a Person. Photo credits are no authors.
    """
    seen: set[str] = set()
    texts: list[tuple[str, str, float]] = []
    for article in view.articles:
        texts += [(squeeze(name), "head", 0.95) for name in _names(article.get("author"))]
        texts += [(squeeze(name), "head", 0.9) for name in _names(article.get("creator"))]
    texts += [(content, "head", 0.9) for name, content in view.metas if name in _AUTHOR_METAS]
    texts += [(text, "before_body", 0.85) for text in _visible_bylines(view)]
    for text, place, confidence in texts:
        if text in seen or not text or len(text) > _MAX_BYLINE_CHARS:
            continue
        seen.add(text)
        agencies = agencies_in_author(text)
        is_mixed = agency_of_name(text) is None
        for agency in agencies:
            yield _author_credit(agency, text, place, confidence, is_mixed)


def _visible_bylines(view: View) -> list[str]:
    """The bylines between the headline and the story that name an agency; elsewhere they are those of teasers."""
    found: list[str] = []
    for owner, text in view.masthead:
        if len(text) > _MAX_BYLINE_CHARS or not agencies_in_author(text):
            continue
        marked = _marked_byline(owner)
        if marked is None:
            continue
        whole = text_of(marked)
        is_whole = len(whole) <= _MAX_BYLINE_CHARS and bool(agencies_in_author(whole))
        if is_whole or len(text) > 2:
            found.append(whole if is_whole else text)
    return found


def _marked_byline(owner: HtmlElement) -> HtmlElement | None:
    """The element around a text that is marked as a byline; None where there is none, or a picture's or a teaser's."""
    node: HtmlElement | None = owner
    for _ in range(4):
        if node is None or node.tag in ("main", "article", "body"):
            return None
        marks = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('data-testid') or ''}"
        if _BYLINE_SPOILED.search(marks) or node.tag in _SPOILED_ANCESTORS:
            return None
        is_marked = node.get("rel") == "author" or node.get("itemprop") == "author" or node.tag == "address"
        if is_marked or _BYLINE_CLASS.search(marks):
            return None if _is_spoiled(node) else node
        node = node.getparent()
    return None


def _is_spoiled(element: HtmlElement) -> bool:
    """Whether an element stands in a picture, a list of teasers or another part that is not the story's head."""
    for depth, parent in enumerate(element.iterancestors()):
        if depth >= 4:
            return False
        if parent.tag in _SPOILED_ANCESTORS:
            return True
        if _BYLINE_SPOILED.search(f"{parent.get('class') or ''} {parent.get('id') or ''}"):
            return True
    return False


def canonical(view: View) -> Iterator[Credit]:
    """The canonical link, or og:url where there is none, names a story on another site."""
    href = view.canonical
    if href is None:
        return
    is_copy, _, confidence = canonical_verdict(view.url, href)
    url = view.absolute(href) if is_copy else None
    site = view.outside_site(url)
    if site is not None:
        agency = agency_of_site(site)
        yield Credit(
            kind="canonical",
            agency=agency.id if agency else None,
            site=site,
            url=url,
            text=href,
            place="head",
            confidence=confidence,
        )


def syndication_meta(view: View) -> Iterator[Credit]:
    """Metadata names a source: another site's URL, or an agency. Nearly always it is the page's own site."""
    texts = [(content, 0.8) for name, content in view.metas if name in _SOURCE_METAS]
    for article in view.articles:
        for key, confidence in (("isBasedOn", 0.8), ("isBasedOnUrl", 0.8), ("sourceOrganization", 0.7)):
            value = article.get(key)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, str):
                    texts.append((squeeze(item), confidence))
                elif isinstance(item, dict):
                    texts += [
                        (squeeze(str(item[part])), confidence)
                        for part in ("url", "@id", "name")
                        if item.get(part)
                    ]
    seen: set[str] = set()
    for text, confidence in texts:
        if text in seen:
            continue
        seen.add(text)
        if re.match(r"https?://", text):
            is_copy, _, _ = canonical_verdict(view.url, text)
            site = view.outside_site(text)
            if site is not None and is_copy:
                agency = agency_of_site(site)
                yield Credit(
                    kind="syndication_meta",
                    agency=agency.id if agency else None,
                    site=site,
                    url=text,
                    text=text,
                    place="head",
                    confidence=confidence,
                )
        else:
            named = agency_of_name(text)
            if named is not None:
                yield Credit(
                    kind="syndication_meta", agency=named.id, text=text, place="head", confidence=0.85
                )


def _may_name_plugin(element: HtmlElement) -> bool:
    return element.tag == "link" or (element.tag == "script" and bool(element.get("src")))


def plugin_mark(view: View) -> Iterator[Credit]:
    """The page was made with a plugin that fills sites from feeds: a hint about the site, not the page."""
    texts = [content for name, content in view.metas if name == "generator"]
    texts += [
        target for element, target in view.sources if "/plugins/" in target and _may_name_plugin(element)
    ]
    seen: set[str] = set()
    for text in texts:
        found = _PLUGIN.search(text)
        if found is not None and found[1].lower() not in seen:
            seen.add(found[1].lower())
            yield Credit(kind="plugin_mark", text=text, place="head", confidence=0.3)


def url_path(view: View) -> Iterator[Credit]:
    """A folder of the URL is an agency's name; the last part, the headline, is not looked at."""
    try:
        folders = urlsplit(view.url).path.lower().strip("/").split("/")[:-1]
    except ValueError:
        return
    for folder in folders[:6]:
        agency = _PATH_AGENCY.get(folder)
        if agency is not None:
            yield Credit(kind="url_path", agency=agency, text=f"/{folder}/", place="page", confidence=0.7)
            return
        if folder in _PATH_SYNDICATED:
            yield Credit(kind="url_path", text=f"/{folder}/", place="page", confidence=0.4)
            return
