"""No URL is lost to a crawler that dies."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping

import psycopg
import pytest

from crawler.frontier import Frontier
from tests.crawler.conftest import articles, claims_of, count, wait_for, wait_for_crawlers
from tests.crawler.processes import PATIENCE_S, Crawler
from tests.crawler.web import Reply, Web, page

TERMINAL = ("done", "redirected", "gone", "denied", "dropped", "failed", "quarantined")


def paper(path: str, headers: Mapping[str, str]) -> Reply:
    if path == "/robots.txt":
        return Reply(status=404)
    return Reply(body=page(f"S{path[1:]} story", words=40))


@pytest.mark.timeout(900)
def test_every_one_of_20_000_urls_ends_although_crawlers_are_killed_at_random(
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
    crawler_log: Callable[[], str],
) -> None:
    hosts, stories, kills, window = 200, 100, 8, 64
    total = hosts * stories
    expected = Counter(ending(n)[0] for n in range(stories) for _ in range(hosts))

    def site(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(body=b"User-agent: *\nDisallow: /denied/\n", headers={"Content-Type": "text/plain"})
        match path.split("/")[1]:
            case "gone":
                return Reply(status=404)
            case "failed":
                return Reply(status=403)
            case "redirected":
                return Reply(status=301, headers={"Location": path.replace("redirected", "moved")})
            case _:
                return paper(path, headers)

    dice = random.Random(3)
    with Web(dict.fromkeys((f"p{n:03}.test" for n in range(hosts)), site)) as web:
        frontier.offer(o for h in web.sites for o in articles(web, h, [ending(n)[1] for n in range(stories)]))
        options = {"window": window, "lease_s": 20.0, "timeout_s": 10.0}
        running = [crawlers(web, **options) for _ in range(3)]
        in_flight = 0
        for n in range(1, kills + 1):
            # Not at even steps: somewhere between one and the next.
            at = int((n - dice.random()) * total / (kills + 1))
            wait_for(lambda at=at: len(web.hits) >= at, "the crawl goes on")  # type: ignore[misc]
            victim = running.pop(dice.randrange(len(running)))
            victim.send(signal.SIGSTOP)
            in_flight += len(claims_of(connection, victim))
            victim.kill()
            running.append(crawlers(web, **options))
        open_urls = f"select count(*) from core.urls where kind = 'article' and state not in {TERMINAL}"
        wait_for(lambda: count(connection, open_urls) == 0, "every URL has ended", timeout_s=600)
        wait_for_crawlers(connection, len(running))  # the last one may still start: the signal would kill it
        for crawler in running:
            crawler.send(signal.SIGTERM)
        lost = sum(crawler.wait().get("lost_claim", 0) for crawler in running)
        hits = Counter(
            (h.host, h.path) for hits in web.by_host().values() for h in hits if h.path != "/robots.txt"
        )
    states = Counter(
        dict(
            connection.execute(
                "select state, count(*) from core.urls where kind = 'article' group by 1"
            ).fetchall()
        )
    )
    moved = expected["redirected"]
    assert states == expected + Counter(done=moved)
    assert len(hits) == total - expected["denied"] + moved
    assert not any(path.startswith("/denied") for _, path in hits)
    assert in_flight > 0
    again = sum(hits.values()) - len(hits)
    # An answer that came too late, as all stood still for a while, is asked for again.
    late = count(
        connection, "select count(*) from core.fetches where kind = 'article' and outcome = 'timeout'"
    )
    assert again <= in_flight + lost + late, (
        f"{again} fetched again, {in_flight} in flight, {lost} lost claims, {late} timed out"
    )
    assert count(connection, "select count(distinct url_key) from core.pages") == states["done"]
    assert "finish_failed" not in crawler_log()


def ending(number: int) -> tuple[str, str]:
    """The state in which the story with this number ends, and its path."""
    state = {7: "gone", 13: "failed", 21: "denied", 34: "redirected"}.get(number % 50, "done")
    return state, f"/{state}/{number}"


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
            crawler.process.wait(PATIENCE_S)
            if crawler.process.returncode == 0:
                break
            deaths += 1
        paths = Counter(web.paths("a.test"))
    assert deaths == 3
    assert paths == {"/robots.txt": 1, "/1": 1, "/deadly": 3, "/2": 1, "/3": 1}
    rows = connection.execute("select state, reason from core.urls where url like '%/deadly'").fetchall()
    assert rows == [("quarantined", "killed its crawler 3 times")]
