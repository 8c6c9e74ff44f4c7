"""The bundled newsroom says what its truth says."""

from __future__ import annotations

import urllib.request
from importlib.resources import files

import pytest

from crawler.sites import parse_site_list
from infra.newsroom.documents import resources_of
from infra.newsroom.model import DISCOVERY, STYLES, Newsroom, load_newsroom
from infra.newsroom.pages import article_page
from infra.newsroom.server import NewsroomServer
from tests.ports import free_port


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return load_newsroom(8480)


def test_it_is_large_enough_to_be_a_web(newsroom: Newsroom) -> None:
    assert len(newsroom.sites) >= 8
    assert sum(site.kind == "agency" for site in newsroom.sites) == 2
    assert 40 <= len(newsroom.publications) <= 60
    assert {way for site in newsroom.sites for way in site.discovery} == set(DISCOVERY)
    assert {site.style for site in newsroom.sites} == set(STYLES)
    assert len({site.address for site in newsroom.sites}) == len(newsroom.sites)
    assert len({p.url for p in newsroom.publications}) == len(newsroom.publications)


def test_every_story_is_told_and_no_text_is_filler(newsroom: Newsroom) -> None:
    names = {path.name.removesuffix(".txt") for path in files("infra.newsroom").joinpath("stories").iterdir()}
    assert names == {p.story for p in newsroom.publications}
    paragraphs = [text for p in newsroom.publications if p.is_origin for text in p.paragraphs]
    repeated = {text for text in paragraphs if paragraphs.count(text) > 1}
    assert all("weather watch" in text for text in repeated) or not repeated


def test_the_truth_names_stories_with_copies_alone(newsroom: Newsroom) -> None:
    truth = newsroom.truth()
    assert len(truth) >= 10
    for story in truth:
        assert story.origin_url in story.urls
        assert len(story.urls) >= 2


def test_a_copy_takes_its_text_from_the_origin(newsroom: Newsroom) -> None:
    originals = {p.story: p for p in newsroom.publications if p.is_origin}
    for copy in (p for p in newsroom.publications if not p.is_origin):
        shared = set(copy.paragraphs) & set(originals[copy.story].paragraphs)
        assert len(shared) >= 0.6 * len(copy.paragraphs)


def test_the_aggregators_page_is_as_the_one_that_this_started_from(newsroom: Newsroom) -> None:
    [blms] = [
        p for p in newsroom.publications if p.story == "fentanyl-data" and p.site.host == "blms-media.test"
    ]
    page = article_page(newsroom, blms)
    for furniture in (
        "What's Hot",
        "BLMS MEDIA",
        "February 8, 2024",
        "No Comments",
        "Mins Read",
        "Related Stories",
        "Source link",
        "Previous Article",
        "Next Article",
        "Related <span>Posts",
        "Top Posts",
        "Views",
        "Don't Miss",
        "2025",
    ):
        assert furniture in page
    assert blms.source_url is not None
    assert f'href="{blms.source_url}"' in page


def test_its_site_list_can_be_read_and_every_page_is_served(newsroom: Newsroom) -> None:
    found = parse_site_list(newsroom.site_list(delay_s=0.1).encode(), is_toml=True)
    assert found.problems == ()
    assert [spec.site for spec in found.sites] == [site.host for site in newsroom.sites]
    for site in newsroom.sites:
        resources = resources_of(newsroom, site)
        assert {p.path for p in newsroom.of(site)} <= set(resources)
        assert {"/", "/robots.txt"} <= set(resources)


def test_sites_answer_on_their_own_addresses_by_their_own_names() -> None:
    port = free_port()
    room = load_newsroom(port)
    with NewsroomServer(room):
        for site in room.sites[:3]:
            request = urllib.request.Request(
                f"http://{site.address}:{port}/robots.txt", headers={"Host": f"{site.host}:{port}"}
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status == 200
                assert b"User-agent" in answer.read()
