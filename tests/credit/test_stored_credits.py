"""Credits in Postgres: replaced as a whole with their article's version, and unchanged by a second delivery."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import psycopg
import pytest

from schemas.sql import sql
from workers.credit.model import CREDIT_KINDS, PLACES, Credit

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def article_id(connection: Connection) -> int:
    row = connection.execute(
        "insert into core.articles (url_key, url, host, site, first_seen_at, last_seen_at, word_count, text, text_hash,"
        " extractor, page_id, crawl_id) values ('a.org/1', 'https://a.org/1', 'a.org', 'a.org', now(), now(), 1, 'x', '',"
        " 'test', gen_random_uuid(), 'c') returning article_id"
    ).fetchone()
    assert row is not None
    return int(row[0])


def credit(kind: str = "dateline", **values: Any) -> Credit:
    return Credit(
        **{"kind": kind, "text": "WASHINGTON (AP) —", "place": "body_start", "confidence": 0.9, **values}
    )


def replace(connection: Connection, article_id: int, credits: list[Credit]) -> None:
    rows = [{"article_id": article_id, **asdict(c)} for c in credits]
    with connection.transaction():
        connection.execute(sql("credit/replace"), {"article_ids": [article_id], "credits": json.dumps(rows)})


def stored(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select kind, agency, site, url, text, place, confidence, item_id from wiretrace.credits order by kind, agency"
    ).fetchall()


def test_every_kind_and_place_can_be_stored_and_is_shown(connection: Connection, article_id: int) -> None:
    credits = [
        credit(
            kind,
            place=PLACES[number % len(PLACES)],
            agency="ap",
            site="b.org",
            url="https://b.org/1",
            item_id="x:1",
        )
        for number, kind in enumerate(CREDIT_KINDS)
    ]
    replace(connection, article_id, credits)
    assert sorted(row[0] for row in stored(connection)) == sorted(CREDIT_KINDS)
    assert stored(connection)[0][1:5] == ("ap", "b.org", "https://b.org/1", "WASHINGTON (AP) —")
    row = connection.execute("select distinct article_url, article_site from wiretrace.credits").fetchall()
    assert row == [("https://a.org/1", "a.org")]


def test_a_new_version_s_credits_take_the_place_of_the_old_ones(
    connection: Connection, article_id: int
) -> None:
    replace(
        connection, article_id, [credit(agency="ap"), credit("canonical", agency=None, url="https://b.org/1")]
    )
    replace(connection, article_id, [credit(agency="ap"), credit("wire_mark", agency="afp")])
    assert [(row[0], row[1]) for row in stored(connection)] == [("dateline", "ap"), ("wire_mark", "afp")]
    replace(connection, article_id, [])
    assert stored(connection) == []


def test_a_second_delivery_changes_nothing(connection: Connection, article_id: int) -> None:
    credits = [credit(agency="ap"), credit("item_id", agency="dpa", item_id="dpa:230428-99-483045/5")]
    everything = "select * from core.credits order by kind"
    replace(connection, article_id, credits)
    before = connection.execute(everything).fetchall()
    replace(connection, article_id, credits)
    replace(connection, article_id, [*credits, *credits])
    assert connection.execute(everything).fetchall() == before


def test_credits_go_with_their_article(connection: Connection, article_id: int) -> None:
    replace(connection, article_id, [credit(agency="ap")])
    connection.execute("delete from core.articles")
    assert connection.execute("select count(*) from core.credits").fetchone() == (0,)
