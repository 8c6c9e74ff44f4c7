"""Where the ids of clusters lead that went away.

A cluster's id is the smallest article id of its members, so an id goes away when that member leaves, and another story
takes it over when the member joins one of larger ids. What became of the members is a fact of history that cannot be
computed anew; it is written once, when it happens, and `wiretrace.cluster_of` follows it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from schemas.sql import sql
from workers.dedupe.database import Cursor

__all__ = ["successors", "write_redirects"]


def successors(before: Mapping[int, int], after: Mapping[int, int]) -> dict[int, int | None]:
    """Clusters that most of their members left, and where these are.

    Args:
        before, after: article id -> cluster id; articles without a copy are missing.

    Returns:
        Old id -> the cluster that has most of its members; of two, that of the smaller id; None where none of
        them has a copy any more. Ids that most members kept are missing.

    >>> successors({1: 1, 2: 1, 3: 1, 7: 7, 8: 7}, {1: 1, 7: 1, 8: 1, 2: 2, 3: 2})
    {1: 2, 7: 1}
    """
    left: dict[int, Counter[int]] = defaultdict(Counter)
    for article_id, old in before.items():
        left[old]  # Noted, though it may have no member in any cluster.
        new = after.get(article_id)
        if new is not None:
            left[old][new] += 1
    found: dict[int, int | None] = {}
    for old, counts in sorted(left.items()):
        best = min(counts, key=lambda new: (-counts[new], new != old, new), default=None)
        if best != old:
            found[old] = best
    return found


def write_redirects(cur: Cursor, before: Mapping[int, int], after: Mapping[int, int]) -> None:
    """Notes where the members of clusters went; to be called once in a transaction, under the locks of their stories."""
    moved = successors(before, after)
    if moved:
        cur.execute(
            sql("dedupe/write_redirects"),
            {"cluster_ids": list(moved), "successor_ids": list(moved.values())},
        )
