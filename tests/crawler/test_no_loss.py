"""No URL is lost to a crawler that dies, and no page to a broker that is away."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import psycopg
import pytest

from crawler.frontier import Frontier
from tests.crawler.conftest import articles, broker_process, wait_for
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page

TERMINAL = ("done", "redirected", "gone", "denied", "dropped", "failed", "quarantined")


def paper(path: str, headers: Mapping[str, str]) -> Reply:
    if path == "/robots.txt":
        return Reply(status=404)
    return Reply(body=page(f"S{path[1:]} story", words=40))


def count(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_every_url_ends_although_crawlers_are_killed_at_random(
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
    crawler_log: Callable[[], str],
) -> None:
    hosts, stories, kills, window = 40, 25, 5, 16
    dice = random.Random(3)
    with Web(dict.fromkeys((f"p{n:02}.test" for n in range(hosts)), paper)) as web:
        for name in web.sites:
            frontier.offer(articles(web, name, [f"/{n}" for n in range(stories)]))
        total = hosts * stories
        options = {"window": window, "lease_s": 4.0, "timeout_s": 2.0}
        running = [crawlers(web, **options), crawlers(web, **options)]
        in_flight = 0
        step = total // (kills + 2)
        for n in range(1, kills + 1):
            wait_for(lambda n=n: len(web.hits) >= n * step, 60, "the crawl goes on")  # type: ignore[misc]
            victim = running.pop(dice.randrange(len(running)))
            victim.send(signal.SIGSTOP)
            in_flight += count(
                connection,
                f"select count(*) from core.hosts h join core.crawlers c on c.crawler_id = h.claimed_by "
                f"where c.pid = {victim.process.pid}",
            )
            victim.kill()
            running.append(crawlers(web, **options))
        open_urls = f"select count(*) from core.urls where kind = 'article' and state not in {TERMINAL}"
        wait_for(lambda: count(connection, open_urls) == 0, 90, "every URL has ended")
        hits = Counter(
            (h.host, h.path) for hits in web.by_host().values() for h in hits if h.path != "/robots.txt"
        )
    assert (
        count(connection, "select count(*) from core.urls where state = 'done' and kind = 'article'") == total
    )
    assert len(hits) == total
    again = sum(hits.values()) - total
    assert again <= in_flight, f"{again} fetched again, {in_flight} were in flight"
    assert count(connection, "select count(distinct url_key) from core.pages") == total
    assert "finish_failed" not in crawler_log()


def test_a_url_that_kills_its_crawler_is_quarantined(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def site(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/deadly":
            pid = connection.execute(
                "select pid from core.crawlers c join core.hosts h on h.claimed_by = c.crawler_id"
            ).fetchone()
            assert pid is not None
            os.kill(pid[0], signal.SIGKILL)
        return paper(path, headers)

    with Web({"a.test": site}) as web:
        frontier.offer(articles(web, "a.test", ["/1", "/deadly", "/2", "/3"]))
        deaths = 0
        for _ in range(5):
            crawler = crawlers(web, until_idle=True)
            crawler.process.wait(30)
            if crawler.process.returncode == 0:
                break
            deaths += 1
        paths = Counter(web.paths("a.test"))
    assert deaths == 3
    assert paths == {"/robots.txt": 1, "/1": 1, "/deadly": 3, "/2": 1, "/3": 1}
    rows = connection.execute("select state, reason from core.urls where url like '%/deadly'").fetchall()
    assert rows == [("quarantined", "killed its crawler 3 times")]


@pytest.mark.kafka
def test_a_broker_that_is_away_stops_claims_and_loses_nothing(
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
    crawler_log: Callable[[], str],
    tmp_path: Path,
) -> None:
    broker = broker_process(tmp_path)
    hosts, stories, window = 40, 20, 16
    with Web(dict.fromkeys((f"p{n:02}.test" for n in range(hosts)), paper)) as web:
        for name in web.sites:
            frontier.offer(articles(web, name, [f"/{n}" for n in range(stories)]))
        total = hosts * stories
        crawler = crawlers(web, window=window, lease_s=8.0, timeout_s=4.0)
        wait_for(lambda: len(web.hits) > 200, 30, "the crawl goes on")
        broker.suspend()
        try:
            time.sleep(2.0)
            before = len(web.hits)
            process = psutil.Process(crawler.process.pid)
            memory = process.memory_info().rss
            # Longer than a lease and than the client's patience with one request.
            time.sleep(14.0)
            assert len(web.hits) == before, "URLs were fetched although nothing can be published"
            assert process.memory_info().rss - memory < 20 * 1024 * 1024
            held = count(connection, "select count(*) from core.hosts where claim_until > now()")
            assert 0 < held <= window
            progress = connection.execute("select progress from core.crawlers").fetchone()
            assert progress is not None and progress[0]["loop_lag_s"] < 1.0, progress
        finally:
            broker.resume()
        done = "select count(*) from core.urls where kind = 'article' and state = 'done'"
        wait_for(lambda: count(connection, done) == total, 90, f"the crawl goes on: {crawler_log()[-1500:]}")
        hits = Counter((h.host, h.path) for hits in web.by_host().values() for h in hits)
        crawler.send(signal.SIGTERM)
        crawler.wait(20)
    assert max(hits.values()) == 1, "a URL was fetched twice"
    assert count(connection, "select count(*) from core.pages") == total


def test_sigterm_drains_what_is_in_flight_and_gives_the_rest_back(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def slow(path: str, headers: Mapping[str, str]) -> Reply:
        reply = paper(path, headers)
        if path.startswith("/slow"):
            reply.delay_s = 1.5
        if path.startswith("/never"):
            reply.delay_s = 60.0
        return reply

    names = [f"p{n}.test" for n in range(8)]
    with Web(dict.fromkeys(names, slow)) as web:
        for n, name in enumerate(names):
            frontier.offer(articles(web, name, ["/never" if n < 2 else "/slow"]))
        crawler = crawlers(web, drain_s=4.0, timeout_s=25.0)
        claimed = "select count(*) from core.hosts where claim_token is not null"
        wait_for(lambda: count(connection, claimed) == 8 and len(web.hits) == 8, 20, "all are in flight")
        started = time.monotonic()
        crawler.send(signal.SIGTERM)
        crawler.wait(15)
        assert time.monotonic() - started < 10
    assert count(connection, claimed) == 0
    assert count(connection, "select count(*) from core.urls where state = 'done'") == 6
    rows = connection.execute("select state, tries from core.urls where url like '%/never'").fetchall()
    assert rows == [("due", 0), ("due", 0)]
    assert count(connection, "select count(*) from core.crawlers where ended_at is null") == 0
