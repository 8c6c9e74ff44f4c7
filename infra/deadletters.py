"""Dead letters put back on their topic: bytes, key and headers as they were before they failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from schemas.errors import BrokerUnavailable, cut
from schemas.topics import DEAD_PAGES
from workers.whole_topic import whole_topic

__all__ = ["replay"]

_ACK_TIMEOUT_S: Final = 30.0

Place = tuple[str, int, int]
"""Topic, partition and offset at which a message failed."""


def replay(
    bootstrap: str, wanted: Mapping[Place, int], mark: Callable[[int], object]
) -> tuple[int, list[int]]:
    """How many were put back, and the ids of those that are not on the dead-letter topic any more.

    Args:
        wanted: dead letter id by the place where the message failed.
        mark: called with the id after the broker's ack, so that a crash in between replays twice and loses nothing.

    Raises:
        BrokerUnavailable: no broker answers, or it went away; run it again.
    """
    left = dict(wanted)
    if not left:
        return 0, []
    try:
        return _replay(bootstrap, left, mark), sorted(left.values())
    except KafkaError as error:
        raise BrokerUnavailable(
            f"the broker at {bootstrap} went away: {cut(repr(error))}. Run it again"
        ) from error


def _replay(bootstrap: str, left: dict[Place, int], mark: Callable[[int], object]) -> int:
    consumer: Any = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        client_id="wiretrace-dlq",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
    producer: Any = KafkaProducer(
        bootstrap_servers=bootstrap.split(","),
        client_id="wiretrace-dlq",
        acks="all",
        enable_idempotence=True,
        max_request_size=8 * 1024 * 1024,
    )
    count = 0
    try:
        for record in whole_topic(consumer, DEAD_PAGES):
            place = _place(record.headers)
            if place is None or place not in left:
                continue
            headers = [(name, value) for name, value in record.headers if not name.startswith("wiretrace-")]
            producer.send(place[0], value=record.value, key=record.key, headers=headers).get(_ACK_TIMEOUT_S)
            mark(left.pop(place))
            count += 1
            if not left:
                break
    finally:
        consumer.close()
        producer.close(timeout=5)
    return count


def _place(headers: list[tuple[str, bytes]]) -> Place | None:
    """Where the message of a dead letter failed; the last such headers count, as a letter can die twice."""
    found = {name: value.decode("utf-8", "replace") for name, value in headers}
    try:
        return found["wiretrace-topic"], int(found["wiretrace-partition"]), int(found["wiretrace-offset"])
    except (KeyError, ValueError):
        return None
