"""Prometheus metrics of one crawler process, and of the frontier as it sees it.

| metric | meaning |
|---|---|
| `wiretrace_crawler_settled_total{outcome}` | settlements by outcome |
| `wiretrace_crawler_in_flight` | claims held |
| `wiretrace_crawler_up{service}` | 1 while the database, the broker answers |
| `wiretrace_crawler_unacked_bytes` | bodies that wait for the broker |
| `wiretrace_crawler_loop_lag_seconds` | how late the event loop was at worst in the last minute |
| `wiretrace_frontier_*` | gauges over the whole frontier, read every ten seconds at most |

Alert on `wiretrace_frontier_sites_silent > 0`: sites where nothing new was found for `WIRETRACE_SILENT_HOURS`, as
`wiretrace status` does; or on `wiretrace_frontier_last_new_seconds`: a crawl that runs and finds nothing anywhere.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from crawler.producer import PageProducer
from crawler.session import Session
from schemas.errors import WiretraceError

__all__ = ["LoopLag", "serve_metrics"]

FRONTIER_CACHE_S: Final = 10.0
LAG_TICK_S: Final = 0.1
LAG_WINDOW: Final = 600
"""Ticks that the worst lag is taken over: one minute."""

_FRONTIER_GAUGES: Final = {
    "sites": ("sites", "sites that are crawled"),
    "claims": ("claims", "open claims"),
    "hosts_backing_off": ("hosts_backing_off", "hosts that back off"),
    "hosts_ready": ("hosts_ready", "hosts that could be claimed"),
    "oldest_ready_s": ("oldest_ready_seconds", "how long the first of them has been waiting for a crawler"),
    "urls_due": ("urls_due", "URLs that may be fetched now"),
    "urls_waiting": ("urls_waiting", "URLs that become due later"),
    "pages_open": ("pages_open", "published pages without an outcome"),
    "sites_silent": ("sites_silent", "crawled sites where nothing new was found for WIRETRACE_SILENT_HOURS"),
    "last_new_ago_s": ("last_new_seconds", "time since an article URL was found"),
}


class LoopLag:
    """How late the event loop is: something that blocks it shows here."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=LAG_WINDOW)

    @property
    def worst_s(self) -> float:
        """The worst of the last minute."""
        return max(self._lags, default=0.0)

    async def watch(self) -> None:
        """Measures until it is cancelled."""
        while True:
            started = time.monotonic()
            await asyncio.sleep(LAG_TICK_S)
            self._lags.append(max(time.monotonic() - started - LAG_TICK_S, 0.0))


class _Collector:
    def __init__(self, session: Session, producer: PageProducer, lag: LoopLag, silent_hours: float) -> None:
        self._silent_hours = silent_hours
        self._session = session
        self._producer = producer
        self._lag = lag
        self._read_at = float("-inf")
        self._gauges: dict[str, Any] = {}

    def collect(self) -> Iterator[Any]:
        """The metrics, as Prometheus' client asks for them."""
        settled = CounterMetricFamily(
            "wiretrace_crawler_settled", "Settlements by outcome.", labels=["outcome"]
        )
        for outcome, count in sorted(self._session.counts.copy().items()):
            settled.add_metric([outcome], count)
        yield settled
        yield GaugeMetricFamily("wiretrace_crawler_in_flight", "Claims held.", self._session.in_flight)
        up = GaugeMetricFamily("wiretrace_crawler_up", "Whether a service answers.", labels=["service"])
        up.add_metric(["database"], float(self._session.is_database_up))
        up.add_metric(["broker"], float(self._producer.is_up))
        yield up
        yield GaugeMetricFamily(
            "wiretrace_crawler_unacked_bytes",
            "Bodies that wait for the broker.",
            self._producer.waiting_bytes,
        )
        yield GaugeMetricFamily(
            "wiretrace_crawler_loop_lag_seconds",
            "Worst lag of the event loop in a minute.",
            self._lag.worst_s,
        )
        for name, value in self._frontier().items():
            metric, text = _FRONTIER_GAUGES[name]
            if value is not None:
                yield GaugeMetricFamily(f"wiretrace_frontier_{metric}", text.capitalize() + ".", float(value))

    def _frontier(self) -> dict[str, Any]:
        if time.monotonic() - self._read_at >= FRONTIER_CACHE_S:
            try:
                self._gauges = self._session.frontier.gauges(silent_hours=self._silent_hours)
                self._read_at = time.monotonic()
            except WiretraceError:
                self._gauges = {}
        return self._gauges


def serve_metrics(
    session: Session, producer: PageProducer, lag: LoopLag, *, host: str, port: int, silent_hours: float
) -> tuple[Any, int]:
    """Serves `/metrics` on a thread; the server, to be shut down, and its port.

    Args:
        silent_hours: see `Frontier.gauges`.

    Raises:
        OSError: the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(_Collector(session, producer, lag, silent_hours))
    server, _ = start_http_server(port, addr=host, registry=registry)
    return server, int(server.server_port)
