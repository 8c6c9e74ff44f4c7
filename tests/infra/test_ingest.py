"""Saved pages reach the topic and the ledger once, whatever is cut short."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from kafka import KafkaConsumer

from infra.archives import BadRecord, Item, SavedPage, Skipped
from infra.ingest import Ingested, Publisher, ingest, page_of
from infra.repair import repair
from schemas.codec import decode_page
from schemas.records import RawPage
from schemas.settings import Settings
from schemas.topics import PAGES

pytestmark = pytest.mark.kafka

MOMENT = datetime(2024, 2, 8, 4, 12, tzinfo=UTC)


def _saved(number: int) -> SavedPage:
    return SavedPage(
        source=f"{number}.html", url=f"https://a.test/{number}", fetched_at=MOMENT, body=b"<p>%d</p>" % number
    )


def _run(settings: Settings, items: Sequence[Item], *, again: bool = False) -> Ingested:
    result = Ingested()
    with Publisher(str(settings.database_url), str(settings.kafka_bootstrap)) as publisher:
        ingest(items, publisher.publish, "ingest-1", result=result, is_again=again)
    return result


def _on_topic(settings: Settings, expected: int) -> list[RawPage]:
    consumer = KafkaConsumer(
        PAGES, bootstrap_servers=settings.kafka_bootstrap, auto_offset_reset="earliest", group_id=None
    )
    pages: list[RawPage] = []
    ends_at = time.monotonic() + 120
    while len(pages) < expected and time.monotonic() < ends_at:
        for records in consumer.poll(timeout_ms=250).values():
            pages += [decode_page(record.value) for record in records]
    consumer.close()
    return pages


def test_every_item_is_counted_once_and_every_page_published(
    settings: Settings, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    items: list[Item] = [_saved(n) for n in range(5)]
    items += [BadRecord(source="x", why="y"), Skipped(source="z", kind="status 404"), _saved(4)]
    result = _run(settings, items)
    assert (result.published, result.known, result.bad_count, result.skipped.total()) == (5, 1, 1, 1)
    assert result.read == len(items)
    assert sorted(page.url for page in _on_topic(settings, 5)) == [f"https://a.test/{n}" for n in range(5)]
    rows = connection.execute(
        "select count(*), count(outcome) from core.pages where found_by = 'ingest'"
    ).fetchone()
    assert rows == (5, 0)


def test_what_has_its_outcome_is_passed_over_and_the_rest_published_again(
    settings: Settings, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    _run(settings, [_saved(n) for n in range(4)])
    connection.execute(
        "update core.pages set outcome = 'article', worked_at = now() where url in ('https://a.test/0', 'https://a.test/1')"
    )
    result = _run(settings, [_saved(n) for n in range(6)])
    assert (result.published, result.known) == (4, 2)
    result = _run(settings, [_saved(0)], again=True)
    assert (result.published, result.known) == (1, 0)


def test_a_page_keeps_its_id_from_one_ingest_to_the_next() -> None:
    first, second = page_of(_saved(1), "a"), page_of(_saved(1), "b")
    assert first.page_id == second.page_id
    changed = replace(_saved(1), body=b"<p>other</p>")
    assert page_of(changed, "a").page_id != first.page_id
    assert page_of(_saved(1), "a", is_again=True).page_id != first.page_id


def test_pages_that_the_broker_lost_are_forgotten_by_a_repair_and_published_by_the_next_ingest(
    settings: Settings, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    _run(settings, [_saved(1), _saved(2)])
    connection.execute(
        "update core.pages set outcome = 'article', worked_at = now() where url = 'https://a.test/1'"
    )
    done = repair(str(settings.database_url), older_than_s=0)
    assert done.forgotten == ("https://a.test/2",)
    assert repair(str(settings.database_url), older_than_s=0).forgotten == ()
    assert _run(settings, [_saved(1), _saved(2)]).published == 1


def test_a_stop_publishes_what_was_read() -> None:
    batches: list[int] = []
    result = Ingested()

    def publish(pages: Sequence[RawPage]) -> int:
        batches.append(len(pages))
        return len(pages)

    stops = iter([False, False, True])
    ingest((_saved(n) for n in range(100)), publish, "x", result=result, is_stopping=lambda: next(stops))
    assert batches == [3]
    assert result.published == 3
