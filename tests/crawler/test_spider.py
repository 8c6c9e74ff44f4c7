"""What the spider does with a claim when what it stands on fails. Faults are simulated; the rest is in the tests of whole processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from crawler.options import CrawlOptions
from crawler.spider import NewsSpider, SpiderParts
from schemas.errors import DatabaseUnavailable


class _Session:
    """Hands one claim out, and notes what is given back."""

    options = CrawlOptions()

    def __init__(self, claim: Any) -> None:
        self._claim = claim
        self._sent: list[Any] = []
        self.given: list[tuple[Any, bool]] = []

    async def claims(self) -> AsyncIterator[Any]:
        yield self._claim

    def mark_sent(self, claim: Any) -> None:
        self._sent.append(claim)

    def was_sent(self, claim: Any) -> bool:
        return claim in self._sent

    async def give_back(self, claim: Any, *, was_sent: bool) -> None:
        self.given.append((claim, was_sent))


class _NoRules:
    async def of(self, claim: Any) -> Any:
        raise DatabaseUnavailable("away")


class _SlowRules:
    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.is_cancelled = False

    async def of(self, claim: Any) -> Any:
        self.is_asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise


def _spider(session: Any, rules: Any) -> NewsSpider:
    finisher: Any = None
    return NewsSpider(SpiderParts(session=session, rules=rules, finisher=finisher, user_agent="test"))


async def _requests_of(spider: NewsSpider) -> list[Any]:
    return [request async for request in spider.start()]


def test_a_claim_whose_rules_cannot_be_read_is_given_back_and_the_crawl_goes_on() -> None:
    claim = SimpleNamespace(kind="article", url="http://a.test/1")
    session = _Session(claim)
    assert asyncio.run(_requests_of(_spider(session, _NoRules()))) == []
    assert session.given == [(claim, False)]


def test_fetches_that_are_under_way_end_with_a_crawl_that_is_cut_off() -> None:
    async def scene() -> tuple[bool, list[Any]]:
        rules = _SlowRules()
        session = _Session(SimpleNamespace(kind="article", url="http://a.test/1"))
        crawl = asyncio.create_task(_requests_of(_spider(session, rules)))
        await rules.is_asked.wait()
        crawl.cancel()
        await asyncio.gather(crawl, return_exceptions=True)
        await asyncio.sleep(0)
        return rules.is_cancelled, session.given

    # Its claim is given back with all the others that are left, when the session is closed.
    assert asyncio.run(scene()) == (True, [])
