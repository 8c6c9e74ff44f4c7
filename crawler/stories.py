"""The stories that a story links, for sites that name their stories nowhere else.

On a site with neither feed nor sitemap some stories stand on no listing, or on none any more; other stories still link
them. They are offered behind everything else, up to a number a day and a number of steps from a listing, and only
where the link's address and place say that it is a story. Sites whose list says `follow_stories` are followed, or not,
whatever they have.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from crawler.claims import Claim, Offer
from crawler.discovery.model import Entry
from crawler.discovery.parse import linked_stories
from crawler.fetched import Fetched
from crawler.frontier import Frontier
from crawler.sites import SiteSpec
from crawler.traps import judge

__all__ = ["DAILY_LINKS", "MAX_STEPS", "StoryLinks"]

DAILY_LINKS: Final = 200
"""URLs that the stories of one site may add within a day."""

MAX_STEPS: Final = 20
"""Stories between a listing and a story: each that links only the one before it is a chain."""

REFUSED_S: Final = 60.0
"""How long a site that has a feed or sitemap is not looked at again: most sites have, and an article costs nothing more."""


class StoryLinks:
    """Offers the stories that stories link. Blocks; call it from a thread."""

    def __init__(self, frontier: Frontier, *, max_age_days: int) -> None:
        self._frontier = frontier
        self._max_age_days = max_age_days
        self._refused: dict[str, float] = {}

    def may_follow(self, claim: Claim) -> bool:
        """Whether `follow` should be asked: not for a page of another site, nor again for a site that it refused."""
        is_chased = claim.found_by in ("source_link", "canonical")
        return not is_chased and self._refused.get(claim.site, 0.0) <= time.monotonic()

    def follow(self, fetched: Fetched, spec: SiteSpec | None) -> int:
        """Offers what a published story links; how many became due."""
        claim = fetched.claim
        wanted = spec.follow_stories if spec is not None else None
        is_bare, used = (False, 0) if wanted is False else self._frontier.story_links(claim.site)
        if not (is_bare or wanted) or used >= DAILY_LINKS:
            if len(self._refused) > 100_000:
                self._refused.clear()
            self._refused[claim.site] = time.monotonic() + REFUSED_S
            return 0
        entries, walk = linked_stories(
            claim.url,
            fetched.body,
            fetched.answer.headers,
            now=claim.claimed_at,
            max_age_days=self._max_age_days,
            state=claim.walk or "",
            spec=spec,
            most_steps=MAX_STEPS,
        )
        counts = self._frontier.offer(_offers(entries[: DAILY_LINKS - used], walk, claim))
        return counts["due"] + counts["waiting"]


def _offers(entries: Sequence[Entry], walk: str, claim: Claim) -> list[Offer]:
    offers = []
    for entry in entries:
        reason = judge(entry.url)
        offers.append(
            Offer(
                url=entry.url,
                kind="article",
                found_by=entry.found_by,
                found_on=claim.url,
                drop_reason=None if reason is None else str(reason),
                walk=walk,
            )
        )
    return offers
