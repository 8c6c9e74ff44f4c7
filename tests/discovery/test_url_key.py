"""URL keys: golden pairs, and what holds for every text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.urls import MAX_KEY_BYTES, is_same_site, site_of, url_key

GOLDEN = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("url_keys.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]

_PARTS = (
    *(
        "http://",
        "https://",
        "www.",
        "m.",
        "amp.",
        "en.m.",
        "example.com",
        "a.test",
        "co.uk",
        "/",
        "//",
        ".",
        "..",
    ),
    *(
        "amp",
        ".amp",
        "print",
        "index.html",
        ".html",
        "?",
        "&",
        "=",
        "utm_source",
        "fbclid",
        "id",
        "page",
        "all",
    ),
    *("%41", "%2f", "%zz", "%", "#", ";jsessionid=1", ":80", ":443", ":8080", "ü", "中", "+", "@", "[", "]"),
    *("cdn.ampproject.org/c/s/", " ", "\t", "\x00", "\udc80", "\xa0"),
)
_TEXTS = st.one_of(
    st.lists(st.sampled_from(_PARTS), max_size=14).map("".join),
    st.lists(st.sampled_from(_PARTS), max_size=10).map(
        lambda parts: "https://www.example.com/" + "".join(parts)
    ),
    st.text(max_size=60).map(lambda text: "http://a.test/" + text),
    st.text(max_size=60),
)


def test_there_are_at_least_200_golden_pairs() -> None:
    assert len(GOLDEN) >= 200
    assert len({url for url, _ in GOLDEN}) == len(GOLDEN)


@pytest.mark.parametrize(("url", "key"), GOLDEN)
def test_the_key_is_the_golden_one(url: str, key: str) -> None:
    assert url_key(url) == key


@settings(max_examples=600, deadline=None)
@given(_TEXTS)
@example("\u2024")
def test_the_key_of_a_key_is_itself(text: str) -> None:
    key = url_key(text)
    assert url_key(key) == key


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_every_text_has_a_key_that_a_database_can_hold(text: str) -> None:
    data = url_key(text).encode("utf-8")
    assert len(data) <= MAX_KEY_BYTES
    assert not any(byte < 0x20 for byte in data)


@given(st.permutations(["a=1", "b=2", "c=3", "utm_source=x", "fbclid=y"]))
def test_the_order_of_the_query_does_not_matter(query: list[str]) -> None:
    assert url_key("https://example.com/x?" + "&".join(query)) == "example.com/x?a=1&b=2&c=3"


def test_a_very_long_url_has_a_short_key_of_its_own() -> None:
    first, second = ("https://example.com/" + "x" * 5000 + end for end in "ab")
    assert url_key(first) != url_key(second)
    assert url_key(first).startswith("example.com/~")


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://edition.news.example.co.uk/a", "example.co.uk"),
        ("http://www.paper-one.test:8080/a", "paper-one.test"),
        ("http://127.0.0.5:8000/a", "127.0.0.5:8000"),
        ("https://paper.github.io/a", "paper.github.io"),
        ("https://Example.com./a", "example.com"),
        ("no url", ""),
        ("http://[broken", ""),
    ],
)
def test_the_site_of_a_url(url: str, site: str) -> None:
    assert site_of(url) == site


def test_two_blogs_of_one_hoster_are_two_sites() -> None:
    assert not is_same_site("https://a.blogspot.com/x", "https://b.blogspot.com/x")
    assert is_same_site("https://a.example.org/x", "https://b.example.org/y")
