"""One run on this machine: crawlers and workers as child processes, watched to their end.

    1  servers up, schema current, topics there
    2  repair: pages published whose messages are lost are queued again
    3  sites of the list written to the frontier
    4  crawlers and workers started; counts read and shown; crashed children started again
    5  end: done, time over, or Ctrl-C
    6  crawlers drain first, then the workers finish what is published, then they drain
    7  summary

A second Ctrl-C kills. Whatever is killed at any line, the next run goes on from what Postgres holds.
"""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

import structlog

from infra.children import Children, this_program
from infra.embedded import Servers, broker_of, postgres_of
from infra.progress import Counts, Display, Meter, display
from infra.repair import repair_after_broker_loss
from infra.words import counted
from schemas.errors import WiretraceError
from schemas.settings import Settings

__all__ = [
    "Plan",
    "Report",
    "Stop",
    "carry_out",
    "child_environment",
    "new_crawl_id",
    "stopping",
    "summary_lines",
]

log = structlog.get_logger(__name__)

_TICK_S: Final = 0.25
_COUNT_EVERY_S: Final = 1.0
_LONG_WAIT_S: Final = 10.0
"""A wait that is said on the terminal."""
_CRAWLER_DRAIN_S: Final = 60.0
"""A crawler may hold a request of up to its download timeout."""
_WORKER_DRAIN_S: Final = 60.0
_BROKER_BYTES: Final = 2 * 1024**3
"""The embedded broker keeps every page that it was ever given: about 20 kB each, so this is some 100,000 pages. Over
it the run works what is there and starts the broker afresh."""
_BROKER_PAUSE_S: Final = 60.0
"""Least time between two of these."""
_FINISH_S: Final = 120.0
"""How long an interrupted run lets its workers finish what is published; the next run does the rest."""


def new_crawl_id() -> str:
    """A name for a run: its time and a few random digits."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"


@dataclass(slots=True)
class Stop:
    """What Ctrl-C and SIGTERM have asked for so far."""

    event: threading.Event = field(default_factory=threading.Event)
    count: int = 0

    @property
    def is_asked(self) -> bool:
        return self.count > 0

    @property
    def is_urgent(self) -> bool:
        return self.count > 1


@contextmanager
def stopping() -> Iterator[Stop]:
    """Turn SIGINT, SIGTERM and SIGHUP (a closed terminal) into a request to stop; the first drains, the second kills."""
    stop = Stop()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.count += 1
        stop.event.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to do.

    Attributes:
        crawlers, workers: how many processes.
        duration_s: end after so long; None = no limit.
        until_done: end when one pass is over.
    """

    crawl_id: str
    crawlers: int
    workers: int
    duration_s: float | None = None
    until_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run ended.

    Attributes:
        ended_by: 'done', 'duration' or 'interrupt'.
        is_drained: whether every process stopped by itself.
    """

    crawl_id: str
    counts: Counts
    elapsed_s: float
    ended_by: str
    restarts: int
    is_drained: bool


def child_environment(settings: Settings, servers: Servers) -> dict[str, str]:
    """The variables that make a child use the same servers and folder as this process."""
    environment = {
        "WIRETRACE_DATABASE_URL": servers.database_url,
        "WIRETRACE_DATA_DIR": str(settings.data_dir.resolve()),
    }
    if servers.kafka_bootstrap is not None:
        environment["WIRETRACE_KAFKA_BOOTSTRAP"] = servers.kafka_bootstrap
    return environment


def carry_out(
    plan: Plan, settings: Settings, servers: Servers, stop: Stop, *, extra: Sequence[tuple[str, str]] = ()
) -> Report:
    """Run the plan to its end.

    Args:
        extra: variables for the children alone.

    Raises:
        WiretraceError: a child crashes over and over. All children have been stopped then.
    """
    environment = {**child_environment(settings, servers), **dict(extra)}
    log_dir = settings.data_dir.resolve() / "logs"
    crawlers = Children(environment=environment, log_dir=log_dir)
    workers = Children(environment=environment, log_dir=log_dir)
    meter = Meter(servers.database_url, plan.crawl_id)
    try:
        with display() as shown:
            for number in range(1, plan.workers + 1):
                workers.add(f"worker-{number}", this_program("worker"))
            for number in range(1, plan.crawlers + 1):
                crawlers.add(f"crawler-{number}", this_program("crawl", "--crawl-id", plan.crawl_id))
            family = _Family(crawlers=crawlers, workers=workers, meter=meter, shown=shown, stop=stop)
            ended_by = _watch(plan, family, _Own(servers, settings.data_dir))
            is_drained = family.wind_down()
            elapsed_s = shown.elapsed_s
        counts = meter.read()
        if counts is None:
            raise WiretraceError("the database does not answer at the end of the run. Try: wiretrace doctor")
    finally:
        crawlers.kill()
        workers.kill()
        meter.close()
    return Report(
        crawl_id=plan.crawl_id,
        counts=counts,
        elapsed_s=elapsed_s,
        ended_by=ended_by,
        restarts=crawlers.restarts + workers.restarts,
        is_drained=is_drained,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """All processes of a run, and how they come to rest."""

    crawlers: Children
    workers: Children
    meter: Meter
    shown: Display
    stop: Stop

    def wind_down(self) -> bool:
        """Step 6; whether all processes stopped by themselves."""
        self.shown.note("draining: crawlers end their requests (Ctrl-C again: stop now)")
        self.crawlers.drain()
        is_drained = self._wait(self.crawlers, _CRAWLER_DRAIN_S)
        deadline = time.monotonic() + _FINISH_S
        while not self.stop.is_urgent and time.monotonic() < deadline:
            counts = self.meter.read()
            if counts is not None:
                self.shown.show(counts)
                if counts.pages_open == 0:
                    break
                self.shown.note(
                    f"draining: {counts.pages_open} published pages to work (Ctrl-C again: stop now)"
                )
            self.workers.watch()
            if self.workers.is_empty:
                break
            time.sleep(_TICK_S)
        self.workers.drain()
        return self._wait(self.workers, _WORKER_DRAIN_S) and is_drained

    def _wait(self, children: Children, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not self.stop.is_urgent and time.monotonic() < deadline:
            if children.join(_TICK_S):
                return True
        children.kill()
        return False

    def rest(self, *, is_broker_gone: bool) -> None:
        """Stop all processes, to start them again afterwards."""
        if is_broker_gone:
            # Nothing can be delivered any more; what was in flight is fetched again.
            self.crawlers.kill()
            self.workers.drain()
            self._wait(self.workers, _WORKER_DRAIN_S)
        else:
            self.wind_down()

    def go_on(self) -> None:
        """Start all processes again."""
        if not self.stop.is_asked:
            self.workers.start_again()
            self.crawlers.start_again()


class _Own:
    """The embedded servers of a run, kept alive and within bounds. With servers of one's own there is nothing to do."""

    def __init__(self, servers: Servers, data_dir: Path) -> None:
        self._servers = servers
        self._postgres = postgres_of(data_dir) if servers.is_database_embedded else None
        self._broker = broker_of(data_dir) if servers.is_broker_embedded else None
        self._refreshed_s = float("-inf")

    def mend_database(self) -> None:
        """Start the database again if it is gone; its clients come back by themselves."""
        if self._postgres is not None and self._postgres.process() is None:
            log.error("database is gone", action="database_restart")
            self._postgres.start()

    def mend_broker(self, family: _Family) -> None:
        """Start the broker again if it is gone, and afresh if it holds too much; pages that it lost are queued again.

        All processes are started anew around it: a consumer that knows places of the old broker could take them for
        places of the new one, and would pass over what lies before.
        """
        broker = self._broker
        if broker is None:
            return
        is_gone = broker.bootstrap is None
        is_full = not is_gone and broker.memory_bytes() > _BROKER_BYTES
        if not is_gone and (not is_full or time.monotonic() - self._refreshed_s < _BROKER_PAUSE_S):
            return
        log.warning("broker is started afresh", action="broker_restart", was_gone=is_gone)
        family.rest(is_broker_gone=is_gone)
        broker.start_afresh()
        repair_after_broker_loss(replace(self._servers, broker_started_at=broker.started_at))
        family.go_on()
        self._refreshed_s = time.monotonic()


def _watch(plan: Plan, family: _Family, own: _Own) -> str:
    """Step 4: until one of the ends; which one."""
    next_count_s = 0.0
    was_done = False
    while not family.stop.is_asked:
        if plan.duration_s is not None and family.shown.elapsed_s >= plan.duration_s:
            return "duration"
        family.crawlers.watch()
        family.workers.watch()
        if time.monotonic() >= next_count_s:
            own.mend_broker(family)
            counts = family.meter.read()
            next_count_s = time.monotonic() + max(_COUNT_EVERY_S, 10 * family.meter.cost_s)
            if counts is None:
                family.shown.note("the database does not answer; waiting for it")
                own.mend_database()
                continue
            family.shown.note(_why_it_waits(counts))
            family.shown.show(counts)
            # Twice in a row: a worker that has just ended a page may be about to put its source on the frontier.
            if plan.until_done and counts.is_done and was_done:
                return "done"
            was_done = counts.is_done
        family.stop.event.wait(_TICK_S)
    return "interrupt"


def _why_it_waits(counts: Counts) -> str:
    """What a run waits for, where nothing seems to happen; else empty."""
    if not (counts.fetched or counts.processed):
        return "crawlers and workers are starting"
    if (
        counts.next_in_s is not None
        and counts.next_in_s > _LONG_WAIT_S
        and not (counts.claimed or counts.pages_open)
    ):
        return f"nothing may be fetched for {counts.next_in_s:.0f} s: pauses, retries and revisits"
    return ""


def summary_lines(report: Report, log_dir: Path) -> list[str]:
    """The summary of a run, as lines for a person."""
    counts = report.counts
    ends = {
        "done": "every site crawled, every page worked",
        "duration": "time is over",
        "interrupt": "interrupted",
    }
    did = (
        counted(counts.fetched, "request"),
        f"{counted(counts.published, 'page')} published",
        f"{counts.processed} processed",
        counted(counts.articles, "article"),
        counted(counts.clusters, "cluster"),
        counted(counts.errors, "error"),
    )
    lines = [f"{ends[report.ended_by]} after {report.elapsed_s:.0f} s: {', '.join(did)}"]
    if counts.pages_open:
        words = counted(counts.pages_open, "published page is", "published pages are")
        lines.append(f"{words} not worked yet; the next run does it")
    if counts.due and report.ended_by != "done":
        lines.append(f"{counted(counts.due, 'URL is', 'URLs are')} still due; the next run goes on there")
    if counts.deferred:
        lines.append(
            f"{counted(counts.deferred, 'URL waits', 'URLs wait')} for a later try; see: wiretrace frontier"
        )
    if counts.errors:
        lines.append("for the errors see: wiretrace status")
    if report.restarts:
        lines.append(
            f"{counted(report.restarts, 'time')} a process crashed and was started again; see {log_dir}"
        )
    if not report.is_drained:
        lines.append("some processes were killed; the next run repeats what they had in hand")
    return lines
