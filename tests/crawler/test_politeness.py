"""One pace per host over all crawlers, as seen by the hosts."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest

from crawler.frontier import ADDRESS_CAP, Frontier
from tests.crawler.conftest import articles, gaps, wait_for, wait_for_crawlers
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page

HOSTS = 200
STORIES = 12
LEASE_S = 20.0
DELAYS = (0.4, 0.8, 1.6)
CRAWL_DELAY_S = 1.2
"""What the robots.txt of every fourth host asks for."""

PACE_SQL = """
select host, min(started_at - ended_before) as shortest_gap
  from (select host, started_at, max(ended_at) over (partition by host order by started_at
                                                     rows between unbounded preceding and 1 preceding) as ended_before
          from wiretrace.fetches where started_at > now() - interval '1 day') f
 group by host order by shortest_gap
"""
"""As it stands in crawler/README.md."""

RULES_CAME_LATE_SQL = """
select host from wiretrace.fetches where kind = 'robots'
 group by host having min(started_at) < min(started_at) filter (where status is not null)
"""
"""Hosts whose first request for robots.txt brought no answer that anyone could settle."""


def delay_of(number: int) -> float:
    """The pause of one host: its own or the one that its robots.txt asks for."""
    return max(DELAYS[number % len(DELAYS)], CRAWL_DELAY_S if number % 4 == 0 else 0.0)


def paper(path: str, headers: Mapping[str, str]) -> Reply:
    if path == "/robots.txt":
        return Reply(status=404)
    # Every seventh page is slow, so that requests are under way when a crawler is frozen or killed.
    return Reply(body=page(f"S{path[1:]} story"), delay_s=0.4 if path.endswith("7") else 0.0)


def with_crawl_delay(path: str, headers: Mapping[str, str]) -> Reply:
    if path == "/robots.txt":
        rules = f"User-agent: *\nCrawl-delay: {CRAWL_DELAY_S}\n".encode()
        return Reply(body=rules, headers={"Content-Type": "text/plain"})
    return paper(path, headers)


def held_by(connection: psycopg.Connection, crawler: Crawler) -> int:
    """How many hosts a crawler holds by the database's clock."""
    row = connection.execute(
        "select count(*) from core.hosts h join core.crawlers c on c.crawler_id = h.claimed_by"
        " where c.pid = %s and h.claim_until > now()",
        (crawler.process.pid,),
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.timeout(400)
def test_the_pace_holds_while_crawlers_come_go_die_and_freeze(
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
    crawler_log: Callable[[], str],
) -> None:
    names = [f"paper{n:03}.test" for n in range(HOSTS)]
    options = {"lease_s": LEASE_S, "timeout_s": LEASE_S / 2, "window": 64}
    total = HOSTS * STORIES
    sites = {name: with_crawl_delay if n % 4 == 0 else paper for n, name in enumerate(names)}
    with Web(sites) as web:
        frontier.offer(o for name in names for o in articles(web, name, [f"/{k}" for k in range(STORIES)]))
        for n, name in enumerate(names):
            connection.execute(
                "update core.hosts set delay_s = %s where host_key = %s", (DELAYS[n % len(DELAYS)], name)
            )
        one, two, three, four = (crawlers(web, **options) for _ in range(4))
        wait_for_crawlers(connection, 4)
        wait_for(lambda: len(web.hits) > HOSTS, "crawlers are at work")
        wait_for(lambda: held_by(connection, two) > 0, "one that will freeze holds hosts")
        two.send(signal.SIGSTOP)
        in_flight = held_by(connection, two)
        assert in_flight > 0
        wait_for(lambda: len(web.hits) > total // 4, "the others go on")
        wait_for(lambda: held_by(connection, one) > 0, "one that will be killed holds hosts")
        one.send(signal.SIGSTOP)
        in_flight += held_by(connection, one)
        one.kill()
        five = crawlers(web, **options)
        wait_for(lambda: len(web.hits) > total // 3, "the crawl goes on")
        three.send(signal.SIGTERM)
        wait_for(lambda: held_by(connection, two) == 0, "the leases of the frozen one have run out")
        two.send(signal.SIGCONT)
        six = crawlers(web, **options)
        done = "select count(*) from core.urls where kind = 'article' and state = 'done'"
        wait_for(lambda: connection.execute(done.encode()).fetchone() == (total,), "every URL is done")
        wait_for_crawlers(connection, 4)  # one that has only just been started would be killed by the signal
        survivors = (two, three, four, five, six)
        for crawler in (two, four, five, six):
            crawler.send(signal.SIGTERM)
        lost = sum(crawler.wait().get("lost_claim", 0) for crawler in survivors)
        by_host = web.by_host()
    early = [(gap - delay_of(n), name) for n, name in enumerate(names) for gap in gaps(by_host[name])]
    assert min(early)[0] >= 0, f"early by {-min(early)[0]:.3f} s at {min(early)[1]}; {crawler_log()[-2000:]}"
    assert all(len({h.path for h in by_host[name]}) == STORIES + 1 for name in names)
    # What was in flight at the kill and at the freeze may be fetched again, and what a crawler held too long.
    hits = sum(len(h) for h in by_host.values())
    assert hits - total - HOSTS <= in_flight + lost

    # The same can be read in SQL afterwards, of requests of dead crawlers too, and never looks better than it was.
    asked = {name: delay_of(n) for n, name in enumerate(names)}
    # Where a crawler was lost before it had settled a host's first robots.txt, the second request for it could know
    # of the host's own delay alone.
    late = {str(host) for (host,) in connection.execute(RULES_CAME_LATE_SQL.encode()).fetchall()}
    kept = {name: DELAYS[n % len(DELAYS)] if name in late else asked[name] for n, name in enumerate(names)}
    audited = connection.execute(PACE_SQL.encode()).fetchall()
    assert len(audited) == HOSTS
    for host, gap in audited:
        seen = min(gaps(by_host[host]))
        assert kept[host] <= gap.total_seconds() <= seen + 0.001, host
    rows = connection.execute(
        "select host, shortest_gap_s, delay_s, overlapping from wiretrace.politeness('1 hour')"
    ).fetchall()
    assert len(rows) == HOSTS
    for host, gap, delay, overlapping in rows:
        assert overlapping == 0 and delay == asked[host] and gap >= kept[host], host
    logged = dict(connection.execute("select host, count(*) from wiretrace.fetches group by 1").fetchall())
    assert all(len(by_host[name]) <= logged[name] for name in names), "a request is not in the log"


def test_the_query_for_the_pace_stands_in_the_readme() -> None:
    readme = Path(__file__).resolve().parents[2] / "crawler" / "README.md"
    assert PACE_SQL.strip() in readme.read_text()


def test_crawl_delay_of_robots_is_kept(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def slow(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(body=b"User-agent: *\nCrawl-delay: 1.5\n", headers={"Content-Type": "text/plain"})
        return Reply(body=page("Slow story"))

    with Web({"slow.test": slow}) as web:
        frontier.offer(articles(web, "slow.test", ["/1", "/2", "/3"]))
        crawlers(web, until_idle=True).wait()
        hits = web.by_host()["slow.test"]
    assert len(hits) == 4
    assert min(gaps(hits)) >= 1.5, gaps(hits)


def test_no_more_than_four_hosts_of_one_address_are_asked_at_once(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def slow(path: str, headers: Mapping[str, str]) -> Reply:
        reply = paper(path, headers)
        reply.delay_s = 0.3
        return reply

    names = [f"blog{n:02}.test" for n in range(12)]
    with Web(dict.fromkeys(names, slow), has_one_address=True) as web:
        for name in names:
            frontier.offer(articles(web, name, [f"/{k}" for k in range(3)]))
        crawlers(web, until_idle=True).wait()
        hits = [h for h in web.hits if h.path != "/robots.txt"]
    assert len(hits) == 12 * 3
    # The address of a host is known from its first answer on, which is that of its robots.txt.
    at_once = [sum(o.started <= h.started < o.ended for o in hits) for h in hits]
    assert max(at_once) == ADDRESS_CAP
    assert connection.execute("select count(distinct address) from core.hosts").fetchone() == (1,)


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
        crawlers(web, until_idle=True).wait()
        hits = sorted(web.hits, key=lambda h: h.started)
    assert len(hits) == 9
    assert min(gaps(hits)) >= 0.4
