"""Notes of `core.resketched`: articles whose stories are to be looked at (again). How they are claimed and taken away.

They are added where something changes that others depend on: a sketch made anew, a match that is gone. A note is claimed
in a transaction of its own, so that no other worker looks at the same articles, and stays until all that follows
from it is written and every event acknowledged. The claim ends with the session that made it: what a worker leaves
behind that dies is claimed by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from schemas.sql import sql
from workers.dedupe.database import Cursor
from workers.dedupe.packed import Int8s

__all__ = ["MOST_TRIES", "Notes", "claim_notes", "delete_notes"]

MOST_TRIES: Final = 5
"""So often a note is claimed whose article cannot be looked at; then it is given up, or a run would wait for it for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Claimed notes.

    Attributes:
        rows: note id, article id, and how often the note was claimed, this time included.
    """

    rows: Sequence[tuple[int, int, int]]

    @property
    def article_ids(self) -> list[int]:
        """Ascending, each once."""
        return sorted({article_id for _, article_id, _ in self.rows})

    def done(self, failed: Set[int]) -> Notes:
        """Those that are over when these articles could not be looked at: all others, and theirs after `MOST_TRIES`."""
        return Notes(rows=[row for row in self.rows if row[1] not in failed or row[2] >= MOST_TRIES])


def claim_notes(cur: Cursor, limit: int) -> Notes:
    """At most `limit` notes that no other living session has claimed, the oldest first; commit before looking."""
    cur.execute(sql("store/claim_resketched"), {"limit": limit})
    return Notes(rows=sorted(cur.fetchall()))


def delete_notes(cur: Cursor, notes: Notes) -> None:
    """Takes these notes away; on the connection on which they were claimed, when all they asked for is done."""
    if notes.rows:
        note_ids = Int8s(note_id for note_id, _, _ in notes.rows)
        cur.execute(sql("store/delete_resketched"), {"note_ids": note_ids})
