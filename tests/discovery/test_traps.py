"""Traps: what is dropped, with which reason, and what must never be dropped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crawler.traps import Counts, DropReason, article_id_key, judge
from schemas.urls import url_key
from tests.discovery.web import NOW

HOME = "https://paper.example/"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("x" * 1200, DropReason.TOO_LONG),
        ("/".join("abcdefghijklmnop"), DropReason.TOO_DEEP),
        ("news/local/news/local/story", DropReason.REPEATED_PATH),
        ("a/news/b/news/c/news/d", DropReason.REPEATED_PATH),
        ("calendar/2026/11/", DropReason.CALENDAR),
        ("events/2031-05/", DropReason.CALENDAR),
        ("events/list/?tribe-bar-date=2031-05-01", DropReason.CALENDAR),
        ("whats-on?month=5&year=2040", DropReason.CALENDAR),
        ("?month=5&year=2040", DropReason.CALENDAR),
        ("archive?date=2044-01-01", DropReason.CALENDAR),
        ("1902/01/02/", DropReason.CALENDAR),
        ("list?" + "&".join(f"f{n}={n}" for n in range(12)), DropReason.TOO_MANY_PARAMETERS),
    ],
)
def test_a_trap_is_dropped_with_its_reason(path: str, reason: DropReason) -> None:
    assert judge(HOME + path, now=NOW) is reason


@pytest.mark.parametrize(
    "url", ["ftp://paper.example/x", "http:///x", "https://u:p@paper.example/", "http://[x/", "x"]
)
def test_what_cannot_be_fetched_is_a_bad_url(url: str) -> None:
    assert judge(url) is DropReason.BAD_URL


@pytest.mark.parametrize(
    "path",
    [
        "2024/02/08/us-mexico-increase-data-sharing",
        "news/2026-11-19-storm-hits-coast",
        "2026/11/19/",
        "archive?date=2026-11-19",
        "events/harbour-festival-opens-with-fireworks",
        "story?sid=12345",
        "news/local/town/local-council-votes",
        "index.php?option=com_content&view=article&id=77&catid=3&Itemid=9",
        "year-in-review-2051-what-we-expect",
    ],
)
def test_what_is_no_trap_is_let_through(path: str) -> None:
    assert judge(HOME + path, now=NOW) is None


def test_one_article_under_two_thousand_slugs_is_fetched_three_times() -> None:
    known: dict[str, int] = {}
    fetched = 0
    for number in range(2162):
        url = (
            f"{HOME}news/storm-hits-the-coast-variant-{'abcdefghij'[number % 10]}{number // 10:03d}x-48211907"
        )
        key = article_id_key(url)
        assert key == "paper.example:48211907"
        if judge(url, Counts(slugs_of_id=known.get(key, 0))) is None:
            fetched += 1
        known[key] = known.get(key, 0) + 1
    assert fetched == 3


@pytest.mark.parametrize(
    "form",
    [
        "story-{n};jsessionid={id}",
        "story-{n}?PHPSESSID={id}",
        "story-{n}?sid={id}",
        "story-{n}?token={id}&page=2",
        "(S({id}))/story-{n}.aspx",
    ],
)
def test_session_ids_lead_to_one_page_and_not_to_a_thousand(form: str) -> None:
    urls = [HOME + form.format(n=n % 5, id=f"a1b2c3d4e5f6a7b8c9d0{n:04x}") for n in range(1000)]
    assert {judge(url) for url in urls} == {None}
    assert len({url_key(url) for url in urls}) == 5


def test_the_daily_quota_of_a_site() -> None:
    assert judge(HOME + "x", Counts(urls_today=99, daily_quota=100)) is None
    assert judge(HOME + "x", Counts(urls_today=100, daily_quota=100)) is DropReason.DAILY_QUOTA


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("news/12345678-storm-hits-coast", "12345678"),
        ("news/storm-hits-coast-12345678", "12345678"),
        ("news/storm-hits-coast/12345678", "12345678"),
        ("12345678/storm-hits-coast.html", "12345678"),
        ("news/storm-hits-coast-a12345678.html", "12345678"),
        ("berlin/article242246644/storm-hits-coast", "242246644"),
        ("news/local-news-12345678/storm-hits-coast", None),
        ("news/12345678", None),
        ("news/storm-hits-coast", None),
        ("2026/11/19/storm-hits-coast", None),
        ("20261119/storm-hits-coast", None),
        ("news/storm-hits-coast-202611", None),
        ("news/storm-hits-coast-2026", None),
        ("news/covid-19-cases-rise-to-12345", None),
    ],
)
def test_the_id_of_an_article(path: str, key: str | None) -> None:
    assert article_id_key(HOME + path) == (f"paper.example:{key}" if key else None)


def test_the_id_is_the_same_on_mobile_and_amp_hosts() -> None:
    keys = {
        article_id_key(f"https://{host}paper.example/storm-hits-coast-12345678")
        for host in ("", "www.", "m.", "amp.")
    }
    assert keys == {"paper.example:12345678"}


def test_no_address_of_a_real_article_is_a_trap() -> None:
    folder = Path(__file__).parents[3] / "shared" / "data" / "fundus"
    if not folder.is_dir():
        pytest.skip("../shared/data/fundus is not here")
    found = set()
    for path in folder.glob("*/meta.info"):
        found |= set(re.findall(r'"url": "(https?://[^"]+)"', path.read_text("utf-8")))
    assert len(found) > 100
    assert [url for url in found if judge(url, now=NOW)] == []
