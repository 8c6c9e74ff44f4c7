"""The real crawler over sites of every shape, each on its own address, from their bare URLs: every article is published.

Frontier, spider, broker and database are real; only the sites are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from crawler.frontier import open_frontier
from crawler.sites import site_spec
from schemas.urls import url_key
from tests.crawler.processes import Crawler, crawler_env
from tests.crawler.web import Reply, Site
from tests.crawler.web import Web as LoopbackWeb
from tests.discovery.newsroom import cards, page, rss, sitemap
from tests.discovery.shapes import SHAPES, alternate, numbered, stories, titled
from tests.discovery.web import Web


def served(memory: Web) -> Site:
    """A web in memory as a site of the loopback web."""
    by_path: dict[str, Reply] = {}
    for url, answer in memory.answers.items():
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": answer.content_type}
        if answer.location is not None:
            headers["Location"] = answer.location
        by_path[path] = Reply(status=answer.status, body=answer.body, headers=headers)

    def site(path: str, headers: Mapping[str, str]) -> Reply:
        return by_path.get(path, Reply(status=404, body=b"<h1>Not found</h1>"))

    return site


@pytest.mark.timeout(500)
def test_every_article_of_every_shape_is_published(
    database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    hosts = {f"{name}.test": name for name in SHAPES}
    with LoopbackWeb({host: lambda path, headers: Reply(status=503) for host in hosts}, net=11) as web:
        wanted: dict[str, str] = {}
        for host, name in hosts.items():
            memory, urls = SHAPES[name](web.url(host))
            web.sites[host] = served(memory)
            wanted |= {url_key(url): name for url in urls}
        frontier = open_frontier(database_url, delay_s=0.0)
        frontier.add_sites([site_spec(web.url(host)) for host in hosts])
        frontier.close()
        env = crawler_env(database_url, kafka_bootstrap, web.write_hosts(tmp_path / "hosts"))
        with Crawler(env, until_idle=True, log=tmp_path / "log") as crawler:
            crawler.wait(400)
    with psycopg.connect(database_url) as db:
        rows = db.execute("select url_key from core.pages").fetchall()
        news = db.execute(
            "select announced_at is not null, announced_title, news from wiretrace.frontier_urls where news is not null"
        ).fetchall()
    assert len(news) == 15, "the fields of the news sitemap are kept"
    assert all(row[0] and row[1] and row[2] == {"language": "en", "publication": "The Paper"} for row in news)
    published = {key for (key,) in rows}
    missing = sorted(f"{name}: {key}" for key, name in wanted.items() if key not in published)
    assert not missing, (missing, (tmp_path / "log").read_text()[-3000:])
    assert len(rows) == len(published), "an article was published twice"
    # A listing that is taken for an article costs a page of work; there may be a few, not many.
    assert len(published - wanted.keys()) <= len(wanted) * 0.02, sorted(published - wanted.keys())


def test_sites_that_reach_over_several_hosts(database_url: str, kafka_bootstrap: str, tmp_path: Path) -> None:
    """A site that has moved, one whose feed stands with a service, one that links its www. host, one whose sitemaps stand
    elsewhere, one whose list names a feed elsewhere."""
    hosts = [
        "moved.test",
        "www.new-name.test",
        "plain.test",
        "feeds.service.test",
        "bare.test",
        "www.bare.test",
        "mapped.test",
        "maps.test",
        "listed.test",
    ]
    with LoopbackWeb({host: lambda path, headers: Reply(status=503) for host in hosts}, net=12) as web:
        home = {host: web.url(host) for host in hosts}
        memories: dict[str, Web] = {host: Web() for host in hosts}
        wanted: list[str] = []

        memories["moved.test"].redirect(home["moved.test"], home["www.new-name.test"], 308)
        memories["www.new-name.test"], urls = SHAPES["sections-only"](home["www.new-name.test"])
        wanted += urls

        memories["plain.test"], urls = stories(home["plain.test"], 12)
        wanted += urls
        announced = home["feeds.service.test"] + "plain"
        memories["plain.test"].put(
            home["plain.test"], page("", head=alternate("application/rss+xml", announced))
        )
        memories["feeds.service.test"].put(announced, rss(numbered(urls)), "application/rss+xml")

        memories["www.bare.test"], urls = stories(home["www.bare.test"], 12)
        wanted += urls
        memories["bare.test"].put(home["bare.test"], page(cards(titled(urls))))

        memories["mapped.test"], urls = stories(home["mapped.test"], 12)
        wanted += urls
        memories["mapped.test"].put(
            home["mapped.test"] + "robots.txt", f"Sitemap: {home['maps.test']}index.xml\n", "text/plain"
        )
        namespace = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        index = (
            f"<sitemapindex {namespace}><sitemap><loc>{home['maps.test']}1.xml</loc></sitemap></sitemapindex>"
        )
        memories["maps.test"].put(home["maps.test"] + "index.xml", index, "text/xml")
        memories["maps.test"].put(home["maps.test"] + "1.xml", sitemap(numbered(urls)), "text/xml")

        memories["listed.test"], urls = stories(home["listed.test"], 12)
        wanted += urls
        listed = home["feeds.service.test"] + "listed"
        memories["feeds.service.test"].put(listed, rss(numbered(urls)), "application/rss+xml")

        for host in hosts:
            web.sites[host] = served(memories[host])
        frontier = open_frontier(database_url, delay_s=0.0)
        bare = ("moved.test", "plain.test", "bare.test", "mapped.test")
        frontier.add_sites([site_spec(home[host]) for host in bare])
        frontier.add_sites([site_spec(home["listed.test"], {"feeds": [listed]})])
        frontier.close()
        env = crawler_env(database_url, kafka_bootstrap, web.write_hosts(tmp_path / "hosts"))
        with Crawler(env, until_idle=True, log=tmp_path / "log") as crawler:
            crawler.wait()
    with psycopg.connect(database_url) as db:
        published = {key for (key,) in db.execute("select url_key from core.pages").fetchall()}
    assert {url_key(url) for url in wanted} - published == set()
