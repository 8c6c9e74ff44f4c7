"""Saved pages onto the topic, as if they had been fetched just now.

    1  pages are read and batched
    2  those that have an outcome already are passed over: an ingest that was cut short is simply run again
    3  the others are produced and acknowledged
    4  then they are written into the ledger

kill -9 between any two steps costs nothing: a page's id follows from its address, time and bytes.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import psycopg
from kafka import KafkaProducer
from kafka.errors import KafkaError
from psycopg.types.json import Jsonb
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from infra.archives import BadRecord, Item, SavedPage, Skipped
from schemas.codec import encode_page
from schemas.errors import BrokerUnavailable, DatabaseUnavailable, cut
from schemas.records import RawPage
from schemas.sql import sql
from schemas.topics import PAGES
from schemas.urls import host_of, site_of, url_key

__all__ = ["Ingested", "Publisher", "ingest", "page_of"]

_BATCH_PAGES: Final = 200
_BATCH_BYTES: Final = 16 * 1024 * 1024
"""Bounds on what is in memory at once."""

_ACK_TIMEOUT_S: Final = 60.0
_NAMED_AT_MOST: Final = 1000
"""Bad records that are kept with their reasons; more are only counted."""

_NAMESPACE: Final = UUID("6f6e7c1e-6d0c-5c0f-9d1b-7a5b0d4f2c11")


@dataclass(slots=True)
class Ingested:
    """What an ingest did.

    Attributes:
        published: pages produced, acknowledged and written into the ledger.
        known: pages that had their outcome from an earlier ingest.
        bad: records that cannot be read, the first ones by name.
        skipped: what is no page, counted by kind.
        unnamed: pages whose address had to be guessed or made up.
    """

    published: int = 0
    known: int = 0
    bad_count: int = 0
    bad: list[BadRecord] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    unnamed: int = 0

    @property
    def read(self) -> int:
        """All that was read: every item is in exactly one of these."""
        return self.published + self.known + self.bad_count + self.skipped.total()


def page_of(saved: SavedPage, crawl_id: str, *, is_again: bool = False) -> RawPage:
    """The page that goes to the topic; equal input has an equal id, unless it is wanted again."""
    digest = hashlib.sha256(saved.body).hexdigest()
    name = f"{saved.url}\n{saved.fetched_at.isoformat()}\n{digest}"
    bom = read_bom(saved.body)[0]
    return RawPage(
        page_id=uuid.uuid4() if is_again else uuid.uuid5(_NAMESPACE, name),
        url=saved.url,
        final_url=saved.url,
        url_key=url_key(saved.url),
        host=host_of(saved.url),
        site=site_of(saved.url),
        fetched_at=saved.fetched_at,
        status=saved.status,
        body=saved.body,
        crawl_id=crawl_id,
        found_by="ingest",
        headers=dict(saved.headers),
        declared_charset=http_content_type_encoding(saved.headers.get("content-type")),
        detected_charset=bom or html_body_declared_encoding(saved.body[:4096]),
        is_truncated=saved.is_truncated,
        found_on=saved.source,
    )


class Publisher:
    """Steps 2 to 4 for batches. A context manager.

    Raises:
        BrokerUnavailable: no broker answers, or it stops acknowledging; run the ingest again.
        DatabaseUnavailable: the database went away; run the ingest again.
    """

    def __init__(self, database_url: str, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        try:
            self._producer: Any = KafkaProducer(
                bootstrap_servers=bootstrap.split(","),
                client_id="wiretrace-ingest",
                acks="all",
                enable_idempotence=True,
                linger_ms=5,
                batch_size=256 * 1024,
                max_request_size=8 * 1024 * 1024,
                max_block_ms=30_000,
            )
        except KafkaError as error:
            raise BrokerUnavailable(
                f"no Kafka broker answers at {bootstrap}: {error}. Try: wiretrace doctor"
            ) from None
        self._connection = psycopg.connect(database_url, autocommit=True, application_name="wiretrace-ingest")

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.close(timeout=5)
        self._connection.close()

    def publish(self, pages: Sequence[RawPage]) -> int:
        """Produce those that have no outcome yet, await their acks and write them down; how many there were."""
        try:
            ids = [page.page_id for page in pages]
            rows = self._connection.execute(sql("infra/known_pages").encode(), {"page_ids": ids})
            known = {row[0] for row in rows}
            new = [page for page in pages if page.page_id not in known]
            sent = [
                self._producer.send(PAGES, key=page.url_key.encode(), value=encode_page(page)) for page in new
            ]
            for future in sent:
                future.get(_ACK_TIMEOUT_S)
            self._connection.execute(
                sql("infra/add_pages").encode(), {"pages": Jsonb([_ledger_row(page) for page in new])}
            )
        except KafkaError as error:
            raise BrokerUnavailable(
                f"the broker at {self._bootstrap} does not take pages: {cut(repr(error))}. Run the ingest again"
            ) from error
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(f"the database went away: {error}. Run the ingest again") from error
        return len(new)


def _ledger_row(page: RawPage) -> dict[str, str]:
    return {
        "page_id": str(page.page_id),
        "url_key": page.url_key,
        "url": page.final_url,
        "site": page.site,
        "crawl_id": page.crawl_id,
        "found_by": page.found_by,
        "fetched_at": page.fetched_at.isoformat(),
    }


def ingest(
    items: Iterable[Item],
    publish: Callable[[Sequence[RawPage]], int],
    crawl_id: str,
    *,
    result: Ingested,
    is_again: bool = False,
    is_stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Publish all pages of `items`, counting into `result`, until they end or `is_stopping` says so.

    What was begun is finished: on a stop, the pages that were read are published.
    """
    batch: list[RawPage] = []
    ids: set[UUID] = set()
    size_bytes = 0

    def send() -> None:
        nonlocal size_bytes
        new = publish(batch)
        result.published += new
        result.known += len(batch) - new
        batch.clear()
        ids.clear()
        size_bytes = 0

    for item in items:
        if isinstance(item, Skipped):
            result.skipped[item.kind] += 1
        elif isinstance(item, BadRecord):
            _note(result, item)
        else:
            try:
                page = page_of(item, crawl_id, is_again=is_again)
            except ValueError as error:
                _note(result, BadRecord(source=item.source, why=f"{cut(item.url)}: {cut(error)}"))
                continue
            result.unnamed += not item.has_own_url
            if page.page_id in ids:
                result.known += 1
                continue
            ids.add(page.page_id)
            batch.append(page)
            size_bytes += len(page.body)
            if len(batch) >= _BATCH_PAGES or size_bytes >= _BATCH_BYTES:
                send()
        if is_stopping():
            break
    if batch:
        send()


def _note(result: Ingested, record: BadRecord) -> None:
    result.bad_count += 1
    if len(result.bad) < _NAMED_AT_MOST:
        result.bad.append(record)
