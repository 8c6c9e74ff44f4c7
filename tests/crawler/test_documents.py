"""Documents: discovery, revisits, redirects, and pages that turn out to be stories."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict

from crawler.claims import Offer
from crawler.frontier import Frontier
from crawler.sites import site_spec
from tests.crawler.conftest import articles, wait_for, wait_until_still
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page, rss

XML = {"Content-Type": "application/xml"}


def make_due(connection: psycopg.Connection, like: str) -> None:
    connection.execute("update core.urls set state = 'due', due_at = now() where url like %s", (like,))
    connection.execute("update core.hosts set ready_at = now(), offers = offers + 1")


def test_a_feed_is_polled_conditionally_and_brings_only_what_is_new(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    stories = ["/2026/one-story-of-today", "/2026/two-story-of-today"]
    version = 1

    def site(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/feed":
            etag = f'"v{version}"'
            if headers.get("if-none-match") == etag:
                return Reply(status=304, headers={"ETag": etag})
            named = stories + (["/2026/three-story-of-today"] if version > 1 else [])
            return Reply(body=rss(web.url("a.test", s) for s in named), headers={**XML, "ETag": etag})
        if path.startswith("/2026/"):
            return Reply(body=page(path[6:].replace("-", " ")))
        return Reply(status=404)

    with Web({"a.test": site}) as web:
        frontier.add_sites([site_spec(web.url("a.test"), {"feeds": [web.url("a.test", "/feed")]})])
        crawlers(web, until_idle=True).wait()
        assert Counter(web.paths("a.test"))["/feed"] == 1
        make_due(connection, "%/feed")
        crawlers(web, until_idle=True).wait()
        version = 2
        make_due(connection, "%/feed")
        crawlers(web, until_idle=True).wait()
        paths = Counter(web.paths("a.test"))
    assert paths["/feed"] == 3
    assert all(paths[s] == 1 for s in [*stories, "/2026/three-story-of-today"])
    outcomes = connection.execute(
        "select outcome from wiretrace.fetches where url like '%/feed' order by ended_at"
    ).fetchall()
    assert outcomes == [("read",), ("not_modified",), ("read",)]
    row = connection.execute(
        "select state, extract(epoch from due_at - now())::float from core.urls where url like '%/feed'"
    ).fetchone()
    assert row is not None and row[0] == "waiting" and 600 * 0.9 < row[1] < 24 * 3600 * 1.1


def test_documents_and_articles_behind_redirects_are_found(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def site(path: str, headers: Mapping[str, str]) -> Reply:
        match path:
            case "/":
                return Reply(status=302, headers={"Location": "/start"})
            case "/start":
                return Reply(
                    body=b'<link rel="alternate" type="application/rss+xml" href="/old-feed"><p>home</p>'
                )
            case "/old-feed":
                return Reply(status=301, headers={"Location": "/new-feed"})
            case "/new-feed":
                return Reply(body=rss([web.url("a.test", "/go/2026/moved-story-of-today")]), headers=XML)
            case "/go/2026/moved-story-of-today":
                return Reply(status=301, headers={"Location": "/2026/moved-story-of-today"})
            case "/2026/moved-story-of-today":
                return Reply(body=page("Moved story of today"))
            case _:
                return Reply(status=404)

    with Web({"a.test": site}) as web:
        frontier.add_sites([site_spec(web.url("a.test"))])
        counts = crawlers(web, until_idle=True).wait()
        url = web.url("a.test", "")
    assert counts["published"] == 1
    row = connection.execute("select url, url_key from core.pages").fetchone()
    assert row is not None
    assert row[0] == f"{url}/go/2026/moved-story-of-today"
    assert row[1].endswith("/2026/moved-story-of-today") and "/go/" not in row[1]
    found = connection.execute(
        "select found_url from core.urls where state = 'done' and kind = 'article'"
    ).fetchall()
    assert found == [(f"{url}/go/2026/moved-story-of-today",)]


def test_a_feed_that_is_announced_is_fetched_although_its_usual_place_is_empty(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def site(path: str, headers: Mapping[str, str]) -> Reply:
        match path:
            case "/":
                return Reply(
                    body=b'<link rel="alternate" type="application/rss+xml" href="/feed/"><p>home</p>'
                )
            case "/feed/":
                return Reply(body=rss([web.url("a.test", "/2026/only-story-of-today")]), headers=XML)
            case "/2026/only-story-of-today":
                return Reply(body=page("Only story of today"))
            case _:
                return Reply(status=404)

    with Web({"a.test": site}) as web:
        # The usual place has been tried before the home page names the real one.
        frontier.offer(
            [Offer(url=web.url("a.test", "/feed"), kind="feed", found_by="seed", priority=1, is_probe=True)]
        )
        crawlers(web, until_idle=True).wait()
        assert connection.execute("select state from core.urls where kind = 'feed'").fetchall() == [("gone",)]
        frontier.add_sites([site_spec(web.url("a.test"))])
        counts = crawlers(web, until_idle=True).wait()
    assert counts["published"] == 1
    row = connection.execute("select url, is_probe, state from core.urls where url like '%/feed/'").fetchone()
    assert row == (web.url("a.test", "/feed/"), False, "waiting")


def test_one_article_under_many_slugs_is_fetched_three_times_at_most(
    frontier: Frontier, connection: psycopg.Connection
) -> None:
    offers = [
        Offer(url=f"http://a.test/news/12345678-slug-number-{n}", kind="article", found_by="feed")
        for n in range(9)
    ]
    frontier.offer(offers[:2])
    frontier.offer(offers[2:])
    rows = connection.execute(
        "select state, reason, count(*) from core.urls where kind = 'article' group by 1, 2 order by 1"
    ).fetchall()
    assert rows == [("dropped", "slug_variant", 6), ("due", None, 3)]


def test_pages_that_a_broker_has_lost_are_fetched_again(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    def site(path: str, headers: Mapping[str, str]) -> Reply:
        return Reply(status=404) if path == "/robots.txt" else Reply(body=page("Lost story"))

    with Web({"a.test": site}) as web:
        frontier.offer(articles(web, "a.test", ["/worked", "/lost"]))
        crawlers(web, until_idle=True).wait()
        connection.execute(
            "update core.pages set outcome = 'article', worked_at = now() where url like '%/worked'"
        )
        assert frontier.repair(older_than_s=3600) == 0
        assert frontier.repair(older_than_s=0) == 1
        assert frontier.repair(older_than_s=0) == 0
        crawlers(web, until_idle=True).wait()
        assert Counter(web.paths("a.test")) == {"/robots.txt": 1, "/worked": 1, "/lost": 2}
    rows = connection.execute("select url, outcome from core.pages order by url").fetchall()
    assert [r[1] for r in rows] == [None, "article"]


def test_a_database_that_is_away_is_waited_for(
    frontier: Frontier,
    connection: psycopg.Connection,
    admin_url: str,
    crawlers: Callable[..., Crawler],
    crawler_log: Callable[[], str],
) -> None:
    def site(path: str, headers: Mapping[str, str]) -> Reply:
        return Reply(status=404) if path == "/robots.txt" else Reply(body=page("Patient story"), delay_s=0.3)

    name = str(conninfo_to_dict(connection.info.dsn)["dbname"])
    names = [f"p{n}.test" for n in range(10)]
    with Web(dict.fromkeys(names, site)) as web:
        for host in names:
            frontier.offer(articles(web, host, [f"/{n}" for n in range(15)]))
        crawler = crawlers(web, lease_s=120.0, timeout_s=20.0)
        wait_for(lambda: len(web.hits) > 30, "the crawl goes on")
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f'alter database "{name}" with allow_connections false')
            try:
                admin.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s "
                    "and application_name = 'wiretrace-crawler'",
                    (name,),
                )
                wait_until_still(lambda: len(web.hits), 3.0, "what was claimed has been fetched")
                before = len(web.hits)
                time.sleep(4.0)
                assert len(web.hits) == before, "something was fetched without a claim"
                assert crawler.process.poll() is None, crawler_log()
            finally:
                admin.execute(f'alter database "{name}" with allow_connections true')
        done = "select count(*) from core.urls where state = 'done' and kind = 'article'"
        wait_for(lambda: connection.execute(done.encode()).fetchone() == (150,), "the crawl goes on")
        crawler.send(signal.SIGTERM)
        crawler.wait()
        hits = Counter((h.host, h.path) for h in web.hits)
    assert max(hits.values()) == 1, "a URL was fetched twice"
