"""How pairs are proposed: ways to find trimmed, edited and embedded copies, measured on the same texts.

The texts are the stories of Reuters-21578: its natural near-duplicates (exact truth), and stories that are cut, edited
or put into others on purpose. What counts is whether a pair is proposed at all; verification decides afterwards.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from datasketch import MinHash, MinHashLSHEnsemble

from tests.quality.rows import Row, digest_of
from workers.dedupe.search import LEAST_ESTIMATE, is_unlike_size, shares_enough_keys
from workers.dedupe.sketch import (
    BANDS,
    NUM_PERM,
    PASSAGE_WORDS,
    ROWS,
    SEED,
    WINDOW,
    Sketch,
    band_keys,
    estimated_jaccards,
    passage_keys,
    sketch_batch,
)
from workers.dedupe.verify import Story
from workers.dedupe.verify import measure as measure_pair

__all__ = ["measure"]

_Lines = Sequence[str]
_Pairs = Sequence[tuple[int, int]]

SHARED_SHINGLES: Final = 77
"""Of 80 words in a row."""
_CASES: Final = 800
_SEED: Final = 5
_FILLER: Final = 20_000
"""A word of each made text that no other text has."""
_SAMPLED: Final = 16
_COMMON: Final = 200
"""Keys of more articles than these are left out, as stock phrases are."""
_QUERIES: Final = 1500


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Texts and the pairs among them that should be proposed.

    Attributes:
        natural: how many of the texts are Reuters' own; the others are made of them.
        pairs: name of a kind of copy -> pairs of places in `texts`.
    """

    texts: Sequence[_Lines]
    natural: int
    pairs: Mapping[str, _Pairs]


def measure(data_dir: Path) -> list[Row]:
    """Rows of the section `candidates`."""
    folder = data_dir / "texts"
    corpus = _corpus(folder)
    sketches = sketch_batch(corpus.texts)
    digest = digest_of(folder.glob("*"))
    rows = []
    for name, propose in _ways(corpus, sketches).items():
        proposed, keys, in_vain = propose()
        figures = {case: float(np.mean(list(map(proposed, pairs)))) for case, pairs in corpus.pairs.items()}
        is_ours = name == "wiretrace"
        rows.append(
            Row(
                section="candidates",
                system=name,
                dataset="texts: K >= .5, 80 words shared",
                figures={**figures, "keys": keys, "in vain": in_vain},
                pinned={case: 0.0 if case == "natural" else 0.01 for case in figures} if is_ours else {},
                digest=digest,
            )
        )
    return rows


# ------------------------------------------------------------------------------------------------ texts


def _corpus(folder: Path) -> _Corpus:
    with gzip.open(folder / "reuters21578.jsonl.gz", "rt", encoding="utf-8") as lines:
        stories = [json.loads(line) for line in lines]
    texts: list[_Lines] = [story["text"].split("\n    ") for story in stories]
    place = {story["id"]: i for i, story in enumerate(stories)}
    pairs: dict[str, list[tuple[int, int]]] = {"natural": _natural(folder, texts, place)}
    doubled = {end for pair in pairs["natural"] for end in pair}
    rng = random.Random(_SEED)
    words = {i: " ".join(text).split() for i, text in enumerate(texts) if i not in doubled}
    long = rng.sample([i for i, found in words.items() if 260 <= len(found) <= 700], 400)
    fit = rng.sample([i for i, found in words.items() if 140 <= len(found) <= 330], _CASES)

    def add(case: str, story: int, made: Sequence[str]) -> None:
        pairs.setdefault(case, []).append((story, len(texts)))
        texts.append([" ".join(made)])

    natural = len(texts)
    for i in long:
        add("first third", i, words[i][: len(words[i]) // 3])
    for i, other in zip(fit, reversed(fit), strict=True):
        add("two merged", i, [*words[i], *words[other]])
    for i in fit[:200]:
        around = [word for other in rng.sample(long, 8) for word in words[other]]
        add("in a long page", i, [*around[:1500], *words[i], *around[1500:3000]])
    for every in (10, 8, 6):
        for i in fit:
            add(f"every {every}th", i, list(_replaced(words[i], every, rng)))
    for i, other in zip(fit, reversed(fit), strict=True):
        add("three places", i, _in_three_places(words[i], words[other]))
    return _Corpus(texts, natural, pairs)


def _natural(folder: Path, texts: Sequence[_Lines], place: Mapping[str, int]) -> list[tuple[int, int]]:
    listed = (folder / "reuters21578_pairs.tsv").read_text("utf-8").splitlines()[1:]
    pairs = [(place[a], place[b]) for a, b in (line.split("\t")[2:4] for line in listed)]
    ends = sorted({end for pair in pairs for end in pair})
    stories = {
        i: Story(sketch.words) for i, sketch in zip(ends, sketch_batch([texts[i] for i in ends]), strict=True)
    }
    found = []
    for a, b in pairs:
        measured = measure_pair(stories[a], stories[b])
        if measured is not None and measured.containment >= 0.5 and measured.shared >= SHARED_SHINGLES:
            found.append((a, b))
    return found


def _replaced(words: Sequence[str], every: int, rng: random.Random) -> Iterator[str]:
    """The words with one in `every` replaced by a word of no other text."""
    for at, word in enumerate(words):
        yield f"new{rng.randrange(_FILLER)}word" if at % every == every - 1 else word


def _in_three_places(words: Sequence[str], other: Sequence[str]) -> list[str]:
    """Three times 27 words of one text between the words of another."""
    made: list[str] = []
    for part in range(3):
        made += other[part * len(other) // 3 : (part + 1) * len(other) // 3]
        start = part * (len(words) - 27) // 2
        made += words[start : start + 27]
    return made


# ------------------------------------------------------------------------------------------------- ways

_Way = Callable[[], tuple[Callable[[tuple[int, int]], bool], float, float]]
"""Gives whether a pair is proposed, keys per natural text, and proposals in vain per natural text."""


def _ways(corpus: _Corpus, sketches: Sequence[Sketch]) -> dict[str, _Way]:
    def bands_of(count: int, signatures: npt.NDArray[np.uint32]) -> list[frozenset[int]]:
        return [frozenset(row) for row in band_keys(signatures, count).tolist()]

    signatures = np.stack([sketch.signature for sketch in sketches])

    def ours() -> list[frozenset[int]]:
        return [frozenset(sketch.keys.tolist()) for sketch in sketches]

    def with_leads() -> list[frozenset[int]]:
        leads = sketch_batch([[" ".join(" ".join(text).split()[:100])] for text in corpus.texts])
        lead_bands = bands_of(12, np.stack([lead.signature for lead in leads]))
        return [a | {key ^ 1 for key in b} for a, b in zip(bands_of(12, signatures), lead_bands, strict=True)]

    def sampled() -> list[frozenset[int]]:
        chosen = (Story(sketch.words).unique for sketch in sketches)
        return [frozenset(unique[unique % _SAMPLED == 0].tolist()) for unique in chosen]

    def with_passages(
        bands: int, run_words: int = PASSAGE_WORDS, window: int = WINDOW
    ) -> list[frozenset[int]]:
        passages = passage_keys([sketch.words for sketch in sketches], run_words, window)
        banded = bands_of(bands, signatures) if bands else [frozenset[int]()] * len(sketches)
        return [a.union(b.tolist()) for a, b in zip(banded, passages, strict=True)]

    def by_keys(
        make: Callable[[], list[frozenset[int]]], least: int = 1, *, is_filtered: bool = False
    ) -> _Way:
        return lambda: _by_keys(corpus, sketches, make(), least, is_filtered=is_filtered)

    return {
        "wiretrace": by_keys(ours, is_filtered=True),
        "the same, all proposed": by_keys(ours),
        f"no bands, {PASSAGE_WORDS} words of {WINDOW}": by_keys(lambda: with_passages(0)),
        f"bands 6 x {ROWS}, 5 words of 32": by_keys(lambda: with_passages(6, 5, 32)),
        f"bands 12 x {ROWS}, 6 words of 32": by_keys(lambda: with_passages(12, 6, 32)),
        f"bands {BANDS} x {ROWS}, 4 words of {WINDOW}": by_keys(lambda: with_passages(BANDS, 4)),
        f"bands alone, 12 x {ROWS}": by_keys(lambda: bands_of(12, signatures)),
        f"bands alone, 42 x {ROWS}": by_keys(lambda: bands_of(42, signatures)),
        f"bands 12 x {ROWS}, and 12 of the first 100 words": by_keys(with_leads),
        f"sampled shingles, 1 in {_SAMPLED}, 2 shared": by_keys(sampled, 2),
        "datasketch LSH Ensemble, K .5": lambda: _by_ensemble(corpus, sketches),
    }


def _by_keys(
    corpus: _Corpus,
    sketches: Sequence[Sketch],
    keys: Sequence[frozenset[int]],
    least: int,
    *,
    is_filtered: bool,
) -> tuple[Callable[[tuple[int, int]], bool], float, float]:
    """Proposed are pairs that share at least so many keys; keys of very many articles are left out.

    Args:
        is_filtered: only those count that the worker measures (`workers.dedupe.search`).
    """
    holders: dict[int, list[int]] = defaultdict(list)
    for i in range(corpus.natural):
        for key in keys[i]:
            holders[key].append(i)
    common = {key for key, found in holders.items() if len(found) > _COMMON}

    def proposed(pair: tuple[int, int]) -> bool:
        shared = (keys[pair[0]] & keys[pair[1]]) - common
        return len(shared) >= least and (not is_filtered or _is_measured(*(sketches[i] for i in pair)))

    in_vain = 0
    queries = range(0, corpus.natural, max(1, corpus.natural // _QUERIES))
    for i in queries:
        hits: dict[int, int] = defaultdict(int)
        for key in keys[i] - common:
            for other in holders[key]:
                hits[other] += other != i
        in_vain += _count_unlikely(sketches, i, [other for other, count in hits.items() if count >= least])
    per_text = float(np.mean([len(found) for found in keys[: corpus.natural]]))
    return proposed, per_text, in_vain / len(queries)


def _is_measured(a: Sketch, b: Sketch) -> bool:
    if float(estimated_jaccards(a.signature, b.signature[None, :])[0]) >= LEAST_ESTIMATE:
        return True
    return bool(is_unlike_size(a.set_size, np.array(b.set_size))) and shares_enough_keys(
        frozenset(a.keys.tolist()), b.keys.tolist()
    )


def _count_unlikely(sketches: Sequence[Sketch], own: int, others: Sequence[int]) -> int:
    if not others:
        return 0
    signatures = np.stack([sketches[i].signature for i in others])
    return int((estimated_jaccards(sketches[own].signature, signatures) < LEAST_ESTIMATE).sum())


def _by_ensemble(
    corpus: _Corpus, sketches: Sequence[Sketch]
) -> tuple[Callable[[tuple[int, int]], bool], float, float]:
    """datasketch's index for containment, over all texts; the shorter text of a pair asks for the longer."""
    ensemble = MinHashLSHEnsemble(threshold=0.5, num_perm=NUM_PERM, num_part=16)
    known = [
        MinHash(num_perm=NUM_PERM, seed=SEED, scheme="affine32", hashvalues=sketch.signature)
        for sketch in sketches
    ]
    ensemble.index((i, known[i], max(1, sketch.set_size)) for i, sketch in enumerate(sketches))

    def proposed(pair: tuple[int, int]) -> bool:
        shorter, longer = sorted(pair, key=lambda i: sketches[i].set_size)
        return longer in set(ensemble.query(known[shorter], max(1, sketches[shorter].set_size)))

    in_vain = 0
    queries = range(0, corpus.natural, max(1, corpus.natural // _QUERIES))
    for i in queries:
        found = ensemble.query(known[i], max(1, sketches[i].set_size))
        in_vain += _count_unlikely(
            sketches, i, [other for other in found if other != i and other < corpus.natural]
        )
    tables = sum(NUM_PERM // rows for rows in ensemble.indexes[0])
    return proposed, float(tables), in_vain / len(queries)
