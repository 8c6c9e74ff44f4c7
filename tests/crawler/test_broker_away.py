"""A broker that is away for minutes stops the claims and costs no page."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import psycopg
import pytest

from crawler.frontier import Frontier
from tests.crawler.conftest import (
    articles,
    claims_of,
    consumed,
    count,
    wait_for,
    wait_for_crawlers,
    wait_until_still,
)
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page
from tests.kafka.clients import broker_process

OUTAGE_S = 125.0
"""Longer than any patience of the Kafka client, and than twelve leases."""


def progress_of(connection: psycopg.Connection, crawler: Crawler) -> tuple[float, int]:
    """The worst lag of a crawler's loop in the last minute, and its bytes that wait for the broker."""
    row = connection.execute(
        "select progress['loop_lag_s']::float, progress['unacked_bytes']::int from core.crawlers where pid = %s",
        (crawler.process.pid,),
    ).fetchone()
    assert row is not None
    return float(row[0]), int(row[1])


@pytest.mark.kafka
@pytest.mark.timeout(600)
def test_a_broker_that_is_away_for_minutes_stops_claims_and_loses_nothing(
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
    crawler_log: Callable[[], str],
    kafka_bootstrap: str,
    tmp_path: Path,
) -> None:
    def site(path: str, headers: Mapping[str, str]) -> Reply:
        return (
            Reply(status=404) if path == "/robots.txt" else Reply(body=page(f"S{path[1:]} story", words=8000))
        )

    broker = broker_process(tmp_path)
    hosts, stories, window = 200, 6, 16
    total = hosts * stories
    done = "select count(*) from core.urls where kind = 'article' and state = 'done'"
    body_bytes = len(page("S1 story", words=8000))
    # Each runs into another bound. The client gives up over and over: its patience is a fraction of the outage.
    options = {"lease_s": 10.0, "timeout_s": 5.0, "delivery_s": 15.0}
    with Web(dict.fromkeys((f"p{n:03}.test" for n in range(hosts)), site)) as web:
        frontier.offer(o for h in web.sites for o in articles(web, h, [f"/{n}" for n in range(stories)]))
        by_window = crawlers(web, window=window, **options)
        by_bytes = crawlers(web, window=64, budget_bytes=6 * body_bytes, **options)
        leaving = crawlers(web, window=window, **options)
        everybody = {"window": by_window, "bytes": by_bytes, "leaving": leaving}
        wait_for_crawlers(connection, 3)
        wait_for(lambda: len(web.hits) > total // 4, "the crawl goes on")
        broker.suspend()
        try:
            wait_until_still(lambda: len(web.hits), 15.0, "claims stop")
            before, done_before = len(web.hits), count(connection, done)
            claims = {name: claims_of(connection, crawler) for name, crawler in everybody.items()}
            assert all(claims.values()), "a crawler had nothing in flight"
            assert len(claims["window"]) == window
            assert 6 <= len(claims["bytes"]) <= 64
            memory: dict[str, list[int]] = {name: [] for name in everybody}
            lags: dict[str, list[float]] = {name: [] for name in ("window", "bytes")}
            ends_at = time.monotonic() + OUTAGE_S
            while time.monotonic() < ends_at:
                for name, crawler in everybody.items():
                    if crawler.process.poll() is None:
                        memory[name].append(psutil.Process(crawler.process.pid).memory_info().rss)
                if time.monotonic() > ends_at - OUTAGE_S / 2:
                    for name, worst in lags.items():
                        worst.append(progress_of(connection, everybody[name])[0])
                if len(memory["leaving"]) == 40:
                    leaving.send(signal.SIGTERM)
                time.sleep(1.0)
            assert len(web.hits) == before, "URLs were fetched although nothing can be published"
            assert count(connection, done) == done_before, "a URL was done before the broker had its page"
            for name in ("window", "bytes"):
                assert claims_of(connection, everybody[name]) == claims[name], "a lease was not renewed"
                # The client itself is replaced at each end of its patience: what that leaves must not add up.
                first, last = max(memory[name][:20]), max(memory[name][-20:])
                assert last - first < 8 * 1024 * 1024, memory[name]
            # A client that blocked the loop would do so for its five seconds of bootstrapping at least, and over and
            # over: in each minute. (A pause of the machine shows in one.)
            assert all(min(worst) < 4.0 for worst in lags.values()), lags
            assert all(progress_of(connection, everybody[name])[1] >= 6 * body_bytes for name in lags)
            leaving.wait()
            assert claims_of(connection, leaving) == set()
        finally:
            broker.resume()
        wait_for(lambda: count(connection, done) == total, f"the crawl goes on: {crawler_log()[-1500:]}")
        for crawler in (by_window, by_bytes):
            crawler.send(signal.SIGTERM)
        lost = sum(crawler.wait().get("lost_claim", 0) for crawler in (by_window, by_bytes))
        hits = Counter((h.host, h.path) for h in web.hits if h.path != "/robots.txt")
    # An answer that came too late, as all stood still for a while, is asked for again.
    late = count(
        connection, "select count(*) from core.fetches where kind = 'article' and outcome = 'timeout'"
    )
    assert sum(hits.values()) - total <= len(claims["leaving"]) + lost + late, (
        "more was fetched again than given back"
    )
    assert len(hits) == count(connection, "select count(*) from core.pages") == total
    # What was given back may be there twice: the frozen broker had it in its sockets.
    assert len(consumed(kafka_bootstrap, total, by=lambda p: p.url)) == total
    # Each client has given its pages up once, and then no new one came about for as long as the broker was away.
    assert crawler_log().count("page not acknowledged") >= 3
    assert crawler_log().count("broker is away") > 10
