"""Source chasing over the whole line: the one page that copies name is fetched, once, and never its site."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.crawler.web import Reply, Site, Web
from tests.discovery.newsroom import cards, headline, page, rss, slug, story
from tests.discovery.shapes import alternate
from tests.e2e.line import Line

AGENCY, SHUT = "agency.test", "shut.test"
BLOGS = ("blog-one.test", "blog-two.test")


def copy_of(number: int, source: str, *, how: str) -> str:
    """A blog's copy of a story, with a link to its source at the end, or a canonical link to it."""
    text = story(number, site="Blog")
    if how == "canonical":
        return text.replace("</head>", f'<link rel="canonical" href="{source}"></head>')
    return text.replace("</div><footer>", f'<p><a href="{source}">Source link</a></p></div><footer>')


def blog(web: Web, host: str) -> Site:
    """Three copies: two of an agency's stories, and one of a page that its robots.txt denies."""
    copies = {
        f"/{slug(1)}": copy_of(1, web.url(AGENCY, f"/wire/{slug(1)}-100001"), how="link"),
        f"/{slug(2)}": copy_of(2, web.url(AGENCY, f"/wire/{slug(2)}-100002"), how="canonical"),
        f"/{slug(3)}": copy_of(3, web.url(SHUT, f"/wire/{slug(3)}-100003"), how="link"),
    }
    feed = rss([(web.url(host, path), n) for n, path in enumerate(copies, start=1)])

    def answer(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/":
            return Reply(body=page("<h1>Blog</h1>", head=alternate("application/rss+xml", "/feed")).encode())
        if path == "/feed":
            return Reply(body=feed.encode(), headers={"Content-Type": "application/rss+xml"})
        body = copies.get(path)
        return Reply(status=404) if body is None else Reply(body=body.encode())

    return answer


def agency(path: str, headers: Mapping[str, str]) -> Reply:
    """An agency with many more stories, which each of its pages links."""
    if path == "/robots.txt":
        return Reply(status=404)
    more = cards([(f"/wire/{slug(n)}-{100000 + n}", headline(n)) for n in range(1, 30)])
    number = next((n for n in range(1, 30) if path == f"/wire/{slug(n)}-{100000 + n}"), None)
    if number is None:
        return Reply(body=page(more, head=alternate("application/rss+xml", "/feed")).encode())
    return Reply(body=story(number).replace("<footer>", f"<aside>{more}</aside><footer>").encode())


def shut(path: str, headers: Mapping[str, str]) -> Reply:
    if path == "/robots.txt":
        return Reply(body=b"User-agent: *\nDisallow: /wire/\n", headers={"Content-Type": "text/plain"})
    return Reply(body=page("").encode())


@pytest.mark.timeout(300)
def test_the_source_that_copies_name_is_fetched_once_and_joins_their_cluster(tmp_path: Path) -> None:
    with Web(dict.fromkeys((*BLOGS, AGENCY, SHUT), agency), net=15) as web:
        web.sites[SHUT] = shut
        for host in BLOGS:
            web.sites[host] = blog(web, host)
        sites = tmp_path / "sites.txt"
        sites.write_text("".join(f"{web.url(host)} delay_s=0\n" for host in BLOGS))
        line = Line(
            tmp_path / "data",
            {
                "WIRETRACE_CRAWL_CONTACT": "https://crawler.example/contact",
                "WIRETRACE_CRAWL_ALLOW_NETWORKS": "127.0.0.0/8",
                "WIRETRACE_CRAWL_HOSTS_FILE": str(web.write_hosts(tmp_path / "hosts")),
                "WIRETRACE_CRAWL_DELAY_S": "0.05",
            },
        )
        done = line.run("run", str(sites), "--until-done", "--crawlers", "1", "--workers", "1")
        assert done.returncode == 0, done.stderr
        asked = sorted(web.paths(AGENCY))
        assert asked == ["/robots.txt", f"/wire/{slug(1)}-100001", f"/wire/{slug(2)}-100002"]
        assert web.paths(SHUT) == ["/robots.txt"]
    chased = line.rows(
        "select u.site, u.state, u.found_by, u.priority from core.urls u"
        " where u.found_by in ('source_link', 'canonical') order by u.url"
    )
    assert [(row["site"], row["state"], row["found_by"], row["priority"]) for row in chased] == [
        (AGENCY, "done", "source_link", 8),
        (AGENCY, "done", "canonical", 8),
        (SHUT, "denied", "source_link", 8),
    ]
    clusters = line.rows(
        "select c.origin_site, c.size, c.sites from wiretrace.clusters c order by c.origin_url"
    )
    assert [(row["origin_site"], row["size"], row["sites"]) for row in clusters] == [
        (AGENCY, 3, 3),
        (AGENCY, 3, 3),
        (SHUT, 2, 2),
    ]
