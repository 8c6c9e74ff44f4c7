"""Create the Kafka topics that are missing. Owns their partitions and size limits, not what travels on them."""

from __future__ import annotations

from typing import Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from schemas.errors import BrokerUnavailable
from schemas.topics import ALL_TOPICS, DEAD_PAGES, PAGES

__all__ = ["PARTITIONS", "ensure_topics"]

PARTITIONS: Final = 12
"""Bound on workers that share a topic: 12 divides evenly among 1, 2, 3, 4, 6 and 12 of them."""

_MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""A body is cut at 5 MiB on fetch; what zstd cannot shrink plus headers stays far below this."""


def ensure_topics(bootstrap: str, *, partitions: int = PARTITIONS, replication: int = -1) -> list[str]:
    """The names of the topics that this call created.

    Args:
        bootstrap: `host:port[,host:port]`.
        partitions: of the pages topic, when it is created; an existing topic is left as it is.
        replication: copies of each partition; -1 = the broker's default.

    Raises:
        BrokerUnavailable: no broker answers; a retry can help.
    """
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","), client_id="wiretrace-admin", request_timeout_ms=15_000
        )
    except KafkaError as error:
        raise BrokerUnavailable(
            f"no Kafka broker answers at {bootstrap}: {error}. Try: wiretrace doctor"
        ) from None
    try:
        present = set(admin.list_topics())
        wanted = [name for name in ALL_TOPICS if name not in present]
        created = []
        for name in wanted:
            configs = {"max.message.bytes": str(_MAX_MESSAGE_BYTES)} if name in (PAGES, DEAD_PAGES) else {}
            spec = {"num_partitions": partitions, "replication_factor": replication, "configs": configs}
            try:
                admin.create_topics({name: spec}, timeout_ms=15_000)
            except TopicAlreadyExistsError:
                continue
            created.append(name)
        return created
    except KafkaError as error:
        raise BrokerUnavailable(f"topics cannot be created at {bootstrap}: {error}") from None
    finally:
        admin.close()
