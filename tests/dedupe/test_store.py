"""The index and the stories in a real Postgres."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from infra.cli.app import run
from schemas.sql import migrations_dir, sql
from tests.dedupe.test_cluster import node
from workers.dedupe.model import ANY_TIME
from workers.dedupe.planted import PlantedArticle, planted_corpus
from workers.dedupe.planted_store import store_planted
from workers.dedupe.planted_words import LANGUAGES
from workers.dedupe.planted_writer import Writer
from workers.dedupe.rebuild import rebuild
from workers.dedupe.sketch import SCHEME
from workers.dedupe.store import Index, SchemeMismatch
from workers.dedupe.words import words_of_lines

Connection = psycopg.Connection[tuple[Any, ...]]
T0 = datetime(2026, 11, 2, 12, tzinfo=UTC)


def article(name: str, lines: Sequence[str], hours: float = 0.0, **more: Any) -> PlantedArticle:
    at = T0 + timedelta(hours=hours)
    facts: dict[str, Any] = {
        "url": f"https://{name}.test/story",
        "site": f"{name}.test",
        "language": "en",
        "lines": tuple(lines),
        "published_at": at,
        "published_certainty": "exact",
        "first_seen_at": at + timedelta(minutes=30),
        "story": "s",
        "role": "origin",
    }
    return PlantedArticle(**(facts | more))


def work(
    conn: Connection, articles: Sequence[PlantedArticle], *, index: Index | None = None, version: int = 1
) -> list[int]:
    """Transactions A and B of one batch."""
    index = index or Index()
    index.prepare(conn)
    with conn.transaction(), conn.cursor() as cur:
        items = store_planted(cur, articles, version=version)
        index.add(cur, items)
    ids = [item.article_id for item in items]
    with conn.transaction(), conn.cursor() as cur:
        index.resolve(cur, ids)
    return ids


def stories(conn: Connection) -> set[frozenset[str]]:
    rows = conn.execute(
        "select array_agg(url) from wiretrace.articles where cluster_id is not null group by cluster_id"
    ).fetchall()
    return {frozenset(row[0]) for row in rows}


TABLES = """
select a.url, c.size, c.sites, o.url as origin, c.origin_agency, c.origin_url, c.origin_site, c.origin_reason,
       c.origin_evidence::text, h.url as head, c.first_published_at, c.last_published_at, m.relation, m.jaccard,
       m.containment, m.share_of_origin, m.is_origin, f.url as copied_from, m.is_credit_missing, m.evidence::text
  from core.articles a join core.memberships m using (article_id)
  left join core.clusters c using (cluster_id)
  left join core.articles o on o.article_id = c.origin_article_id
  left join core.articles h on h.article_id = c.head_article_id
  left join core.articles f on f.article_id = m.copied_from
 order by a.url
"""
PAIRS = """
select least(a.url, b.url), greatest(a.url, b.url), kind, jaccard,
       case when a.url < b.url then containment_a_in_b else containment_b_in_a end, m.version_a + m.version_b
  from core.matches m join core.articles a on a.article_id = article_a join core.articles b on b.article_id = article_b
 order by 1, 2
"""


def tables(conn: Connection) -> tuple[list[Any], list[Any]]:
    """All that was found, with URLs in the place of ids."""
    return conn.execute(TABLES).fetchall(), conn.execute(PAIRS).fetchall()


@pytest.fixture
def writer() -> Writer:
    return Writer(LANGUAGES["en"], random.Random(7))


def test_an_autoblog_and_its_original_are_one_story_with_the_original_first(
    connection: Any, writer: Writer
) -> None:
    lines = writer.story(350)
    original = article("original", lines, 4)
    blog = article("blog", [*lines, "More headlines of the day"], 0, source_link_url=original.url)
    work(connection, [blog])
    work(connection, [original, article("other", writer.story(300))])
    assert stories(connection) == {frozenset({original.url, blog.url})}
    rows = connection.execute(
        "select url, relation, is_origin, lag, share_of_origin from wiretrace.cluster_members order by lag"
    ).fetchall()
    assert rows[0] == (blog.url, "verbatim", False, timedelta(hours=-4), 1.0)
    assert rows[1] == (original.url, "origin", True, timedelta(0), 1.0)
    assert connection.execute("select origin_url, origin_reason from wiretrace.clusters").fetchall() == [
        (original.url, "linked")
    ]


def test_functions_answer_for_any_spelling_of_the_url(connection: Any, writer: Writer) -> None:
    lines = writer.story(300)
    a, b = article("one", lines), article("two", lines, 3)
    work(connection, [a, b])
    for asked in (a.url, "http://www.one.test/story/", "one.test/story?utm_source=x#top"):
        found = connection.execute(
            "select url, relation, lag from wiretrace.duplicates_of(%s)", (asked,)
        ).fetchall()
        assert found == [(b.url, "verbatim", timedelta(hours=3))]
    (cluster,) = connection.execute("select cluster_id from wiretrace.clusters").fetchone()
    timeline = connection.execute("select url from wiretrace.cluster_timeline(%s)", (cluster,)).fetchall()
    assert timeline == [(a.url,), (b.url,)]
    assert (
        connection.execute("select * from wiretrace.duplicates_of('https://nowhere.test/')").fetchall() == []
    )


def test_working_a_batch_again_changes_nothing(connection: Any) -> None:
    corpus = planted_corpus(60, seed=3, languages=("en",))
    index = Index()
    work(connection, corpus, index=index)
    before = (
        tables(connection),
        connection.execute("select cluster_id, changed_at from core.clusters").fetchall(),
    )
    work(connection, corpus, index=index)
    work(connection, corpus[:20], index=Index())
    after = (
        tables(connection),
        connection.execute("select cluster_id, changed_at from core.clusters").fetchall(),
    )
    assert sorted(before[1]) == sorted(after[1])
    assert before[0] == after[0]


@pytest.mark.parametrize("seed", range(4))
def test_the_tables_do_not_depend_on_the_order_of_arrival(connection: Any, seed: int) -> None:
    corpus = planted_corpus(90, seed=seed, languages=("en", "de"), copy_share=0.6)
    work(connection, corpus)
    first = tables(connection)
    connection.execute("truncate core.articles, core.sketches, core.matches, core.clusters cascade")
    order = random.Random(seed).sample(corpus, k=len(corpus))
    index, at = Index(), 0
    while at < len(order):
        size = random.Random(at + seed).choice((1, 2, 7, 30))
        work(connection, order[at : at + size], index=index)
        at += size
    assert tables(connection) == first


def test_a_changed_text_leaves_its_story_and_joins_another(connection: Any, writer: Writer) -> None:
    old, new = writer.story(300), writer.story(300)
    a, b, c = article("a", old), article("b", old, 1), article("c", new, 2)
    work(connection, [a, b, c])
    assert stories(connection) == {frozenset({a.url, b.url})}
    work(connection, [replace(b, lines=tuple(new))], version=2)
    assert stories(connection) == {frozenset({b.url, c.url})}
    versions = connection.execute("select version from core.sketches order by version").fetchall()
    assert versions == [(1,), (1,), (2,)]
    pairs = connection.execute("select url_a, url_b from wiretrace.matches").fetchall()
    assert pairs == [(b.url, c.url)]


def test_a_text_sketched_anew_without_a_line_that_its_site_repeats_loses_what_only_that_line_gave(
    connection: Any, writer: Writer
) -> None:
    standing = writer.story(160)
    a = article("a", [*writer.story(100), *standing])
    b, c = article("b", [*writer.story(100), *standing], 1), article("c", a.lines, 2)
    work(connection, [a, b, c])
    assert stories(connection) == {frozenset({a.url, b.url, c.url})}
    index = Index()
    index.prepare(connection)
    with connection.transaction(), connection.cursor() as cur:
        items = store_planted(cur, [b])
        index.add(cur, [replace(items[0], words=words_of_lines(b.lines[: -len(standing)]))])
    with connection.transaction(), connection.cursor() as cur:
        index.resolve(cur, [items[0].article_id])
    assert stories(connection) == {frozenset({a.url, c.url})}
    pairs = connection.execute("select url_a, url_b from wiretrace.matches").fetchall()
    assert pairs == [(a.url, c.url)]


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


def test_stories_merge_and_split_and_old_ids_lead_on(connection: Any, writer: Writer) -> None:
    whole = writer.story(500)
    half = len(whole) // 2
    first, second = whole[:half], whole[half:]
    work(connection, [article("a", first), article("b", first, 1)])
    work(connection, [article("c", second, 2), article("d", second, 3)])
    before = dict(connection.execute("select url, cluster_id from wiretrace.articles").fetchall())
    assert len(set(before.values())) == 2
    # The whole text, out before either half, joins both.
    bridge = article("whole", whole, -1)
    work(connection, [bridge])
    merged = {row[0] for row in connection.execute("select cluster_id from wiretrace.articles").fetchall()}
    assert merged == {min(before.values())}
    for old in set(before.values()):
        assert connection.execute("select wiretrace.cluster_of(%s)", (old,)).fetchone()[0] == min(
            before.values()
        )
    work(connection, [replace(bridge, lines=tuple(writer.story(300)))], version=2)
    after = dict(connection.execute("select url, cluster_id from wiretrace.articles").fetchall())
    assert after.pop(bridge.url) is None
    assert after == before


def test_a_story_that_stands_whole_in_a_page_forty_times_as_long_is_found(
    connection: Any, writer: Writer
) -> None:
    short = [writer.story(150) for _ in range(10)]
    pages = [[*writer.story(3000), *lines, *writer.story(3000)] for lines in short]
    work(connection, [article(f"short{i}", lines) for i, lines in enumerate(short)])
    work(connection, [article(f"long{i}", lines, 1) for i, lines in enumerate(pages)])
    pairs = connection.execute("select url_a, url_b, containment_a_in_b from wiretrace.matches").fetchall()
    assert sorted(pairs) == [
        (f"https://short{i}.test/story", f"https://long{i}.test/story", 1.0) for i in range(10)
    ]


def _cluster_of(conn: Connection, url: str) -> int | None:
    return conn.execute("select cluster_id from wiretrace.articles where url = %s", (url,)).fetchone()[0]  # type: ignore[index]


def _leads_to(conn: Connection, old: int, read_at: object = None) -> int | None:
    if read_at is None:
        return conn.execute("select wiretrace.cluster_of(%s)", (old,)).fetchone()[0]  # type: ignore[index]
    return conn.execute("select wiretrace.cluster_of(%s, %s)", (old, read_at)).fetchone()[0]  # type: ignore[index]


def _refresh(conn: Connection) -> None:
    with conn.transaction(), conn.cursor() as cur:
        cur.execute("delete from core.resketched returning article_id")
        Index().resolve(cur, sorted(row[0] for row in cur.fetchall()))


@pytest.mark.parametrize("fate", ["alone", "deleted", "an earlier story", "a later story"])
def test_an_old_id_leads_to_those_who_stayed_together(connection: Any, writer: Writer, fate: str) -> None:
    """The article that gave a story of six its id leaves it."""
    lines, other = writer.story(300), writer.story(280)
    earlier = [article(f"e{i}", other, i) for i in range(2)]
    if fate == "an earlier story":
        work(connection, earlier)
    six = [article(f"s{i}", lines, i) for i in range(6)]
    first = work(connection, six)[0]
    if fate == "a later story":
        work(connection, earlier)
    assert _cluster_of(connection, six[5].url) == first
    read_at = connection.execute("select clock_timestamp()").fetchone()[0]
    if fate == "deleted":
        connection.execute("delete from core.articles where article_id = %s", (first,))
        _refresh(connection)
    else:
        text = writer.story(300) if fate == "alone" else other
        work(connection, [replace(six[0], lines=tuple(text))], version=2)
    stayed = _cluster_of(connection, six[5].url)
    assert stayed == first + 1
    assert _leads_to(connection, first, read_at) == stayed
    # An id in use is its story's, here the other one's, which has no smaller id.
    assert _leads_to(connection, first) == (first if fate == "a later story" else stayed)
    redirects = connection.execute("select * from core.cluster_redirects order by 1, 2").fetchall()
    rebuild(connection)
    assert connection.execute("select * from core.cluster_redirects order by 1, 2").fetchall() == redirects
    # Where it comes back the id is the story's again, and leads on when it goes once more.
    if fate != "deleted":
        work(connection, [six[0]], version=3)
        assert _cluster_of(connection, six[5].url) == _leads_to(connection, first) == first
        assert _leads_to(connection, stayed) == _leads_to(connection, first, read_at) == first
        work(connection, [replace(six[0], lines=tuple(writer.story(300)))], version=4)
        assert _leads_to(connection, first) == _leads_to(connection, first, read_at) == stayed


def test_an_id_leads_on_through_a_merge_after_a_split_and_nowhere_when_nobody_is_left(
    connection: Any, writer: Writer
) -> None:
    whole = writer.story(400)
    half = len(whole) // 2
    first, second = whole[:half], whole[half:]
    early = work(connection, [article("a", first), article("b", first, 1)])
    later = [article(name, second, i) for i, name in enumerate("cde", 2)]
    ids = work(connection, later)
    work(connection, [replace(later[0], lines=tuple(writer.story(300)))], version=2)
    assert _leads_to(connection, ids[0]) == ids[1]
    work(connection, [article("whole", whole, -1)])
    assert _leads_to(connection, ids[0]) == _leads_to(connection, ids[1]) == early[0]
    connection.execute("delete from core.articles where url <> %s", (later[0].url,))
    _refresh(connection)
    assert _leads_to(connection, ids[0]) is None
    assert _leads_to(connection, ids[1]) is None


def test_a_story_whose_smallest_article_is_deleted_can_be_locked_at_once(
    connection: Any, writer: Writer
) -> None:
    lines = writer.story(300)
    first, second, third = work(connection, [article(name, lines, i) for i, name in enumerate("abc")])
    connection.execute("delete from core.articles where article_id = %s", (first,))
    units = connection.execute(sql("dedupe/units"), {"article_ids": [second, third]}).fetchall()
    assert units == [(second,)]
    with connection.transaction():
        assert connection.execute(sql("dedupe/lock_units"), {"units": [second]}).fetchall() == units
    _refresh(connection)
    rows = connection.execute("select article_id, cluster_id, component_id from core.memberships").fetchall()
    assert sorted(rows) == [(second, second, None), (third, second, None)]


def test_texts_too_short_are_stored_and_have_no_story(connection: Any) -> None:
    work(connection, [article("a", ["Too short to be a story"]), article("b", ["Too short to be a story"])])
    assert stories(connection) == set()
    assert connection.execute("select count(*) from core.sketches").fetchone() == (2,)
    assert connection.execute("select count(*) from core.memberships").fetchone() == (2,)


def test_copies_are_searched_within_the_window_on_both_sides(connection: Any, writer: Writer) -> None:
    lines = writer.story(300)
    now, late, far = article("a", lines), article("b", lines, 29 * 24), article("c", lines, 62 * 24)
    index = Index(window_days=30)
    work(connection, [far], index=index)
    work(connection, [now], index=index)
    work(connection, [late], index=index)
    assert stories(connection) == {frozenset({now.url, late.url})}
    work(connection, [far], index=Index(window_days=0))
    assert stories(connection) == {frozenset({now.url, late.url, far.url})}


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


def test_stories_rebuilt_from_the_matches_are_the_same(connection: Any) -> None:
    work(connection, planted_corpus(150, seed=8, languages=("en", "fr"), copy_share=0.6))
    before = tables(connection)
    ids = connection.execute("select article_id, cluster_id from core.memberships order by 1").fetchall()
    done = rebuild(connection)
    assert tables(connection) == before
    connection.execute("update core.memberships set cluster_id = null, relation = null, is_origin = false")
    connection.execute(
        "insert into core.clusters select 999999, 2, 1, min(article_id), null, null, null, null, "
        "'earliest', '{}', null, null from core.articles"
    )
    assert rebuild(connection) == done
    assert tables(connection) == before
    assert (
        connection.execute("select article_id, cluster_id from core.memberships order by 1").fetchall() == ids
    )


def test_every_copy_is_announced_until_it_is_acknowledged(connection: Any, writer: Writer) -> None:
    lines = writer.story(300)
    index = Index()
    a, b = work(connection, [article("a", lines), article("b", lines, 1)], index=index)
    with connection.transaction(), connection.cursor() as cur:
        (event,) = index.unsent(cur, [b])
        assert (event.article_a, event.article_b, event.copied_from) == (a, b, a)
        assert (event.jaccard, event.url_a) == (1.0, "https://a.test/story")
        assert index.unsent(cur, [a, b]) == [event]
        index.resolve(cur, [a])
        assert index.unsent(cur, [a, b]) == [event]
        index.mark_sent(cur, [event])
        assert index.unsent(cur, [a, b]) == []
        index.resolve(cur, [a, b])
        assert index.unsent(cur, [a, b]) == []
    work(connection, [article("b", [*lines, *lines[:1]], 1)], index=index, version=2)
    with connection.transaction(), connection.cursor() as cur:
        assert [e.version_b for e in index.unsent(cur, [a])] == [2]


def test_pairs_that_are_no_copies_can_be_asked_for(connection: Any, writer: Writer) -> None:
    statement = writer.statement(110)
    work(
        connection,
        [article("a", [*writer.story(90), statement]), article("b", [statement, *writer.story(90)])],
    )
    assert stories(connection) == set()
    assert connection.execute("select url_a, url_b, reason from wiretrace.rejected_matches").fetchall() == [
        ("https://a.test/story", "https://b.test/story", "quotation")
    ]


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


def test_every_public_relation_and_column_is_described(connection: Any) -> None:
    missing = connection.execute(
        """select c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
            where n.nspname = 'wiretrace' and c.relname in ('clusters', 'cluster_members', 'matches', 'rejected_matches')
              and (obj_description(c.oid) is null or col_description(c.oid, a.attnum) is null)"""
    ).fetchall()
    assert missing == []
    functions = connection.execute(
        """select proname from pg_proc where pronamespace = 'wiretrace'::regnamespace
            and proname in ('duplicates_of', 'cluster_timeline', 'cluster_of')
            and obj_description(oid, 'pg_proc') is null"""
    ).fetchall()
    assert functions == []


def test_candidates_are_found_by_the_index_of_keys(connection: Any) -> None:
    work(connection, planted_corpus(80, seed=5, languages=("en",)))
    connection.execute("set enable_seqscan = off")
    plan = connection.execute(
        "explain select s.article_id from core.sketches s where s.keys && array[1, 2]::bigint[]"
    ).fetchall()
    assert "keys_idx" in str(plan)


@pytest.mark.parametrize(
    ("later", "certainty", "lag"),
    [
        ("2024-02-08 10:00+00", "exact", timedelta(hours=2)),
        ("2024-02-08 00:00+00", "date_only", None),
        ("2024-02-10 00:00+00", "date_only", timedelta(days=2)),
    ],
)
def test_a_day_without_a_time_of_day_gives_no_hours(
    database_url: str, later: str, certainty: str, lag: timedelta | None
) -> None:
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "select core.lag_between(%s, %s, '2024-02-08 08:00+00', 'exact')", (later, certainty)
        ).fetchone()
    assert found == (lag,)


@pytest.mark.parametrize("certainty", ["exact", "hint", "no_zone", "date_only", "guessed", None])
@pytest.mark.parametrize("seen_after_h", [0.5, 90.0])
def test_sql_and_python_agree_on_when_an_article_was_out(
    connection: Any, certainty: str | None, seen_after_h: float
) -> None:
    published = T0 if certainty else None
    facts = {"published_at": published, "published_certainty": certainty}
    known = node(1, "x", first_seen_at=T0 + timedelta(hours=seen_after_h), **facts)
    row = connection.execute(
        "select core.known_by(%s, %s, %s), nullif(core.known_from(%s, %s, %s), '-infinity')",
        (published, certainty, known.first_seen_at) * 2,
    ).fetchone()
    assert row == (known.known_by, None if known.known_from == ANY_TIME else known.known_from)


_PAIRS = """
select least(a.url, b.url), greatest(a.url, b.url), m.kind, s.url, m.lag
  from wiretrace.matches m
  join wiretrace.articles a on a.article_id = article_a join wiretrace.articles b on b.article_id = article_b
  left join wiretrace.articles s on s.article_id = m.copied_from
 order by 1, 2
"""


def test_every_pair_says_who_took_from_whom_and_how_much_later(connection: Any, writer: Writer) -> None:
    lines = writer.story(300)
    copies = [article(name, lines, i) for i, name in enumerate("abcd")]
    ids = work(connection, copies[::-1])
    rows = connection.execute(_PAIRS).fetchall()
    assert [(first, kind, source) for first, _, kind, source, _ in rows] == [
        (copies[i].url, "copy", copies[i].url) for i in (0, 0, 0, 1, 1, 2)
    ]
    assert [row[4] for row in rows] == [timedelta(hours=h) for h in (1, 2, 3, 1, 2, 1)]
    with connection.transaction(), connection.cursor() as cur:
        told = {(e.article_a, e.article_b): e.copied_from for e in Index().unsent(cur, ids)}
    stored = connection.execute("select article_a, article_b, copied_from from wiretrace.matches").fetchall()
    assert told == {(a, b): source for a, b, source in stored}
    assert len(told) == 6


def test_pairs_that_make_no_story_have_a_direction_where_a_link_or_the_times_tell(
    connection: Any, writer: Writer
) -> None:
    lead = writer.story(120)
    texts = {name: [*lead, *writer.story(150)] for name in ("a", "b", "c", "d")}
    first, later = article("a", texts["a"]), article("b", texts["b"], 2)
    dated = article("c", texts["c"], 3, published_certainty="date_only", published_at=T0.replace(hour=0))
    blog = article("d", texts["d"], -2, source_link_url=later.url)
    work(connection, [first, later, dated, blog])
    rows = connection.execute(_PAIRS).fetchall()
    assert {row[2] for row in rows} == {"shares_text"}
    found = {(first[8], second[8]): (source and source[8], lag) for first, second, _, source, lag in rows}
    assert found == {
        ("a", "b"): ("a", timedelta(hours=2)),
        ("a", "c"): (None, None),
        ("a", "d"): ("d", timedelta(hours=2)),
        ("b", "c"): (None, None),
        ("b", "d"): ("b", timedelta(hours=-4)),
        ("c", "d"): (None, None),
    }
