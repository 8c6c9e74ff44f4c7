"""From verified pairs to stories, without chains and without regard to the order of arrival.

Pure: the result depends on the articles and their edges alone, and on article ids only for the name of a cluster.

The rule. Articles are taken in the order *sources first*: those that name no other member as their source, then by
the time they were out, then by URL key. Each in turn

1. joins the *head* that it is a copy of (an edge of kind `copy` between the two); of several the one it links to,
   else the one in whose story it finds the highest Jaccard, to the head or to another member: ten copies of a whole
   text stay together though two parts of it were out first and each copy holds a little more of one or the other;
2. else joins the cluster in which it is a copy of more than half of the *anchors*: its `EARLIER_COPIES` (K) earliest
   members, which are all members of a story that has no more;
3. else becomes a head.

Afterwards every article that is no head moves to the best of all heads it is a copy of. Moves may take away what
others had joined for: whoever is then a copy neither of its head nor of most of the anchors is taken out and placed
again, and a head that nobody is left with joins the story of which it matches most, until nothing changes; after
`SETTLING_ROUNDS` whoever still has no right to its place stands alone. So A ~ B and B ~ C make one story of A and C
only if both are copies of one head or of most of the story.

Large stories. An article keeps an edge to the K earliest of its earlier copies only (`bounds.py`), so in a component
of more than K + 1 articles the edge of an article that keeps K, a *full* one, to the head may be missing, if the head
is not among the first; and of two articles that have no edge it is not always known that they differ. Therefore:

* A full article may also join a cluster by rule 2 where rule 1 gives another: the highest Jaccard to the head, or to
  one of the anchors, decides.
* A full article that can join nothing while earlier copies of it have no place yet, waits: after all others it is
  taken again, in the order of time. Otherwise each of a thousand copies would become a head when the first K all
  name their source, as sources come first.
* Two articles count as different only if they have no edge and the earlier is within the reach of the later: before
  the last copy that the later keeps, or the later is not full.

Round-ups: an article that contains three or more heads of other stories, which do not match each other, belongs to
none of them. An article within a head joins it beside another one within the same head that it does not match only
if the head is a story in its own right: it has full copies, is an agency's page, is linked to, or was out earlier by
an exact time. Otherwise the "head" is the round-up.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from workers.dedupe import bounds
from workers.dedupe.model import COPY, Edge, Node

__all__ = [
    "LEAST_CONFIDENCE",
    "Adjacency",
    "Group",
    "adjacency",
    "components",
    "group_articles",
    "links_within",
    "source_order",
]

FULL_COPY_JACCARD: Final = 0.5
LEAST_CONFIDENCE: Final = 0.5
"""What a page says of its source with less certainty says nothing."""
ROUNDUP_HEADS: Final = 3
SETTLING_ROUNDS: Final = 8
"""Random webs are settled after one or two; the bound is for those that would go round in circles."""

Adjacency = Mapping[int, Mapping[int, Edge]]
"""article id -> other end -> edge, of edges of kind `copy`."""

Group = tuple[int, tuple[int, ...]]
"""Head and members (the head among them), ascending."""


def adjacency(edges: Iterable[Edge]) -> dict[int, dict[int, Edge]]:
    """Edges of kind `copy`, by both ends."""
    by_node: dict[int, dict[int, Edge]] = defaultdict(dict)
    for edge in edges:
        if edge.kind == COPY:
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
            if pointer.confidence < LEAST_CONFIDENCE:
                continue
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
        self.by_time = sorted(nodes, key=lambda i: nodes[i].order)
        self.time = {node: i for i, node in enumerate(self.by_time)}
        self.times_of: dict[int, list[int]] = {}
        """head -> places in time of the members, ascending."""
        self.reach = self._reaches()
        self.has_full_copies: dict[int, bool] = {}

    def _reaches(self) -> dict[int, int]:
        """full article -> place in time of the last earlier copy that it keeps."""
        most = bounds.EARLIER_COPIES
        if len(self.nodes) <= most + 1:
            return {}
        reaches = {}
        for node, own in self.time.items():
            around = self.edges.get(node, {})
            if len(around) >= most:
                earlier = [t for other in around if (t := self.time.get(other, own)) < own]
                if len(earlier) >= most:
                    reaches[node] = max(earlier)
        return reaches

    def run(self) -> list[Group]:
        waiting = []
        for node in self.order:
            head = self._best_head(node) or self._most_matched(node)
            if head is None and self._may_wait(node):
                waiting.append(node)
            else:
                self._put(node, head or node)
        for node in sorted(waiting, key=self.time.__getitem__):
            self._put(node, self._best_head(node) or self._most_matched(node) or node)
        for node in self.order:
            if self.head_of[node] != node:
                best = self._best_head(node)
                if best is not None and best != self.head_of[node]:
                    self._take_out(node)
                    self._put(node, best)
        self._settle()
        return sorted((head, tuple(sorted(members))) for head, members in self.members.items())

    def _settle(self) -> None:
        """Leaves nobody in a story who is a copy neither of its head nor of most of its anchors."""
        for _ in range(SETTLING_ROUNDS):
            is_settled = True
            for node in self.order:
                if self.head_of[node] == node:
                    head = self._story_of_lone_head(node)
                    if head is None:
                        continue
                elif not self._is_loose(node):
                    continue
                else:
                    head = None
                is_settled = False
                self._take_out(node)
                self._put(node, head or self._best_head(node) or self._most_matched(node) or node)
            if is_settled:
                return
        while loose := [node for node in self.order if self._is_loose(node)]:
            for node in loose:
                self._take_out(node)
                self._put(node, node)

    def _is_loose(self, node: int) -> bool:
        """Whether a member matches neither its head nor most of the anchors of which this is known."""
        head = self.head_of[node]
        around = self.edges.get(node, {})
        if node == head or head in around:
            return False
        matched = apart = 0
        for time in self.times_of[head][: bounds.EARLIER_COPIES]:
            other = self.by_time[time]
            if other in around:
                matched += 1
            elif other != node and self._is_apart(node, other):
                apart += 1
        if matched > apart:
            return False
        return apart > 0 or not any(self.head_of[other] == head for other in around if other in self.head_of)

    def _story_of_lone_head(self, node: int) -> int | None:
        if len(self.members[node]) > 1 or node in self.roundups or not self.edges.get(node):
            return None
        self._best_head(node)  # Notes whether it is a round-up of the heads there are now.
        return self._most_matched(node)

    def _put(self, node: int, head: int) -> None:
        self.head_of[node] = head
        self.members.setdefault(head, []).append(node)
        insort(self.times_of.setdefault(head, []), self.time[node])

    def _take_out(self, node: int) -> None:
        head = self.head_of[node]
        self.members[head].remove(node)
        times = self.times_of[head]
        del times[bisect_left(times, self.time[node])]
        if not times:
            del self.members[head], self.times_of[head]

    def _may_wait(self, node: int) -> bool:
        return node in self.reach and any(
            other not in self.head_of and self.time[other] < self.time[node]
            for other in self.edges[node]
            if other in self.time
        )

    def _is_apart(self, one: int, other: int) -> bool:
        """Whether the two are known to be no copies."""
        if other in self.edges.get(one, ()):
            return False
        earlier, later = sorted((self.time[one], self.time[other]))
        reach = self.reach.get(one if self.time[one] == later else other)
        return reach is None or earlier < reach

    def _best_head(self, node: int) -> int | None:
        around = self.edges.get(node, {})
        few, many = (self.members, around) if len(self.members) < len(around) else (around, self.members)
        heads = [
            h for h in few if h in many and h not in self.roundups and self._may_join(node, h, around[h])
        ]
        if self._is_roundup(node, heads, around):
            self.roundups.add(node)
            return None
        likeness = {head: around[head].jaccard for head in heads}
        if heads and node in self.reach and not {self.head_of.get(m) for m in around} <= {*heads, None}:
            most = self._most_matched(node)
            if most is not None and most not in likeness:
                likeness[most] = max(around[m].jaccard for m in around if self.head_of.get(m) == most)
        if len(likeness) > 1:
            for other, edge in around.items():
                head = self.head_of.get(other)
                if head in likeness and edge.jaccard > likeness[head]:
                    likeness[head] = edge.jaccard
        linked_heads = {self.head_of.get(target) for target in self.links.get(node, ())}

        def preference(head: int) -> tuple[bool, float, int]:
            return (head not in linked_heads, -likeness[head], self.place[head])

        return min(likeness, key=preference, default=None)

    def _is_roundup(self, node: int, heads: Sequence[int], around: Mapping[int, Edge]) -> bool:
        inside = [
            h
            for h in heads
            if around[h].jaccard < FULL_COPY_JACCARD and around[h].share_of(h) > around[h].share_of(node)
        ]
        apart: list[int] = []
        for head in sorted(inside, key=self.place.__getitem__):
            if all(self._is_apart(head, other) for other in apart):
                apart.append(head)
        return len(apart) >= ROUNDUP_HEADS

    def _may_join(self, node: int, head: int, edge: Edge) -> bool:
        if edge.jaccard >= FULL_COPY_JACCARD or edge.share_of(node) <= edge.share_of(head):
            return True
        h, n = self.nodes[head], self.nodes[node]
        if (
            h.agency_of_site is not None
            or head in self.linked
            or (h.published_certainty == "exact" and h.known_by < n.known_by)
            or self._has_full_copies(head)
        ):
            return True
        around_head = self.edges[head]
        return not any(
            m not in (head, node)
            and m in around_head
            and around_head[m].jaccard < FULL_COPY_JACCARD
            and self._is_apart(m, node)
            for m in self.members[head]
        )

    def _has_full_copies(self, head: int) -> bool:
        known = self.has_full_copies.get(head)
        if known is None:
            known = any(edge.jaccard >= FULL_COPY_JACCARD for edge in self.edges[head].values())
            self.has_full_copies[head] = known
        return known

    def _most_matched(self, node: int) -> int | None:
        if node in self.roundups:
            return None
        around: dict[int, list[int]] = defaultdict(list)
        for other in self.edges.get(node, ()):
            if other in self.head_of:
                around[self.head_of[other]].append(self.time[other])
        fit: dict[int, int] = {}
        for head, times in around.items():
            last = self._last_anchor(head)
            count = sum(t <= last for t in times)
            is_anchor = self.head_of.get(node) == head and self.time[node] <= last
            anchors = min(bounds.EARLIER_COPIES, len(self.members[head])) - is_anchor
            if 2 * count > anchors and len(self.members[head]) > 1:
                fit[head] = count
        return min(fit, key=lambda h: (-fit[h], self.place[h]), default=None)

    def _last_anchor(self, head: int) -> int:
        times = self.times_of[head]
        return times[min(bounds.EARLIER_COPIES, len(times)) - 1]
