"""Repeated lines of sites, learnt over real templates: how alike the copies of a story become as a site shows pages.

The pages of `sites/` are extracted, then learnt page by page of each site in a fixed random order, over real
Postgres. Pages that are taken for no article have no text to compare; they are counted as lost.
Compared are exact sets of word 4-shingles: of pages with the same story on different sites (which should be equal), and
of pages with different stories on one site (which should share nothing).

| dataset | what is compared |
|---|---|
| extracted | the stored text |
| story lines | without credits, share lines and related-story boxes |
| at arrival, 1-3 … 21-24 | as sketched when the page came as the site's 1st to 3rd … 21st to 24th |
| sketched again | after earlier articles were sketched again without lines that were learnt later |
"""

from __future__ import annotations

import json
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import psycopg

from infra.embedded import postgres_of
from infra.migrate import migrate
from tests.quality.credits import page_of
from tests.quality.rows import Row, digest_of
from workers.boilerplate.learn import SiteArticle, drop_site_lines
from workers.boilerplate.lines import read_lines, sketch_page
from workers.extract.page import extract_page

_STEPS: Final = ((1, 3), (4, 6), (7, 10), (11, 20), (21, 24))
_SEED: Final = 20261124
_SHINGLE_WORDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    site: str
    story: str
    url_key: str
    text: list[str]
    lines: list[str]
    truth: list[str]


def measure(data_dir: Path) -> list[Row]:
    files = [data_dir / "sites" / "index.jsonl", *(data_dir / "sites").glob("*.html.gz")]
    digest = digest_of(files)
    everything = list(_pages(data_dir))
    turns = _turns([page for page in everything if page.lines])
    lost = sum(not page.lines for page in everything)
    arrived: dict[str, list[str]] = {}
    with _database() as connection:
        began = time.monotonic()
        for batch in turns:
            arrived.update(_learn(connection, batch))
        seconds = time.monotonic() - began
        final = {key: lines for batch in turns for key, lines in _learn(connection, batch).items()}
    pages = [page for batch in turns for page in batch]
    rows = [
        _row("true bodies", pages, {p.url_key: p.truth for p in pages}, digest),
        _row("extracted", pages, {p.url_key: p.text for p in pages}, digest, lost=lost),
        _row("story lines", pages, {p.url_key: p.lines for p in pages}, digest),
    ]
    for first, last in _STEPS:
        some = [page for batch in turns[first - 1 : last] for page in batch]
        is_end = last == _STEPS[-1][1]
        rows.append(_row(f"at arrival, pages {first:02}-{last}", some, arrived, digest, is_pinned=is_end))
    rows.append(_row("sketched again", pages, final, digest, is_pinned=True, speed=len(pages) / seconds))
    return rows


def _pages(data_dir: Path) -> Iterator[_Page]:
    with (data_dir / "sites" / "index.jsonl").open(encoding="utf-8") as index:
        for line in index:
            entry = json.loads(line)
            page = page_of(data_dir / "sites" / entry["file"], entry["url"])
            found = extract_page(page)
            yield _Page(
                site=entry["site"],
                story=entry["story"],
                url_key=page.url_key,
                text=found.text.split("\n"),
                lines=[line.text for line in found.story_lines],
                truth=entry["body"].split("\n"),
            )


def _turns(pages: Sequence[_Page]) -> list[list[_Page]]:
    """The n-th page of every site as the n-th batch, in an order of its own for each site."""
    by_site: dict[str, list[_Page]] = defaultdict(list)
    for page in sorted(pages, key=lambda page: page.url_key):
        by_site[page.site].append(page)
    rng = random.Random(_SEED)
    for group in by_site.values():
        rng.shuffle(group)
    longest = max(map(len, by_site.values()))
    return [[group[turn] for group in by_site.values() if turn < len(group)] for turn in range(longest)]


@contextmanager
def _database() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with tempfile.TemporaryDirectory(prefix="wiretrace-quality-") as folder:
        server = postgres_of(Path(folder), is_durable=False)
        server.start()
        try:
            url = server.url("postgres")
            migrate(url)
            with psycopg.connect(url) as connection:
                yield connection
        finally:
            server.stop()


def _learn(connection: psycopg.Connection[tuple[Any, ...]], batch: Sequence[_Page]) -> dict[str, list[str]]:
    with connection.transaction(), connection.cursor() as cur:
        articles = [
            SiteArticle(
                site=page.site,
                url_key=page.url_key,
                lines=read_lines(page.lines),
                sketch=sketch_page(page.lines),
            )
            for page in batch
        ]
        kept = drop_site_lines(cur, articles)
    return {page.url_key: [line.text for line in lines] for page, lines in zip(batch, kept, strict=True)}


def _shingles(lines: Iterable[str]) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", " ".join(lines).casefold())
    return frozenset(
        tuple(words[i : i + _SHINGLE_WORDS]) for i in range(max(1, len(words) - _SHINGLE_WORDS + 1))
    )


def _jaccard(a: frozenset[Any], b: frozenset[Any]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


def _row(
    dataset: str,
    pages: Sequence[_Page],
    lines: dict[str, list[str]],
    digest: str,
    *,
    is_pinned: bool = False,
    speed: float | None = None,
    lost: int | None = None,
) -> Row:
    sets = {page.url_key: _shingles(lines[page.url_key]) for page in pages}
    same, other = [], []
    for a, b in combinations(pages, 2):
        if a.site == b.site:
            other.append(_jaccard(sets[a.url_key], sets[b.url_key]))
        elif a.story == b.story:
            same.append(_jaccard(sets[a.url_key], sets[b.url_key]))
    other.sort()
    figures = {
        "same: mean J": sum(same) / len(same),
        "J>=.8": sum(j >= 0.8 for j in same) / len(same),
        "J>=.5": sum(j >= 0.5 for j in same) / len(same),
        "other: p95": other[int(0.95 * len(other))] if other else 0.0,
        "max": other[-1] if other else 0.0,
        "pairs": float(len(same)),
    }
    if lost is not None:
        figures["pages lost"] = lost
    if speed is not None:
        figures["pages/s"] = speed
    return Row(
        section="boilerplate",
        system="wiretrace",
        dataset=dataset,
        figures=figures,
        pinned={"J>=.8": 0.005, "other: p95": 0.005} if is_pinned else {},
        lower_is_better=frozenset({"other: p95"}),
        digest=digest,
    )
