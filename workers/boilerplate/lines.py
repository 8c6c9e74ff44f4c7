"""Keys of lines and pages, and which of a site's pages are near copies of each other. Pure.

A line that a site repeats is known by its key: case, punctuation and digits do not matter, so that
"5 Mins Read" and "12 mins read" are one line. A page is known by a small sketch of its words, so that a story that a
site runs twice, or updates, is told from a line that the site puts under every story.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

__all__ = [
    "NEAR_COPY",
    "PROSE_NEEDS",
    "SCRAP_NEEDS",
    "SKETCH_SIZE",
    "PageSketch",
    "articles_needed",
    "count_stories",
    "is_near_copy",
    "line_key",
    "page_key",
    "sketch_page",
]

SKETCH_SIZE: Final = 64
"""Shingles kept of a page. The error of the estimated overlap is about 1 / sqrt(64) = .12, one standard deviation,
and what is told apart (.1 for other stories, .9 for a second run) lies far to both sides of `NEAR_COPY`."""
NEAR_COPY: Final = 0.6
"""Two pages that share more of the smaller one's shingles than this are one story, run twice or updated."""
_SHINGLE_WORDS: Final = 3

SCRAP_NEEDS: Final = 2
"""Articles that must have a scrap (a heading, a label, a teaser) for it to be the site's. Two are enough, since no two
of them may be near copies; it makes the third page of a site nearly as clean as the twentieth."""
PROSE_NEEDS: Final = 4
"""The same for a paragraph of prose: two or three stories on one matter share a paragraph of background more often than
a site puts one under its stories."""
_PROSE_WORDS: Final = 20
_PROSE_CHARS: Final = 60
_SENTENCE_END: Final = re.compile(r"[.!?…。！？।؟][\"'”’»)\]」]*$")

_DIGITS: Final = re.compile(r"\d+")
_DATE_WORDS: Final = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|january|february|march|april|june|july|august|september|"
    r"october|november|december|januar|februar|märz|mai|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|"
    r"agosto|septiembre|octubre|noviembre|diciembre|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|"
    r"décembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|janeiro|fevereiro|março|maio|junho|"
    r"julho|setembro|outubro|novembro|dezembro|januari|februari|maart|mei|augustus|"
    r"mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|"
    r"freitag|samstag|sonntag|lunes|martes|miércoles|jueves|viernes|sábado|domingo|lundi|mardi|mercredi|jeudi|vendredi|samedi|"
    r"dimanche|am|pm|minutes?|mins?|hours?|days?|seconds?|stunden?|minuten|tagen?)\b"
)
_DATED_CHARS: Final = 80
"""Only lines as short as this are read as perhaps a date: "Updated Monday, 3 June, 10 minutes ago"."""
_NOT_WORD: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSketch:
    """A bottom-k sketch of a page's text.

    Attributes:
        shingles: the `SKETCH_SIZE` smallest hashes, ascending, signed 64-bit.
        size: number of different shingles of the page.
    """

    shingles: tuple[int, ...]
    size: int


def _hash(text: str) -> int:
    return int.from_bytes(
        blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True
    )


def line_key(line: str) -> int | None:
    """The key of a line, signed 64-bit; None where the line has no letter and no digit.

    >>> line_key("5 Mins Read") == line_key("12 mins read.")
    True
    >>> line_key("Updated Monday, 3 June 2024") == line_key("Updated Friday, 17 May 2024")
    True
    >>> line_key("—") is None
    True
    """
    text = _DIGITS.sub("0", line.casefold())
    if "0" in text and len(text) <= _DATED_CHARS:
        text = _DATE_WORDS.sub("0", text)
    text = _NOT_WORD.sub(" ", text).strip()
    return _hash(text) if text else None


def articles_needed(line: str) -> int:
    """How many articles must have `line`, no two of them near copies, for it to be the site's and not a story's.

    >>> articles_needed("Related stories"), articles_needed("Rain fell on the harbour and the town. " * 5)
    (2, 4)
    """
    is_long = len(line.split()) >= _PROSE_WORDS or (
        len(line) >= _PROSE_CHARS and line.count(" ") * 12 < len(line)
    )
    return PROSE_NEEDS if is_long and _SENTENCE_END.search(line.rstrip()) else SCRAP_NEEDS


def page_key(url_key: str) -> int:
    """The key of an article within its site, signed 64-bit."""
    return _hash(url_key)


def sketch_page(lines: Iterable[str]) -> PageSketch:
    """The sketch of a page's text; word 3-shingles, single characters where words are not parted by blanks."""
    words = _NOT_WORD.sub(" ", " ".join(lines).casefold()).split()
    if words and sum(map(len, words)) > 12 * len(words):
        words = list("".join(words))
    shingles = {
        " ".join(words[i : i + _SHINGLE_WORDS]) for i in range(max(1, len(words) - _SHINGLE_WORDS + 1))
    }
    hashes = sorted({_hash(shingle) for shingle in shingles if shingle})
    return PageSketch(shingles=tuple(hashes[:SKETCH_SIZE]), size=len(hashes))


def is_near_copy(a: PageSketch, b: PageSketch) -> bool:
    """Whether two pages tell one story, by the estimated containment of the smaller page in the larger.

    Source: Broder, "On the resemblance and containment of documents" (1997), for the bottom-k estimate of Jaccard;
    containment = J (|A| + |B|) / ((1 + J) min(|A|, |B|)).
    """
    if not a.size or not b.size:
        return True
    union = sorted({*a.shingles, *b.shingles})[:SKETCH_SIZE]
    both = set(a.shingles) & set(b.shingles)
    jaccard = sum(1 for value in union if value in both) / len(union)
    containment = jaccard * (a.size + b.size) / ((1.0 + jaccard) * min(a.size, b.size))
    return containment > NEAR_COPY


def count_stories(keys: Sequence[int], pages: Mapping[int, PageSketch], enough: int) -> list[int]:
    """Keys of pages that are no near copies of each other, at most `enough` of them.

    The pages are looked at in the order of their keys, so that the order in which they came does not matter.
    Pages that are not in `pages` (forgotten since) count as stories of their own.
    """
    chosen: list[int] = []
    for key in sorted(keys):
        sketch = pages.get(key)
        if sketch is None or not any(
            other in pages and is_near_copy(sketch, pages[other]) for other in chosen
        ):
            chosen.append(key)
            if len(chosen) >= enough:
                break
    return chosen
