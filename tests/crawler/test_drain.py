"""A crawler that is told to end finishes what it holds, and gives back what does not end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping

import psycopg

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
            reply.delay_s = {"/slow": 30.0, "/never": 300.0}[path]
        return reply

    names = [f"p{n}.test" for n in range(8)]
    with Web(dict.fromkeys(names, slow)) as web:
        for n, name in enumerate(names):
            frontier.offer(articles(web, name, ["/never" if n < 2 else "/slow"]))
        crawler = crawlers(web, timeout_s=200.0, lease_s=400.0)
        wait_for(lambda: len(asked) == 8, "all are in flight")
        crawler.send(signal.SIGTERM)
        crawler.wait(60.0)
    assert count(connection, "select count(*) from core.hosts where claim_token is not null") == 0
    assert count(connection, "select count(*) from core.urls where state = 'done'") == 6
    rows = connection.execute("select state, tries from core.urls where url like '%/never'").fetchall()
    assert rows == [("due", 0), ("due", 0)]
    assert count(connection, "select count(*) from core.crawlers where ended_at is null") == 0
    logged = connection.execute(
        "select url, outcome from wiretrace.fetches where outcome = 'abandoned'"
    ).fetchall()
    assert len(logged) == 2 and all(url.endswith("/never") for url, _ in logged)
