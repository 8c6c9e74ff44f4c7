"""Who took a text from whom, and how much later, for every pair."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.dedupe.test_cluster import node
from tests.dedupe.written import T0, article, work
from workers.dedupe.model import ANY_TIME
from workers.dedupe.planted_writer import Writer
from workers.dedupe.store import Index


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
