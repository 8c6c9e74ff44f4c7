"""Which of its matches an article keeps: a bounded number, by a rule that knows the articles alone.

Pure. Articles have a total order, *earlier*: by the time at which they were out (`Node.known_by`), then by URL key.
Of the copies C(x) that an article x has among all articles, it keeps the `EARLIER_COPIES` (K) earliest of those that
are earlier than x itself. A pair is kept if its later end keeps it. So an article has at most K copies before it and
any number after it, n articles have at most K n pairs, and among K + 1 articles every pair is kept. Of the pairs that
are no copies an article keeps the `EARLIER_OTHERS` earliest of those that are earlier than itself and, where K copies
are kept, earlier than the last of these; later ones are not even measured.

Why the tables are the same in whatever order articles arrive. Let the *horizon* of y be the place of the K-th copy
that it keeps, none while it has fewer.

1. *Offered.* Of two copies, the one whose sketch is committed second sees the other when it is looked up (`Walk`).
   It offers the pair unless the pair is beyond the horizon of its later end: of its own, found by measuring its
   earlier candidates in their order until K are copies, or of the other's, as it is stored. Of two that are looked up at
   once the later one offers. Whatever is beyond a horizon has K copies before it; while these stay, it never is among
   the K earliest. So what is offered, by all workers together, holds what is right.
2. *Trimmed.* `overflow` takes from what was offered and is stored what is beyond the K earliest. It runs under the
   locks of all stories that the pairs belong to, on facts read under these locks; so whoever is last leaves the K
   earliest of all that were offered to an article, which are the K earliest of all there are.
3. *Looked up again.* Only when a kept copy of y goes away (its text was replaced, is a template now, or was
   deleted), or moves behind, can a pair beyond the horizon become right. Then y's list has fewer than K copies or
   its K-th is later than the horizon up to which y was looked up: `has_receded`. In the same transaction y is noted
   in `core.resketched`, and its horizon is what its list now says. So an article that is looked up after this
   transaction offers itself to y, and one that was looked up before has its sketch committed, where the look-up of y
   finds it. Nothing is lost between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Final

from workers.dedupe.model import COPY, Edge, Order

__all__ = ["EARLIER_COPIES", "EARLIER_OTHERS", "Listed", "Place", "Walk", "has_receded", "overflow"]

EARLIER_COPIES: Final = 32
"""K: copies that an article keeps of those that are earlier than itself."""
EARLIER_OTHERS: Final = 16
"""The same for pairs that are no copies: enough to ask why, whatever a template series grows to."""


@dataclass(frozen=True, slots=True)
class Place:
    """An article's place in the order, and how far it was looked up.

    Attributes:
        horizon: place of the last of its kept earlier copies, where there are as many as are kept.
    """

    order: Order
    horizon: Order | None = None


@dataclass(slots=True)
class Walk:
    """The candidates of one article, in the order in which they are measured: no more of them than is needed.

    Attributes:
        later: candidates that are later, are not looked up themselves, and within whose horizon the article is.
        copies, others: earlier candidates that were found to be copies, and to share something else, in their order.
    """

    earlier: Sequence[int]
    later: Sequence[int]
    copies: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    _done: int = 0
    _portion: int = 0
    _is_begun: bool = False

    @classmethod
    def of(cls, article_id: int, candidates: Mapping[int, Set[int]], places: Mapping[int, Place]) -> Walk:
        """The walk of an article through its candidates; those without a place are gone and left out.

        Args:
            candidates: of every article that is looked up now. A pair of two such articles is up to the walk of the
                later one.
        """
        own = places[article_id].order
        earlier, later = [], []
        for other in candidates[article_id]:
            place = places.get(other)
            if place is None:
                continue
            if place.order < own:
                earlier.append(other)
            elif article_id not in candidates.get(other, ()) and (
                place.horizon is None or own <= place.horizon
            ):
                later.append(other)
        earlier.sort(key=lambda other: places[other].order)
        return cls(earlier, later)

    def portion(self) -> list[int]:
        """The candidates to be measured next; none when the walk is at its end."""
        lacking = EARLIER_COPIES - len(self.copies)
        # Where few are copies, twice as many each time.
        self._portion = max(lacking, 2 * self._portion) if lacking > 0 else 0
        wanted = list(self.earlier[self._done : self._done + self._portion])
        if not self._is_begun:
            self._is_begun = True
            return [*wanted, *self.later]
        return wanted

    def tell(self, kinds: Mapping[int, str]) -> None:
        """Takes what the last portion was measured to be.

        Args:
            kinds: kind of the match by candidate; those that share nothing worth keeping are missing.
        """
        for other in self.earlier[self._done : self._done + self._portion]:
            if len(self.copies) == EARLIER_COPIES:
                break
            self._done += 1
            kind = kinds.get(other)
            if kind == COPY:
                self.copies.append(other)
            elif kind is not None:
                self.others.append(other)

    def kept(self) -> list[int]:
        """The candidates with which a pair is offered, where one was found."""
        return [*self.copies, *self.others[:EARLIER_OTHERS], *self.later]

    def horizon(self, places: Mapping[int, Place]) -> Order | None:
        """Up to where the article was looked up; None = whatever there is."""
        return places[self.copies[-1]].order if len(self.copies) == EARLIER_COPIES else None


@dataclass(frozen=True, slots=True)
class Listed:
    """What trimming finds.

    Attributes:
        dropped: pairs (smaller id first) beyond the K earliest of their later end.
        horizons: of the articles that keep K earlier copies.
    """

    dropped: tuple[tuple[int, int], ...]
    horizons: Mapping[int, Order]


def overflow(
    ids: Iterable[int], copies: Mapping[int, Mapping[int, Edge]], orders: Mapping[int, Order]
) -> Listed:
    """What is beyond the K earliest copies of any of these articles, and the horizons of those that have K.

    Args:
        copies: every stored copy of these articles, by both ends.
        orders: of all articles that occur in it.
    """
    dropped: list[tuple[int, int]] = []
    horizons: dict[int, Order] = {}
    for later in ids:
        around = copies.get(later, {})
        if len(around) < EARLIER_COPIES:
            continue
        own = orders[later]
        earlier = [other for other in around if orders[other] < own]
        if len(earlier) < EARLIER_COPIES:
            continue
        kept = nsmallest(EARLIER_COPIES, earlier, key=orders.__getitem__)
        horizons[later] = orders[kept[-1]]
        if len(earlier) > EARLIER_COPIES:
            gone = set(earlier).difference(kept)
            dropped.extend((min(later, other), max(later, other)) for other in gone)
    return Listed(tuple(sorted(dropped)), horizons)


def has_receded(known_until: Order | None, horizon: Order | None) -> bool:
    """Whether copies may have come within reach that are not stored.

    Args:
        known_until: horizon up to which the article was looked up; None = whatever there is.
        horizon: that its list has now.
    """
    return known_until is not None and (horizon is None or horizon > known_until)
