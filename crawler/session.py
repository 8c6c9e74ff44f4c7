"""One crawler's dealings with the frontier: what it holds, renews, settles and gives back. Knows nothing of HTTP.

    async for claim in session.claims():   # back-pressure: as many as the window has room for
        ...fetch, publish, await the ack...
        await session.settle(Settlement(...))

Statements run in threads. Settles that come in while a statement is under way go together in the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog

from crawler.claims import Claim, Settlement
from crawler.frontier import Frontier
from crawler.options import CrawlOptions
from crawler.pace import clock
from schemas.errors import DatabaseUnavailable, cut

__all__ = ["Session"]

SETTLE_BATCH: Final = 200
PROMOTE_S: Final = 0.5
"""How often what has waited is made due; a retry is that much late at most."""

SHORTEST_S: Final = 0.02
"""Between two claims, and between two settles: what comes up in that time goes into one statement.

It costs a polite crawl nothing: hosts are claimed ahead, and pauses count from the end of the answer.
"""

LOOK_AHEAD_S: Final = 0.2
"""How long before a host is ready it may be claimed; claims come every half of it, so each holds many hosts."""

UPKEEP_S: Final = 1800.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Held:
    claim: Claim
    until: float
    was_sent: bool = False


class Session:
    """The claims of one crawler process. Lives on one event loop.

    Attributes:
        counts: settlements by outcome.
        has_room: whether more may be claimed, besides the window (the producer's budget).
        more_progress: what others add to `progress`.
        failure: the error that ended the session, where one did.
    """

    def __init__(
        self,
        frontier: Frontier,
        *,
        crawler_id: str,
        crawl_id: str,
        options: CrawlOptions,
        has_room: Callable[[], bool],
    ) -> None:
        self.frontier = frontier
        self.crawler_id = crawler_id
        self.crawl_id = crawl_id
        self.options = options
        self.counts: Counter[str] = Counter()
        self.has_room = has_room
        self.more_progress: Callable[[], dict[str, Any]] = dict
        self.is_stopping = False
        self.is_database_up = True
        self.failure: Exception | None = None
        self._held: dict[UUID, _Held] = {}
        self._wake = asyncio.Event()
        self._is_full = False
        self._coming: asyncio.PriorityQueue[tuple[float, int, Claim | None]] = asyncio.PriorityQueue()
        self._queue: list[tuple[Settlement, asyncio.Future[bool]]] = []
        self._queued = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Starts settling and renewing."""
        self._tasks = [
            asyncio.create_task(self._guarded(self._settle_forever())),
            asyncio.create_task(self._guarded(self._renew_forever())),
        ]

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs one of the session's loops; an error that is no outage ends the crawl, and is kept in `failure`."""
        try:
            await work
        except Exception as error:
            log.exception("crawler cannot go on", action="session_failed")
            self.failure = self.failure or error
            self.stop()

    def stop(self) -> None:
        """No more claims. What was sent goes on to its end; what was not is given back by `close`."""
        self.is_stopping = True
        self._wake.set()
        self._coming.put_nowait((0.0, -1, None))

    async def close(self) -> None:
        """Gives back what is still held, and ends."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        left = [(held.claim, held.was_sent) for held in self._held.values()]
        if self.is_database_up:
            with contextlib.suppress(DatabaseUnavailable):
                if left:
                    given = await asyncio.to_thread(self.frontier.release, left)
                    log.info("claims given back", action="release", claims=given)
                await asyncio.to_thread(self.frontier.seen, self.crawler_id, self.progress(), has_ended=True)
        else:
            # To ask it once more takes as long as the pool's patience, and a crawler has to end in time.
            log.warning("claims left to run out", action="release_failed", claims=len(left))
        self._held.clear()

    @property
    def in_flight(self) -> int:
        """Claims that are held."""
        return len(self._held)

    def progress(self) -> dict[str, Any]:
        """Counts for `core.crawlers.progress`."""
        return {"in_flight": self.in_flight, "outcomes": dict(self.counts), **self.more_progress()}

    # ------------------------------------------------------------------ claims

    async def claims(self) -> AsyncIterator[Claim]:
        """Claims when they may be sent, until `stop` or, with `until_idle`, until a first pass is over.

        Hosts are claimed a little before they are ready, so that the claim costs them no time; the wait that is left
        is a duration the database has told.
        """
        filling = asyncio.create_task(self._guarded(self._fill()))
        try:
            while not self.is_stopping:
                send_at, _, claim = await self._coming.get()
                if claim is None:
                    break
                wait_s = send_at - clock()
                if wait_s > 0:
                    await asyncio.sleep(wait_s)
                yield claim
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)

    async def _fill(self) -> None:
        """Claims as long as there is room; ends with a None."""
        promoted_at = idle_at = 0.0
        numbers = itertools.count()
        try:
            while not self.is_stopping:
                room = self.options.window - len(self._held)
                self._is_full = room <= 0 or not self.has_room()
                if self._is_full:
                    await self._sleep(self.options.poll_s)
                    continue
                try:
                    if clock() - promoted_at >= PROMOTE_S:
                        await asyncio.to_thread(self.frontier.promote)
                        promoted_at = clock()
                    started = clock()
                    self._wake.clear()
                    claims = await asyncio.to_thread(
                        self.frontier.claim,
                        self.crawler_id,
                        limit=room,
                        lease_s=self.options.lease_s,
                        ahead_s=LOOK_AHEAD_S,
                    )
                    self.is_database_up = True
                    for claim in claims:
                        self._held[claim.token] = _Held(claim, started + self.options.lease_s)
                        # Counted from the answer, which is later than the database's now.
                        self._coming.put_nowait((clock() + claim.ready_in_s, next(numbers), claim))
                    if len(claims) == room:
                        continue
                    if self._wake.is_set() and self._held:
                        # A host came free meanwhile: there is something to claim, without asking when.
                        await asyncio.sleep(SHORTEST_S)
                        continue
                    if not self._held and self.options.until_idle and clock() - idle_at >= 1.0:
                        idle_at = clock()
                        state = await asyncio.to_thread(
                            self.frontier.idle, patience_s=self.options.patience_s
                        )
                        if state.is_idle:
                            log.info("first pass is over", action="idle", deferred=state.deferred)
                            return
                    wait_s = await asyncio.to_thread(self.frontier.wait_s)
                except DatabaseUnavailable as error:
                    self.is_database_up = False
                    log.warning("database is away", action="database_away", why=cut(error))
                    await asyncio.sleep(self.options.poll_s)
                    continue
                if wait_s is None:
                    await self._sleep(self.options.poll_s)
                elif wait_s <= 0:
                    await self._sleep(SHORTEST_S)
                else:
                    longest_s = max(wait_s - LOOK_AHEAD_S / 2, LOOK_AHEAD_S / 2)
                    await self._sleep(min(longest_s, self.options.poll_s))
        finally:
            self._coming.put_nowait((0.0, next(numbers), None))

    async def _sleep(self, longest_s: float) -> None:
        """Returns when a settle makes it worth while, after `SHORTEST_S` at least and `longest_s` at most."""
        self._wake.clear()
        await asyncio.sleep(SHORTEST_S)
        if longest_s > SHORTEST_S and not self.is_stopping:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), longest_s - SHORTEST_S)

    def mark_sent(self, claim: Claim) -> None:
        """Notes that the request of this claim may have reached the host."""
        held = self._held.get(claim.token)
        if held is not None:
            held.was_sent = True

    def was_sent(self, claim: Claim) -> bool:
        """Whether the request of this claim may have reached the host; True also for a claim that is not held."""
        held = self._held.get(claim.token)
        return held is None or held.was_sent

    def is_held(self, claim: Claim) -> bool:
        """Whether the claim's lease certainly stands; False also for one that is to be given up."""
        held = self._held.get(claim.token)
        return held is not None and clock() < held.until

    async def _renew_forever(self) -> None:
        upkeep_at = 0.0
        while True:
            try:
                if clock() - upkeep_at >= UPKEEP_S:
                    await asyncio.to_thread(self.frontier.keep_fetches)
                    upkeep_at = clock()
                started = clock()
                tokens = list(self._held)
                good = await asyncio.to_thread(self.frontier.renew, tokens, lease_s=self.options.lease_s)
                for token in tokens:
                    held = self._held.get(token)
                    if held is None:
                        continue
                    if token in good:
                        held.until = started + self.options.lease_s
                    else:
                        held.until = 0.0
                await asyncio.to_thread(self.frontier.seen, self.crawler_id, self.progress())
                self.is_database_up = True
            except DatabaseUnavailable as error:
                self.is_database_up = False
                log.warning("claims not renewed", action="database_away", why=cut(error))
            await asyncio.sleep(self.options.lease_s / 4)

    # ------------------------------------------------------------------ settles

    async def settle(self, settlement: Settlement) -> bool:
        """Settles a claim; whether it still stood. Waits as long as the database is away."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append((settlement, future))
        self._queued.set()
        return await future

    async def give_back(self, claim: Claim, *, was_sent: bool) -> None:
        """Releases a claim that came to nothing through no fault of the URL."""
        if was_sent:
            self.counts["lost_claim"] += 1
        try:
            await asyncio.to_thread(self.frontier.release, [(claim, was_sent)])
        finally:
            self._drop(claim)

    def _drop(self, claim: Claim) -> None:
        self._held.pop(claim.token, None)
        # Hosts whose pause is longer than a poll need no haste: their next claim is found by the clock.
        if self._is_full or claim.delay_s < self.options.poll_s:
            self._wake.set()

    async def _settle_forever(self) -> None:
        while True:
            await self._queued.wait()
            await asyncio.sleep(0 if len(self._queue) >= SETTLE_BATCH else SHORTEST_S)
            batch, self._queue = self._queue[:SETTLE_BATCH], self._queue[SETTLE_BATCH:]
            if not self._queue:
                self._queued.clear()
            good = await self._settle_batch([settlement for settlement, _ in batch])
            for settlement, future in batch:
                stood = settlement.claim.token in good
                self.counts[settlement.outcome if stood else "lost_claim"] += 1
                if not stood:
                    log.warning("claim was lost", action="lost_claim", url=cut(settlement.claim.url))
                self._drop(settlement.claim)
                if not future.done():
                    future.set_result(stood)

    async def _settle_batch(self, batch: list[Settlement]) -> set[UUID]:
        while True:
            try:
                good = await asyncio.to_thread(self.frontier.settle, batch, crawl_id=self.crawl_id)
                self.is_database_up = True
                return good
            except DatabaseUnavailable as error:
                self.is_database_up = False
                log.warning("not settled yet", action="database_away", claims=len(batch), why=cut(error))
                await asyncio.sleep(self.options.poll_s)
            except psycopg.DataError:
                # One settlement that the database does not take must not cost the others theirs. Its own claim
                # runs out, which counts as a try, so that it ends in quarantine.
                if len(batch) == 1:
                    log.exception("not settled", action="settle_failed", url=cut(batch[0].claim.url))
                    return set()
                good = set()
                for settlement in batch:
                    good |= await self._settle_batch([settlement])
                return good
