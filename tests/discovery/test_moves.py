"""Documents that redirect: for good they go on at the new address with their state, for now they stay where they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crawler.discovery.model import DocumentRef
from crawler.discovery.state import WalkState
from crawler.documents import MAX_IN_VAIN, onward
from crawler.frontier import open_frontier
from crawler.sites import site_spec
from schemas.urls import url_key
from tests.crawler.processes import Crawler, crawler_env
from tests.crawler.web import Reply, Site, Web
from tests.discovery.newsroom import page, rss, slug, story
from tests.discovery.shapes import alternate

HOST, OTHER = "paper.test", "feeds.service.test"


class Paper:
    """A site with one feed that can be moved, and articles that appear in it."""

    def __init__(self) -> None:
        self.home = self.feeds = ""
        self.numbers: list[int] = []
        self.redirects: dict[str, tuple[int, str]] = {}
        self.front = "/"

    def feed(self) -> Reply:
        links = [(f"{self.home}news/{slug(n)}", n) for n in self.numbers]
        return Reply(body=rss(links).encode(), headers={"Content-Type": "application/rss+xml", "ETag": '"x"'})

    def site(self, feed_path: str) -> Site:
        def answer(path: str, headers: Mapping[str, str]) -> Reply:
            if path in self.redirects:
                status, target = self.redirects[path]
                return Reply(status=status, headers={"Location": target})
            if path == self.front:
                head = alternate("application/rss+xml", "/out/news")
                return Reply(body=page("<h1>Paper</h1>", head=head).encode())
            if path == feed_path:
                return self.feed()
            number = next((n for n in self.numbers if path == f"/news/{slug(n)}"), None)
            if number is None:
                return Reply(status=404)
            return Reply(body=story(number).encode(), headers={"Content-Type": "text/html"})

        return answer


class Run:
    """Passes of a real crawler over the paper; each one asks every document again."""

    def __init__(self, web: Web, database_url: str, kafka_bootstrap: str, folder: Path) -> None:
        self._database_url = database_url
        self._env = crawler_env(database_url, kafka_bootstrap, web.write_hosts(folder / "hosts"))
        self._log = folder / "log"
        self._web = web
        frontier = open_frontier(database_url, delay_s=0.0)
        frontier.add_sites([site_spec(web.url(HOST))])
        frontier.close()

    def a_pass(self) -> list[tuple[str, str]]:
        """What was asked for in this pass, as host and path."""
        before = len(self._web.hits)
        with psycopg.connect(self._database_url) as db:
            db.execute("update core.urls set due_at = now() where state = 'waiting' and kind <> 'robots'")
        with Crawler(self._env, until_idle=True, log=self._log) as crawler:
            crawler.wait(90)
        return [(hit.host, hit.path) for hit in self._web.hits[before:]]

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._database_url) as db:
            return db.execute(query.encode(), params).fetchall()

    def published(self) -> set[str]:
        return {key for (key,) in self.rows("select url_key from core.pages")}


@pytest.mark.timeout(240)
def test_a_feed_that_has_moved_goes_on_at_its_new_address_with_its_state(
    database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    paper = Paper()
    with Web({HOST: paper.site("/out/news"), OTHER: paper.site("/paper")}, net=13) as web:
        paper.home = web.url(HOST)
        paper.numbers = [1, 2]
        run = Run(web, database_url, kafka_bootstrap, tmp_path)
        run.a_pass()
        (before,) = run.rows("select poll from core.urls where url = %s", paper.home + "out/news")[0]

        paper.redirects["/out/news"] = (308, web.url(OTHER, "/paper"))
        paper.numbers += [3]
        first = run.a_pass()
        assert first.count((HOST, "/out/news")) == 1
        assert first.count((OTHER, "/paper")) == 1
        after, site = run.rows(
            "select poll, walk::jsonb ->> 's' from core.urls where url = %s", web.url(OTHER, "/paper")
        )[0]
        assert site == HOST, "its entries are the paper's, wherever it stands"
        assert after["polls"] == before["polls"] + 1, "the poll that was answered by the redirect is not one"
        assert after["base_s"] == before["base_s"] * 0.8, "the news shortened the interval that it had"

        paper.numbers += [4]
        second = run.a_pass()
        assert (HOST, "/out/news") not in second, "the old address is not asked again"
        assert second.count((OTHER, "/paper")) == 1
        assert run.published() == {url_key(f"{paper.home}news/{slug(n)}") for n in (1, 2, 3, 4)}
        states = dict(run.rows("select url, state from core.urls where kind = 'feed' and not is_probe"))
        assert states == {paper.home + "out/news": "redirected", web.url(OTHER, "/paper"): "waiting"}


@pytest.mark.timeout(240)
def test_a_feed_and_a_front_page_that_redirect_for_now_stay_where_they_are(
    database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    paper = Paper()
    paper.front = "/en/front"
    with Web({HOST: paper.site("/today/a"), OTHER: paper.site("/b")}, net=13) as web:
        paper.home = web.url(HOST)
        paper.redirects = {"/": (302, "/en/front"), "/out/news": (307, "/today/a")}
        paper.numbers = [1, 2]
        run = Run(web, database_url, kafka_bootstrap, tmp_path)
        asked = run.a_pass()
        for path in ("/", "/en/front", "/out/news", "/today/a"):
            assert asked.count((HOST, path)) == 1, (path, asked)

        # The next time the same address leads somewhere else, even to another host.
        paper.redirects["/out/news"] = (302, web.url(OTHER, "/b"))
        paper.numbers += [3]
        asked = run.a_pass()
        for host, path in ((HOST, "/"), (HOST, "/en/front"), (HOST, "/out/news"), (OTHER, "/b")):
            assert asked.count((host, path)) == 1, (path, asked)
        assert (HOST, "/today/a") not in asked
        assert run.published() == {url_key(f"{paper.home}news/{slug(n)}") for n in (1, 2, 3)}
        rows = run.rows(
            "select url, host_key, state, hops, (poll ->> 'polls')::int from core.urls"
            " where kind in ('home', 'feed') and not is_probe order by kind"
        )
        assert rows == [
            (paper.home + "out/news", HOST, "waiting", 0, 2),
            (paper.home, HOST, "waiting", 0, 2),
        ]

        # A target that is away for a while costs the feed its address no more than its news; and a front page comes
        # back from a redirect for good.
        paper.redirects["/out/news"] = (302, "/nowhere")
        paper.redirects["/"] = (301, "/campaign")
        asked = run.a_pass()
        assert asked.count((HOST, "/campaign")) == 1
        del paper.redirects["/"]
        paper.front = "/"
        assert run.a_pass().count((HOST, "/")) == 1
        assert run.rows("select url from core.urls where kind = 'feed' and not is_probe") == [
            (paper.home + "out/news",)
        ]


@pytest.mark.timeout(240)
def test_front_pages_that_answer_at_every_address_are_asked_for_a_feed_once(
    database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    """A site that sends what it does not know to its front page, and one that answers with it."""

    def everywhere(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404)
        if path == "/atom.xml":
            return Reply(status=302, headers={"Location": "/"})
        return Reply(body=page("<h1>Paper</h1>").encode())

    with Web({HOST: everywhere, OTHER: everywhere}, net=13) as web:
        run = Run(web, database_url, kafka_bootstrap, tmp_path)
        first = [path for host, path in run.a_pass() if host == HOST]
        assert sorted(first) == ["/", "/atom.xml", "/feed", "/robots.txt", "/rss.xml", "/sitemap.xml"]
        assert [path for host, path in run.a_pass() if host == HOST] == ["/"]


def test_a_walk_over_pages_ends_when_they_bring_nothing_new() -> None:
    walk, asked = WalkState(), 0
    for _ in range(30):
        following = DocumentRef(url="https://a.test/?paged=9", kind="feed", state=walk.next_page().written())
        refs = list(onward([following], walk, new_entries=10 if walk.page in (1, 3) else 0))
        if not refs:
            break
        asked += 1
        walk = WalkState.read(refs[0].state)
    assert walk.page == 3 + MAX_IN_VAIN
    assert asked == 2 + MAX_IN_VAIN


def test_sections_are_offered_whatever_the_page_that_names_them_brings() -> None:
    section = DocumentRef(url="https://a.test/town/", kind="listing", state=WalkState().deeper().written())
    assert list(onward([section], WalkState(in_vain=MAX_IN_VAIN), new_entries=0)) == [section]
