"""robots.txt, Retry-After and back-off, as seen by the hosts."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import psycopg
import pytest

from crawler.frontier import Frontier
from tests.crawler.conftest import articles, gaps, wait_for, wait_for_crawlers
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page


def fine(path: str, headers: Mapping[str, str]) -> Reply:
    return Reply(body=page("Fine story"))


def with_robots(robots: Reply) -> Callable[[str, Mapping[str, str]], Reply]:
    return lambda path, headers: robots if path == "/robots.txt" else fine(path, headers)


def test_robots_that_cannot_be_read_means_no_request(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    sites = {
        "s500.test": with_robots(Reply(status=500)),
        "s503.test": with_robots(Reply(status=503)),
        "s429.test": with_robots(Reply(status=429)),
        "silent.test": with_robots(Reply(delay_s=60)),
        "s404.test": with_robots(Reply(status=404)),
        "s403.test": with_robots(Reply(status=403)),
        "html.test": with_robots(Reply(body=b"<html>not found</html>")),
    }
    with Web(sites) as web:
        for name in sites:
            frontier.offer(articles(web, name, ["/1", "/2"]))
        crawlers(web, until_idle=True, patience_s=5.0, timeout_s=10.0, lease_s=40.0).wait()
    paths = {name: sorted(web.paths(name)) for name in sites}
    for name in ("s500.test", "s503.test", "s429.test", "silent.test"):
        assert paths[name] == ["/robots.txt"], name
    for name in ("s404.test", "s403.test", "html.test"):
        assert paths[name] == ["/1", "/2", "/robots.txt"], name
    rows = dict(connection.execute("select authority, state from core.robots").fetchall())
    assert {rows[a] for a in rows if "s5" in a or "429" in a or "silent" in a} == {"unavailable"}
    waiting = connection.execute(
        "select count(*) from core.urls u join core.robots r using (authority)"
        " where u.kind = 'article' and u.state = 'waiting' and u.due_at > r.fetched_at + interval '54 s'"
    ).fetchone()
    assert waiting == (8,)


def test_robots_is_fetched_once_for_all_crawlers(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    names = [f"p{n}.test" for n in range(12)]
    window = 4

    def site(path: str, headers: Mapping[str, str]) -> Reply:
        if path != "/robots.txt":
            return fine(path, headers)
        asked.add(headers["host"])
        return Reply(raw=rules)

    async def rules() -> AsyncIterator[bytes]:
        # More than one crawler may ask for at once must be asked for before anybody is answered.
        while len(asked) <= window:
            await asyncio.sleep(0.02)
        body = b"User-agent: *\nDisallow: /private\n"
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (
            len(body),
            body,
        )

    asked: set[str] = set()
    with Web(dict.fromkeys(names, site)) as web:
        running = [crawlers(web, window=window, timeout_s=120.0, lease_s=240.0) for _ in range(3)]
        wait_for_crawlers(connection, 3)
        for name in names:
            frontier.offer(articles(web, name, [f"/{n}" for n in range(6)] + ["/private/1"]))
        settled = "select count(*) from core.urls where kind = 'article' and state in ('done', 'denied')"
        wait_for(lambda: connection.execute(settled.encode()).fetchone() == (84,), "all is done")
        for crawler in running:
            crawler.send(signal.SIGTERM)
        for crawler in running:
            crawler.wait()
        for name in names:
            assert Counter(web.paths(name)) == Counter(["/robots.txt"] + [f"/{n}" for n in range(6)])
    used = connection.execute("select count(distinct crawler_id) from core.fetches").fetchone()
    assert used is not None and used[0] > 1, "only one crawler did the work"
    denied = connection.execute("select distinct state, reason from core.urls where url like '%/private/1'")
    assert denied.fetchall() == [("denied", "robots_denied")]


def test_robots_older_than_a_day_is_fetched_before_anything_else(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    with Web({"a.test": with_robots(Reply(status=404))}) as web:
        frontier.offer(articles(web, "a.test", ["/1"]))
        crawlers(web, until_idle=True).wait()
        connection.execute("update core.robots set expires_at = now() - interval '1 s'")
        frontier.offer(articles(web, "a.test", ["/2"]))
        crawlers(web, until_idle=True).wait()
        assert web.paths("a.test") == ["/robots.txt", "/1", "/robots.txt", "/2"]


def test_robots_may_redirect_to_another_host_and_speaks_for_the_first(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def first(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=301, headers={"Location": web.url("second.test", "/rules.txt")})
        return fine(path, headers)

    def second(path: str, headers: Mapping[str, str]) -> Reply:
        return Reply(body=b"User-agent: *\nDisallow: /no\n", headers={"Content-Type": "text/plain"})

    with Web({"first.test": first, "second.test": second}) as web:
        frontier.offer(articles(web, "first.test", ["/no/1", "/yes/1"]))
        crawlers(web, until_idle=True).wait()
        assert web.paths("first.test") == ["/robots.txt", "/yes/1"]
        assert web.paths("second.test") == ["/rules.txt"]
    row = connection.execute(
        "select url, hops, state from core.urls where url_key like 'robots:%first%'"
    ).fetchone()
    assert row == (web.url("first.test", "/robots.txt"), 0, "waiting")


def test_noindex_is_recorded(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def site(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404)
        if path == "/header":
            return Reply(body=page("Header story"), headers={"X-Robots-Tag": "noindex"})
        return Reply(
            body=page("Meta story").replace(b"<title>", b'<meta name="robots" content="noindex"><title>')
        )

    with Web({"a.test": site}) as web:
        frontier.offer(articles(web, "a.test", ["/header", "/meta"]))
        crawlers(web, until_idle=True).wait()
    rows = connection.execute(
        "select noindex from wiretrace.fetches where kind = 'article' order by url"
    ).fetchall()
    assert rows == [("header",), ("meta",)]


@pytest.mark.parametrize(("status", "form"), [(429, "seconds"), (503, "date")])
def test_retry_after_is_obeyed_by_every_crawler_and_over_restarts(
    form: str,
    status: int,
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
) -> None:
    wait_s = 6
    asked: list[float] = []

    def busy(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404)
        if not asked:
            asked.append(time.monotonic())
            now = datetime.now(UTC) + timedelta(hours=3)  # a server whose clock is wrong
            later = format_datetime(now + timedelta(seconds=wait_s), usegmt=True)
            return Reply(
                status=status,
                headers={
                    "Retry-After": str(wait_s) if form == "seconds" else later,
                    "Date": format_datetime(now, usegmt=True),
                },
            )
        return fine(path, headers)

    with Web({"a.test": busy}) as web:
        frontier.offer(articles(web, "a.test", ["/1", "/2", "/3"]))
        first = [crawlers(web) for _ in range(2)]
        wait_for(lambda: bool(asked), "the host says that it is busy")
        told = "select count(*) from wiretrace.fetches where retry_after_s is not null"
        wait_for(lambda: connection.execute(told.encode()).fetchone() == (1,), "the crawlers know")
        for crawler in first:
            crawler.kill()
        for _ in range(2):
            crawlers(web)
        done = "select count(*) from core.urls where state = 'done'"
        wait_for(lambda: connection.execute(done.encode()).fetchone() == (3,), "the crawl goes on")
        hits = web.by_host()["a.test"]
    assert len(hits) == 5
    assert max(gaps(hits[1:3])) >= wait_s - (1 if form == "date" else 0)
    assert hits[2].started - asked[0] >= wait_s - (1 if form == "date" else 0)
    logged = connection.execute("select retry_after_s from wiretrace.fetches where status >= 429").fetchall()
    assert logged == [(wait_s,)]


def test_without_retry_after_the_host_is_left_alone_for_a_minute_and_then_two(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def busy(path: str, headers: Mapping[str, str]) -> Reply:
        return Reply(status=404 if path == "/robots.txt" else 503)

    with Web({"a.test": busy}) as web:
        frontier.offer(articles(web, "a.test", ["/1", "/2", "/3"]))
        crawlers(web)
        expected = [(54, 66), (108, 132), (216, 264)]
        for n, (least, most) in enumerate(expected, 1):
            failed = f"select count(*) from core.hosts where failures = {n}"
            wait_for(lambda q=failed: connection.execute(q.encode()).fetchone() == (1,), "one more hit")  # type: ignore[misc]
            row = connection.execute(
                "select extract(epoch from next_at - last_failure_at)::float, failures, back_off_reason from core.hosts"
            ).fetchone()
            assert row is not None
            assert least <= row[0] <= most
            assert row[1:] == (n, "http_503")
            time.sleep(1.5)
            assert len(web.paths("a.test")) == n + 1, "the back-off is not kept"
            # The minutes are not waited for: the database's clock is moved on for this host.
            connection.execute(
                "update core.hosts set next_at = now(), ready_at = now(), last_failure_at = now() - interval '1 min'"
            )
    assert connection.execute("select count(*) from wiretrace.fetches where status = 503").fetchone() == (3,)


def test_three_timeouts_in_a_row_make_a_host_back_off(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def dead(path: str, headers: Mapping[str, str]) -> Reply:
        return Reply(status=404) if path == "/robots.txt" else Reply(delay_s=30)

    with Web({"a.test": dead}) as web:
        frontier.offer(articles(web, "a.test", [f"/{n}" for n in range(6)]))
        crawler = crawlers(web, timeout_s=3.0, lease_s=20.0)
        wait_for(
            lambda: connection.execute("select streak from core.hosts").fetchone() == (3,), "three timeouts"
        )
        row = connection.execute(
            "select extract(epoch from next_at - last_failure_at)::float, back_off_reason from core.hosts"
        ).fetchone()
        assert row is not None and 54 <= row[0] <= 66 and row[1] == "timeout"
        time.sleep(1.5)
        crawler.send(signal.SIGTERM)
        crawler.wait()
    outcomes = connection.execute(
        "select outcome, count(*) from wiretrace.fetches where kind = 'article' group by 1"
    )
    assert outcomes.fetchall() == [("timeout", 3)]


def test_only_our_own_middlewares_stand_between_the_frontier_and_the_hosts() -> None:
    from scrapy.settings import Settings as ScrapySettings
    from scrapy.utils.conf import build_component_list
    from scrapy.utils.misc import load_object

    from crawler.scrapy_settings import scrapy_settings

    settings = ScrapySettings(
        scrapy_settings(user_agent="x", window=4, timeout_s=5.0, hosts={}, networks=()), priority="project"
    )
    names = [
        load_object(c).__name__ for c in build_component_list(settings.getwithbase("DOWNLOADER_MIDDLEWARES"))
    ]
    assert names[0] == "RobotsGate"
    assert names == ["RobotsGate", "HttpCompressionMiddleware"]
    for off in ("ROBOTSTXT_OBEY", "RETRY_ENABLED", "REDIRECT_ENABLED", "COOKIES_ENABLED", "TELNETCONSOLE_ENABLED",
                "REMOTE_CONTROL_ENABLED", "AUTOTHROTTLE_ENABLED", "HTTPPROXY_ENABLED"):  # fmt: skip
        assert not settings.getbool(off), off
    assert settings.getint("DOWNLOAD_MAXSIZE") == 5 * 1024 * 1024


def test_one_url_that_always_fails_costs_its_host_nothing_and_ends(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def site(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404)
        return Reply(status=500) if path == "/broken" else fine(path, headers)

    with Web({"a.test": site}) as web:
        frontier.offer(articles(web, "a.test", ["/1", "/broken", "/2"]))
        # The retry after 30 s is not waited for here, nor any later one.
        for n in range(1, 5):
            crawlers(web, until_idle=True, patience_s=1.0).wait()
            row = connection.execute(
                "select state, failures, reason from core.urls where url like '%/broken'"
            ).fetchone()
            assert row == (("waiting", n, "http_500") if n < 4 else ("failed", 0, "http_500, 4 times"))
            connection.execute("update core.urls set due_at = now() where url like '%/broken'")
        paths = Counter(web.paths("a.test"))
    assert paths == {"/robots.txt": 1, "/1": 1, "/2": 1, "/broken": 4}
    backed_off = connection.execute("select sum(back_off_s) from wiretrace.fetches").fetchone()
    assert backed_off == (0,)


def test_a_pass_waits_once_for_a_host_that_asks_for_a_short_pause_for_ever(
    frontier: Frontier, crawlers: Callable[..., Crawler], crawler_log: Callable[[], str]
) -> None:
    def busy(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404)
        return Reply(status=503, headers={"Retry-After": "20"})

    with Web({"a.test": busy}) as web:
        frontier.offer(articles(web, "a.test", ["/1", "/2", "/3"]))
        crawlers(web, until_idle=True).wait()
        assert len(web.paths("a.test")) == 3
    # As the crawler saw it: twenty seconds later the host may be asked again.
    assert re.search(r"action=idle\b.* deferred=3\b", crawler_log())


def test_a_pass_does_not_wait_for_hosts_that_back_off_for_long(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def busy(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404)
        return Reply(status=503, headers={"Retry-After": "7200"})

    with Web({"a.test": busy, "b.test": fine}) as web:
        for name in web.sites:
            frontier.offer(articles(web, name, ["/1", "/2", "/3"]))
        crawlers(web, until_idle=True).wait()
        assert sorted(web.paths("b.test")) == ["/1", "/2", "/3", "/robots.txt"]
        assert len(web.paths("a.test")) == 2
    left = frontier.idle()
    assert (left.due, left.soon, left.deferred, left.is_idle) == (0, 0, 3, True)
