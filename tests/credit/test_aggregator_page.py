"""The page that this project started from: an aggregator's copy, with a bare "Source link" at its end."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from uuid import uuid4

from schemas.outcomes import Outcome
from schemas.records import RawPage
from schemas.urls import host_of, site_of, url_key
from tests.credit.stories import paragraph
from workers.credit.summary import credit_agency, source_link_url
from workers.extract.model import Extraction
from workers.extract.page import extract_page

URL = "https://www.hub-media.com/2024/02/08/two-nations-agree-on-lorry-data/"
SOURCE = "https://www.original-courier.org/trade/lorry-data-agreement-4711"
STORY = [paragraph(random.Random(number), 45) for number in range(9)]
BOX = ["Seven ports to watch this year", "Why lorries queue at the old bridge", "Border towns hope for trade"]


def aggregator_page() -> str:
    teasers = "".join(
        f"<li><a href='/t/{n}'>Hot teaser number {n} about a wholly different matter</a></li>"
        for n in range(6)
    )
    box = "".join(
        f"<li><a href='https://www.original-courier.org/x/{n}'>{title}</a></li>"
        for n, title in enumerate(BOX)
    )
    related = "".join(
        f"<article><h3><a href='/r/{n}'>Related post {n} from another year</a></h3><span>March {n + 1}, 2025</span></article>"
        for n in range(4)
    )
    top = "".join(f"<li><a href='/p/{n}'>Top post {n}</a> <span>1{n}4 Views</span></li>" for n in range(5))
    first, second = ("".join(f"<p>{text}</p>" for text in part) for part in (STORY[:5], STORY[5:]))
    return f"""<!doctype html><html lang="en"><head><title>Two Nations Agree on Lorry Data - HUB Media</title>
<meta property="og:type" content="article"><meta property="article:published_time" content="2024-02-08T10:05:00+00:00">
<meta property="og:site_name" content="HUB Media"></head><body>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li></ul></nav>
<div class="whats-hot"><h4>What's Hot</h4><ul>{teasers}</ul></div></header>
<main><article class="post"><h1 class="post-title">Two Nations Agree on Lorry Data</h1>
<div class="post-meta">By <a href="/author/hub" rel="author">HUB MEDIA</a> <time datetime="2024-02-08T10:05:00+00:00">February 8, 2024</time>
<a href="#comments">No Comments</a> <span>5 Mins Read</span></div>
<div class="share"><a href="https://www.facebook.com/sharer.php">Facebook</a> <a href="https://twitter.com/intent/tweet">Twitter</a></div>
<div class="post-content entry-content">{first}
<div class="related-box"><h3>Related Stories</h3><ul>{box}</ul></div>{second}
<p><a href="{SOURCE}">Source link</a></p></div>
<div class="prev-next"><a href="/a">Previous Article</a> <a href="/b">Next Article</a></div>
<section class="related-posts"><h4>Related Posts</h4>{related}</section></article></main>
<aside><h4>Top Posts</h4><ul>{top}</ul><h4>Don't Miss</h4><p>Subscribe to our newsletter</p></aside>
<footer><p>© 2025 HUB Media. All rights reserved.</p></footer></body></html>"""


def extracted() -> Extraction:
    page = RawPage(
        page_id=uuid4(),
        url=URL,
        final_url=URL,
        url_key=url_key(URL),
        host=host_of(URL),
        site=site_of(URL),
        fetched_at=datetime(2025, 3, 1, tzinfo=UTC),
        status=200,
        body=aggregator_page().encode(),
        crawl_id="test",
        found_by="feed",
    )
    return extract_page(page)


def test_its_source_link_is_found_and_resolved() -> None:
    found = extracted()
    assert found.outcome is Outcome.ARTICLE
    assert source_link_url(found.credits) == SOURCE
    assert [credit.kind for credit in found.credits] == ["source_link"]
    assert credit_agency(found.credits, "hub-media.com") is None


def test_what_is_sketched_is_the_story_alone() -> None:
    assert [line.text for line in extracted().story_lines] == STORY
