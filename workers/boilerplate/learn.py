"""Learning the lines that a site repeats, in Postgres, while its articles come in; the one place here with SQL.

What is stored is sets: which articles of a site had a line. Seeing an article again adds nothing to a set, so a
batch that is delivered twice counts once, and what is known in the end does not depend on the order in which
articles came, but for two things: lines are kept for the site's recent articles only, and of a story that a site ran
more than `_MAX_PAGES_PER_LINE` times the newest runs stand for it.

1. The sites of the batch are locked, in the order of their names; two workers learn of one site in turns.
2. What is known of the lines, and the earlier articles that had them, are read.
3. A line that stands in enough articles (`stories_needed`), near copies counted once, is a repeated line.
4. Lines and articles are written, in the order of their keys.
5. Earlier articles that have a line which is now known as repeated are marked as stale: `stale_articles` hands them
   out, without those lines, to be sketched anew. Until then their sketches are as they were.

The locks last until the caller's transaction ends, so it should be short.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import psycopg

from schemas.sql import sql
from workers.boilerplate.lines import (
    PageSketch,
    StoryLine,
    common_shingles,
    group_stories,
    page_key,
    read_lines,
    stories_needed,
)
from workers.boilerplate.text import story_lines
from workers.credit.model import Credit

__all__ = ["SiteArticle", "StaleArticle", "drop_site_lines", "stale_articles"]

Cursor = psycopg.Cursor[tuple[Any, ...]]

RECENT_PAGES: Final = 500
"""Articles of a site that are looked back on; lines that only older ones had are forgotten."""
COMMON_OVER_PAGES: Final = 24
"""Recent articles of a site over which common text is told from a story's own."""
MAX_AGE_DAYS: Final = 45
"""A line that no article had for so long is forgotten, also a repeated one."""
_PRUNE_EVERY: Final = 100
_MAX_PAGES_PER_LINE: Final = 16
"""Articles remembered for one line: a story that a site runs more often than this does not grow the row."""


@dataclass(slots=True)
class _Line:
    page_keys: set[int]
    is_repeated: bool = False
    is_changed: bool = False
    touched_by: int = 0


@dataclass(slots=True)
class _Site:
    site_id: int
    pages: int
    pruned_at: int
    lines: dict[int, _Line] = field(default_factory=dict)
    known: dict[int, PageSketch] = field(default_factory=dict)
    ordinals: dict[int, int] = field(default_factory=dict)
    near: dict[tuple[int, int], bool] = field(default_factory=dict)
    common: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteArticle:
    """An article to learn from.

    Attributes:
        lines: of its story.
        sketch: of these lines.
    """

    site: str
    url_key: str
    lines: Sequence[StoryLine]
    sketch: PageSketch

    @property
    def key(self) -> int:
        """Within its site."""
        return page_key(self.url_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleArticle:
    """An article whose sketch still has lines that were learnt after it was made; `lines` are those to sketch."""

    article_id: int
    version: int
    site: str
    first_seen_at: datetime
    lines: tuple[StoryLine, ...]


def drop_site_lines(cur: Cursor, articles: Sequence[SiteArticle]) -> list[list[StoryLine]]:
    """Learns the lines of a batch of articles and returns each article's lines without those that its site repeats.

    All articles of the batch count before any is cleaned. Nothing of a story is dropped because the site ran it twice
    or updated it: near copies count as one.

    Args:
        cur: a cursor inside the caller's transaction, which must hold no lock on these tables yet.
        articles: of which each URL key stands once.

    Returns:
        The lines kept, in the order given.

    Raises:
        psycopg.Error: the database failed; nothing was learnt once the transaction is rolled back.
    """
    if not articles:
        return []
    sites = _lock_sites(cur, articles)
    _read(cur, sites, articles)
    stale: set[tuple[int, int]] = set()
    for article in articles:
        _observe(sites[article.site], article)
    _read_common(cur, sites, articles)
    for article in articles:
        stale |= _judge(sites[article.site], article)
    stale -= {(sites[article.site].site_id, article.key) for article in articles}
    _write(cur, sites, articles, stale)
    return [_kept(sites[article.site], article) for article in articles]


def stale_articles(cur: Cursor, limit: int = 64) -> list[StaleArticle]:
    """Takes articles whose sketches are to be made anew, and counts them as done in the caller's transaction.

    Articles that another worker has taken are passed over. Call it until it returns nothing, each time sketching
    what it returns in the same transaction.
    """
    cur.execute(sql("boilerplate/take_stale"), {"limit": limit})
    rows = cur.fetchall()
    wanted = [read_lines(story_lines(row[5], [Credit(**credit) for credit in row[6]])) for row in rows]
    pairs = sorted(
        {
            (row[0], line.key)
            for row, lines in zip(rows, wanted, strict=True)
            for line in lines
            if line.key is not None
        }
    )
    repeated = {pair for pair, line in _read_lines(cur, pairs) if line.is_repeated}
    return [
        StaleArticle(
            article_id=row[1],
            version=row[2],
            site=row[3],
            first_seen_at=row[4],
            lines=tuple(line for line in lines if (row[0], line.key) not in repeated),
        )
        for row, lines in zip(rows, wanted, strict=True)
    ]


def _lock_sites(cur: Cursor, articles: Sequence[SiteArticle]) -> dict[str, _Site]:
    cur.execute(sql("boilerplate/lock_sites"), {"sites": sorted({article.site for article in articles})})
    return {
        site: _Site(site_id=site_id, pages=pages, pruned_at=pruned_at)
        for site_id, site, pages, pruned_at in cur.fetchall()
    }


def _read_lines(cur: Cursor, pairs: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], _Line]]:
    if not pairs:
        return []
    cur.execute(
        sql("boilerplate/read_lines"),
        {
            "site_ids": [site_id for site_id, _ in pairs],
            "line_keys": [key for _, key in pairs],
            "max_age_days": MAX_AGE_DAYS,
        },
    )
    return [
        ((site_id, key), _Line(set(pages), is_repeated, is_changed=is_old))
        for site_id, key, pages, is_repeated, is_old in cur.fetchall()
    ]


def _read(cur: Cursor, sites: dict[str, _Site], articles: Sequence[SiteArticle]) -> None:
    by_id = {site.site_id: site for site in sites.values()}
    pairs = {(sites[a.site].site_id, key) for a in articles for key in _keys(a)}
    for (site_id, key), line in _read_lines(cur, sorted(pairs)):
        by_id[site_id].lines[key] = line
    wanted = {(sites[a.site].site_id, a.key) for a in articles}
    for site in by_id.values():
        for line in site.lines.values():
            if not line.is_repeated:
                wanted |= {(site.site_id, page) for page in line.page_keys}
    ordered = sorted(wanted)
    cur.execute(
        sql("boilerplate/read_pages"),
        {"site_ids": [site_id for site_id, _ in ordered], "page_keys": [key for _, key in ordered]},
    )
    for site_id, key, shingles, size, ordinal in cur.fetchall():
        by_id[site_id].known[key] = PageSketch(shingles=tuple(shingles), size=size)
        by_id[site_id].ordinals[key] = ordinal


def _read_common(cur: Cursor, sites: dict[str, _Site], articles: Sequence[SiteArticle]) -> None:
    """Reads what is common on the recent pages of those sites that have a line to judge."""
    wanted = {
        sites[article.site].site_id: sites[article.site]
        for article in articles
        if any(_is_open(sites[article.site], line) for line in article.lines)
    }
    if not wanted:
        return
    ordered = sorted(wanted.values(), key=lambda site: site.site_id)
    cur.execute(
        sql("boilerplate/recent_pages"),
        {
            "site_ids": [site.site_id for site in ordered],
            "after": [site.pages - COMMON_OVER_PAGES for site in ordered],
        },
    )
    recent: dict[int, dict[int, PageSketch]] = {site_id: {} for site_id in wanted}
    for site_id, page, shingles, size in cur.fetchall():
        recent[site_id][page] = PageSketch(shingles=tuple(shingles), size=size)
    for article in articles:
        site = sites[article.site]
        if site.site_id in recent:
            recent[site.site_id][article.key] = site.known[article.key]
    for site_id, pages in recent.items():
        wanted[site_id].common = common_shingles(pages.values())


def _keys(article: SiteArticle) -> set[int]:
    return {line.key for line in article.lines if line.key is not None}


def _is_open(site: _Site, story_line: StoryLine) -> bool:
    """Whether a line stands in enough articles to be judged."""
    line = site.lines.get(story_line.key) if story_line.key is not None else None
    return (
        line is not None and not line.is_repeated and len(line.page_keys) >= stories_needed(story_line.text)
    )


def _observe(site: _Site, article: SiteArticle) -> None:
    """Adds one article to the sets of its lines."""
    if article.key not in site.ordinals:
        site.pages += 1
        site.ordinals[article.key] = site.pages
    site.known[article.key] = article.sketch
    for key in _keys(article):
        line = site.lines.get(key)
        if line is None:
            line = site.lines[key] = _Line(set(), is_changed=True)
        if not line.is_repeated and article.key not in line.page_keys:
            line.page_keys.add(article.key)
            line.is_changed = True
        line.touched_by = max(line.touched_by, site.ordinals[article.key])


def _judge(site: _Site, article: SiteArticle) -> set[tuple[int, int]]:
    """Marks the lines of an article that are repeated by now; returns the articles that still carry them."""
    stale: set[tuple[int, int]] = set()
    for story_line in article.lines:
        if story_line.key is None or not _is_open(site, story_line):
            continue
        line, needed = site.lines[story_line.key], stories_needed(story_line.text)
        stories = group_stories(line.page_keys, site.known, site.common, site.near)
        if len(stories) >= needed:
            stale |= {(site.site_id, page) for page in line.page_keys}
            line.is_repeated = True
            line.page_keys = {story[0] for story in stories[:needed]}
            line.is_changed = True
        elif len(line.page_keys) > _MAX_PAGES_PER_LINE:
            newest = sorted(line.page_keys, key=lambda page: site.ordinals.get(page, 0))[
                -_MAX_PAGES_PER_LINE:
            ]
            line.page_keys = {
                *newest,
                *(max(story, key=lambda page: site.ordinals.get(page, 0)) for story in stories),
            }
    return stale


def _kept(site: _Site, article: SiteArticle) -> list[StoryLine]:
    return [line for line in article.lines if line.key is None or not site.lines[line.key].is_repeated]


def _write(
    cur: Cursor, sites: dict[str, _Site], articles: Sequence[SiteArticle], stale: Iterable[tuple[int, int]]
) -> None:
    pages = {
        (sites[a.site].site_id, a.key): {
            "site_id": sites[a.site].site_id,
            "page_key": a.key,
            "url_key": a.url_key,
            "ordinal": sites[a.site].ordinals[a.key],
            "shingles": a.sketch.shingles,
            "size": a.sketch.size,
        }
        for a in articles
    }
    lines = [
        {
            "site_id": site.site_id,
            "line_key": key,
            "page_keys": sorted(line.page_keys),
            "is_repeated": line.is_repeated,
            "ordinal": line.touched_by,
        }
        for site in sites.values()
        for key, line in site.lines.items()
        if line.is_changed
    ]
    cur.execute(sql("boilerplate/write_pages"), {"pages": json.dumps(list(pages.values()))})
    if lines:
        cur.execute(sql("boilerplate/write_lines"), {"lines": json.dumps(lines)})
    ordered = sorted(stale)
    if ordered:
        cur.execute(
            sql("boilerplate/mark_stale"),
            {"site_ids": [site_id for site_id, _ in ordered], "page_keys": [key for _, key in ordered]},
        )
    _prune(cur, sites.values())


def _prune(cur: Cursor, sites: Iterable[_Site]) -> None:
    """Moves the sites' counters, and now and then forgets what is no longer recent."""
    for site in sites:
        if site.pages - site.pruned_at >= _PRUNE_EVERY:
            site.pruned_at = site.pages
            oldest = {
                "site_id": site.site_id,
                "oldest": site.pages - RECENT_PAGES,
                "max_age_days": MAX_AGE_DAYS,
            }
            cur.execute(sql("boilerplate/prune_lines"), oldest)
            cur.execute(sql("boilerplate/prune_pages"), oldest)
    moved = sorted(sites, key=lambda site: site.site_id)
    cur.execute(
        sql("boilerplate/count_pages"),
        {
            "site_ids": [site.site_id for site in moved],
            "pages": [site.pages for site in moved],
            "pruned_at": [site.pruned_at for site in moved],
        },
    )
