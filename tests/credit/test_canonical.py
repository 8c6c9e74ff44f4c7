"""Canonical links to another site: republication, or one of the many mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.credit.canonical import canonical_verdict, is_republication

PAGE = "https://www.north-paper.com/world/storm-closes-mountain-pass-for-third-day"


@pytest.mark.parametrize(
    ("page", "canonical"),
    [
        (PAGE, "https://www.south-paper.org/news/storm-closes-mountain-pass-for-third-day"),
        (PAGE, "https://south-paper.org/2024/02/08/mountain-pass-closed-third-day-storm/"),
        (PAGE, "https://apnews.com/article/3f5c1d2ab0e94b0f8c11d9a3f0b6d7aa"),
        (
            "https://www.lokal.de/politik/article4711123456/schnee.html",
            "https://www.regional.de/politik/article4711123456/schnee.html",
        ),
        (
            "https://www.portal.com/en/news/storm-closes-pass/ar-AAx12",
            "https://www.south-paper.org/news/storm-closes-pass-7234511",
        ),
        (PAGE, "https://www.reuters.com/article/idUSKBN1XT2J4"),
        (PAGE, "https://www.paper-group.com/n/7c1e2b9d-4711-4aaa-9f00-aa12bc34de56"),
        (
            "https://www.north-paper.com/?p=4711",
            "https://www.south-paper.org/news/storm-closes-mountain-pass",
        ),
        ("https://origin.test.com/a/storm-closes-the-pass", "https://demo.org/b/storm-closes-the-pass"),
    ],
)
def test_a_story_elsewhere_is_a_republication(page: str, canonical: str) -> None:
    assert is_republication(page, canonical)


@pytest.mark.parametrize(
    ("page", "canonical", "reason"),
    [
        (PAGE, PAGE, "same site"),
        (PAGE, "https://m.north-paper.com/x", "same site"),
        (PAGE, "/world/storm", "relative"),
        (PAGE, "world/storm", "relative"),
        (PAGE, "https://storm-closes-mountain-pass", "host is no domain name"),
        (PAGE, "https://.north.org/x", "host is no domain name"),
        (PAGE, "https://example.com/storm-closes-mountain-pass", "placeholder host"),
        (PAGE, "https://staging.other-builder.net/storm-closes-mountain-pass", "staging host"),
        (PAGE, "https://north-paper.vercel.app/storm-closes-mountain-pass", "staging host"),
        (PAGE, "https://north-paper.wordpress.com/storm-closes-mountain-pass", "staging host"),
        ("https://feedproxy.google.com/~r/North/~3/x/", PAGE, "page is a redirector"),
        ("https://news.google.com/rss/articles/CBMi", PAGE, "page is a redirector"),
        (
            PAGE,
            "https://www.north-paper.co.uk/world/storm-closes-mountain-pass-for-third-day",
            "same brand under another suffix",
        ),
        (
            PAGE,
            "https://northpaper.org/world/storm-closes-mountain-pass-for-third-day",
            "same brand under another suffix",
        ),
        (PAGE, "https://www.south-paper.org/", "canonical is a home page"),
        (
            "https://www.guardian.co.uk/world/storm-closes-mountain-pass",
            "https://www.theguardian.com/world/storm-closes-mountain-pass",
            "same brand under another suffix",
        ),
        (PAGE, "https://www.youtube.com/watch-the-storm-close-the-pass", "canonical is a redirector"),
        (
            "https://go.short.link/?x=1",
            "https://www.south-paper.org/news/storm-closes-mountain-pass",
            "page names no story",
        ),
        (
            "https://blog.north.org/how-storms-work-3f5c1d2ab0e9",
            "https://medium.com/north/how-storms-work-3f5c1d2ab0e9",
            "same post of a publishing platform",
        ),
        ("https://kräuter.example.org/tee", "https://xn--kruter-bua.example.org/tee", "same site"),
        (
            "https://old-institute.org/about/people",
            "https://new-institute.org/about/people",
            "same path: a moved or mirrored site",
        ),
    ],
)
def test_other_canonical_links_are_not(page: str, canonical: str, reason: str) -> None:
    assert canonical_verdict(page, canonical)[:2] == (False, reason)


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_raises(page: str, canonical: str) -> None:
    is_copy, reason, confidence = canonical_verdict("https://a.com/" + page, canonical)
    assert isinstance(is_copy, bool) and reason and 0 <= confidence <= 1
    canonical_verdict(page, "https://" + canonical)
