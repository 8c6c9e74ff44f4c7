"""A crawler that is told to end finishes what it holds, and gives back what does not end."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict

from crawler.frontier import Frontier
from tests.crawler.conftest import (
    articles,
    count,
    wait_for,
)
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page


def test_sigterm_drains_slow_answers_and_gives_back_what_does_not_end(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    asked: list[str] = []

    def slow(path: str, headers: Mapping[str, str]) -> Reply:
        reply = Reply(status=404) if path == "/robots.txt" else Reply(body=page("Slow story"))
        if path != "/robots.txt":
            asked.append(path)
            reply.delay_s = {"/slow": 15.0, "/never": 300.0}[path]
        return reply

    names = [f"p{n}.test" for n in range(8)]
    with Web(dict.fromkeys(names, slow)) as web:
        for n, name in enumerate(names):
            frontier.offer(articles(web, name, ["/never" if n < 2 else "/slow"]))
        crawler = crawlers(web, timeout_s=200.0, lease_s=400.0)
        wait_for(lambda: len(asked) == 8, "all are in flight")
        crawler.send(signal.SIGTERM)
        crawler.wait()  # its drain ends long before any request times out
    assert count(connection, "select count(*) from core.hosts where claim_token is not null") == 0
    assert count(connection, "select count(*) from core.urls where state = 'done'") == 6
    rows = connection.execute("select state, tries from core.urls where url like '%/never'").fetchall()
    assert rows == [("due", 0), ("due", 0)]
    assert count(connection, "select count(*) from core.crawlers where ended_at is null") == 0
    logged = connection.execute(
        "select url, outcome from wiretrace.fetches where outcome = 'abandoned'"
    ).fetchall()
    assert len(logged) == 2 and all(url.endswith("/never") for url, _ in logged)


def test_sigterm_ends_a_crawler_whose_database_is_away(
    frontier: Frontier,
    connection: psycopg.Connection,
    admin_url: str,
    crawlers: Callable[..., Crawler],
) -> None:
    asked: list[str] = []

    def slow(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404)
        asked.append(path)
        return Reply(raw=late)

    is_away = threading.Event()

    async def late() -> AsyncIterator[bytes]:
        while not is_away.is_set():
            await asyncio.sleep(0.05)
        body = page("Slow story")
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (
            len(body),
            body,
        )

    name = str(conninfo_to_dict(connection.info.dsn)["dbname"])
    with Web({f"p{n}.test": slow for n in range(4)}) as web:
        for host in web.sites:
            frontier.offer(articles(web, host, ["/1"]))
        crawler = crawlers(web, timeout_s=100.0, lease_s=200.0)
        wait_for(lambda: len(asked) == 4, "all are in flight")
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f'alter database "{name}" with allow_connections false')
            try:
                admin.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s "
                    "and application_name = 'wiretrace-crawler'",
                    (name,),
                )
                crawler.send(signal.SIGTERM)
                is_away.set()
                # The answers are there now and cannot be settled: forty seconds of drain, then it goes.
                crawler.wait()
            finally:
                admin.execute(f'alter database "{name}" with allow_connections true')
    # Nothing was lost: the claims run out, and others take the URLs.
    assert count(connection, "select count(*) from core.urls where kind = 'article' and state = 'due'") == 4
    assert count(connection, "select count(*) from core.hosts where claim_until is not null") == 4
