"""A story described: its origin, and of every member what it took, from whom, and whether it says so.

Pure. Which origin is likeliest is the business of `origin_score.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from math import fsum
from typing import Final

from workers.credit.agencies import AGENCIES
from workers.dedupe.cluster import LEAST_CONFIDENCE, Adjacency, links_within
from workers.dedupe.model import Edge, Membership, Node, Origin, StoryCluster
from workers.dedupe.origin_score import agency_of_item, credits_of, find_origin

__all__ = ["Outline", "describe", "outline"]

VERBATIM: Final = 0.9
TRIMMED_WITHIN: Final = 0.8
TRIMMED_LESS: Final = 0.1
"""A trimmed copy has at least this much less of the reference than the reference has of it: changed words
lower both shares alike, and one word more on either side must not tell."""
EDITED_WITHIN: Final = 0.5

Links = Mapping[int, Mapping[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A story whose members are not measured yet.

    Attributes:
        nodes: facts of all members.
        links: which of them name which others as their source.
        reference: the member that all others are measured against.
    """

    head: int
    nodes: Mapping[int, Node]
    links: Links
    origin: Origin
    reference: int

    def unmeasured(self, edges: Adjacency) -> list[tuple[int, int]]:
        """Members and the reference, where no edge is between the two."""
        around = edges.get(self.reference, {})
        return [(i, self.reference) for i in sorted(self.nodes) if i != self.reference and i not in around]


def outline(head: int, members: Iterable[int], nodes: Mapping[int, Node], edges: Adjacency) -> Outline:
    """The origin of a group and what it is measured against.

    Args:
        head: of the group.
        members: article ids, at least two.
        nodes: facts of all members.
        edges: edges of kind `copy`.
    """
    inside = {member: nodes[member] for member in members}
    links = links_within(inside)
    origin = find_origin(inside, links, edges)
    reference = origin.article_id if origin.article_id is not None else _representative(inside, edges)
    return Outline(head=head, nodes=inside, links=links, origin=origin, reference=reference)


def describe(found: Outline, edges: Adjacency, measures: Mapping[tuple[int, int], Edge]) -> StoryCluster:
    """A cluster with its origin and the place of every member.

    Args:
        edges: edges of kind `copy`.
        measures: of the pairs `found.unmeasured`, as far as they share anything.
    """
    named_by: dict[int, set[int]] = defaultdict(set)
    for source, targets in found.links.items():
        for target in targets:
            named_by[target].add(source)
    return StoryCluster(
        cluster_id=min(found.nodes),
        head=found.head,
        origin=found.origin,
        members=tuple(
            _membership(m, found, edges, measures, named_by.get(m, frozenset())) for m in sorted(found.nodes)
        ),
    )


def _representative(nodes: Mapping[int, Node], edges: Adjacency) -> int:
    """The member that is most like all others: the measure of the copies of an origin that was not crawled."""

    def key(member: int) -> tuple[float, datetime, str]:
        alike = fsum(edge.jaccard for other, edge in edges.get(member, {}).items() if other in nodes)
        return (-round(alike, 3), nodes[member].known_by, nodes[member].url_key)

    return min(nodes, key=key)


def _relation(jaccard: float, within: float, taken: float) -> str:
    """How a copy relates to its reference.

    Args:
        within: share of the copy's text that the reference has.
        taken: share of the reference's text that the copy has.

    >>> _relation(.95, .97, .98), _relation(.33, .98, .33), _relation(.6, .75, .75), _relation(.2, .25, 1.0)
    ('verbatim', 'trimmed', 'edited', 'partial')
    """
    if min(within, taken) >= VERBATIM:
        return "verbatim"
    if within >= TRIMMED_WITHIN and taken <= within - TRIMMED_LESS:
        return "trimmed"
    if within >= EDITED_WITHIN:
        return "edited"
    return "partial"


def _membership(
    member: int,
    found: Outline,
    edges: Adjacency,
    measures: Mapping[tuple[int, int], Edge],
    named_by: Set[int],
) -> Membership:
    nodes, links, origin, reference = found.nodes, found.links, found.origin, found.reference
    node = nodes[member]
    is_origin = member == origin.article_id
    edge = edges.get(member, {}).get(reference) or measures.get((member, reference))
    if member == reference:
        jaccard, within, taken = 1.0, 1.0, 1.0
        relation = "origin" if is_origin else "verbatim"
    elif edge is not None:
        jaccard, within, taken = edge.jaccard, edge.share_of(member), edge.share_of(reference)
        relation = _relation(jaccard, within, taken)
    else:
        jaccard = within = taken = None  # type: ignore[assignment]
        relation = "partial"
    names_origin = _names_origin(node, origin, links)
    evidence: dict[str, object] = {
        "compared_with": nodes[reference].url,
        "credits": credits_of(node),
        "links": sorted({p.url or p.site or "" for p in node.pointers}),
        "known_by": node.known_by.isoformat(),
        "item_ids": sorted(node.item_ids),
    }
    return Membership(
        article_id=member,
        relation=relation,
        jaccard=jaccard,
        containment=within,
        share_of_origin=taken,
        is_origin=is_origin,
        copied_from=None if is_origin else _source_of(node, found, edges, named_by),
        is_credit_missing=not is_origin and not names_origin,
        evidence=evidence,
    )


def _names_origin(node: Node, origin: Origin, links: Links) -> bool:
    if origin.article_id is not None and origin.article_id in links.get(node.article_id, ()):
        return True
    sites = {p.site for p in node.pointers if p.site and p.confidence >= LEAST_CONFIDENCE}
    agency = origin.agency
    if agency is not None:
        if agency == node.agency_of_site or agency in credits_of(node):
            return True
        if any(agency_of_item(item_id) == agency for item_id in node.item_ids):
            return True
        if agency in AGENCIES and any(AGENCIES[agency].owns(site) for site in sites):
            return True
    return origin.site in sites


def _source_of(node: Node, found: Outline, edges: Adjacency, named_by: Set[int]) -> int | None:
    """The one best source of a copy among the members; None where it came from outside.

    Args:
        named_by: members that name this one as their source; it took nothing from them.
    """
    nodes, links, origin = found.nodes, found.links, found.origin
    linked = [t for t in links.get(node.article_id, ()) if t not in named_by or nodes[t].order < node.order]
    if linked:
        return min(linked, key=lambda t: (t != origin.article_id, nodes[t].order))
    around = edges.get(node.article_id, {})
    if _names_origin(node, origin, links):
        return origin.article_id
    own, known_by, origin_id = node.article_id, node.known_by, origin.article_id
    # Every edge of a story passes here: no calls but rounding.
    earlier = [
        (
            round(edge.a_in_b if edge.a == own else edge.b_in_a, 1),
            other == origin_id,
            round(edge.jaccard, 2),
            other,
        )
        for other, edge in around.items()
        if other in nodes
        and (other == origin_id or (nodes[other].known_by < known_by and other not in named_by))
    ]
    if not earlier:
        return None
    best = max(earlier)[:3]
    return min((row[3] for row in earlier if row[:3] == best), key=lambda i: nodes[i].order)
