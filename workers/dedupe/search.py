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
from workers.dedupe.bounds import Place, Walk
from workers.dedupe.compare import measure_pairs
from workers.dedupe.database import Cursor
from workers.dedupe.model import COPY, Match, Order
from workers.dedupe.packed import Int8s
from workers.dedupe.sketch import NUM_PERM, SCHEME, Sketch, estimated_jaccards
from workers.dedupe.verify import Story, kind_of

__all__ = ["LEAST_ESTIMATE", "Found", "Search", "is_unlike_size", "load_places", "shares_enough_keys"]

LEAST_ESTIMATE: Final = 5 / 128
"""Candidates whose signatures agree in fewer values share a phrase, not a story: of pairs with the Jaccard of .1 that
a copy must have, one in a hundred looks like that; of unrelated pairs nearly all do."""
UNLIKE_SIZES: Final = 8
SHARED_KEYS: Final = 2
"""A story that stands whole in a page so many times as long has a Jaccard of .13 and less with it, and its signature
says nothing. It shares all of its passage keys instead; a phrase that two texts have in common seldom gives two."""
STOCK_PROPOSALS: Final = 100
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
_Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found about some articles.

    Attributes:
        matches: in the order of their article ids; what `bounds` says is offered.
        horizons: of the articles that were not looked up to the end.
        later: the later end of every pair that is no copy.
    """

    matches: tuple[Match, ...]
    horizons: Mapping[int, Order]
    later: Mapping[_Pair, int]


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

    def _add_contained(
        self,
        cur: Cursor,
        article_id: int,
        own_size: int,
        ids: Sequence[int],
        sizes: npt.NDArray[np.int32],
        is_likely: npt.NDArray[np.bool_],
    ) -> None:
        """Sets `is_likely` for candidates of very unlike size that share several keys with the article.

        Args:
            sizes, is_likely: shape (candidates,); distinct shingles of each, and what its signature says.
        """
        places = np.flatnonzero(is_unlike_size(own_size, sizes) & ~is_likely).tolist()
        if not places:
            return
        cur.execute(
            sql("dedupe/keys"), {"article_ids": Int8s([article_id, *(ids[i] for i in places)])}, binary=True
        )
        keys: dict[int, list[int]] = dict(cur.fetchall())
        own = frozenset(keys.get(article_id, ()))
        for i in places:
            is_likely[i] = shares_enough_keys(own, keys.get(ids[i], ()))

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

    def matches_of(self, cur: Cursor, ids: Sequence[int]) -> Found:
        """Every pair of these articles worth keeping.

        Args:
            ids: ascending.
        """
        with self._stage("load"):
            cur.execute(sql("dedupe/revisions"), {"article_ids": Int8s(ids)}, binary=True)
            stored = self._load_cached(cur, cur.fetchall())
        with self._stage("candidates"):
            candidates = self._candidates(cur, stored)
            places = load_places(
                cur, {*candidates, *(key[0] for keys in candidates.values() for key in keys)}
            )
        keys = {key[0]: key for others in candidates.values() for key in others}
        likely = {article_id: {key[0] for key in others} for article_id, others in candidates.items()}
        walks = {i: Walk.of(i, likely, places) for i in likely if i in places}
        measured: dict[_Pair, Match | None] = {}
        while portions := {i: portion for i, walk in walks.items() if (portion := walk.portion())}:
            wanted = {keys[other] for others in portions.values() for other in others if other not in stored}
            with self._stage("load"):
                stored.update(self._load_cached(cur, wanted))
            with self._stage("verify"):
                _verify(portions, stored, measured)
            for i, others in portions.items():
                walks[i].tell({o: m.kind for o in others if (m := measured.get(_pair(i, o))) is not None})
        kept = {_pair(i, other) for i, walk in walks.items() for other in walk.kept()}
        matches = [m for pair in sorted(kept) if (m := measured.get(pair)) is not None]
        self.counted["kept"] += len(matches)
        return Found(
            matches=tuple(matches),
            horizons={
                i: horizon for i, walk in walks.items() if (horizon := walk.horizon(places)) is not None
            },
            later={
                (m.a, m.b): m.a if places[m.a].order > places[m.b].order else m.b
                for m in matches
                if m.kind != COPY
            },
        )

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
        for article_id, own_size, ids, versions, revisions, sizes, signatures in cur.fetchall():
            others = np.frombuffer(signatures, "<u4").reshape(-1, NUM_PERM)
            is_likely = estimated_jaccards(stored[article_id].signature, others) >= LEAST_ESTIMATE
            self._add_contained(cur, article_id, own_size, ids, np.frombuffer(sizes, ">i4"), is_likely)
            likely = np.flatnonzero(is_likely).tolist()
            found[article_id] = [(ids[i], versions[i], revisions[i]) for i in likely]
            self.counted["proposed"] += len(ids)
            self.counted["likely"] += len(likely)
            if len(ids) - len(likely) >= STOCK_PROPOSALS:
                self._note_stock_keys(cur, article_id, [ids[i] for i in np.flatnonzero(~is_likely)])
        return found


def is_unlike_size(own: int, others: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Whether signatures say nothing about these texts and one of `own` distinct shingles; see `UNLIKE_SIZES`."""
    is_unlike: npt.NDArray[np.bool_] = np.maximum(others, own) >= UNLIKE_SIZES * np.minimum(others, own)
    return is_unlike


def shares_enough_keys(own: frozenset[int], others: Iterable[int]) -> bool:
    """Whether two texts of unlike size share so many keys that they are to be measured."""
    return len(own.intersection(others)) >= SHARED_KEYS


def load_places(cur: Cursor, ids: Iterable[int]) -> dict[int, Place]:
    """The places of these articles in the order of all; those that are gone are left out."""
    wanted = Int8s(ids)
    cur.execute(sql("dedupe/places"), {"article_ids": wanted}, binary=True)
    return {
        article_id: Place((known_by, key), None if until is None else (until, until_key))
        for article_id, known_by, key, until, until_key in cur.fetchall()
    }


def _verify(
    portions: Mapping[int, Sequence[int]], stored: Mapping[int, _Stored], measured: dict[_Pair, Match | None]
) -> None:
    """Measures the pairs that were not measured yet, as far as both texts are there."""
    pairs = sorted(
        {
            pair
            for i, others in portions.items()
            for other in others
            if other in stored
            for pair in (_pair(i, other),)
        }
        - measured.keys()
    )
    # Verbatim copies and cuts at the same place are one text: what two texts share is measured once.
    texts = {stored[i].revision: stored[i].story for pair in pairs for i in pair}
    wanted = sorted({_pair(stored[a].revision, stored[b].revision) for a, b in pairs})
    shared = dict(zip(wanted, measure_pairs([(texts[a], texts[b]) for a, b in wanted]), strict=True))
    for a, b in pairs:
        first, second = stored[a], stored[b]
        measured[a, b] = None
        measure = shared[_pair(first.revision, second.revision)]
        if measure is not None:
            a_in_b, b_in_a = measure.containment_a_in_b, measure.containment_b_in_a
            if first.revision > second.revision:
                a_in_b, b_in_a = b_in_a, a_in_b
            measured[a, b] = Match(
                a=a,
                b=b,
                sketch_a=(first.version, first.revision),
                sketch_b=(second.version, second.revision),
                kind=kind_of(measure, is_same_site=first.site == second.site),
                jaccard=measure.jaccard,
                a_in_b=a_in_b,
                b_in_a=b_in_a,
                longest_passage_words=measure.longest_passage_words,
            )


def _pair(one: int, other: int) -> _Pair:
    return (one, other) if one < other else (other, one)
