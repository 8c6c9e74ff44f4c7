"""How one crawler process runs: the numbers that are not settings of the whole system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["CrawlOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOptions:
    """Numbers of one crawler process.

    Attributes:
        window: most claims at once. Each is one host, so no host holds more than 1/window of it.
        lease_s: how long a claim stands without being renewed. A request must be sent within its half and may then
            take `timeout_s`, so `timeout_s <= lease_s / 2` keeps a dead crawler's last request inside its lease.
        timeout_s: for a whole exchange, from connecting to the last byte.
        poll_s: longest sleep of the claim loop: what is changed in the database acts within it.
        budget_bytes: bodies that may wait for the broker's ack before claims stop.
        delivery_s: how long the Kafka client tries by itself, before a page is handed to a new one.
        drain_s: how long a stopping crawler finishes what it holds, before it gives it back.
        until_idle: end when a first pass over all sites is over.
        patience_s: with `until_idle`: retries that are due within this time belong to the pass.
        warc_dir: folder that gets everything that was fetched, as WARC.
        metrics_host, metrics_port: where Prometheus metrics are served; port None = nowhere, 0 = any free one.
        repair_after_s: at start, pages published longer ago than this and never worked are queued again; None = never.
    """

    window: int = 128
    lease_s: float = 60.0
    timeout_s: float = 25.0
    poll_s: float = 1.0
    budget_bytes: int = 64 * 1024 * 1024
    delivery_s: float = 30.0
    drain_s: float = 40.0
    until_idle: bool = False
    patience_s: float = 90.0
    warc_dir: Path | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    repair_after_s: float | None = None

    def __post_init__(self) -> None:
        if self.timeout_s > self.lease_s / 2:
            raise ValueError(f"timeout_s={self.timeout_s} must not be over half of lease_s={self.lease_s}")
        if self.window < 4:
            raise ValueError("window must be at least 4: no host may hold more than a quarter of it")
