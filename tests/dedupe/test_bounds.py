"""Stories of more copies than an article keeps: the same tables whatever comes when, and nothing lost."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.dedupe.written import T0, Connection, article, stories, tables, work
from workers.dedupe import bounds
from workers.dedupe.notes import claim_notes, delete_notes
from workers.dedupe.planted import PlantedArticle, planted_corpus
from workers.dedupe.planted_words import LANGUAGES
from workers.dedupe.planted_writer import Writer
from workers.dedupe.rebuild import rebuild
from workers.dedupe.store import Index

pytestmark = pytest.mark.timeout(600)

FEW = 4
TRUNCATE = "truncate core.articles, core.sketches, core.matches, core.clusters cascade"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "EARLIER_COPIES", FEW)
    monkeypatch.setattr(bounds, "EARLIER_OTHERS", 2)


@pytest.fixture
def writer() -> Writer:
    return Writer(LANGUAGES["en"], random.Random(7))


def drain(conn: Connection, index: Index) -> int:
    """Looks up again what was noted, as workers do; how many articles."""
    count = 0
    while True:
        with conn.transaction(), conn.cursor() as cur:
            notes = claim_notes(cur, 5)
            index.resolve(cur, notes.article_ids)
            delete_notes(cur, notes)
        if not notes.rows:
            return count
        count += len(notes.article_ids)


def copies(writer: Writer, count: int, *, seed: int = 1, words: int = 160) -> list[PlantedArticle]:
    """Copies of one text with a word or two changed, at some hour; several at the same."""
    rng = random.Random(seed)
    base = writer.story(words)
    made = []
    for i in range(count):
        lines = [
            " ".join(f"zz{rng.randrange(10**6)}" if rng.random() < 0.01 else w for w in line.split())
            for line in base
        ]
        certainty = rng.choice(("exact", "exact", "date_only", "no_zone"))
        made.append(
            article(f"s{rng.randrange(10**6)}n{i}", lines, rng.randrange(48), published_certainty=certainty)
        )
    return made


def in_order(conn: Connection, articles: Sequence[PlantedArticle], sizes: random.Random) -> None:
    index, at = Index(), 0
    while at < len(articles):
        size = sizes.choice((1, 1, 2, 5, 9))
        work(conn, articles[at : at + size], index=index)
        at += size
    drain(conn, index)


def kept(conn: Connection) -> Counter[int]:
    """How many copies each article keeps of those that are earlier than itself."""
    rows = conn.execute(
        """with places as (
               select article_id, row_number() over (order by core.known_by(published_at, published_certainty,
                      first_seen_at), url_key collate "C") as place from core.articles)
           select case when a.place > b.place then a.article_id else b.article_id end
             from core.matches m join places a on a.article_id = m.article_a join places b on b.article_id = m.article_b
            where m.kind = 'copy'"""
    ).fetchall()
    return Counter(row[0] for row in rows)


# ------------------------------------------------------------------------------------------ order of arrival


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("seed", range(6))
def test_a_story_of_more_copies_than_are_kept_does_not_depend_on_the_order(
    connection: Any, writer: Writer, seed: int
) -> None:
    corpus = copies(writer, 18, seed=seed)
    work(connection, corpus)
    drain(connection, Index())
    first = tables(connection)
    assert len(stories(connection)) == 1
    assert max(kept(connection).values()) == FEW
    # Of 18 the first keeps none, the next 1, 2, 3, and every other 4.
    assert len(first[1]) == 1 + 2 + 3 + 14 * FEW
    for turn in range(3):
        connection.execute(TRUNCATE)
        rng = random.Random(100 * seed + turn)
        in_order(connection, rng.sample(corpus, k=len(corpus)), rng)
        assert tables(connection) == first
    assert rebuild(connection).clusters == 1
    assert tables(connection) == first


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("seed", range(6))
def test_stories_of_all_kinds_do_not_depend_on_the_order(connection: Any, seed: int) -> None:
    """Copies, trimmed and edited ones, series, round-ups and links, with lists that are full everywhere."""
    corpus = planted_corpus(110, seed=seed, languages=("en",), copy_share=0.8)
    work(connection, corpus)
    drain(connection, Index())
    first = tables(connection)
    connection.execute(TRUNCATE)
    rng = random.Random(seed)
    in_order(connection, rng.sample(corpus, k=len(corpus)), rng)
    again = tables(connection)
    assert again[1] == first[1]
    assert again[0] == first[0]
    assert max(kept(connection).values()) == FEW
    rebuild(connection)
    assert tables(connection) == first


def test_the_same_with_as_many_as_are_kept_in_truth(connection: Any, writer: Writer) -> None:
    most = bounds.EARLIER_COPIES
    corpus = copies(writer, most + 30)
    work(connection, corpus)
    drain(connection, Index())
    first = tables(connection)
    assert len(first[1]) == most * (most - 1) // 2 + 30 * most
    assert [len(story) for story in stories(connection)] == [most + 30]
    connection.execute(TRUNCATE)
    rng = random.Random(5)
    in_order(connection, rng.sample(corpus, k=len(corpus)), rng)
    assert tables(connection) == first


def test_up_to_one_more_than_are_kept_every_pair_is(connection: Any, writer: Writer) -> None:
    count = bounds.EARLIER_COPIES + 1
    work(connection, copies(writer, count))
    assert len(tables(connection)[1]) == count * (count - 1) // 2


@pytest.mark.parametrize(("most", "count"), [(FEW, 60), (None, 90)])
def test_four_workers_on_one_large_story_give_the_tables_of_one(
    database_url: str,
    connection: Any,
    writer: Writer,
    monkeypatch: pytest.MonkeyPatch,
    most: int | None,
    count: int,
) -> None:
    if most is not None:
        monkeypatch.setattr(bounds, "EARLIER_COPIES", most)
    corpus = copies(writer, count, seed=3)
    work(connection, corpus)
    drain(connection, Index())
    expected = tables(connection)
    connection.execute(TRUNCATE)
    order = random.Random(4).sample(corpus, k=len(corpus))
    sent: list[list[Any]] = [[] for _ in range(4)]

    def run(number: int) -> None:
        index, rng, at = Index(), random.Random(number), 0
        part = order[number::4]
        with psycopg.connect(database_url, autocommit=True) as conn:
            while at < len(part):
                size = rng.choice((1, 2, 4))
                ids = work(conn, part[at : at + size], index=index)
                sent[number].extend(announce(conn, index, ids))
                at += size
            drain(conn, index)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(run, number) for number in range(4)]:
            done.result()
    drain(connection, Index())
    assert tables(connection) == expected
    assert unsent_pairs(connection) == []
    keys = Counter(event.event_key for events in sent for event in events)
    assert {key: number for key, number in keys.items() if number > 1} == {}
    stored = connection.execute(
        "select concat_ws(':', article_a, version_a, article_b, version_b) from core.matches where kind = 'copy'"
    ).fetchall()
    assert {key for (key,) in stored} <= keys.keys()


def announce(conn: Connection, index: Index, ids: Sequence[int]) -> list[Any]:
    """Events as the pipeline sends and marks them, but under a lock, so that no two workers send the same."""
    with conn.transaction(), conn.cursor() as cur:
        cur.execute("select pg_advisory_xact_lock(1)")
        events = index.unsent(cur, ids)
        index.mark_sent(cur, events)
    return events


def unsent_pairs(conn: Connection) -> list[Any]:
    return conn.execute(
        "select article_a, article_b from core.matches where kind = 'copy' and announced_at is null"
    ).fetchall()


# ------------------------------------------------------------------------------------------ what goes away


def fresh(conn: Connection, corpus: Sequence[PlantedArticle]) -> tuple[Any, Any]:
    """The tables that these articles give when they come at once."""
    conn.execute(TRUNCATE)
    work(conn, corpus)
    drain(conn, Index())
    return tables(conn)


def plain(found: tuple[Any, Any]) -> tuple[Any, Any]:
    """Without the number of the version, by which a changed article differs from one that came so at once."""
    return found[0], [row[:-1] for row in found[1]]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("place", [0, 2, FEW - 1, FEW, 9])
def test_a_member_whose_text_changes_gives_its_place_to_the_next(
    connection: Any, writer: Writer, place: int
) -> None:
    corpus = sorted(copies(writer, 16), key=lambda a: a.published_at or T0)
    other = writer.story(200)
    index = Index()
    in_order(connection, random.Random(1).sample(corpus, k=16), random.Random(2))
    changed = replace(corpus[place], lines=tuple(other))
    work(connection, [changed], index=index, version=2)
    again = drain(connection, index)
    found = tables(connection)
    assert plain(fresh(connection, [changed, *(a for a in corpus if a.url != changed.url)])) == plain(found)
    # Besides itself, where its own list was full, all whose lists it was in.
    assert (again > 1) == (place < FEW)


@pytest.mark.usefixtures("few")
def test_an_early_member_that_changes_and_stays_a_copy_is_not_looked_for_again(
    connection: Any, writer: Writer
) -> None:
    corpus = copies(writer, 16)
    first = min(corpus, key=lambda a: a.published_at or T0)
    in_order(connection, corpus, random.Random(2))
    changed = replace(first, lines=(*first.lines, writer.story(20)[0]))
    index = Index()
    work(connection, [changed], index=index, version=2)
    assert drain(connection, index) == 0
    found = tables(connection)
    assert plain(fresh(connection, [changed, *(a for a in corpus if a.url != first.url)])) == plain(found)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("hours", [-100, 100])
def test_a_member_whose_time_changes_takes_its_new_place(connection: Any, writer: Writer, hours: int) -> None:
    corpus = sorted(copies(writer, 16), key=lambda a: a.published_at or T0)
    in_order(connection, corpus, random.Random(2))
    moved = corpus[1 if hours > 0 else 12]
    at = (moved.published_at or T0) + timedelta(hours=hours)
    changed = replace(
        moved, published_at=at, published_certainty="exact", first_seen_at=T0 + timedelta(days=9)
    )
    changed = replace(changed, first_seen_at=moved.first_seen_at) if hours < 0 else changed
    index = Index()
    if hours > 0:
        # Nothing but an article's first time of being seen is ever lowered; a later one is another row's.
        connection.execute(
            "update core.articles set first_seen_at = %s where url = %s", (changed.first_seen_at, moved.url)
        )
        connection.execute(
            "update core.sketches set first_seen_at = %s where article_id = (select article_id from core.articles where url = %s)",
            (changed.first_seen_at, moved.url),
        )
    work(connection, [replace(changed, lines=(*changed.lines, "One more line"))], index=index, version=2)
    drain(connection, index)
    found = tables(connection)
    changed = replace(changed, lines=(*changed.lines, "One more line"))
    assert plain(fresh(connection, [changed, *(a for a in corpus if a.url != moved.url)])) == plain(found)


@pytest.mark.usefixtures("few")
def test_when_an_article_is_deleted_the_next_take_its_place(connection: Any, writer: Writer) -> None:
    corpus = sorted(copies(writer, 16), key=lambda a: a.published_at or T0)
    in_order(connection, corpus, random.Random(2))
    connection.execute("delete from core.articles where url = any(%s)", ([corpus[0].url, corpus[3].url],))
    assert drain(connection, Index()) >= 10
    found = tables(connection)
    assert fresh(connection, [*corpus[1:3], *corpus[4:]]) == found


@pytest.mark.usefixtures("few")
def test_of_pairs_that_are_no_copies_the_earliest_are_kept_and_others_take_their_place(
    connection: Any, writer: Writer
) -> None:
    statement = writer.statement(110)
    corpus = [article(f"p{i}", [*writer.story(90), statement], i) for i in range(8)]
    in_order(connection, random.Random(3).sample(corpus, k=8), random.Random(1))
    assert stories(connection) == set()

    def first_two_of(first: int) -> list[tuple[str, str, str]]:
        return [
            (corpus[a].url, corpus[b].url, "quotation")
            for a in (first, first + 1)
            for b in range(a + 1, len(corpus))
        ]

    assert [row[:3] for row in tables(connection)[1]] == first_two_of(0)
    changed = replace(corpus[0], lines=tuple(writer.story(200)))
    index = Index()
    work(connection, [changed], index=index, version=2)
    drain(connection, index)
    assert [row[:3] for row in tables(connection)[1]] == first_two_of(1)


@pytest.mark.usefixtures("few")
def test_an_event_goes_out_once_for_every_pair_that_is_kept(connection: Any, writer: Writer) -> None:
    corpus = copies(writer, 16)
    index = Index()
    sent: Counter[str] = Counter()
    for item in random.Random(9).sample(corpus, k=16):
        ids = work(connection, [item], index=index)
        with connection.transaction(), connection.cursor() as cur:
            events = index.unsent(cur, ids)
            index.mark_sent(cur, events)
        sent.update(event.event_key for event in events)
    assert set(sent.values()) == {1}
    stored = connection.execute(
        "select concat_ws(':', article_a, version_a, article_b, version_b) from core.matches"
    ).fetchall()
    assert {key for (key,) in stored} <= sent.keys()
    assert unsent_pairs(connection) == []


# ------------------------------------------------------------------------------------------ what a story is then


@pytest.mark.usefixtures("few")
def test_a_story_whose_first_copies_all_claim_to_be_earlier_than_their_source_stays_whole(
    connection: Any, writer: Writer
) -> None:
    """Autoblogs with wrong clocks: no copy keeps an edge to the origin, and all are measured against it."""
    origin, *papers = copies(writer, 24)
    origin = replace(origin, published_at=T0 + timedelta(hours=10), published_certainty="exact")
    blogs = [
        replace(
            paper,
            published_at=T0 + timedelta(hours=i),
            published_certainty="exact",
            source_link_url=origin.url,
        )
        for i, paper in enumerate(papers[:8])
    ]
    rest = [
        replace(paper, published_at=T0 + timedelta(hours=11 + i), published_certainty="exact")
        for i, paper in enumerate(papers[8:])
    ]
    corpus = [origin, *blogs, *rest]
    in_order(connection, random.Random(3).sample(corpus, k=len(corpus)), random.Random(1))
    assert [len(story) for story in stories(connection)] == [24]
    rows = connection.execute(
        "select relation, jaccard is null from wiretrace.cluster_members where not is_origin"
    ).fetchall()
    assert len(rows) == 23
    assert set(rows) <= {("verbatim", False), ("edited", False)}
    found = tables(connection)
    assert {row[3] for row in found[0]} == {origin.url}
    assert fresh(connection, corpus) == found
    # What was measured is read again where the sketches are gone.
    connection.execute("select core.drop_sketches_before('infinity')").fetchall()
    rebuild(connection)
    assert tables(connection) == found
