"""Computing all stories anew from the stored matches.

The tables come out as they were: they are a function of the articles and their matches. Needed after the rule of
`cluster.py` or `origin.py` changed, or when in doubt. Workers may go on meanwhile: every portion is written under the
same locks as theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from schemas.sql import sql
from workers.dedupe.stories import lock_stories, trim_copies, write_clusters

__all__ = ["Rebuilt", "rebuild"]

_PORTION: Final = 2000
"""Articles per transaction: bounds how long a worker waits for a story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild went through and found."""

    articles: int
    clusters: int


class _Sets:
    """Disjoint sets of article ids."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def find(self, item: int) -> int:
        root = item
        while (parent := self._parent.setdefault(root, root)) != root:
            root = parent
        while self._parent[item] != root:
            self._parent[item], item = root, self._parent[item]
        return root

    def join(self, a: int, b: int) -> None:
        first, second = sorted((self.find(a), self.find(b)))
        self._parent[second] = first

    def groups(self) -> Iterator[list[int]]:
        members: dict[int, list[int]] = {}
        for item in sorted(self._parent):
            members.setdefault(self.find(item), []).append(item)
        yield from members.values()


def rebuild(conn: psycopg.Connection[Any]) -> Rebuilt:
    """Computes every story anew from `core.matches`.

    Args:
        conn: in autocommit mode; every portion is a transaction of its own.

    Raises:
        psycopg.Error: stopped halfway; calling it again is safe.
    """
    sets = _Sets()
    for query in ("dedupe/all_copies", "dedupe/all_clustered"):
        with conn.transaction(), conn.cursor(name="rebuild") as cur:
            cur.itersize = 50_000
            cur.execute(sql(query))
            for a, b in cur:
                sets.join(a, b)
    articles = 0
    for portion in _portions(sets.groups()):
        with conn.transaction(), conn.cursor() as writing:
            locked = lock_stories(writing, portion)
            trim_copies(writing, locked, {})
            write_clusters(writing, locked)
        articles += len(portion)
    with conn.transaction(), conn.cursor() as finishing:
        finishing.execute(sql("dedupe/orphan_clusters"))
        finishing.execute(sql("dedupe/count_clusters"))
        row = finishing.fetchone()
    return Rebuilt(articles=articles, clusters=row[0] if row else 0)


def _portions(groups: Iterator[list[int]]) -> Iterator[list[int]]:
    portion: list[int] = []
    for group in groups:
        portion.extend(group)
        if len(portion) >= _PORTION:
            yield sorted(portion)
            portion = []
    if portion:
        yield sorted(portion)
