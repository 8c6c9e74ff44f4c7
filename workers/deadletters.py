"""Dead letters: messages that can never be worked, kept with their bytes and with who, when, why and where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from schemas import topics
from schemas.codec import decode_page
from schemas.errors import MessageError, cut
from schemas.outcomes import Outcome
from schemas.records import RawPage
from schemas.sql import sql
from workers.database import Connection
from workers.loop import Rejected
from workers.store import Ending, clean, settle_pages

__all__ = ["bury"]

_ACK_TIMEOUT_S: Final = 30.0


def bury(rejected: Rejected, *, connection: Connection, producer: Any, worker: str) -> None:
    """Puts a message on the dead-letter topic, awaits the ack, then writes its row and its page's outcome.

    The value and the key are the original bytes; the headers say where they came from, so that `wiretrace dlq
    replay` can put them back as they were.

    Raises:
        KafkaError: the broker did not acknowledge; a retry can help, and may bury the message twice.
        psycopg.Error: the database failed.
    """
    message = rejected.message
    headers = [
        *message.headers,
        ("wiretrace-topic", message.topic.encode()),
        ("wiretrace-partition", str(message.partition).encode()),
        ("wiretrace-offset", str(message.offset).encode()),
        ("wiretrace-stage", rejected.stage.encode()),
        ("wiretrace-reason", cut(rejected.reason, 1000).encode("utf-8", "replace")),
        ("wiretrace-worker", worker.encode()),
        ("wiretrace-failed-at", datetime.now(UTC).isoformat().encode()),
    ]
    producer.send(topics.DEAD_PAGES, value=message.value, key=message.key, headers=headers).get(
        _ACK_TIMEOUT_S
    )
    page = _page(message.value)
    page_id: UUID | None = page.page_id if page else None
    with connection.transaction(), connection.cursor() as cur:
        cur.execute(
            sql("store/add_dead_letter"),
            {
                "topic": message.topic,
                "partition": message.partition,
                "offset": message.offset,
                "page_id": page_id,
                "url": clean(page.final_url) if page else None,
                "key": message.key,
                "size_bytes": len(message.value),
                "stage": rejected.stage,
                "reason": clean(cut(rejected.reason, 1000)),
                "worker": worker,
            },
        )
        if page:
            ending = Ending(outcome=Outcome.DEAD_LETTER, reason=f"{rejected.stage}: {cut(rejected.reason)}")
            settle_pages(cur, [(page, ending)])


def _page(value: bytes) -> RawPage | None:
    try:
        return decode_page(value)
    except MessageError:
        return None
