"""Many pairs measured at once: the values of `verify.measure`, many times as fast.

Pure. A call of numpy costs as much as some hundred words, so nothing here is done pair by pair but the look-up itself:
the texts of a pass stand one behind the other in one array, the shingles of the text that is looked in are put in a
table by their lower 16 bits, and those of all its partners are looked up in one go. A test proves that every value
equals that of `verify.measure`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from workers.dedupe.sketch import SHINGLE_WORDS, shingle_hashes
from workers.dedupe.stretches import begins, first_of_stretches, ranges, sort_stretches, sums
from workers.dedupe.verify import (
    ALL_CAPITALS,
    CAPITAL_NOUNS,
    KEEP_CONTAINMENT,
    MAX_GAP_WORDS,
    MAX_LONE_CAPITALS,
    MIN_SHARED,
    Measure,
    Story,
    case_of,
    comes_first,
    may_be_template,
)
from workers.dedupe.words import HASH_MASK, NAME, NUMBER, QUOTED, Words

__all__ = ["measure_pairs"]

_SLOTS: Final = 1 << 16
_PASS_WORDS: Final = 1 << 20
"""Words looked up in one pass: bounds the memory, about 100 bytes each."""

Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_Pair = tuple[int, Story, Story, bool]
"""Place in the caller's list, text that is looked for, text that is looked in, whether the caller named it first."""


def measure_pairs(pairs: Sequence[tuple[Story, Story]]) -> list[Measure | None]:
    """`verify.measure` of each pair."""
    found: list[Measure | None] = [None] * len(pairs)
    groups: dict[int, list[_Pair]] = {}
    for place, (one, other) in enumerate(pairs):
        if comes_first(one, other):
            groups.setdefault(id(other), []).append((place, one, other, False))
        else:
            groups.setdefault(id(one), []).append((place, other, one, True))
    for part in _passes(groups.values()):
        for (place, _, _, _), measured in zip(part, _measured(part), strict=True):
            found[place] = measured
    return found


def _passes(groups: Iterable[list[_Pair]]) -> Iterator[list[_Pair]]:
    """The pairs in portions; those that are looked up in one text are neighbours."""
    part: list[_Pair] = []
    size = 0
    for group in groups:
        for pair in group:
            part.append(pair)
            size += len(pair[1].words)
            if size >= _PASS_WORDS:
                yield part
                part, size = [], 0
    if part:
        yield part


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """Distinct stories one behind the other.

    Attributes:
        words: uint32, shape (words,).
        word_starts, shingle_starts: int64, shape (stories,): where each begins among the words and the shingles.
        word_counts, shingle_counts: int64, shape (stories,).
        shingles: uint32, shape (shingles,), in order, repeats included.
        is_first: bool, shape (shingles,): the shingle stands here for the first time in its story.
        is_unquoted: bool, shape (shingles,): it also stands, here or elsewhere, not wholly within quotation marks.
        sizes, unquoted_sizes: int64, shape (stories,): distinct shingles; those of them that are unquoted.
    """

    words: Words
    word_starts: Int64s
    word_counts: Int64s
    shingles: UInt32s
    shingle_starts: Int64s
    shingle_counts: Int64s
    is_first: Bools
    is_unquoted: Bools
    sizes: Int64s
    unquoted_sizes: Int64s


def _texts(stories: Sequence[Words]) -> _Texts:
    words = np.concatenate(stories)
    word_counts = np.fromiter(map(len, stories), np.int64, len(stories))
    shingle_counts = np.maximum(0, word_counts - SHINGLE_WORDS + 1)
    word_starts, shingle_starts = begins(word_counts), begins(shingle_counts)
    places = ranges(word_starts, shingle_counts)
    shingles = shingle_hashes(words)[places]
    # Shingle and place in one number: sorted, the first of its like is where a shingle stands first.
    tagged = shingles.astype(np.uint64) << np.uint64(32) | np.arange(len(shingles), dtype=np.uint64)
    tagged = sort_stretches(tagged, shingle_counts)
    at = (tagged & np.uint64(0xFFFFFFFF)).astype(np.int64)
    is_new = first_of_stretches(tagged >> np.uint64(32), shingle_counts)
    is_first = np.zeros(len(shingles), bool)
    is_first[at[is_new]] = True
    is_unquoted = ~_is_inside(words, places)
    if len(at) and not is_unquoted.all():
        is_unquoted[at] = np.repeat(
            np.logical_or.reduceat(is_unquoted[at], np.flatnonzero(is_new)),
            np.diff(np.flatnonzero(is_new), append=len(at)),
        )
    return _Texts(
        words=words,
        word_starts=word_starts,
        word_counts=word_counts,
        shingles=shingles,
        shingle_starts=shingle_starts,
        shingle_counts=shingle_counts,
        is_first=is_first,
        is_unquoted=is_unquoted,
        sizes=sums(is_first, shingle_counts),
        unquoted_sizes=sums(is_first & is_unquoted, shingle_counts),
    )


def _is_inside(words: Words, places: Int64s) -> Bools:
    """Whether the shingle at each place lies wholly within quotation marks."""
    is_quoted = (words & QUOTED) != 0
    if not is_quoted.any():
        return np.zeros(len(places), bool)
    count = max(0, len(words) - SHINGLE_WORDS + 1)
    inside = is_quoted[:count].copy()
    for offset in range(1, SHINGLE_WORDS):
        inside &= is_quoted[offset : offset + count]
    found: Bools = inside[places]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Pairs of a pass: the shingles of each one's first text, and where the second has them.

    Attributes:
        a, b: int64, shape (pairs,): stories of `_Texts`; those with the same b are neighbours.
        counts: int64, shape (pairs,): shingles of each a.
        at: int64, shape (all shingles of all a,): places in `_Texts.shingles`.
        is_hit: bool, same shape: whether b has the shingle.
        in_b: int64, same shape: place in `_Texts.shingles` where b has it first; anything where it has not.
    """

    a: Int64s
    b: Int64s
    counts: Int64s
    at: Int64s
    is_hit: Bools
    in_b: Int64s

    def only(self, is_kept: Bools) -> _Pairs:
        """Some of the pairs."""
        mask = np.repeat(is_kept, self.counts)
        return _Pairs(
            a=self.a[is_kept],
            b=self.b[is_kept],
            counts=self.counts[is_kept],
            at=self.at[mask],
            is_hit=self.is_hit[mask],
            in_b=self.in_b[mask],
        )


def _looked_up(texts: _Texts, a: Int64s, b: Int64s) -> _Pairs:
    counts = texts.shingle_counts[a]
    at = ranges(texts.shingle_starts[a], counts)
    sought = texts.shingles[at]
    mask = np.uint32(_SLOTS - 1)
    slots = (sought & mask).astype(np.int64)
    in_b = np.empty(len(at), np.int64)
    table = np.zeros(_SLOTS, np.int32)
    ends = np.cumsum(counts)
    starts = np.flatnonzero(np.diff(b, prepend=-1))
    for first, last in zip(starts.tolist(), [*(starts[1:] - 1).tolist(), len(b) - 1], strict=True):
        here = slice(int(ends[first] - counts[first]), int(ends[last]))
        start, count = int(texts.shingle_starts[b[first]]), int(texts.shingle_counts[b[first]])
        own = texts.shingles[start : start + count]
        own_slots = (own & mask).astype(np.int64)
        # Backwards: of those in one slot the first stays.
        table[own_slots[::-1]] = np.arange(count - 1, -1, -1, dtype=np.int32)
        in_b[here] = table[slots[here]] + start
        # The others are compared one by one.
        is_hidden = (own[table[own_slots]] != own) & texts.is_first[start : start + count]
        for place in np.flatnonzero(is_hidden).tolist():
            in_b[here][sought[here] == own[place]] = start + place
        table[own_slots] = 0
    return _Pairs(a=a, b=b, counts=counts, at=at, is_hit=texts.shingles[in_b] == sought, in_b=in_b)


def _measured(part: Sequence[_Pair]) -> list[Measure | None]:
    stories = {id(story): story for _, one, other, _ in part for story in (one, other)}
    number = {key: i for i, key in enumerate(stories)}
    texts = _texts([story.words for story in stories.values()])
    a = np.array([number[id(one)] for _, one, _, _ in part])
    b = np.array([number[id(other)] for _, _, other, _ in part])
    found: list[Measure | None] = [None] * len(part)
    pairs = _looked_up(texts, a, b)
    is_first_hit = pairs.is_hit & texts.is_first[pairs.at]
    shared = sums(is_first_hit, pairs.counts)
    smaller = np.minimum(texts.sizes[a], texts.sizes[b])
    is_kept = (shared >= MIN_SHARED) & (shared >= KEEP_CONTAINMENT * smaller)
    if not is_kept.any():
        return found
    pairs, shared = pairs.only(is_kept), shared[is_kept]
    size_a, size_b = texts.sizes[pairs.a], texts.sizes[pairs.b]
    words_a, words_b = texts.word_counts[pairs.a], texts.word_counts[pairs.b]
    is_same = (words_a == words_b) & (size_a == size_b) & (shared == size_a)
    for i in np.flatnonzero(is_same).tolist():
        is_same[i] = np.array_equal(_words_of(texts, pairs.a[i]), _words_of(texts, pairs.b[i]))
    unquoted = _unquoted(texts, pairs)
    cases, is_fact = _facts(texts)
    longest, gaps, gap_words, fact_gaps, half_fact_gaps = _passages(texts, pairs, is_same, is_fact)
    longest = np.where(is_same, words_a, longest)
    case = np.minimum(cases[pairs.a], cases[pairs.b])
    shared_facts = np.zeros(len(shared), np.int64)
    with_facts = np.flatnonzero(may_be_template(fact_gaps, gaps, gap_words, shared, case))
    shared_facts[with_facts] = _shared_facts(texts, is_fact, pairs.a[with_facts], pairs.b[with_facts])
    columns = (
        np.flatnonzero(is_kept),
        shared,
        shared / (size_a + size_b - shared),
        shared / size_a,
        shared / size_b,
        unquoted,
        longest,
        gaps,
        gap_words,
        fact_gaps,
        half_fact_gaps,
        case,
        shared_facts,
        np.minimum(words_a, words_b),
    )
    for i, both, jaccard, a_in_b, b_in_a, *rest in zip(*(column.tolist() for column in columns), strict=True):
        if part[i][3]:
            a_in_b, b_in_a = b_in_a, a_in_b
        found[i] = Measure(both, jaccard, a_in_b, b_in_a, *rest)
    return found


def _words_of(texts: _Texts, story: int) -> Words:
    start = int(texts.word_starts[story])
    return texts.words[start : start + int(texts.word_counts[story])]


def _unquoted(texts: _Texts, pairs: _Pairs) -> npt.NDArray[np.float64]:
    """Containment of the smaller of each pair in the larger, outside quotation marks."""
    is_first_hit = pairs.is_hit & texts.is_first[pairs.at]
    is_smaller = texts.sizes[pairs.a] <= texts.sizes[pairs.b]
    of_a = sums(is_first_hit & texts.is_unquoted[pairs.at], pairs.counts)
    of_b = sums(is_first_hit & texts.is_unquoted[pairs.in_b], pairs.counts)
    all_a, all_b = texts.unquoted_sizes[pairs.a], texts.unquoted_sizes[pairs.b]
    containment: npt.NDArray[np.float64] = np.where(is_smaller, of_a, of_b) / np.maximum(
        1, np.where(is_smaller, all_a, all_b)
    )
    return containment


def _facts(texts: _Texts) -> tuple[Int64s, Bools]:
    """What capitals tell in each story, and which words are numbers or names."""
    counts = texts.word_counts
    is_name = (texts.words & NAME) != 0
    capitals = sums(is_name, counts)
    in_runs, is_in_run = np.zeros(len(counts), np.int64), is_name
    if (capitals > MAX_LONE_CAPITALS * counts).any():
        # A neighbour of another story is none.
        is_start = np.zeros(len(is_name), bool)
        is_start[texts.word_starts[counts > 0]] = True
        is_pair = is_name[1:] & is_name[:-1] & ~is_start[1:]
        is_in_run = np.zeros(len(is_name), bool)
        is_in_run[1:] = is_pair
        is_in_run[:-1] |= is_pair
        in_runs = sums(is_in_run, counts)
    cases: Int64s = case_of(capitals, in_runs, counts)
    is_number = (texts.words & NUMBER) != 0
    if (cases == CAPITAL_NOUNS).any() or (cases == ALL_CAPITALS).any():
        case = np.repeat(cases.astype(np.int8), counts)
        is_name = is_name & (case != ALL_CAPITALS) & (is_in_run | (case != CAPITAL_NOUNS))
    return cases, is_number | is_name


def _passages(
    texts: _Texts, pairs: _Pairs, is_same: Bools, is_fact: Bools
) -> tuple[Int64s, Int64s, Int64s, Int64s, Int64s]:
    """For each pair: the longest shared passage in words, short replacements, their words, those with other facts on
    both sides, and those with facts on one.

    Args:
        is_same: pairs of one text twice; nothing is sought in them.
        is_fact: of all words.
    """
    count = len(pairs.a)
    owner = np.repeat(np.arange(count), pairs.counts)
    is_hit = pairs.is_hit & ~is_same[owner]
    owner = owner[is_hit]
    # From places among the shingles to places among the words.
    in_a = pairs.at[is_hit] + (texts.word_starts - texts.shingle_starts)[pairs.a][owner]
    in_b = pairs.in_b[is_hit] + (texts.word_starts - texts.shingle_starts)[pairs.b][owner]
    longest = np.zeros(count, np.int64)
    if not len(owner):
        return longest, longest.copy(), longest.copy(), longest.copy(), longest.copy()
    is_start = np.ones(len(owner), bool)
    is_start[1:] = (in_a[1:] - in_a[:-1] != 1) | (in_b[1:] - in_b[:-1] != 1) | (owner[1:] != owner[:-1])
    starts = np.flatnonzero(is_start)
    lengths = np.diff(starts, append=len(owner)) + SHINGLE_WORDS - 1
    owner, in_a, in_b = owner[starts], in_a[starts], in_b[starts]
    np.maximum.at(longest, owner, lengths)
    # Between one passage and the next of the same pair.
    from_a, from_b = (in_a + lengths)[:-1], (in_b + lengths)[:-1]
    size_a, size_b = in_a[1:] - from_a, in_b[1:] - from_b
    is_short = (owner[1:] == owner[:-1]) & (size_a >= 1) & (size_b >= 1)
    is_short &= (size_a <= MAX_GAP_WORDS) & (size_b <= MAX_GAP_WORDS)
    places = np.flatnonzero(is_short)
    gaps = np.bincount(owner[places], minlength=count)
    gap_words = np.bincount(owner[places], np.minimum(size_a, size_b)[places], count).astype(np.int64)
    facts_before = np.zeros(len(is_fact) + 1, np.int64)
    np.cumsum(is_fact, out=facts_before[1:])
    in_first = facts_before[in_a[places + 1]] > facts_before[from_a[places]]
    in_second = facts_before[in_b[places + 1]] > facts_before[from_b[places]]
    half_fact_gaps = np.bincount(owner[places[in_first != in_second]], minlength=count)
    places = places[in_first & in_second]
    facts = np.where(is_fact, texts.words & HASH_MASK, np.uint32(0))
    differs = _facts_differ(facts, from_a[places], size_a[places], from_b[places], size_b[places])
    fact_gaps = np.bincount(owner[places[differs]], minlength=count)
    return longest, gaps, gap_words, fact_gaps, half_fact_gaps


def _facts_differ(facts: UInt32s, from_a: Int64s, size_a: Int64s, from_b: Int64s, size_b: Int64s) -> Bools:
    """Whether two runs of at most `MAX_GAP_WORDS` words have other numbers or names.

    Args:
        facts: shape (words,): hashes of numbers and names; 0 for other words.
    """
    offsets = np.arange(MAX_GAP_WORDS)

    def rows(start: Int64s, size: Int64s) -> UInt32s:
        at = np.minimum(start[:, None] + offsets, len(facts) - 1)
        found: UInt32s = np.where(offsets < size[:, None], facts[at], np.uint32(0))
        return found

    a, b = rows(from_a, size_a), rows(from_b, size_b)
    # One word of a after the other: each step is a row of small numbers, and 12 x 12 at once would not stay in the cache.
    is_in_b, is_in_a = a == 0, b == 0
    for place in range(MAX_GAP_WORDS):
        is_equal = b == a[:, place, None]
        is_in_a |= is_equal
        is_in_b[:, place] |= is_equal.any(axis=1)
    differs: Bools = ~(is_in_a.all(axis=1) & is_in_b.all(axis=1))
    return differs


def _shared_facts(texts: _Texts, is_fact: Bools, a: Int64s, b: Int64s) -> Int64s:
    """Distinct numbers and names that both stories of each pair have."""

    def tagged(stories: Int64s) -> UInt64s:
        counts = texts.word_counts[stories]
        places = ranges(texts.word_starts[stories], counts)
        is_wanted = is_fact[places]
        facts, counts = texts.words[places[is_wanted]] & HASH_MASK, sums(is_wanted, counts)
        is_first = first_of_stretches(sort_stretches(facts, counts), counts)
        owner = np.repeat(np.arange(len(stories), dtype=np.uint64) << np.uint64(32), counts)
        found: UInt64s = (owner | facts)[is_first]
        return found

    of_a, of_b = tagged(a), tagged(b)
    if not len(of_b):
        return np.zeros(len(a), np.int64)
    # Both ascend: by pair, then by fact.
    places = np.minimum(np.searchsorted(of_b, of_a), len(of_b) - 1)
    shared = of_a[of_b[places] == of_a] >> np.uint64(32)
    return np.bincount(shared.astype(np.int64), minlength=len(a))
