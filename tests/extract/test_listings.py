"""Listings of many shapes are refused, stories that look like them are not; and so on the pages of the bundled newsroom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.newsroom.model import Publication, Site, load_newsroom
from infra.newsroom.pages import article_page, home_page, listing_page, section_page, section_paths
from schemas.outcomes import Outcome
from tests.extract.listings import ShapedPage, later_listings, listings, lookalikes
from tests.extract.pages import raw
from workers.extract.page import extract_page

NEWSROOM = load_newsroom(80)
TOLD = [
    page
    for page in (*listings(), *later_listings())
    # A reader tells these by their subject alone: whole texts under one another, a list with one long teaser, captions.
    if page.name not in ("full posts one below the other", "lead story and list", "pictures of the day")
]


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case.name)
def test_a_listing_is_no_article(case: ShapedPage) -> None:
    found = extract_page(case.page)
    assert found.outcome is Outcome.NOT_ARTICLE, found.text[:200]


@pytest.mark.parametrize("case", list(lookalikes()), ids=lambda case: case.name)
def test_a_story_that_looks_like_a_listing_is_an_article(case: ShapedPage) -> None:
    found = extract_page(case.page)
    assert found.outcome is Outcome.ARTICLE, found.reason


@pytest.mark.parametrize("site", NEWSROOM.sites, ids=lambda site: site.host)
def test_the_newsrooms_lists_are_no_articles(site: Site) -> None:
    pages = {f"https://{site.host}/": home_page(NEWSROOM, site)}
    for path, name in section_paths(site).items():
        pages[f"https://{site.host}{path}"] = section_page(NEWSROOM, site, name)
    for number in (1, 2):
        pages[f"https://{site.host}/news/?page={number}"] = listing_page(NEWSROOM, site, number)
    for url, html in pages.items():
        found = extract_page(raw(html, url=url))
        assert found.outcome is not Outcome.ARTICLE, (url, found.text)


@pytest.mark.parametrize("publication", NEWSROOM.publications, ids=lambda publication: publication.url)
def test_the_newsrooms_stories_are_read_whole(publication: Publication) -> None:
    page = raw(
        article_page(NEWSROOM, publication),
        url=publication.url.replace("http:", "https:").replace(":80", ""),
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    found = extract_page(page)
    assert found.title == publication.headline
    assert found.published_at is not None
    assert found.published_at.date() == publication.at.date()
    assert found.text.split("\n")[0] == publication.dateline + publication.paragraphs[0]
