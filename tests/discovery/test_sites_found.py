"""Every article of a site is found from its bare URL, whatever shape the site has."""

from __future__ import annotations

import gzip
import json

import pytest

from schemas.urls import url_key
from tests.discovery.newsroom import (
    atom,
    cards,
    headline,
    json_feed,
    page,
    put_stories,
    rss,
    sitemap,
    slug,
    story,
    when,
)
from tests.discovery.web import Web, walk

HOME = "http://paper.test:8080/"


def articles(count: int, shape: str = "news/{slug}") -> list[str]:
    return [HOME + shape.format(slug=slug(n), n=n, id=48210 + n) for n in range(count)]


def keys(urls: list[str]) -> set[str]:
    return {url_key(url) for url in urls}


def numbered(urls: list[str]) -> list[tuple[str, int]]:
    return [(url, n) for n, url in enumerate(urls)]


def titled(urls: list[str]) -> list[tuple[str, str]]:
    return [(url, headline(n)) for n, url in enumerate(urls)]


def test_a_site_with_only_an_announced_rss_feed() -> None:
    web, urls = Web(), articles(20)
    put_stories(web, urls)
    web.put(
        HOME,
        page("<h1>Welcome</h1>", head='<link rel="alternate" type="application/rss+xml" href="/out/news">'),
    )
    web.put(HOME + "out/news", rss(numbered(urls)), "application/rss+xml")
    found = walk(web, HOME)
    assert found.pages >= keys(urls)
    assert found.entries[url_key(urls[3])].published_at == when(3).replace(microsecond=0)
    assert found.entries[url_key(urls[3])].title == headline(3)


@pytest.mark.parametrize("place", ["feed", "rss.xml", "atom.xml"])
def test_a_feed_at_a_usual_place_that_nothing_announces(place: str) -> None:
    web, urls = Web(), articles(12)
    web.put(HOME, page("<h1>Welcome</h1><p>Nothing to see.</p>"))
    web.put(HOME + place, atom(numbered(urls)), "application/atom+xml")
    found = walk(web, HOME)
    assert found.pages >= keys(urls)
    assert len(web.hits) <= 6, web.hits


def test_a_feed_that_the_page_only_links() -> None:
    web, urls = Web(), articles(12)
    web.put(HOME, page('<p><a href="/syndication/main.rss">RSS</a></p>'))
    web.put(HOME + "syndication/main.rss", rss(numbered(urls)), "text/plain")
    assert walk(web, HOME).pages >= keys(urls)


def test_a_site_with_only_an_atom_feed() -> None:
    web, urls = Web(), articles(12)
    web.put(HOME, page("", head='<link rel="alternate" type="application/atom+xml" href="/a">'))
    web.put(HOME + "a", atom(numbered(urls)), "text/xml")
    assert walk(web, HOME).pages >= keys(urls)


def test_a_site_with_only_a_json_feed() -> None:
    web, urls = Web(), articles(12)
    web.put(HOME, page("", head='<link rel="alternate" type="application/feed+json" href="/feed.json">'))
    web.put(HOME + "feed.json", json_feed(numbered(urls)), "application/feed+json")
    assert walk(web, HOME).pages >= keys(urls)


def test_a_site_with_only_a_sitemap_that_robots_names() -> None:
    web, urls = Web(), articles(60, "story/{id}")
    web.put(HOME, page("<h1>Welcome</h1>"))
    web.put(
        HOME + "robots.txt", f"User-agent: *\nDisallow: /x\n\nSitemap: {HOME}maps/all.xml\n", "text/plain"
    )
    web.put(HOME + "maps/all.xml", sitemap(numbered(urls)), "application/xml")
    assert walk(web, HOME).pages >= keys(urls)


def test_an_index_of_gzipped_sitemaps() -> None:
    web, urls = Web(), articles(40)
    web.put(HOME, page("<h1>Welcome</h1>"))
    index = (
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{HOME}sitemap-1.xml.gz</loc></sitemap><sitemap><loc>{HOME}sitemap-2.xml.gz</loc></sitemap>"
        "</sitemapindex>"
    )
    web.put(HOME + "sitemap.xml", index, "application/xml")
    both = numbered(urls)
    web.put(HOME + "sitemap-1.xml.gz", gzip.compress(sitemap(both[:20]).encode()), "application/x-gzip")
    web.put(HOME + "sitemap-2.xml.gz", gzip.compress(sitemap(both[20:]).encode()), "application/x-gzip")
    assert walk(web, HOME).pages >= keys(urls)


def test_a_news_sitemap_keeps_its_fields() -> None:
    web, urls = Web(), articles(15)
    web.put(HOME, page("<h1>Welcome</h1>"))
    web.put(HOME + "robots.txt", "Sitemap: /news-sitemap.xml", "text/plain")
    web.put(HOME + "news-sitemap.xml", sitemap(numbered(urls), news=True), "application/xml")
    found = walk(web, HOME)
    assert found.pages >= keys(urls)
    entry = found.entries[url_key(urls[0])]
    assert entry.news is not None
    assert (entry.news.publication, entry.news.language) == ("The Paper", "en")
    assert entry.published_at == when(0)


@pytest.mark.parametrize(
    "pager",
    [
        '<a class="next" href="/?page={n}">Next</a>',
        '<a rel="next" href="/page/{n}/">›</a>',
        '<div class="pagination"><a href="/page/{n}">{n}</a></div>',
        '<a href="/archive/{n}.html">Older posts</a>',
    ],
)
def test_a_site_with_only_a_listing_of_many_pages(pager: str) -> None:
    web, urls = Web(), articles(95)
    put_stories(web, urls)
    for start in range(0, 95, 10):
        number = start // 10 + 1
        following = pager.format(n=number + 1) if start + 10 < 95 else ""
        own = pager.format(n=number).split('href="')[1].split('"')[0]
        body = page(cards(titled(urls)[start : start + 10]), following)
        web.put(HOME if number == 1 else HOME + own.lstrip("/"), body)
    assert walk(web, HOME).pages >= keys(urls)


def test_articles_that_only_section_pages_link() -> None:
    web, urls = Web(), articles(60, "{slug}")
    menu = (
        "<nav>"
        + "".join(f'<a href="/{s}/">{s.title()}</a>' for s in ("politics", "local-news", "sport"))
        + "</nav>"
    )
    web.put(HOME, page(menu, "<h1>The Paper</h1>", '<a href="/about">About us</a>'))
    for index, section in enumerate(("politics", "local-news", "sport")):
        part = titled(urls)[index * 20 : index * 20 + 20]
        second = f'<a href="/{section}/page/2/">Older</a>'
        web.put(f"{HOME}{section}/", page(menu, cards(part[:10]), second))
        web.put(f"{HOME}{section}/page/2/", page(menu, cards(part[10:])))
    put_stories(web, urls)
    found = walk(web, HOME)
    assert found.pages >= keys(urls)
    assert url_key(HOME + "about") not in found.pages


@pytest.mark.parametrize(
    "shape",
    [
        "a/{n}",
        "article.php?id={id}",
        "{slug}.html",
        "story{n}.html",
        "?p={id}",
        "x{n}",
        "2026/11/{slug}",
        "item/{n}/",
        "n{n}",
    ],
)
def test_odd_shapes_of_article_urls_with_plain_links(shape: str) -> None:
    web, urls = Web(), articles(20, shape)
    put_stories(web, urls)
    web.put(HOME, page("<ul>", "".join(f'<li><a href="{u}">{t}</a></li>' for u, t in titled(urls)), "</ul>"))
    assert walk(web, HOME).pages >= keys(urls)


@pytest.mark.parametrize("shape", ["{slug}", "a/{n}", "story{n}.html", "x{n}"])
def test_links_that_say_nothing_but_read_more(shape: str) -> None:
    web, urls = Web(), articles(20, shape)
    put_stories(web, urls)
    teasers = "".join(f'<div><b>{t}</b> <a href="{u}">Read more</a></div>' for u, t in titled(urls))
    web.put(HOME, page(teasers))
    assert walk(web, HOME).pages >= keys(urls)


def test_a_wordpress_site_is_filled_back_through_its_paged_feed() -> None:
    web, urls = Web(), articles(35, "2026/11/{slug}/")
    generator = "<generator>https://wordpress.org/?v=6.9</generator>"
    web.put(HOME, page("", head='<link rel="alternate" type="application/rss+xml" href="/feed/">'))
    for start in range(0, 35, 10):
        url = HOME + "feed/" + (f"?paged={start // 10 + 1}" if start else "")
        web.put(url, rss(numbered(urls)[start : start + 10], extra=generator), "application/rss+xml")
    found = walk(web, HOME)
    assert found.pages >= keys(urls)
    assert found.entries[url_key(urls[30])].found_by == "backfill"


def test_a_wordpress_site_is_filled_back_through_its_rest_interface() -> None:
    web, urls = Web(), articles(130, "2026/11/{slug}/")
    web.put(HOME, page("", head=f'<link rel="https://api.w.org/" href="{HOME}wp-json/">'))
    posts = [
        {"link": u, "date_gmt": when(n).isoformat()[:19], "title": {"rendered": headline(n)}}
        for u, n in numbered(urls)
    ]
    query = (
        "wp-json/wp/v2/posts?per_page=100&_fields=link%2Cdate_gmt%2Cmodified_gmt%2Ctitle&orderby=date&page="
    )
    web.put(HOME + query + "1", json.dumps(posts[:100]), "application/json")
    web.put(HOME + query + "2", json.dumps(posts[100:]), "application/json")
    assert walk(web, HOME).pages >= keys(urls)


def test_a_site_behind_odd_redirects() -> None:
    web, urls = Web(), articles(12)
    web.redirect("http://old.test:8080/", "https://www.paper.test:8443/start", 302)
    there = "https://www.paper.test:8443/"
    urls = [url.replace(HOME, there) for url in urls]
    web.put(
        there + "start",
        '<html><head><meta http-equiv="refresh" content="0; url=/en/home.html"></head></html>',
    )
    web.put(there + "en/home.html", page(cards(titled(urls))))
    assert walk(web, "http://old.test:8080/").pages >= keys(urls)


def test_a_home_page_that_a_script_sends_on() -> None:
    web, urls = Web(), articles(12)
    web.put(HOME, "<html><body><script>window.location.href = '/front';</script></body></html>")
    web.put(HOME + "front", page(cards(titled(urls))))
    assert walk(web, HOME).pages >= keys(urls)


def test_menus_tags_authors_and_other_sites_are_no_articles() -> None:
    web, urls = Web(), articles(5)
    put_stories(web, urls)
    chaff = (
        '<nav><a href="/tag/harbour-and-ferry-and-more">Harbour</a><a href="/author/ann-de-la-cruz-perez">Ann</a>'
        '<a href="https://elsewhere.test/news/a-story-of-another-site">A story of another site altogether</a>'
        '<a href="/privacy-policy">Privacy</a><a href="/login?next=/">Log in</a><a href="/img/big-storm-over-town.jpg">x</a>'
        '<a href="mailto:a@b.test">Write to the editors of this paper</a></nav>'
    )
    web.put(HOME, page(chaff, cards(titled(urls))))
    assert walk(web, HOME).pages == keys(urls)


def test_the_denied_and_the_not_allowed_stay_out() -> None:
    from crawler.sites import site_spec

    web, urls = Web(), articles(6)
    web.put(HOME, page(cards(titled(urls))))
    spec = site_spec(HOME, {"deny": [slug(2)]})
    assert walk(web, spec).pages == keys(urls) - {url_key(urls[2])}
    spec = site_spec(HOME, {"allow": [slug(2)]})
    assert walk(web, spec).pages == {url_key(urls[2])}


def test_a_page_with_a_story_is_published_and_not_walked() -> None:
    from crawler.discovery.parse import parse_document
    from tests.discovery.web import NOW

    result = parse_document("listing", HOME + "x1", story(1).encode(), {}, now=NOW, state='{"d":1}')
    assert result.is_article
    assert result.is_final
    assert not result.documents
