"""The age window as it is set: for all sites, and for one; what is left out is counted where SQL can see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from crawler.frontier import open_frontier
from crawler.sites import site_spec
from tests.crawler.processes import Crawler, crawler_env
from tests.crawler.web import Reply, Site, Web
from tests.discovery.newsroom import slug, story
from tests.discovery.web import NOW

DAYS = (0, 40, 100, 1000)
"""Ages of the stories, counted from the newest."""


def aged(web: Web, host: str) -> Site:
    rows = "".join(
        f"<url><loc>{web.url(host, f'/{slug(days)}')}</loc><lastmod>{(NOW - timedelta(days=days)).date()}</lastmod></url>"
        for days in DAYS
    )
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'

    def answer(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/sitemap.xml":
            return Reply(body=sitemap.encode(), headers={"Content-Type": "text/xml"})
        number = next((days for days in DAYS if path == f"/{slug(days)}"), None)
        return Reply(status=404) if number is None else Reply(body=story(number).encode())

    return answer


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("setting", "kept"), [(None, 1), ("60", 2), ("0", 4)])
def test_the_window_is_a_setting_and_a_site_can_have_its_own(
    setting: str | None, kept: int, database_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    hosts = ("common.test", "special.test")
    with Web({host: lambda path, headers: Reply(status=503) for host in hosts}, net=16) as web:
        for host in hosts:
            web.sites[host] = aged(web, host)
        frontier = open_frontier(database_url, delay_s=0.0)
        frontier.add_sites(
            [site_spec(web.url("common.test")), site_spec(web.url("special.test"), {"max_age_days": 200})]
        )
        frontier.close()
        more = {"WIRETRACE_CRAWL_MAX_AGE_DAYS": setting} if setting else {}
        env = crawler_env(database_url, kafka_bootstrap, web.write_hosts(tmp_path / "hosts"), **more)
        with Crawler(env, until_idle=True, log=tmp_path / "log") as crawler:
            crawler.wait(120)
    with psycopg.connect(database_url) as db:
        published = dict(db.execute("select site, count(*) from core.pages group by 1").fetchall())
        left_out = dict(
            db.execute(
                "select site, urls from wiretrace.left_out where kind = 'sitemap' and reason = 'too_old'"
            ).fetchall()
        )
    assert published == {"common.test": kept, "special.test": 3}
    counted = {"common.test": len(DAYS) - kept, "special.test": 1}
    assert left_out == {site: count for site, count in counted.items() if count}
