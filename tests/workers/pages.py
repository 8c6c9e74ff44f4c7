"""Pages for tests, made from plain text."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from schemas.records import RawPage
from schemas.urls import host_of, site_of, url_key

START = datetime(2026, 3, 2, 8, tzinfo=UTC)

_SUBJECTS = (
    "The council",
    "A harbour pilot",
    "Two engineers",
    "The museum",
    "Her deputy",
    "The ferry company",
    "A farmer",
    "The ministry",
    "An auditor",
    "The night crew",
    "A teacher",
    "The coast guard",
)
_VERBS = (
    "measured",
    "postponed",
    "repaired",
    "questioned",
    "counted",
    "described",
    "rejected",
    "rebuilt",
    "sold",
    "photographed",
    "inspected",
    "renamed",
)
_OBJECTS = (
    "the northern breakwater",
    "eleven wooden barges",
    "a disputed budget line",
    "the old signal tower",
    "forty tonnes of gravel",
    "the tidal gate",
    "a letter from the insurers",
    "the winter timetable",
    "three damaged cranes",
    "the customs shed",
    "a collection of maps",
    "the pumping station",
)
_TAILS = (
    "before the first snow fell",
    "while the harbour was closed",
    "at a price nobody had expected",
    "after a meeting that lasted until midnight",
    "without telling the neighbours",
    "for the second time this year",
    "as the tide turned",
    "with money from the regional fund",
    "despite a warning from the weather office",
    "in front of a small crowd",
    "because the contract had run out",
    "on the advice of a retired captain",
)


def story(seed: int, sentences: int = 24) -> list[str]:
    """Paragraphs of a made-up story; two seeds share no run of four words but by rare chance."""
    rng = random.Random(seed)
    lines = [
        f"{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)} number {rng.randint(100, 99999)} "
        f"{rng.choice(_TAILS)}, and {rng.randint(2, 900)} people from district {rng.randint(1, 99)} saw it happen."
        for _ in range(sentences)
    ]
    return [" ".join(lines[i : i + 3]) for i in range(0, sentences, 3)]


def html(
    paragraphs: list[str],
    *,
    title: str = "A headline about the harbour",
    published: datetime = START,
    head: str = "",
    tail: str = "",
) -> bytes:
    """An article page around the paragraphs."""
    body = "".join(f"<p>{p}</p>\n" for p in paragraphs)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"<meta property='og:type' content='article'>"
        f"<meta property='article:published_time' content='{published.isoformat()}'>{head}</head>"
        f"<body><header><nav><a href='/'>Home</a> <a href='/news'>News</a></nav></header>"
        f"<main><article><h1>{title}</h1>{body}{tail}</article></main>"
        f"<footer>All rights reserved.</footer></body></html>"
    ).encode()


def page(
    url: str,
    body: bytes,
    *,
    fetched_at: datetime = START + timedelta(hours=1),
    found_by: str = "feed",
    page_id: uuid.UUID | None = None,
) -> RawPage:
    """A page as a crawler publishes it."""
    return RawPage(
        page_id=page_id or uuid.uuid4(),
        url=url,
        final_url=url,
        url_key=url_key(url),
        host=host_of(url),
        site=site_of(url),
        fetched_at=fetched_at,
        status=200,
        headers={"content-type": "text/html; charset=utf-8"},
        declared_charset="utf-8",
        body=body,
        crawl_id="test",
        found_by=found_by,
    )
