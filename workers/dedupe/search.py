"""Steps 1 and 2 of transaction B: which articles share a key with the given ones, and what they share in truth."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.sql import sql
from workers.dedupe.compare import measure_pairs
from workers.dedupe.database import Cursor
from workers.dedupe.model import Match
from workers.dedupe.packed import Int8s
from workers.dedupe.sketch import NUM_PERM, SCHEME, Sketch, estimated_jaccards
from workers.dedupe.verify import Story, kind_of

__all__ = ["Search"]

MAX_EDGES: Final = 500
"""Matches kept per article: the strongest. A story with more copies stays connected through its strongest."""
MAX_REJECTED: Final = 50
"""Pairs kept per article that are no copies: enough to ask why, whatever a template series grows to."""
LEAST_ESTIMATE: Final = 5 / 128
"""Candidates whose signatures agree in fewer values share a phrase, not a story: of pairs with the Jaccard of .1 that
a copy must have, one in a hundred looks like that; of unrelated pairs nearly all do."""
STOCK_PROPOSALS: Final = 200
"""So many unlikely candidates of one article mean that one of its keys stands for a stock phrase ("did not immediately
respond to a request for comment"). Such keys are found out, noted in `core.stock_keys`, and left out of the sketches
of later articles by every worker."""
STOCK_SAMPLE: Final = 100
STOCK_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
    version: int
    revision: int
    site: str
    story: Story
    signature: npt.NDArray[np.uint32]


_Key = tuple[int, int, int]
"""Article id, version and revision: names one sketch for good."""


class Search:
    """Finds and verifies pairs; keeps the words of recent stories in memory.

    Args:
        stage: gives a context in which the time of a stage is taken.

    Attributes:
        counted: as of `Index`.
    """

    def __init__(
        self,
        *,
        window_days: int,
        cache_stories: int,
        stage: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._window_days = window_days
        self._cache_stories = cache_stories
        self._stage = stage
        self._stories: OrderedDict[_Key, _Stored] = OrderedDict()
        self._stock_keys = np.empty(0, np.int64)
        self._learnt_until = datetime(2000, 1, 1, tzinfo=UTC)
        self.counted: defaultdict[str, int] = defaultdict(int)

    # ---------------------------------------------------------------- stock phrases

    def learn(self, cur: Cursor) -> None:
        """Reads the stock keys that other workers noted since the last call."""
        cur.execute(sql("dedupe/new_stock_keys"), {"since": self._learnt_until})
        rows = cur.fetchall()
        if rows:
            self._stock_keys = np.union1d(self._stock_keys, np.array([key for key, _ in rows], np.int64))
            self._learnt_until = max(noted_at for _, noted_at in rows)

    def without_stock_keys(self, sketches: Sequence[Sketch]) -> list[Sketch]:
        """The sketches without the keys of stock phrases."""
        if not len(self._stock_keys):
            return list(sketches)
        joined = np.concatenate([sketch.keys for sketch in sketches])
        is_stock = np.isin(joined, self._stock_keys)
        bounds = np.cumsum([len(sketch.keys) for sketch in sketches])[:-1]
        return [
            replace(sketch, keys=sketch.keys[~stock]) if stock.any() else sketch
            for sketch, stock in zip(sketches, np.split(is_stock, bounds), strict=True)
        ]

    def _note_stock_keys(self, cur: Cursor, article_id: int, unlikely: Sequence[int]) -> None:
        """Finds the keys through which many articles were proposed in vain."""
        sample = sorted(unlikely)[:: max(1, len(unlikely) // STOCK_SAMPLE)]
        cur.execute(sql("dedupe/keys"), {"article_ids": Int8s([article_id, *sample])}, binary=True)
        keys: dict[int, list[int]] = dict(cur.fetchall())
        own = frozenset(keys.pop(article_id, ()))
        shared = Counter(key for others in keys.values() for key in own.intersection(others))
        stock = [key for key, count in shared.items() if count >= STOCK_SHARE * len(sample)]
        cur.execute(sql("dedupe/add_stock_keys"), {"keys": Int8s(stock)})

    # ---------------------------------------------------------------- stories in memory

    def remember(self, article_id: int, version: int, site: str, sketch: Sketch) -> None:
        """Keeps what was just written."""
        if self._cache_stories:
            self._remember(
                article_id, _Stored(version, sketch.revision, site, Story(sketch.words), sketch.signature)
            )

    def _remember(self, article_id: int, stored: _Stored) -> None:
        key = (article_id, stored.version, stored.revision)
        self._stories[key] = stored
        while len(self._stories) > self._cache_stories:
            self._stories.popitem(last=False)

    def _load(self, cur: Cursor, ids: Iterable[int]) -> dict[int, _Stored]:
        cur.execute(
            sql("dedupe/sketches"), {"article_ids": Int8s(ids), "scheme_id": SCHEME.scheme_id}, binary=True
        )
        loaded = {}
        for article_id, version, site, revision, words, signature in cur.fetchall():
            loaded[article_id] = _Stored(
                version,
                revision,
                site,
                Story(np.frombuffer(words, "<u4").astype(np.uint32, copy=False)),
                np.frombuffer(signature, "<u4").astype(np.uint32, copy=False),
            )
            self._remember(article_id, loaded[article_id])
        return loaded

    def _load_cached(self, cur: Cursor, wanted: Iterable[_Key]) -> dict[int, _Stored]:
        """Stories by article id; those that are gone since are left out."""
        loaded, missing = {}, []
        for key in wanted:
            known = self._stories.get(key)
            if known is None:
                missing.append(key[0])
            else:
                self._stories.move_to_end(key)
                loaded[key[0]] = known
        if missing:
            loaded.update(self._load(cur, sorted(missing)))
        return loaded

    # ---------------------------------------------------------------- pairs

    def matches_of(self, cur: Cursor, ids: Sequence[int]) -> list[Match]:
        """Every pair of these articles worth keeping, ordered by article ids.

        Args:
            ids: ascending.
        """
        with self._stage("load"):
            cur.execute(sql("dedupe/revisions"), {"article_ids": Int8s(ids)}, binary=True)
            stored = self._load_cached(cur, cur.fetchall())
        with self._stage("candidates"):
            candidates = self._candidates(cur, stored)
        wanted = {key for keys in candidates.values() for key in keys if key[0] not in stored}
        with self._stage("load"):
            stored.update(self._load_cached(cur, wanted))
        with self._stage("verify"):
            matches = _verified(candidates, stored)
        self.counted["kept"] += len(matches)
        return matches

    def _candidates(self, cur: Cursor, stored: Mapping[int, _Stored]) -> dict[int, list[_Key]]:
        """For each article those that share a key with it and may be copies by their signatures."""
        cur.execute(
            sql("dedupe/candidates"),
            {
                "article_ids": Int8s(stored),
                "window_days": self._window_days,
                "scheme_id": SCHEME.scheme_id,
            },
            binary=True,
        )
        found: dict[int, list[_Key]] = {}
        for article_id, ids, versions, revisions, signatures in cur.fetchall():
            others = np.frombuffer(signatures, "<u4").reshape(-1, NUM_PERM)
            is_likely = estimated_jaccards(stored[article_id].signature, others) >= LEAST_ESTIMATE
            likely = np.flatnonzero(is_likely).tolist()
            found[article_id] = [(ids[i], versions[i], revisions[i]) for i in likely]
            self.counted["proposed"] += len(ids)
            self.counted["likely"] += len(likely)
            if len(ids) - len(likely) >= STOCK_PROPOSALS:
                self._note_stock_keys(cur, article_id, [ids[i] for i in np.flatnonzero(~is_likely)])
        return found


def _verified(candidates: Mapping[int, Sequence[_Key]], stored: Mapping[int, _Stored]) -> list[Match]:
    """Every pair of these candidates that is worth keeping."""
    pairs = sorted(
        {
            _pair(article_id, other)
            for article_id, keys in candidates.items()
            for other, _, _ in keys
            if other in stored
        }
    )
    measured = measure_pairs([(stored[a].story, stored[b].story) for a, b in pairs])
    found: dict[tuple[int, int], Match] = {}
    for (a, b), measure in zip(pairs, measured, strict=True):
        if measure is not None:
            first, second = stored[a], stored[b]
            found[a, b] = Match(
                a=a,
                b=b,
                sketch_a=(first.version, first.revision),
                sketch_b=(second.version, second.revision),
                kind=kind_of(measure, is_same_site=first.site == second.site),
                jaccard=measure.jaccard,
                a_in_b=measure.containment_a_in_b,
                b_in_a=measure.containment_b_in_a,
                longest_passage_words=measure.longest_passage_words,
            )
    kept: set[tuple[int, int]] = set()
    for article_id, keys in candidates.items():
        own = [pair for other, _, _ in keys if (pair := _pair(article_id, other)) in found]
        kept.update(own if len(own) <= MAX_REJECTED else _strongest([found[pair] for pair in own]))
    return [found[pair] for pair in sorted(kept)]


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _strongest(matches: Sequence[Match]) -> list[tuple[int, int]]:
    """The pairs of at most `MAX_EDGES` copies and `MAX_REJECTED` others."""
    ordered = sorted(matches, key=lambda m: (-m.jaccard, -max(m.a_in_b, m.b_in_a), m.a, m.b))
    copies = [(m.a, m.b) for m in ordered if m.kind == "copy"]
    return copies[:MAX_EDGES] + [(m.a, m.b) for m in ordered if m.kind != "copy"][:MAX_REJECTED]
