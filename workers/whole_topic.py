"""All that a topic holds now, from its beginning to its end, outside of any consumer group.

The end of a partition is the high-water mark that comes with the first answer about it. The embedded broker's end
offsets are too low, and a silence is no end: a broker that stands still is silent too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError

__all__ = ["whole_topic"]

PATIENCE_S: Final = 60.0
"""How long nothing may come before the end."""


def whole_topic(consumer: Any, topic: str) -> Iterator[Any]:
    """The records that a topic holds when the first of them comes; in order in each partition.

    Args:
        consumer: a KafkaConsumer without a group; it is assigned all partitions.

    Raises:
        KafkaError: the broker went away before the end; `KafkaTimeoutError` where it only stands still.
    """
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends: dict[TopicPartition, int] = {}
    quiet_since = time.monotonic()
    while len(ends) < len(partitions) or any(consumer.position(p) < end for p, end in ends.items()):
        polled = consumer.poll(timeout_ms=500)
        for partition in partitions:
            if (end := consumer.highwater(partition)) is not None:
                ends.setdefault(partition, end)
        for partition, records in polled.items():
            yield from (record for record in records if record.offset < ends[partition])
        if polled:
            # Not before: what is done with a record is not the broker's silence.
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since >= PATIENCE_S:
            raise KafkaTimeoutError(f"{topic} holds more, but nothing came for {PATIENCE_S:g} s")
