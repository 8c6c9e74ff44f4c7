"""A running crawl, operated with the command `wiretrace` as a person does."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crawler.frontier import Frontier
from tests.crawler.conftest import articles, wait_for, wait_for_crawlers
from tests.crawler.processes import PATIENCE_S, Crawler, crawler_env
from tests.crawler.web import Reply, Web, page, rss
from tests.ports import free_port

Run = Callable[..., str]


@pytest.fixture
def wiretrace(database_url: str, kafka_bootstrap: str, tmp_path: Path) -> Run:
    """`wiretrace("sites", "list")` runs the command and gives what it prints; `code=` is its exit code."""

    def run(*args: str, code: int = 0) -> str:
        env = crawler_env(
            database_url,
            kafka_bootstrap,
            tmp_path / "hosts",
            WIRETRACE_DATA_DIR=str(tmp_path / "data"),
            COLUMNS="110",
        )
        done = subprocess.run(
            [sys.executable, "-m", "infra.cli", *args],
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return run


def now(connection: psycopg.Connection) -> datetime:
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None and isinstance(row[0], datetime)
    return row[0]


def requests_after(connection: psycopg.Connection, site: str, moment: datetime) -> int:
    """How many requests to a site began after a moment of the database's clock."""
    row = connection.execute(
        "select count(*) from wiretrace.fetches where site = %s and started_at > %s", (site, moment)
    ).fetchone()
    assert row is not None
    return int(row[0])


def story(path: str, headers: Mapping[str, str]) -> Reply:
    return Reply(status=404) if path == "/robots.txt" else Reply(body=page("Some story"))


ACTS_S = timedelta(seconds=5)
"""A change acts on all machines within this time."""


def test_sites_are_paused_resumed_and_slowed_down_while_they_are_crawled(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler], wiretrace: Run
) -> None:
    names = ["a.test", "b.test"]
    with Web(dict.fromkeys(names, story)) as web:
        for name in names:
            frontier.add_sites([site_of(web, name)])
            frontier.offer(articles(web, name, [f"/{n}" for n in range(4000)]))
        connection.execute("update core.hosts set delay_s = 0.1")
        for _ in range(2):
            crawlers(web)
        wait_for(lambda: len(web.hits) > 20, "the crawl goes on")

        def goes_on(site: str, since: datetime) -> None:
            wait_for(
                lambda: requests_after(connection, site, since + ACTS_S) > 5,
                f"{site} is fetched",
                timeout_s=60,
            )

        assert "a.test is paused" in wiretrace("sites", "pause", "a.test")
        paused_at = now(connection)
        goes_on("b.test", paused_at)
        assert requests_after(connection, "a.test", paused_at + ACTS_S) == 0
        [row] = json.loads(wiretrace("frontier", "--state", "paused", "--json"))
        assert (row["host"], row["state"]) == ("a.test", "paused")

        assert "a.test goes on" in wiretrace("sites", "resume", web.url("a.test"))
        goes_on("a.test", now(connection))

        assert "3600 s" in wiretrace("sites", "set-delay", "b.test", "3600")
        slowed_at = now(connection)
        goes_on("a.test", slowed_at)
        assert requests_after(connection, "b.test", slowed_at + ACTS_S) == 0

        # The other way round too: a host need not wait for the end of the pause that it had.
        wiretrace("sites", "set-delay", "b.test", "0.1")
        goes_on("b.test", now(connection))


def site_of(web: Web, name: str) -> Any:
    from crawler.sites import site_spec

    return site_spec(web.url(name))


def test_a_site_that_is_added_is_crawled_by_the_crawlers_that_run(
    connection: psycopg.Connection, crawlers: Callable[..., Crawler], wiretrace: Run, tmp_path: Path
) -> None:
    def paper(path: str, headers: Mapping[str, str]) -> Reply:
        match path:
            case "/":
                return Reply(
                    body=b'<link rel="alternate" type="application/rss+xml" href="/feed"><p>home</p>'
                )
            case "/feed":
                urls = [web.url("paper.test", f"/2026/story-{n}-of-the-day") for n in range(3)]
                return Reply(body=rss(urls), headers={"Content-Type": "application/rss+xml"})
            case "/robots.txt":
                return Reply(
                    body=b"User-agent: *\nDisallow: /2026/story-2", headers={"Content-Type": "text/plain"}
                )
            case _:
                return story(path, headers)

    with Web({"paper.test": paper}) as web:
        crawlers(web)
        wait_for_crawlers(connection, 1)
        assert wiretrace("sites", "add", web.url("paper.test")).strip() == "added paper.test"
        ended = "select count(*) from core.urls where kind = 'article' and state in ('done', 'denied')"
        wait_for(lambda: connection.execute(ended.encode()).fetchone() == (3,), "the site is crawled")

        shown = wiretrace("sites", "show", "paper.test")
        for words in ("paper.test", "feed", "robots_denied", "/2026/story-2-of-the-day"):
            assert words in shown
        checked = wiretrace("sites", "check", web.url("paper.test"))
        for words in (
            "robots",
            "feed",
            "crawl",
            "robots.txt forbids 1 of 3 articles",
            "/2026/story-0-of-the-day",
        ):
            assert words in checked, checked

        for command in (("sites", "list"), ("frontier",), ("sites", "show", "paper.test"), ("status",)):
            as_json = json.loads(wiretrace(*command, "--json"))
            as_lines = [json.loads(line) for line in wiretrace(*command, "--nl").splitlines()]
            as_csv = list(csv.DictReader(io.StringIO(wiretrace(*command, "--csv"))))
            assert as_json and len(as_json) == len(as_lines) == len(as_csv)
            assert list(as_json[0]) == list(as_lines[0]) == list(as_csv[0])
            table = wiretrace(*command, "--table")
            assert table and all(len(line) <= 110 for line in table.splitlines())
        for view in ("sites", "fetches", "frontier"):
            rows = json.loads(wiretrace("sql", "-c", f"select * from wiretrace.{view}", "--json"))
            assert rows and all(row["site"] == "paper.test" for row in rows)


def test_the_lists_say_why_nothing_comes_of_a_site_and_when_it_is_asked_again(
    connection: psycopg.Connection, crawlers: Callable[..., Crawler], wiretrace: Run
) -> None:
    def answering(robots: Reply, home: Reply) -> Callable[[str, Mapping[str, str]], Reply]:
        return lambda path, headers: {"/robots.txt": robots, "/": home}.get(path, Reply(status=404))

    free, home = Reply(status=404), Reply(body=b"<title>Nothing</title><p>Nothing here.</p>")
    deny_all = Reply(body=b"User-agent: *\nDisallow: /", headers={"Content-Type": "text/plain"})
    asks_for_a_pause = Reply(status=503, headers={"Retry-After": "1000"})
    sites = {
        "denies.test": answering(deny_all, home),
        "empty.test": answering(free, home),
        "fails.test": answering(asks_for_a_pause, home),
        "busy.test": answering(free, asks_for_a_pause),
        "held.test": answering(free, home),
    }
    expected = {
        "busy.test": ("backing off", "http_503"),
        "denies.test": ("robots deny", None),
        "empty.test": ("nothing found", None),
        "fails.test": ("robots unreadable", "http_503"),
        "held.test": ("paused", None),
    }

    def stand() -> dict[str, tuple[str, str | None]]:
        rows = json.loads(wiretrace("sites", "list", "--json"))
        return {row["site"]: (row["state"], row["held_back_by"]) for row in rows}

    with Web(sites) as web:
        wiretrace("sites", "add", *(web.url(name) for name in sites))
        wiretrace("sites", "pause", "held.test")
        assert stand() == dict.fromkeys(sites, ("new", None)) | {"held.test": ("paused", None)}
        connection.execute("update core.hosts set delay_s = 0.1")
        crawlers(web)
        wait_for(lambda: stand() == expected, "each site is in its state")

        hosts = {row["host"]: row for row in json.loads(wiretrace("frontier", "--json"))}
        assert hosts["held.test"]["next_in"] is None
        assert 600 < hosts["busy.test"]["next_in"] <= 1000
        assert 600 < hosts["fails.test"]["next_in"] <= 1000
        assert hosts["fails.test"]["waits_for"] == "robots_unavailable"
        assert hosts["empty.test"]["next_in"] > 60 and hosts["empty.test"]["waits_for"] is None


def test_status_and_metrics_tell_of_sites_that_have_fallen_silent(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler], wiretrace: Run
) -> None:
    import urllib.request

    port = free_port()

    def silent(answer_of: str) -> list[str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        return [line.split()[1] for line in text.splitlines() if line.startswith(answer_of)]

    with Web({"a.test": story, "b.test": story}) as web:
        for name in ("a.test", "b.test"):
            frontier.add_sites([site_of(web, name)])
        crawler = crawlers(web, metrics_port=port, env={"WIRETRACE_SILENT_HOURS": "3"})
        wait_for_crawlers(connection, 1)
        assert "nothing new discovered" not in wiretrace("status")
        connection.execute(
            "update core.sites set added_at = now() - interval '9 h', last_new_at = now() - interval '4 h'"
            " where site = 'a.test'"
        )
        assert "nothing new discovered" not in wiretrace("status")
        told = wiretrace("status", "--silent-hours", "3", code=3)
        assert "! nothing new discovered for 3 h on 1 site: a.test" in told
        facts = json.loads(wiretrace("status", "--silent-hours", "3", "--json", code=3))
        assert [f["name"] for f in facts if f["kind"] == "alert"] == ["nothing_discovered"]
        wait_for(lambda: silent("wiretrace_frontier_sites_silent ") == ["1.0"], "the metric tells of it")
        [age] = silent("wiretrace_frontier_last_new_seconds ")
        assert float(age) > 4 * 3600 - 60
        # A pause is not silence.
        wiretrace("sites", "pause", "a.test")
        assert "nothing new discovered" not in wiretrace("status", "--silent-hours", "3")
        crawler.send(signal.SIGTERM)
        crawler.wait()


def test_the_command_crawl_serves_metrics_of_crawler_and_frontier(
    database_url: str, kafka_bootstrap: str, frontier: Frontier, tmp_path: Path
) -> None:
    import urllib.request

    port = free_port()
    with Web({"a.test": story}) as web, (tmp_path / "log").open("wb") as log:
        frontier.offer(articles(web, "a.test", ["/1", "/2"]))
        env = crawler_env(
            database_url,
            kafka_bootstrap,
            web.write_hosts(tmp_path / "hosts"),
            WIRETRACE_DATA_DIR=str(tmp_path / "data"),
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", "crawl", "--metrics-port", str(port)],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:

            def read() -> str:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
                        return str(answer.read().decode())
                except OSError:
                    return ""

            wait_for(
                lambda: 'wiretrace_crawler_settled_total{outcome="published"} 2.0' in read(),
                "metrics tell it",
            )
            text = read()
            for name in ("crawler_up", "crawler_unacked_bytes", "frontier_urls_due", "frontier_hosts_ready"):
                assert f"\nwiretrace_{name}" in text
        finally:
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
