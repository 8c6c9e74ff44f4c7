"""What the product leans on when it reads: groups, commits after the work, members that come, go and are killed.

The consumer and the loop are the product's own.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.kafka.clients import (
    Member,
    fresh_name,
    make_topic,
    open_producer,
    produce_numbers,
    read_all,
    wait_until,
)
from workers.loop import MAX_POLL_RECORDS, Message, Rejected

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]


def test_a_new_group_gets_what_was_sent_before_it_existed(kafka_bootstrap: str) -> None:
    topic = make_topic(kafka_bootstrap, partitions=3)
    keys = produce_numbers(kafka_bootstrap, topic, range(90))
    with Member(kafka_bootstrap, topic, fresh_name("group")) as member:
        wait_until(lambda: len(member.seen) >= 90, "all messages delivered")
    assert sorted(member.keys) == keys


def test_two_groups_each_get_every_message(kafka_bootstrap: str) -> None:
    topic = make_topic(kafka_bootstrap, partitions=2)
    keys = produce_numbers(kafka_bootstrap, topic, range(40))
    with (
        Member(kafka_bootstrap, topic, fresh_name("group")) as one,
        Member(kafka_bootstrap, topic, fresh_name("group")) as other,
    ):
        wait_until(lambda: len(one.seen) >= 40 and len(other.seen) >= 40, "all messages delivered twice")
    assert sorted(one.keys) == sorted(other.keys) == keys


def test_work_that_failed_is_not_committed_and_comes_again_to_the_next_member(kafka_bootstrap: str) -> None:
    """The commit stands after the work: a loop that dies in its work has committed the batches before, no more."""
    topic = make_topic(kafka_bootstrap)
    group = fresh_name("group")
    keys = produce_numbers(kafka_bootstrap, topic, range(MAX_POLL_RECORDS * 3))

    def fail_in_the_second_batch(messages: Sequence[Message]) -> Sequence[Rejected]:
        if messages[0].offset > 0:
            raise KeyboardInterrupt  # passes the loop's isolation of bad messages, as a dying process does
        return []

    first = Member(kafka_bootstrap, topic, group, work=fail_in_the_second_batch)
    first.start()
    wait_until(lambda: not first.is_running, "the loop ended")
    with pytest.raises(KeyboardInterrupt):
        first.stop()
    assert first.committed_count == MAX_POLL_RECORDS
    assert len(first.seen) == 2 * MAX_POLL_RECORDS
    with Member(kafka_bootstrap, topic, group) as second:
        wait_until(lambda: len(second.seen) >= len(keys) - first.committed_count, "the rest delivered")
    assert second.keys == keys[first.committed_count :]


def test_a_stopped_member_finishes_and_commits_the_batch_in_hand(kafka_bootstrap: str) -> None:
    topic = make_topic(kafka_bootstrap)
    group = fresh_name("group")
    keys = produce_numbers(kafka_bootstrap, topic, range(MAX_POLL_RECORDS * 2))
    is_working, may_end = threading.Event(), threading.Event()

    def work(messages: Sequence[Message]) -> Sequence[Rejected]:
        is_working.set()
        assert may_end.wait(60)
        return []

    with Member(kafka_bootstrap, topic, group, work=work) as first:
        assert is_working.wait(60)
        first.ask_to_stop()
        may_end.set()
    assert 0 < len(first.seen) == first.committed_count < len(keys)
    with Member(kafka_bootstrap, topic, group) as second:
        wait_until(lambda: len(second.seen) >= len(keys) - len(first.seen), "the rest delivered")
    assert first.keys + second.keys == keys


def test_members_that_join_and_leave_share_the_partitions_and_nothing_is_lost_or_doubled(
    kafka_bootstrap: str,
) -> None:
    topic = make_topic(kafka_bootstrap, partitions=6)
    group = fresh_name("group")
    every = set(range(6))
    keys = produce_numbers(kafka_bootstrap, topic, range(120))
    with Member(kafka_bootstrap, topic, group) as first:
        wait_until(lambda: first.partitions == every, "the first member has every partition")
        with Member(kafka_bootstrap, topic, group) as second:
            wait_until(
                lambda: (
                    bool(first.partitions and second.partitions)
                    and not first.partitions & second.partitions
                    and first.partitions | second.partitions == every
                ),
                "the members share the partitions",
            )
            keys += produce_numbers(kafka_bootstrap, topic, range(120, 240))
            wait_until(lambda: set(keys) <= set(first.keys + second.keys), "both batches delivered")
            assert second.seen
        wait_until(lambda: first.partitions == every, "the first member has every partition again")
        keys += produce_numbers(kafka_bootstrap, topic, range(240, 270))
        wait_until(lambda: set(keys) <= set(first.keys + second.keys), "the last batch delivered")
    assert sorted(first.keys + second.keys) == keys


def test_kill_9_in_the_middle_of_a_batch_loses_no_message(kafka_bootstrap: str, tmp_path: Path) -> None:
    """A process is killed between its work and its commit; what it had in hand comes again, and nothing else does."""
    topic = make_topic(kafka_bootstrap, partitions=4)
    group = fresh_name("group")
    keys = produce_numbers(kafka_bootstrap, topic, range(MAX_POLL_RECORDS * 4))
    command = [sys.executable, "-m", "tests.kafka.consumer_process", kafka_bootstrap, topic, group]

    def worked(file: Path) -> list[bytes]:
        return file.read_bytes().split() if file.exists() else []

    slow, fast = tmp_path / "slow", tmp_path / "fast"
    victim = subprocess.Popen([*command, str(slow), "0.05"], cwd=ROOT)
    try:
        wait_until(lambda: len(worked(slow)) > MAX_POLL_RECORDS + 5, "the victim is in its second batch")
    finally:
        victim.kill()
        victim.wait()
    before = worked(slow)
    assert len(before) < len(keys)

    heir = subprocess.Popen([*command, str(fast), "0"], cwd=ROOT)
    try:
        wait_until(lambda: set(before) | set(worked(fast)) >= set(keys), "every message worked")
    finally:
        heir.kill()
        heir.wait()
    after = Counter(worked(fast))
    assert max(after.values()) == 1, "the heir was given a message twice though it did not die before"
    repeated = set(before) & set(after)
    assert 0 < len(repeated) <= MAX_POLL_RECORDS, "what came again must be the victim's batch in hand"


def test_kill_9_of_one_of_two_processes_hands_its_partitions_to_the_other(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    topic = make_topic(kafka_bootstrap, partitions=4)
    group = fresh_name("group")
    file = tmp_path / "victim"
    with Member(kafka_bootstrap, topic, group) as survivor:
        wait_until(lambda: len(survivor.partitions) == 4, "the survivor has every partition")
        victim = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.kafka.consumer_process",
                kafka_bootstrap,
                topic,
                group,
                file,
                "0.05",
            ],
            cwd=ROOT,
        )
        try:
            wait_until(lambda: len(survivor.partitions) == 2, "the members share the partitions")
            keys = produce_numbers(kafka_bootstrap, topic, range(MAX_POLL_RECORDS * 4))
            wait_until(lambda: file.exists() and file.read_bytes().count(b"\n") >= 5, "the victim works")
        finally:
            victim.kill()
            victim.wait()
        wait_until(
            lambda: set(survivor.keys) | set(file.read_bytes().split()) >= set(keys), "every message worked"
        )
        wait_until(lambda: len(survivor.partitions) == 4, "the survivor has every partition again")
    assert max(Counter(survivor.keys).values()) == 1
    twice = set(survivor.keys) & set(file.read_bytes().split())
    assert len(twice) <= MAX_POLL_RECORDS


def test_while_the_database_is_away_a_member_keeps_its_place_and_then_works_the_same_batch(
    kafka_bootstrap: str,
) -> None:
    """Longer than the session timeout: polls of paused partitions must keep the membership and deliver nothing."""
    topic = make_topic(kafka_bootstrap, partitions=2)
    keys = produce_numbers(kafka_bootstrap, topic, range(50))
    is_back = threading.Event()
    done: list[bytes | None] = []

    def work(messages: Sequence[Message]) -> Sequence[Rejected]:
        if not is_back.is_set():
            raise ConnectionError("the database is away")
        done.extend(message.key for message in messages)
        return []

    with Member(
        kafka_bootstrap,
        topic,
        fresh_name("group"),
        work=work,
        is_transient=lambda error: isinstance(error, ConnectionError),
    ) as member:
        threading.Timer(9.0, is_back.set).start()
        wait_until(lambda: len(done) >= 50, "all messages worked")
    assert sorted(done) == keys
    assert member.committed_count == 50


def test_one_message_that_breaks_the_work_is_buried_alone_and_the_rest_is_worked(
    kafka_bootstrap: str,
) -> None:
    topic = make_topic(kafka_bootstrap)
    dead_topic = make_topic(kafka_bootstrap)
    done: list[bytes | None] = []

    def work(messages: Sequence[Message]) -> Sequence[Rejected]:
        if any(message.key == b"000013" for message in messages):
            raise ValueError("poison")
        done.extend(message.key for message in messages)
        return []

    with open_producer(kafka_bootstrap) as producer:
        for n in range(40):
            producer.send(
                topic,
                key=b"%06d" % n,
                value=b"\xc3\x01\x00\xff%d" % n,
                headers=[("h", b"\x00\xfe"), ("h", b"2")],
            ).get(timeout=30)

        def bury(rejected: Rejected) -> None:
            message = rejected.message
            headers = [*message.headers, ("wiretrace-reason", rejected.reason.encode())]
            producer.send(dead_topic, key=message.key, value=message.value, headers=headers).get(30)

        with Member(kafka_bootstrap, topic, fresh_name("group"), work=work, bury=bury) as member:
            wait_until(lambda: member.committed_count >= 40, "all messages committed")
    assert sorted(done) == [b"%06d" % n for n in range(40) if n != 13]
    [letter] = read_all(kafka_bootstrap, dead_topic, 1)
    assert letter.key == b"000013"
    assert letter.value == b"\xc3\x01\x00\xff13"
    assert list(letter.headers) == [
        ("h", b"\x00\xfe"),
        ("h", b"2"),
        ("wiretrace-reason", b"ValueError: poison"),
    ]
