"""Notes of `core.resketched`: articles whose stories are to be looked at (again). How they are claimed and taken away.

They are added where something changes that others depend on: a sketch made anew, a match that is gone. A note is claimed
in a transaction of its own, so that no other worker looks at the same articles, and stays until all that follows
from it is written and every event acknowledged. The claim ends with the session that made it: what a worker leaves
behind that dies is claimed by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.sql import sql
from workers.dedupe.database import Cursor
from workers.dedupe.packed import Int8s

__all__ = ["Notes", "claim_notes", "delete_notes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Claimed notes.

    Attributes:
        article_ids: ascending, each once.
    """

    note_ids: Sequence[int]
    article_ids: Sequence[int]


def claim_notes(cur: Cursor, limit: int) -> Notes:
    """At most `limit` notes that no other living session has claimed, the oldest first; commit before looking."""
    cur.execute(sql("store/claim_resketched"), {"limit": limit})
    rows = cur.fetchall()
    return Notes(
        note_ids=[note_id for note_id, _ in rows],
        article_ids=sorted({article_id for _, article_id in rows}),
    )


def delete_notes(cur: Cursor, notes: Notes) -> None:
    """Takes these notes away; on the connection on which they were claimed, when all they asked for is done."""
    if notes.note_ids:
        cur.execute(sql("store/delete_resketched"), {"note_ids": Int8s(notes.note_ids)})
