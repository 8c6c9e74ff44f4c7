"""What two stories share, exactly, and what kind of pair that makes them.

Pure. Sets are exact (no estimate from signatures): shingles are computed anew from the stored words.

The rule (`kind_of`), first that fits:

| kind | when |
|---|---|
| not kept | the smaller story shares less than `KEEP_CONTAINMENT` of its shingles, or fewer than `MIN_SHARED` |
| `template` | short gaps between shared passages hold other numbers or names on both sides: at least 2, one in every 25 shared words, or at least 4, one in every 45; they are half of all such gaps, and at least .12 of what numbers and names both have. Same skeleton, other story. But where 75 are shared and other words are changed too (at most three quarters of the gaps are facts') or the gaps are few (one in 26 shared words) and not all facts', and at most .4 of the facts are changed, it is an update or a house style. Where letters have no case, or nouns have capitals, or everything: also 4 gaps of any kind with a replaced word for every 13 shared ones, and fewer facts kept than changed, or none |
| `quotation` | outside quotation marks the smaller story shares less than .3, and not nearly all (.9) of it is shared |
| `same_site` | one site, Jaccard below .7: a site's own series, updates and standing text |
| `copy` | Jaccard at least .1 and containment of the smaller at least .6, or .5 (outside quotation marks) with some 80 words shared; any Jaccard where .8 of the smaller, some 80 words, are shared; below 60 words only the same text, or, from 40 words on and across sites, a Jaccard of .8 with no other number or name |
| `shares_text` | what is left: both took some of the same wire text |
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from workers.dedupe.sketch import SHINGLE_WORDS, shingle_hashes
from workers.dedupe.words import HASH_MASK, NAME, NUMBER, QUOTED, Words, distinct

__all__ = [
    "MATCH_KINDS",
    "Measure",
    "Story",
    "comes_first",
    "kind_of",
    "may_be_template",
    "measure",
    "shared_count",
]

_Counts = TypeVar("_Counts", int, npt.NDArray[np.int64])

MATCH_KINDS: Final = ("copy", "shares_text", "same_site", "template", "quotation")

MIN_WORDS: Final = 60
"""Shorter texts are briefs: copies only when they are the same, an extraction of boilerplate alone looks like that, or
nearly the same across sites: what a site says of itself has its name in it."""
BRIEF_WORDS: Final = 40
BRIEF_JACCARD: Final = 0.8
MIN_SHARED: Final = 20
KEEP_CONTAINMENT: Final = 0.35
COPY_CONTAINMENT: Final = 0.6
LONG_COPY_CONTAINMENT: Final = 0.5
LONG_COPY_SHARED: Final = 75
"""Shingles of about 80 shared words: as much is no coincidence even where half of the text is new."""
COPY_JACCARD: Final = 0.1
WHOLE_CONTAINMENT: Final = 0.8
"""Of the smaller, with `LONG_COPY_SHARED`: a teaser or a story in a live blog, however long the larger text is."""
NEARLY_ALL: Final = 0.9
"""Containment at which a text is a copy whatever stands within quotation marks."""
SAME_SITE_JACCARD: Final = 0.7
UNQUOTED_CONTAINMENT: Final = 0.3

MAX_GAP_WORDS: Final = 12
FACT_GAP_SHARE: Final = 0.5
FACT_CHANGE_SHARE: Final = 0.12
FACT_GAP_RATES: Final = ((2, 25), (4, 45))
"""A template has at least so many gaps with other facts, and one in at most so many shared words: two are enough
where every second line of a short table differs, four where the skeleton is prose. The changed ones are
`FACT_CHANGE_SHARE` of all numbers and names that both have: an editor who turns weekdays into dates changes fewer."""
UPDATE_CHANGE_SHARE: Final = 0.4
UPDATE_GAP_SHARE: Final = 0.75
UPDATE_RATE: Final = 26
"""Where `LONG_COPY_SHARED` is shared, an update and a house style are told from a series: the changed facts are at most
this share of all facts, and their gaps at most this share of the gaps (whoever writes anew changes words too, a series
only fills in) or at most one in so many shared words, where one gap is not about facts: a law firm's notices about two
companies differ in nothing but facts, and in few."""
NO_CASE_RATE: Final = (4, 110)
"""As `FACT_GAP_RATES` where letters have no case, if fewer facts are kept than changed, or none: in scripts without spaces
every pair of neighbouring characters is a word, of which a Thai word has four."""
LEAST_GAPS: Final = 4
GAP_WORDS_SHARE: Final = 1 / 13
"""Where capitals do not tell names, so many gaps of any kind with at least this many replaced words for each shared one
are a template, if fewer facts are kept than changed, or none (editors keep the numbers), and, in a script that has capitals,
one is changed. Words, not gaps: a name is longer than an editor's synonym, in scripts without spaces above all."""

MAX_LONE_CAPITALS: Final = 0.13
"""Of the words of 120, those with a capital that stand alone: German .13 to .29 (5 % and all), English at most .12."""
MOST_CAPITALS: Final = 0.5
LEAST_CAPITALS: Final = 0.02

NO_CASE: Final = 0
ALL_CAPITALS: Final = 1
CAPITAL_NOUNS: Final = 2
CAPITAL_NAMES: Final = 3


def case_of(capitals: Any, in_runs: Any, words: Any) -> Any:
    """What capitals tell about names, in one story (int) or in each of many (int64).

    `CAPITAL_NAMES`: a capital that starts no sentence starts a name. `CAPITAL_NOUNS` (German, Luxembourgish): an
    editor's synonym would look like another name, so only words that stand beside another one count, such as first
    and last names. `ALL_CAPITALS`: nothing. `NO_CASE`: the script has none (Chinese, Arabic, Hindi), or names are rare.

    Args:
        capitals: words with a capital that start no sentence.
        in_runs: those that stand beside another one.
        words: all words.
    """
    are_lone_few = capitals - in_runs <= MAX_LONE_CAPITALS * words
    case = np.where(are_lone_few, CAPITAL_NAMES, CAPITAL_NOUNS)
    case = np.where(capitals > MOST_CAPITALS * words, ALL_CAPITALS, case)
    return np.where(capitals < LEAST_CAPITALS * words, NO_CASE, case)


def are_in_runs(is_name: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which of the set flags have a neighbour that is set."""
    has_neighbour = np.zeros(len(is_name), bool)
    has_neighbour[1:] = is_name[:-1]
    has_neighbour[:-1] |= is_name[1:]
    in_runs: npt.NDArray[np.bool_] = is_name & has_neighbour
    return in_runs


class Story:
    """A story's words with what is derived from them, computed once when first needed."""

    def __init__(self, words: Words) -> None:
        self.words = words

    @cached_property
    def shingles(self) -> npt.NDArray[np.uint32]:
        """In order, repeats included; uint32, shape (words-3,)."""
        return shingle_hashes(self.words)

    @cached_property
    def unique(self) -> npt.NDArray[np.uint32]:
        """Distinct, ascending; uint32."""
        return distinct(self.shingles)

    @cached_property
    def placed(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """Where each shingle stands, and the shingles, both in ascending order of the shingles."""
        order = np.argsort(self.shingles, kind="stable")
        return order, self.shingles[order]

    @cached_property
    def _is_inside(self) -> npt.NDArray[np.bool_]:
        is_quoted = (self.words & QUOTED) != 0
        count = len(self.shingles)
        if not is_quoted.any():
            return np.zeros(count, bool)
        inside = np.ones(count, bool)
        for offset in range(SHINGLE_WORDS):
            inside &= is_quoted[offset : offset + count]
        return inside

    @cached_property
    def case(self) -> int:
        """What capitals tell about names, see `case_of`."""
        is_name = (self.words & NAME) != 0
        in_runs = np.count_nonzero(are_in_runs(is_name))
        return int(case_of(np.count_nonzero(is_name), in_runs, len(self.words)))

    @cached_property
    def is_fact(self) -> npt.NDArray[np.bool_]:
        """Which words are numbers or names; bool, shape (words,)."""
        is_name = (self.words & NAME) != 0
        if self.case == CAPITAL_NOUNS:
            is_name = are_in_runs(is_name)
        elif self.case == ALL_CAPITALS:
            is_name[:] = False
        is_fact: npt.NDArray[np.bool_] = ((self.words & NUMBER) != 0) | is_name
        return is_fact

    @cached_property
    def facts_before(self) -> npt.NDArray[np.int64]:
        """How many numbers and names stand before each word; int64, shape (words+1,)."""
        counts = np.zeros(len(self.words) + 1, np.int64)
        np.cumsum(self.is_fact, out=counts[1:])
        return counts

    @cached_property
    def facts(self) -> npt.NDArray[np.uint32]:
        """Distinct numbers and names, ascending; uint32."""
        return distinct(self.words[self.is_fact] & HASH_MASK)

    def facts_within(self, start: int, end: int) -> set[int]:
        """The numbers and names among some of the words."""
        return set((self.words[start:end][self.is_fact[start:end]] & HASH_MASK).tolist())

    @cached_property
    def unquoted(self) -> npt.NDArray[np.uint32]:
        """Distinct shingles that do not lie wholly within quotation marks, ascending; uint32."""
        return distinct(self.shingles[~self._is_inside])


@dataclass(frozen=True, slots=True)
class Measure:
    """What stories a and b share.

    Attributes:
        shared: number of distinct shingles that both have.
        jaccard: shared / union.
        containment_a_in_b: share of a's shingles that b has.
        unquoted_containment: the same of the smaller story, outside quotation marks.
        longest_passage_words: length of the longest run of words that both have.
        gaps: short replacements between shared passages.
        gap_words: words that were replaced in them, the fewer of both sides each.
        fact_gaps: those of them in which both sides have numbers or names, and other ones.
        half_fact_gaps: those in which only one side has.
        case: what capitals tell about names, in the story where they tell less; see `case_of`.
        shared_facts: distinct numbers and names that both have; counted only where `may_be_template`.
        least_words: words of the shorter story.
    """

    shared: int
    jaccard: float
    containment_a_in_b: float
    containment_b_in_a: float
    unquoted_containment: float
    longest_passage_words: int
    gaps: int
    gap_words: int
    fact_gaps: int
    half_fact_gaps: int
    case: int
    shared_facts: int
    least_words: int

    @property
    def containment(self) -> float:
        """Of the smaller in the larger."""
        return max(self.containment_a_in_b, self.containment_b_in_a)

    def swapped(self) -> Measure:
        """The same with a and b exchanged."""
        return replace(
            self, containment_a_in_b=self.containment_b_in_a, containment_b_in_a=self.containment_a_in_b
        )


def shared_count(a: npt.NDArray[np.uint32], b: npt.NDArray[np.uint32]) -> int:
    """How many values two ascending arrays of distinct values share."""
    if not len(a) or not len(b):
        return 0
    places = np.searchsorted(b, a)
    places[places == len(b)] = 0
    return int(np.count_nonzero(b[places] == a))


def _passages(a: Story, b: Story) -> npt.NDArray[np.int64]:
    """Runs of words that both have: rows (start in a, start in b, words), ordered by start in a."""
    order, ascending = b.placed
    places = np.searchsorted(ascending, a.shingles)
    places[places == len(ascending)] = 0
    in_a = np.flatnonzero(ascending[places] == a.shingles)
    if not len(in_a):
        return np.empty((0, 3), np.int64)
    in_b = order[places[in_a]]
    is_start = np.empty(len(in_a), bool)
    is_start[0] = True
    np.not_equal(in_a[1:] - in_a[:-1] + (in_b[1:] - in_b[:-1] - 1) * len(a.words), 1, out=is_start[1:])
    starts = np.flatnonzero(is_start)
    passages = np.empty((len(starts), 3), np.int64)
    passages[:, 0], passages[:, 1] = in_a[starts], in_b[starts]
    passages[:-1, 2] = starts[1:] - starts[:-1]
    passages[-1, 2] = len(in_a) - starts[-1]
    passages[:, 2] += SHINGLE_WORDS - 1
    return passages


def _gaps(a: Story, b: Story, passages: npt.NDArray[np.int64]) -> tuple[int, int, int, int]:
    """Short replacements between passages: their number, their words, those in which both sides have numbers or names,
    and other ones, and those in which one side has."""
    if len(passages) < 2:
        return 0, 0, 0, 0
    from_a = passages[:-1, 0] + passages[:-1, 2]
    from_b = passages[:-1, 1] + passages[:-1, 2]
    to_a, to_b = passages[1:, 0], passages[1:, 1]
    size_a, size_b = to_a - from_a, to_b - from_b
    short = (size_a >= 1) & (size_a <= MAX_GAP_WORDS) & (size_b >= 1) & (size_b <= MAX_GAP_WORDS)
    places = np.flatnonzero(short)
    in_a = a.facts_before[to_a[places]] > a.facts_before[from_a[places]]
    in_b = b.facts_before[to_b[places]] > b.facts_before[from_b[places]]
    facts = 0
    for i in places[in_a & in_b].tolist():
        facts += a.facts_within(from_a[i], to_a[i]) != b.facts_within(from_b[i], to_b[i])
    words = int(np.minimum(size_a, size_b)[places].sum())
    return len(places), words, facts, int(np.count_nonzero(in_a != in_b))


def comes_first(a: Story, b: Story) -> bool:
    """Whether `a` is the text that passages are sought of, and `b` the one that they are sought in.

    The longer text is looked in; of two as long the contents decide. Measures so depend on the two texts alone.
    """
    if len(a.words) != len(b.words):
        return len(a.words) < len(b.words)
    return a.words.tobytes() <= b.words.tobytes()


def measure(a: Story, b: Story) -> Measure | None:
    """What two stories share; None where it is too little to be kept. `compare.measure_pairs` does the same for many pairs."""
    if not comes_first(a, b):
        swapped = measure(b, a)
        return swapped.swapped() if swapped else None
    shared = shared_count(a.unique, b.unique)
    size_a, size_b = len(a.unique), len(b.unique)
    if shared < MIN_SHARED or shared < KEEP_CONTAINMENT * min(size_a, size_b):
        return None
    if np.array_equal(a.words, b.words):
        longest, gaps, gap_words, fact_gaps, half_fact_gaps = len(a.words), 0, 0, 0, 0
    else:
        passages = _passages(a, b)
        longest = int(passages[:, 2].max())
        gaps, gap_words, fact_gaps, half_fact_gaps = _gaps(a, b, passages)
    case = min(a.case, b.case)
    smaller, larger = (a, b) if size_a <= size_b else (b, a)
    unquoted = shared_count(smaller.unquoted, larger.unique) / max(1, len(smaller.unquoted))
    return Measure(
        shared=shared,
        jaccard=shared / (size_a + size_b - shared),
        containment_a_in_b=shared / size_a,
        containment_b_in_a=shared / size_b,
        unquoted_containment=unquoted,
        longest_passage_words=longest,
        gaps=gaps,
        gap_words=gap_words,
        fact_gaps=fact_gaps,
        half_fact_gaps=half_fact_gaps,
        case=case,
        shared_facts=shared_count(a.facts, b.facts)
        if may_be_template(fact_gaps, gaps, gap_words, shared, case)
        else 0,
        least_words=min(len(a.words), len(b.words)),
    )


def may_be_template(
    fact_gaps: _Counts, gaps: _Counts, gap_words: _Counts, shared: _Counts, case: _Counts
) -> Any:
    """Whether gaps are as many as in a template, for one pair or for arrays of pairs."""
    is_dense = [(fact_gaps >= least) & (fact_gaps * words >= shared) for least, words in FACT_GAP_RATES]
    has_other_facts = (fact_gaps >= FACT_GAP_SHARE * gaps) & functools.reduce(operator.or_, is_dense)
    return has_other_facts | _has_other_words(fact_gaps, gaps, gap_words, shared, case)


def _has_other_words(
    fact_gaps: _Counts, gaps: _Counts, gap_words: _Counts, shared: _Counts, case: _Counts
) -> Any:
    """Whether gaps are as many as in a template where capitals do not tell names."""
    least, words = NO_CASE_RATE
    has_other_facts = (
        (fact_gaps >= least) & (fact_gaps >= FACT_GAP_SHARE * gaps) & (fact_gaps * words >= shared)
    )
    has_other_words = (gaps >= LEAST_GAPS) & (gap_words >= GAP_WORDS_SHARE * shared)
    return ((case == NO_CASE) & (has_other_facts | has_other_words)) | (
        (case < CAPITAL_NAMES) & (fact_gaps > 0) & has_other_words
    )


def _is_template(measured: Measure) -> bool:
    gaps, changed, shared = measured.gaps, measured.fact_gaps, measured.shared
    facts = changed + measured.shared_facts
    keeps_fewer = measured.shared_facts == 0 or measured.shared_facts < changed
    if keeps_fewer and _has_other_words(changed, gaps, measured.gap_words, shared, measured.case):
        return True
    if not changed or changed < FACT_GAP_SHARE * gaps or changed < FACT_CHANGE_SHARE * facts:
        return False
    if not any(changed >= least and changed * words >= shared for least, words in FACT_GAP_RATES):
        return False
    is_update = (
        measured.containment >= LONG_COPY_CONTAINMENT
        and shared >= LONG_COPY_SHARED
        and changed <= UPDATE_CHANGE_SHARE * facts
        and (changed <= UPDATE_GAP_SHARE * gaps or (changed < gaps and changed * UPDATE_RATE <= shared))
    )
    return not is_update


def kind_of(measured: Measure, *, is_same_site: bool) -> str:
    """The kind of a pair, one of `MATCH_KINDS`."""
    if _is_template(measured):
        return "template"
    if measured.unquoted_containment < UNQUOTED_CONTAINMENT and measured.containment < NEARLY_ALL:
        return "quotation"
    if is_same_site and measured.jaccard < SAME_SITE_JACCARD:
        return "same_site"
    return "copy" if _is_copy(measured, is_same_site=is_same_site) else "shares_text"


def _is_copy(measured: Measure, *, is_same_site: bool) -> bool:
    if measured.least_words < MIN_WORDS:
        is_nearly_the_same = (
            measured.jaccard >= BRIEF_JACCARD and not measured.fact_gaps + measured.half_fact_gaps
        )
        return measured.jaccard == 1.0 or (
            is_nearly_the_same and measured.least_words >= BRIEF_WORDS and not is_same_site
        )
    is_long = measured.shared >= LONG_COPY_SHARED
    if measured.jaccard < COPY_JACCARD:
        return is_long and measured.containment >= WHOLE_CONTAINMENT
    return measured.containment >= COPY_CONTAINMENT or (
        is_long and measured.unquoted_containment >= LONG_COPY_CONTAINMENT
    )
