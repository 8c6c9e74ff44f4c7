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
from workers.whole_topic import whole_topic

pytestmark = pytest.mark.kafka


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


def test_an_empty_topic_ends(kafka_bootstrap: str) -> None:
    with reader(kafka_bootstrap) as consumer:
        assert values(whole_topic(consumer, PAGES)) == []


def test_who_works_longer_on_a_record_than_a_broker_may_be_silent_gets_all(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.whole_topic, "PATIENCE_S", 1.0)
    publish(kafka_bootstrap, range(6))
    taken = []
    with reader(kafka_bootstrap) as consumer:
        for record in whole_topic(consumer, PAGES):
            taken.append(int(record.value))
            time.sleep(1.2)
    assert sorted(taken) == list(range(6))


def test_a_topic_to_which_pages_are_added_all_the_time_ends(kafka_bootstrap: str) -> None:
    publish(kafka_bootstrap, range(6))
    taken = []
    with reader(kafka_bootstrap) as consumer:
        for number, record in enumerate(whole_topic(consumer, PAGES)):
            taken.append(int(record.value))
            publish(kafka_bootstrap, range(6 + 3 * number, 9 + 3 * number))
    assert sorted(taken) == list(range(6))


def test_a_broker_that_stands_still_for_a_while_does_not_end_the_topic(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    broker = broker_process(tmp_path)
    publish(kafka_bootstrap, range(9))
    with reader(kafka_bootstrap) as consumer:
        records = whole_topic(consumer, PAGES)
        taken = [int(next(records).value)]
        broker.suspend()
        wake_up = threading.Timer(4.0, broker.resume)
        wake_up.start()
        try:
            taken += values(records)
        finally:
            wake_up.join()
        assert sorted(taken) == list(range(9))


def test_a_broker_that_does_not_come_back_is_an_error(
    kafka_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
