"""What a page says of itself: title, writers, times, language, canonical URL, site and section.

Every field is a cascade that ends at the first source with a usable value. Reads the tree, never changes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from schemas.urls import site_of
from workers.extract.dates import Dated, modified_date, published_date
from workers.extract.jsonld import articles_of, as_list, name_of, objects_of, text_value, types_of, values_of
from workers.extract.names import Signed, is_organisation, sort_names, split_names
from workers.extract.parse import elements, text_of
from workers.extract.title import find_title, letters_of

__all__ = ["Head", "Metadata", "read_head", "read_metadata"]

_META_AUTHOR: Final = (
    "author", "article:author", "article:author:name", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl", "cxenseparse:author",
    "article.author", "authors", "rnews:author", "citation_author", "vr:author", "og:article:author", "articleauthor", "creator", "autor", "page:author",
)  # fmt: skip
_BYLINE_CLASS: Final = re.compile(
    r"(?:^|[\s_-])(?:byline|by-line|author|authors|article-author|author-name|byline-name|entry-author|post-author|posted-by|article__author|"
    r"c-byline|vcard|autor|autoren|auteur|firma|signature)(?:$|[\s_-])",
    re.IGNORECASE,
)
_LANGUAGE: Final = re.compile(r"^([a-z]{2,3})(?:[-_][a-zA-Z0-9]+)*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a page states of its story; all that finding the story's text needs.

    Attributes:
        jsonld_values: what each JSON-LD script holds.
        jsonld: every object in them, outer before inner.
        articles: those that describe an article, likeliest first.
        metas: name or property in lower case, to contents.
        site_names: what the page calls its site.
        headline: the element that shows the title.
        document_title: the text of `<title>`.
        is_title_stated: whether JSON-LD or Open Graph gives the title, and not only what readers see.
        own_names: what the site is called, its domain included, letters alone.
    """

    title: str | None
    description: str | None
    jsonld_values: list[Any]
    jsonld: list[dict[str, Any]]
    articles: list[dict[str, Any]]
    metas: dict[str, list[str]]
    site_names: list[str]
    headline: HtmlElement | None
    document_title: str | None
    is_title_stated: bool
    own_names: list[str]

    @property
    def og_type(self) -> str:
        """The Open Graph type, lower case; empty where none is given."""
        return (_first(self.metas, "og:type") or "").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The fields of `Extraction` that come from the page's own statements; see there."""

    byline: str | None
    signed: Signed
    language: str | None
    canonical_url: str | None
    site_name: str | None
    section: str | None
    published: Dated | None
    modified_at: datetime | None


def metas_of(root: HtmlElement) -> dict[str, list[str]]:
    """The page's `<meta>` elements: name, property, itemprop or http-equiv in lower case, to its contents."""
    metas: dict[str, list[str]] = {}
    for element in elements(root, "meta"):
        content = element.get("content")
        name = (
            element.get("property")
            or element.get("name")
            or element.get("itemprop")
            or element.get("http-equiv")
        )
        if content and name and content.strip():
            metas.setdefault(name.strip().lower(), []).append(content.strip())
    return metas


def _first(metas: dict[str, list[str]], *names: str) -> str | None:
    for name in names:
        for content in metas.get(name, ()):
            if text := text_value(content):
                return text
    return None


def _url_of(root: HtmlElement, metas: dict[str, list[str]], base: str) -> str | None:
    candidates = [
        element.get("href")
        for element in elements(root, "link")
        if "canonical" in (element.get("rel") or "").lower().split()
    ]
    for candidate in (*candidates, *metas.get("og:url", ())):
        if not candidate or not candidate.strip():
            continue
        try:
            absolute = str(urljoin(base, candidate.strip()))
            parts = urlsplit(absolute)
        except ValueError:
            continue
        if (
            parts.scheme in ("http", "https")
            and parts.hostname
            and "." in parts.hostname
            and len(absolute) <= 2048
        ):
            return absolute
    return None


def _language(root: HtmlElement, metas: dict[str, list[str]], articles: list[dict[str, Any]]) -> str | None:
    values = [root.get("lang"), root.get("{http://www.w3.org/XML/1998/namespace}lang"), root.get("xml:lang")]
    values += [text_value(item.get("inLanguage")) for item in articles[:1]]
    values += [_first(metas, "og:locale"), _first(metas, "content-language", "language", "dc.language")]
    for value in values:
        if value and (found := _LANGUAGE.match(value.strip())):
            return found[1].lower()
    return None


def _site_names(
    metas: dict[str, list[str]], articles: list[dict[str, Any]], objects: list[dict[str, Any]]
) -> list[str]:
    names = [_first(metas, "og:site_name"), _first(metas, "application-name")]
    names += [name_of(publisher)[0] for item in articles for publisher in as_list(item.get("publisher"))]
    names += [text_value(item.get("name")) for item in objects if "website" in types_of(item)]
    # Some pages name their site by the story's title.
    titles = {
        letters_of(title)
        for title in (_first(metas, "og:title"), *(text_value(item.get("headline")) for item in articles))
        if title
    }
    return [
        name for name in dict.fromkeys(names) if name and len(name) < 100 and letters_of(name) not in titles
    ]


def _signed_in_jsonld(
    articles: list[dict[str, Any]], objects: list[dict[str, Any]]
) -> tuple[list[str], list[str]]:
    by_id = {str(item["@id"]): item for item in objects if "@id" in item and "name" in item}
    names: list[str] = []
    organisations: list[str] = []
    for item in articles[:3]:
        for key in ("author", "creator"):
            for value in as_list(item.get(key)):
                name, kinds = name_of(value, by_id)
                for single in split_names(name) if name else ():
                    is_named_organisation = any("organization" in kind for kind in kinds)
                    (organisations if is_named_organisation else names).append(single)
            if names or organisations:
                return names, organisations
    return names, organisations


@lru_cache(maxsize=16384)
def _is_byline(marks: str) -> bool:
    return bool(_BYLINE_CLASS.search(marks))


def _spaced_text(element: HtmlElement) -> str:
    """The text of an element with a bullet between its parts: names stand in elements of their own."""
    parts = (" ".join(str(part).split()) for part in element.itertext())
    return " • ".join(part for part in parts if part)


def _seen_byline(root: HtmlElement, headline: HtmlElement | None) -> list[str]:
    """Short texts that look like bylines: `rel=author`, `itemprop=author`, an author's class, near the headline."""
    found: list[str] = []
    for element in root.iter():
        get = element.get
        if not (_is_byline(get("class") or "") or get("itemprop") == "author" or get("rel") == "author"):
            continue
        if any(
            re.search(
                r"comment|related|teaser|sidebar|footer|bio|recommend|popular",
                f"{p.get('class')} {p.get('id')}",
                re.I,
            )
            or p.tag in ("footer", "aside", "nav")
            for p in (element, *element.iterancestors())
            if p.tag not in ("body", "html")
        ):
            continue
        inner = element.xpath(".//*[@itemprop='name']")
        text = _spaced_text(inner[0] if inner else element)
        if 2 < len(text) <= 150:
            found.append(text)
        if len(found) >= 6:
            break
    if not found and headline is not None:
        node: HtmlElement | None = headline
        for _ in range(3):
            node = node.getparent() if node is not None else None
            if node is None or node.tag == "body":
                break
            for element in list(elements(node, "p", "span", "div", "address", "a", "li"))[:80]:
                text = " ".join((element.text or "").split()) if len(element) > 2 else text_of(element)
                if 5 < len(text) <= 120 and re.match(r"(?:By|Von|Par|Por)\s+[A-ZÀ-Þ]", text):
                    return [text]
    return found


def read_head(root: HtmlElement, *, url: str) -> Head:
    """What a page states of its story.

    Args:
        url: the page's, absolute.
    """
    values = values_of(root)
    objects = objects_of(values)
    articles = articles_of(objects)
    metas = metas_of(root)
    site_names = _site_names(metas, articles, objects)
    social = _first(metas, "og:title", "twitter:title", "dc.title", "title")
    own_names = [letters for name in (*site_names, *_own_names(url)) if len(letters := letters_of(name)) > 2]
    document_title = next((text_of(element) for element in elements(root, "title")), None)
    title = find_title(root, articles, social=social, document=document_title, own=own_names)
    return Head(
        title=title.text,
        description=_first(metas, "og:description", "description", "twitter:description"),
        jsonld_values=values,
        jsonld=objects,
        articles=articles,
        metas=metas,
        site_names=site_names,
        headline=title.shown,
        document_title=document_title,
        is_title_stated=title.is_stated,
        own_names=own_names,
    )


def _own_names(url: str) -> tuple[str, str]:
    site = site_of(url)
    return site.split(".")[0], site


def _signed(root: HtmlElement, head: Head, url: str) -> Signed:
    """Who signed: JSON-LD, else `<meta>`; and where these name no person, the byline that a reader sees."""
    own_names = [*head.site_names, *_own_names(url)]
    names, organisations = _signed_in_jsonld(head.articles, head.jsonld)
    if not names and not organisations:
        for key in _META_AUTHOR:
            for content in head.metas.get(key, ()):
                names.extend(split_names(text_value(content) or ""))
            if names:
                break
    if all(is_organisation(name, site_names=own_names) for name in names):
        for shown in _seen_byline(root, head.headline):
            if more := split_names(shown):
                names.extend(more)
                break
    return sort_names(names, organisations, site_names=own_names)


def read_metadata(
    root: HtmlElement, head: Head, *, url: str, fetched_at: datetime, around: Sequence[str] = ()
) -> Metadata:
    """Everything else that a page says of itself.

    Args:
        head: from `read_head`.
        around: short lines next to the story, which may hold its date.
        url: the page's, absolute.
        fetched_at: aware; nothing can have been published later.
    """
    metas, articles = head.metas, head.articles
    signed = _signed(root, head, url)
    published = published_date(
        root,
        metas,
        articles,
        url=url,
        latest=fetched_at,
        headline=head.headline,
        lines=around,
        locale=root.get("lang") or _first(metas, "og:locale"),
    )
    stated_section = (text for item in articles[:2] if (text := text_value(item.get("articleSection"))))
    return Metadata(
        byline=", ".join((*signed.people, *signed.organisations)) or None,
        signed=signed,
        language=_language(root, metas, articles),
        canonical_url=_url_of(root, metas, url),
        site_name=head.site_names[0] if head.site_names else None,
        section=_first(metas, "article:section", "parsely-section", "section") or next(stated_section, None),
        published=published,
        modified_at=modified_date(
            metas, articles, latest=fetched_at, published=published.at if published else None
        ),
    )
