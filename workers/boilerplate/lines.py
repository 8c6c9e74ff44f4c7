"""Keys of lines and pages, and which of a site's pages are near copies of each other. Pure.

A line that a site repeats is known by its key: case, punctuation and digits do not matter, so that
"5 Mins Read" and "12 mins read" are one line. A page is known by a small sketch of its words, so that a story that a
site runs twice, or updates, is told from a line that the site puts under every story.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xxhash import xxh3_64_intdigest

from workers.dedupe.words import packed_words

__all__ = [
    "NEAR_COPY",
    "NO_TEXT",
    "PROSE_NEEDS",
    "SCRAP_NEEDS",
    "SENTENCE_NEEDS",
    "SKETCH_SIZE",
    "PageSketch",
    "StoryLine",
    "common_shingles",
    "group_stories",
    "is_near_copy",
    "line_key",
    "page_key",
    "read_lines",
    "sketch_page",
    "stories_needed",
]

SKETCH_SIZE: Final = 64
"""Shingles kept of a page. The error of the estimated overlap is about 1 / sqrt(64) = .12, one standard deviation,
and what is told apart (.1 for other stories, .9 for a second run) lies far to both sides of `NEAR_COPY`."""
NEAR_COPY: Final = 0.6
"""Two pages that share more of the smaller one's shingles than this are one story, run twice or updated."""
_SHINGLE_WORDS: Final = 3
_COMMON_PAGES: Final = 6
_COMMON_SHARE: Final = 0.3
"""A shingle on this share of a site's recent pages, of which at least `_COMMON_PAGES` are known, is common. Without this,
pages that are mostly the site's own text would all be near copies of each other, and nothing would be learnt of them."""
_OWN_SHARE: Final = 0.15

SCRAP_NEEDS: Final = 2
"""Stories that must have a scrap (a heading, a label, a teaser) for it to be the site's. Two are enough, since versions
of one story count once; it makes the third page of a site nearly as clean as the twentieth."""
SENTENCE_NEEDS: Final = 3
"""The same for a short sentence, which a quotation is as often as a notice."""
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


NO_TEXT: Final = PageSketch(shingles=(), size=0)
"""The sketch of a page without a story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """A line of a story as it leaves extraction.

    Attributes:
        key: by which the line is known again on its site; None where it has no letter and no digit.
        words: by which its copies are found; see `workers.dedupe.words.packed_words`.
    """

    text: str
    key: int | None
    words: bytes


def _hash(text: str) -> int:
    """xxh3 of a text as a signed 64-bit number, which is Postgres' bigint."""
    return xxh3_64_intdigest(text.encode("utf-8", "replace")) - 2**63


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


def stories_needed(line: str) -> int:
    """How many stories must have `line` for it to be the site's and not a story's.

    >>> stories_needed("Related stories"), stories_needed("We are ready."), stories_needed("Rain fell on the town. " * 5)
    (2, 3, 4)
    """
    if not _SENTENCE_END.search(line.rstrip()):
        return SCRAP_NEEDS
    is_long = len(line.split()) >= _PROSE_WORDS or (
        len(line) >= _PROSE_CHARS and line.count(" ") * 12 < len(line)
    )
    return PROSE_NEEDS if is_long else SENTENCE_NEEDS


def read_lines(texts: Sequence[str]) -> tuple[StoryLine, ...]:
    """The lines of a story with what is computed of each alone.

    >>> [line.text for line in read_lines(["Rain fell.", "—"]) if line.key is None]
    ['—']
    """
    return tuple(
        StoryLine(text=text, key=line_key(text), words=words)
        for text, words in zip(texts, packed_words(texts), strict=True)
    )


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


def is_near_copy(a: PageSketch, b: PageSketch, common: frozenset[int] = frozenset()) -> bool:
    """Whether two pages tell one story, by the estimated containment of the smaller page in the larger.

    Args:
        common: shingles that are left out of account, since they are on many pages of the site.

    Source: Broder, "On the resemblance and containment of documents" (1997), for the bottom-k estimate of Jaccard;
    containment = J (|A| + |B|) / ((1 + J) min(|A|, |B|)).
    """
    ours, theirs = set(a.shingles) - common, set(b.shingles) - common
    if not ours or not theirs:
        return True
    union = sorted(ours | theirs)[: max(len(ours), len(theirs))]
    both = ours & theirs
    jaccard = sum(1 for value in union if value in both) / len(union)
    # The sizes are scaled by what is left of the sketches.
    size_a, size_b = a.size * len(ours) / len(a.shingles), b.size * len(theirs) / len(b.shingles)
    return jaccard * (size_a + size_b) / ((1.0 + jaccard) * min(size_a, size_b)) > NEAR_COPY


def common_shingles(pages: Iterable[PageSketch]) -> frozenset[int]:
    """Shingles that stand on a good part of a site's recent pages; none where too few pages are known."""
    known = list(pages)
    if len(known) < _COMMON_PAGES:
        return frozenset()
    counts = Counter(value for page in known for value in page.shingles)
    least = max(3.0, _COMMON_SHARE * len(known))
    return frozenset(value for value, count in counts.items() if count >= least)


def group_stories(
    keys: Iterable[int],
    pages: Mapping[int, PageSketch],
    common: frozenset[int],
    near: dict[tuple[int, int], bool],
) -> list[list[int]]:
    """Pages grouped into stories: near copies, and near copies of near copies, are one.

    So a story that is updated again and again is one story, though its last version may share little with the first.
    Pages that have next to nothing but common text tell no story of their own; they are left out, and are one story
    where there is no other page. The groups do not depend on the order of the keys.

    Args:
        pages: the pages' sketches; a page that has none (forgotten since) stands alone.
        common: `common_shingles` of the site.
        near: what was found of pairs before, smaller key first; added to.
    """
    ordered = sorted(keys)
    telling = [key for key in ordered if key not in pages or _has_own_text(pages[key], common)]
    groups: list[list[int]] = []
    for key in telling:
        joined = [
            group for group in groups if any(_is_near(key, other, pages, common, near) for other in group)
        ]
        groups = [group for group in groups if group not in joined]
        groups.append(sorted([key, *(other for group in joined for other in group)]))
    return groups or [ordered]


def _has_own_text(page: PageSketch, common: frozenset[int]) -> bool:
    own = sum(1 for value in page.shingles if value not in common)
    return own >= _OWN_SHARE * max(1, len(page.shingles))


def _is_near(
    a: int, b: int, pages: Mapping[int, PageSketch], common: frozenset[int], near: dict[tuple[int, int], bool]
) -> bool:
    pair = (a, b) if a < b else (b, a)
    if pair not in near:
        near[pair] = a in pages and b in pages and is_near_copy(pages[a], pages[b], common)
    return near[pair]
