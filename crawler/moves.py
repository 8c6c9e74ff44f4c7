"""Where a document lives: what a redirect means for it, and for whom it is read. Pure.

A redirect for good (301, 308) takes a document along: it goes on at the new address with what the revisit policy knows
of it, and the old one is not asked again. A redirect for now (302, 303, 307) leaves it where it is: its row is sent to
the target for this one poll and comes back (RFC 9110, 15.4). A front page always stays where the site list names it:
sites redirect theirs for good to what they show for a week, and a site must not be lost by that. Pages that are
fetched once follow either way, as another page; so do usual places that are only tried, since sites send those to
their front page.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from crawler.claims import Claim, Offer, Settlement
from crawler.discovery.state import WalkState
from schemas.urls import site_of, url_key

__all__ = ["Move", "back_home", "move_of", "moved_offer", "owner_of"]


class Move(StrEnum):
    """What a redirect means for the row of a URL."""

    SAME_PAGE = "same_page"
    FOR_NOW = "for_now"
    FOR_GOOD = "for_good"


def move_of(claim: Claim, status: int | None, target: str) -> Move:
    """What a redirect to `target` means.

    Args:
        status: of the answer, 301 … 308.
    """
    if url_key(target) == claim.url_key.rstrip("/"):
        return Move.SAME_PAGE
    if claim.kind in ("article", "robots") or claim.is_probe or claim.is_once:
        return Move.FOR_GOOD
    is_for_good = status in (301, 308) and claim.kind != "home" and not _is_away(claim)
    return Move.FOR_GOOD if is_for_good else Move.FOR_NOW


def _is_away(claim: Claim) -> bool:
    """Whether a redirect for now has led the row of a document to where it is."""
    return claim.hops > 0 and claim.found_url not in (None, claim.url)


def owner_of(claim: Claim) -> str:
    """The site that a URL is crawled for: its own, but for a document of the site that stands elsewhere."""
    return WalkState.read(claim.walk or "").site or claim.site


def moved_offer(claim: Claim, target: str) -> Offer:
    """The page or document at the end of a redirect for good, with all that is known of it."""
    owner, walk, poll = owner_of(claim), WalkState.read(claim.walk or ""), claim.poll
    is_document = claim.kind != "article"
    if is_document:
        walk = replace(walk, site=owner if site_of(target) != owner else None)
    return Offer(
        url=target,
        kind=claim.kind,
        found_by=claim.found_by,
        priority=claim.priority,
        found_on=claim.url if claim.found_on is None else claim.found_on,
        found_url=None if is_document else claim.found_url or claim.url,
        hops=claim.hops + 1,
        hint_title=claim.hint_title,
        hint_published_at=claim.hint_published_at,
        is_probe=claim.is_probe,
        is_once=claim.is_once,
        walk=walk.written() or None,
        poll=_without_validators(poll),
    )


def _without_validators(poll: dict[str, Any] | None) -> dict[str, Any] | None:
    """The revisit state for another address: what the old server said about its copy means nothing there."""
    if poll is None:
        return None
    return {**poll, "etag": None, "last_modified": None, "not_modified": 0, "validators": "unknown"}


def back_home(settlement: Settlement) -> Settlement:
    """The settlement of a document's poll: its row is at its own address again, wherever a redirect for now had led."""
    claim = settlement.claim
    if claim.kind in ("article", "robots") or not claim.hops:
        return settlement
    if not _is_away(claim):
        return replace(settlement, hops=0)
    return replace(settlement, next_url=claim.found_url, is_reset=True, hops=0)
