"""The pipeline over a real Postgres and real extraction children."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from schemas.outcomes import Outcome
from schemas.records import CopyEvent, RawPage
from tests.workers.pages import START, html, page, story
from workers.chase import chase
from workers.database import Connection, connect
from workers.dedupe.store import Index
from workers.extract.pool import ExtractPool
from workers.pipeline import Pipeline
from workers.store import upsert_articles

TABLES = {
    "articles": "select url_key, url, site, title, text, version, is_alias, credit_agency, source_link_url from core.articles order by 1",
    "credits": "select a.url_key, c.kind, c.url, c.text from core.credits c join core.articles a using (article_id) order by 1, 2, 3, 4",
    "outcomes": "select page_id, outcome, reason from core.pages order by 1",
    "clusters": "select array_agg(url order by url), array_agg(relation order by url) from wiretrace.cluster_members group by cluster_id order by 1",
    "matches": "select least(url_a, url_b), greatest(url_a, url_b), jaccard from wiretrace.matches order by 1, 2",
}


class Line:
    """A pipeline with what it announced."""

    def __init__(self, db: Connection, pool: ExtractPool, **options: Any) -> None:
        self.sent: list[CopyEvent] = []
        self.pipeline = Pipeline(db, pool, self.sent.extend, Index(), **options)

    def outcomes(self, pages: Sequence[RawPage], **options: Any) -> list[Outcome]:
        endings = self.pipeline.work(pages, **options)
        return [endings[page.page_id].outcome for page in pages]


def snapshot(db: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {name: db.execute(query.encode()).fetchall() for name, query in TABLES.items()}


def copies(count: int, *, seed: int = 1) -> list[RawPage]:
    return [
        page(f"https://paper{i}.example/story-{i}", html(story(seed), published=START + timedelta(hours=i)))
        for i in range(count)
    ]


def test_copies_on_three_sites_become_one_cluster_with_the_first_as_origin(
    db: Connection, pool: ExtractPool
) -> None:
    pages = [*copies(3), page("https://paper7.example/other", html(story(2)))]
    assert Line(db, pool).outcomes(pages) == [Outcome.ARTICLE] * 4
    members = db.execute(
        "select site, relation, lag, jaccard from wiretrace.cluster_members order by published_at"
    ).fetchall()
    assert [(m[0], m[1]) for m in members] == [
        ("paper0.example", "origin"),
        ("paper1.example", "verbatim"),
        ("paper2.example", "verbatim"),
    ]
    assert [m[2] for m in members] == [timedelta(0), timedelta(hours=1), timedelta(hours=2)]
    alone = db.execute("select cluster_id from wiretrace.articles where site = 'paper7.example'").fetchone()
    assert alone == (None,)


def test_a_batch_that_is_delivered_again_changes_nothing_and_says_the_same(
    db: Connection, pool: ExtractPool
) -> None:
    pages = [
        *copies(2),
        page("https://paper0.example/a.pdf", b"%PDF-1.7 ..."),
        page("https://paper0.example/e", b""),
    ]
    first = Line(db, pool)
    outcomes = first.outcomes(pages)
    assert outcomes == [Outcome.ARTICLE, Outcome.ARTICLE, Outcome.NOT_HTML, Outcome.EMPTY]
    before = snapshot(db)
    second = Line(db, pool)
    assert second.outcomes(pages) == outcomes
    assert snapshot(db) == before
    assert len(first.sent) == 1
    assert second.sent == []


@pytest.mark.parametrize("crash_after", range(4))
def test_a_crash_between_any_two_steps_leaves_the_tables_of_an_undisturbed_run(
    db: Connection, pool: ExtractPool, crash_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [*copies(3), page("https://paper0.example/e", b"")]
    line = Line(db, pool)
    steps = ["_sketch", "resolve", "announce", "mark_sent"]
    owner: Any = line.pipeline if crash_after == 0 else line.pipeline._index
    with monkeypatch.context() as patch:
        if steps[crash_after] == "announce":
            patch.setattr(line.pipeline, "_announce", _crash)
        else:
            patch.setattr(owner, steps[crash_after], _crash)
        with pytest.raises(RuntimeError, match="killed"):
            line.pipeline.work(pages)
    line.outcomes(pages)
    disturbed = snapshot(db)
    db.execute(
        "truncate core.pages, core.articles, core.credits, core.memberships, core.clusters, core.matches, core.sketches, "
        "core.article_versions cascade"
    )
    Line(db, pool).outcomes(pages)
    assert snapshot(db) == disturbed
    assert {e.event_key.count(":") for e in line.sent} == {3}
    assert len({(e.url_a, e.url_b) for e in line.sent}) == 3


def _crash(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("killed")


def test_an_older_page_of_an_article_that_comes_later_does_not_hide_it_from_copies(
    db: Connection, pool: ExtractPool
) -> None:
    line = Line(db, pool)
    first, second = copies(2)
    line.outcomes([first])
    older = page(first.url, html(story(8)), fetched_at=first.fetched_at - timedelta(days=20))
    assert line.outcomes([older]) == [Outcome.UNCHANGED]
    line.outcomes([second])
    assert db.execute("select count(*) from wiretrace.cluster_members").fetchone() == (2,)
    assert db.execute(
        "select count(*) from core.sketches s join core.articles a using (article_id, first_seen_at)"
    ).fetchone() == (2,)


def test_a_changed_text_is_a_new_version_and_leaves_its_old_cluster(
    db: Connection, pool: ExtractPool
) -> None:
    line = Line(db, pool)
    line.outcomes(copies(2))
    later = page("https://paper1.example/story-1", html(story(9)), fetched_at=START + timedelta(days=1))
    assert line.outcomes([later]) == [Outcome.UPDATED]
    assert db.execute("select count(*) from wiretrace.cluster_members").fetchone() == (0,)
    version, text = _one(db, "select version, text from core.articles where site = 'paper1.example'")
    assert (version, text.endswith("\n".join(story(9)))) == (2, True)
    version, text = _one(db, "select version, text from core.article_versions")
    assert (version, text.endswith("\n".join(story(1)))) == (1, True)


def _one(db: Connection, query: str) -> tuple[Any, ...]:
    (row,) = db.execute(query.encode()).fetchall()
    return row


def test_the_same_text_under_new_facts_is_no_new_version_and_its_story_follows(
    db: Connection, pool: ExtractPool
) -> None:
    line = Line(db, pool)
    first, second = copies(2)
    line.outcomes([first, second])
    assert _one(db, "select origin_url, origin_agency from wiretrace.clusters") == (first.url, None)
    source = "https://agency.example/world/the-story-itself"
    added = html(
        story(1),
        title="Another headline",
        published=START - timedelta(days=1),
        head="<meta name='author' content='Reuters'>",
        tail=f"<p><a href='{source}'>Source link</a></p>",
    )
    later = page(second.url, added, fetched_at=START + timedelta(days=1))
    assert line.outcomes([later]) == [Outcome.UNCHANGED]
    facts = "select title, credit_agency, source_link_url, published_at, version from core.articles where url = %s"
    stored = ("Another headline", "reuters", source, START - timedelta(days=1), 1)
    assert db.execute(facts.encode(), (second.url,)).fetchall() == [stored]
    kinds = (
        "select kind from core.credits join core.articles a using (article_id) where a.url = %s order by 1"
    )
    assert [row[0] for row in db.execute(kinds.encode(), (second.url,)).fetchall()] == [
        "author_agency",
        "source_link",
    ]
    assert _one(db, "select origin_agency from wiretrace.clusters") == ("reuters",)
    assert db.execute("select count(*) from core.article_versions").fetchone() == (0,)
    before = snapshot(db)
    # Neither the first page, delivered once more, nor one between the two brings the old facts back.
    db.execute("update core.pages set outcome = null, worked_at = null where page_id = %s", (second.page_id,))
    between = page(second.url, second.body, fetched_at=START + timedelta(hours=6))
    assert line.outcomes([second, between]) == [Outcome.ARTICLE, Outcome.UNCHANGED]
    assert line.outcomes([later]) == [Outcome.UNCHANGED]
    after = snapshot(db)
    after["outcomes"] = before["outcomes"]
    assert after == before


@pytest.mark.parametrize("later_text", [3, 4])
def test_a_date_gives_way_to_one_as_certain_and_not_to_none(
    db: Connection, pool: ExtractPool, later_text: int
) -> None:
    line, url = Line(db, pool), "https://paper0.example/story-x"
    dated = html(story(3))
    undated, later = (
        re.sub(rb"<meta property='article:published_time'[^>]*>", b"", html(story(seed)))
        for seed in (3, later_text)
    )
    moved = html(story(3), published=START - timedelta(hours=3))
    published = []
    for hours, body in enumerate((undated, dated, later, moved), 1):
        line.outcomes([page(url, body, fetched_at=START + timedelta(hours=hours))])
        published.append(_one(db, "select published_at from core.articles")[0])
    assert published == [None, START, START, START - timedelta(hours=3)]


def test_the_page_at_its_own_address_takes_over_an_alias_that_has_its_text(
    db: Connection, pool: ExtractPool
) -> None:
    alias, own = _alias_and_own(0.1, 0.2)
    own = page(own.url, alias.body, fetched_at=own.fetched_at)
    line = Line(db, pool)
    assert line.outcomes([alias]) == [Outcome.ARTICLE]
    assert line.outcomes([own]) == [Outcome.UNCHANGED]
    assert _one(db, "select url, is_alias, version from core.articles") == (own.url, False, 1)


def test_an_older_fetch_that_arrives_late_does_not_put_its_text_over_a_newer_one(
    db: Connection, pool: ExtractPool
) -> None:
    url = "https://paper0.example/story-x"
    new = page(url, html(story(3)), fetched_at=START + timedelta(days=2))
    old = page(url, html(story(4)), fetched_at=START)
    line = Line(db, pool)
    assert line.outcomes([new]) == [Outcome.ARTICLE]
    assert line.outcomes([old]) == [Outcome.UNCHANGED]
    text, *seen = _one(db, "select text, first_seen_at, last_seen_at from core.articles")
    assert text.endswith("\n".join(story(3)))
    assert seen == [START, START + timedelta(days=2)]


def test_pages_of_one_article_in_one_batch_are_worked_one_after_the_other(
    db: Connection, pool: ExtractPool
) -> None:
    url = "https://paper0.example/story-x"
    pages = [
        page(url, html(story(3 + hour // 2)), fetched_at=START + timedelta(hours=hour)) for hour in range(4)
    ]
    assert Line(db, pool).outcomes(pages) == [
        Outcome.ARTICLE,
        Outcome.UNCHANGED,
        Outcome.UPDATED,
        Outcome.UNCHANGED,
    ]


def test_two_workers_that_store_the_same_articles_do_not_wait_for_each_other(
    database_url: str, pool: ExtractPool
) -> None:
    """Of two articles the one has a new text for the first worker, the other for the second."""
    turns = 30
    barrier = threading.Barrier(2, timeout=60)
    url = "https://paper0.example/story-{}".format
    bodies = [html(story(20 + turn)) for turn in range(turns)]
    pages = [
        [
            page(url(n), bodies[turn if n == side else 0], fetched_at=START + timedelta(hours=turn))
            for n in range(2)
        ]
        for turn in range(turns)
        for side in range(2)
    ]
    found = dict(zip(bodies, pool.extract_many([page(url(9), body) for body in bodies]), strict=True))

    def run(side: int) -> None:
        with connect(database_url) as connection:
            for batch in pages[side::2]:
                barrier.wait()
                with connection.transaction(), connection.cursor() as cur:
                    upsert_articles(cur, [(one, found[one.body]) for one in batch])

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(run, side) for side in range(2)]:
            done.result()


def test_an_alias_and_its_canonical_page_are_one_article_in_either_order(
    db: Connection, pool: ExtractPool
) -> None:
    link = "<link rel='canonical' href='https://www.harbourpost.com/news/story-1234567'>"
    own = page("https://www.harbourpost.com/news/story-1234567", html(story(5)))
    amp = page("https://amp.harbourpost.com/story-1234567", html(story(5)[:-1], head=link))
    for turn in ([own, amp], [amp, own]):
        line = Line(db, pool)
        for one in turn:
            line.outcomes([one])
        rows = db.execute("select url, is_alias, text from core.articles").fetchall()
        assert [row[:2] for row in rows] == [(own.final_url, False)]
        assert rows[0][2].endswith("\n".join(story(5)))
        db.execute("truncate core.pages, core.articles cascade")


def _alias_and_own(alias_days: float, own_days: float) -> tuple[RawPage, RawPage]:
    """A page that names another URL as its own, and the page at that URL, which has another text."""
    link = "<link rel='canonical' href='https://www.harbourpost.com/news/story-1234567'>"
    alias, own = html(story(5), head=link), html(story(5)[:5] + story(6)[:3])
    return (
        page(
            "https://amp.harbourpost.com/story-1234567", alias, fetched_at=START + timedelta(days=alias_days)
        ),
        page(
            "https://www.harbourpost.com/news/story-1234567", own, fetched_at=START + timedelta(days=own_days)
        ),
    )


SKETCHES = "select version, first_seen_at from core.sketches"


@pytest.mark.parametrize("days", [(0.2, 0.1), (16, 12)], ids=["same partition", "two partitions"])
def test_a_page_that_takes_an_article_over_from_an_alias_fetched_later_leaves_one_sketch(
    db: Connection, pool: ExtractPool, days: tuple[float, float]
) -> None:
    alias, own = _alias_and_own(*days)
    line = Line(db, pool)
    assert line.outcomes([alias]) == [Outcome.ARTICLE]
    assert line.outcomes([own]) == [Outcome.UPDATED]
    assert db.execute(SKETCHES.encode()).fetchall() == [(2, own.fetched_at)]
    again = page(own.url, own.body, fetched_at=alias.fetched_at + timedelta(days=1))
    assert line.outcomes([again]) == [Outcome.UNCHANGED]
    assert db.execute(SKETCHES.encode()).fetchall() == [(2, own.fetched_at)]
    Line(db, pool).outcomes([page("https://copy.example/story", own.body, fetched_at=alias.fetched_at)])
    assert db.execute("select jaccard, version_a from wiretrace.matches").fetchall() == [(1.0, 2)]


def test_nul_characters_and_lone_surrogates_never_reach_the_tables(db: Connection, pool: ExtractPool) -> None:
    lines = story(6)
    lines[0] = lines[0].replace("people", "peo\x00ple &#xD800; &#0;", 1)
    body = html(lines, title="A title&#0; with \x00 NUL &#xDFFF;")
    assert Line(db, pool).outcomes([page("https://paper0.example/nul", body)]) == [Outcome.ARTICLE]
    title, text = db.execute("select title, text from core.articles").fetchone() or ("", "")
    assert "title" in title
    assert "saw it happen" in text
    assert not any(c == "\x00" or 0xD800 <= ord(c) <= 0xDFFF for c in title + text)


def test_a_source_link_is_offered_to_the_frontier_once_and_a_known_article_is_not(
    db: Connection, pool: ExtractPool
) -> None:
    link = "<p><a href='https://wire.example/world/a-story-of-the-harbour'>Source link</a></p>"
    line = Line(db, pool, chase_delay_s=5.0)
    line.outcomes([page("https://blog.example/x-story", html(story(7), tail=link))])
    line.outcomes([page("https://blog2.example/y-story", html(story(7), tail=link))])
    rows = db.execute("select url, kind, found_by, found_on from core.urls where kind = 'article'").fetchall()
    assert rows == [
        (
            "https://wire.example/world/a-story-of-the-harbour",
            "article",
            "source_link",
            "https://blog.example/x-story",
        )
    ]
    line.outcomes([page("https://other.example/known-story", html(story(8)))])
    tail = "<p><a href='https://other.example/known-story'>Source link</a></p>"
    line.outcomes([page("https://blog.example/z-story", html(story(8), tail=tail))])
    assert db.execute("select count(*) from core.urls where kind = 'article'").fetchone() == (1,)


def test_no_more_pages_of_a_site_are_chased_within_a_day_than_its_budget(db: Connection) -> None:
    def leads(site: str, first: int, count: int) -> list[tuple[str, str, str]]:
        numbers = range(first, first + count)
        return [(f"https://{site}/story-{n}", "source_link", "https://blog.example/x") for n in numbers]

    with db.cursor() as cur:
        assert (
            chase(cur, [*leads("wire.example", 0, 5), *leads("b.example", 0, 1)], delay_s=5, daily_budget=3)
            == 4
        )
        assert chase(cur, leads("wire.example", 5, 2), delay_s=5, daily_budget=3) == 0
        cur.execute("update core.urls set offered_at = offered_at - interval '25 hours'")
        assert chase(cur, leads("wire.example", 7, 2), delay_s=5, daily_budget=3) == 2
    rows = db.execute("select site, count(*) from core.urls where kind = 'article' group by 1").fetchall()
    assert dict(rows) == {"wire.example": 5, "b.example": 1}


def test_a_page_worked_again_keeps_its_outcome_and_follows_its_new_text(
    db: Connection, pool: ExtractPool
) -> None:
    line = Line(db, pool)
    pages = copies(2)
    line.outcomes(pages)
    before = snapshot(db)
    line.outcomes(pages, is_rework=True)
    assert snapshot(db) == before


def test_the_database_refuses_an_outcome_outside_the_closed_set(db: Connection) -> None:
    names = {outcome.value for outcome in Outcome}
    constraint = db.execute(
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'core.pages'::regclass and contype = 'c' "
        "and pg_get_constraintdef(oid) like '%dead_letter%'"
    ).fetchone()
    assert constraint is not None
    assert all(f"'{name}'" in constraint[0] for name in names)
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute(
            "insert into core.pages (page_id, url_key, url, site, crawl_id, found_by, fetched_at, outcome, worked_at) "
            "values (gen_random_uuid(), 'k', 'u', 's', 'c', 'feed', now(), 'lost', now())"
        )


def test_articles_that_came_before_a_line_was_known_as_repeated_are_sketched_anew(
    db: Connection, pool: ExtractPool
) -> None:
    notice = [
        "Readers of this paper can support the newsroom with a small monthly gift that pays for reporting from the "
        "harbour, the council and the courts, and can cancel at any moment without giving a reason to anybody.",
        "The editors answer letters on every weekday between nine and noon, and print a choice of them each Saturday "
        "in a column of their own beside the crossword and the tide tables for the coming week.",
    ]
    line = Line(db, pool)
    line.outcomes([page("https://clean.example/story", html(story(30)))])
    line.outcomes([page("https://noisy.example/story-0", html(story(30) + notice))])
    before = _one(db, "select jaccard from wiretrace.matches")[0]
    for seed in range(31, 37):
        line.outcomes([page(f"https://noisy.example/story-{seed}", html(story(seed) + notice))])
    assert before < 0.9
    assert _one(db, "select jaccard from wiretrace.matches")[0] > 0.98
    assert line.pipeline.refresh() == 0
    assert db.execute("select count(*) from core.site_pages where is_stale").fetchone() == (0,)
