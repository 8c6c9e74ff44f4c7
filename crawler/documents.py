"""What a fetched document adds to the frontier, and when it is asked again. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from crawler.claims import Claim, Offer
from crawler.discovery.model import DiscoveryResult, DocumentRef
from crawler.discovery.state import WalkState
from crawler.revisit import Poll, RevisitState, after_poll, conditional_headers, first_state
from crawler.traps import judge

__all__ = ["MAX_IN_VAIN", "document_offer", "entry_offers", "onward", "poll_headers", "polled"]

DOCUMENT_PRIORITY: Final = 1
"""Added to a document's own 0…9: robots.txt alone comes before documents."""

MAX_IN_VAIN: Final = 5
"""Pages of one list in a row that name nothing new, after which the walk ends: a front page with fifty links knows the
first five pages of a feed of ten."""


def document_offer(ref: DocumentRef, *, found_on: str | None) -> Offer:
    """A document as an offer."""
    return Offer(
        url=ref.url,
        kind=ref.kind,
        found_by="seed",
        found_on=found_on,
        priority=DOCUMENT_PRIORITY + ref.priority,
        is_probe=ref.is_probe,
        is_once=ref.is_once,
        walk=ref.state or None,
    )


def entry_offers(result: DiscoveryResult, *, found_on: str) -> list[Offer]:
    """The offers of the articles that a document names; traps are offered with the reason of their drop."""
    offers = []
    for entry in result.entries:
        reason = judge(entry.url)
        offers.append(
            Offer(
                url=entry.url,
                kind="article",
                found_by=entry.found_by,
                found_on=found_on,
                hint_title=entry.title,
                hint_published_at=entry.published_at,
                news=None if entry.news is None else {k: v for k, v in asdict(entry.news).items() if v},
                drop_reason=None if reason is None else str(reason),
            )
        )
    return offers


def onward(refs: Iterable[DocumentRef], walk: WalkState, new_entries: int) -> Iterator[DocumentRef]:
    """The further documents of one document; a list's following page only while its pages bring anything new.

    Args:
        walk: of the document that names them.
        new_entries: articles of it that the frontier did not know.
    """
    in_vain = 0 if new_entries else walk.in_vain + 1
    for ref in refs:
        state = WalkState.read(ref.state)
        if state.page == walk.page + 1:
            if in_vain >= MAX_IN_VAIN:
                continue
            ref = replace(ref, state=replace(state, in_vain=in_vain).written())
        yield ref


def _state_of(claim: Claim) -> RevisitState:
    if claim.poll is None:
        return first_state(claim.kind)
    return RevisitState.from_json(json.dumps(claim.poll))


def poll_headers(claim: Claim) -> dict[str, str]:
    """Request headers of a poll: conditional ones where that is safe."""
    return {} if claim.poll is None else conditional_headers(_state_of(claim))


def polled(
    claim: Claim,
    *,
    status: int | None,
    headers: Mapping[str, str],
    body: bytes | None,
    result: DiscoveryResult | None,
    new_entries: int,
    jitter: float,
) -> tuple[dict[str, Any], float]:
    """The new state of the revisit policy, as JSON object, and seconds until the next poll."""
    entries = len(result.entries) if result is not None else 0
    poll = Poll(
        status=status or 0,
        new_entries=new_entries,
        known_entries=max(entries - new_entries, 0),
        is_parsed=status == 304 or (result is not None and result.problem is None),
        body_digest=None
        if body is None or status == 304
        else hashlib.blake2b(body, digest_size=8).hexdigest(),
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        announced_interval_s=result.announced_interval_s if result is not None else None,
    )
    state = after_poll(_state_of(claim), poll, jitter=jitter)
    return json.loads(state.to_json()), state.interval_s
