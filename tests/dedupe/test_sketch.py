"""Sketches: datasketch's own values, and keys that find what they promise to find."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.dedupe.sketch import (
    BANDS,
    MIN_SHINGLES,
    NUM_PERM,
    PASSAGE_WORDS,
    ROWS,
    WINDOW,
    datasketch_signature,
    estimated_jaccard,
    estimated_jaccards,
    shingle_hash,
    shingle_hashes,
    sketch_batch,
    sketch_lines,
)
from workers.dedupe.words import words_of_lines

SENTENCE = (
    "the quick brown fox jumps over the lazy dog while seven wizards box and quietly leave the old town"
)
GOLDEN_SIGNATURE = [230740322, 63621612, 266723700, 77363237]
GOLDEN_KEYS = [-8384801031253769290, -3508894732447905147]
GOLDEN_PASSAGES = [210044044204134968]


def _text(rng: random.Random, words: int) -> list[str]:
    return [f"w{rng.randrange(100_000)}" for _ in range(words)]


@given(st.lists(st.lists(st.sampled_from(SENTENCE.split()), max_size=60).map(" ".join), max_size=6))
@settings(deadline=None)
def test_the_batch_gives_the_values_of_datasketch(stories: list[str]) -> None:
    for sketch in sketch_batch([[story] for story in stories]):
        assert np.array_equal(sketch.signature, datasketch_signature(sketch.words))


def test_the_batch_gives_the_values_of_datasketch_over_many_blocks() -> None:
    rng = random.Random(5)
    stories = [[" ".join(_text(rng, rng.choice((0, 2, 5, 300, 1500))))] for _ in range(120)]
    for sketch in sketch_batch(stories):
        assert np.array_equal(sketch.signature, datasketch_signature(sketch.words))


def test_golden_values_of_scheme_4() -> None:
    sketch = sketch_lines([SENTENCE, "Then 12 more wizards, said Ms. Ashgrove, “came to town at last”."])
    assert sketch.scheme_id == 4
    assert sketch.set_size == 28
    assert len(sketch.words) == 31
    assert sketch.signature[:4].tolist() == GOLDEN_SIGNATURE
    assert sketch.keys[:2].tolist() == GOLDEN_KEYS
    assert sketch.keys[BANDS:].tolist() == GOLDEN_PASSAGES


def test_one_shingle_hashes_alike_alone_and_in_a_text() -> None:
    words = words_of_lines([SENTENCE])
    assert shingle_hash(words[3:7].astype("<u4").tobytes()) == int(shingle_hashes(words)[3])


def test_short_texts_get_no_keys() -> None:
    few = sketch_lines([" ".join(f"w{i}" for i in range(MIN_SHINGLES + 2))])
    enough = sketch_lines([" ".join(f"w{i}" for i in range(MIN_SHINGLES + 3))])
    assert (few.set_size, len(few.keys)) == (MIN_SHINGLES - 1, 0)
    assert enough.set_size == MIN_SHINGLES
    assert len(enough.keys) > BANDS


def test_an_empty_story_is_sketched_without_error() -> None:
    sketch = sketch_lines([])
    assert sketch.set_size == 0
    assert len(sketch.keys) == 0
    assert (sketch.signature == 0xFFFFFFFF).all()


@pytest.mark.parametrize("seed", range(40))
def test_any_shared_passage_of_the_promised_length_shares_a_key(seed: int) -> None:
    rng = random.Random(seed)
    passage = _text(rng, PASSAGE_WORDS + WINDOW - 1)
    stories = []
    for length in (120, 900):
        own = _text(rng, length)
        place = rng.randrange(length)
        stories.append([" ".join(own[:place] + passage + own[place:])])
    a, b = sketch_batch(stories)
    assert set(a.keys[BANDS:].tolist()) & set(b.keys[BANDS:].tolist())


def test_unrelated_texts_share_no_key() -> None:
    rng = random.Random(1)
    sketches = sketch_batch([[" ".join(_text(rng, 300))] for _ in range(200)])
    keys = [key for sketch in sketches for key in sketch.keys.tolist()]
    assert len(keys) == len(set(keys))


def test_copies_share_bands_as_often_as_the_formula_says() -> None:
    """Pairs with a Jaccard of about .5 share a band with the probability 1 - (1 - .5^ROWS)^BANDS."""
    rng = random.Random(2)
    shared = []
    for _ in range(300):
        base = _text(rng, 300)
        copy = base[:200] + _text(rng, 100)
        a, b = sketch_batch([[" ".join(base)], [" ".join(copy)]])
        shared.append(bool(set(a.keys[:BANDS].tolist()) & set(b.keys[:BANDS].tolist())))
    assert sum(shared) / len(shared) == pytest.approx(1 - (1 - 0.4962**ROWS) ** BANDS, abs=0.07)


def test_jaccard_is_estimated_within_its_error() -> None:
    rng = random.Random(3)
    base = _text(rng, 403)
    copy = base[:203] + _text(rng, 200)
    a, b = sketch_batch([[" ".join(base)], [" ".join(copy)]])
    assert estimated_jaccard(a.signature, b.signature) == pytest.approx(
        1 / 3, abs=3 * (2 / 9 / NUM_PERM) ** 0.5
    )
    assert estimated_jaccards(a.signature, np.stack([a.signature, b.signature]))[0] == 1.0
