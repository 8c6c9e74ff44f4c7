"""The producer of a worker: copy events and dead letters, each acknowledged before the offsets are committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas import topics
from schemas.codec import encode_copy
from schemas.errors import BrokerUnavailable, cut
from schemas.records import CopyEvent

__all__ = ["announce", "make_producer"]

_ACK_TIMEOUT_S: Final = 30.0


def make_producer(bootstrap: str, worker: str) -> Any:
    """A producer that waits for every in-sync replica.

    Raises:
        BrokerUnavailable: no broker answers.
    """
    try:
        return KafkaProducer(
            bootstrap_servers=bootstrap.split(","),
            client_id=f"wiretrace-worker-{worker}-events",
            acks="all",
            # A dead letter is as large as the page it was.
            max_request_size=8 * 1024 * 1024,
            bootstrap_timeout_ms=10_000,
        )
    except KafkaError as error:
        raise BrokerUnavailable(
            f"no Kafka broker at {bootstrap}: {cut(error)}. Try: wiretrace doctor"
        ) from error


def announce(producer: Any, events: Sequence[CopyEvent]) -> None:
    """Sends the events and returns when the broker has acknowledged them all.

    Raises:
        KafkaError: it did not; sending them all again is right, for consumers tell them apart by key.
    """
    sent = [
        producer.send(topics.COPIES, value=encode_copy(event), key=event.event_key.encode())
        for event in events
    ]
    producer.flush(timeout=_ACK_TIMEOUT_S)
    for future in sent:
        future.get(timeout=_ACK_TIMEOUT_S)
