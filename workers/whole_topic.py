"""All that a topic holds now, from its beginning to its end, outside of any consumer group.

When there is no more is not easy to know: the end offsets of the embedded broker are too low, a broker that stands
still looks like one that has nothing, whoever takes the records may work on them for minutes, and crawlers may add
some all the time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError

__all__ = ["whole_topic"]

QUIET_S: Final = 5.0
"""There is no more when nothing comes for so long, and no partition is known to hold more."""
PATIENCE_S: Final = 60.0
"""How long nothing may come where there is more, or where the broker has not told."""
CLOCKS_APART_S: Final = 60.0
"""So much later than the call, by its own time, the first record of a partition is one that came meanwhile."""


def whole_topic(consumer: Any, topic: str) -> Iterator[Any]:
    """The records that a topic held when this was called, and perhaps some that came since; in order in each partition.

    Args:
        consumer: a KafkaConsumer without a group; it is assigned all partitions.

    Raises:
        KafkaError: the broker went away before the end; `KafkaTimeoutError` where it only stands still.
    """
    ends_at_ms = 1000 * (time.time() + CLOCKS_APART_S)
    unread = {TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()}
    consumer.assign(list(unread))
    consumer.seek_to_beginning(*unread)
    quiet_since = time.monotonic()
    while unread:
        polled = consumer.poll(timeout_ms=500)
        for partition, records in polled.items():
            for record in records:
                if (record.timestamp or 0) > ends_at_ms:
                    consumer.pause(partition)
                    unread.discard(partition)
                    break
                yield record
        if polled:
            # Not before: what is done with a record is not the broker's silence.
            quiet_since = time.monotonic()
            continue
        quiet_s = time.monotonic() - quiet_since
        if quiet_s >= QUIET_S and not _has_more(consumer, unread):
            return
        if quiet_s >= PATIENCE_S:
            raise KafkaTimeoutError(f"{topic} holds more, but nothing came for {PATIENCE_S:g} s")


def _has_more(consumer: Any, partitions: Iterable[TopicPartition]) -> bool:
    """Whether a partition has more by what the broker said last, or nothing has been said of it."""
    return any(
        (end := consumer.highwater(partition)) is None or consumer.position(partition) < end
        for partition in partitions
    )
