"""When a page says it was published, and how far that can be trusted.

A cascade, best source first: JSON-LD, `<meta>`, the `<time>` element, a dated line beside the headline, the URL,
and last htmldate. A page that states a day only, or a time without a zone, says so in the certainty.

Source: ISO 8601, RFC 2822; schema.org datePublished; Open Graph article:published_time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final, NamedTuple

from htmldate import find_date
from lxml.html import HtmlElement

from workers.extract.jsonld import as_list, text_value
from workers.extract.model import Certainty
from workers.extract.parse import elements, text_of
from workers.extract.written_dates import MONTHS, ZONES, made, written_date

__all__ = ["Dated", "modified_date", "parse_date", "published_date"]

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_CLOCK_SKEW: Final = timedelta(days=2)

_META_PUBLISHED: Final = (
    "article:published_time", "og:article:published_time", "article:published", "og:published_time", "datepublished",
    "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.created", "dcterms.issued", "dcterms.date", "dc.date",
    "dc.date.created", "publish-date", "publish_date", "published_time", "published-date", "publishdate", "pubdate", "pub_date",
    "publication_date", "publication-date", "article.published", "article_date_original", "articlepublishdate", "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime", "iso-8601-publish-date", "ptime", "displaydate", "rnews:datepublished", "originalpublicationdate",
    "article:post_date", "nrkpublished", "release_date", "date", "created", "citation_publication_date", "citation_date", "vr:published_time",
    "buildtime", "firstpublished", "article:created", "og:pubdate", "last-published",
)  # fmt: skip
_META_MODIFIED: Final = (
    "article:modified_time", "og:updated_time", "article:updated_time", "og:article:modified_time", "datemodified", "lastmod", "last-modified",
    "dcterms.modified", "dc.date.modified", "article:modified", "updated_time", "revised", "lastupdate",
)  # fmt: skip

_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?",
    re.I,
)
_JS_DATE: Final = re.compile(
    r"^\w{3} (\w{3}) (\d{1,2}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (?:GMT|UTC)([+-]\d{4})"
)
_JAVA_DATE: Final = re.compile(
    r"^\w{3} (\w{3}) (\d{1,2}) (\d\d):(\d\d):(\d\d) ([A-Z]{1,5}|[+-]\d{4}) (\d{4})$"
)
_COMPACT: Final = re.compile(
    r"((?:19|20)\d\d)([01]\d)([0-3]\d)(?:T?([0-2]\d)([0-5]\d)([0-5]\d)?(Z|[+-]\d\d:?\d\d)?)?$"
)
_URL: Final = re.compile(
    r"[/\-_.]((?:19|20)\d\d)[/\-_.]?(0[1-9]|1[0-2])[/\-_.]?(0[1-9]|[12]\d|3[01])(?=[/\-_.]|$|\D)"
)


class Dated(NamedTuple):
    """A time, where it was found and how certain it is."""

    at: datetime
    source: str
    certainty: Certainty


def _offset(text: str) -> timedelta:
    if text.upper() in ("Z", "UTC", "GMT"):
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    amount = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return -amount if text[0] == "-" else amount


def parse_date(
    value: object, *, language: str | None = None, month_first: bool = False
) -> tuple[datetime, Certainty] | None:
    """A machine's or a writer's date as an aware time in UTC, with its certainty; None if it is none.

    Args:
        value: text or a number of seconds or milliseconds; language and month_first as for `written_date`.

    >>> parse_date("2024-02-08T10:30:00-05:00")
    (datetime.datetime(2024, 2, 8, 15, 30, tzinfo=datetime.timezone.utc), 'exact')
    >>> parse_date("February 8, 2024")
    (datetime.datetime(2024, 2, 8, 0, 0, tzinfo=datetime.timezone.utc), 'date_only')
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        value = str(int(value)) if abs(value) < 1e15 else ""
    if not isinstance(value, str):
        return None
    text = " ".join(value.replace("\u200b", "").split())[:120]
    if not text:
        return None
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return datetime.fromtimestamp(int(text[:10]), UTC), "exact"
    if found := _ISO.match(text):
        return _of_iso(found)
    if found := _JS_DATE.match(text):
        month = MONTHS.get(found[1].lower())
        at = month and made(
            int(found[3]), month, int(found[2]), int(found[4]), int(found[5]), int(found[6] or 0)
        )
        return (at - _offset(found[7]), "exact") if at else None
    if found := _JAVA_DATE.match(text):
        return _of_java(found)
    if found := _COMPACT.match(text):
        at = made(
            int(found[1]),
            int(found[2]),
            int(found[3]),
            int(found[4] or 0),
            int(found[5] or 0),
            int(found[6] or 0),
        )
        if at is None:
            return None
        if found[4] is None:
            return at, "date_only"
        return (at - _offset(found[7]), "exact") if found[7] else (at, "no_zone")
    if re.match(r"[A-Z][a-z]{2},? \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d", text):
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
        return (at.replace(tzinfo=UTC), "no_zone") if at.tzinfo is None else (at.astimezone(UTC), "exact")
    return written_date(text, language=language, month_first=month_first)


def _of_java(found: re.Match[str]) -> tuple[datetime, Certainty] | None:
    """Java's Date.toString: "Fri Apr 28 19:20:36 CEST 2023"."""
    name, day, hour, minute, second, zone, year = found.groups()
    month = MONTHS.get(name.lower())
    at = made(int(year), month, int(day), int(hour), int(minute), int(second)) if month else None
    if at is None:
        return None
    if zone[0] in "+-":
        return at - _offset(zone), "exact"
    hours = ZONES.get(zone.lower())
    return (at, "no_zone") if hours is None else (at - timedelta(hours=hours), "exact")


def _of_iso(found: re.Match[str]) -> tuple[datetime, Certainty] | None:
    year, month, day, hour, minute, second, _, zone = found.groups()
    at = made(
        int(year),
        int(month),
        int(day),
        min(int(hour or 0), 24) % 24,
        int(minute or 0),
        min(int(second or 0), 59),
    )
    if at is None:
        return None
    if hour is None:
        return at, "date_only"
    return (at - _offset(zone), "exact") if zone else (at, "no_zone")


Reader = Callable[[object], "tuple[datetime, Certainty] | None"]


def _dated(values: Iterable[tuple[object, str]], latest: datetime, read: Reader = parse_date) -> Dated | None:
    """The first value that is a date in bounds; a later value of the same day that is more exact is preferred."""
    best: Dated | None = None
    for value, source in values:
        parsed = read(value)
        if parsed is None or not EARLIEST <= parsed[0] <= latest:
            continue
        if parsed[1] == "exact":
            if best is None or abs(parsed[0] - best.at) < timedelta(hours=36):
                return Dated(parsed[0], source, "exact")
            return best
        if best is None or (
            best.certainty == "date_only" and parsed[1] == "no_zone" and parsed[0].date() == best.at.date()
        ):
            best = Dated(parsed[0], source, parsed[1])
    return best


def _stated(articles: list[dict[str, Any]], key: str) -> Iterator[tuple[object, str]]:
    for item in articles[:3]:
        for value in as_list(item.get(key)):
            yield (text_value(value) if not isinstance(value, int | float) else value), f"json-ld {key}"


def published_date(
    root: HtmlElement,
    metas: dict[str, list[str]],
    articles: list[dict[str, Any]],
    *,
    url: str,
    latest: datetime,
    headline: HtmlElement | None = None,
    lines: Sequence[str] = (),
    locale: str | None = None,
) -> Dated | None:
    """When the page says it was published.

    Args:
        metas: `name` or `property` in lower case to contents, in document order.
        articles: JSON-LD objects of the article, likeliest first.
        latest: no page can have been published after this; a small clock skew is allowed.
        headline: the element of the title, if one was found.
        lines: the short lines around the story, likeliest first; read where nothing else says a date.
        locale: what the page says of its language, as in "en-US"; those write the month first.
    """
    latest = latest + _CLOCK_SKEW
    locale = (locale or "").lower().replace("_", "-")
    read = partial(parse_date, language=locale[:2] or None, month_first=locale == "en-us")

    def stated() -> Iterator[tuple[object, str]]:
        yield from _stated(articles, "datePublished")
        for name in _META_PUBLISHED:
            for content in metas.get(name, ()):
                yield content, f"meta {name}"
        for element in root.xpath("//*[@itemprop='datePublished' or @property='datePublished']"):
            yield (
                element.get("content") or element.get("datetime") or text_of(element),
                "itemprop datePublished",
            )
        yield from _stated(articles, "dateCreated")
        yield from _stated(articles, "uploadDate")

    return (
        _dated(stated(), latest, read)
        or _dated(_times(root), latest, read)
        or _dated(_beside(headline), latest, read)
        or _dated(((line, "dateline near the story") for line in lines), latest, read)
        or _of_url(url, latest)
        or _guessed(root, url, latest)
    )


def _times(root: HtmlElement) -> Iterator[tuple[object, str]]:
    """The `<time>` elements that belong to the story: those marked as published, then the first of the page."""
    others: list[tuple[object, str]] = []
    for element in list(elements(root, "time", "relative-time"))[:40]:
        marks = f"{element.get('class')} {element.get('itemprop')} {element.get('id')}".lower()
        value = element.get("datetime") or element.get("content") or text_of(element)
        if re.search(r"modif|updat|dcterms.modified", marks):
            continue
        if "pubdate" in element.attrib or re.search(
            r"publish|entry-date|post-date|article.?date|byline|created", marks
        ):
            yield value, "time element"
        elif not _is_teaser(element):
            others.append((value, "time element"))
    yield from others[:2]


def _is_teaser(element: HtmlElement) -> bool:
    for parent in element.iterancestors():
        if parent.tag in ("aside", "nav", "footer", "li", "a"):
            return True
        marks = f"{parent.get('class')} {parent.get('id')}".lower()
        if re.search(r"related|teaser|sidebar|widget|trending|popular|recommend|comment", marks):
            return True
    return False


def _beside(headline: HtmlElement | None) -> Iterator[tuple[object, str]]:
    """Short texts with a date in the blocks around the headline."""
    node = headline
    for _ in range(4):
        node = node.getparent() if node is not None else None
        if node is None or node.tag in ("body", "html"):
            return
        seen = 0
        for element in node.iter("span", "div", "p", "small", "li", "em", "a", "time", "td"):
            seen += 1
            if seen > 150:
                break
            if len(element) > 3:
                continue
            text = text_of(element) if len(element) else " ".join((element.text or "").split())
            if 6 <= len(text) <= 90 and any(char.isdigit() for char in text) and not _is_teaser(element):
                yield text, "dateline beside the headline"


def _of_url(url: str, latest: datetime) -> Dated | None:
    found = _URL.search(url)
    at = made(int(found[1]), int(found[2]), int(found[3])) if found else None
    return Dated(at, "url", "date_only") if at and EARLIEST <= at <= latest else None


def _guessed(root: HtmlElement, url: str, latest: datetime) -> Dated | None:
    try:
        day = find_date(
            root,
            extensive_search=False,
            original_date=True,
            url=url,
            outputformat="%Y-%m-%d",
            min_date=EARLIEST,
            max_date=latest,
        )
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    parsed = parse_date(day) if day else None
    return Dated(parsed[0], "htmldate", "guessed") if parsed else None


def modified_date(
    metas: dict[str, list[str]],
    articles: list[dict[str, Any]],
    *,
    latest: datetime,
    published: datetime | None,
) -> datetime | None:
    """When the page says it was last changed; None where it says nothing, or something before its publication."""
    values = [*_stated(articles, "dateModified")]
    values += [(content, name) for name in _META_MODIFIED for content in metas.get(name, ())]
    found = _dated(values, latest + _CLOCK_SKEW)
    if found is None or (published is not None and found.at < published - timedelta(days=1)):
        return None
    return found.at
