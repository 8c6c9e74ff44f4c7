"""Sketches: the MinHash signature of a story's shingles, and the keys by which copies are found.

The only module of a worker that knows datasketch (`bench_peer.py` times it). `sketch_batch` computes exactly the values of datasketch's
`MinHash(num_perm=128, seed=1, scheme="affine32")` in one numpy pass over many stories; `datasketch_signature` is the
plain way, and a test proves that the two are equal.

What a sketch holds (scheme 4):

* *shingles*: the distinct runs of `SHINGLE_WORDS` words, each a uint32 (see `shingle_hashes`);
* *signature*: 128 minima, uint32, from which Jaccard is estimated with a standard error of at most .044;
* *band keys*: `BANDS` × `ROWS` signature values, each band one int64. Two stories of Jaccard J share a band with
  probability 1 - (1 - J^ROWS)^BANDS;
* *passage keys*: winnowed runs of `PASSAGE_WORDS` words. Two stories that share any passage of at least
  `PASSAGE_WORDS + WINDOW - 1` words share a key for certain, however long the rest of either is.

Sources: Broder 1997 (resemblance and containment); Leskovec, Rajaraman, Ullman, ch. 3 (bands);
Schleimer, Wilkerson, Aiken 2003 (winnowing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import xxhash
from datasketch import MinHash

from workers.dedupe.stretches import begins, first_of_stretches, ranges, sort_stretches, sums
from workers.dedupe.words import HASH_MASK, NORMALISATION, Words, words_of_stories

__all__ = [
    "BANDS",
    "MIN_SHINGLES",
    "NUM_PERM",
    "PASSAGE_WORDS",
    "ROWS",
    "SCHEME",
    "SEED",
    "SHINGLE_WORDS",
    "WINDOW",
    "Scheme",
    "Sketch",
    "band_keys",
    "datasketch_signature",
    "estimated_jaccard",
    "estimated_jaccards",
    "passage_keys",
    "shingle_hash",
    "shingle_hashes",
    "sketch_batch",
    "sketch_lines",
    "sketch_words",
]

NUM_PERM: Final = 128
SEED: Final = 1
SHINGLE_WORDS: Final = 4
BANDS: Final = 2
ROWS: Final = 3
PASSAGE_WORDS: Final = 5
WINDOW: Final = 30
MIN_SHINGLES: Final = 20
"""Fewer shingles are no story: such a text gets no keys and has no copies."""

_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
_FINAL: Final = np.uint64(0xD6E8FEB86659FD93)
_BAND_SEED: Final = np.uint64(0xA0761D6478BD642F)
_PASSAGE_SEED: Final = np.uint64(0xE7037ED1A0B428DB)

UInt32s = npt.NDArray[np.uint32]
UInt64s = npt.NDArray[np.uint64]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How sketches are made; stored beside them, because hash values carry no mark of it."""

    scheme_id: int
    permutation: str
    seed: int
    num_perm: int
    hash: str
    shingle: str
    normalisation: str
    bands: int
    rows: int
    passage: str


SCHEME: Final = Scheme(
    scheme_id=4,
    permutation="datasketch affine32",
    seed=SEED,
    num_perm=NUM_PERM,
    hash="xxh32 words, 64-bit polynomial",
    shingle=f"{SHINGLE_WORDS} words",
    normalisation=NORMALISATION,
    bands=BANDS,
    rows=ROWS,
    passage=f"{PASSAGE_WORDS} words, winnowed by {WINDOW}",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """What is kept of one story.

    Attributes:
        words: uint32, shape (words,); see `workers.dedupe.words`.
        set_size: number of distinct shingles.
        signature: uint32, shape (NUM_PERM,).
        keys: int64, shape (keys,): band keys, then passage keys; empty below `MIN_SHINGLES`.
        scheme_id: of `SCHEME`.
    """

    words: Words
    set_size: int
    signature: UInt32s
    keys: Int64s
    scheme_id: int = SCHEME.scheme_id

    @property
    def revision(self) -> int:
        """Hash of the words, signed 64 bits: equal for exactly the sketches of one text."""
        return int.from_bytes(xxhash.xxh64_digest(self.words.tobytes()), "big", signed=True)


def _mixed(values: UInt64s) -> UInt64s:
    values = (values ^ (values >> np.uint64(32))) * _FINAL
    values = (values ^ (values >> np.uint64(32))) * _FINAL
    mixed: UInt64s = values ^ (values >> np.uint64(32))
    return mixed


def _runs(words: Words, length: int) -> UInt64s:
    """Hash of every run of `length` words, by a polynomial modulo 2^64; uint64, shape (max(0, words-length+1),)."""
    hashes = (words & HASH_MASK).astype(np.uint64)
    count = len(hashes) - length + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    total = hashes[:count].copy()
    for offset in range(1, length):
        total *= _MULTIPLIER
        total += hashes[offset : offset + count]
    return _mixed(total)


def shingle_hashes(words: Words) -> UInt32s:
    """Hash of the shingle that starts at each word, in order, repeats included; uint32, shape (words-3,)."""
    shingles: UInt32s = (_runs(words, SHINGLE_WORDS) >> np.uint64(32)).astype(np.uint32)
    return shingles


def shingle_hash(packed: bytes) -> int:
    """The same for one shingle: the `hashfunc` under which datasketch gives the values of this module.

    Args:
        packed: SHINGLE_WORDS words as little-endian uint32.
    """
    return int(shingle_hashes(np.frombuffer(packed, "<u4").astype(np.uint32))[0])


def datasketch_signature(words: Words) -> UInt32s:
    """The signature by datasketch itself, shingle by shingle; slow, for tests and for doubt."""
    minhash = MinHash(num_perm=NUM_PERM, seed=SEED, scheme="affine32", hashfunc=shingle_hash)
    minhash.update_batch(
        [words[i : i + SHINGLE_WORDS].astype("<u4").tobytes() for i in range(len(words) - SHINGLE_WORDS + 1)]
    )
    return np.asarray(minhash.hashvalues, np.uint32)


@cache
def _permutations() -> tuple[UInt32s, UInt32s]:
    a, b = MinHash(num_perm=NUM_PERM, seed=SEED, scheme="affine32").permutations
    return np.asarray(a, np.uint32), np.asarray(b, np.uint32)


def _premixed(hashes: UInt32s) -> UInt32s:
    """MurmurHash3's 32-bit finalizer, which datasketch's affine32 applies once before permuting."""
    hashes = hashes ^ (hashes >> np.uint32(16))
    hashes = hashes * np.uint32(0x85EBCA6B)
    hashes = hashes ^ (hashes >> np.uint32(13))
    hashes = hashes * np.uint32(0xC2B2AE35)
    mixed: UInt32s = hashes ^ (hashes >> np.uint32(16))
    return mixed


_BLOCK: Final = 16_384
"""Shingles per pass: hashes and one permutation of them (128 kB) stay in a core's second-level cache."""


def _signatures(shingles: Sequence[UInt32s]) -> UInt32s:
    """Signatures of many stories; uint32, shape (stories, NUM_PERM); of an empty story: all ones, as datasketch."""
    signatures = np.full((len(shingles), NUM_PERM), 0xFFFFFFFF, np.uint32)
    a, b = _permutations()
    block: list[int] = []
    size = 0
    for index, hashes in enumerate(shingles):
        if len(hashes):
            block.append(index)
            size += len(hashes)
        if block and (size >= _BLOCK or index == len(shingles) - 1):
            joined = _premixed(np.concatenate([shingles[i] for i in block]))
            bounds = np.cumsum([0, *(len(shingles[i]) for i in block[:-1])])
            permuted = np.empty_like(joined)
            for k in range(NUM_PERM):
                np.multiply(joined, a[k], out=permuted)
                np.add(permuted, b[k], out=permuted)
                signatures[block, k] = np.minimum.reduceat(permuted, bounds)
            block, size = [], 0
    return signatures


def band_keys(signatures: UInt32s, bands: int = BANDS) -> Int64s:
    """One key per band; int64, shape (stories, bands). Equal rows in different bands give different keys."""
    rows = signatures[:, : bands * ROWS].reshape(-1, bands, ROWS).astype(np.uint64)
    keys = np.broadcast_to(
        _BAND_SEED * (np.arange(bands, dtype=np.uint64) + np.uint64(1)), rows.shape[:2]
    ).copy()
    for row in range(ROWS):
        keys = keys * _MULTIPLIER + rows[:, :, row]
    return _mixed(keys).view(np.int64)


def passage_keys(
    stories: Sequence[Words], run_words: int = PASSAGE_WORDS, window: int = WINDOW
) -> list[Int64s]:
    """Winnowed passage keys of many stories, distinct and ascending (as uint64) for each; int64.

    Args:
        run_words: words of a run.
        window: runs in a row of which the smallest hash is a key.
    """
    if not len(stories):
        return []
    word_counts = np.fromiter(map(len, stories), np.int64, len(stories))
    counts = np.maximum(0, word_counts - run_words + 1)
    # Runs that reach into the next story are left out.
    places = ranges(begins(word_counts), counts)
    runs = _runs(np.concatenate(stories), run_words)[places] ^ _PASSAGE_SEED
    # Minimum of every window by doubling: after a step, minima[i] covers runs[i : i + covered]. Windows that reach into
    # the next story are left out; a story of fewer runs than a window has one window of them all.
    minima, covered = runs, 1
    while covered < window:
        step = min(covered, window - covered)
        minima = minima.copy()
        np.minimum(minima[:-step], minima[step:], out=minima[:-step])
        covered += step
    starts = begins(counts)
    is_short = (counts > 0) & (counts < window)
    if is_short.any():
        # Two bounds for each, where it begins and where it ends; of the minima between, every second one counts.
        bounds = np.stack([starts[is_short], starts[is_short] + counts[is_short]], axis=1).ravel()
        minima[starts[is_short]] = np.minimum.reduceat(np.append(runs, np.uint64(0)), bounds)[::2]
    windows = np.where(is_short, 1, np.maximum(0, counts - window + 1))
    minima = minima[ranges(starts, windows)]
    # One minimum stands for many windows in a row; those that come back are found when sorted.
    minima, counts = _without_repeats(minima, windows)
    minima, counts = _without_repeats(sort_stretches(minima, counts), counts)
    return np.split(minima.view(np.int64), np.cumsum(counts)[:-1])


def _without_repeats(values: UInt64s, counts: Int64s) -> tuple[UInt64s, Int64s]:
    is_new = first_of_stretches(values, counts)
    return values[is_new], sums(is_new, counts)


def _distinct_shingles(stories: Sequence[Words]) -> list[UInt32s]:
    """The distinct shingles of each story, ascending."""
    if not len(stories):
        return []
    word_counts = np.fromiter(map(len, stories), np.int64, len(stories))
    counts = np.maximum(0, word_counts - SHINGLE_WORDS + 1)
    shingles = shingle_hashes(np.concatenate(stories))[ranges(begins(word_counts), counts)]
    is_first = first_of_stretches(sort_stretches(shingles, counts), counts)
    return np.split(shingles[is_first], np.cumsum(sums(is_first, counts))[:-1])


def sketch_batch(stories: Sequence[Sequence[str]]) -> list[Sketch]:
    """The sketches of many stories at once.

    Args:
        stories: for each, its cleaned lines (without the site's repeated lines, credits and datelines).
    """
    return sketch_words(words_of_stories(stories))


def sketch_words(words: Sequence[Words]) -> list[Sketch]:
    """The same for stories whose words are known already."""
    shingles = _distinct_shingles(words)
    passages = passage_keys(words)
    signatures = _signatures(shingles)
    bands = band_keys(signatures)
    nothing = np.empty(0, np.int64)
    return [
        Sketch(
            words=words[i],
            set_size=len(shingles[i]),
            signature=signatures[i],
            keys=(np.concatenate([bands[i], passages[i]]) if len(shingles[i]) >= MIN_SHINGLES else nothing),
        )
        for i in range(len(words))
    ]


def sketch_lines(lines: Sequence[str]) -> Sketch:
    """The sketch of one story.

    Args:
        lines: cleaned lines.
    """
    return sketch_batch([lines])[0]


def estimated_jaccards(own: UInt32s, others: UInt32s) -> npt.NDArray[np.float64]:
    """Jaccard of one signature with many, as estimated.

    Args:
        own: uint32, shape (NUM_PERM,).
        others: uint32, shape (stories, NUM_PERM).
    """
    estimates: npt.NDArray[np.float64] = np.count_nonzero(others == own, axis=1) / NUM_PERM
    return estimates


def estimated_jaccard(a: UInt32s, b: UInt32s) -> float:
    """Jaccard as estimated from two signatures.

    >>> same = sketch_lines(["one two three four five six"]).signature
    >>> estimated_jaccard(same, same)
    1.0
    """
    return float(np.mean(a == b))
