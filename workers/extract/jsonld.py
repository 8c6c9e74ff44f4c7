"""The JSON-LD of a page: what it says of the article, in plain values.

Source: schema.org NewsArticle; JSON-LD 1.1 (only embedded objects, `@graph` and `@id` references are followed).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from lxml.html import HtmlElement

from workers.extract.parse import elements

__all__ = ["articles_of", "as_list", "name_of", "objects_of", "text_value", "types_of", "values_of"]

_MAX_BYTES: Final = 2_000_000
_MAX_OBJECTS: Final = 2_000
_CONTROL: Final = re.compile(r"[\x00-\x1f]+")
_COMMENT: Final = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*.*?\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$", re.S
)
_TRAILING_COMMA: Final = re.compile(r",(\s*[}\]])")

_ARTICLE_RANK: Final = {
    "newsarticle": 0,
    "reportagenewsarticle": 0,
    "analysisnewsarticle": 0,
    "opinionnewsarticle": 0,
    "backgroundnewsarticle": 0,
    "reviewnewsarticle": 0,
    "article": 1,
    "blogposting": 1,
    "liveblogposting": 0,
    "report": 1,
    "scholarlyarticle": 1,
    "socialmediaposting": 2,
    "webpage": 3,
}


def values_of(root: HtmlElement) -> list[Any]:
    """The value of every JSON-LD script of the page; damaged scripts are mended or left out."""
    found: list[Any] = []
    for script in elements(root, "script"):
        kind = (script.get("type") or "").lower()
        if "ld+json" not in kind:
            continue
        raw = script.text_content()
        if not raw or len(raw) > _MAX_BYTES:
            continue
        found.extend(_values(raw))
    return found


def objects_of(values: list[Any]) -> list[dict[str, Any]]:
    """Every JSON object in the page's JSON-LD (`values_of`), outer before inner."""
    found: list[dict[str, Any]] = []
    for value in values:
        found.extend(_walk(value, _MAX_OBJECTS - len(found)))
    return found


def _values(raw: str) -> Iterator[Any]:
    raw = raw.strip()
    if raw.startswith(("<!--", "//", "/*", "<![")) or raw.endswith(("-->", "]]>")):
        raw = _COMMENT.sub("", _COMMENT.sub("", raw)).strip()
    raw = raw.rstrip(";")
    for attempt in (raw, _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", raw)), html.unescape(raw)):
        try:
            yield json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
        return
    # Two objects in one script, or an object followed by rubbish.
    decoder = json.JSONDecoder(strict=False)
    at = raw.find("{")
    while 0 <= at < len(raw):
        try:
            value, end = decoder.raw_decode(raw, at)
        except (ValueError, RecursionError):
            return
        yield value
        at = raw.find("{", end)


def _walk(value: Any, limit: int) -> Iterator[dict[str, Any]]:
    queue = [value]
    while queue and limit > 0:
        item = queue.pop(0)
        if isinstance(item, list):
            queue[:0] = item[:limit]
        elif isinstance(item, dict):
            limit -= 1
            yield item
            queue.extend(inner for inner in item.values() if isinstance(inner, dict | list))


def types_of(item: dict[str, Any]) -> set[str]:
    """The schema.org types of an object, lower case, without their address."""
    return {str(kind).rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower() for kind in as_list(item.get("@type"))}


def articles_of(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The objects that describe an article, the likeliest first."""
    ranked = []
    for at, item in enumerate(objects):
        rank = min((_ARTICLE_RANK[kind] for kind in types_of(item) if kind in _ARTICLE_RANK), default=None)
        if rank is not None:
            fullness = sum(key in item for key in ("headline", "datePublished", "author", "articleBody"))
            ranked.append((rank, -fullness, at, item))
    ranked.sort(key=lambda entry: entry[:3])
    return [entry[3] for entry in ranked]


def as_list(value: Any) -> list[Any]:
    """A value that may be absent, single or many, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def text_value(value: Any) -> str | None:
    """A JSON value as one line of text; None where it is none."""
    if isinstance(value, list):
        return next((text for text in map(text_value, value) if text), None)
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    if not isinstance(value, str):
        return None
    return " ".join(html.unescape(html.unescape(value)).split()) or None


def name_of(value: Any, by_id: dict[str, dict[str, Any]] | None = None) -> tuple[str | None, set[str]]:
    """The name and the types of a person or organisation, given inline, as text or as `@id` reference."""
    if isinstance(value, str):
        return text_value(value), set()
    if not isinstance(value, dict):
        return None, set()
    if "name" not in value and by_id and isinstance(value.get("@id"), str):
        value = by_id.get(value["@id"], value)
    return text_value(value.get("name")), types_of(value)
