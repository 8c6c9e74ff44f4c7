"""The consumer loop: poll, hand over, commit. Knows Kafka and knows no news.

The order of effects is fixed:

1. **poll** a small batch;
2. **hand over** to `work`, which writes rows in idempotent transactions and returns when all is stored;
3. messages that `work` cannot take go to the **dead-letter** topic with their bytes as they came, and the ack is
   awaited;
4. **commit** the offsets.

A crash between any two steps causes the batch to be delivered again. While the database is away the loop keeps
its place in the group: partitions are paused, the consumer is polled for nothing, the batch is tried again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError, UnknownMemberIdError

from schemas.errors import BrokerUnavailable, cut

__all__ = ["Consumer", "Message", "Rejected", "consume", "make_consumer"]

log = structlog.get_logger(__name__)

MAX_POLL_RECORDS: Final = 100
"""Pages a batch: enough to spread some twenty database round trips (`wiretrace bench dedupe` takes as many)."""

PAGE_TIMEOUT_S: Final = 20.0
_LEAST_POLL_INTERVAL_S: Final = 900
"""A member that does not poll for so long, or for a third more than a batch of pages that all hang takes with one
extraction process, is taken out of its group. With less the group would hand a slow page from worker to worker for
ever. A worker that dies is missed after SESSION_TIMEOUT_MS all the same."""

SESSION_TIMEOUT_MS: Final = 6_000
"""How long a dead worker's partitions wait. 6 s is the least that Kafka's brokers accept by default; on the
embedded broker the first join takes about half of it."""

_POLL_TIMEOUT_MS: Final = 500
_FETCH_MAX_BYTES: Final = 32 * 1024 * 1024
_PARTITION_FETCH_BYTES: Final = 8 * 1024 * 1024
"""Above the largest message (5 MiB body, zstd): one that is larger than this could never be fetched."""

_RETRY_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses before a batch is tried again while the database is away; the last one repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it came from the topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A message that can never be worked, with the stage that failed and the reason."""

    message: Message
    stage: str
    reason: str


Consumer = Any
"""A kafka.KafkaConsumer; the client ships no types."""

Work = Callable[[Sequence[Message]], Sequence[Rejected]]
"""Works a batch and returns what it can never work. Raises what `is_transient` knows when a retry can help, and
anything else when some message of the batch breaks it."""


def make_consumer(
    bootstrap: str,
    topic: str,
    *,
    group: str,
    instance_id: str | None,
    client_id: str,
    batch: int = MAX_POLL_RECORDS,
    page_timeout_s: float = PAGE_TIMEOUT_S,
) -> Consumer:
    """A member of `group` that reads `topic` from where the group stands, or from its start.

    Args:
        batch: messages that a poll returns at most.
        page_timeout_s: how long the work on one of them may take.

    Raises:
        BrokerUnavailable: no broker answers.
    """
    try:
        return KafkaConsumer(
            topic,
            bootstrap_servers=bootstrap.split(","),
            client_id=client_id,
            group_id=group,
            group_instance_id=instance_id,
            enable_auto_commit=False,
            # The client's default is latest: a new group would silently skip what waits.
            auto_offset_reset="earliest",
            partition_assignment_strategy=[CooperativeStickyAssignor],
            max_poll_records=batch,
            max_poll_interval_ms=round(1000 * max(_LEAST_POLL_INTERVAL_S, batch * page_timeout_s * 4 / 3)),
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=SESSION_TIMEOUT_MS // 3,
            fetch_max_bytes=_FETCH_MAX_BYTES,
            max_partition_fetch_bytes=_PARTITION_FETCH_BYTES,
            bootstrap_timeout_ms=10_000,
            allow_auto_create_topics=False,
        )
    except KafkaError as error:
        raise BrokerUnavailable(
            f"no Kafka broker at {bootstrap}: {cut(error)}. Try: wiretrace doctor"
        ) from error


def consume(
    consumer: Consumer,
    work: Work,
    bury: Callable[[Rejected], None],
    *,
    is_transient: Callable[[BaseException], bool],
    is_fatal: Callable[[BaseException], bool] = lambda _: False,
    stop: threading.Event,
    on_batch: Callable[[int], None] = lambda _: None,
    on_idle: Callable[[], None] = lambda: None,
) -> None:
    """Runs until `stop` is set; the batch in hand is finished and committed first.

    Args:
        work: works a batch; called again with the same messages after a transient error.
        bury: puts a rejected message on the dead-letter topic and returns when that is acknowledged.
        is_transient: whether an error of `work` or `bury` can be mended by doing the same again.
        is_fatal: whether an error of `work` has nothing to do with the messages: it is raised, and none is rejected.
        on_batch: told the number of messages after each commit.
        on_idle: called when nothing waits; what it leaves undone for a transient error it is called for again.
    """
    while not stop.is_set():
        polled = consumer.poll(timeout_ms=_POLL_TIMEOUT_MS)
        batch = [_message(record) for records in polled.values() for record in records]
        if not batch:
            _use_pause(on_idle, is_transient)
            continue
        if not _hand_over(consumer, batch, work, bury, is_transient, is_fatal, stop):
            return
        _commit(consumer, batch)
        on_batch(len(batch))


def _use_pause(on_idle: Callable[[], None], is_transient: Callable[[BaseException], bool]) -> None:
    try:
        on_idle()
    except Exception as error:
        if not is_transient(error):
            raise
        log.warning("idle work will be tried again", action="idle_retry", reason=cut(error))


def _hand_over(
    consumer: Consumer,
    batch: Sequence[Message],
    work: Work,
    bury: Callable[[Rejected], None],
    is_transient: Callable[[BaseException], bool],
    is_fatal: Callable[[BaseException], bool],
    stop: threading.Event,
) -> bool:
    """Steps 2 and 3 for `batch`; False where `stop` was set before they succeeded (then nothing is committed)."""
    attempt = 0
    while True:
        try:
            for rejected in _work_or_isolate(batch, work, lambda e: is_transient(e) or is_fatal(e)):
                bury(rejected)
                log.error(
                    "page buried",
                    action="dead_letter",
                    topic=rejected.message.topic,
                    partition=rejected.message.partition,
                    offset=rejected.message.offset,
                    stage=rejected.stage,
                    reason=cut(rejected.reason),
                )
            return True
        except Exception as error:
            if not is_transient(error):
                raise
            pause_s = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
            attempt += 1
            log.warning(
                "batch will be tried again",
                action="batch_retry",
                attempt=attempt,
                pause_s=pause_s,
                reason=cut(error),
            )
            if not _wait(consumer, pause_s, stop):
                return False


def _work_or_isolate(
    batch: Sequence[Message], work: Work, is_of_no_message: Callable[[BaseException], bool]
) -> Sequence[Rejected]:
    """`work(batch)`; where it breaks, halves of the batch, until the message that breaks it stands alone."""
    try:
        return work(batch)
    except Exception as error:
        if is_of_no_message(error):
            raise
        if len(batch) == 1:
            log.exception("page cannot be worked", action="page_failed", offset=batch[0].offset)
            return [Rejected(message=batch[0], stage="work", reason=f"{type(error).__name__}: {cut(error)}")]
    middle = len(batch) // 2
    return [
        *_work_or_isolate(batch[:middle], work, is_of_no_message),
        *_work_or_isolate(batch[middle:], work, is_of_no_message),
    ]


def _wait(consumer: Consumer, pause_s: float, stop: threading.Event) -> bool:
    """Waits without losing the place in the group; False once `stop` is set.

    A poll of paused partitions returns nothing and tells the group that this member lives.
    """
    until = time.monotonic() + pause_s
    paused = consumer.assignment()
    consumer.pause(*paused)
    try:
        while (left := until - time.monotonic()) > 0:
            if stop.wait(min(left, 0.5)):
                return False
            # Partitions that arrive in a rebalance meanwhile are not paused yet: put back what they hand out.
            for partition, records in consumer.poll(timeout_ms=0).items():
                consumer.seek(partition, records[0].offset)
                consumer.pause(partition)
        return True
    finally:
        consumer.resume(*(consumer.assignment() & consumer.paused()))


def _commit(consumer: Consumer, batch: Sequence[Message]) -> None:
    """Commits up to the end of `batch`, for the partitions that are still ours.

    A commit that the group refuses is no error: another member owns the partition and will get the messages
    again, which changes nothing.
    """
    ends: dict[Any, int] = {}
    for message in batch:
        partition = TopicPartition(message.topic, message.partition)
        ends[partition] = max(ends.get(partition, 0), message.offset + 1)
    ours = consumer.assignment()
    offsets = {
        partition: OffsetAndMetadata(end, "", -1) for partition, end in ends.items() if partition in ours
    }
    if not offsets:
        return
    try:
        consumer.commit(offsets, timeout_ms=30_000)
    except (CommitFailedError, RebalanceInProgressError, UnknownMemberIdError) as error:
        log.warning("commit refused", action="commit_refused", reason=cut(error))
    except KafkaError as error:
        log.warning(
            "commit failed; the batch may be delivered again", action="commit_failed", reason=cut(error)
        )


def _message(record: Any) -> Message:
    return Message(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value or b"",
        headers=tuple(record.headers or ()),
        timestamp_ms=record.timestamp or 0,
    )
