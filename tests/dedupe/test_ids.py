"""Ids of stories: stable while they are in use, and leading on afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas.sql import sql
from tests.dedupe.written import Connection, article, work
from workers.dedupe.planted_writer import Writer
from workers.dedupe.rebuild import rebuild
from workers.dedupe.store import Index


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


def test_two_ids_that_go_at_once_do_not_lead_on_through_each_other(connection: Any, writer: Writer) -> None:
    """Of three stories one gives its article to the second, which gives all of its own to the third."""
    first, second, third = (writer.story(300) for _ in range(3))
    work(connection, [article(f"third{i}", third, i) for i in range(2)])
    leaving, turning = article("leaving", second, 0), article("turning", first, 1)
    going = [article(f"going{i}", first, 2 + i) for i in range(2)]
    staying = [article(f"staying{i}", second, 4 + i) for i in range(2)]
    ids = [work(connection, [one])[0] for one in (leaving, turning, *going, *staying)]
    changed = [
        replace(leaving, lines=tuple(writer.story(300))),
        replace(turning, lines=tuple(second)),
        *(replace(one, lines=tuple(third)) for one in going),
    ]
    work(connection, changed, version=2)
    stayed = _cluster_of(connection, staying[0].url)
    assert stayed == _cluster_of(connection, turning.url)
    assert _leads_to(connection, ids[0]) == stayed


def test_an_article_that_is_left_alone_names_no_unit(connection: Any, writer: Writer) -> None:
    whole = writer.story(400)
    half = len(whole) // 2
    chain = [article("a", whole[:half], 0), article("b", whole, 1), article("c", whole[half:], 2)]
    for one in chain:
        work(connection, [one])
    connection.execute("delete from core.articles where url = any(%s)", ([one.url for one in chain[:2]],))
    _refresh(connection)
    rows = connection.execute("select cluster_id, component_id from core.memberships").fetchall()
    assert rows == [(None, None)]
