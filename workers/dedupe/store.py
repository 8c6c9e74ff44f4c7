"""The index of sketches and the tables of matches and clusters: the one place of this package that speaks SQL.

Two transactions, in this order, for every batch of articles:

* A, `Index.add`: sketches with their keys are written. Once it is committed, every other worker can find them.
* B, `Index.resolve`: (1) candidates are looked up and (2) verified; (3) the units that guard every story touched are
  locked in the order of their ids, and looked up again until no new one appears; (4) matches are written, (5) the
  stories are computed anew from the matches, and (6) written where they differ.

Of two workers that add two copies at the same moment the second to commit A sees the first. Both may then come to
write the same story: the lock makes them take turns, and whoever is second reads what the first has written. What B
writes is a function of the articles and their matches, so doing it again changes nothing.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import psycopg

from schemas.errors import WiretraceError
from schemas.records import CopyEvent
from schemas.sql import sql
from workers.dedupe.database import Cursor
from workers.dedupe.sketch import SCHEME, Sketch, estimated_jaccards, sketch_batch
from workers.dedupe.stories import lock_stories, write_clusters
from workers.dedupe.verify import Measure, Story, kind_of, measure

__all__ = ["Index", "SchemeMismatch", "SketchItem"]

MAX_EDGES: Final = 500
"""Matches kept per article: the strongest. A story with more copies stays connected through its strongest."""
MAX_REJECTED: Final = 50
"""Pairs kept per article that are no copies: enough to ask why, whatever a template series grows to."""
HOT_PROPOSALS: Final = 200
"""So many unlikely candidates of one article mean that one of its keys stands for a stock phrase ("did not immediately
respond to a request for comment"). Such keys are found out and no longer looked up by this worker."""
HOT_SAMPLE: Final = 100
HOT_SHARE: Final = 0.1
MAX_HOT_KEYS: Final = 50_000
_ATTEMPTS: Final = 5
_COLUMN_TYPES: Final = (
    "int8",
    "timestamptz",
    "int4",
    "int2",
    "text",
    "int4",
    "int8",
    "bytea",
    "bytea",
    "int8[]",
)
"""Of `queries/dedupe/copy_sketches.sql`."""

LEAST_ESTIMATE: Final = 5 / 128
"""Candidates whose signatures agree in fewer values share a phrase, not a story: of pairs with the Jaccard of .1 that
a copy must have, one in a hundred looks like that; of unrelated pairs nearly all do."""


class SchemeMismatch(WiretraceError):
    """The database holds sketches that were made another way. Drop them: select core.drop_sketches_before('infinity')"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchItem:
    """One article's text, to be sketched.

    Attributes:
        version: of the text; `core.articles.version` of the same transaction.
        first_seen_at: `core.articles.first_seen_at`; decides the partition and the window.
        lines: the story, without the site's repeated lines, credits and datelines.
    """

    article_id: int
    version: int
    site: str
    first_seen_at: datetime
    lines: tuple[str, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
    version: int
    revision: int
    site: str
    story: Story
    signature: npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    a: int
    b: int
    first: _Stored
    second: _Stored
    kind: str
    measured: Measure


_Key = tuple[int, int, int]
"""Article id, version and revision: names one sketch for good."""
_Proposed = tuple[int, int, int, bytes]
"""The same with its signature."""


class Index:
    """The sketches of all articles, and the stories that follow from them.

    Args:
        window_days: articles first seen farther apart than this are not compared; 0 = all are.
        cache_stories: stories whose words are kept in memory between calls, about 6 kB each.

    Attributes:
        counted: pairs so far: proposed by a shared key, likely by their signatures, kept as matches.
        stage_s: seconds spent in each stage so far: sketch, write, candidates, load, verify, cluster, events.
    """

    def __init__(self, *, window_days: int = 30, cache_stories: int = 4096) -> None:
        self._window_days = window_days
        self._cache_stories = cache_stories
        self._stories: OrderedDict[_Key, _Stored] = OrderedDict()
        self._is_scheme_known = False
        self._hot_keys: set[int] = set()
        self.stage_s: defaultdict[str, float] = defaultdict(float)
        self.counted: defaultdict[str, int] = defaultdict(int)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.stage_s[name] += time.perf_counter() - start

    # ---------------------------------------------------------------- transaction A

    def add(self, cur: Cursor, items: Sequence[SketchItem]) -> None:
        """Writes the sketches of these articles in place of their earlier ones; inside the caller's transaction A.

        Raises:
            SchemeMismatch: the database's sketches were made another way.
        """
        if not items:
            return
        self._ensure_scheme(cur)
        items = sorted(items, key=lambda item: item.article_id)
        with self._stage("sketch"):
            sketches = sketch_batch([item.lines for item in items])
        with self._stage("write"):
            _write_sketches(cur, items, sketches)

    def add_sketches(self, cur: Cursor, items: Sequence[SketchItem], sketches: Sequence[Sketch]) -> None:
        """As `add`, for items in the order of their ids whose sketches are known already."""
        self._ensure_scheme(cur)
        _write_sketches(cur, items, sketches)

    def _ensure_scheme(self, cur: Cursor) -> None:
        if not self._is_scheme_known:
            cur.execute(sql("dedupe/write_scheme"), asdict(SCHEME))
            if cur.fetchone() is None:
                raise SchemeMismatch
            self._is_scheme_known = True

    # ---------------------------------------------------------------- transaction B

    def resolve(self, cur: Cursor, article_ids: Sequence[int]) -> list[CopyEvent]:
        """Finds the copies of these articles and brings their stories up to date; inside the caller's transaction B.

        Doing it again changes nothing. Transaction A of these articles must be committed.

        Returns:
            The copies of these articles that no event was acknowledged for, as `unsent`.

        Raises:
            psycopg.Error: the transaction is lost; doing A and B again is safe.
        """
        if not article_ids:
            return []
        ids = sorted(set(article_ids))
        matches = self._verified(cur, ids)
        for attempt in range(_ATTEMPTS):
            try:
                with self._stage("cluster"), cur.connection.transaction():
                    self._write_stories(cur, ids, matches)
                break
            except psycopg.errors.DeadlockDetected:
                # Someone saw a unit before a merge and locked it after; the other side has its locks now.
                if attempt == _ATTEMPTS - 1:
                    raise
        with self._stage("events"):
            return self.unsent(cur, ids)

    def _verified(self, cur: Cursor, ids: Sequence[int]) -> list[_Match]:
        """Steps 1 and 2: every pair of these articles worth keeping."""
        with self._stage("load"):
            stored = self._load(cur, ids)
        with self._stage("candidates"):
            keys = self._keys(cur, stored)
            cur.execute(
                sql("dedupe/candidates"),
                {
                    "article_ids": list(keys),
                    "keys": [f"{{{','.join(map(str, own - self._hot_keys))}}}" for own in keys.values()],
                    "window_days": self._window_days,
                    "scheme_id": SCHEME.scheme_id,
                },
            )
            rows = cur.fetchall()
        proposed: dict[int, list[_Proposed]] = {}
        for article_id, candidate_id, version, revision, signature in rows:
            proposed.setdefault(article_id, []).append((candidate_id, version, revision, signature))
        candidates = {a: _likely(stored[a].signature, others) for a, others in proposed.items()}
        with self._stage("candidates"):
            for article_id, others in proposed.items():
                if len(others) - len(candidates[article_id]) >= HOT_PROPOSALS:
                    likely = {key[0] for key in candidates[article_id]}
                    unlikely = [other[0] for other in others if other[0] not in likely]
                    self._learn_hot_keys(cur, keys[article_id], unlikely)
        wanted = {key for keys in candidates.values() for key in keys if key[0] not in stored}
        with self._stage("load"):
            stored.update(self._load_cached(cur, wanted))
        with self._stage("verify"):
            matches = _measured(candidates, stored)
        self.counted["proposed"] += len(rows)
        self.counted["likely"] += sum(map(len, candidates.values()))
        self.counted["kept"] += len(matches)
        return matches

    def _keys(self, cur: Cursor, ids: Iterable[int]) -> dict[int, frozenset[int]]:
        cur.execute(sql("dedupe/keys"), {"article_ids": list(ids)})
        return {article_id: frozenset(keys) for article_id, keys in cur.fetchall()}

    def _learn_hot_keys(self, cur: Cursor, own: frozenset[int], unlikely: Sequence[int]) -> None:
        """Finds the keys through which many articles were proposed in vain."""
        if len(self._hot_keys) > MAX_HOT_KEYS:
            self._hot_keys.clear()
        sample = sorted(unlikely)[:: max(1, len(unlikely) // HOT_SAMPLE)]
        shared = Counter(key for keys in self._keys(cur, sample).values() for key in keys & own)
        self._hot_keys.update(key for key, count in shared.items() if count >= HOT_SHARE * len(sample))

    def _load(self, cur: Cursor, ids: Iterable[int]) -> dict[int, _Stored]:
        cur.execute(sql("dedupe/sketches"), {"article_ids": list(ids), "scheme_id": SCHEME.scheme_id})
        loaded = {}
        for article_id, version, site, revision, words, signature in cur.fetchall():
            loaded[article_id] = _Stored(
                version,
                revision,
                site,
                Story(np.frombuffer(words, "<u4").astype(np.uint32)),
                np.frombuffer(signature, "<u4").astype(np.uint32),
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

    def _remember(self, article_id: int, stored: _Stored) -> None:
        self._stories[article_id, stored.version, stored.revision] = stored
        while len(self._stories) > self._cache_stories:
            self._stories.popitem(last=False)

    def _write_stories(self, cur: Cursor, ids: Sequence[int], matches: Sequence[_Match]) -> None:
        """Steps 3 to 6."""
        copies = [m for m in matches if m.kind == "copy"]
        locked = lock_stories(cur, sorted({*ids, *(m.a for m in copies), *(m.b for m in copies)}))
        matches = _current(cur, matches)
        cur.execute(
            sql("dedupe/delete_stale_matches"),
            {
                "article_ids": ids,
                "window_days": self._window_days,
                "found_a": [m.a for m in matches],
                "found_b": [m.b for m in matches],
            },
        )
        _write_matches(cur, matches)
        write_clusters(cur, locked)

    # ---------------------------------------------------------------- events

    def unsent(self, cur: Cursor, article_ids: Sequence[int]) -> list[CopyEvent]:
        """An event for every copy of these articles whose event was not acknowledged yet."""
        cur.execute(sql("dedupe/unsent"), {"article_ids": list(article_ids)})
        return [
            CopyEvent(
                article_a=a,
                version_a=version_a,
                url_a=url_a,
                site_a=site_a,
                article_b=b,
                version_b=version_b,
                url_b=url_b,
                site_b=site_b,
                jaccard=jaccard,
                containment_a_in_b=a_in_b,
                containment_b_in_a=b_in_a,
                matched_at=matched_at,
                copied_from=copied_from,
            )
            for (
                a,
                version_a,
                url_a,
                site_a,
                b,
                version_b,
                url_b,
                site_b,
                jaccard,
                a_in_b,
                b_in_a,
                matched_at,
                copied_from,
            ) in cur.fetchall()
        ]

    def mark_sent(self, cur: Cursor, events: Sequence[CopyEvent]) -> None:
        """Notes that these events were acknowledged; they are not returned by `unsent` again."""
        if events:
            cur.execute(
                sql("dedupe/mark_sent"),
                {
                    "article_a": [e.article_a for e in events],
                    "article_b": [e.article_b for e in events],
                    "version_a": [e.version_a for e in events],
                    "version_b": [e.version_b for e in events],
                },
            )


def _write_sketches(cur: Cursor, items: Sequence[SketchItem], sketches: Sequence[Sketch]) -> None:
    ids = [item.article_id for item in items]
    seen_at = [item.first_seen_at for item in items]
    cur.execute(sql("dedupe/lock_articles"), {"article_ids": ids})
    cur.execute(sql("dedupe/ensure_partitions"), {"seen_at": seen_at})
    cur.execute(sql("dedupe/add_memberships"), {"article_ids": ids})
    cur.execute(sql("dedupe/delete_sketches"), {"article_ids": ids, "seen_at": seen_at})
    with cur.copy(sql("dedupe/copy_sketches")) as copy:
        copy.set_types(_COLUMN_TYPES)
        for item, sketch in zip(items, sketches, strict=True):
            copy.write_row(
                (
                    item.article_id,
                    item.first_seen_at,
                    item.version,
                    sketch.scheme_id,
                    item.site,
                    sketch.set_size,
                    sketch.revision,
                    sketch.words.astype("<u4").tobytes(),
                    sketch.signature.astype("<u4").tobytes(),
                    sketch.keys.tolist(),
                )
            )


def _likely(own: npt.NDArray[np.uint32], proposed: Sequence[_Proposed]) -> list[_Key]:
    """The candidates that may be copies by their signatures."""
    joined = np.frombuffer(b"".join(signature for _, _, _, signature in proposed), "<u4")
    estimates = estimated_jaccards(own, joined.reshape(len(proposed), -1))
    return [proposed[i][:3] for i in np.flatnonzero(estimates >= LEAST_ESTIMATE).tolist()]


def _measured(candidates: Mapping[int, Sequence[_Key]], stored: Mapping[int, _Stored]) -> list[_Match]:
    """Every pair of these candidates that is worth keeping, each measured once."""
    found: dict[tuple[int, int], _Match] = {}
    for article_id, keys in sorted(candidates.items()):
        fresh = [
            c
            for c, _, _ in sorted(keys)
            if c in stored and (min(article_id, c), max(article_id, c)) not in found
        ]
        for match in _matches_of(article_id, stored[article_id], {c: stored[c] for c in fresh}):
            found[match.a, match.b] = match
    return [found[pair] for pair in sorted(found)]


def _matches_of(article_id: int, own: _Stored, others: Mapping[int, _Stored]) -> list[_Match]:
    """The pairs of one article that are worth keeping, at most `MAX_EDGES` and `MAX_REJECTED`."""
    kept: list[_Match] = []
    for other_id, shared in _shared_counts(own.story, others).items():
        other = others[other_id]
        (a, first), (b, second) = sorted([(article_id, own), (other_id, other)], key=lambda pair: pair[0])
        measured = measure(first.story, second.story, shared)
        if measured is not None:
            kind = kind_of(measured, is_same_site=own.site == other.site)
            kept.append(_Match(a=a, b=b, first=first, second=second, kind=kind, measured=measured))
    kept.sort(key=lambda m: (-m.measured.jaccard, -m.measured.containment, m.a, m.b))
    copies = [m for m in kept if m.kind == "copy"]
    return copies[:MAX_EDGES] + [m for m in kept if m.kind != "copy"][:MAX_REJECTED]


def _shared_counts(own: Story, others: Mapping[int, _Stored]) -> dict[int, int]:
    """Number of distinct shingles that each other story shares with `own`, in one pass."""
    if not others or not len(own.unique):
        return {}
    ids = [i for i, other in others.items() if len(other.story.unique)]
    if not ids:
        return {}
    joined = np.concatenate([others[i].story.unique for i in ids])
    places = np.searchsorted(own.unique, joined)
    places[places == len(own.unique)] = 0
    hits = (own.unique[places] == joined).astype(np.int64)
    starts = np.cumsum([0, *(len(others[i].story.unique) for i in ids[:-1])])
    return dict(zip(ids, np.add.reduceat(hits, starts).tolist(), strict=True))


def _current(cur: Cursor, matches: Sequence[_Match]) -> list[_Match]:
    """The matches whose sketches are still those that were measured.

    Whoever replaced a sketch since will look for its matches after this transaction.
    """
    if not matches:
        return []
    cur.execute(sql("dedupe/revisions"), {"article_ids": sorted({i for m in matches for i in (m.a, m.b)})})
    now = {article_id: (version, revision) for article_id, version, revision in cur.fetchall()}
    return [
        m
        for m in matches
        if now.get(m.a) == (m.first.version, m.first.revision)
        and now.get(m.b) == (m.second.version, m.second.revision)
    ]


def _write_matches(cur: Cursor, matches: Sequence[_Match]) -> None:
    if matches:
        cur.execute(
            sql("dedupe/write_matches"),
            {
                "article_a": [m.a for m in matches],
                "article_b": [m.b for m in matches],
                "version_a": [m.first.version for m in matches],
                "version_b": [m.second.version for m in matches],
                "kind": [m.kind for m in matches],
                "jaccard": [m.measured.jaccard for m in matches],
                "a_in_b": [m.measured.containment_a_in_b for m in matches],
                "b_in_a": [m.measured.containment_b_in_a for m in matches],
                "longest": [m.measured.longest_passage_words for m in matches],
            },
        )
