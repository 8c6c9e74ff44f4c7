"""When a canonical link is believed as the identity of a page."""

from __future__ import annotations

import pytest

from workers.identity import article_key


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://n.example/2024/a-story/amp", "https://n.example/2024/a-story"),
        ("https://n.example/a-story.html?print=1", "https://n.example/a-story"),
        ("https://m.n-news.co.uk/story-name-1234567", "https://www.n-news.co.uk/news/other-name-1234567"),
        ("https://n.example/read?id=8812345", "https://n.example/news/8812345-a-story"),
        ("https://n.example/8812345/old-slug", "https://n.example/8812345/new-slug"),
        ("https://amp.n-news.co.uk/world/a-story-8812345.amp", "https://www.n-news.co.uk/a-story-8812345"),
        ("https://n.example/print/a-story-8812345", "https://n.example/world/a-longer-story-8812345"),
    ],
)
def test_a_twin_of_the_page_is_its_identity(url: str, canonical: str) -> None:
    key = article_key(url, canonical)
    assert key.is_alias
    assert key.key == article_key(canonical, None).key


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://n.example/a-story", "https://n.example/"),
        ("https://n.example/a-story", "https://n.example/politics"),
        ("https://n.example/a-story", "https://agency.example/a-story"),
        ("https://n.example/a-story?page=2", "https://n.example/a-story"),
        ("https://n.example/20240208/a-story", "https://n.example/20240208/"),
        ("https://n.example/20240208/a-story", "https://n.example/20240208/another-story"),
        ("https://n.example/politics-12345/a-story", "https://n.example/politics-12345/"),
        ("https://n.example/politics-12345/a-story-99999", "https://n.example/politics-12345/"),
        ("https://n.example/news/a-story", "https://n.example/news/"),
        ("https://n.example/a-story", "https://n.example/?page=1"),
        ("https://n.example/a-story", "/"),
        ("https://n.example/a-story", None),
        ("https://n.example/a-story", "https://n.example/a-story?utm_source=x"),
    ],
)
def test_any_other_canonical_leaves_the_page_its_own(url: str, canonical: str | None) -> None:
    key = article_key(url, canonical)
    assert not key.is_alias
    assert key.key == article_key(url, None).key
