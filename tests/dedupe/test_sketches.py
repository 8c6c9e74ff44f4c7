"""Sketches in Postgres: one of each article, their partitions, and the scheme by which they were made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from infra.cli.app import run
from schemas.sql import migrations_dir, sql
from tests.dedupe.written import T0, article, stories, tables, work
from workers.dedupe.planted import planted_corpus
from workers.dedupe.planted_store import store_planted
from workers.dedupe.planted_writer import Writer
from workers.dedupe.sketch import SCHEME
from workers.dedupe.store import Index, SchemeMismatch


def test_a_sketch_of_a_text_that_was_replaced_meanwhile_is_not_written(
    connection: Any, writer: Writer
) -> None:
    """What is sketched anew was read before the article's row is locked: its text or its time may have moved."""
    old, new = article("a", writer.story(200)), article("a", writer.story(200))
    with connection.transaction(), connection.cursor() as cur:
        late = store_planted(cur, [old])
    work(connection, [new], version=2)
    seen_at = T0 - timedelta(days=40)
    connection.execute("update core.articles set first_seen_at = %s", (seen_at,))
    index = Index()
    index.prepare(connection)
    with connection.transaction(), connection.cursor() as cur:
        index.add(cur, late)
    held = "select version, first_seen_at from core.sketches"
    assert connection.execute(held).fetchall() == [(2, new.first_seen_at)]
    with connection.transaction(), connection.cursor() as cur:
        index.add(cur, [replace(late[0], version=2)])
    assert connection.execute(held).fetchall() == [(2, seen_at)]


@pytest.mark.parametrize("function", ["delete_sketches", "follow_articles"])
def test_sketches_of_an_article_are_found_by_the_index_in_every_partition(
    connection: Any, function: str
) -> None:
    """A young partition has no statistics: the planner would read all of it for a few articles."""
    (article_id, *_) = work(connection, planted_corpus(80, seed=5, languages=("en",)))
    read = (
        "select sum(seq_scan), sum(idx_scan) from pg_stat_xact_user_tables where relname like 'sketches_2%'"
    )
    with connection.transaction():
        before = connection.execute(read).fetchone()
        connection.execute(f"select core.{function}(%s)", ([article_id],))
        after = connection.execute(read).fetchone()
    partitions = connection.execute(
        "select count(*) from pg_class where relname like 'sketches_2_______'"
    ).fetchone()
    assert after[0] == before[0]
    assert after[1] == before[1] + partitions[0]


def test_sketches_left_over_by_earlier_versions_are_taken_away_by_the_migration(
    empty_database_url: str,
) -> None:
    migrations = sorted(migrations_dir().glob("*.sql"))
    (at,) = [i for i, path in enumerate(migrations) if path.stem.startswith("0006")]
    with psycopg.connect(empty_database_url, autocommit=True) as conn:
        for path in migrations[:at]:
            conn.execute(path.read_bytes())
        conn.execute(
            """insert into core.articles (url_key, url, host, site, first_seen_at, last_seen_at, word_count, text,
                                          text_hash, version, extractor, page_id, crawl_id)
               select 'k' || n, 'u', 'h', 's', '2026-11-02', '2026-11-20', 1, '', '', 2, 'e', gen_random_uuid(), 'c'
                 from generate_series(1, 5) n"""
        )
        conn.execute("insert into core.sketch_schemes values (2, '', 1, 1, '', '', '', 1, 1, '')")
        conn.execute(
            "select core.ensure_sketch_partition(day) from unnest(%s::timestamptz[]) day",
            ([T0, T0 + timedelta(days=30)],),
        )
        rows = [
            # As it should be; with one left over elsewhere, beside it, and both; at a wrong time; of no article.
            (1, "2026-11-02", 2),
            (2, "2026-11-02", 2), (2, "2026-12-01", 1),
            (3, "2026-11-02", 2), (3, "2026-11-02", 1), (3, "2026-11-03", 2),
            (4, "2026-12-01", 2),
            (5, "2026-11-02", 1),
            (99, "2026-11-02", 1),
        ]  # fmt: skip
        for article_id, seen_at, version in rows:
            conn.execute(
                "insert into core.sketches values (%s, %s, %s, 2, 's', 1, 7, '', '', '{}')",
                (article_id, seen_at, version),
            )
        conn.execute(migrations[at].read_bytes())
        held = conn.execute(
            "select article_id, first_seen_at::date::text, version from core.sketches order by 1"
        ).fetchall()
        assert held == [(i, "2026-11-02", 2) for i in (1, 2, 3, 4)]
        noted = conn.execute("select article_id from core.resketched order by 1").fetchall()
        assert noted == [(2,), (3,), (4,), (5,)]


def test_old_partitions_go_in_one_statement_and_stories_stay(connection: Any, writer: Writer) -> None:
    lines = writer.story(300)
    work(connection, [article("a", lines), article("b", lines, 1), article("c", lines, 24 * 28)])
    (span,) = connection.execute(
        "select to_char(core.sketch_span(%s) at time zone 'UTC', 'YYYYMMDD')", (T0,)
    ).fetchone()
    names = connection.execute("select core.drop_sketches_before(%s)", (T0 + timedelta(days=28),)).fetchall()
    assert names == [(f"sketches_{span}",)]
    assert connection.execute("select count(*) from core.sketches").fetchone() == (1,)
    assert [len(story) for story in stories(connection)] == [3]
    # A late arrival of the dropped weeks is indexed again, and matched with what is left.
    work(connection, [article("d", lines, 2)])
    pairs = connection.execute(
        "select url_a, url_b from wiretrace.matches where url_b like '%d.test%'"
    ).fetchall()
    assert pairs == [("https://c.test/story", "https://d.test/story")]


def test_sketches_of_another_scheme_are_refused_until_the_advice_is_followed(
    connection: Any, writer: Writer, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = article("a", writer.story(200))
    work(connection, [a])
    connection.execute("update core.sketch_schemes set seed = 2")
    with pytest.raises(SchemeMismatch, match="another way") as caught:
        work(connection, [article("b", writer.story(200))])
    assert connection.execute("select count(*) from core.articles").fetchone() == (1,)
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", database_url)
    program, *advised = str(caught.value).partition("run: ")[2].split()
    assert program == "wiretrace"
    assert run(advised) == 0
    work(connection, [article("b", a.lines)])
    work(connection, [a])
    assert [len(story) for story in stories(connection)] == [2]
    assert connection.execute("select seed from core.sketch_schemes").fetchall() == [(SCHEME.seed,)]


def test_a_first_batch_that_is_taken_back_does_not_take_the_scheme_back(
    connection: Any, writer: Writer
) -> None:
    index, item = Index(), article("a", writer.story(200))
    with pytest.raises(ZeroDivisionError), _broken(index):
        work(connection, [item], index=index)
    work(connection, [item], index=index)
    assert connection.execute("select count(*) from core.sketches").fetchone() == (1,)


@contextmanager
def _broken(index: Index) -> Iterator[None]:
    """Breaks transaction A after its sketches were written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index._search, "remember", lambda *_: 1 / 0)
        yield


def test_a_partition_that_is_written_to_is_not_dropped_meanwhile(
    connection: Any, writer: Writer, database_url: str
) -> None:
    index = Index()
    work(connection, [article("b", writer.story(200))], index=index)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("set lock_timeout = '100ms'")
        with connection.transaction(), connection.cursor() as cur:
            items = store_planted(cur, [article("a", writer.story(200))])
            cur.execute(sql("dedupe/ensure_partitions"), {"seen_at": [items[0].first_seen_at]})
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute("select core.drop_sketches_before('infinity')")
            index.add(cur, items)
        assert len(other.execute("select core.drop_sketches_before('infinity')").fetchall()) == 1


def test_an_article_looked_up_by_a_worker_of_a_new_scheme_keeps_what_was_found_by_the_old_one(
    connection: Any, writer: Writer
) -> None:
    lines = writer.story(300)
    a, b, c = work(connection, [article(name, lines, i) for i, name in enumerate("abc")])
    before = tables(connection)
    connection.execute(
        "insert into core.sketch_schemes select 1, permutation, seed, num_perm, hash, shingle, normalisation, bands, "
        "rows, passage, now() from core.sketch_schemes"
    )
    connection.execute("update core.sketches set scheme_id = 1 where article_id = any(%s)", ([a, b],))
    for looked_up in ([b], [c], [a, b, c]):
        with connection.transaction(), connection.cursor() as cur:
            Index().resolve(cur, looked_up)
        assert tables(connection) == before


def test_candidates_are_found_by_the_index_of_keys(connection: Any) -> None:
    work(connection, planted_corpus(80, seed=5, languages=("en",)))
    connection.execute("set enable_seqscan = off")
    plan = connection.execute(
        "explain select s.article_id from core.sketches s where s.keys && array[1, 2]::bigint[]"
    ).fetchall()
    assert "keys_idx" in str(plan)
