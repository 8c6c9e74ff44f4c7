"""What the product leans on when it sends: pages of full size, their key, their order, refusals that say so."""

from __future__ import annotations

import random

import pytest
from kafka.errors import MessageSizeTooLargeError

from infra.topics import ensure_topics
from schemas.codec import decode_page, encode_page
from schemas.topics import ALL_TOPICS, DEAD_PAGES, PAGES
from tests.kafka.clients import MAX_REQUEST_BYTES, make_topic, open_producer, page_with, read_all

pytestmark = pytest.mark.kafka

MAX_BODY_BYTES = 5 * 1024 * 1024
"""Where crawlers cut a body."""


@pytest.mark.parametrize("topic", [PAGES, DEAD_PAGES])
def test_pages_with_five_megabytes_that_do_not_compress_come_back_byte_for_byte(
    kafka_bootstrap: str, topic: str
) -> None:
    """On the product's own topics: their size limit must stand above the broker's (1 MiB unless it was raised)."""
    pages = [page_with(random.Random(seed).randbytes(MAX_BODY_BYTES), f"a{seed}") for seed in range(3)]
    with open_producer(kafka_bootstrap) as producer:
        acks = [producer.send(topic, key=p.url_key.encode(), value=encode_page(p)) for p in pages]
        for ack in acks:
            ack.get(timeout=30)
    by_key = {record.key: decode_page(record.value) for record in read_all(kafka_bootstrap, topic, 3)}
    assert by_key == {page.url_key.encode(): page for page in pages}


def test_a_page_that_compresses_is_small_on_the_wire_whatever_its_size(kafka_bootstrap: str) -> None:
    page = page_with(b"<p>The same line of a footer.</p>\n" * 150_000)
    assert len(page.body) > 5_000_000
    topic = make_topic(kafka_bootstrap, max_message_bytes=None)
    with open_producer(kafka_bootstrap) as producer:
        sent = producer.send(topic, key=b"k", value=encode_page(page)).get(timeout=30)
    assert sent.serialized_value_size < 10_000
    [record] = read_all(kafka_bootstrap, topic, 1)
    assert decode_page(record.value) == page


def test_a_message_over_the_clients_limit_is_refused_at_once_and_the_next_one_goes(
    kafka_bootstrap: str,
) -> None:
    topic = make_topic(kafka_bootstrap)
    with open_producer(kafka_bootstrap) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            producer.send(topic, key=b"k", value=b"x" * (MAX_REQUEST_BYTES + 1))
        assert producer.send(topic, key=b"k", value=b"small").get(timeout=30).offset == 0


def test_all_pages_of_one_key_stay_in_one_partition_in_the_order_sent(kafka_bootstrap: str) -> None:
    topic = make_topic(kafka_bootstrap, partitions=6)
    sent = [(f"paper-{n % 30}.test/a".encode(), str(n).encode()) for n in range(300)]
    with open_producer(kafka_bootstrap) as producer:
        for ack in [producer.send(topic, key=key, value=value) for key, value in sent]:
            ack.get(timeout=30)
    records = read_all(kafka_bootstrap, topic, 300)
    assert len({record.partition for record in records}) > 1
    for key in {key for key, _ in sent}:
        mine = [record for record in records if record.key == key]
        assert len({record.partition for record in mine}) == 1
        assert [record.value for record in mine] == [value for k, value in sent if k == key]


def test_headers_come_back_in_order_with_their_bytes(kafka_bootstrap: str) -> None:
    topic = make_topic(kafka_bootstrap)
    headers = [("why", "zerlegt: ü\n".encode()), ("where", b"wiretrace.pages.v1:3:17"), ("why", b"\x00\xff")]
    with open_producer(kafka_bootstrap) as producer:
        producer.send(topic, key=b"k", value=b"\xc3\x01\x00\xff", headers=headers).get(timeout=30)
    [record] = read_all(kafka_bootstrap, topic, 1)
    assert list(record.headers) == headers
    assert record.value == b"\xc3\x01\x00\xff"


def test_topics_are_made_once_and_a_second_call_leaves_them_alone(kafka_bootstrap: str) -> None:
    with open_producer(kafka_bootstrap) as producer:
        producer.send(PAGES, key=b"k", value=b"stays").get(timeout=30)
        assert ensure_topics(kafka_bootstrap, replication=1) == []
        assert set(ALL_TOPICS) == {name for name in ALL_TOPICS if producer.partitions_for(name)}
    assert read_all(kafka_bootstrap, PAGES, 1)[0].value == b"stays"
