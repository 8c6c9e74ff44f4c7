"""What is done with an answer: published, parsed, offered, settled. One method per kind of URL."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog

from crawler.claims import MAX_HOPS, Claim, Exchange, HostPace, Settlement
from crawler.discovery.model import DiscoveryResult
from crawler.discovery.parse import parse_document
from crawler.discovery.plan import robots_documents
from crawler.discovery.state import WalkState
from crawler.documents import document_offer, entry_offers, onward, polled
from crawler.fetched import Fetched
from crawler.frontier import Frontier
from crawler.moves import Move, back_home, move_of, moved_offer, owner_of
from crawler.pace import URL_FAILURES, Signal, back_off_s, host_pace, retry_after_s
from crawler.pages import published_page, raw_page
from crawler.producer import PageProducer, PageTooLarge
from crawler.robots import LIFETIME_S, REFRESH_S, parse_rules, state_of
from crawler.session import Session
from crawler.sites import SiteSpec
from crawler.stories import StoryLinks
from crawler.verdict import Verdict, content_type_of, judge_answer, noindex_of
from crawler.warc import Archive

__all__ = ["Finisher"]

SPEC_CACHE_S: Final = 5.0
"""How long a site's entry is used before it is read again: what is changed acts within it."""

ROBOTS_PENDING_S: Final = 1.0

log = structlog.get_logger(__name__)


class Finisher:
    """Carries out what becomes of URLs. Lives on the event loop; what blocks runs in threads."""

    def __init__(
        self, session: Session, producer: PageProducer, archive: Archive | None, *, max_age_days: int = 30
    ) -> None:
        self._session = session
        self._frontier: Frontier = session.frontier
        self._producer = producer
        self._archive = archive
        self._max_age_days = max_age_days
        self._stories = StoryLinks(session.frontier, max_age_days=max_age_days)
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
            claim.kind,
            claim.url,
            answer,
            failures=claim.url_failures,
            hops=claim.hops,
            jitter=_jitter(),
            host_streak=claim.host_streak,
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
            await self._redirect(fetched, verdict.redirect_to, settlement)
        elif claim.kind == "article":
            if verdict.state == "done":
                settlement = await self._publish(fetched, settlement)
                if self._stories.may_follow(claim):
                    await asyncio.to_thread(self._stories.follow, fetched, await self._spec(claim.site))
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
            is_first_failure=claim.url_failures == 0,
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

    async def _redirect(self, fetched: Fetched, target: str, settlement: Settlement) -> None:
        """Follows a redirect as a fetch of its own, at the pace of the host it leads to."""
        claim = fetched.claim
        move = move_of(claim, fetched.answer.status, target)
        if move is Move.FOR_GOOD:
            await asyncio.to_thread(self._frontier.offer, [moved_offer(claim, target)])
            await self._session.settle(settlement)
            return
        # What is left of the way a document came is where it goes back to; a lasting move of one page is not left.
        is_lasting = (
            move is Move.SAME_PAGE and claim.kind != "article" and fetched.answer.status in (301, 308)
        )
        await self._session.settle(
            replace(
                settlement,
                state="due",
                next_url=target,
                hops=claim.hops + 1,
                reason=None,
                is_reset=is_lasting,
            )
        )

    async def _document(self, fetched: Fetched, verdict: Verdict, settlement: Settlement) -> None:
        """Reads a document, offers what it names, and says when it is asked again."""
        claim, answer = fetched.claim, fetched.answer
        result: DiscoveryResult | None = None
        new_entries = 0
        is_read = verdict.state == "done" and answer.status != 304
        if is_read:
            spec = await self._spec(owner_of(claim))
            result = await asyncio.to_thread(self._parse, fetched, spec)
            new_entries = await asyncio.to_thread(self._offer, claim, result)
            is_page = result.is_article and claim.poll is None
            if is_page:
                settlement = await self._publish(fetched, settlement)
            settlement = replace(
                settlement,
                outcome=settlement.outcome if is_page else _word(result),
                left_out={reason: count for reason, count in result.dropped.items() if count},
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
        is_first = claim.poll is None
        if verdict.state == "done":
            is_last = claim.is_once or (result is not None and result.is_final)
            state = "done" if is_last else "waiting"
            settlement = replace(settlement, state=state, due_in_s=interval_s, poll=poll)
            if claim.is_probe and is_first and result is not None and result.problem is not None:
                # A front page that answers at every address is no feed, and will be none.
                settlement = replace(settlement, state="gone", reason=f"probe: {result.problem}"[:500])
        elif ((claim.is_probe and is_first) or claim.is_once) and verdict.signal is Signal.FINE:
            what = "probe" if claim.is_probe else "once"
            settlement = replace(settlement, state="gone", reason=f"{what}: {verdict.outcome}")
        elif not is_first:
            # It was read before: the policy knows how to wait for it.
            settlement = replace(settlement, poll=poll, due_in_s=max(interval_s, settlement.host.pause_s))
        elif verdict.url_failures >= URL_FAILURES and claim.is_once:
            settlement = replace(settlement, state="failed")
        await self._session.settle(back_home(settlement))

    def _offer(self, claim: Claim, result: DiscoveryResult) -> int:
        """Offers what a document names, and drops what is not needed any more; how many articles are new."""
        counts = self._frontier.offer(entry_offers(result, found_on=claim.url))
        new_entries = counts["due"] + counts["waiting"]
        walk = WalkState.read(claim.walk or "")
        refs = onward(result.documents, walk, new_entries)
        self._frontier.offer(document_offer(ref, found_on=claim.url) for ref in refs)
        if result.problem is None and result.kind in ("feed", "sitemap"):
            self._frontier.drop_probes(owner_of(claim), result.kind)
        if result.entries and (result.kind == "wp_json" or (result.kind == "feed" and walk.page > 1)):
            self._frontier.drop_back_fill(owner_of(claim), has_rest=result.kind == "wp_json")
        return new_entries

    def _parse(self, fetched: Fetched, spec: SiteSpec | None) -> DiscoveryResult:
        claim = fetched.claim
        return parse_document(
            claim.kind,
            claim.url,
            fetched.body,
            fetched.answer.headers,
            now=claim.claimed_at,
            state=claim.walk or "",
            max_age_days=self._max_age_days,
            spec=spec,
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
        if claim.robots_state == "unavailable" and not claim.is_robots_expired:
            # As `write_robots` holds back those that were not in flight then.
            due_in_s = (claim.robots_expires_in_s or 0.0) + ROBOTS_PENDING_S
            await self._session.settle(_unsent(claim, "waiting", "robots_unavailable", due_in_s=due_in_s))
            return
        await asyncio.to_thread(self._frontier.want_robots, [claim])
        await self._session.settle(_unsent(claim, "waiting", "robots_pending", due_in_s=ROBOTS_PENDING_S))

    async def denied(self, claim: Claim) -> None:
        """Ends a URL that robots.txt denies; a document is looked at again when the rules may have changed."""
        if claim.kind == "article":
            await self._session.settle(_unsent(claim, "denied", "robots_denied"))
        else:
            unsent = _unsent(claim, "waiting", "robots_denied", due_in_s=LIFETIME_S)
            await self._session.settle(back_home(unsent))

    async def broken(self, fetched: Fetched) -> None:
        """Ends a URL whose answer could not be handled because of a defect."""
        claim = fetched.claim
        failures = claim.url_failures + 1
        is_end = failures >= 3 and claim.kind == "article"
        settlement = Settlement(
            claim=claim,
            state="failed" if is_end else "waiting",
            outcome="defect",
            reason="the answer could not be handled; see the crawler's log",
            due_in_s=back_off_s(failures, _jitter()),
            url_failures=failures,
            host=HostPace(failures=claim.host_failures, streak=claim.host_streak),
            exchange=Exchange(elapsed_s=fetched.elapsed_s, ended_at=fetched.ended_at),
        )
        await self._session.settle(back_home(settlement))

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
