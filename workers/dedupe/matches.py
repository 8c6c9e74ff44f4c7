"""Matches in Postgres: writing pairs, taking stale ones away, and the events that are due for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from schemas.records import CopyEvent
from schemas.sql import sql
from workers.dedupe import bounds
from workers.dedupe.database import Cursor
from workers.dedupe.model import COPY, Match
from workers.dedupe.packed import Float4s, Int4s, Int8s
from workers.dedupe.sketch import SCHEME
from workers.dedupe.verify import MATCH_KINDS

__all__ = [
    "current_matches",
    "delete_matches",
    "delete_stale",
    "lists_beyond",
    "lock_lists",
    "mark_sent",
    "note_others",
    "trim_others",
    "unsent",
    "write_matches",
]


def current_matches(cur: Cursor, matches: Sequence[Match]) -> list[Match]:
    """The matches whose sketches are those that were measured, and stay so until the transaction ends.

    Whoever replaces a sketch holds its article in transaction A and so waits for this one. When it looks for the new
    matches afterwards it finds what was written here, and takes away what does not hold any more.
    """
    if not matches:
        return []
    ids = Int8s(sorted({i for m in matches for i in (m.a, m.b)}))
    cur.execute(sql("dedupe/share_articles"), {"article_ids": ids})
    # A statement of its own: what it sees was committed before the locks were given.
    cur.execute(sql("dedupe/revisions"), {"article_ids": ids}, binary=True)
    now = {article_id: (version, revision) for article_id, version, revision in cur.fetchall()}
    return [m for m in matches if now.get(m.a) == m.sketch_a and now.get(m.b) == m.sketch_b]


def delete_stale(
    cur: Cursor, ids: Sequence[int], found: Sequence[Match], *, window_days: int
) -> list[tuple[int, int, bool]]:
    """Takes away matches of these articles that do not hold any more; gives both ends and whether it was a copy."""
    cur.execute(sql("dedupe/has_matches"), {"article_ids": Int8s(ids)})
    if cur.fetchone() == (False,):
        return []
    cur.execute(
        sql("dedupe/delete_stale_matches"),
        {
            "article_ids": Int8s(ids),
            "window_days": window_days,
            "scheme_id": SCHEME.scheme_id,
            "found_a": Int8s(m.a for m in found),
            "found_b": Int8s(m.b for m in found),
            "is_copy": Int4s(m.kind == COPY for m in found),
        },
        binary=True,
    )
    return cur.fetchall()


def lists_beyond(cur: Cursor, added: Mapping[int, int]) -> list[int]:
    """Which lists of pairs that are no copies may hold more than is kept, once so many pairs are added to them."""
    ids = sorted(added)
    cur.execute(
        sql("dedupe/lists_beyond"),
        {
            "article_ids": Int8s(ids),
            "added": Int4s(added[i] for i in ids),
            "most": bounds.EARLIER_OTHERS,
        },
        binary=True,
    )
    return [article_id for (article_id,) in cur.fetchall()]


def trim_others(cur: Cursor, later: Sequence[int]) -> None:
    """Of the pairs that are no copies, takes away those beyond what these articles keep."""
    if later:
        cur.execute(
            sql("dedupe/others_beyond"),
            {"article_ids": Int8s(later), "most": bounds.EARLIER_OTHERS},
            binary=True,
        )
        delete_matches(cur, cur.fetchall())


def delete_matches(cur: Cursor, pairs: Sequence[tuple[int, int]]) -> None:
    """Takes these pairs away."""
    if pairs:
        cur.execute(
            sql("dedupe/delete_matches"),
            {"article_a": Int8s(a for a, _ in pairs), "article_b": Int8s(b for _, b in pairs)},
        )


def note_others(cur: Cursor, lost: Mapping[int, int]) -> None:
    """Notes articles that lost so many pairs that are no copies, where others may take their places."""
    if lost:
        cur.execute(
            sql("dedupe/note_others"),
            {
                "article_ids": Int8s(lost),
                "lost": Int4s(lost.values()),
                "most": bounds.EARLIER_OTHERS,
            },
        )


def lock_lists(cur: Cursor, later: Iterable[int]) -> None:
    """Locks these articles' lists of pairs that are no copies; after the stories, and once in a transaction."""
    cur.execute(sql("dedupe/lock_lists"), {"article_ids": Int8s(sorted(set(later)))})


def write_matches(cur: Cursor, matches: Sequence[Match]) -> None:
    """Writes matches; rows that say the same already are left alone."""
    if matches:
        cur.execute(
            sql("dedupe/write_matches"),
            {
                "kinds": list(MATCH_KINDS),
                "article_a": Int8s(m.a for m in matches),
                "article_b": Int8s(m.b for m in matches),
                "version_a": Int4s(m.sketch_a[0] for m in matches),
                "version_b": Int4s(m.sketch_b[0] for m in matches),
                "kind": Int4s(MATCH_KINDS.index(m.kind) for m in matches),
                "jaccard": Float4s(m.jaccard for m in matches),
                "a_in_b": Float4s(m.a_in_b for m in matches),
                "b_in_a": Float4s(m.b_in_a for m in matches),
                "longest": Int4s(m.longest_passage_words for m in matches),
            },
        )


def unsent(cur: Cursor, article_ids: Sequence[int]) -> list[CopyEvent]:
    """An event for every copy of these articles whose event was not acknowledged yet."""
    cur.execute(sql("dedupe/unsent"), {"article_ids": Int8s(article_ids)}, binary=True)
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


def mark_sent(cur: Cursor, events: Sequence[CopyEvent]) -> None:
    """Notes that these events were acknowledged; they are not returned by `unsent` again."""
    if events:
        cur.execute(
            sql("dedupe/mark_sent"),
            {
                "article_a": Int8s(e.article_a for e in events),
                "article_b": Int8s(e.article_b for e in events),
                "version_a": Int4s(e.version_a for e in events),
                "version_b": Int4s(e.version_b for e in events),
            },
        )
