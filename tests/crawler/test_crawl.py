"""A crawler process over a small web, from sites to published pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg

from crawler.frontier import Frontier
from crawler.sites import site_spec
from tests.crawler.conftest import consumed
from tests.crawler.processes import Crawler, crawler_env
from tests.crawler.web import Reply, Web, page, rss


def paper(stories: int) -> Mapping[str, Reply]:
    return {
        f"/news/2026/story-{n}-of-the-day": Reply(body=page(f"Story{n} of the day")) for n in range(stories)
    }


def test_a_site_is_crawled_from_its_bare_url(
    frontier: Frontier, database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    stories = paper(12)

    def site(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(
                body=b"User-agent: *\nDisallow: /news/2026/story-3", headers={"Content-Type": "text/plain"}
            )
        if path == "/feed.xml":
            urls = [f"http://paper.test:{web.port}{story}" for story in stories]
            return Reply(body=rss(urls), headers={"Content-Type": "application/rss+xml"})
        if path == "/":
            return Reply(
                body=b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head>'
                b"<body>home</body></html>"
            )
        return stories.get(path, Reply(status=404))

    with Web({"paper.test": site}) as web:
        assert frontier.add_sites([site_spec(web.url("paper.test"))]) == (1, 0)
        env = crawler_env(database_url, kafka_bootstrap, web.write_hosts(tmp_path / "hosts"))
        with Crawler(env, until_idle=True, log=tmp_path / "log") as crawler:
            counts = crawler.wait()
    assert counts["published"] == 11, (tmp_path / "log").read_text()
    hits = web.by_host()["paper.test"]
    assert hits[0].path == "/robots.txt"
    assert all("Wiretrace/" in h.headers["user-agent"] for h in hits)
    assert all("x-wiretrace-send-before" not in h.headers for h in hits)
    assert not any(h.path.startswith("/news/2026/story-3") for h in hits)
    assert len({h.path for h in hits}) == len(hits), "something was fetched twice"
    with psycopg.connect(database_url) as db:
        states = dict(
            db.execute("select state, count(*) from core.urls where kind = 'article' group by 1").fetchall()
        )
        assert states == {"done": 11, "denied": 1}
        assert db.execute("select count(*) from core.pages where crawl_id = 'test'").fetchone() == (11,)
        assert db.execute("select count(*) from core.fetches").fetchone() == (len(hits),)
    pages = consumed(kafka_bootstrap, 11)
    assert sorted(p.url for p in pages) == sorted(
        web.url("paper.test", story) for story in stories if not story.startswith("/news/2026/story-3")
    )
    one = pages[0]
    assert (one.found_by, one.crawl_id, one.status, one.site) == ("feed", "test", 200, "paper.test")
    assert one.hint_title is not None and one.hint_title.startswith("Story")
    assert one.body == stories[one.url.partition(f":{web.port}")[2]].body
