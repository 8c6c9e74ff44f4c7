"""From verified pairs to stories, without chains and without regard to the order of arrival.

Pure: the result depends on the articles and their edges alone, and on article ids only for the name of a cluster.

The rule. Articles are taken in the order *sources first*: those that name no other member as their source, then by
the time they were out, then by URL key. Each in turn

1. joins the *head* that it is a copy of (an edge of kind `copy` between the two); of several the one it links to,
   else the one with the highest Jaccard;
2. else joins the cluster in which it is a copy of more than half of the members;
3. else becomes a head.

Afterwards every article that is no head moves to the best of all heads it is a copy of. So A ~ B and B ~ C make one
story of A and C only if both are copies of one head or of most of the story.

Round-ups: an article that contains three or more heads of other stories, which do not match each other, belongs to
none of them. An article within a head joins it beside another one within the same head that it does not match only
if the head is a story in its own right: it has full copies, is an agency's page, is linked to, or was out earlier by
an exact time. Otherwise the "head" is the round-up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from workers.dedupe.model import Edge, Node

__all__ = ["Adjacency", "Group", "adjacency", "components", "group_articles", "links_within", "source_order"]

FULL_COPY_JACCARD: Final = 0.5
ROUNDUP_HEADS: Final = 3

Adjacency = Mapping[int, Mapping[int, Edge]]
"""article id -> other end -> edge, of edges of kind `copy`."""

Group = tuple[int, tuple[int, ...]]
"""Head and members (the head among them), ascending."""


def adjacency(edges: Iterable[Edge]) -> dict[int, dict[int, Edge]]:
    """Edges of kind `copy`, by both ends."""
    by_node: dict[int, dict[int, Edge]] = defaultdict(dict)
    for edge in edges:
        if edge.kind == "copy":
            by_node[edge.a][edge.b] = edge
            by_node[edge.b][edge.a] = edge
    return by_node


def components(nodes: Iterable[int], edges: Adjacency) -> list[list[int]]:
    """Connected components by edges of kind `copy`, each ascending, in the order of their smallest id."""
    seen: set[int] = set()
    found = []
    for start in sorted(nodes):
        if start in seen:
            continue
        seen.add(start)
        stack, component = [start], []
        while stack:
            node = stack.pop()
            component.append(node)
            for other in edges.get(node, ()):
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        found.append(sorted(component))
    return found


def links_within(nodes: Mapping[int, Node]) -> dict[int, dict[int, str]]:
    """Which of the nodes name which others as their source, by URL: from -> {to: kind of credit}."""
    by_key: dict[str, int] = {}
    for node in sorted(nodes.values(), key=lambda n: n.url_key, reverse=True):
        if node.canonical_key:
            by_key.setdefault(node.canonical_key, node.article_id)
    by_key.update({node.url_key: node.article_id for node in nodes.values()})
    links: dict[int, dict[int, str]] = {}
    for node in nodes.values():
        for pointer in node.pointers:
            target = by_key.get(pointer.url_key) if pointer.url_key else None
            if target is not None and target != node.article_id:
                links.setdefault(node.article_id, {}).setdefault(target, pointer.kind)
    return links


def source_order(nodes: Mapping[int, Node], links: Mapping[int, Mapping[int, str]]) -> list[int]:
    """The nodes, sources first."""
    return sorted(
        nodes,
        key=lambda i: (
            i in links,
            nodes[i].has_copy_mark,
            nodes[i].known_by,
            -nodes[i].word_count,
            nodes[i].url_key,
        ),
    )


def group_articles(nodes: Mapping[int, Node], edges: Adjacency) -> list[Group]:
    """The stories among the articles of one connected component; an article alone is a group of one."""
    links = links_within(nodes)
    order = source_order(nodes, links)
    return _Grouping(nodes, edges, links, order).run()


class _Grouping:
    def __init__(
        self,
        nodes: Mapping[int, Node],
        edges: Adjacency,
        links: Mapping[int, Mapping[int, str]],
        order: Sequence[int],
    ) -> None:
        self.nodes, self.edges, self.links, self.order = nodes, edges, links, order
        self.place = {node: i for i, node in enumerate(order)}
        self.linked = {target for targets in links.values() for target in targets}
        self.head_of: dict[int, int] = {}
        self.members: dict[int, list[int]] = {}
        self.roundups: set[int] = set()

    def run(self) -> list[Group]:
        for node in self.order:
            self._put(node, self._best_head(node) or self._most_matched(node) or node)
        for node in self.order:
            if self.head_of[node] != node:
                best = self._best_head(node)
                if best is not None and best != self.head_of[node] and node in self.edges.get(best, ()):
                    self.members[self.head_of[node]].remove(node)
                    self._put(node, best)
        return sorted((head, tuple(sorted(members))) for head, members in self.members.items())

    def _put(self, node: int, head: int) -> None:
        self.head_of[node] = head
        self.members.setdefault(head, []).append(node)

    def _best_head(self, node: int) -> int | None:
        around = self.edges.get(node, {})
        heads = [
            h
            for h in around
            if self.head_of.get(h) == h and h not in self.roundups and self._may_join(node, h, around[h])
        ]
        if self._is_roundup(node, heads, around):
            self.roundups.add(node)
            return None
        linked_heads = {self.head_of.get(target) for target in self.links.get(node, ())}

        def preference(head: int) -> tuple[bool, float, int]:
            return (head not in linked_heads, -around[head].jaccard, self.place[head])

        return min(heads, key=preference, default=None)

    def _is_roundup(self, node: int, heads: Sequence[int], around: Mapping[int, Edge]) -> bool:
        inside = [
            h
            for h in heads
            if around[h].jaccard < FULL_COPY_JACCARD and around[h].share_of(h) > around[h].share_of(node)
        ]
        apart: list[int] = []
        for head in sorted(inside, key=self.place.__getitem__):
            if not any(other in self.edges.get(head, ()) for other in apart):
                apart.append(head)
        return len(apart) >= ROUNDUP_HEADS

    def _may_join(self, node: int, head: int, edge: Edge) -> bool:
        if edge.jaccard >= FULL_COPY_JACCARD or edge.share_of(node) <= edge.share_of(head):
            return True
        beside = [
            m for m in self.members[head] if m not in (head, node) and m not in self.edges.get(node, ())
        ]
        around_head = self.edges[head]
        if not any(m in around_head and around_head[m].jaccard < FULL_COPY_JACCARD for m in beside):
            return True
        h, n = self.nodes[head], self.nodes[node]
        return (
            h.agency_of_site is not None
            or head in self.linked
            or any(e.jaccard >= FULL_COPY_JACCARD for e in around_head.values())
            or (h.published_certainty == "exact" and h.known_by < n.known_by)
        )

    def _most_matched(self, node: int) -> int | None:
        if node in self.roundups:
            return None
        counts: dict[int, int] = defaultdict(int)
        for other in self.edges.get(node, ()):
            if other in self.head_of:
                counts[self.head_of[other]] += 1
        fit = [
            h for h, count in counts.items() if 2 * count > len(self.members[h]) and len(self.members[h]) > 1
        ]
        return min(fit, key=lambda h: (-counts[h], self.place[h]), default=None)
