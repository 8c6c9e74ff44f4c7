"""datasketch's MinHashLSH in memory, as it comes: the yardstick of `wiretrace bench dedupe`.

A machine that others share does half as much in one minute as in the next. What the yardstick does just before and
after a measurement tells the one from the other.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from datasketch import MinHash, MinHashLSH

from workers.dedupe.bench import DAYS
from workers.dedupe.planted import PlantedArticle, planted_stream
from workers.dedupe.sketch import NUM_PERM, SEED, sketch_batch

__all__ = ["SHINGLES", "Peer", "PeerSpeed"]

SHINGLES: Final = 330
"""Of a text whose sketch is the measure of a machine; longer and shorter ones are counted in proportion."""
_FILL_BATCH: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSpeed:
    """What datasketch did.

    Attributes:
        per_second: articles, from their text: sketch, query, insert.
        query_insert_per_second: without the sketch.
        sketches_per_second: texts of `SHINGLES` shingles, the sketch alone.
    """

    per_second: float
    query_insert_per_second: float
    sketches_per_second: float


class Peer:
    """An index of planted articles: threshold .5, datasketch's own banding, word 4-shingles.

    Filling takes this package's batch sketches, which have the same values; what is timed is datasketch alone.

    Args:
        indexed: articles in it.
    """

    def __init__(self, indexed: int, *, seed: int = 1) -> None:
        self.indexed = indexed
        self._lsh = MinHashLSH(threshold=0.5, num_perm=NUM_PERM)
        self._count = 0
        stream = islice(planted_stream(seed=seed, days=DAYS), indexed)
        while batch := list(islice(stream, _FILL_BATCH)):
            for sketch in sketch_batch([article.lines for article in batch]):
                self._insert(
                    MinHash(num_perm=NUM_PERM, seed=SEED, scheme="affine32", hashvalues=sketch.signature)
                )

    def _insert(self, minhash: Any) -> None:
        self._lsh.insert(self._count, minhash, check_duplication=False)
        self._count += 1

    def timed(self, articles: Sequence[PlantedArticle]) -> PeerSpeed:
        """Sketches these articles one by one, then looks each up and adds it."""
        begun = time.perf_counter()
        hashed, count = [], 0
        for article in articles:
            words = " ".join(article.lines).lower().split()
            shingles = [" ".join(words[i : i + 4]).encode() for i in range(max(1, len(words) - 3))]
            minhash = MinHash(num_perm=NUM_PERM, seed=SEED)
            minhash.update_batch(shingles)
            hashed.append(minhash)
            count += len(shingles)
        middle = time.perf_counter()
        for sketch in hashed:
            self._lsh.query(sketch)
            self._insert(sketch)
        end = time.perf_counter()
        return PeerSpeed(
            per_second=len(articles) / (end - begun),
            query_insert_per_second=len(articles) / (end - middle),
            sketches_per_second=count / SHINGLES / (middle - begun),
        )
