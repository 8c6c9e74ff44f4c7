"""What a page says of itself: times with their certainty, names told apart, titles without the site's name."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.extract.pages import FETCHED_AT, article
from workers.extract.dates import parse_date
from workers.extract.jsonld import objects_of, values_of
from workers.extract.metadata import Metadata, read_head, read_metadata
from workers.extract.names import clean_name, is_organisation, sort_names, split_names
from workers.extract.parse import parse


def read(html: str, url: str = "https://daily.example/news/a") -> Metadata:
    root = parse(html)
    assert root is not None
    return read_metadata(root, read_head(root, url=url), url=url, fetched_at=FETCHED_AT)


def title_of(html: str) -> str | None:
    root = parse(html)
    assert root is not None
    return read_head(root, url="https://daily.example/news/a").title


def ld(**facts: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@context": "https://schema.org", "@type": "NewsArticle", **facts})}</script>'


DATES = [
    ("2024-02-08T14:21:09Z", (2024, 2, 8, 14, 21, 9), "exact"),
    ("2024-02-08T14:21:09.123+0530", (2024, 2, 8, 8, 51, 9), "exact"),
    ("2024-02-08T14:21:09-05", (2024, 2, 8, 19, 21, 9), "exact"),
    ("2024-02-08 14:21:09 UTC", (2024, 2, 8, 14, 21, 9), "exact"),
    ("2024-02-08T14:21", (2024, 2, 8, 14, 21, 0), "no_zone"),
    ("2024-02-08 14:21:09", (2024, 2, 8, 14, 21, 9), "no_zone"),
    ("2024-02-08", (2024, 2, 8, 0, 0, 0), "date_only"),
    ("20240208", (2024, 2, 8, 0, 0, 0), "date_only"),
    ("20240208T142109Z", (2024, 2, 8, 14, 21, 9), "exact"),
    ("1707402069", (2024, 2, 8, 14, 21, 9), "exact"),
    (1707402069000, (2024, 2, 8, 14, 21, 9), "exact"),
    ("Thu, 08 Feb 2024 14:21:09 +0100", (2024, 2, 8, 13, 21, 9), "exact"),
    ("Thu, 08 Feb 2024 14:21:09 GMT", (2024, 2, 8, 14, 21, 9), "exact"),
    ("Thu Feb 08 2024 14:21:09 GMT+0100 (CET)", (2024, 2, 8, 13, 21, 9), "exact"),
    ("February 8, 2024", (2024, 2, 8, 0, 0, 0), "date_only"),
    ("Published Feb. 8, 2024 at 2:21 p.m. EST", (2024, 2, 8, 19, 21, 0), "exact"),
    ("Feb 8, 2024 12:05 AM", (2024, 2, 8, 0, 5, 0), "no_zone"),
    ("8 February 2024", (2024, 2, 8, 0, 0, 0), "date_only"),
    ("8th February 2024, 14:21 GMT", (2024, 2, 8, 14, 21, 0), "exact"),
    ("08.02.2024, 14:21 Uhr", (2024, 2, 8, 14, 21, 0), "no_zone"),
    ("Donnerstag, 8. Februar 2024", (2024, 2, 8, 0, 0, 0), "date_only"),
    ("le 8 février 2024 à 14h21", (2024, 2, 8, 14, 21, 0), "no_zone"),
    ("8 de febrero de 2024", (2024, 2, 8, 0, 0, 0), "date_only"),
    ("08/02/2024", (2024, 2, 8, 0, 0, 0), "date_only"),
    ("02/28/2024", (2024, 2, 28, 0, 0, 0), "date_only"),
    ("2024年2月8日 14:21", (2024, 2, 8, 14, 21, 0), "no_zone"),
    ("2024년 2월 8일", (2024, 2, 8, 0, 0, 0), "date_only"),
]


@pytest.mark.parametrize(("text", "parts", "certainty"), DATES)
def test_dates_are_read_with_their_certainty(text: object, parts: tuple[int, ...], certainty: str) -> None:
    assert parse_date(text) == (datetime(*parts, tzinfo=UTC), certainty)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "5 Mins Read",
        "2024-13-45",
        "99/99/2024",
        None,
        True,
        {"a": 1},
        "0000-00-00",
        "12345",
        "1e999",
    ],
)
def test_what_is_no_date_gives_none(text: object) -> None:
    assert parse_date(text) is None


@given(st.one_of(st.text(max_size=80), st.integers(), st.floats()))
def test_no_value_makes_the_date_reader_raise(value: object) -> None:
    found = parse_date(value)
    assert found is None or found[0].tzinfo is UTC


def test_the_sources_of_a_date_are_tried_in_order() -> None:
    meta = '<meta property="article:published_time" content="2025-05-07T10:00:00Z">'
    found = read(article(head=ld(datePublished="2025-05-06T10:00:00Z") + meta)).published
    assert found is not None and (found.at.day, found.source, found.certainty) == (
        6,
        "json-ld datePublished",
        "exact",
    )
    found = read(article(head=meta)).published
    assert found is not None and (found.at.day, found.source) == (7, "meta article:published_time")
    found = read(article()).published
    assert found is not None and (found.at.day, found.source) == (8, "time element")


def test_a_later_source_of_the_same_day_adds_the_time() -> None:
    meta = '<meta property="article:published_time" content="2025-05-06T10:00:00Z">'
    found = read(article(head=ld(datePublished="2025-05-06") + meta)).published
    assert found is not None and (found.at.hour, found.certainty) == (10, "exact")


def test_a_date_after_the_fetch_is_not_believed() -> None:
    found = read(article(head=ld(datePublished="2031-01-01T00:00:00Z"))).published
    assert found is not None and found.at == datetime(2025, 5, 8, 7, 30, tzinfo=UTC)


def test_the_date_of_a_teaser_is_not_the_storys() -> None:
    html = (
        "<html><body><main><h1>Ports to share cargo data</h1><div class='meta'>By Jane Doe | 3 March 2025</div><p>Text of the story.</p></main>"
        "<aside><time datetime='2025-05-30T10:00:00Z'>30 May</time></aside></body></html>"
    )
    found = read(html).published
    assert found is not None and (found.at.date().isoformat(), found.certainty) == ("2025-03-03", "date_only")


def test_a_day_in_the_url_is_the_last_but_one_resort() -> None:
    found = read(
        "<html><body><h1>Ports</h1><p>Text.</p></body></html>", "https://a.example/2025/04/09/ports"
    ).published
    assert found is not None and (found.at.date().isoformat(), found.source, found.certainty) == (
        "2025-04-09",
        "url",
        "date_only",
    )


def test_a_modification_before_the_publication_is_dropped() -> None:
    assert read(
        article(head=ld(datePublished="2025-05-06T10:00:00Z", dateModified="2025-05-07T10:00:00Z"))
    ).modified_at == datetime(2025, 5, 7, 10, tzinfo=UTC)
    assert (
        read(
            article(head=ld(datePublished="2025-05-06T10:00:00Z", dateModified="2019-01-01T10:00:00Z"))
        ).modified_at
        is None
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("By Ann Lee, Bo Chan and Cy Dahl", ["Ann Lee", "Bo Chan", "Cy Dahl"]),
        ("Von Birgit Baumann und Jan März", ["Birgit Baumann", "Jan März"]),
        ("Par Anne Dupont et Luc Blanc", ["Anne Dupont", "Luc Blanc"]),
        ("Jane Doe, Staff Writer", ["Jane Doe"]),
        ("JANE DOE | Political Correspondent", ["JANE DOE"]),
        ("Jane Doe (@jane)", ["Jane Doe"]),
        ("jane@daily.example", []),
        ("https://daily.example/authors/jane", []),
        ("admin", []), ("5 Mins Read", []), ("", []), ("By", []), ("May 8, 2025", []),
        ("The Associated Press", ["The Associated Press"]),
        ("Doe, Jane", ["Jane Doe"]),
    ],
)  # fmt: skip
def test_names_are_split_and_cleaned(text: str, names: list[str]) -> None:
    assert split_names(text) == names


@pytest.mark.parametrize(
    "name",
    [
        "BLMS MEDIA",
        "The Associated Press",
        "AFP",
        "dpa",
        "News Desk",
        "Redaktion",
        "Reuters Staff",
        "The Daily Lantern Newsroom",
        "BR24 Redaktion",
        "kicker.de",
        "Agencia EFE",
        "CNN Wire",
        "朝日新聞",
    ],
)
def test_organisations_are_known(name: str) -> None:
    assert is_organisation(name)


@pytest.mark.parametrize(
    "name",
    [
        "Jane Doe",
        "Anne-Marie Slaughter",
        "Đặng Thu Hà",
        "Ludwig van der Berg",
        "O’Neill Burke",
        "José da Silva",
        "Иван Петров",
        "田中太郎",
    ],
)
def test_people_are_no_organisations(name: str) -> None:
    assert not is_organisation(name)


def test_the_sites_own_name_is_an_organisation() -> None:
    assert not is_organisation("Lantern Quay")
    assert is_organisation("Lantern Quay", site_names=["Lantern Quay"])
    signed = sort_names(
        ["Jane Doe", "kicker", "Jane  Doe"],
        ["Bo Chan", "Lantern Quay"],
        site_names=["kicker.example", "Lantern Quay"],
    )
    assert signed.people == ("Jane Doe", "Bo Chan") and signed.organisations == ("kicker", "Lantern Quay")


@pytest.mark.parametrize(
    "text", ["By " * 30_000, "and " * 30_000, "Jane, " * 30_000, "(" * 10_000, "@" * 10_000]
)
def test_hostile_bylines_are_quick(text: str) -> None:
    split_names(text)
    clean_name(text[:2000])


def test_titles_lose_the_sites_name_and_keep_their_dashes() -> None:
    html = '<html><head><title>Rain - and more rain - The Daily | The Daily</title><meta property="og:site_name" content="The Daily"></head><body><p>x</p></body></html>'
    assert title_of(html) == "Rain - and more rain"
    html = "<html><head><title>Rain – and more rain</title></head><body><h1>Rain – and more rain</h1></body></html>"
    assert title_of(html) == "Rain – and more rain"


def test_the_title_is_what_two_of_three_sources_say() -> None:
    head = (
        ld(headline="SEO words for machines")
        + '<meta property="og:title" content="Ports to share cargo data">'
    )
    assert title_of(article(head=head)) == "Ports to share cargo data"
    assert title_of(article(head=ld(headline="Another headline altogether"))) == "Another headline altogether"


def test_canonical_language_site_and_section() -> None:
    head = '<link rel="canonical" href="/news/ports"><meta property="og:site_name" content="The Daily"><meta property="article:section" content="World">'
    found = read(article(head=head))
    assert found.canonical_url == "https://daily.example/news/ports"
    assert (found.language, found.site_name, found.section) == ("en", "The Daily", "World")


@pytest.mark.parametrize(
    ("raw", "count"),
    [('{"@type": "A"}', 1), ('[{"@type": "A"}, {"@type": "B"}]', 2), ('{"@graph": [{"@type": "A"}]}', 2), ('{"@type": "A"},', 1), ('{"a": "line\nbreak"}', 1),
     ('{"@type": "A",}', 1), ("<!-- {\"@type\": \"A\"} -->", 1), ('{"@type": "A"}{"@type": "B"}', 2), ("rubbish", 0), ("", 0), ("[" * 5000, 0), ("null", 0)],
)  # fmt: skip
def test_damaged_json_ld_is_mended_or_left_out(raw: str, count: int) -> None:
    root = parse(
        f'<html><head><script type="application/ld+json">{raw}</script></head><body><p>x</p></body></html>'
    )
    assert root is not None and len(objects_of(values_of(root))) == count
