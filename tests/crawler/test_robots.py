"""robots.txt by RFC 9309."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.robots import CRAWL_DELAY_CAP_S, MAX_BYTES, parse_rules, state_of


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "rules"), (206, "rules"), (301, "free"), (400, "free"), (401, "free"), (403, "free"), (404, "free"),
        (410, "free"), (429, "unavailable"), (500, "unavailable"), (503, "unavailable"), (599, "unavailable"),
        (None, "unavailable"),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int | None, state: str) -> None:
    assert state_of(status) == state


def test_the_group_of_our_name_goes_before_the_general_one() -> None:
    rules = parse_rules(
        b"User-agent: *\nDisallow: /\n\nUser-agent: wiretrace\nDisallow: /admin\nAllow: /admin/news\n"
    )
    assert rules.allows("https://a.example/story")
    assert not rules.allows("https://a.example/admin/x")
    assert rules.allows("https://a.example/admin/news/1")


def test_wildcards_and_ends_are_understood() -> None:
    rules = parse_rules(b"User-agent: *\nDisallow: /*.pdf$\nDisallow: /*?print=")
    assert not rules.allows("https://a.example/x.pdf")
    assert rules.allows("https://a.example/x.pdf.html")
    assert not rules.allows("https://a.example/story?print=1")


def test_crawl_delay_and_request_rate_are_honoured_up_to_a_cap() -> None:
    assert parse_rules(b"User-agent: *\nCrawl-delay: 7.5").crawl_delay_s == 7.5
    assert parse_rules(b"User-agent: *\nCrawl-delay: 86400").crawl_delay_s == CRAWL_DELAY_CAP_S
    assert parse_rules(b"User-agent: *\nRequest-rate: 1/10").crawl_delay_s == 10.0
    assert parse_rules(b"User-agent: other\nCrawl-delay: 9").crawl_delay_s == 0.0
    assert parse_rules(b"User-agent: *\nCrawl-delay: soon").crawl_delay_s == 0.0


def test_sitemap_lines_are_kept() -> None:
    assert parse_rules(b"Sitemap: https://a.example/s.xml\nsitemap: /t.xml").sitemaps == (
        "https://a.example/s.xml",
        "/t.xml",
    )


def test_a_page_instead_of_rules_allows_everything() -> None:
    assert parse_rules(b"<!doctype html><html><body>Not found</body></html>").allows("https://a.example/x")


def test_what_lies_behind_the_limit_is_not_read() -> None:
    body = b"User-agent: *\nDisallow: /a\n" + b"# " + b"x" * MAX_BYTES + b"\nDisallow: /b\n"
    rules = parse_rules(body)
    assert not rules.allows("https://a.example/a")
    assert rules.allows("https://a.example/b")


@given(st.binary(max_size=400))
def test_no_body_raises(body: bytes) -> None:
    rules = parse_rules(b"User-agent: *\n" + body)
    assert 0 <= rules.crawl_delay_s <= CRAWL_DELAY_CAP_S
    assert rules.allows("https://a.example/x") in (True, False)
