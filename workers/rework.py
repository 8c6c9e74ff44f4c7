"""Pages worked again: after the extractor, the learnt lines or the sketches have changed.

Pages come from the topic, as long as it keeps them, or from the caller (WARC files). They go through the same
pipeline as new ones; their articles get a new version where the text differs, are sketched anew, and their
clusters follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import structlog
from kafka import KafkaConsumer
from kafka.errors import KafkaError

from schemas import topics
from schemas.codec import decode_page
from schemas.errors import BrokerUnavailable, MessageError, SettingsError, cut
from schemas.records import RawPage
from schemas.settings import Settings
from workers.database import connect
from workers.dedupe.store import Index
from workers.events import announce, make_producer
from workers.extract.pool import ExtractPool
from workers.pipeline import Pipeline
from workers.whole_topic import whole_topic

__all__ = ["pages_on_topic", "rework"]

log = structlog.get_logger(__name__)

_BATCH: Final = 32


def rework(
    settings: Settings,
    pages: Iterable[RawPage],
    *,
    extract_processes: int = 1,
    on_batch: Callable[[int], None] = lambda _: None,
) -> int:
    """Works `pages` again and returns how many there were.

    Safe beside running workers; interrupted, it is simply run again.

    Raises:
        SettingsError: a server's address is missing.
        ServiceUnavailable: a server cannot be reached.
    """
    if not settings.database_url or not settings.kafka_bootstrap:
        raise SettingsError("working pages again needs a database and a broker")
    count = 0
    index = Index(window_days=settings.match_window_days)
    producer = make_producer(settings.kafka_bootstrap, "rework")
    try:
        with (
            connect(settings.database_url, application_name="wiretrace reprocess") as connection,
            ExtractPool(
                processes=extract_processes,
                timeout_s=settings.extract_timeout_s,
                memory_mb=settings.extract_memory_mb,
            ) as pool,
        ):
            pipeline = Pipeline(
                connection,
                pool,
                lambda events: announce(producer, events),
                index,
            )
            remaining = iter(pages)
            while batch := list(islice(remaining, _BATCH)):
                pipeline.work(batch, is_rework=True)
                count += len(batch)
                on_batch(len(batch))
            while pipeline.refresh():
                pass
    finally:
        producer.close(timeout=5)
    return count


def pages_on_topic(bootstrap: str, *, since: datetime) -> Iterator[RawPage]:
    """The pages that were published since then and that the topic still keeps.

    Reads outside any consumer group; the workers' place is not touched.

    Args:
        since: aware; compared with the message's time.

    Raises:
        BrokerUnavailable: no broker answers, or it went away before the end of the topic.
    """
    started_at = datetime.now(UTC)
    consumer = _open(bootstrap)
    try:
        for record in whole_topic(consumer, topics.PAGES):
            moment = datetime.fromtimestamp((record.timestamp or 0) / 1000, UTC)
            if since <= moment <= started_at and (page := _decoded(record)):
                yield page
    except KafkaError as error:
        raise BrokerUnavailable(
            f"the broker at {bootstrap} went away: {cut(error)}. Try: wiretrace doctor"
        ) from error
    finally:
        consumer.close(autocommit=False, timeout_ms=5_000)


def _open(bootstrap: str) -> Any:
    try:
        return KafkaConsumer(
            bootstrap_servers=bootstrap.split(","),
            client_id="wiretrace-reprocess",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 * 1024 * 1024,
            bootstrap_timeout_ms=10_000,
        )
    except KafkaError as error:
        raise BrokerUnavailable(
            f"no Kafka broker at {bootstrap}: {cut(error)}. Try: wiretrace doctor"
        ) from error


def _decoded(record: Any) -> RawPage | None:
    try:
        return decode_page(record.value or b"")
    except MessageError as error:
        log.warning("message skipped", action="rework_skipped", offset=record.offset, reason=cut(error))
        return None
