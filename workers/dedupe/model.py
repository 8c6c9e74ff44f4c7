"""The values that clustering works on. Pure; nothing here knows where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final, NamedTuple

__all__ = [
    "ANY_TIME",
    "COPY",
    "RELATIONS",
    "Edge",
    "Match",
    "Membership",
    "Node",
    "Order",
    "Origin",
    "Pointer",
    "StoryCluster",
]

COPY: Final = "copy"
"""The kind of the pairs that make stories."""
RELATIONS: Final = ("origin", "verbatim", "trimmed", "edited", "partial")

ANY_TIME: Final = datetime.min.replace(tzinfo=UTC)
_LATER: Final = {"date_only": timedelta(days=1) - timedelta(seconds=1), "no_zone": timedelta(hours=12)}
_EARLIER: Final = {"no_zone": timedelta(hours=14)}
"""Clocks run from 12 hours behind UTC to 14 ahead of it; one without a zone is stored as if it were UTC."""

Order = tuple[datetime, str]
"""`Node.known_by` and URL key: which of two articles is the earlier, whoever arrived first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A page says that its text comes from elsewhere.

    Attributes:
        kind: of credit (`source_link`, `canonical`, `originally_published`, …).
        url_key: of the URL named, where one is.
        url: as named.
        site: registrable domain named.
        confidence: 0..1.
    """

    kind: str
    url_key: str | None = None
    url: str | None = None
    site: str | None = None
    confidence: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Node:
    """An article, as far as clusters and origins depend on it. Without slots, for what is computed once.

    Attributes:
        published_at: aware UTC.
        published_certainty: 'exact', 'no_zone', 'date_only', 'hint', 'guessed'.
        agency_of_site: the agency whose own site this is.
        credit_agencies: agencies credited on the page, not counting the site's own; agency -> confidence.
        pointers: other pages and sites that the page names as its source.
        has_copy_mark: a sign that the site imports its pages, without naming from where.
        item_ids: agencies' item ids found on the page.
    """

    article_id: int
    version: int
    url: str
    url_key: str
    canonical_key: str | None
    site: str
    title: str | None
    word_count: int
    published_at: datetime | None
    published_certainty: str | None
    first_seen_at: datetime
    agency_of_site: str | None = None
    credit_agencies: Mapping[str, float] = field(default_factory=dict)
    pointers: tuple[Pointer, ...] = ()
    has_copy_mark: bool = False
    item_ids: frozenset[str] = frozenset()

    @cached_property
    def known_by(self) -> datetime:
        """The time by which the article was out for certain: never later than it was first seen.

        A date without a time of day counts as the end of that day, a clock without a zone as the latest time it can
        mean; a guessed date says nothing. The same as `core.known_by` in SQL.
        """
        if self.published_at is None or self.published_certainty == "guessed":
            return self.first_seen_at
        slack = _LATER.get(self.published_certainty or "", timedelta(0))
        return min(self.published_at + slack, self.first_seen_at)

    @cached_property
    def known_from(self) -> datetime:
        """The time before which the article was not out for certain, as far as its page can be trusted.

        The beginning of time where it states nothing or its date is guessed. The same as `core.known_from` in SQL.
        """
        if self.published_at is None or self.published_certainty == "guessed":
            return ANY_TIME
        slack = _EARLIER.get(self.published_certainty or "", timedelta(0))
        return min(self.published_at - slack, self.first_seen_at)

    @cached_property
    def order(self) -> Order:
        """Its place among all articles."""
        return self.known_by, self.url_key

    @property
    def is_marked_copy(self) -> bool:
        """Whether the page itself says that its text is not its own."""
        return bool(self.pointers or self.credit_agencies or self.has_copy_mark)


class Edge(NamedTuple):
    """A verified pair; `a < b` are article ids. A tuple, as a story of thousands has very many."""

    a: int
    b: int
    kind: str
    jaccard: float
    a_in_b: float
    b_in_a: float

    def share_of(self, article_id: int) -> float:
        """The share of this article's text that the other has."""
        return self.a_in_b if article_id == self.a else self.b_in_a


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A verified pair as it is written; `a < b` are article ids.

    Attributes:
        sketch_a, sketch_b: version and revision of the sketches that were measured.
    """

    a: int
    b: int
    sketch_a: tuple[int, int]
    sketch_b: tuple[int, int]
    kind: str
    jaccard: float
    a_in_b: float
    b_in_a: float
    longest_passage_words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who published a story first, and why this is believed.

    Attributes:
        article_id: a member of the cluster, or None where the origin lies outside the crawl.
        agency, url, site: names of an origin outside; of a member's too, where known.
        reason: the strongest part of the score: 'linked', 'agency_page', 'credited_agency', 'linked_outside',
            'item_id', 'earliest'.
        evidence: what was found and the scores of the best candidates, ready for JSON.
    """

    article_id: int | None
    agency: str | None
    url: str | None
    site: str | None
    reason: str
    evidence: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One article's place in its cluster; measures are against the origin, or, if that lies outside, against
    the member that is most like all others.

    Attributes:
        containment: share of the member's text that the reference has.
        share_of_origin: share of the reference's text that the member has.
        copied_from: article id of the best earlier source among the members.
        is_credit_missing: it is a copy, and nothing on its page names the origin.
    """

    article_id: int
    relation: str
    jaccard: float | None
    containment: float | None
    share_of_origin: float | None
    is_origin: bool
    copied_from: int | None
    is_credit_missing: bool
    evidence: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCluster:
    """One story and its republications.

    Attributes:
        cluster_id: the smallest article id of the members.
        head: the member that every other was verified against.
    """

    cluster_id: int
    head: int
    origin: Origin
    members: tuple[Membership, ...]
