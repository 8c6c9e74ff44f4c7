"""Which pages are no article, and why; and that unusual articles are not refused."""

from __future__ import annotations

import pytest

from schemas.outcomes import Outcome
from tests.extract.non_articles import NonArticle, non_articles
from tests.extract.pages import STORY, article, raw
from workers.extract.page import extract_page

PAGES = non_articles()


@pytest.mark.parametrize("case", PAGES, ids=lambda case: f"{case.kind} {case.page.url[22:]}")
def test_a_page_without_a_story_is_refused_with_its_reason(case: NonArticle) -> None:
    found = extract_page(case.page)
    assert found.outcome is Outcome.NOT_ARTICLE, found.text[:200]
    assert found.text == "" and found.story_lines == () and found.credits == ()
    assert (found.reason or "").startswith(case.kind)


ARTICLES = {
    "a brief": article((STORY[0] + " Nobody was hurt, a spokesman for the port said late in the evening, and work went on.",)),
    "about cookies": article(tuple(p.replace("customs officers", "cookie makers").replace("cargo manifests", "cookie recipes") for p in STORY), title="Ports to share cookies"),
    "about a missing page": article(title="Page not found: the lost leaf of the harbour register"),
    "about a flight 404": article(title="Flight 404 lands safely in Almeda"),
    "asks for subscribers": article((*STORY, "Subscribe to our newsletter to read the story of the day every morning.")),
    "with a teaser list below": article(after="".join(f'<article class="teaser"><h2><a href="/{n}">Council votes on the {n}th plan of this year</a></h2><p>The vote came late and left the party divided.</p></article>' for n in range(12))),
    "a list of ten": article(tuple(f"Number {n}: {p}" for n, p in enumerate((*STORY, *STORY[:4]), 1)), title="Ten things to know about the ports"),
    "an interview": article(tuple(f"{who}: {p}" for who, p in zip(["Question", "Duval"] * 3, STORY, strict=True)), title="One window, says the head of customs"),
    "says it is a website": article(head='<meta property="og:type" content="website">'),
    "says it is closed": article(head='<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'),
}  # fmt: skip


@pytest.mark.parametrize("name", ARTICLES)
def test_an_unusual_article_is_an_article(name: str) -> None:
    found = extract_page(raw(ARTICLES[name], url=f"https://daily.example/2025/05/{name.replace(' ', '-')}"))
    assert found.outcome is Outcome.ARTICLE, found.reason
    assert STORY[0][:60] in found.text or "cookie makers" in found.text


@pytest.mark.parametrize(
    "url",
    [
        "https://paper.example/?p=123",
        "https://paper.example/index.php?id=7",
        "https://paper.example/story.html",
    ],
)
def test_an_article_may_have_a_short_url(url: str) -> None:
    assert extract_page(raw(article(), url=url)).outcome is Outcome.ARTICLE
