"""Stories that only other stories link: followed on sites with neither feed nor sitemap, up to a number a day."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from crawler.discovery.parse import linked_stories
from crawler.frontier import open_frontier
from crawler.sites import SiteSpec, site_spec
from crawler.stories import DAILY_LINKS
from schemas.urls import url_key
from tests.crawler.processes import Crawler, crawler_env
from tests.crawler.web import Reply, Site, Web
from tests.discovery.newsroom import cards, headline, page, rss, slug, story
from tests.discovery.shapes import alternate
from tests.discovery.web import NOW

HOSTS = ("bare.test", "fed.test", "told.test", "refused.test", "endless.test")


def linking(number: int, *numbers: int) -> str:
    """A story that links others at its end."""
    links = "".join(f'<li><a href="/{slug(n)}">{headline(n)}</a></li>' for n in numbers)
    return story(number).replace("<footer>", f"<aside><h3>Related</h3><ul>{links}</ul></aside><footer>")


def site(web: Web, host: str, count: int, *, has_feed: bool) -> Site:
    """Three stories on the front page; each other one is linked by one story alone."""
    pages = {f"/{slug(n)}": linking(n, 2 * n + 3, 2 * n + 4) for n in range(count)}

    def answer(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/":
            front = cards([(f"/{slug(n)}", headline(n)) for n in range(3)])
            head = alternate("application/rss+xml", "/out") if has_feed else ""
            return Reply(body=page(front, head=head).encode())
        if path == "/out" and has_feed:
            return Reply(body=rss([(web.url(host, f"/{slug(n)}"), n) for n in range(3)]).encode())
        body = pages.get(path)
        return Reply(status=404) if body is None else Reply(body=body.encode())

    return answer


def endless(path: str, headers: Mapping[str, str]) -> Reply:
    """Each page links ten more that are made up on the spot."""
    stem = path.strip("/") or "the-first-of-all"
    if path.endswith((".xml", "/feed", ".txt")):
        return Reply(status=404)
    links = "".join(f'<h3><a href="/{stem}-and-{n}">{headline(n)}</a></h3>' for n in range(10))
    return Reply(body=story(1).replace("<footer>", f"{links}<footer>").encode())


@pytest.mark.timeout(240)
def test_stories_that_only_stories_link_are_followed_where_there_is_nothing_else(
    database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    with Web(dict.fromkeys(HOSTS, endless), net=14) as web:
        specs: list[SiteSpec] = []
        for host in HOSTS:
            options: dict[str, object] = {}
            if host != "endless.test":
                web.sites[host] = site(web, host, 15, has_feed=host in ("fed.test", "told.test"))
            if host == "told.test":
                options["follow_stories"] = True
            if host == "refused.test":
                options["follow_stories"] = False
            specs.append(site_spec(web.url(host), options))
        frontier = open_frontier(database_url, delay_s=0.0)
        frontier.add_sites(specs)
        frontier.close()
        env = crawler_env(database_url, kafka_bootstrap, web.write_hosts(tmp_path / "hosts"))
        with Crawler(env, until_idle=True, log=tmp_path / "log") as crawler:
            crawler.wait(180)
        asked = {host: set(web.paths(host)) for host in HOSTS}
    with psycopg.connect(database_url) as db:
        published = {key for (key,) in db.execute("select url_key from core.pages")}
        found = dict(db.execute("select site, count(*) from core.urls where found_by = 'article' group by 1"))
        priorities = db.execute(
            "select distinct priority from core.urls where found_by = 'article'"
        ).fetchall()

    def stories_of(host: str, count: int) -> set[str]:
        return {url_key(web.url(host, f"/{slug(n)}")) for n in range(count)}

    for host, count in (("bare.test", 15), ("told.test", 15), ("fed.test", 3), ("refused.test", 3)):
        mine = {key for key in published if key.startswith(host)}
        assert mine == stories_of(host, count), host
    for host in ("fed.test", "refused.test"):
        assert not asked[host] & {f"/{slug(n)}" for n in range(3, 15)}, host
    assert found.keys() == {"bare.test", "told.test", "endless.test"}
    assert found["endless.test"] == DAILY_LINKS
    assert priorities == [(9,)], "behind everything else"


def test_old_stories_that_a_story_links_are_left_out() -> None:
    links = "".join(
        f'<p><a href="/{day}/{slug(n)}">{headline(n)}</a></p>'
        for n, day in enumerate(("2026/11/18", "2026/11/02", "2026/07/04", "2019/01/01"))
    )
    body = story(9).replace("<footer>", f"{links}<footer>").encode()
    args = {"now": NOW, "max_age_days": 30, "most_steps": 3}
    entries, walk = linked_stories("http://a.test/2026/11/19/one-more-story", body, {}, **args)
    assert [entry.url[14:24] for entry in entries] == ["2026/11/18", "2026/11/02"]
    # From there on the window still counts from the newest date that the walk has met.
    entries, walk = linked_stories("http://a.test/2026/07/04/an-old-story", body, {}, state=walk, **args)
    assert [entry.url[14:24] for entry in entries] == ["2026/11/18", "2026/11/02"]
    entries, walk = linked_stories("http://a.test/2026/11/18/a-third", body, {}, state=walk, **args)
    assert entries
    assert linked_stories("http://a.test/2026/11/18/a-fourth", body, {}, state=walk, **args) == ((), "")


def test_menus_tags_and_other_sites_are_no_stories() -> None:
    body = story(
        1,
        menu='<nav><a href="/a-very-long-section-name">Arts</a></nav><a href="/tag/storm">Storm</a>'
        '<a href="/town/">Town</a><a href="http://b.test/a-story-of-another-site">A story of another site</a>',
    ).encode()
    entries, _ = linked_stories("http://a.test/x", body, {}, now=NOW, max_age_days=30, most_steps=3)
    assert entries == ()
