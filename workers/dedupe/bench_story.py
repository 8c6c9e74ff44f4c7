"""What one more copy of a large story costs: both transactions and the events, copies coming one at a time."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import psycopg

from schemas.sql import sql
from workers.dedupe.planted import PlantedArticle, planted_stream
from workers.dedupe.planted_store import store_planted
from workers.dedupe.store import Index

__all__ = ["GrownStory", "grow_story"]

_LEAST_WORDS: Final = 250
_CHANGED_WORDS: Final = 0.01
_BATCH: Final = 20
_DAYS: Final = 2
_DAY: Final = timedelta(days=1)
ARRIVALS: Final = ("late", "any")
"""Copies that were published after all others of the story, and copies published at any time of the story's days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownStory:
    """One measurement.

    Attributes:
        copies: articles of the story before.
        arrival: of `ARRIVALS`.
        milliseconds: by the clock for one more copy, sketching included: the median of those timed.
        slowest: milliseconds of the slowest of them.
        stage_ms: milliseconds per copy by stage, the mean.
        matches: stored pairs.
        clusters: stories that they make; 1 unless the story has fallen apart.
    """

    copies: int
    arrival: str
    milliseconds: float
    slowest: float
    stage_ms: dict[str, float]
    matches: int
    clusters: int


def grow_story(url: str, sizes: Sequence[int], *, timed: int = 9, seed: int = 5) -> Iterator[GrownStory]:
    """Grows one story copy by copy and times the copies that come when it has these sizes.

    Every copy is on a site of its own, has one word in a hundred changed, and was published at some moment of two
    days; they come in an order of their own.

    Args:
        url: of an empty database with the current schema.
        timed: copies timed at each size, of each arrival.
    """
    base = next(a for a in planted_stream(seed=seed, days=_DAYS) if _words(a) >= _LEAST_WORDS)
    rng = random.Random(seed)  # noqa: S311
    index = Index()
    count = 0

    def copies(number: int, arrival: str = "any") -> list[PlantedArticle]:
        nonlocal count
        made = []
        for _ in range(number):
            count += 1
            after = timedelta(days=_DAYS, seconds=count) if arrival == "late" else _DAYS * rng.random() * _DAY
            made.append(_copy(base, count, after, rng))
        return made

    with psycopg.connect(url, autocommit=True) as conn:
        index.prepare(conn)
        for size in sorted(sizes):
            while count < size:
                _take(conn, index, copies(min(_BATCH, size - count)))
            conn.execute(sql("dedupe/analyze"))
            for arrival in ARRIVALS:
                before = count
                # The first few make their plans.
                _take(conn, index, copies(1, arrival))
                index.stage_s.clear()
                took = [_take(conn, index, copies(1, arrival)) for _ in range(timed)]
                row = conn.execute(sql("dedupe/story_size")).fetchone()
                yield GrownStory(
                    copies=before,
                    arrival=arrival,
                    milliseconds=1000 * statistics.median(took),
                    slowest=1000 * max(took),
                    stage_ms={name: 1000 * seconds / timed for name, seconds in index.stage_s.items()},
                    matches=row[0] if row else 0,
                    clusters=row[1] if row else 0,
                )


def _words(article: PlantedArticle) -> int:
    return sum(len(line.split()) for line in article.lines)


def _copy(base: PlantedArticle, number: int, after: timedelta, rng: random.Random) -> PlantedArticle:
    lines = tuple(
        " ".join(
            word if rng.random() > _CHANGED_WORDS else f"zz{rng.randrange(10**6)}" for word in line.split()
        )
        for line in base.lines
    )
    published_at = base.first_seen_at + after
    return replace(
        base,
        url=f"https://site{number}.example/story",
        site=f"site{number}.example",
        lines=lines,
        published_at=published_at,
        published_certainty="exact",
        first_seen_at=published_at + timedelta(minutes=20),
        source_link_url=None,
        credit_agency=None,
    )


def _take(conn: psycopg.Connection[Any], index: Index, articles: Sequence[PlantedArticle]) -> float:
    """Takes these articles through both transactions; seconds by the clock."""
    with conn.transaction(), conn.cursor() as cur:
        items = store_planted(cur, articles)
        begun = time.perf_counter()
        index.add(cur, items)
    ids = [item.article_id for item in items]
    with conn.transaction(), conn.cursor() as cur:
        index.resolve(cur, ids)
        index.mark_sent(cur, index.unsent(cur, ids))
    return time.perf_counter() - begun
