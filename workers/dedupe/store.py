"""The index of sketches in Postgres, and the two transactions by which an article gets its story.

`Index.prepare` once, in a transaction of its own. Then in this order, for every batch of articles:

* A, `Index.add`: sketches with their keys are written. Once it is committed, every other worker can find them.
* B, `Index.resolve`: (1) candidates are looked up and (2) verified (`search.py`); (3) the units that guard every story
  touched are locked in the order of their ids, and looked up again until no new one appears; (4) matches are written
  (`matches.py`) and those beyond what an article keeps taken away (`bounds.py`), (5) the stories are computed anew from
  the matches, and (6) written where they differ (`stories.py`).

Locks are taken in this order, each kind in the order of its numbers, so that no two wait for each other:

* A: the articles of the batch (`for no key update`), then the site's lines, then the partition that is missing.
* B: the units of the stories; the articles of the pairs found (`for share`, so that no sketch is replaced between its
  check and the commit of what was measured on it); the lists of pairs that are no copies; rows of matches and stories.

A and B wait for each other at articles alone: A holds no unit and no list, and each takes its articles in the order of their
ids, in one statement. What may still cross (a unit that merges while it is waited for, an article that came between two
statements of A) the server finds out: B's write is done again, and a batch that is
taken back in A is. Notes of `core.resketched` are only added, which waits for nobody (`notes.py`).

Of two workers that add two copies at the same moment the second to commit A sees the first. Both may then come to
write the same story: the lock makes them take turns, and whoever is second reads what the first has written. What B
writes is a function of the articles and their matches, so doing it again changes nothing.
"""

from __future__ import annotations

import gc
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from schemas.errors import WiretraceError
from schemas.records import CopyEvent
from schemas.sql import sql
from workers.dedupe.database import Cursor
from workers.dedupe.matches import (
    current_matches,
    delete_stale,
    lists_beyond,
    lock_lists,
    mark_sent,
    note_others,
    trim_others,
    unsent,
    write_matches,
)
from workers.dedupe.model import COPY, Match
from workers.dedupe.packed import COPY_HEADER, COPY_TRAILER, Int8s, copied_row, int8_array, micros
from workers.dedupe.search import Found, Search
from workers.dedupe.sketch import SCHEME, Sketch, sketch_words
from workers.dedupe.stories import lock_stories, trim_copies, write_clusters
from workers.dedupe.words import Words

__all__ = ["Index", "SchemeMismatch", "SketchItem"]

_ATTEMPTS: Final = 5


class SchemeMismatch(WiretraceError):
    """The database holds sketches of this scheme that were made another way.

    No worker can go on: what it finds would depend on who made which sketch.
    """

    def __init__(self) -> None:
        super().__init__(
            f"the database holds sketches of scheme {SCHEME.scheme_id} that were made another way. "
            "Stop every worker; old articles are found again by new ones after wiretrace reprocess. "
            "Now run: wiretrace db prune --all"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SketchItem:
    """One article's text, to be sketched.

    Attributes:
        version: of the text; `core.articles.version` of the same transaction.
        first_seen_at: `core.articles.first_seen_at` as the caller knows it; the stored one decides.
        words: of the story, without the site's repeated lines, credits and datelines.
    """

    article_id: int
    version: int
    site: str
    first_seen_at: datetime
    words: Words


class Index:
    """The sketches of all articles, and the stories that follow from them.

    Args:
        window_days: articles first seen farther apart than this are not compared; 0 = all are.
        cache_stories: stories whose words are kept in memory between calls, about 2 kB each.

    Attributes:
        counted: pairs so far: proposed by a shared key, likely by their signatures, kept as matches.
        stage_s: seconds spent in each stage so far: sketch, write, candidates, load, verify, cluster, events.
    """

    def __init__(self, *, window_days: int = 30, cache_stories: int = 4096) -> None:
        self._window_days = window_days
        self._is_prepared = False
        self.stage_s: defaultdict[str, float] = defaultdict(float)
        self._search = Search(window_days=window_days, cache_stories=cache_stories, stage=self._stage)
        self.counted = self._search.counted

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.stage_s[name] += time.perf_counter() - start

    # ---------------------------------------------------------------- before the first batch

    def prepare(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        """Notes in the database how sketches are made, in a transaction of its own; does nothing when called again.

        Not in transaction A: of two first batches each would wait for the other (for the scheme's row, and for the
        lock under which a partition is attached to a table that refers to it), and a batch that is taken back would
        take the scheme back.

        Args:
            connection: outside of any transaction.

        Raises:
            SchemeMismatch: the database's sketches were made another way; no page can be worked.
        """
        if self._is_prepared:
            return
        with connection.transaction(), connection.cursor() as cur:
            cur.execute(sql("dedupe/write_scheme"), asdict(SCHEME))
            if cur.fetchone() is None:
                raise SchemeMismatch
        self._is_prepared = True

    # ---------------------------------------------------------------- transaction A

    def add(self, cur: Cursor, items: Sequence[SketchItem]) -> None:
        """Writes the sketches of these articles in place of their earlier ones; inside the caller's transaction A.

        `prepare` must have been called.
        """
        if not items:
            return
        if not self._is_prepared:
            raise RuntimeError("Index.prepare comes before the first sketch")
        items = sorted(items, key=lambda item: item.article_id)
        with _without_collector():
            with self._stage("sketch"):
                sketches = sketch_words([item.words for item in items])
            with self._stage("write"):
                self._search.learn(cur)
                _write_sketches(cur, items, self._search.without_stock_keys(sketches))
            for item, sketch in zip(items, sketches, strict=True):
                self._search.remember(item.article_id, item.version, item.site, sketch)

    def follow(self, cur: Cursor, articles: Mapping[int, datetime]) -> None:
        """Sketches of articles whose text stays follow the time at which they were first seen; in transaction A.

        A sketch is found by its article's time, so it would be lost if an older page of the article lowered that.

        Args:
            articles: article id -> `core.articles.first_seen_at` of the same transaction.
        """
        if articles:
            cur.execute(sql("dedupe/lock_articles"), {"article_ids": Int8s(sorted(articles))})
            cur.execute(sql("dedupe/ensure_partitions"), {"seen_at": sorted(set(articles.values()))})
            cur.execute(sql("dedupe/follow_articles"), {"article_ids": Int8s(sorted(articles))})

    # ---------------------------------------------------------------- transaction B

    def resolve(self, cur: Cursor, article_ids: Sequence[int]) -> None:
        """Finds the copies of these articles and brings their stories up to date; inside the caller's transaction B.

        Doing it again changes nothing. Transaction A of these articles must be committed. The events that are due
        afterwards: `unsent`.

        Raises:
            psycopg.Error: the transaction is lost; doing A and B again is safe.
        """
        if not article_ids:
            return
        ids = sorted(set(article_ids))
        with _without_collector():
            found = self._verified(cur, ids)
            with self._stage("cluster"):
                _until_free(cur, lambda: self._write_stories(cur, ids, found))

    def _verified(self, cur: Cursor, ids: Sequence[int]) -> Found:
        """Steps 1 and 2: every pair of these articles worth keeping."""
        return self._search.matches_of(cur, ids)

    def _write_stories(self, cur: Cursor, ids: Sequence[int], found: Found) -> None:
        """Steps 3 to 6."""
        copies = [m for m in found.matches if m.kind == COPY]
        locked = lock_stories(cur, sorted({*ids, *(m.a for m in copies), *(m.b for m in copies)}))
        matches = current_matches(cur, found.matches)
        gone = delete_stale(cur, ids, matches, window_days=self._window_days)
        write_matches(cur, [m for m in matches if m.kind == COPY])
        locked.drop((a, b) for a, b, _ in gone)
        locked.add(matches)
        moved = trim_copies(cur, locked, {i: found.horizons.get(i) for i in ids})
        self._write_others(cur, ids, [m for m in matches if m.kind != COPY], found.later, moved, gone)
        write_clusters(cur, locked)

    def _write_others(
        self,
        cur: Cursor,
        ids: Sequence[int],
        others: Sequence[Match],
        later: Mapping[tuple[int, int], int],
        moved: Sequence[int],
        gone: Sequence[tuple[int, int, bool]],
    ) -> None:
        """The pairs that are no copies.

        Args:
            later: the later end of each pair, whose list it is in.
            moved: articles whose horizon moved.
            gone: what was taken away from the matches.
        """
        added = Counter(later[m.a, m.b] for m in others)
        if added or moved:
            added.update(dict.fromkeys(moved, 0))
            lock_lists(cur, added)
            beyond = lists_beyond(cur, added)
            write_matches(cur, others)
            trim_others(cur, beyond)
        again = {(m.a, m.b) for m in others}
        lost = Counter(end for a, b, is_copy in gone if not is_copy and (a, b) not in again for end in (a, b))
        note_others(cur, {end: number for end, number in lost.items() if end not in set(ids)})

    # ---------------------------------------------------------------- events

    def unsent(self, cur: Cursor, article_ids: Sequence[int]) -> list[CopyEvent]:
        """An event for every copy of these articles whose event was not acknowledged yet."""
        with self._stage("events"):
            return unsent(cur, article_ids)

    def mark_sent(self, cur: Cursor, events: Sequence[CopyEvent]) -> None:
        """Notes that these events were acknowledged; they are not returned by `unsent` again."""
        with self._stage("events"):
            _until_free(cur, lambda: mark_sent(cur, events))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pairs, and the edges of a large story, are very many objects at once and no cycles; looking for some takes a third of
    the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _until_free(cur: Cursor, write: Callable[[], None]) -> None:
    """Does what is written again where the server found that two waited for each other; the other side goes on."""
    for attempt in range(_ATTEMPTS):
        try:
            with cur.connection.transaction():
                write()
            break
        except psycopg.errors.DeadlockDetected:
            # Someone saw a unit before a merge and locked it after; the other side has its locks now.
            if attempt == _ATTEMPTS - 1:
                raise


def _write_sketches(cur: Cursor, items: Sequence[SketchItem], sketches: Sequence[Sketch]) -> None:
    cur.execute(
        sql("dedupe/lock_articles"), {"article_ids": Int8s(item.article_id for item in items)}, binary=True
    )
    stored = {article_id: (version, seen_at) for article_id, version, seen_at in cur.fetchall()}
    # What was read before the lock may be old by now: whoever replaced the text has sketched it, too.
    current = [
        (item, sketch, stored[item.article_id][1])
        for item, sketch in zip(items, sketches, strict=True)
        if stored.get(item.article_id, (None,))[0] == item.version
    ]
    if not current:
        return
    ids = Int8s(item.article_id for item, _, _ in current)
    cur.execute(sql("dedupe/ensure_partitions"), {"seen_at": [seen_at for _, _, seen_at in current]})
    cur.execute(sql("dedupe/add_memberships"), {"article_ids": ids}, binary=True)
    new = {article_id for (article_id,) in cur.fetchall()}
    if old := [item.article_id for item, _, _ in current if item.article_id not in new]:
        cur.execute(sql("dedupe/delete_sketches"), {"article_ids": Int8s(old)})
    rows = [
        copied_row(
            (
                struct.pack(">q", item.article_id),
                micros(seen_at),
                struct.pack(">i", item.version),
                struct.pack(">h", sketch.scheme_id),
                item.site.encode(),
                struct.pack(">i", sketch.set_size),
                struct.pack(">q", sketch.revision),
                sketch.words.astype("<u4", copy=False).tobytes(),
                sketch.signature.astype("<u4", copy=False).tobytes(),
                int8_array(sketch.keys),
            )
        )
        for item, sketch, seen_at in current
    ]
    with cur.copy(sql("dedupe/copy_sketches")) as copy:
        copy.write(COPY_HEADER + b"".join(rows) + COPY_TRAILER)
