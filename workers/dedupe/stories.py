"""Stories in Postgres: locking those that a batch touches, computing them anew from the matches, writing them.

A *unit* is the row of `core.memberships` of the smallest article that copies connect with an article, through others
too. Whoever holds the units of all stories that an article touches may write them. Every row names its unit, so the
articles of a unit are found without following their matches. What a story consists of is read once, under the locks;
what is written to the matches afterwards is noted in `Locked` too.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

from schemas.sql import sql
from workers.dedupe import bounds
from workers.dedupe.bounds import has_receded, overflow
from workers.dedupe.cluster import components, group_articles
from workers.dedupe.database import Cursor
from workers.dedupe.facts import load_nodes
from workers.dedupe.matches import delete_matches
from workers.dedupe.model import COPY, Edge, Match, Membership, Node, Order, StoryCluster
from workers.dedupe.origin import Outline, describe, outline
from workers.dedupe.packed import Int8s
from workers.dedupe.redirects import write_redirects
from workers.dedupe.references import load_measures

__all__ = ["Locked", "lock_stories", "trim_copies", "write_clusters"]


@dataclass(slots=True)
class Locked:
    """The stories that a transaction holds.

    Attributes:
        units: by article id, for every article that a copy connects with the seeds.
        clusters: the id of their cluster before anything is written, by article id; without those that have none.
        horizons: of the articles that keep as many earlier copies as are kept; see `bounds`.
        copies: the edges of kind `copy` among them, by both ends; kept up to date by `add` and `drop`.
        nodes: the facts about the articles that have a copy; loaded by `trim_copies`.
    """

    units: dict[int, int] = field(default_factory=dict)
    clusters: dict[int, int] = field(default_factory=dict)
    horizons: dict[int, Order] = field(default_factory=dict)
    copies: defaultdict[int, dict[int, Edge]] = field(default_factory=lambda: defaultdict(dict))
    nodes: dict[int, Node] = field(default_factory=dict)

    def drop(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Notes that these pairs are no stored copies any more, if they ever were."""
        for a, b in pairs:
            self.copies[a].pop(b, None)
            self.copies[b].pop(a, None)

    def add(self, matches: Sequence[Match]) -> None:
        """Notes what was written, with the precision of the table."""
        self.drop((m.a, m.b) for m in matches)
        measures = np.array([(m.jaccard, m.a_in_b, m.b_in_a) for m in matches], np.float32).tolist()
        for match, (jaccard, a_in_b, b_in_a) in zip(matches, measures, strict=True):
            if match.kind == COPY:
                edge = Edge(match.a, match.b, COPY, jaccard, a_in_b, b_in_a)
                self.copies[match.a][match.b] = self.copies[match.b][match.a] = edge


def lock_stories(cur: Cursor, seeds: Sequence[int]) -> Locked:
    """Locks the units of every story that the seeds touch, and reads those stories under the locks."""
    cur.execute(sql("dedupe/units"), {"article_ids": Int8s(seeds)})
    wanted = {unit for (unit,) in cur.fetchall()}
    while True:
        with cur.connection.transaction(force_rollback=False) as savepoint:
            cur.execute(sql("dedupe/lock_units"), {"units": Int8s(sorted(wanted))})
            locked = _read_stories(cur, seeds)
            units = set(locked.units.values())
            if units <= wanted:
                return locked
            # A story merged with another meanwhile. The locks go back, so that all are taken in the order of their ids.
            wanted |= units
            raise psycopg.Rollback(savepoint)


def _read_stories(cur: Cursor, seeds: Sequence[int]) -> Locked:
    """Every article that copies connect with the seeds, and these copies."""
    locked = Locked()
    copies = locked.copies
    frontier, asked = set(seeds), set[int]()
    while frontier:
        cur.execute(sql("dedupe/members"), {"article_ids": Int8s(sorted(frontier))}, binary=True)
        reached = []
        for article_id, unit, cluster_id, horizon_at, horizon_key in cur.fetchall():
            reached.append(article_id)
            locked.units[article_id] = unit
            if cluster_id is not None:
                locked.clusters[article_id] = cluster_id
            if horizon_at is not None:
                locked.horizons[article_id] = (horizon_at, horizon_key)
        cur.execute(sql("dedupe/copies_within"), {"article_ids": Int8s(sorted(reached))}, binary=True)
        for a, b, jaccard, a_in_b, b_in_a in cur.fetchall():
            copies[a][b] = copies[b][a] = Edge(a, b, COPY, jaccard, a_in_b, b_in_a)
        # Empty, unless someone else than this package wrote matches, or took articles away past the triggers (truncate).
        asked |= frontier
        frontier = copies.keys() - locked.units.keys() - asked
    for gone in copies.keys() - locked.units.keys():
        locked.drop([(gone, other) for other in list(copies[gone])])
    return locked


def trim_copies(cur: Cursor, locked: Locked, looked_up: Mapping[int, Order | None]) -> list[int]:
    """Takes away copies beyond those that an article keeps, and writes how far each keeps them; see `bounds`.

    Articles for which others may have come within reach are noted in `core.resketched`.

    Args:
        looked_up: horizons of the articles that the caller looked up, None where it went to the end.

    Returns:
        The articles whose horizon moved.
    """
    connected = [i for i, around in locked.copies.items() if around]
    locked.nodes = load_nodes(cur, connected) if connected else {}
    large = [i for i in connected if len(locked.copies[i]) >= bounds.EARLIER_COPIES and i in locked.nodes]
    listed = overflow(large, locked.copies, {i: node.order for i, node in locked.nodes.items()})
    delete_matches(cur, listed.dropped)
    locked.drop(listed.dropped)
    before, now = locked.horizons, listed.horizons
    moved = sorted(i for i in before.keys() | now.keys() if before.get(i) != now.get(i))
    if moved:
        cur.execute(
            sql("dedupe/write_horizons"),
            {
                "article_ids": Int8s(moved),
                "horizon_at": [now[i][0] if i in now else None for i in moved],
                "horizon_key": [now[i][1] if i in now else None for i in moved],
            },
        )
    # Whoever looked up meanwhile kept to the horizon that was stored, even if the article itself was looked up anew.
    receded = {i for i in moved if has_receded(before.get(i), now.get(i))}
    receded.update(i for i, until in looked_up.items() if has_receded(until, now.get(i)))
    if receded:
        cur.execute(sql("store/add_resketched"), {"article_ids": sorted(receded)})
    locked.horizons = dict(now)
    return moved


def write_clusters(cur: Cursor, locked: Locked) -> None:
    """Computes the stories among these articles anew from their matches, and writes them where they differ."""
    nodes = locked.nodes
    outlines: list[Outline] = []
    unit_of: dict[int, int] = {}
    for component in components(locked.units, locked.copies):
        if len(component) > 1:
            unit_of.update(dict.fromkeys(component, component[0]))
            known = {i: nodes[i] for i in component if i in nodes}
            outlines.extend(
                outline(head, members, nodes, locked.copies)
                for head, members in group_articles(known, locked.copies)
                if len(members) > 1
            )
    measures = load_measures(cur, [pair for found in outlines for pair in found.unmeasured(locked.copies)])
    clusters = [describe(found, locked.copies, measures) for found in outlines]
    after = {place.article_id: cluster.cluster_id for cluster in clusters for place in cluster.members}
    write_redirects(cur, locked.clusters, after)
    gone = sorted(set(locked.clusters.values()).difference(after.values()))
    if gone:
        cur.execute(sql("dedupe/delete_clusters"), {"cluster_ids": gone})
    if clusters:
        cur.execute(
            sql("dedupe/write_clusters"), {"clusters": _json([_cluster_row(c, nodes) for c in clusters])}
        )
    rows = [_membership_row(cluster, place) for cluster in clusters for place in cluster.members]
    # Whoever was alone and stays alone says so already: most articles of a batch.
    was_placed = locked.clusters.keys() | {i for i, unit in locked.units.items() if unit != i}
    rows.extend(
        {"article_id": i, "is_origin": False} for i in sorted((was_placed | unit_of.keys()) - after.keys())
    )
    for row in rows:
        article_id = row["article_id"]
        unit = unit_of.get(article_id)
        if unit not in (row.get("cluster_id", article_id), None):
            row["component_id"] = unit
    if rows:
        cur.execute(sql("dedupe/write_memberships"), {"memberships": _json(rows)})


def _cluster_row(cluster: StoryCluster, nodes: Mapping[int, Node]) -> dict[str, object]:
    members = [nodes[place.article_id] for place in cluster.members]
    stated = [node for node in members if node.published_at is not None]
    # A day without a time of day would put its member before the origin.
    timed = [node for node in stated if node.published_certainty != "date_only"] or stated
    times = sorted(node.published_at for node in timed if node.published_at is not None)
    return {
        "cluster_id": cluster.cluster_id,
        "size": len(members),
        "sites": len({node.site for node in members}),
        "head_article_id": cluster.head,
        "origin_article_id": cluster.origin.article_id,
        "origin_agency": cluster.origin.agency,
        "origin_url": cluster.origin.url,
        "origin_site": cluster.origin.site,
        "origin_reason": cluster.origin.reason,
        "origin_evidence": cluster.origin.evidence,
        "first_published_at": times[0].isoformat() if times else None,
        "last_published_at": times[-1].isoformat() if times else None,
    }


def _membership_row(cluster: StoryCluster, place: Membership) -> dict[str, Any]:
    return {
        "article_id": place.article_id,
        "cluster_id": cluster.cluster_id,
        "relation": place.relation,
        "jaccard": place.jaccard,
        "containment": place.containment,
        "share_of_origin": place.share_of_origin,
        "is_origin": place.is_origin,
        "copied_from": place.copied_from,
        "is_credit_missing": place.is_credit_missing,
        "evidence": place.evidence,
    }


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return json.dumps(rows, ensure_ascii=False)
