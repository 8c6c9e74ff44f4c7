"""Dead letters go back to their topic as they were."""

from __future__ import annotations

import time

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord

from infra.deadletters import replay
from schemas.topics import DEAD_PAGES, PAGES

pytestmark = pytest.mark.kafka


def test_letters_are_put_back_with_key_and_bytes_and_marked_after_the_ack(kafka_bootstrap: str) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap)
    for offset in (5, 6):
        headers = [("own", b"1"), ("wiretrace-topic", PAGES.encode()), ("wiretrace-partition", b"3")]
        headers += [("wiretrace-offset", str(offset).encode()), ("wiretrace-reason", b"why")]
        producer.send(DEAD_PAGES, value=b"v%d" % offset, key=b"k", headers=headers).get(60)
    producer.close()
    marked: list[int] = []
    done = replay(kafka_bootstrap, {(PAGES, 3, 5): 50, (PAGES, 3, 9): 90}, marked.append)
    assert done == (1, [90])
    assert marked == [50]
    consumer = KafkaConsumer(PAGES, bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    got: list[ConsumerRecord] = []
    ends_at = time.monotonic() + 120
    while not got and time.monotonic() < ends_at:
        got += [record for records in consumer.poll(timeout_ms=500).values() for record in records]
    # A second one would come along with the first or right behind it.
    got += [record for records in consumer.poll(timeout_ms=2000).values() for record in records]
    consumer.close()
    assert [(record.value, record.key, record.headers) for record in got] == [(b"v5", b"k", [("own", b"1")])]


def test_nothing_to_replay_needs_no_broker() -> None:
    assert replay("127.0.0.1:1", {}, lambda _: None) == (0, [])
