"""The fixtures that all other tests stand on."""

from __future__ import annotations

import socket
import time

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from schemas.settings import Settings
from schemas.topics import ALL_TOPICS, PAGES


def test_settings_point_to_a_database_with_the_schema_and_a_broker_with_the_topics(
    settings: Settings,
) -> None:
    assert settings.database_url is not None
    assert settings.kafka_bootstrap is not None
    with psycopg.connect(settings.database_url) as connection:
        assert connection.execute("select count(*) from core.pages").fetchone() == (0,)
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap)
    assert set(ALL_TOPICS) <= consumer.topics()
    consumer.close()


@pytest.mark.parametrize("round_", [1, 2])
def test_no_message_of_one_test_is_seen_by_the_next(kafka_bootstrap: str, round_: int) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap)
    producer.send(PAGES, b"x", partition=0).get(timeout=60)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(PAGES, 0)])
    ends_at = time.monotonic() + 60
    got: list[bytes] = []
    while not got and time.monotonic() < ends_at:
        got += [record.value for records in consumer.poll(timeout_ms=500).values() for record in records]
    assert got == [b"x"]
    consumer.close()


def test_a_test_cannot_reach_beyond_loopback() -> None:
    with socket.socket() as outside, pytest.raises(PermissionError, match="loopback only"):
        outside.connect(("192.0.2.1", 80))
