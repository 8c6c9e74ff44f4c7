"""Stories in Postgres: locking those that a batch touches, computing them anew from the matches, writing them.

A *unit* is the row of `core.memberships` of the smallest member of a cluster, or of an article that has none. Whoever
holds the units of all stories that an article touches may write them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

from schemas.sql import sql
from workers.dedupe.cluster import adjacency, components, group_articles
from workers.dedupe.database import Cursor
from workers.dedupe.facts import load_nodes
from workers.dedupe.model import Edge, Membership, Node, StoryCluster
from workers.dedupe.origin import describe

__all__ = ["Locked", "lock_stories", "write_clusters"]


@dataclass(frozen=True, slots=True)
class Locked:
    """The stories that a transaction holds.

    Attributes:
        articles: every article that a copy connects with the seeds, ascending.
        clusters: the ids of their clusters before anything is written.
    """

    articles: tuple[int, ...]
    clusters: frozenset[int]


def lock_stories(cur: Cursor, seeds: Sequence[int]) -> Locked:
    """Locks the units of every story that the seeds touch, and reads those stories under the locks."""
    locked: set[int] = set()
    while True:
        with cur.connection.transaction(force_rollback=False) as savepoint:
            wanted = locked | {unit for _, unit, _ in _component(cur, seeds)}
            cur.execute(sql("dedupe/lock_units"), {"units": sorted(wanted)})
            found = _component(cur, seeds)
            units = {unit for _, unit, _ in found}
            if units <= wanted:
                return Locked(
                    tuple(sorted(article for article, _, _ in found)),
                    frozenset(unit for _, unit, is_cluster in found if is_cluster),
                )
            # A story grew or merged meanwhile. The locks go back, so that all are taken in the order of their ids.
            locked = wanted | units
            raise psycopg.Rollback(savepoint)


def _component(cur: Cursor, seeds: Sequence[int]) -> list[tuple[int, int, bool]]:
    """Article, unit, and whether the unit is a cluster's, for each article that copies connect with the seeds."""
    cur.execute(sql("dedupe/component"), {"seeds": list(seeds)})
    return cur.fetchall()


def write_clusters(cur: Cursor, locked: Locked) -> None:
    """Computes the stories among these articles anew from their matches, and writes them where they differ."""
    ids = locked.articles
    cur.execute(sql("dedupe/edges"), {"article_ids": list(ids)})
    edges = [
        Edge(a=a, b=b, kind=kind, jaccard=jaccard, a_in_b=a_in_b, b_in_a=b_in_a)
        for a, b, kind, jaccard, a_in_b, b_in_a in cur.fetchall()
    ]
    strong = adjacency(edges)
    weak: dict[int, dict[int, Edge]] = {}
    for edge in edges:
        if edge.kind != "copy":
            weak.setdefault(edge.a, {})[edge.b] = edge
            weak.setdefault(edge.b, {})[edge.a] = edge
    clusters: list[StoryCluster] = []
    nodes: dict[int, Node] = {}
    connected = [component for component in components(ids, strong) if len(component) > 1]
    if connected:
        nodes = load_nodes(cur, [i for component in connected for i in component])
    for component in connected:
        for head, members in group_articles({i: nodes[i] for i in component if i in nodes}, strong):
            if len(members) > 1:
                clusters.append(describe(head, members, nodes, strong, weak))
    gone = sorted(locked.clusters - {cluster.cluster_id for cluster in clusters})
    if gone:
        cur.execute(sql("dedupe/delete_clusters"), {"cluster_ids": gone})
    if clusters:
        cur.execute(
            sql("dedupe/write_clusters"), {"clusters": _json([_cluster_row(c, nodes) for c in clusters])}
        )
    rows = [_membership_row(cluster, place) for cluster in clusters for place in cluster.members]
    placed = {row["article_id"] for row in rows}
    rows.extend({"article_id": i, "is_origin": False} for i in ids if i not in placed)
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


def _membership_row(cluster: StoryCluster, place: Membership) -> dict[str, object]:
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
