"""Create the Kafka topics that are missing. Owns their partitions and size limits, not what travels on them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from schemas.errors import BrokerUnavailable
from schemas.topics import ALL_TOPICS, DEAD_PAGES, PAGES

__all__ = ["PARTITIONS", "ensure_topics", "topics_of"]

PARTITIONS: Final = 12
"""Bound on workers that share a topic: 12 divides evenly among 1, 2, 3, 4, 6 and 12 of them."""

_MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""A body is cut at 5 MiB on fetch; what zstd cannot shrink plus headers stays far below this."""


def _require_listener(bootstrap: str) -> None:
    """Return if anything listens at one of the addresses: the client itself takes half a minute to say that none does.

    Raises:
        BrokerUnavailable: nothing does, or an address is none.
    """
    problems = []
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
        except (OSError, ValueError) as error:
            problems.append(f"{address.strip()}: {error}")
        else:
            return
    raise BrokerUnavailable(f"no Kafka broker answers at {'; '.join(problems)}. Try: wiretrace doctor")


@contextmanager
def _admin(bootstrap: str) -> Iterator[Any]:
    """An admin client.

    Raises:
        BrokerUnavailable: no broker answers, or it went away; a retry can help.
    """
    _require_listener(bootstrap)
    admin = None
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","),
            client_id="wiretrace-admin",
            request_timeout_ms=15_000,
            bootstrap_timeout_ms=10_000,
        )
        yield admin
    except KafkaError as error:
        raise BrokerUnavailable(
            f"no Kafka broker answers at {bootstrap}: {error}. Try: wiretrace doctor"
        ) from None
    finally:
        if admin is not None:
            admin.close()


def topics_of(bootstrap: str) -> dict[str, int]:
    """The topics of a broker with their numbers of partitions.

    Raises:
        BrokerUnavailable: no broker answers; a retry can help.
    """
    with _admin(bootstrap) as admin:
        return {str(topic["name"]): len(topic["partitions"]) for topic in admin.describe_topics()}


def ensure_topics(bootstrap: str, *, partitions: int = PARTITIONS, replication: int = -1) -> list[str]:
    """The names of the topics that this call created.

    Args:
        bootstrap: `host:port[,host:port]`.
        partitions: of the pages topic, when it is created; an existing topic is left as it is.
        replication: copies of each partition; -1 = the broker's default.

    Raises:
        BrokerUnavailable: no broker answers; a retry can help.
    """
    with _admin(bootstrap) as admin:
        present = set(admin.list_topics())
        created = []
        for name in ALL_TOPICS:
            if name in present:
                continue
            configs = {"max.message.bytes": str(_MAX_MESSAGE_BYTES)} if name in (PAGES, DEAD_PAGES) else {}
            spec = {"num_partitions": partitions, "replication_factor": replication, "configs": configs}
            try:
                # A broker knows a new topic a moment after it has agreed to make it.
                admin.create_topics({name: spec}, timeout_ms=15_000, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                continue
            created.append(name)
        return created
