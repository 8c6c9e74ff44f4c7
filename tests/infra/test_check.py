"""`wiretrace sites check` explains what would be crawled, and what not and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.sites import site_spec
from infra.check import Answer, Finding, check_site, examine
from infra.newsroom.documents import resources_of
from infra.newsroom.model import load_newsroom
from schemas.errors import UsageError
from schemas.settings import load_settings

NEWSROOM = load_newsroom(8480)
NOW = datetime(2024, 2, 10, tzinfo=UTC)


def _check(host: str, **changed: tuple[int | None, bytes]) -> list[Finding]:
    """The findings for a site of the newsroom, some of its answers changed by path."""
    [site] = [site for site in NEWSROOM.sites if site.host == host]
    base = NEWSROOM.base(site)
    resources = resources_of(NEWSROOM, site)
    asked: list[str] = []

    def fetch(url: str, pause_s: float) -> Answer:
        path = url.removeprefix(base)
        asked.append(path)
        if path in changed:
            status, body = changed[path]
            return Answer(
                url=url, status=status, headers={}, body=body, problem="" if status else "timed out"
            )
        if path in resources:
            kind, body = resources[path]
            return Answer(url=url, status=200, headers={"content-type": kind}, body=body)
        return Answer(url=url, status=404, headers={}, body=b"")

    found = list(examine(site_spec(f"{base}/"), fetch, now=NOW))
    assert asked[0] == "/robots.txt"
    assert len(asked) <= 10
    return found


@pytest.mark.parametrize("host", [site.host for site in NEWSROOM.sites])
def test_every_way_of_discovery_is_found(host: str) -> None:
    found = _check(host)
    assert found[0].what == "robots"
    assert any(f.verdict == "crawl" and f.what in ("feed", "sitemap", "listing", "home") for f in found)
    examples = [f for f in found if f.what == "article"]
    assert examples
    assert all(f.verdict == "crawl" for f in examples)


def test_a_robots_txt_that_cannot_be_read_forbids_everything() -> None:
    [only] = _check("harbor-courier.test", **{"/robots.txt": (503, b"")})
    assert (only.verdict, only.detail) == ("refused", "status 503: nothing may be fetched")
    [only] = _check("harbor-courier.test", **{"/robots.txt": (None, b"")})
    assert only.detail == "timed out: nothing may be fetched"


def test_what_robots_txt_forbids_is_named() -> None:
    found = _check(
        "harbor-courier.test",
        **{"/robots.txt": (200, b"User-agent: *\nCrawl-delay: 7\nDisallow: /2024/\nDisallow: /feed.xml")},
    )
    assert "asks for 7 s between requests" in found[0].detail
    assert any(f.what == "feed" and f.verdict == "refused" and f.url.endswith("/feed.xml") for f in found)
    assert any(f.what == "article" and f.verdict == "refused" for f in found)
    assert not any(f.what == "article" and f.verdict == "crawl" for f in found)


def test_a_feed_that_does_not_parse_is_named_with_what_is_wrong() -> None:
    found = _check("newsmill.test", **{"/feed/": (200, b"<rss><channel><item><link>http://")})
    assert any(f.url.endswith("/feed/") and f.verdict in ("failed", "ok", "absent") for f in found)


def test_an_address_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        check_site("not an address", load_settings({}, crawl_contact="https://a.test/x"))
