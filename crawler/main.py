"""One crawler process, from start to drain. `wiretrace crawl` runs it; any number may run, on any number of machines.

Nothing is agreed between them but the database and the topic: start as many as wanted, stop or kill any of them.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import socket
import threading
from pathlib import Path
from types import FrameType
from typing import Any, Final

import psutil
import structlog

from crawler.agent import user_agent
from crawler.frontier import Frontier, open_frontier
from crawler.options import CrawlOptions
from crawler.resolver import read_hosts_file
from schemas.errors import UsageError, cut
from schemas.settings import Settings

__all__ = ["run_crawler"]

DRAIN_TICK_S: Final = 0.2

GC_OBJECTS: Final = 5000
"""Objects made, less those freed, between two collections of the youngest: some fifty fetches."""

log = structlog.get_logger(__name__)


def run_crawler(
    settings: Settings,
    crawl_id: str,
    *,
    options: CrawlOptions | None = None,
    until_idle: bool = False,
    warc_dir: Path | None = None,
    stop: threading.Event | None = None,
) -> dict[str, int]:
    """Crawls until it is stopped, or with `until_idle` until a first pass over all sites is over. Blocks.

    SIGTERM and SIGINT, or `stop`, end it: nothing more is claimed, what is in flight is finished and settled, what
    is left after `options.drain_s` is given back. A second signal gives everything back at once. Must be called in
    the main thread of a process that does nothing else, as Twisted's reactor runs once per process.

    Returns:
        Settlements by outcome.

    Raises:
        UsageError: no contact for site owners, or no server is named.
        DatabaseUnavailable: not there at the start. Later outages, and those of the broker, are waited for.
        SchemaOutdated: run `wiretrace db migrate`.
    """
    options = options or CrawlOptions(until_idle=until_idle, warc_dir=warc_dir)
    agent = user_agent(settings)
    if settings.database_url is None:
        raise UsageError("a crawler needs WIRETRACE_DATABASE_URL")
    if settings.kafka_bootstrap is None:
        raise UsageError("a crawler needs WIRETRACE_KAFKA_BOOTSTRAP")
    hosts = read_hosts_file(settings.crawl_hosts_file) if settings.crawl_hosts_file else {}
    frontier = open_frontier(settings.database_url, delay_s=settings.crawl_delay_s)
    try:
        machine = machine_id()
        bury_the_dead(frontier, machine)
        if options.repair_after_s is not None:
            frontier.repair(older_than_s=options.repair_after_s)
        frontier.keep_fetches()
        crawler_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        frontier.hello(crawler_id, machine=machine, pid=os.getpid(), crawl_id=crawl_id)
        process = _Process(
            settings,
            options,
            frontier,
            agent=agent,
            hosts=hosts,
            crawler_id=crawler_id,
            crawl_id=crawl_id,
            stop=stop,
        )
        return process.run()
    finally:
        frontier.close()


def machine_id() -> str:
    """What tells whether two process ids are of one numbering: the boot and the pid namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        return f"{socket.gethostname()}-unknown-{secrets.token_hex(8)}"
    return f"{boot}/{namespace}"


def bury_the_dead(frontier: Frontier, machine: str) -> int:
    """Frees the claims of crawlers of this machine whose processes are gone, without waiting for their leases."""
    dead = [
        name
        for name, pid in frontier.open_crawlers(machine)
        if pid != os.getpid() and not psutil.pid_exists(pid)
    ]
    if not dead:
        return 0
    freed = frontier.bury(dead)
    log.info("claims of dead crawlers freed", action="bury", crawlers=len(dead), claims=freed)
    return freed


def _collect_seldom() -> None:
    """Leaves what has been imported out of garbage collections, and makes those fewer.

    Each fetch leaves some cycles behind (Twisted's deferreds and failures), so collections go on; with Python's own
    numbers they take a seventh of the crawler's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_OBJECTS, 10, 10)


class _Process:
    """The parts of one crawler process and how they end."""

    def __init__(
        self,
        settings: Settings,
        options: CrawlOptions,
        frontier: Frontier,
        *,
        agent: str,
        hosts: dict[str, tuple[str, ...]],
        crawler_id: str,
        crawl_id: str,
        stop: threading.Event | None,
    ) -> None:
        self._settings = settings
        self._options = options
        self._frontier = frontier
        self._agent = agent
        self._hosts = hosts
        self._crawler_id = crawler_id
        self._crawl_id = crawl_id
        self._stop_event = stop
        self._signals = 0
        self._failure: BaseException | None = None
        self._counts: dict[str, int] = {}

    def run(self) -> dict[str, int]:
        """Runs the reactor until the crawl is over."""
        from scrapy.utils.reactor import install_reactor

        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor", "uvloop.Loop")
        from twisted.internet import reactor as installed
        from twisted.internet.defer import Deferred

        reactor: Any = installed

        old = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:

            def start() -> None:
                done: Any = Deferred.fromFuture(asyncio.ensure_future(self._main()))
                done.addErrback(self._on_failure)
                done.addBoth(lambda _: reactor.stop())

            reactor.callWhenRunning(start)
            reactor.run(installSignalHandlers=False)
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)
        if self._failure is not None:
            raise self._failure
        return self._counts

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _on_failure(self, failure: Any) -> None:
        self._failure = failure.value

    @property
    def _is_stop_wanted(self) -> bool:
        return self._signals > 0 or (self._stop_event is not None and self._stop_event.is_set())

    async def _main(self) -> None:
        from scrapy.crawler import AsyncCrawlerRunner
        from scrapy.utils.reactor import is_asyncio_reactor_installed
        from twisted.internet import reactor as installed

        from crawler.finish import Finisher
        from crawler.metrics import LoopLag, serve_metrics
        from crawler.producer import PageProducer
        from crawler.resolver import GuardedResolver
        from crawler.rules import RuleBook
        from crawler.scrapy_settings import scrapy_settings
        from crawler.session import Session
        from crawler.spider import NewsSpider, SpiderParts
        from crawler.warc import Archive

        assert is_asyncio_reactor_installed()
        reactor: Any = installed
        options = self._options
        producer = PageProducer(
            self._settings.kafka_bootstrap or "",
            client_id=self._crawler_id,
            budget_bytes=options.budget_bytes,
            delivery_s=options.delivery_s,
        )
        producer.start(asyncio.get_running_loop())
        session = Session(
            self._frontier,
            crawler_id=self._crawler_id,
            crawl_id=self._crawl_id,
            options=options,
            has_room=lambda: producer.has_room,
        )
        lag = LoopLag()
        watching = asyncio.create_task(lag.watch())
        session.more_progress = lambda: {
            "loop_lag_s": round(lag.worst_s, 3),
            "unacked_bytes": producer.waiting_bytes,
            "is_broker_up": producer.is_up,
        }
        metrics = None
        if options.metrics_port is not None:
            metrics, port = serve_metrics(
                session,
                producer,
                lag,
                host=options.metrics_host,
                port=options.metrics_port,
                silent_hours=self._settings.silent_hours,
            )
            log.info("metrics are served", action="metrics", port=port)
        archive = None
        if options.warc_dir is not None:
            archive = Archive(options.warc_dir, crawler_id=self._crawler_id, user_agent=self._agent)
        _collect_seldom()
        session.start()
        parts = SpiderParts(
            session=session,
            rules=RuleBook(self._frontier),
            finisher=Finisher(session, producer, archive, max_age_days=self._settings.crawl_max_age_days),
            user_agent=self._agent,
        )
        runner = AsyncCrawlerRunner(
            scrapy_settings(
                user_agent=self._agent,
                window=options.window,
                timeout_s=options.timeout_s,
                hosts=self._hosts,
                networks=self._settings.crawl_allow_networks,
            )
        )
        crawler = runner.create_crawler(NewsSpider)
        # Scrapy installs its resolver in the runners that own the reactor; this one does not.
        GuardedResolver.from_crawler(crawler, reactor).install_on_reactor()
        reactor.getThreadPool().adjustPoolsize(maxthreads=20)
        log.info("crawler starts", action="start", crawler=self._crawler_id, crawl=self._crawl_id)
        try:
            await self._until_over(runner.crawl(crawler, parts=parts), crawler, session)
        finally:
            await session.close()
            watching.cancel()
            await asyncio.to_thread(producer.stop)
            if metrics is not None:
                await asyncio.to_thread(metrics.shutdown)
            if archive is not None:
                await asyncio.to_thread(archive.close)
            self._counts = dict(session.counts)
            log.info("crawler ends", action="end", crawler=self._crawler_id, **self._counts)

    async def _until_over(self, crawl: Any, crawler: Any, session: Any) -> None:
        """Waits for the crawl to end by itself or by a signal; then drains."""
        crawling = asyncio.ensure_future(crawl)
        while not crawling.done() and not self._is_stop_wanted:
            await asyncio.wait([crawling], timeout=DRAIN_TICK_S)
        session.stop()
        log.info("crawler drains", action="drain", in_flight=session.in_flight)
        ends_at = asyncio.get_running_loop().time() + self._options.drain_s
        while not crawling.done() and self._signals < 2 and asyncio.get_running_loop().time() < ends_at:
            await asyncio.wait([crawling], timeout=DRAIN_TICK_S)
        if not crawling.done():
            # What is left is given back by `session.close`; Scrapy gets a moment to let go of its sockets.
            stopping = asyncio.ensure_future(crawler.stop_async())
            await asyncio.wait([crawling, stopping], timeout=2.0)
            stopping.cancel()
            crawling.cancel()
            await asyncio.gather(crawling, stopping, return_exceptions=True)
            return
        error = session.failure or (None if crawling.cancelled() else crawling.exception())
        if error is not None:
            log.error("crawl failed", action="crawl_failed", why=cut(repr(error)))
            raise error
