"""What is done with an answer: published, parsed, offered, settled. One method per kind of URL."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from crawler.claims import MAX_HOPS, Claim, Exchange, HostPace, Offer, Settlement
from crawler.discovery.model import DiscoveryResult
from crawler.discovery.parse import parse_document
from crawler.discovery.plan import robots_documents
from crawler.documents import document_offer, offers_of, polled
from crawler.fetched import Fetched
from crawler.frontier import Frontier
from crawler.pace import Signal, back_off_s, host_pace, retry_after_s
from crawler.pages import published_page, raw_page
from crawler.producer import PageProducer, PageTooLarge
from crawler.robots import LIFETIME_S, REFRESH_S, parse_rules, state_of
from crawler.session import Session
from crawler.sites import SiteSpec
from crawler.verdict import Verdict, content_type_of, judge_answer, noindex_of
from crawler.warc import Archive
from schemas.urls import url_key

__all__ = ["Finisher"]

SPEC_CACHE_S: Final = 5.0
"""How long a site's entry is used before it is read again: what is changed acts within it."""

ROBOTS_PENDING_S: Final = 1.0

log = structlog.get_logger(__name__)


class Finisher:
    """Carries out what becomes of URLs. Lives on the event loop; what blocks runs in threads."""

    def __init__(self, session: Session, producer: PageProducer, archive: Archive | None) -> None:
        self._session = session
        self._frontier: Frontier = session.frontier
        self._producer = producer
        self._archive = archive
        self._specs: dict[str, tuple[float, SiteSpec | None]] = {}
        self._wanted: dict[str, float] = {}

    @property
    def has_archive(self) -> bool:
        """Whether raw answers are to be kept for the archive."""
        return self._archive is not None

    async def finish(self, fetched: Fetched) -> None:
        """Everything that follows from an answer, down to the settle."""
        claim, answer = fetched.claim, fetched.answer
        if self._archive is not None:
            await asyncio.to_thread(self._archive.write, fetched)
        verdict = judge_answer(
            claim.kind, claim.url, answer, failures=claim.url_failures, hops=claim.hops, jitter=_jitter()
        )
        pace, exchange = self._facts(fetched, verdict)
        settlement = Settlement(
            claim=claim,
            state=verdict.state,
            outcome=verdict.outcome,
            reason=verdict.reason,
            due_in_s=_due_in_s(verdict, pace, exchange),
            url_failures=verdict.url_failures,
            host=pace,
            exchange=exchange,
        )
        if claim.kind == "robots":
            await self._robots(fetched, verdict, settlement)
        elif verdict.redirect_to is not None:
            await self._redirect(claim, verdict.redirect_to, settlement)
        elif claim.kind == "article":
            if verdict.state == "done":
                settlement = await self._publish(fetched, settlement)
            await self._session.settle(settlement)
        else:
            await self._document(fetched, verdict, settlement)

    def _facts(self, fetched: Fetched, verdict: Verdict) -> tuple[HostPace, Exchange]:
        claim, answer = fetched.claim, fetched.answer
        asked_s = None
        if answer.status is not None and (answer.status >= 400 or 300 <= answer.status < 304):
            asked_s = retry_after_s(
                answer.headers.get("retry-after"), answer.headers.get("date"), datetime.now(UTC)
            )
        pace = host_pace(
            verdict.signal,
            failures=claim.host_failures,
            streak=claim.host_streak,
            last_failure_ago_s=claim.last_failure_ago_s,
            retry_after_s=asked_s if verdict.signal is not Signal.FINE else None,
            jitter=_jitter(),
        )
        exchange = Exchange(
            status=answer.status,
            elapsed_s=fetched.elapsed_s,
            ended_at=fetched.ended_at,
            size_bytes=len(fetched.body),
            content_type=content_type_of(answer.headers)[:200] or None,
            address=fetched.address,
            noindex=noindex_of(answer.headers, fetched.body) if claim.kind == "article" else None,
            retry_after_s=asked_s,
        )
        return pace, exchange

    # ------------------------------------------------------------------ the kinds

    async def _publish(self, fetched: Fetched, settlement: Settlement) -> Settlement:
        """Publishes a page and waits for the ack; the settlement then says so."""
        claim, answer = fetched.claim, fetched.answer
        page = raw_page(
            claim,
            final_url=claim.url,
            status=answer.status or 0,
            headers=answer.headers,
            body=fetched.body,
            fetched_at=datetime.now(UTC),
            crawl_id=self._session.crawl_id,
            is_truncated=answer.is_cut,
        )
        try:
            await self._producer.send(page)
        except PageTooLarge:
            return replace(
                settlement, state="failed", outcome="too_large", reason="over the broker's message size"
            )
        outcome = "published_cut" if answer.is_cut else "published"
        return replace(settlement, outcome=outcome, page=published_page(page))

    async def _redirect(self, claim: Claim, target: str, settlement: Settlement) -> None:
        """Follows a redirect as a fetch of its own, at the pace of the host it leads to."""
        hops = claim.hops + 1
        if url_key(target) == claim.url_key:
            await self._session.settle(
                replace(settlement, state="due", next_url=target, hops=hops, reason=None)
            )
            return
        offer = Offer(
            url=target,
            kind=claim.kind,
            found_by=claim.found_by,
            priority=claim.priority,
            found_on=claim.url if claim.found_on is None else claim.found_on,
            found_url=claim.found_url or claim.url,
            hops=hops,
            hint_title=claim.hint_title,
            hint_published_at=claim.hint_published_at,
            is_probe=claim.is_probe,
            is_once=claim.is_once,
            walk=claim.walk,
        )
        await asyncio.to_thread(self._frontier.offer, [offer])
        await self._session.settle(settlement)

    async def _document(self, fetched: Fetched, verdict: Verdict, settlement: Settlement) -> None:
        """Reads a document, offers what it names, and says when it is asked again."""
        claim, answer = fetched.claim, fetched.answer
        result: DiscoveryResult | None = None
        new_entries = 0
        is_read = verdict.state == "done" and answer.status != 304
        if is_read:
            spec = await self._spec(claim.site)
            result = await asyncio.to_thread(self._parse, fetched, spec)
            offers = offers_of(result, found_on=claim.url)
            counts = await asyncio.to_thread(self._frontier.offer, offers)
            new_entries = counts["due"] + counts["waiting"]
            if result.problem is None and result.kind in ("feed", "sitemap"):
                await asyncio.to_thread(self._frontier.drop_probes, claim.site, result.kind)
            if result.is_article:
                settlement = await self._publish(fetched, settlement)
            settlement = replace(
                settlement,
                outcome=settlement.outcome if result.is_article else _word(result),
                reason=None if result.problem is None else result.problem[:500],
            )
        poll, interval_s = polled(
            claim,
            status=answer.status,
            headers=answer.headers,
            body=fetched.body if is_read else None,
            result=result,
            new_entries=new_entries,
            jitter=_jitter(),
        )
        if verdict.state == "done":
            is_last = claim.is_once or (result is not None and (result.is_final or result.is_article))
            state = "done" if is_last else "waiting"
            settlement = replace(settlement, state=state, due_in_s=interval_s, poll=poll)
        elif claim.is_probe and claim.poll is None and verdict.signal is Signal.FINE:
            settlement = replace(settlement, state="gone", reason=f"probe: {verdict.outcome}")
        elif claim.poll is not None:
            # It was read before: the policy knows how to wait for it.
            settlement = replace(settlement, poll=poll, due_in_s=max(interval_s, settlement.host.pause_s))
        elif verdict.url_failures >= 10 and claim.is_once:
            settlement = replace(settlement, state="failed")
        await self._session.settle(settlement)

    def _parse(self, fetched: Fetched, spec: SiteSpec | None) -> DiscoveryResult:
        claim = fetched.claim
        more: dict[str, Any] = {}
        if spec is not None and spec.max_age_days is not None:
            more["max_age_days"] = spec.max_age_days
        return parse_document(
            claim.kind,
            claim.url,
            fetched.body,
            fetched.answer.headers,
            now=claim.claimed_at,
            state=claim.walk or "",
            spec=spec,
            **more,
        )

    async def _robots(self, fetched: Fetched, verdict: Verdict, settlement: Settlement) -> None:
        """Stores what a robots.txt says. It speaks for the authority that was asked first."""
        claim, answer = fetched.claim, fetched.answer
        if verdict.redirect_to is not None and claim.hops < MAX_HOPS:
            await self._session.settle(
                replace(settlement, state="due", next_url=verdict.redirect_to, hops=claim.hops + 1)
            )
            return
        state = state_of(answer.status)
        body = fetched.body if state == "rules" else b""
        rules = await asyncio.to_thread(parse_rules, body)
        if state == "unavailable":
            failures = claim.url_failures + 1
            lifetime_s = due_in_s = min(settlement.due_in_s, LIFETIME_S)
        else:
            failures, lifetime_s, due_in_s = 0, LIFETIME_S, REFRESH_S * (1 + 0.05 * _jitter())
        await asyncio.to_thread(
            self._frontier.write_robots,
            claim,
            state,
            body=body,
            status=answer.status,
            crawl_delay_s=rules.crawl_delay_s,
            lifetime_s=lifetime_s,
        )
        if rules.sitemaps:
            spec = await self._spec(claim.site)
            if spec is not None:
                refs = robots_documents(spec, rules.sitemaps)
                offers = [document_offer(ref, found_on=claim.url) for ref in refs]
                await asyncio.to_thread(self._frontier.offer, offers)
        word = f"robots_{state}" if answer.error is None else verdict.outcome
        await self._session.settle(
            replace(
                settlement,
                state="waiting",
                outcome=word,
                due_in_s=due_in_s,
                url_failures=failures,
                next_url=f"{claim.authority}/robots.txt" if claim.hops else None,
                is_reset=True,
                hops=0,
                crawl_delay_s=rules.crawl_delay_s if state != "unavailable" else None,
            )
        )

    # ------------------------------------------------------------------ without a request

    async def robots_missing(self, claim: Claim) -> None:
        """Puts a URL off whose robots.txt is not there, is too old, or could not be read."""
        if claim.robots_state != "unavailable" or claim.is_robots_expired:
            await asyncio.to_thread(self._frontier.want_robots, [claim])
        await self._session.settle(_unsent(claim, "waiting", "robots_pending", due_in_s=ROBOTS_PENDING_S))

    async def denied(self, claim: Claim) -> None:
        """Ends a URL that robots.txt denies; a document is looked at again when the rules may have changed."""
        if claim.kind == "article":
            await self._session.settle(_unsent(claim, "denied", "robots_denied"))
        else:
            await self._session.settle(_unsent(claim, "waiting", "robots_denied", due_in_s=LIFETIME_S))

    async def broken(self, fetched: Fetched) -> None:
        """Ends a URL whose answer could not be handled because of a defect."""
        claim = fetched.claim
        failures = claim.url_failures + 1
        is_end = failures >= 3 and claim.kind == "article"
        await self._session.settle(
            Settlement(
                claim=claim,
                state="failed" if is_end else "waiting",
                outcome="defect",
                reason="the answer could not be handled; see the crawler's log",
                due_in_s=back_off_s(failures, _jitter()),
                url_failures=failures,
                host=HostPace(failures=claim.host_failures, streak=claim.host_streak),
                exchange=Exchange(elapsed_s=fetched.elapsed_s, ended_at=fetched.ended_at),
            )
        )

    async def _spec(self, site: str) -> SiteSpec | None:
        """The site list's entry of a site; None where it is not listed."""
        until, spec = self._specs.get(site, (0.0, None))
        if until < time.monotonic():
            spec = await asyncio.to_thread(self._frontier.spec, site)
            if len(self._specs) > 10_000:
                self._specs.clear()
            self._specs[site] = (time.monotonic() + SPEC_CACHE_S, spec)
        return spec


def _due_in_s(verdict: Verdict, pace: HostPace, exchange: Exchange) -> float:
    """When a URL that has to wait is tried again: when its host said so, else by its own back-off."""
    if verdict.state != "waiting":
        return 0.0
    if verdict.signal is Signal.SLOW_DOWN and exchange.retry_after_s is not None:
        return pace.pause_s
    return max(verdict.due_in_s, pace.pause_s)


def _unsent(claim: Claim, state: str, outcome: str, *, due_in_s: float = 0.0) -> Settlement:
    """The settlement of a claim for which nothing was sent: the host's pause does not apply."""
    return Settlement(
        claim=claim,
        state=state,
        outcome=outcome,
        reason=outcome,
        due_in_s=due_in_s,
        was_sent=False,
        url_failures=claim.url_failures,
        host=HostPace(
            pause_s=0.0 if state == "denied" else min(due_in_s, ROBOTS_PENDING_S) / 20,
            failures=claim.host_failures,
            streak=claim.host_streak,
        ),
    )


def _word(result: DiscoveryResult) -> str:
    if result.problem is not None:
        return "unreadable"
    return "read_empty" if result.is_empty else "read"


def _jitter() -> float:
    return random.uniform(-1.0, 1.0)  # noqa: S311
