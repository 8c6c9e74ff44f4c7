"""One worker process: its consumer, its database connection, its extraction child, and how it starts and stops."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import psycopg
import structlog
from kafka.errors import KafkaError

from schemas import topics
from schemas.codec import decode_page
from schemas.errors import BrokerUnavailable, DatabaseUnavailable, MessageError, SettingsError, cut
from schemas.records import RawPage
from schemas.settings import Settings
from workers.database import Connection, connect, is_transient
from workers.deadletters import bury
from workers.dedupe.store import Index, SchemeMismatch
from workers.events import announce, make_producer
from workers.extract.pool import ExtractPool
from workers.loop import Message, Rejected, consume, make_consumer
from workers.pipeline import Pipeline

__all__ = ["run_worker"]

log = structlog.get_logger(__name__)

T = TypeVar("T")

_START_PATIENCE_S: Final = 60.0
"""How long a worker waits at its start for servers that are starting too."""


def run_worker(
    settings: Settings,
    *,
    stop: threading.Event,
    name: str | None = None,
    extract_processes: int = 1,
    on_batch: Callable[[int], None] = lambda _: None,
) -> None:
    """Works pages until `stop` is set; the batch in hand is finished and committed first.

    Args:
        settings: `database_url` and `kafka_bootstrap` must be set.
        name: of this worker in logs and dead letters; default host and process id.
        extract_processes: children that extract at the same time.

    Raises:
        SettingsError: a server's address is missing.
        ServiceUnavailable: a server cannot be reached within a minute.
        SchemeMismatch: the database's sketches were made another way; no message is touched.
    """
    if not settings.database_url or not settings.kafka_bootstrap:
        raise SettingsError("a worker needs WIRETRACE_DATABASE_URL and WIRETRACE_KAFKA_BOOTSTRAP")
    worker = name or f"{socket.gethostname()}-{os.getpid()}"
    link = _Link(settings.database_url)
    patience = time.monotonic() + _START_PATIENCE_S
    index = Index(window_days=settings.match_window_days)
    _patiently(lambda: index.prepare(link.open()), patience, stop)
    if stop.is_set():
        return
    producer = _patiently(lambda: make_producer(settings.kafka_bootstrap or "", worker), patience, stop)
    consumer = _patiently(
        lambda: make_consumer(
            settings.kafka_bootstrap or "",
            topics.PAGES,
            group=settings.worker_group,
            instance_id=settings.worker_instance_id,
            client_id=f"wiretrace-worker-{worker}",
            batch=settings.worker_batch,
            page_timeout_s=settings.extract_timeout_s,
        ),
        patience,
        stop,
    )
    if producer is None or consumer is None:
        return
    log.info("worker started", action="worker_started", worker=worker, group=settings.worker_group)
    try:
        with ExtractPool(
            processes=extract_processes,
            timeout_s=settings.extract_timeout_s,
            memory_mb=settings.extract_memory_mb,
        ) as pool:

            def pipeline() -> Pipeline:
                return Pipeline(
                    link.open(),
                    pool,
                    lambda events: announce(producer, events),
                    index,
                    chase_delay_s=settings.crawl_delay_s if settings.chase_sources else None,
                )

            def work(messages: Sequence[Message]) -> list[Rejected]:
                pages, rejected = _decode(messages)
                pipeline().work(pages)
                return rejected

            def refresh() -> None:
                while not stop.is_set() and pipeline().refresh():
                    pass

            consume(
                consumer,
                work,
                lambda rejected: bury(rejected, connection=link.open(), producer=producer, worker=worker),
                is_transient=lambda error: is_transient(error) or isinstance(error, KafkaError),
                is_fatal=lambda error: isinstance(error, SchemeMismatch),
                stop=stop,
                on_batch=on_batch,
                on_idle=refresh,
            )
    finally:
        consumer.close(autocommit=False, timeout_ms=5_000)
        producer.close(timeout=5)
        link.close()
        log.info("worker stopped", action="worker_stopped", worker=worker)


class _Link:
    """The worker's database connection, opened anew after it broke."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._connection: Connection | None = None

    def open(self) -> Connection:
        if self._connection is None or self._connection.closed or self._connection.broken:
            self.close()
            self._connection = connect(self._database_url)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _patiently(make: Callable[[], T], until: float, stop: threading.Event) -> T | None:
    """What `make` makes, tried again until it works; None once `stop` is set.

    Raises:
        ServiceUnavailable: it did not work until then.
        psycopg.Error: nor did the database's answers.
    """
    while not stop.is_set():
        try:
            return make()
        except (DatabaseUnavailable, BrokerUnavailable, psycopg.Error) as error:
            is_away = isinstance(error, BrokerUnavailable) or is_transient(error)
            if not is_away or time.monotonic() > until:
                raise
            log.warning("waiting for a server", action="waiting", reason=cut(error))
            stop.wait(1.0)
    return None


def _decode(messages: Sequence[Message]) -> tuple[list[RawPage], list[Rejected]]:
    pages: list[RawPage] = []
    rejected: list[Rejected] = []
    for message in messages:
        try:
            pages.append(decode_page(message.value))
        except MessageError as error:
            rejected.append(Rejected(message=message, stage="decode", reason=str(error)))
    return pages, rejected
