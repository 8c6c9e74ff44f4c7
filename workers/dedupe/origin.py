"""Who published a story first, who took it from whom, and how much: with the evidence.

Pure. The order of evidence (`find_origin`), first that holds:

1. `linked`: other members name a member as their source by URL, or by its site when the URL was not crawled.
   If that member itself names an agency or an earlier source, the trail is followed.
2. `agency_page`: a member on the own site of an agency that members credit, or of any agency if none is credited.
3. `credited_agency`: the agency that at least a fifth of the members credit, or that the earliest credits; it is the
   origin although its own page was not crawled.
4. `linked_outside`: the page outside the crawl that at least a fifth of the members name, or the earliest.
5. `earliest`: the member that was out first. Members whose page says that the text is not theirs (credits, links to
   a source, marks of an importing plugin) cannot be first while another member can. A date without a time counts as
   the end of its day. At the same time the most complete text wins.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workers.dedupe.cluster import Adjacency, links_within
from workers.dedupe.model import Edge, Membership, Node, Origin, StoryCluster

__all__ = ["Outline", "describe", "find_origin", "outline"]

CREDIT_SHARE: Final = 1 / 5
LEAST_CONFIDENCE: Final = 0.5
VERBATIM: Final = 0.9
TRIMMED_WITHIN: Final = 0.8
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
    origin = find_origin(inside, links)
    reference = origin.article_id if origin.article_id is not None else _representative(inside, edges)
    return Outline(head=head, nodes=inside, links=links, origin=origin, reference=reference)


def describe(found: Outline, edges: Adjacency, measures: Mapping[tuple[int, int], Edge]) -> StoryCluster:
    """A cluster with its origin and the place of every member.

    Args:
        edges: edges of kind `copy`.
        measures: of the pairs `found.unmeasured`, as far as they share anything.
    """
    return StoryCluster(
        cluster_id=min(found.nodes),
        head=found.head,
        origin=found.origin,
        members=tuple(_membership(m, found, edges, measures) for m in sorted(found.nodes)),
    )


def _representative(nodes: Mapping[int, Node], edges: Adjacency) -> int:
    """The member that is most like all others: the measure of the copies of an origin that was not crawled."""

    def key(member: int) -> tuple[float, datetime, str]:
        alike = sum(edge.jaccard for other, edge in edges.get(member, {}).items() if other in nodes)
        return (-round(alike, 3), nodes[member].known_by, nodes[member].url_key)

    return min(nodes, key=key)


def _earliest(nodes: Mapping[int, Node], links: Links) -> Node:
    def key(node: Node) -> tuple[bool, bool, bool, datetime, int, str]:
        return (
            node.article_id in links,
            node.has_copy_mark or bool(node.pointers),
            bool(node.credit_agencies),
            node.known_by,
            -node.word_count,
            node.url_key,
        )

    return min(nodes.values(), key=key)


def find_origin(nodes: Mapping[int, Node], links: Links) -> Origin:
    """The origin of a story among, or outside, its members."""
    return (
        _linked(nodes, links)
        or _agency_page(nodes)
        or _credited_agency(nodes, links)
        or _linked_outside(nodes, links)
        or _first(nodes, links)
    )


def _member(node: Node, reason: str, evidence: Mapping[str, object]) -> Origin:
    return Origin(
        article_id=node.article_id,
        agency=node.agency_of_site,
        url=node.url,
        site=node.site,
        reason=reason,
        evidence=evidence,
    )


def _site_links(nodes: Mapping[int, Node], links: Links) -> dict[int, dict[int, str]]:
    """Pointers to a URL that was not crawled, or to a site alone, led to that site's one member."""
    by_site: dict[str, list[Node]] = defaultdict(list)
    for node in nodes.values():
        by_site[node.site].append(node)
    found: dict[int, dict[int, str]] = {}
    for node in nodes.values():
        if node.article_id in links:
            continue
        for pointer in node.pointers:
            if pointer.site and pointer.site != node.site and pointer.confidence >= LEAST_CONFIDENCE:
                for target in sorted(by_site.get(pointer.site, ()), key=lambda n: (n.known_by, n.url_key))[
                    :1
                ]:
                    found.setdefault(node.article_id, {})[target.article_id] = pointer.kind
    return found


def _linked(nodes: Mapping[int, Node], links: Links) -> Origin | None:
    everything: dict[int, dict[int, str]] = {a: dict(b) for a, b in _site_links(nodes, links).items()}
    for source, targets in links.items():
        everything.setdefault(source, {}).update(targets)
    votes: dict[int, set[str]] = defaultdict(set)
    for source, targets in everything.items():
        for target in targets:
            votes[target].add(nodes[source].site)
    # Whoever points on to another member is a station on the way, not the origin.
    ends = [n for n in votes if n not in everything] or list(votes)
    if not ends:
        return None
    best = nodes[min(ends, key=lambda n: (-len(votes[n]), nodes[n].known_by, nodes[n].url_key))]
    evidence: dict[str, object] = {
        "linked_by": [
            {"url": nodes[source].url, "kind": targets[best.article_id]}
            for source, targets in sorted(everything.items(), key=lambda item: nodes[item[0]].url_key)
            if best.article_id in targets
        ]
    }
    page = _agency_page(nodes)
    if (
        page is not None
        and page.article_id is not None
        and best.agency_of_site is None
        and (_credits(best) or nodes[page.article_id].known_by <= best.known_by)
    ):
        # The page that is linked to carries what an agency had published before.
        return page
    if best.agency_of_site is None and _credits(best):
        agency = _most_credited([best])
        evidence["which_credits"] = agency
        return Origin(
            article_id=None, agency=agency, url=None, site=None, reason="credited_agency", evidence=evidence
        )
    return _member(best, "linked", evidence)


def _most_credited(nodes: Collection[Node]) -> str:
    totals: Counter[str] = Counter()
    for node in nodes:
        totals.update(dict.fromkeys(_credits(node), 1))
    return min(totals, key=lambda agency: (-totals[agency], agency))


def _credits(node: Node) -> list[str]:
    return sorted(
        agency for agency, confidence in node.credit_agencies.items() if confidence >= LEAST_CONFIDENCE
    )


def _page_of_agency(nodes: Mapping[int, Node], agencies: Collection[str]) -> Node | None:
    pages = [n for n in nodes.values() if n.agency_of_site in agencies]
    return min(pages, key=lambda n: (n.known_by, -n.word_count, n.url_key), default=None)


def _agency_page(nodes: Mapping[int, Node]) -> Origin | None:
    own = {n.agency_of_site for n in nodes.values() if n.agency_of_site}
    if not own:
        return None
    crediting = [n for n in nodes.values() if set(_credits(n)) & own]
    totals: Counter[str] = Counter(agency for n in crediting for agency in _credits(n) if agency in own)
    most = max(totals.values(), default=0)
    page = _page_of_agency(nodes, {a for a in own if totals[a] == most})
    if page is None:
        return None
    evidence = {
        "agency": page.agency_of_site,
        "credited_by": sorted(n.url for n in crediting if page.agency_of_site in _credits(n)),
    }
    return _member(page, "agency_page", evidence)


def _credited_agency(nodes: Mapping[int, Node], links: Links) -> Origin | None:
    crediting = [n for n in nodes.values() if _credits(n)]
    if not crediting:
        return None
    earliest = min(nodes.values(), key=lambda n: (n.known_by, -n.word_count, n.url_key))
    if len(crediting) < CREDIT_SHARE * len(nodes) and not _credits(earliest):
        return None
    agency = _most_credited(crediting)
    by = sorted((n for n in crediting if agency in _credits(n)), key=lambda n: n.url_key)
    return Origin(
        article_id=None,
        agency=agency,
        url=None,
        site=None,
        reason="credited_agency",
        evidence={"agency": agency, "credited_by": [n.url for n in by], "members": len(nodes)},
    )


def _linked_outside(nodes: Mapping[int, Node], links: Links) -> Origin | None:
    named: dict[str, list[tuple[Node, str, str | None]]] = defaultdict(list)
    sites = {n.site for n in nodes.values()}
    for node in sorted(nodes.values(), key=lambda n: n.url_key):
        outside = {
            p.site: p
            for p in reversed(node.pointers)
            if p.site and p.site not in sites and p.confidence >= LEAST_CONFIDENCE
        }
        for site, pointer in outside.items():
            named[site].append((node, pointer.kind, pointer.url))
    if not named:
        return None
    site = min(named, key=lambda s: (-len(named[s]), s))
    by = named[site]
    earliest = min(nodes.values(), key=lambda n: (n.known_by, -n.word_count, n.url_key))
    if len(by) < CREDIT_SHARE * len(nodes) and all(n.article_id != earliest.article_id for n, _, _ in by):
        return None
    urls = Counter(url for _, _, url in by if url)
    url = min(urls, key=lambda u: (-urls[u], u), default=None)
    return Origin(
        article_id=None,
        agency=None,
        url=url,
        site=site,
        reason="linked_outside",
        evidence={"linked_by": [{"url": n.url, "kind": kind} for n, kind, _ in by], "members": len(nodes)},
    )


def _first(nodes: Mapping[int, Node], links: Links) -> Origin:
    first = _earliest(nodes, links)
    others = sorted(n.known_by for n in nodes.values() if n.article_id != first.article_id)
    return _member(
        first,
        "earliest",
        {
            "known_by": first.known_by.isoformat(),
            "certainty": first.published_certainty if first.published_at else "first_seen",
            "next_known_by": others[0].isoformat() if others else None,
            "members_that_mark_themselves_as_copies": sum(n.is_marked_copy for n in nodes.values()),
        },
    )


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
    if within >= TRIMMED_WITHIN and taken < within:
        return "trimmed"
    if within >= EDITED_WITHIN:
        return "edited"
    return "partial"


def _membership(
    member: int, found: Outline, edges: Adjacency, measures: Mapping[tuple[int, int], Edge]
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
    names_origin = _names_origin(node, origin, nodes, links)
    evidence: dict[str, object] = {
        "compared_with": nodes[reference].url,
        "credits": _credits(node),
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
        copied_from=None if is_origin else _source_of(node, origin, nodes, links, edges),
        is_credit_missing=not is_origin and not names_origin,
        evidence=evidence,
    )


def _names_origin(node: Node, origin: Origin, nodes: Mapping[int, Node], links: Links) -> bool:
    if origin.agency is not None and origin.agency in {*node.credit_agencies, node.agency_of_site}:
        return True
    if origin.article_id is not None and origin.article_id in links.get(node.article_id, ()):
        return True
    return any(pointer.site == origin.site and origin.site is not None for pointer in node.pointers)


def _source_of(
    node: Node, origin: Origin, nodes: Mapping[int, Node], links: Links, edges: Adjacency
) -> int | None:
    """The one best source of a copy among the members; None where it came from outside."""
    linked = links.get(node.article_id)
    if linked:
        return min(linked, key=lambda t: (t != origin.article_id, nodes[t].known_by, nodes[t].url_key))
    around = edges.get(node.article_id, {})
    if origin.article_id is not None and _names_origin(node, origin, nodes, links):
        return origin.article_id
    if origin.article_id is None and _names_origin(node, origin, nodes, links):
        return None
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
        if other in nodes and (other == origin_id or nodes[other].known_by < known_by)
    ]
    if not earlier:
        return None
    best = max(earlier)[:3]
    return min((row[3] for row in earlier if row[:3] == best), key=lambda i: nodes[i].order)
