"""What the crawler's tests share: a frontier, and crawlers that may crawl a small web."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaConsumer

from crawler.claims import Offer
from crawler.frontier import Frontier, open_frontier
from schemas.codec import decode_page
from schemas.records import RawPage
from schemas.topics import PAGES
from tests.crawler.processes import PATIENCE_S, Crawler, crawler_env
from tests.crawler.web import Hit, Web


@pytest.fixture
def frontier(database_url: str) -> Iterator[Frontier]:
    """The frontier of a fresh database; hosts have no pause of their own."""
    opened = open_frontier(database_url, delay_s=0.0)
    yield opened
    opened.close()


@pytest.fixture
def crawlers(database_url: str, kafka_bootstrap: str, tmp_path: Path) -> Iterator[Callable[..., Crawler]]:
    """`crawlers(web, **options)` starts one more crawler process; all are gone at the end."""
    with ExitStack() as stack:

        def start(
            web: Web, *, delay_s: float = 0.0, env: dict[str, str] | None = None, **options: Any
        ) -> Crawler:
            hosts = web.write_hosts(tmp_path / "hosts")
            variables = crawler_env(database_url, kafka_bootstrap, hosts, delay_s=delay_s, **(env or {}))
            return stack.enter_context(Crawler(variables, log=tmp_path / "crawler.log", **options))

        yield start


@pytest.fixture
def crawler_log(tmp_path: Path) -> Callable[[], str]:
    """What the crawlers have written."""
    return lambda: (tmp_path / "crawler.log").read_text() if (tmp_path / "crawler.log").exists() else ""


def count(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def claims_of(connection: psycopg.Connection, crawler: Crawler) -> set[str]:
    """Tokens of the claims that a crawler holds by the database's clock."""
    rows = connection.execute(
        "select h.claim_token::text from core.hosts h join core.crawlers c on c.crawler_id = h.claimed_by"
        " where c.pid = %s and h.claim_until > now()",
        (crawler.process.pid,),
    ).fetchall()
    return {row[0] for row in rows}


def articles(web: Web, host: str, paths: list[str]) -> list[Offer]:
    """Offers of articles of one host."""
    return [Offer(url=web.url(host, path), kind="article", found_by="feed") for path in paths]


def gaps(hits: list[Hit]) -> list[float]:
    """Seconds from the end of each request to the start of the next; negative where two overlapped."""
    ends, found = 0.0, []
    for n, hit in enumerate(hits):
        if n:
            found.append(hit.started - ends)
        ends = max(ends, hit.ended)
    return found


def wait_for(condition: Callable[[], bool], what: str, *, timeout_s: float = PATIENCE_S) -> None:
    """Returns when `condition` holds; fails with `what` when it does not in time."""
    ends_at = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < ends_at, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.1)


def wait_until_still(read: Callable[[], object], still_s: float, what: str) -> None:
    """Returns when `read` has given the same value for `still_s` seconds.

    Looks are counted and not the clock: where the whole machine pauses, time passes and nothing could have changed.
    """
    ends_at = time.monotonic() + PATIENCE_S
    value, looks = read(), 0
    while looks < still_s / 0.1:
        assert time.monotonic() < ends_at, f"not within {PATIENCE_S:g} s: {what}"
        time.sleep(0.1)
        now = read()
        value, looks = now, looks + 1 if now == value else 0


def wait_for_crawlers(connection: psycopg.Connection, count: int) -> None:
    """Returns when `count` crawlers have reported for the first time: they claim from now on."""
    reported = "select count(*) from core.crawlers where ended_at is null and progress ? 'in_flight'"
    wait_for(lambda: connection.execute(reported.encode()).fetchone() == (count,), f"{count} crawlers run")


def consumed(
    bootstrap: str, count: int, *, by: Callable[[RawPage], object] = attrgetter("page_id")
) -> list[RawPage]:
    """`count` pages on the topic that differ in `by`; fewer where no more come for a minute."""
    consumer = KafkaConsumer(
        PAGES,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=60_000,
    )
    pages: dict[object, RawPage] = {}
    try:
        for message in consumer:
            page = decode_page(message.value)
            pages[by(page)] = page
            if len(pages) == count:
                break
    finally:
        consumer.close()
    return list(pages.values())
