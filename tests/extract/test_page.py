"""Whole pages: what comes out of them, and why nothing comes out of others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.outcomes import Outcome
from tests.extract.pages import STORY, article, raw
from workers.extract.page import extract_page


def aggregator_page(source: str = "https://www.original-post.example/world/ports-share-data") -> str:
    """A copy of a story on an aggregator: menus, teasers, a box of the source's headlines in its middle, a bare link at its end."""
    teasers = "".join(
        f'<div class="post-box"><a href="/hot{n}"><img src="/{n}.jpg" alt=""></a><h2><a href="/hot{n}">Ten ways to pack a suitcase, part {n}</a></h2>'
        f'<span class="date">January {n + 1}, 2025</span></div>'
        for n in range(4)
    )
    related_stories = "".join(
        f'<li><a href="https://www.original-post.example/s{n}">Minister defends budget in night session number {n}</a></li>'
        for n in range(3)
    )
    related_posts = "".join(
        f'<article class="l-post"><h2 class="post-title"><a href="/r{n}">A look at the markets in week {n}</a></h2>'
        f'<time class="post-date" datetime="2025-03-0{n + 1}T08:00:00+00:00">March {n + 1}, 2025</time></article>'
        for n in range(3)
    )
    top = "".join(
        f'<li><a href="/top{n}">The fastest trains of the year {n}</a> <span>{900 + n} Views</span></li>'
        for n in range(4)
    )
    first, middle = STORY[:3], STORY[3:]
    body = "".join(f"<p>{p}</p>" for p in first)
    body += f'<div class="related-stories"><h3>Related Stories</h3><ul>{related_stories}</ul></div>'
    body += "".join(f"<p>{p}</p>" for p in middle)
    body += f'<p><br><a href="{source}">Source link </a></p>'
    share = "".join(
        f'<a class="share" href="https://{s}.example/">{s.title()}</a>'
        for s in ("facebook", "twitter", "pinterest", "email")
    )
    menu = "".join(
        f'<li class="menu-item"><a href="/{m}">{m.title()}</a></li>'
        for m in ("news", "politics", "business", "technology", "sports")
    )
    return f"""<!doctype html><html lang="en-US"><head><meta charset="UTF-8"><title>Ports to Share Cargo Data to Curb Drug Trade - BLMS MEDIA</title>
    <meta property="og:site_name" content="BLMS MEDIA"><meta property="og:type" content="article">
    <meta property="og:title" content="Ports to Share Cargo Data to Curb Drug Trade"><meta name="generator" content="WordPress 6.4.3"></head>
    <body class="post-template-default single single-post"><header id="smart-head"><div class="logo"><a href="/">BLMS MEDIA</a></div>
    <nav><ul class="menu">{menu}</ul></nav><div class="trending-ticker"><span>What's Hot</span>{teasers}</div></header>
    <div class="main"><div class="the-post-header"><h1 class="post-title">Ports to Share Cargo Data to Curb Drug Trade</h1>
    <div class="post-meta"><span class="post-author"><span class="by">By</span> <a href="/author/blms" rel="author">BLMS MEDIA</a></span>
    <span class="meta-item date"><time class="post-date" datetime="2024-02-08T14:21:09+00:00">February 8, 2024</time></span>
    <span class="comments"><a href="#respond">No Comments</a></span><span class="read-time">5 Mins Read</span></div>
    <div class="post-share">{share}</div></div>
    <article id="post-1" class="post type-post"><div class="post-content-wrap"><div class="post-content entry-content">{body}</div></div></article>
    <div class="post-share-bot"><span>Share.</span>{share}</div>
    <div class="prev-next"><a href="/p"><span>Previous Article</span>Rain expected over the hills</a><a href="/n"><span>Next Article</span>New tram line opens</a></div>
    <section class="related-posts"><h4>Related Posts</h4>{related_posts}</section>
    <div id="respond"><h3>Leave A Reply</h3><form><textarea></textarea></form></div></div>
    <aside class="main-sidebar"><div class="widget"><h5>Top Posts</h5><ol>{top}</ol></div><div class="widget"><h5>Don't Miss</h5>{teasers}
    <p>Subscribe to Updates. Get the latest creative news from us about art, design and business.</p></div></aside>
    <footer><p>© 2025 BLMS MEDIA. All Rights Reserved. Designed by us for everyone who reads the news every day.</p></footer></body></html>"""


def test_an_aggregators_copy_comes_out_as_the_story_alone() -> None:
    found = extract_page(raw(aggregator_page(), url="https://blms.example/2024/02/08/ports-to-share/"))
    assert found.outcome is Outcome.ARTICLE
    lines = [line for line in found.text.split("\n") if line.strip() != "Source link"]
    assert lines == list(STORY)
    assert (found.published_at, found.published_certainty) == (
        datetime(2024, 2, 8, 14, 21, 9, tzinfo=UTC),
        "exact",
    )
    assert found.title == "Ports to Share Cargo Data to Curb Drug Trade"
    assert (found.authors, found.organisations, found.byline) == ((), ("BLMS MEDIA",), "BLMS MEDIA")
    assert found.site_name == "BLMS MEDIA" and found.language == "en"
    (link,) = [credit for credit in found.credits if credit.kind == "source_link"]
    assert link.url == "https://www.original-post.example/world/ports-share-data"
    assert [line.text for line in found.story_lines] == list(STORY)


def test_a_plain_news_page() -> None:
    found = extract_page(raw(article()))
    assert found.outcome is Outcome.ARTICLE and found.reason is None
    assert found.text.split("\n") == list(STORY)
    assert found.authors == ("Jane Doe",) and found.organisations == ()
    assert found.published_at == datetime(2025, 5, 8, 7, 30, tzinfo=UTC)
    assert found.title == "Ports to share cargo data"
    assert found.charset == "utf-8" and "trafilatura" in found.extractor


def test_nul_and_surrogates_never_reach_the_text() -> None:
    body = (
        article().replace("Harbour officials", "Harbour\x00 off\x00icials").encode() + b"<p>\xed\xa0\x80</p>"
    )
    found = extract_page(raw(body))
    assert found.outcome is Outcome.ARTICLE and found.text.startswith("Harbour officials")
    found.text.encode("utf-8")


@pytest.mark.parametrize("charset", ["utf-16", "windows-1252", "utf-8"])
def test_the_same_story_comes_out_of_every_encoding(charset: str) -> None:
    page = article().replace('charset="utf-8"', f'charset="{charset}"')
    assert extract_page(raw(page.encode(charset))).text.split("\n") == list(STORY)


def test_the_page_is_deterministic() -> None:
    assert extract_page(raw(aggregator_page())) == extract_page(raw(aggregator_page()))
