"""Making the sketches of an earlier scheme anew, from the words that they hold.

Sketches are compared with those of their own scheme only, so after a change of the scheme new articles do not find old
ones. Where the words are the same ones as before, no page is needed: signature and keys follow from them. Workers may
go on meanwhile; every article is noted to be looked up again, in the transaction that gives it its new sketch.

Words of scheme 2 have their quotation marks as an earlier rule read them. Keys and shares do not depend on them, only
what is told a quotation does; `wiretrace reprocess` brings the marks of today.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import psycopg

from schemas.sql import sql
from workers.dedupe.packed import Int8s
from workers.dedupe.sketch import SCHEME
from workers.dedupe.store import Index, SketchItem

__all__ = ["Resketched", "resketch"]

_PORTION: Final = 500
"""Articles per transaction: bounds how long a worker waits for one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resketched:
    """What was done.

    Attributes:
        made: sketches that were made anew.
        left: sketches of another scheme that hold other words, or that a worker of an earlier version wrote meanwhile.
    """

    made: int
    left: int


def resketch(
    conn: psycopg.Connection[Any], *, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> Resketched:
    """Makes the sketches of other schemes anew where they hold the words of this one; safe to stop and to repeat.

    Args:
        conn: outside of any transaction.
        on_progress: told how many articles were gone through, and how many there are.

    Raises:
        SchemeMismatch: sketches of this very scheme were made another way.
    """
    index = Index(cache_stories=0)
    index.prepare(conn)
    ids = [article_id for (article_id,) in conn.execute(sql("dedupe/outdated"), asdict(SCHEME)).fetchall()]
    made = 0
    for at in range(0, len(ids), _PORTION):
        made += _resketch_some(conn, index, ids[at : at + _PORTION])
        on_progress(min(at + _PORTION, len(ids)), len(ids))
    row = conn.execute(sql("dedupe/count_outdated"), asdict(SCHEME)).fetchone()
    conn.execute(sql("dedupe/delete_unused_schemes"), asdict(SCHEME))
    return Resketched(made=made, left=row[0] if row else 0)


def _resketch_some(conn: psycopg.Connection[Any], index: Index, ids: list[int]) -> int:
    with conn.transaction(), conn.cursor() as cur:
        # Held first: a text that is replaced meanwhile is sketched by whoever replaces it.
        cur.execute(sql("dedupe/lock_articles"), {"article_ids": Int8s(ids)})
        cur.execute(
            sql("dedupe/outdated_sketches"),
            {"article_ids": Int8s(ids), "scheme_id": SCHEME.scheme_id},
            binary=True,
        )
        items = [
            SketchItem(
                article_id=article_id,
                version=version,
                site=site,
                first_seen_at=seen_at,
                words=np.frombuffer(words, "<u4").astype(np.uint32, copy=False),
            )
            for article_id, version, site, seen_at, words in cur.fetchall()
        ]
        index.add(cur, items)
        cur.execute(sql("store/add_resketched"), {"article_ids": sorted(item.article_id for item in items)})
    return len(items)
