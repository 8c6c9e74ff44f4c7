"""What the credits of an article say together."""

from __future__ import annotations

from typing import Any

from workers.credit.model import Credit
from workers.credit.summary import credit_agency, outside_origin, source_link_url


def credit(kind: str, **values: Any) -> Credit:
    return Credit(**{"kind": kind, "text": "x", "place": "page", "confidence": 0.9, **values})


def test_the_agency_with_the_strongest_signs_is_credited() -> None:
    credits = [
        credit("wire_mark", agency="afp", confidence=0.8),
        credit("dateline", agency="reuters", confidence=0.9),
        credit("reporting_by", agency="reuters", confidence=0.95),
    ]
    assert credit_agency(credits, "paper.com") == "reuters"


def test_contributions_plugins_and_weak_signs_credit_nobody() -> None:
    credits = [
        credit("contributed", agency="ap"),
        credit("plugin_mark"),
        credit("url_path", agency="ap", confidence=0.4),
    ]
    assert credit_agency(credits, "paper.com") is None
    assert credit_agency([], "paper.com") is None


def test_an_agency_is_not_credited_on_its_own_site() -> None:
    credits = [credit("item_id", agency="dpa")]
    assert credit_agency(credits, "dpa.com") is None
    assert credit_agency(credits, "paper.com") == "dpa"


def test_the_source_link_comes_before_the_feed_s_footer() -> None:
    feed = credit("appeared_first", url="https://feed.org/2024/story", site="feed.org", confidence=0.95)
    link = credit("source_link", url="https://source.org/story", site="source.org", confidence=0.8)
    assert source_link_url([feed, link]) == "https://source.org/story"
    assert source_link_url([feed]) == "https://feed.org/2024/story"


def test_a_home_page_is_no_source_but_where_the_site_calls_it_one() -> None:
    assert (
        source_link_url([credit("originally_published", url="https://source.org/", site="source.org")])
        is None
    )
    assert (
        source_link_url([credit("source_link", url="https://source.org/", site="source.org")])
        == "https://source.org/"
    )


def test_the_origin_is_a_url_elsewhere_before_an_agency() -> None:
    canonical = credit("canonical", url="https://b.org/story", site="b.org")
    agency = credit("dateline", agency="ap")
    found = outside_origin([agency, canonical], "a.org")
    assert found is not None and (found.url, found.kind) == ("https://b.org/story", "canonical")
    found = outside_origin([agency], "a.org")
    assert found is not None and (found.agency, found.kind) == ("ap", "dateline")
    found = outside_origin([credit("pixel", site="c.org")], "a.org")
    assert found is not None and (found.site, found.kind) == ("c.org", "pixel")
    assert outside_origin([canonical], "b.org") is None
