"""Topics, pages and members of a group for these tests.

Every topic and group gets a name of its own, so that a test meets neither another one nor what an earlier run left on a
broker that stays. What reads and commits is the product's own consumer and loop.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from schemas.records import RawPage
from workers.loop import Message, Rejected, consume, make_consumer

MAX_REQUEST_BYTES = 8 * 1024 * 1024
"""The limit of the pages topic and of the product's producers."""


def fresh_name(word: str) -> str:
    return f"test.{word}.{uuid4().hex[:12]}"


def make_topic(
    bootstrap: str, *, partitions: int = 1, max_message_bytes: int | None = MAX_REQUEST_BYTES
) -> str:
    """The name of a new topic, known to the broker when this returns; without a limit it has the broker's own."""
    name = fresh_name("topic")
    configs = {} if max_message_bytes is None else {"max.message.bytes": str(max_message_bytes)}
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics(
            {name: {"num_partitions": partitions, "replication_factor": 1, "configs": configs}},
            wait_for_metadata=True,
        )
    finally:
        admin.close()
    return name


@contextmanager
def open_producer(bootstrap: str, **overrides: Any) -> Iterator[KafkaProducer]:
    options: dict[str, Any] = {"acks": "all", "max_request_size": MAX_REQUEST_BYTES, "max_block_ms": 5_000}
    producer = KafkaProducer(bootstrap_servers=bootstrap, **(options | overrides))
    try:
        yield producer
    finally:
        producer.close()


def produce_numbers(bootstrap: str, topic: str, numbers: range) -> list[bytes]:
    """Sends a small message for each number and awaits every ack; returns their keys."""
    keys = [b"%06d" % number for number in numbers]
    with open_producer(bootstrap) as producer:
        for ack in [producer.send(topic, key=key, value=b"v" + key) for key in keys]:
            ack.get(timeout=30)
    return keys


def read_all(bootstrap: str, topic: str, count: int, *, timeout_s: float = 40) -> list[Any]:
    """The first `count` records of a topic, by a client outside any group."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=MAX_REQUEST_BYTES,
    )
    seen: list[Any] = []
    deadline = time.monotonic() + timeout_s
    try:
        while len(seen) < count:
            assert time.monotonic() < deadline, f"{len(seen)} of {count} records after {timeout_s} s"
            for records in consumer.poll(timeout_ms=200).values():
                seen.extend(records)
    finally:
        consumer.close()
    return seen


class Member:
    """A member of a group in a thread of its own: the product's consumer and loop around a `work` of the test.

    Use as a context manager: leaving it stops the loop as a worker is stopped, and raises what the loop raised.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        group: str,
        *,
        work: Callable[[Sequence[Message]], Sequence[Rejected]] = lambda messages: [],
        bury: Callable[[Rejected], None] = lambda rejected: None,
        is_transient: Callable[[BaseException], bool] = lambda error: False,
    ) -> None:
        self.seen: list[Message] = []
        """All that was delivered, in the order of delivery."""
        self.committed_count = 0
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._work = work
        self._bury = bury
        self._is_transient = is_transient
        self.consumer = make_consumer(
            bootstrap, topic, group=group, instance_id=None, client_id="test-member"
        )
        self._thread = threading.Thread(target=self._run, name=f"member of {group}", daemon=True)

    @property
    def partitions(self) -> set[int]:
        return {each.partition for each in self.consumer.assignment()}

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    @property
    def keys(self) -> list[bytes | None]:
        return [message.key for message in self.seen]

    def _run(self) -> None:
        def work(messages: Sequence[Message]) -> Sequence[Rejected]:
            self.seen.extend(messages)
            return self._work(messages)

        def count(messages: int) -> None:
            self.committed_count += messages

        try:
            consume(
                self.consumer,
                work,
                self._bury,
                is_transient=self._is_transient,
                stop=self._stop,
                on_batch=count,
            )
        except BaseException as error:
            self._error = error
        finally:
            self.consumer.close(autocommit=False, timeout_ms=5_000)

    def start(self) -> None:
        self._thread.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask_to_stop(self) -> None:
        """As SIGTERM asks a worker: returns at once."""
        self._stop.set()

    def stop(self) -> None:
        self.ask_to_stop()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the loop did not stop within 30 s"
        if self._error is not None:
            raise self._error


def wait_until(is_true: Callable[[], bool], what: str, *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, f"not after {timeout_s} s: {what}"
        time.sleep(0.05)


def page_with(body: bytes, path: str = "a", host: str = "paper-one.test") -> RawPage:
    url = f"http://{host}/{path}"
    return RawPage(
        page_id=uuid4(),
        url=url,
        final_url=url,
        url_key=f"{host}/{path}",
        host=host,
        site=host,
        fetched_at=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        status=200,
        body=body,
        crawl_id="c1",
        found_by="feed",
        headers={"content-type": "text/html"},
    )


def broker_process(tmp_path: Path) -> psutil.Process:
    """The broker of this test, to be frozen; skips where it is one whose process we do not know."""
    if configured := os.environ.get("WIRETRACE_TEST_KAFKA_PID"):
        return psutil.Process(int(configured))
    state = tmp_path / "broker" / "broker.json"
    if not state.exists():
        pytest.skip("the broker is not ours to freeze: WIRETRACE_TEST_KAFKA names it")
    return psutil.Process(json.loads(state.read_text())["pid"])
