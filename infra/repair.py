"""Pages that were published but never worked, because their messages are lost, are queued again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.frontier import open_frontier
from infra.embedded import Servers
from infra.migrate import connect
from schemas.sql import sql

__all__ = ["Repaired", "repair", "repair_after_broker_loss"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What a repair did.

    Attributes:
        queued: crawled pages whose URLs are due again.
        forgotten: URLs of ingested pages; they are worked when they are ingested again.
    """

    queued: int
    forgotten: tuple[str, ...]


def repair(database_url: str, *, older_than_s: float) -> Repaired:
    """Queue again what was published longer ago than `older_than_s` seconds and has no outcome. Idempotent.

    A page that is worked all the same (its message was late, not lost) is worked twice and stored once.

    Raises:
        DatabaseUnavailable: the server cannot be reached; a retry can help.
    """
    with connect(database_url) as connection:
        rows = connection.execute(
            sql("infra/lost_ingested").encode(), {"older_than_s": older_than_s}
        ).fetchall()
    frontier = open_frontier(database_url, delay_s=5.0, size=1)
    try:
        queued = frontier.repair(older_than_s=older_than_s)
    finally:
        frontier.close()
    return Repaired(queued=queued, forgotten=tuple(str(row[0]) for row in rows))


def repair_after_broker_loss(servers: Servers) -> Repaired:
    """Queue again what cannot be on the embedded broker, as it was published before that broker started.

    A real broker keeps its messages: nothing is done for one.
    """
    if servers.broker_started_at is None:
        return Repaired(queued=0, forgotten=())
    age_s = (datetime.now(UTC) - servers.broker_started_at).total_seconds()
    return repair(servers.database_url, older_than_s=max(0.0, age_s))
