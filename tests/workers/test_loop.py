"""The loop's order of effects, with a stand-in consumer that faults can be planned for.

The real broker is used in tests/kafka and tests/e2e; here the clock of faults must be exact.
"""

from __future__ import annotations

import threading
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import CommitFailedError

from workers.loop import Message, Rejected, consume

Record = namedtuple("Record", "topic partition offset key value headers timestamp")


class Away(Exception):
    """The database is away."""


class Unfit(Exception):
    """The worker can work no page at all."""


def records(*values: bytes, partition: int = 0, start: int = 0) -> list[Record]:
    return [
        Record("pages", partition, start + i, b"k", value, [("h", b"1")], 7) for i, value in enumerate(values)
    ]


@dataclass
class PlannedConsumer:
    """Hands out planned batches, notes what is committed, then sets `stop`."""

    batches: list[list[Record]]
    stop: threading.Event
    log: list[Any] = field(default_factory=list)
    refuse_commit: bool = False
    owned: set[TopicPartition] = field(
        default_factory=lambda: {TopicPartition("pages", 0), TopicPartition("pages", 1)}
    )
    held: set[TopicPartition] = field(default_factory=set)

    def poll(self, timeout_ms: int = 0) -> dict[TopicPartition, list[Record]]:
        if self.held:
            return {}
        if not self.batches:
            self.stop.set()
            return {}
        batch: dict[TopicPartition, list[Record]] = {}
        for record in self.batches.pop(0):
            batch.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        return batch

    def assignment(self) -> set[TopicPartition]:
        return set(self.owned)

    def paused(self) -> set[TopicPartition]:
        return set(self.held)

    def pause(self, *partitions: TopicPartition) -> None:
        self.held |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.held -= set(partitions)

    def commit(self, offsets: dict[TopicPartition, Any], timeout_ms: int) -> None:
        if self.refuse_commit:
            raise CommitFailedError()
        self.log.append(("commit", {p.partition: o.offset for p, o in offsets.items()}))


def run(consumer: PlannedConsumer, work: Any, bury: Any = None) -> None:
    consume(
        consumer,
        work,
        bury or (lambda rejected: consumer.log.append(("bury", rejected.message.offset, rejected.stage))),
        is_transient=lambda error: isinstance(error, Away),
        is_fatal=lambda error: isinstance(error, Unfit),
        stop=consumer.stop,
    )


def test_offsets_are_committed_after_the_work_and_one_past_the_last_message() -> None:
    consumer = PlannedConsumer([records(b"a", b"b"), records(b"c", start=2)], threading.Event())

    def work(messages: Sequence[Message]) -> list[Rejected]:
        consumer.log.append(("work", [m.value for m in messages]))
        return []

    run(consumer, work)
    assert consumer.log == [
        ("work", [b"a", b"b"]),
        ("commit", {0: 2}),
        ("work", [b"c"]),
        ("commit", {0: 3}),
    ]


def test_a_transient_error_is_answered_by_the_same_batch_again_and_no_commit_before() -> None:
    consumer = PlannedConsumer([records(b"a")], threading.Event())
    attempts = iter([Away(), Away(), None])

    def work(messages: Sequence[Message]) -> list[Rejected]:
        consumer.log.append(("work", [m.value for m in messages]))
        if error := next(attempts):
            raise error
        return []

    run(consumer, work)
    assert consumer.log == [("work", [b"a"])] * 3 + [("commit", {0: 1})]
    assert consumer.held == set()


def test_a_stop_during_an_outage_commits_nothing() -> None:
    stop = threading.Event()
    consumer = PlannedConsumer([records(b"a"), records(b"never")], stop)

    def work(messages: Sequence[Message]) -> list[Rejected]:
        stop.set()
        raise Away

    run(consumer, work)
    assert consumer.log == []
    assert len(consumer.batches) == 1


def test_one_poisonous_message_is_isolated_and_buried_and_the_others_are_worked() -> None:
    consumer = PlannedConsumer([records(b"a", b"b", b"poison", b"d", b"e")], threading.Event())
    worked: set[bytes] = set()

    def work(messages: Sequence[Message]) -> list[Rejected]:
        if any(m.value == b"poison" for m in messages):
            raise ValueError("cannot take it")
        worked.update(m.value for m in messages)
        return []

    run(consumer, work)
    assert worked == {b"a", b"b", b"d", b"e"}
    assert consumer.log == [("bury", 2, "work"), ("commit", {0: 5})]


def test_a_burial_that_the_broker_does_not_acknowledge_keeps_the_offset() -> None:
    stop = threading.Event()
    consumer = PlannedConsumer([records(b"bad")], stop)

    def work(messages: Sequence[Message]) -> list[Rejected]:
        return [Rejected(message=messages[0], stage="decode", reason="damaged")]

    def bury(rejected: Rejected) -> None:
        stop.set()
        raise Away

    run(consumer, work, bury)
    assert consumer.log == []


def test_offsets_of_partitions_that_went_to_another_member_are_not_committed() -> None:
    consumer = PlannedConsumer([records(b"a") + records(b"b", partition=1)], threading.Event())

    def work(messages: Sequence[Message]) -> list[Rejected]:
        consumer.owned = {TopicPartition("pages", 1)}
        return []

    run(consumer, work)
    assert consumer.log == [("commit", {1: 1})]


def test_a_refused_commit_does_not_end_the_worker() -> None:
    consumer = PlannedConsumer([records(b"a"), records(b"b", start=1)], threading.Event(), refuse_commit=True)
    worked: list[bytes] = []

    def work(messages: Sequence[Message]) -> list[Rejected]:
        worked.extend(m.value for m in messages)
        return []

    run(consumer, work)
    assert worked == [b"a", b"b"]


def test_messages_carry_key_headers_and_time() -> None:
    consumer = PlannedConsumer([records(b"a")], threading.Event())
    seen: list[Message] = []

    def work(messages: Sequence[Message]) -> list[Rejected]:
        seen.extend(messages)
        return []

    run(consumer, work)
    assert (seen[0].key, seen[0].headers, seen[0].timestamp_ms) == (b"k", (("h", b"1"),), 7)


def test_an_error_of_the_burial_that_no_retry_can_mend_ends_the_worker() -> None:
    consumer = PlannedConsumer([records(b"bad")], threading.Event())

    def bury(rejected: Rejected) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(consumer, lambda messages: [Rejected(message=messages[0], stage="decode", reason="x")], bury)
    assert consumer.log == []


def test_an_error_that_no_message_caused_ends_the_worker_and_buries_none() -> None:
    consumer = PlannedConsumer([records(b"a", b"b", b"c", b"d")], threading.Event())
    worked: list[int] = []

    def work(messages: Sequence[Message]) -> list[Rejected]:
        worked.append(len(messages))
        raise Unfit

    with pytest.raises(Unfit):
        run(consumer, work)
    assert worked == [4]
    assert consumer.log == []
