from __future__ import annotations

import json

import pytest

from workers.extract.metadata import read_head
from workers.extract.parse import parse

NAME = "Ports to share cargo data"


def title_of(head: str, body: str, *, url: str = "https://daily.example/a") -> str | None:
    root = parse(f"<html><head>{head}</head><body>{body}<p>The story.</p></body></html>")
    assert root is not None
    return read_head(root, url=url).title


def stated(headline: str, **more: str) -> str:
    data = {"@type": "NewsArticle", "headline": headline, **more}
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def social(text: str) -> str:
    return f'<meta property="og:title" content="{text}">'


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (stated("Port data: a deal") + social(NAME), f"<h1>{NAME}</h1>"),
        (stated(NAME) + social("What the ports will share"), f"<h1>{NAME}</h1>"),
        (stated("Ports news today") + social(NAME), f'<nav><ol><li><h1>Ports news today</h1></li></ol></nav><h2>{NAME}</h2>'),
        (stated("Ports news today") + social(NAME), f'<div class="breadcrumb"><h1>Ports news today</h1></div><h2><span>Trade</span><span>{NAME}</span></h2>'),
        (stated(NAME) + social(f"{NAME} - World"), f"<h1>{NAME}</h1>"),
        (social(f"{NAME} - World"), f"<h1>{NAME}</h1>"),
        (stated(NAME) + '<meta property="og:site_name" content="Ports to share cargo data">', f"<h1>{NAME}</h1>"),
        (f"<title>Daily: {NAME}</title>", "<h1>Daily</h1>"),
        (stated("Ports to share cargo\u00ad data"), ""),
    ],
)  # fmt: skip
def test_the_title_is_what_most_places_say(head: str, body: str) -> None:
    assert title_of(head, body) == NAME


def test_a_live_blog_is_titled_by_itself_and_not_by_its_latest_entry() -> None:
    blog = stated(NAME).replace("NewsArticle", "LiveBlogPosting")
    entries = "".join(
        stated(f"Entry {n}", articleBody="x", datePublished="2024-02-08").replace(
            "NewsArticle", "BlogPosting"
        )
        for n in range(3)
    )
    assert title_of(blog + entries, f"<h1>{NAME}</h1>") == NAME


def test_a_colon_in_a_headline_is_no_site_name() -> None:
    assert title_of(social("Flood: river falls at last"), "") == "Flood: river falls at last"
