"""The index and the stories in a real Postgres."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.dedupe.written import article, stories, tables, work
from workers.dedupe.planted import planted_corpus
from workers.dedupe.planted_store import store_planted
from workers.dedupe.planted_writer import Writer
from workers.dedupe.rebuild import rebuild
from workers.dedupe.store import Index
from workers.dedupe.verify import Story, measure
from workers.dedupe.words import words_of_lines


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


def test_articles_with_the_same_text_have_the_measures_of_their_texts(
    connection: Any, writer: Writer
) -> None:
    whole = [writer.story(300) for _ in range(8)]
    cut = [lines[: len(lines) * 2 // 3] for lines in whole]
    texts = {
        f"https://{role}-{i}-{n}.test/story": tuple(lines)
        for role, stories_of in (("whole", whole), ("cut", cut))
        for i, lines in enumerate(stories_of)
        for n in range(3)
    }
    batch = [article(url.split("/")[2].removesuffix(".test"), lines) for url, lines in texts.items()]
    random.Random(5).shuffle(batch)
    work(connection, batch)
    found = connection.execute(
        "select a.url, b.url, jaccard, containment_a_in_b, containment_b_in_a, longest_passage_words"
        "  from core.matches m join core.articles a on a.article_id = article_a"
        "  join core.articles b on b.article_id = article_b"
    ).fetchall()
    assert len(found) == 8 * 15
    for a, b, *measures in found:
        one, other = (Story(words_of_lines(texts[url])) for url in (a, b))
        expected = measure(one, other)
        assert expected is not None
        assert measures[:3] == pytest.approx(
            [expected.jaccard, expected.containment_a_in_b, expected.containment_b_in_a], abs=1e-6
        )
        assert measures[3] == expected.longest_passage_words


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


def test_matches_left_over_by_a_truncate_hold_up_nobody(connection: Any, writer: Writer) -> None:
    """Triggers forget the matches of articles that are deleted; a truncate fires none."""
    lines = writer.story(200)
    work(connection, [article(name, lines, i) for i, name in enumerate("abc")])
    connection.execute("truncate core.articles, core.sketches restart identity cascade")
    assert connection.execute("select count(*) from core.matches").fetchone() == (3,)
    work(connection, [article("d", lines)])
    assert not stories(connection)
    work(connection, [article("e", lines, 1)])
    assert stories(connection) == {frozenset({"https://d.test/story", "https://e.test/story"})}


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
