"""What members share with the article that their story is measured against, where no stored copy says so.

In a large story the reference may be beyond the copies that a member keeps, and in any story a member may belong to
it without being a copy of the reference. Such a pair is measured once, from the two sketches, and kept in
`core.reference_measures` for as long as both sketches are the same; so a story of thousands is not measured again at
every copy. Where a sketch was dropped meanwhile, what was measured stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from schemas.sql import sql
from workers.dedupe.compare import measure_pairs
from workers.dedupe.database import Cursor
from workers.dedupe.model import Edge
from workers.dedupe.packed import Int8s
from workers.dedupe.sketch import SCHEME
from workers.dedupe.verify import Story, kind_of

__all__ = ["load_measures"]

_Pair = tuple[int, int]
_Sketch = tuple[int, int]
"""Version and revision."""


def load_measures(cur: Cursor, pairs: Sequence[_Pair]) -> dict[_Pair, Edge]:
    """What these members share with their references.

    Args:
        pairs: member and reference; a member occurs once.

    Returns:
        An edge of any kind by pair as given; pairs that share nothing worth keeping, or of which a sketch is gone
        and nothing is known, are left out.
    """
    if not pairs:
        return {}
    found = _matches(cur, pairs)
    missing = [pair for pair in pairs if pair not in found]
    if not missing:
        return found
    ids = Int8s(sorted({i for pair in missing for i in pair}))
    cur.execute(sql("dedupe/revisions"), {"article_ids": ids}, binary=True)
    now: dict[int, _Sketch] = {i: (version, revision) for i, version, revision in cur.fetchall()}
    to_measure = set(missing)
    cur.execute(sql("dedupe/reference_measures"), {"article_ids": Int8s(i for i, _ in missing)}, binary=True)
    for member, reference, *sketches, kind, jaccard, within, taken in cur.fetchall():
        pair, known = (member, reference), (tuple(sketches[:2]), tuple(sketches[2:]))
        is_current = all(now.get(i, was) == was for i, was in zip(pair, known, strict=True))
        if pair in to_measure and is_current:
            to_measure.remove(pair)
            if kind is not None:
                found[pair] = _edge(pair, kind, jaccard, within, taken)
    found.update(_measured(cur, sorted(p for p in to_measure if p[0] in now and p[1] in now)))
    return found


def _matches(cur: Cursor, pairs: Iterable[_Pair]) -> dict[_Pair, Edge]:
    """Those of the pairs that are stored as matches of some kind."""
    ordered = {(min(pair), max(pair)): pair for pair in pairs}
    cur.execute(
        sql("dedupe/matches_of_pairs"),
        {"article_a": Int8s(a for a, _ in ordered), "article_b": Int8s(b for _, b in ordered)},
        binary=True,
    )
    return {ordered[row[0], row[1]]: Edge(*row) for row in cur.fetchall()}


def _measured(cur: Cursor, pairs: Sequence[_Pair]) -> dict[_Pair, Edge]:
    """Measures the pairs and stores what they share."""
    ids = sorted({i for pair in pairs for i in pair})
    if not ids:
        return {}
    cur.execute(
        sql("dedupe/sketches"), {"article_ids": Int8s(ids), "scheme_id": SCHEME.scheme_id}, binary=True
    )
    sketches: dict[int, _Sketch] = {}
    sites: dict[int, str] = {}
    stories: dict[int, Story] = {}
    for article_id, version, site, revision, words, _ in cur.fetchall():
        sketches[article_id], sites[article_id] = (version, revision), site
        stories[article_id] = Story(np.frombuffer(words, "<u4").astype(np.uint32, copy=False))
    pairs = [pair for pair in pairs if pair[0] in stories and pair[1] in stories]
    found: dict[_Pair, Edge] = {}
    rows: list[Mapping[str, Any]] = []
    results = measure_pairs([(stories[member], stories[reference]) for member, reference in pairs])
    for (member, reference), measure in zip(pairs, results, strict=True):
        row: dict[str, Any] = {
            "article_id": member,
            "reference_id": reference,
            "version": sketches[member][0],
            "revision": sketches[member][1],
            "reference_version": sketches[reference][0],
            "reference_revision": sketches[reference][1],
        }
        if measure is not None:
            kind = kind_of(measure, is_same_site=sites[member] == sites[reference])
            # With the precision of the table, so that it is the same when it is read again.
            shares = np.array(
                [measure.jaccard, measure.containment_a_in_b, measure.containment_b_in_a], np.float32
            ).tolist()
            found[member, reference] = _edge((member, reference), kind, *shares)
            row |= dict(zip(("jaccard", "containment", "share_of_reference"), shares, strict=True))
            row["kind"] = kind
        rows.append(row)
    cur.execute(sql("dedupe/write_reference_measures"), {"measures": json.dumps(rows)})
    return found


def _edge(pair: _Pair, kind: str, jaccard: float, within: float, taken: float) -> Edge:
    """The edge of a member and its reference.

    Args:
        within: share of the member's text that the reference has.
        taken: share of the reference's text that the member has.
    """
    member, reference = pair
    if member < reference:
        return Edge(member, reference, kind, jaccard, within, taken)
    return Edge(reference, member, kind, jaccard, taken, within)
