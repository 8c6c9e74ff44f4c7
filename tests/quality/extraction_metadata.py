"""Metadata on fundus' pages: titles, writers and publication times against what fundus' parsers give.

"title exact" allows for Unicode form, invisible marks (soft hyphen), white space, and the kind of quotes and dashes;
"title" compares words alone. The note counts the misses whose true title no reader of the page sees: it is a text for
social networks or search engines that the publisher's parser took, while ours is a heading of the page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

from tests.quality.ground_truth import TruePage, load_fundus, raw_page
from tests.quality.rows import Row, digest_of
from workers.extract.decode import decode
from workers.extract.model import Extraction
from workers.extract.page import extract_page
from workers.extract.parse import elements, parse, text_of
from workers.extract.title import letters_of

__all__ = ["compare", "measure"]


_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_TYPOGRAPHY = str.maketrans("‘’‚‛′`´“”„‟″«»‐‑‒–—―−", "'''''''" + '"' * 7 + "-------")


def _exact(text: str) -> str:
    """A title with one Unicode form, one kind of quote, dash and white space, and without invisible marks: no more."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_TYPOGRAPHY).split())


def _plain(text: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(re.sub(r"[^\w]+", " ", text.casefold()).split())


def _alike(a: str, b: str) -> bool:
    """Whether two titles say the same in nearly the same words, or one is the other cut short."""
    return (
        a == b
        or SequenceMatcher(None, a, b).ratio() >= 0.8
        or (min(len(a), len(b)) > 15 and (a in b or b in a))
    )


def compare(page: TruePage, found: Extraction) -> dict[str, object]:
    """What is right and wrong about one page's metadata."""
    true_names = {_plain(name) for name in page.authors}
    names = {_plain(name) for name in (*found.authors, *found.organisations)}
    headings = _headings(page)
    true_title, title = letters_of(page.title or ""), letters_of(found.title or "")
    facts: dict[str, object] = {
        "title exact": _exact(found.title or "") == _exact(page.title or ""),
        "truth unseen": true_title != title and true_title not in headings and title in headings,
        "title": _plain(found.title or "") == _plain(page.title or ""),
        "title alike": _alike(_plain(found.title or ""), _plain(page.title or "")),
        "names": (len(true_names & names), len(names), len(true_names)),
        "date": "none",
    }
    if page.published_at is not None and found.published_at is not None:
        is_right = found.published_at.replace(microsecond=0) == page.published_at.replace(microsecond=0)
        is_right_day = found.published_at.date() == page.published_at.date()
        facts["date"] = "time" if is_right else "day" if is_right_day else "wrong"
    return facts


def _headings(page: TruePage) -> set[str]:
    """The letters of every heading that the page shows, and of the last element in each: a kicker may stand before it."""
    root = parse(decode(page.html).text)
    assert root is not None
    shown = [
        element
        for heading in elements(root, "h1", "h2", "h3")
        for element in (heading, *list(elements(heading, "span", "div"))[-1:])
    ]
    return {letters_of(text_of(element)) for element in shown}


def _share(values: Iterable[object]) -> float:
    listed = [bool(value) for value in values]
    return sum(listed) / len(listed) if listed else 0.0


def measure(data_dir: Path) -> list[Row]:
    """Shares over pages; authors as micro-averaged precision and recall of names, people and organisations together."""
    pages = load_fundus(data_dir)
    facts = [compare(page, extract_page(raw_page(page.html, page.url, page.fetched_at))) for page in pages]
    right = sum(f["names"][0] for f in facts)  # type: ignore[index]
    precision = right / max(1, sum(f["names"][1] for f in facts))  # type: ignore[index]
    recall = right / max(1, sum(f["names"][2] for f in facts))  # type: ignore[index]
    figures = {
        "title exact": _share(f["title exact"] for f in facts),
        "title": _share(f["title"] for f in facts),
        "title alike": _share(f["title alike"] for f in facts),
        "author P": precision,
        "author R": recall,
        "author F1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "date right day": _share(f["date"] in ("time", "day") for f in facts),
        "date right second": _share(f["date"] == "time" for f in facts),
        "date wrong": _share(f["date"] == "wrong" for f in facts),
    }
    pinned = dict.fromkeys(
        (
            "title exact",
            "title",
            "title alike",
            "author F1",
            "date right day",
            "date right second",
            "date wrong",
        ),
        0.0,
    )
    return [
        Row(
            section="metadata",
            system="wiretrace",
            dataset="fundus",
            figures=figures,
            pinned=pinned,
            lower_is_better=frozenset({"date wrong"}),
            digest=digest_of((data_dir / "fundus").glob("*/*.*")),
            note=f"{sum(bool(f['truth unseen']) for f in facts)} true titles are no heading of their page, ours are",
        )
    ]
