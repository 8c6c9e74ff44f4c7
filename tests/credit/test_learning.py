"""Lines that a site repeats are learnt and dropped; lines of its stories never are."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.credit.stories import BOILERPLATE, PROSE, page, story
from workers.boilerplate.learn import SiteArticle, drop_site_lines, stale_articles
from workers.boilerplate.lines import PROSE_NEEDS, SCRAP_NEEDS, read_lines, sketch_page

Connection = psycopg.Connection[tuple[Any, ...]]
SITE = "paper.test"
Batch = list[tuple[str, str, list[str]]]


@pytest.fixture
def db(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url) as connection:
        yield connection


def learn(db: Connection, *batches: Batch) -> list[list[str]]:
    kept: list[list[str]] = []
    for batch in batches:
        with db.transaction(), db.cursor() as cur:
            kept = [[line.text for line in lines] for lines in drop_site_lines(cur, read(batch))]
    return kept


def read(batch: Batch) -> list[SiteArticle]:
    return [
        SiteArticle(site=site, url_key=key, lines=read_lines(lines), sketch=sketch_page(lines))
        for site, key, lines in batch
    ]


def one(number: int, lines: list[str] | None = None, site: str = SITE) -> Batch:
    return [(site, f"{site}/{number}", lines if lines is not None else page(number))]


def snapshot(db: Connection) -> dict[str, Any]:
    """What is known, without the order in which it came and the clock."""
    with db.transaction(), db.cursor() as cur:
        lines = cur.execute(
            "select site, line_key, is_repeated, case when is_repeated then '{}' else page_keys end"
            " from core.site_lines join core.site_learning using (site_id) order by 1, 2"
        ).fetchall()
        pages = cur.execute(
            "select site, page_key, is_stale from core.site_pages join core.site_learning using (site_id) order by 1, 2"
        ).fetchall()
        counts = cur.execute("select site, pages from core.site_learning order by 1").fetchall()
    return {"lines": lines, "pages": pages, "counts": counts}


def test_scraps_that_stand_in_two_articles_are_dropped_and_the_stories_are_kept(db: Connection) -> None:
    for number in range(SCRAP_NEEDS - 1):
        assert learn(db, one(number)) == [page(number)]
    for number in range(SCRAP_NEEDS - 1, 8):
        assert learn(db, one(number)) == [story(number)]


def test_a_paragraph_of_prose_must_stand_in_more_articles(db: Connection) -> None:
    for number in range(PROSE_NEEDS - 1):
        assert learn(db, one(number, [*story(number), PROSE])) == [[*story(number), PROSE]]
    assert learn(db, one(99, [*story(99), PROSE])) == [story(99)]


def test_stories_on_one_matter_may_share_a_paragraph_of_background(db: Connection) -> None:
    background = story(500, 1)
    for number in range(3):
        kept = learn(db, one(number, [*story(number), *background]))
    assert kept == [[*story(2), *background]]


def test_a_batch_counts_whole_before_any_of_its_articles_is_cleaned(db: Connection) -> None:
    batch = [entry for number in range(5) for entry in one(number)]
    assert learn(db, batch) == [story(number) for number in range(5)]


def test_lines_of_one_site_say_nothing_of_another(db: Connection) -> None:
    learn(db, *[one(number) for number in range(6)])
    assert learn(db, one(7, site="other.test")) == [page(7)]


def test_numbers_and_case_do_not_make_a_line_another_one(db: Connection) -> None:
    for number, line in enumerate(("5 Mins Read", "12 mins read", "3 MINS READ.", "41 mins read")):
        kept = learn(db, one(number, [line, *story(number)]))
    assert kept == [story(3)]


@pytest.mark.parametrize("runs", [2, 3, 5, 20])
def test_a_story_that_the_site_runs_again_and_again_keeps_its_lines(db: Connection, runs: int) -> None:
    learn(db, *[one(number) for number in range(5)])
    for run in range(runs):
        kept = learn(db, one(100 + run, page(100)))
    assert kept == [story(100)]


def test_a_story_that_grows_by_updates_keeps_its_lines(db: Connection) -> None:
    learn(db, *[one(number) for number in range(5)])
    for version in range(8):
        kept = learn(db, one(100 + version, page(100, paragraphs=6 + version)))
    assert kept == [story(100, paragraphs=13)]


def test_a_story_that_is_rewritten_step_by_step_keeps_its_lines(db: Connection) -> None:
    learn(db, [entry for number in range(20) for entry in one(number)])
    quote = "“We are ready,” the mayor said."
    for version in range(6):
        lines = [*story(100, 20)[2 * version : 2 * version + 7], quote]
        kept = learn(db, one(100 + version, lines))
    assert kept == [lines]


def test_pages_that_are_mostly_the_site_s_own_text_are_told_apart(db: Connection) -> None:
    rules = story(900, 12)
    for number in range(8):
        kept = learn(db, one(number, [*rules, *story(number, 3)]))
    assert kept == [story(7, 3)]


def test_a_story_whose_paragraphs_are_edited_a_little_keeps_the_others(db: Connection) -> None:
    learn(db, *[one(number) for number in range(5)])
    for version in range(6):
        lines = page(100)
        for at in (1, 3):
            words = lines[at].split()
            words[4 + version] = f"edited{'abcdef'[version]}"
            lines[at] = " ".join(words)
        kept = learn(db, one(100 + version, lines))
    assert kept == [[line for line in lines if line not in BOILERPLATE]]


def test_a_story_run_often_before_anything_is_known_keeps_its_lines(db: Connection) -> None:
    for run in range(6):
        kept = learn(db, one(run, page(100)))
    assert kept == [page(100)]
    learn(db, *[one(number) for number in range(200, 205)])
    assert learn(db, one(0, page(100))) == [story(100)]


def test_an_article_that_is_seen_again_counts_once(db: Connection) -> None:
    for _ in range(6):
        assert learn(db, one(1)) == [page(1)]
    assert db.execute("select pages from core.site_learning").fetchone() == (1,)


def test_an_article_that_stands_twice_in_a_batch_counts_once(db: Connection) -> None:
    assert learn(db, [*one(1), *one(1)]) == [page(1), page(1)]
    assert db.execute("select pages from core.site_learning").fetchone() == (1,)


def test_a_batch_that_is_delivered_again_changes_nothing(db: Connection) -> None:
    batches = [[entry for n in range(at, at + 4) for entry in one(n)] for at in range(0, 12, 4)]
    learn(db, *batches)
    before = snapshot(db)
    kept = learn(db, *batches)
    assert snapshot(db) == before
    assert kept == [story(number) for number in range(8, 12)]


def test_a_rolled_back_batch_leaves_nothing_behind(db: Connection) -> None:
    learn(db, one(1))
    before = snapshot(db)
    with db.transaction(), db.cursor() as cur:
        drop_site_lines(cur, read(one(2)))
        raise psycopg.Rollback
    assert snapshot(db) == before


@pytest.mark.parametrize("seed", range(4))
def test_what_is_known_in_the_end_does_not_depend_on_the_order(
    db: Connection, database_url: str, seed: int
) -> None:
    articles = [entry for number in range(12) for entry in one(number)]
    articles += [(SITE, f"{SITE}/again{run}", page(100)) for run in range(4)]
    rng = random.Random(seed)
    rng.shuffle(articles)
    learn(db, *[articles[at : at + 3] for at in range(0, len(articles), 3)])
    repeated = db.execute("select count(*) from core.site_lines where is_repeated").fetchone()
    sets = db.execute(
        "select line_key, page_keys from core.site_lines where not is_repeated order by line_key"
    ).fetchall()
    assert repeated == (len(BOILERPLATE),)
    assert len(sets) == 13 * 6
    assert sorted(len(keys) for _, keys in sets) == [1] * 72 + [4] * 6


def store_article(db: Connection, site: str, key: str, lines: list[str]) -> None:
    with db.transaction():
        db.execute(
            "insert into core.articles (url_key, url, host, site, first_seen_at, last_seen_at, word_count, text, text_hash,"
            " extractor, page_id, crawl_id) values (%s, %s, %s, %s, now(), now(), 9, %s, '', 'test', gen_random_uuid(), 'c')",
            (key, f"https://{key}", site, site, "\n".join(lines)),
        )


def take_stale(db: Connection) -> dict[str, tuple[str, ...]]:
    with db.transaction(), db.cursor() as cur:
        taken = stale_articles(cur)
        cur.execute("select article_id, url_key from core.articles")
        keys = dict(cur.fetchall())
    return {str(keys[article.article_id]): tuple(line.text for line in article.lines) for article in taken}


def test_earlier_articles_are_handed_out_for_a_new_sketch_once_their_lines_are_learnt(db: Connection) -> None:
    for number in range(5):
        store_article(db, SITE, f"{SITE}/{number}", page(number))
        learn(db, one(number))
    assert take_stale(db) == {f"{SITE}/{number}": tuple(story(number)) for number in range(SCRAP_NEEDS - 1)}
    assert take_stale(db) == {}


def test_an_article_that_is_taken_is_not_handed_to_another_worker(db: Connection, database_url: str) -> None:
    for number in range(PROSE_NEEDS):
        store_article(db, SITE, f"{SITE}/{number}", [*story(number), PROSE])
        learn(db, one(number, [*story(number), PROSE]))
    with psycopg.connect(database_url) as other, db.transaction(), db.cursor() as cur:
        assert len(stale_articles(cur, 1)) == 1
        assert len(take_stale(other)) == PROSE_NEEDS - 2
    assert take_stale(db) == {}


def test_an_article_whose_worker_fails_is_handed_out_again(db: Connection) -> None:
    for number in range(5):
        store_article(db, SITE, f"{SITE}/{number}", page(number))
        learn(db, one(number))
    with db.transaction(), db.cursor() as cur:
        assert len(stale_articles(cur)) == SCRAP_NEEDS - 1
        raise psycopg.Rollback
    assert len(take_stale(db)) == SCRAP_NEEDS - 1


def test_a_line_that_no_article_had_for_long_is_forgotten(db: Connection) -> None:
    learn(db, *[one(number) for number in range(5)])
    db.execute("update core.site_lines set seen_at = now() - interval '60 days'")
    assert learn(db, one(50)) == [page(50)]


def test_lines_of_articles_that_are_no_longer_recent_are_forgotten(db: Connection) -> None:
    for at in range(0, 700, 50):
        learn(
            db,
            [
                (SITE, f"{SITE}/{n}", [BOILERPLATE[0], f"story {'i' * n} of its own"])
                for n in range(at, at + 50)
            ],
        )
    lines, pages = (
        db.execute(f"select count(*) from core.site_{what}").fetchone() for what in ("lines", "pages")
    )
    assert lines is not None and pages is not None
    assert 500 <= int(pages[0]) <= 610
    assert 500 <= int(lines[0]) <= 611
    assert learn(db, one(9999)) == [[*story(9999), BOILERPLATE[1]]]


def in_threads(count: int, work: Callable[[int], None]) -> list[BaseException]:
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def test_workers_that_learn_of_the_same_sites_at_once_neither_deadlock_nor_lose_a_line(
    db: Connection, database_url: str
) -> None:
    sites = ["a.test", "b.test", "c.test"]

    def work(number: int) -> None:
        rng = random.Random(number)
        with psycopg.connect(database_url) as connection:
            for turn in range(8):
                batch = [
                    (site, f"{site}/{number}/{turn}", page(1000 * number + 10 * turn + i))
                    for i, site in enumerate(sites)
                ]
                rng.shuffle(batch)
                learn(connection, batch)

    assert in_threads(4, work) == []
    assert db.execute("select site, pages from core.site_learning order by 1").fetchall() == [
        (s, 32) for s in sites
    ]
    repeated = db.execute("select count(*) from core.site_lines where is_repeated").fetchone()
    assert repeated == (len(sites) * len(BOILERPLATE),)


def test_many_articles_of_one_site_at_the_same_moment_are_all_counted(
    db: Connection, database_url: str
) -> None:
    barrier = threading.Barrier(SCRAP_NEEDS)

    def work(number: int) -> None:
        with psycopg.connect(database_url) as connection:
            barrier.wait(120)
            learn(connection, one(number))

    assert in_threads(SCRAP_NEEDS, work) == []
    repeated = db.execute("select count(*) from core.site_lines where is_repeated").fetchone()
    assert repeated == (len(BOILERPLATE),)
