"""The spider: claims become requests, answers become settlements. The order of effects is fixed:

    1. claim            (session)          the host is ours, the URL's tries are counted
    2. fetch            (Scrapy)           robots.txt has said yes, the claim is fresh
    3. publish, ack     (producer)         articles alone
    4. offer            (frontier)         what the document names
    5. settle           (session)          the URL's state, the host's next time, the ledger: one transaction

kill -9 between any two of them leads to one more fetch, never to a loss.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import structlog
from scrapy import Request, Spider, signals
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    StopDownload,
)

from crawler.claims import Claim
from crawler.documents import poll_headers
from crawler.fetched import Fetched, RawExchange
from crawler.finish import Finisher
from crawler.handler import SEND_BEFORE_HEADER, AddressRefused, ClaimTooOld
from crawler.middlewares import NotClaimed, RobotsDenied
from crawler.pace import clock
from crawler.resolver import GuardedResolver
from crawler.rules import RuleBook
from crawler.scrapy_settings import ACCEPT
from crawler.session import Session
from crawler.verdict import BODY_CAPS, Answer, content_type_of, is_wanted_type
from schemas.errors import DatabaseUnavailable, cut
from schemas.urls import host_of

__all__ = ["NewsSpider", "SpiderParts"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiderParts:
    """What `crawler.main` hands to the spider."""

    session: Session
    rules: RuleBook
    finisher: Finisher
    user_agent: str


class NewsSpider(Spider):
    """Fetches what the frontier lets it claim."""

    name = "wiretrace"

    def __init__(self, parts: SpiderParts, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._session = parts.session
        self._rules = parts.rules
        self._finisher = parts.finisher
        self._headers = {"User-Agent": parts.user_agent, "Accept": ACCEPT}

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> NewsSpider:
        """The spider of this process, listening to what comes in."""
        spider: NewsSpider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._on_headers, signals.headers_received)
        crawler.signals.connect(spider._on_bytes, signals.bytes_received)
        crawler.signals.connect(spider._on_raw, signals.response_downloaded)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Fetches what is claimed, each claim in a task of its own; yields none, and ends when all of them have.

        Requests go straight to the engine's downloader, through every downloader middleware. Scrapy's scheduler and
        scraper would queue them once more before and after, which costs a third of the time of a fetch: what they
        do, the frontier and the finisher do here.
        """
        fetches: set[asyncio.Task[None]] = set()
        try:
            async for claim in self._session.claims():
                fetch = asyncio.create_task(self._fetch(claim))
                fetches.add(fetch)
                fetch.add_done_callback(fetches.discard)
            while fetches:
                await asyncio.wait(fetches)
        finally:
            for fetch in fetches:
                fetch.cancel()
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    async def _fetch(self, claim: Claim) -> None:
        """Everything from a claim to its settlement."""
        try:
            rules = None
            if claim.kind != "robots":
                rules = await self._rules.of(claim)
                if rules is None:
                    await self._finisher.robots_missing(claim)
                    return
            request = self._request(claim, rules)
            try:
                response = await self.crawler.engine.download_async(request)
            except Exception as error:  # noqa: BLE001 - what it means is told apart there
                await self._on_error(request, error)
            else:
                await self._on_response(response)
        except Exception:  # such as a database that is away: the URL gets another try
            log.exception("claim not finished", action="not_finished", url=cut(claim.url))
            with contextlib.suppress(DatabaseUnavailable):  # then the lease runs out
                await self._session.give_back(claim, was_sent=self._session.was_sent(claim))

    def _request(self, claim: Claim, rules: Any) -> Request:
        headers = {**self._headers, SEND_BEFORE_HEADER: repr(claim.send_before)}
        if claim.kind not in ("robots", "article"):
            headers.update(poll_headers(claim))
        request = Request(
            claim.url,
            headers=headers,
            dont_filter=True,
            meta={
                "claim": claim,
                "rules": rules,
                "download_maxsize": BODY_CAPS[claim.kind],
                "download_timeout": self._session.options.timeout_s,  # total, so a server that drips is cut too
                "sent_at": clock(),
                "received": 0,
                "cut": None,
            },
        )
        # Scrapy may escape a URL; the gate compares with what was asked for.
        request.meta["claimed_url"] = request.url.partition("#")[0]
        self._session.mark_sent(claim)
        return request

    # ------------------------------------------------------------------ while it comes in

    def _on_headers(self, headers: Any, body_length: int, request: Any, spider: Any) -> None:
        """Stops a transfer that is not worth it: wrong type, or longer than its cap says."""
        claim: Claim = request.meta["claim"]
        media_type = content_type_of({"content-type": (headers.get("Content-Type") or b"").decode("latin-1")})
        if not is_wanted_type(claim.kind, media_type):
            request.meta["cut"] = "type"
            raise StopDownload(fail=False)
        # The cap is kept by `_on_bytes`, which cuts; Scrapy's own would throw the body away. Bodies that are
        # compressed cannot be cut: for them Scrapy's cap holds, before and after they are inflated.
        if not headers.get("Content-Encoding"):
            request.meta["cap"] = BODY_CAPS[claim.kind]
            request.meta["download_maxsize"] = 0

    def _on_bytes(self, data: bytes, request: Any, spider: Any) -> None:
        """Cuts a body at its cap."""
        cap = request.meta.get("cap")
        if cap is None:
            return
        request.meta["received"] += len(data)
        if request.meta["received"] > cap:
            request.meta["cut"] = "size"
            raise StopDownload(fail=False)

    def _on_raw(self, response: Any, request: Any, spider: Any) -> None:
        """Keeps the answer as it came, for the archive."""
        if self._finisher.has_archive:
            # Copied, as Scrapy changes the headers when it inflates the body.
            request.meta["raw"] = RawExchange(
                url=request.url,
                sent_headers=_pairs(request.headers),
                status=response.status,
                headers=_pairs(response.headers),
                body=response.body,
            )

    # ------------------------------------------------------------------ when it is there

    async def _on_response(self, response: Any) -> None:
        ended_at = clock()
        meta = response.meta
        claim: Claim = meta["claim"]
        headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
        }
        body = response.body
        if meta["cut"] == "size":
            body = body[: BODY_CAPS[claim.kind]]
        answer = Answer(
            status=min(response.status, 999),
            headers=headers,
            is_cut=meta["cut"] == "size",
            is_type_cut=meta["cut"] == "type",
        )
        await self._finish(
            Fetched(
                claim=claim,
                answer=answer,
                body=body,
                elapsed_s=ended_at - meta["sent_at"],
                ended_at=ended_at,
                address=str(response.ip_address) if response.ip_address else None,
                raw=meta.get("raw"),
            )
        )

    async def _on_error(self, request: Request, error: Exception) -> None:
        ended_at = clock()
        claim: Claim = request.meta["claim"]
        if isinstance(error, ClaimTooOld):
            log.warning("claim too old to be sent", action="claim_too_old", url=cut(claim.url))
            await self._session.give_back(claim, was_sent=False)
            return
        if isinstance(error, RobotsDenied):
            await self._finisher.denied(claim)
            return
        if isinstance(error, NotClaimed):
            log.error("request without a claim", action="not_claimed", url=cut(claim.url))
            await self._session.give_back(claim, was_sent=False)
            return
        word = _word_of(error, claim)
        if word == "bad_response":
            log.warning("fetch failed", action="fetch_failed", url=cut(claim.url), why=cut(repr(error)))
        await self._finish(
            Fetched(
                claim=claim,
                answer=Answer(error=word, headers={}),
                body=b"",
                elapsed_s=ended_at - request.meta["sent_at"],
                ended_at=ended_at,
                address=None,
                raw=None,
            )
        )

    async def _finish(self, fetched: Fetched) -> None:
        claim = fetched.claim
        if not self._session.is_held(claim):
            log.warning("answer after the lease", action="lost_claim", url=cut(claim.url))
            await self._session.give_back(claim, was_sent=True)
            return
        try:
            await self._finisher.finish(fetched)
        except asyncio.CancelledError:
            raise
        except Exception:  # the one place: a defect costs this URL a try, not the crawler
            log.exception("answer not handled", action="finish_failed", url=cut(claim.url))
            await self._finisher.broken(fetched)


def _pairs(headers: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        for value in values
        if not name.lower().startswith(b"x-wiretrace-")
    )


def _word_of(error: BaseException, claim: Claim) -> str:
    """The word of `Answer.error` for an exception of the download."""
    resolver = GuardedResolver.current
    if isinstance(error, AddressRefused):
        return "address_refused"
    if isinstance(error, CannotResolveHostError):
        is_refused = resolver is not None and host_of(claim.url) in resolver.refused
        return "address_refused" if is_refused else "dns"
    if isinstance(error, DownloadTimeoutError):
        return "timeout"
    if isinstance(error, DownloadConnectionRefusedError):
        return "refused"
    if isinstance(error, DownloadCancelledError) or (
        isinstance(error, IgnoreRequest) and "DOWNLOAD_MAXSIZE" in str(error)
    ):
        return "too_large"
    if any("ssl" in type(cause).__module__.lower() for cause in _causes(error)):
        return "tls"
    if isinstance(error, (DownloadFailedError, ResponseDataLossError, ConnectionError)):
        return "reset"
    return "bad_response"


def _causes(error: BaseException) -> list[BaseException]:
    """An exception, what it was raised from, and what Twisted says that a connection ended of."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        cause = todo.pop()
        if cause is None or cause in found:
            continue
        found.append(cause)
        todo += [cause.__cause__, *(reason.value for reason in getattr(cause, "reasons", ()))]
    return found
