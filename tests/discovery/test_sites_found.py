"""Every article of a site is found from its bare URL, whatever shape the site has."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crawler.discovery.parse import parse_document
from crawler.discovery.plan import MAX_FIRST_REQUESTS
from crawler.sites import site_spec
from schemas.urls import url_key
from tests.discovery.newsroom import atom, cards, headline, page, put_stories, rss, slug, story, when
from tests.discovery.shapes import SHAPES, WELCOME, alternate, articles, numbered, stories, titled
from tests.discovery.web import NOW, Web, walk

HOME = "http://paper.test:8080/"


def keys(urls: list[str]) -> set[str]:
    return {url_key(url) for url in urls}


@pytest.mark.parametrize("name", SHAPES)
def test_every_article_is_found(name: str) -> None:
    home = f"http://{name}.test:8080/"
    web, urls = SHAPES[name](home)
    found = walk(web, home)
    missing = keys(urls) - {url_key(web.get(f"http://{key}")[0]) for key in found.pages} - found.pages
    assert not missing


@pytest.mark.parametrize("name", SHAPES)
def test_little_else_is_taken_for_an_article(name: str) -> None:
    home = f"http://{name}.test:8080/"
    web, urls = SHAPES[name](home)
    found = walk(web, home)
    assert len(found.pages - keys(urls)) <= (12 if name == "article-redirects" else 1), found.pages - keys(
        urls
    )


def test_a_feed_keeps_titles_and_dates() -> None:
    web, urls = SHAPES["rss-only"](HOME)
    entry = walk(web, HOME).entries[url_key(urls[3])]
    assert (entry.title, entry.published_at) == (headline(3), when(3).replace(microsecond=0))


def test_a_news_sitemap_keeps_its_fields() -> None:
    web, urls = SHAPES["news-sitemap"](HOME)
    entry = walk(web, HOME).entries[url_key(urls[0])]
    assert entry.news is not None
    assert (entry.news.publication, entry.news.language) == ("The Paper", "en")
    assert entry.published_at == when(0)


def test_what_is_filled_back_says_so() -> None:
    web, urls = SHAPES["wordpress-feed"](HOME)
    found = walk(web, HOME)
    assert found.entries[url_key(urls[0])].found_by == "feed"
    assert found.entries[url_key(urls[30])].found_by == "backfill"


@pytest.mark.parametrize("place", ["feed", "rss.xml", "atom.xml"])
def test_the_usual_places_cost_at_most_six_requests(place: str) -> None:
    web, urls = Web(), articles(HOME, 12)
    web.put(HOME, WELCOME)
    web.put(HOME + place, atom(numbered(urls)), "application/atom+xml")
    assert walk(web, HOME).pages >= keys(urls)
    assert len(web.hits) <= MAX_FIRST_REQUESTS == 6


def test_a_site_that_has_nothing_is_asked_six_times() -> None:
    web = Web()
    web.put(HOME, WELCOME)
    assert not walk(web, HOME).pages
    assert len(web.hits) == MAX_FIRST_REQUESTS


def test_a_site_that_has_moved_is_followed() -> None:
    there = "https://www.new-name.test:8443/"
    web, urls = SHAPES["redirects"](there)
    web.redirect("http://old.test:8080/", there, 308)
    assert walk(web, "http://old.test:8080/").pages >= keys(urls)


def test_a_feed_on_another_host_is_read_for_this_site() -> None:
    web, urls = stories(HOME, 8)
    head = '<link rel="alternate" type="application/rss+xml" href="http://feeds.service.test/paper">'
    web.put(HOME, page("", head=head))
    web.put("http://feeds.service.test/paper", atom(numbered(urls)), "application/atom+xml")
    assert walk(web, HOME).pages >= keys(urls)
    # Also where the frontier has no entry for the feed's own site.
    home = parse_document("home", HOME, web.answers[HOME].body, {}, now=NOW, spec=site_spec(HOME))
    feed = next(ref for ref in home.documents if ref.kind == "feed")
    body = web.answers[feed.url].body
    assert len(parse_document("feed", feed.url, body, {}, now=NOW, state=feed.state).entries) == 8


def test_menus_tags_authors_and_other_sites_are_no_articles() -> None:
    web, urls = stories(HOME, 5)
    chaff = (
        '<nav><a href="/tag/harbour-and-ferry-and-more">Harbour</a><a href="/author/ann-de-la-cruz-perez">Ann</a>'
        '<a href="https://elsewhere.test/news/a-story-of-another-site">A story of another site altogether</a>'
        '<a href="/privacy-policy">Privacy</a><a href="/login?next=/">Log in</a>'
        '<a href="/img/big-storm-over-town.jpg">x</a><a href="mailto:a@b.test">Write to the editors of this paper</a>'
        '<a href="/?replytocom=77">Reply to the story of the harbour</a></nav>'
    )
    web.put(HOME, page(chaff, cards(titled(urls))))
    assert walk(web, HOME).pages == keys(urls)


def test_the_denied_and_the_not_allowed_stay_out() -> None:
    web, urls = stories(HOME, 6)
    web.put(HOME, page(cards(titled(urls))))
    assert walk(web, site_spec(HOME, {"deny": [slug(2)]})).pages == keys(urls) - {url_key(urls[2])}
    assert walk(web, site_spec(HOME, {"allow": [slug(2)]})).pages == {url_key(urls[2])}


def test_listings_are_not_walked_where_the_list_says_so() -> None:
    web, _ = SHAPES["sections-only"](HOME)
    assert not walk(web, site_spec(HOME, {"follow_listings": False})).pages


def test_a_calendar_without_end_is_not_walked() -> None:
    web, urls = stories(HOME, 3)
    web.put(HOME, page(cards(titled(urls)), '<a href="/events/2026-12/">December</a>'))
    for year in range(2026, 2090):
        for month in range(1, 13):
            following = f"{year + month // 12}-{month % 12 + 1:02d}"
            web.put(
                f"{HOME}events/{year}-{month:02d}/",
                page(f'<a class="next" href="/events/{following}/">Next</a>'),
            )
    found = walk(web, HOME)
    assert found.pages == keys(urls)
    assert len(found.documents) < 10


def test_a_pager_without_end_is_bounded() -> None:
    web, urls = stories(HOME, 3)
    web.put(HOME, page(cards(titled(urls)), '<a rel="next" href="/page/2">Next</a>'))
    for number in range(2, 400):
        web.put(f"{HOME}page/{number}", page(f'<a rel="next" href="/page/{number + 1}">Next</a>'))
    assert len(walk(web, HOME).documents) < 60


@pytest.mark.parametrize("dated_by", ["time", "url"])
def test_the_walk_through_an_archive_ends_at_the_window(dated_by: str) -> None:
    web, pages = Web(), 30
    for number in range(1, pages + 1):
        day = NOW - timedelta(days=5 * number)
        path = f"{day:%Y/%m/%d}/" if dated_by == "url" else "news/"
        mark = f'<time datetime="{day:%Y-%m-%d}">then</time>' if dated_by == "time" else ""
        rows = "".join(
            f'<h2><a href="/{path}story-of-the-day-{number}-{n}">A story of that day in town {n}</a></h2>{mark}'
            for n in range(5)
        )
        following = f'<a rel="next" href="/page/{number + 1}">Older</a>'
        web.put(HOME if number == 1 else f"{HOME}page/{number}", page(rows, following))
    found = walk(web, HOME)
    # 30 days back from the fifth day: six pages inside, one that shows the end.
    assert {f"{HOME}page/{number}" for number in range(2, 8)} <= found.documents.keys()
    assert f"{HOME}page/10" not in found.documents
    everything = walk(web, HOME, max_age_days=0)
    assert f"{HOME}page/{pages}" in everything.documents


def test_a_page_with_a_story_is_published_and_not_walked() -> None:
    result = parse_document("listing", HOME + "x1", story(1).encode(), {}, now=NOW, state='{"d":1}')
    assert result.is_article
    assert result.is_final
    assert not result.documents


def test_a_name_with_comment_or_wp_json_in_it_is_no_feed_of_comments() -> None:
    home, web = "http://wp-json-comments.test/", Web()
    urls = [f"{home}2026/11/a-story-of-the-town-{n}" for n in range(3)]
    put_stories(web, urls)
    heads = alternate("application/rss+xml", "/commentary/feed/") + alternate(
        "application/rss+xml", "/comments/feed/"
    )
    web.put(home, page("", head=heads))
    web.put(home + "commentary/feed/", rss(list(zip(urls, range(3), strict=True))), "application/rss+xml")
    assert walk(web, home).pages == keys(urls)
    assert home + "comments/feed/" not in web.hits
