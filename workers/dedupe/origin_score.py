"""How much speaks for each possible origin of a story: points from each kind of evidence.

Pure. Possible origins are the members; every agency that members name and that has no page among them; every other
site outside that they name. Each gets points for what is found, and the highest sum wins:

| part | points | for |
|---|---|---|
| `credit` | 3 | members that credit the agency, for its page or for the agency; all of it from half of the sites on |
| `link` | 3 | members that name the page or site; checked against the page named, see below |
| `item_id` | 2 | members that carry an item id of the agency; all of it from a fifth of the sites on |
| `page` | 2 | the member is on an agency's own site |
| `first` | 1 | the chance that it was out before all members that do not mark themselves as copies |
| `complete` | 0 to -0.5 | the share of the other members' texts that it lacks |
| `marked` | 0 to -2 | its own page names another source: a link, a credit, the mark of an importing plugin |

Why these weights. A credit or link by most of a story goes before the agency's page without credits, as agencies
take over stories too; both go before the time, as clocks are wrong and aggregators claim to be first. A fifth of the
sites that credit an agency (3 × .2 / .5 = 1.2) weigh as much as having been first; copies lose their credits more
often than they gain wrong ones. A mark takes more than being first gives. Completeness decides between
uncertain times, never against evidence.

Shares are of sites, each counted once with its strongest statement, without the candidate's own site; statements of
less than `LEAST_CONFIDENCE` say nothing.

Links are checked. A page of the story that is named by its URL counts in full, already for a fifth of the sites; a
member whose site alone fits three quarters; a page that nobody has seen half. Whoever is named but names a source
itself passes on what it got: by a link all of it, by a credit as much as that is sure of. Members that name each other
in a circle say nothing. A page that was certainly out later than a member that neither links anywhere nor imports is
likely a station: one site that names it says nothing then, and the others count like credits, so that it takes a good
part of the story to outweigh a clock.

Times are intervals (`Node.known_from`, `Node.known_by`). Who was certainly first has `first` in full, who was
certainly later nothing; in between it is the part of the interval that lies before the others, times the trust in
such a date. It is half as much where a member that names a source outside the story was out before.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from heapq import nsmallest
from math import fsum
from typing import Final, NamedTuple

from workers.credit.agencies import AGENCIES, agency_of_site
from workers.dedupe.cluster import LEAST_CONFIDENCE, Adjacency
from workers.dedupe.model import ANY_TIME, Node, Origin

__all__ = ["agency_of_item", "credits_of", "find_origin"]

CREDIT: Final = 3.0
LINK: Final = 3.0
ITEM_ID: Final = 2.0
PAGE: Final = 2.0
FIRST: Final = 1.0
COMPLETE: Final = 0.5
MARKED: Final = 2.0
MOST: Final = 0.5
"""Share of the sites from which on a credit or a page that nobody has seen counts in full."""
SOME: Final = 0.2
"""The same for what hardly occurs by mistake: checked links and item ids."""
SITE_FITS: Final = 0.75
UNSEEN: Final = 0.5
PLUGIN: Final = 0.75
TRUST: Final[Mapping[str | None, float]] = {
    "exact": 0.9, "hint": 0.8, "no_zone": 0.6, "date_only": 0.6, "guessed": 0.2, None: 0.4
}  # fmt: skip
"""Of a date that others could be before; None = no date, only when the page was first seen."""
LONGEST_TRAIL: Final = 6
MOST_ONWARD: Final = 2
"""Sources of a source that are followed, the surest first: a farm of pages that all name each other would have very many
trails."""
CANDIDATES_KEPT: Final = 5

Links = Mapping[int, Mapping[int, str]]
_Key = tuple[str, int | str]
"""('member', article id), ('agency', id) or ('site', registrable domain)."""

_BARE_DPA_ID: Final = re.compile(r"\d{6}-\d{1,4}-\d{3,9}(?:/\d{1,3})?")
_NEWSML: Final = re.compile(r"urn:newsml:(?:[\w-]+\.)*?([a-z]+)\b")


class _Statement(NamedTuple):
    """What a member says of its source.

    Attributes:
        part: 'link', 'credit' or 'item_id'.
        strength: 0..1.
        sign: kind of credit, for the reader.
        page: site and URL named outside the story.
    """

    key: _Key
    part: str
    strength: float
    sign: str
    page: tuple[str, str | None] | None = None


@dataclass(slots=True)
class _Candidate:
    """A possible origin; votes: part -> site -> strength."""

    votes: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    voters: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    pages: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return round(fsum(self.parts.values()), 3)


@lru_cache(maxsize=4096)
def agency_of_item(item_id: str) -> str | None:
    """The agency whose item id this is, None if it is none that is known.

    >>> agency_of_item("dpa:230428-99-483045/5"), agency_of_item("urn:newsml:reuters.com:*:nL1N38"), agency_of_item("x.test:7")
    ('dpa', 'reuters', None)
    """
    if _BARE_DPA_ID.fullmatch(item_id):
        return "dpa"
    newsml = _NEWSML.match(item_id)
    name = newsml[1] if newsml else item_id.partition(":")[0]
    if name in AGENCIES:
        return name
    agency = agency_of_site(name)
    return agency.id if agency else None


def credits_of(node: Node) -> list[str]:
    """The agencies that an article credits with some certainty."""
    return sorted(
        agency for agency, confidence in node.credit_agencies.items() if confidence >= LEAST_CONFIDENCE
    )


def find_origin(nodes: Mapping[int, Node], links: Links, edges: Adjacency) -> Origin:
    """The origin of a story among, or outside, its members, with the score of the best candidates.

    Args:
        links: which members name which others by URL (`cluster.links_within`).
        edges: edges of kind `copy`.
    """
    return _Scoring(nodes, links, edges).origin()


class _Scoring:
    def __init__(self, nodes: Mapping[int, Node], links: Links, edges: Adjacency) -> None:
        self.nodes, self.links, self.edges = nodes, links, edges
        self.sites = Counter(node.site for node in nodes.values())
        self.by_site: dict[str, Node] = {}
        self.pages: dict[str, list[Node]] = defaultdict(list)
        self.holders: dict[str, list[Node]] = defaultdict(list)
        for node in sorted(nodes.values(), key=lambda n: (n.known_by, -n.word_count, n.url_key)):
            self.by_site.setdefault(node.site, node)
            if node.agency_of_site is not None:
                self.pages[node.agency_of_site].append(node)
            for item_id in node.item_ids:
                self.holders[item_id].append(node)
        self.stated = {i: list(self._statements(nodes[i])) for i in nodes}
        self.candidates: dict[_Key, _Candidate] = {("member", i): _Candidate() for i in nodes}

    # ------------------------------------------------------------ what members say

    def _statements(self, node: Node) -> Iterator[_Statement]:
        checked = self.links.get(node.article_id, {})
        for target, sign in checked.items():
            yield _Statement(("member", target), "link", 1.0, sign)
        for pointer in node.pointers:
            site, strength = pointer.site, pointer.confidence
            if not site or site == node.site or strength < LEAST_CONFIDENCE:
                continue
            if site in self.by_site:
                if not checked:
                    key: _Key = ("member", self.by_site[site].article_id)
                    yield _Statement(key, "link", strength * SITE_FITS, pointer.kind)
            else:
                agency = agency_of_site(site)
                key = self._key_of(agency.id, node) if agency else ("site", site)
                yield _Statement(key, "link", strength * UNSEEN, pointer.kind, (site, pointer.url))
        for agency_id in credits_of(node):
            key = self._key_of(agency_id, node)
            yield _Statement(key, "credit", node.credit_agencies[agency_id], "credit")
        for item_id in sorted(node.item_ids):
            owner = agency_of_item(item_id)
            if owner is None or owner == node.agency_of_site:
                continue
            page = next((n for n in self.holders[item_id] if n.agency_of_site == owner), None)
            if page is not None or len({n.site for n in self.holders[item_id]}) > 1:
                key = ("member", page.article_id) if page else self._key_of(owner, node)
                yield _Statement(key, "item_id", 1.0, item_id)

    def _key_of(self, agency: str, node: Node) -> _Key:
        """The agency's page in the story, of several one that shares an item id with the node; else the agency."""
        pages = [page for page in self.pages.get(agency, ()) if page is not node]
        if not pages:
            return ("agency", agency)
        return ("member", next((p for p in pages if p.item_ids & node.item_ids), pages[0]).article_id)

    def _ends(self, key: _Key, strength: float, seen: tuple[_Key, ...]) -> Iterator[tuple[_Key, float]]:
        """Where a statement leads in the end, as whoever is named may name a source itself."""
        if key in seen or len(seen) > LONGEST_TRAIL:
            return
        said = self.stated[key[1]] if key[0] == "member" else []  # type: ignore[index]
        onward = [s for s in said if s.part == "link"] or [s for s in said if s.part == "credit"]
        passed = max((s.strength for s in onward), default=0.0)
        targets: dict[_Key, float] = {}
        for s in onward:
            targets[s.key] = max(s.strength, targets.get(s.key, 0.0))
        for target in nsmallest(MOST_ONWARD, targets, key=lambda t: (-targets[t], *self._place(t))):
            yield from self._ends(target, strength * passed, (*seen, key))
        if passed < 1.0:
            yield key, strength * (1.0 - passed)

    def _place(self, key: _Key) -> tuple[bool, datetime, str]:
        """In the order of time, those outside last; knows nothing of article ids."""
        if key[0] == "member":
            return False, *self.nodes[key[1]].order  # type: ignore[index]
        return True, ANY_TIME, f"{key[0]} {key[1]}"

    def _count_votes(self) -> None:
        for i, said in self.stated.items():
            node = self.nodes[i]
            for statement in said:
                for key, strength in self._ends(statement.key, statement.strength, (("member", i),)):
                    if self._site_of(key) == node.site:
                        continue
                    candidate = self.candidates.setdefault(key, _Candidate())
                    given = candidate.votes[statement.part]
                    given[node.site] = max(strength, given.get(node.site, 0.0))
                    candidate.voters[statement.part].setdefault(i, statement.sign)
                    if statement.page is not None and key == statement.key:
                        candidate.pages[statement.page] += 1

    def _site_of(self, key: _Key) -> str | None:
        if key[0] == "member":
            return self.nodes[key[1]].site  # type: ignore[index]
        return str(key[1]) if key[0] == "site" else None

    # ------------------------------------------------------------ points

    def _mark(self, node: Node) -> float:
        """How surely a page says that its text is not its own, 0..1."""
        said = max((s.strength for s in self.stated[node.article_id]), default=0.0)
        return max(said, PLUGIN if node.has_copy_mark else 0.0)

    def _score(self) -> None:
        self._count_votes()
        self.marks = {i: self._mark(node) for i, node in self.nodes.items()}
        # Neither links nor a plugin: such a clock can be believed.
        self.steady = sorted(
            (
                node
                for i, node in self.nodes.items()
                if not node.has_copy_mark and all(s.part != "link" for s in self.stated[i])
            ),
            key=lambda n: n.order,
        )
        chances = self._chances()
        for key, candidate in self.candidates.items():
            others = max(1, len(self.sites) - (self._site_of(key) in self.sites))
            share = {part: fsum(given.values()) / others for part, given in candidate.votes.items()}
            parts = candidate.parts
            if "credit" in share:
                parts["credit"] = CREDIT * min(1.0, share["credit"] / MOST)
            if "item_id" in share:
                parts["item_id"] = ITEM_ID * min(1.0, share["item_id"] / SOME)
            if "link" in share:
                parts["link"] = LINK * self._link_share(key, candidate, others)
            if key[0] == "member":
                node = self.nodes[key[1]]  # type: ignore[index]
                if node.agency_of_site is not None:
                    parts["page"] = PAGE
                parts["first"] = FIRST * chances.get(node.article_id, 0.0)
                parts["marked"] = -MARKED * self.marks[node.article_id]
        # Completeness takes away at most COMPLETE: whoever is further behind cannot win by it.
        best = max(candidate.score for candidate in self.candidates.values())
        for key, candidate in self.candidates.items():
            if key[0] == "member" and candidate.score >= best - COMPLETE:
                candidate.parts["complete"] = -COMPLETE * (1.0 - self._completeness(key[1]))  # type: ignore[arg-type]

    def _link_share(self, key: _Key, candidate: _Candidate, others: int) -> float:
        given = fsum(candidate.votes["link"].values())
        share = given / others
        if key[0] != "member":
            return min(1.0, share / MOST)
        node = self.nodes[key[1]]  # type: ignore[index]
        for other in self.steady:
            if other.known_by >= node.known_from:
                break
            if other.site != node.site and other.article_id not in candidate.voters["link"]:
                return min(1.0, max(0.0, given - 1.0) / others / MOST)
        return min(1.0, share / SOME)

    def _chances(self) -> dict[int, float]:
        """The chance of having been out first, of the members that do not mark themselves as copies, or of all."""
        own = {i: n for i, n in self.nodes.items() if self.marks[i] == 0.0} or dict(self.nodes)
        by = sorted(node.known_by for node in own.values())[:2]
        since = sorted(node.known_from for node in own.values())[:2]
        outside = [
            self.nodes[i].known_by
            for i, said in self.stated.items()
            if i not in own and any(s.key[0] != "member" for s in said)
        ]
        first_outside = min(outside, default=None)
        found = {}
        for i, node in own.items():
            others_by = by[-1] if node.known_by == by[0] else by[0]
            others_since = since[-1] if node.known_from == since[0] else since[0]
            chance = _chance(node, others_by, others_since) if len(own) > 1 else 1.0
            if first_outside is not None and first_outside < node.known_from:
                chance /= 2
            found[i] = chance
        return found

    def _completeness(self, member: int) -> float:
        """The share of the other members' texts that a member has, as far as it was compared with them."""
        shares = [e.share_of(o) for o, e in self.edges.get(member, {}).items() if o in self.nodes]
        return fsum(shares) / len(shares) if shares else 0.0

    # ------------------------------------------------------------ the answer

    def origin(self) -> Origin:
        self._score()
        ranked = nsmallest(CANDIDATES_KEPT, self.candidates.items(), key=lambda item: self._rank(*item))
        key, best = ranked[0]
        evidence = self._evidence(key, best)
        evidence["candidates"] = [
            {**self._named(k), "score": c.score, "parts": _shown(c.parts)} for k, c in ranked
        ]
        reason = self._reason(key, best)
        if key[0] == "member":
            node = self.nodes[key[1]]  # type: ignore[index]
            return Origin(
                article_id=node.article_id,
                agency=node.agency_of_site,
                url=node.url,
                site=node.site,
                reason=reason,
                evidence=evidence,
            )
        site, url = min(
            best.pages,
            key=lambda page: (page[1] is None, -best.pages[page], page[1] or "", page[0]),
            default=(str(key[1]) if key[0] == "site" else None, None),
        )
        agency = str(key[1]) if key[0] == "agency" else None
        return Origin(article_id=None, agency=agency, url=url, site=site, reason=reason, evidence=evidence)

    def _rank(self, key: _Key, candidate: _Candidate) -> tuple[float, bool, datetime, int, str]:
        is_outside, known_by, name = self._place(key)
        words = 0 if is_outside else self.nodes[key[1]].word_count  # type: ignore[index]
        return -candidate.score, is_outside, known_by, -words, name

    def _reason(self, key: _Key, candidate: _Candidate) -> str:
        parts = {part: value for part, value in candidate.parts.items() if value > 0.0}
        strongest = max(("credit", "link", "item_id", "page", "first"), key=lambda p: parts.get(p, 0.0))
        if strongest not in parts:
            return "earliest"
        if strongest == "credit":
            return "agency_page" if key[0] == "member" else "credited_agency"
        if strongest == "link":
            if key[0] == "agency" and not candidate.pages:
                return "credited_agency"  # By the page that they link to.
            return "linked" if key[0] == "member" else "linked_outside"
        return {"item_id": "item_id", "page": "agency_page", "first": "earliest"}[strongest]

    def _named(self, key: _Key) -> dict[str, object]:
        return {"url": self.nodes[key[1]].url} if key[0] == "member" else {key[0]: key[1]}  # type: ignore[index]

    def _evidence(self, key: _Key, best: _Candidate) -> dict[str, object]:
        nodes = self.nodes
        found: dict[str, object] = {
            "score": best.score,
            "parts": _shown(best.parts),
            "members": len(nodes),
            "members_that_mark_themselves_as_copies": sum(mark > 0.0 for mark in self.marks.values()),
        }
        if linking := best.voters.get("link"):
            found["linked_by"] = [
                {"url": url, "kind": sign}
                for url, sign in sorted((nodes[i].url, s) for i, s in linking.items())
            ]
        if crediting := best.voters.get("credit"):
            found["credited_by"] = sorted(nodes[i].url for i in crediting)
        if carrying := best.voters.get("item_id"):
            found["item_ids"] = sorted(set(carrying.values()))
        if key[0] == "member":
            node = nodes[key[1]]  # type: ignore[index]
            others = [n.known_by for n in nodes.values() if n is not node]
            found["known_by"] = node.known_by.isoformat()
            found["certainty"] = node.published_certainty if node.published_at else "first_seen"
            found["next_known_by"] = min(others).isoformat() if others else None
        return found


def _shown(parts: Mapping[str, float]) -> dict[str, float]:
    return {part: round(value, 3) for part, value in sorted(parts.items()) if round(value, 3)}


def _chance(node: Node, others_by: datetime, others_since: datetime) -> float:
    """The chance that an article was out before all others.

    Args:
        others_by: by when one of them was out for certain.
        others_since: before when none of them was.
    """
    since, by = node.known_from, node.known_by
    if by <= others_since:
        return 1.0
    if since > others_by:
        return 0.0
    trust = TRUST[node.published_certainty if node.published_at else None]
    if since == ANY_TIME or by == since:
        return trust
    return trust * ((min(others_by, by) - since) / (by - since))
