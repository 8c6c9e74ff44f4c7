"""One pace per host over all crawlers, as seen by the hosts."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping

import psycopg
import pytest

from crawler.frontier import Frontier
from tests.crawler.conftest import articles, gaps, wait_for
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page

DELAYS = (0.3, 0.6, 1.2)
HOSTS = 60
STORIES = 14
LEASE_S = 4.0


def paper(path: str, headers: Mapping[str, str]) -> Reply:
    if path == "/robots.txt":
        return Reply(status=404)
    # Every seventh page is slow, so that requests are under way when a crawler is frozen or killed.
    return Reply(body=page(f"S{path[1:]} story"), delay_s=0.4 if path.endswith("7") else 0.0)


def test_the_pace_holds_while_crawlers_come_go_die_and_freeze(
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
    crawler_log: Callable[[], str],
) -> None:
    names = [f"paper{n:03}.test" for n in range(HOSTS)]
    options = {"lease_s": LEASE_S, "timeout_s": 2.0, "window": 24}
    with Web(dict.fromkeys(names, paper)) as web:
        for n, name in enumerate(names):
            frontier.offer(articles(web, name, [f"/{k}" for k in range(STORIES)]))
            connection.execute(
                "update core.hosts set delay_s = %s where host_key = %s", (DELAYS[n % len(DELAYS)], name)
            )
        one, two, three = (crawlers(web, **options) for _ in range(3))
        wait_for(lambda: len(web.hits) > 150, 30, "crawlers are at work")
        two.send(signal.SIGSTOP)
        wait_for(lambda: len(web.hits) > 250, 30, "the others go on")
        one.kill()
        four = crawlers(web, **options)
        wait_for(lambda: len(web.hits) > 420, 30, "the newcomer works")
        three.send(signal.SIGTERM)
        time.sleep(LEASE_S)
        two.send(signal.SIGCONT)
        five = crawlers(web, **options)
        total = HOSTS * STORIES

        def is_done() -> bool:
            row = connection.execute(
                "select count(*) from core.urls where kind = 'article' and state = 'done'"
            ).fetchone()
            return row == (total,)

        wait_for(is_done, 60, "every URL is done")
        three.wait(5)
        for crawler in (two, four, five):
            crawler.send(signal.SIGTERM)
        for crawler in (two, four, five):
            crawler.wait(15)
        by_host = web.by_host()
    worst: list[tuple[float, str]] = []
    for n, name in enumerate(names):
        delay = DELAYS[n % len(DELAYS)]
        worst += [(gap - delay, name) for gap in gaps(by_host[name])]
        assert len({h.path for h in by_host[name]}) == STORIES + 1
    assert min(worst)[0] >= 0, f"early by {-min(worst)[0]:.3f} s at {min(worst)[1]}; {crawler_log()[-2000:]}"
    hits = sum(len(h) for h in by_host.values())
    # What was in flight at the kill and at the freeze may be fetched again; nothing else may.
    assert hits <= total + HOSTS + 2 * options["window"]
    row = connection.execute(
        "select count(*), sum(overlapping) from wiretrace.politeness('1 hour')"
    ).fetchone()
    assert row == (HOSTS, 0)


def test_crawl_delay_of_robots_is_kept(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def slow(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(body=b"User-agent: *\nCrawl-delay: 1.5\n", headers={"Content-Type": "text/plain"})
        return Reply(body=page("Slow story"))

    with Web({"slow.test": slow}) as web:
        frontier.offer(articles(web, "slow.test", ["/1", "/2", "/3"]))
        crawlers(web, until_idle=True).wait(30)
        hits = web.by_host()["slow.test"]
    assert len(hits) == 4
    assert all(1.5 <= gap < 2.0 for gap in gaps(hits)), gaps(hits)


def test_a_group_of_sites_shares_one_pace(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    names = ["one.test", "two.test", "three.test"]
    with Web(dict.fromkeys(names, paper)) as web:
        for name in names:
            connection.execute(
                "insert into core.sites (site, url, politeness) values (%s, %s, 'group:press')",
                (name, web.url(name)),
            )
        for name in names:
            frontier.offer(articles(web, name, ["/1", "/2"]))
        connection.execute("update core.hosts set delay_s = 0.4")
        assert connection.execute("select host_key from core.hosts").fetchall() == [("group:press",)]
        crawlers(web, until_idle=True).wait(40)
        hits = sorted(web.hits, key=lambda h: h.started)
    assert len(hits) == 9
    assert min(gaps(hits)) >= 0.4


@pytest.mark.parametrize("change", ["pause", "set-delay"])
def test_changes_act_on_running_crawlers_within_seconds(
    change: str, frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    with Web({"a.test": paper}) as web:
        frontier.offer(articles(web, "a.test", [f"/{n}" for n in range(400)]))
        connection.execute("update core.hosts set delay_s = 0.05")
        crawlers(web)
        wait_for(lambda: len(web.hits) > 10, 20, "the crawler is at work")
        if change == "pause":
            connection.execute("update core.hosts set is_paused = true")
        else:
            connection.execute("update core.hosts set delay_s = 60")
        time.sleep(1.5)
        count = len(web.hits)
        time.sleep(1.0)
        assert len(web.hits) == count
