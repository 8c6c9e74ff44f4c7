"""Pages to Kafka while the broker comes and goes."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.producer import PageProducer, PageTooLarge
from schemas.records import RawPage
from tests.crawler.conftest import consumed
from tests.crawler.processes import PATIENCE_S
from tests.kafka.clients import broker_process


def raw(n: int, body: bytes = b"<html>") -> RawPage:
    url = f"http://a.test/{n}"
    return RawPage(
        page_id=uuid.uuid4(), url=url, final_url=url, url_key=f"a.test/{n}", host="a.test", site="a.test",
        fetched_at=datetime.now(UTC), status=200, body=body, crawl_id="c", found_by="feed",
    )  # fmt: skip


@pytest.mark.kafka
def test_pages_outlast_an_outage_longer_than_the_clients_patience(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    broker = broker_process(tmp_path)

    async def scenario() -> None:
        producer = PageProducer(kafka_bootstrap, client_id="t", budget_bytes=1000, delivery_s=2.0)
        producer.start(asyncio.get_running_loop())
        await asyncio.wait_for(producer.send(raw(0)), PATIENCE_S)
        assert producer.has_room
        broker.suspend()
        try:
            sends = [asyncio.ensure_future(producer.send(raw(n, b"x" * 100))) for n in range(1, 21)]
            for _ in range(60):
                await asyncio.sleep(0.1)
            while producer.errors == 0:
                await asyncio.sleep(0.1)
            assert not any(s.done() for s in sends)
            assert not producer.has_room, "more than the budget waits, or the broker is away"
            assert producer.waiting_bytes == 2000
        finally:
            broker.resume()
        await asyncio.wait_for(asyncio.gather(*sends), PATIENCE_S)
        assert producer.waiting_bytes == 0
        assert producer.has_room
        await asyncio.to_thread(producer.stop)

    asyncio.run(scenario())
    pages = consumed(kafka_bootstrap, 21)
    assert {p.url for p in pages} == {raw(n).url for n in range(21)}


@pytest.mark.kafka
def test_a_broker_that_is_not_there_at_the_start_is_waited_for() -> None:
    async def scenario() -> None:
        producer = PageProducer("127.0.0.1:9", client_id="t")
        producer.start(asyncio.get_running_loop())
        sending = asyncio.ensure_future(producer.send(raw(1)))
        await asyncio.sleep(1.0)
        assert not sending.done() and not producer.has_room
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert producer.waiting_bytes == 0
        await asyncio.to_thread(producer.stop, 10.0)

    asyncio.run(scenario())


@pytest.mark.kafka
def test_a_page_that_no_message_can_hold_is_told_apart(kafka_bootstrap: str) -> None:
    async def scenario() -> None:
        producer = PageProducer(kafka_bootstrap, client_id="t")
        producer.start(asyncio.get_running_loop())
        noise = b"".join(uuid.uuid4().bytes for _ in range(600_000))
        with pytest.raises(PageTooLarge):
            await asyncio.wait_for(producer.send(replace(raw(1), body=noise)), PATIENCE_S)
        await asyncio.wait_for(producer.send(raw(2, noise[: 5 * 1024 * 1024])), PATIENCE_S)
        await asyncio.to_thread(producer.stop)

    asyncio.run(scenario())
