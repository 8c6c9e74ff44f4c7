"""Reading a topic to its end, and knowing where that is."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaTimeoutError

import workers.whole_topic
from schemas.topics import PAGES
from tests.kafka.clients import broker_process
from workers.whole_topic import CLOCKS_APART_S, whole_topic

pytestmark = pytest.mark.kafka


@pytest.fixture
def quiet_s(monkeypatch: pytest.MonkeyPatch) -> float:
    """A short silence that ends a topic."""
    monkeypatch.setattr(workers.whole_topic, "QUIET_S", 1.0)
    return 1.0


def publish(bootstrap: str, values: range, *, timestamp_ms: int | None = None) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for value in values:
        producer.send(PAGES, value=b"%d" % value, partition=value % 3, timestamp_ms=timestamp_ms)
    producer.flush(60)
    producer.close()


def reader(bootstrap: str) -> Any:
    return KafkaConsumer(
        bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="earliest", max_poll_records=2
    )


def values(records: Iterator[Any]) -> list[int]:
    return sorted(int(record.value) for record in records)


def test_an_empty_topic_ends(kafka_bootstrap: str, quiet_s: float) -> None:
    with reader(kafka_bootstrap) as consumer:
        assert values(whole_topic(consumer, PAGES)) == []


def test_who_works_longer_on_a_record_than_the_silence_that_ends_a_topic_gets_all(
    kafka_bootstrap: str, quiet_s: float
) -> None:
    publish(kafka_bootstrap, range(6))
    taken = []
    with reader(kafka_bootstrap) as consumer:
        for record in whole_topic(consumer, PAGES):
            taken.append(int(record.value))
            time.sleep(1.2 * quiet_s)
    assert sorted(taken) == list(range(6))


def test_a_topic_to_which_pages_are_added_all_the_time_ends(kafka_bootstrap: str) -> None:
    publish(kafka_bootstrap, range(6))
    later = int(1000 * (time.time() + CLOCKS_APART_S + 600))
    publish(kafka_bootstrap, range(6, 12), timestamp_ms=later)
    is_over = threading.Event()

    def crawl() -> None:
        number = 12
        while not is_over.wait(0.2):
            publish(kafka_bootstrap, range(number, number + 3), timestamp_ms=later)
            number += 3

    crawler = threading.Thread(target=crawl)
    crawler.start()
    try:
        with reader(kafka_bootstrap) as consumer:
            # Nine partitions of the twelve stay empty, so that the end is found by silence there.
            assert values(whole_topic(consumer, PAGES)) == list(range(6))
    finally:
        is_over.set()
        crawler.join()


def test_a_broker_that_stands_still_for_a_while_does_not_end_the_topic(
    kafka_bootstrap: str, tmp_path: Path, quiet_s: float
) -> None:
    broker = broker_process(tmp_path)
    publish(kafka_bootstrap, range(9))
    with reader(kafka_bootstrap) as consumer:
        records = whole_topic(consumer, PAGES)
        taken = [int(next(records).value)]
        broker.suspend()
        wake_up = threading.Timer(4 * quiet_s, broker.resume)
        wake_up.start()
        try:
            taken += values(records)
        finally:
            wake_up.join()
        assert sorted(taken) == list(range(9))


def test_a_broker_that_does_not_come_back_is_an_error(
    kafka_bootstrap: str, tmp_path: Path, quiet_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.whole_topic, "PATIENCE_S", 3.0)
    broker = broker_process(tmp_path)
    publish(kafka_bootstrap, range(9))
    with reader(kafka_bootstrap) as consumer:
        consumer.partitions_for_topic(PAGES)
        broker.suspend()
        try:
            with pytest.raises(KafkaTimeoutError, match="nothing came for 3 s"):
                values(whole_topic(consumer, PAGES))
        finally:
            broker.resume()
