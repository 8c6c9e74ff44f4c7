"""`wiretrace bench crawl`: how fast, how polite and how steady the crawler is, against a web on loopback.

| part | figure |
|---|---|
| speed | pages/s of one crawler process with politeness off, and a bare Scrapy spider over the same URLs |
| polite | share of the polite ceiling (hosts / delay) that one crawler reaches, and the shortest gap a host saw |
| frontier | URL upserts and claim+settle per second at a small and a large number of URLs |
| kills | crawlers killed at random: URLs lost, URLs fetched again |
| memory | resident memory of one crawler over many pages |
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import click
import psutil
import psycopg

from crawler.claims import HostPace, Offer, Settlement
from crawler.frontier import Frontier, open_frontier
from infra.bench._web import address_of
from infra.embedded import Servers, servers
from infra.migrate import migrate
from schemas.settings import Settings, load_settings

__all__ = ["command"]

PARTS: Final = ("speed", "polite", "frontier", "kills", "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Web:
    """A web for one measurement."""

    hosts: int
    port: int

    def url(self, number: int) -> str:
        """URL of one page; pages go round the hosts."""
        return f"http://{address_of(number % self.hosts)}:{self.port}/{number // self.hosts}"

    def stats(self) -> dict[str, Any]:
        """What it counted since the last reset."""
        answer: dict[str, Any] = json.loads(self._get("/__stats__"))
        return answer

    def reset(self) -> None:
        """Counts from zero."""
        self._get("/__reset__")

    def _get(self, path: str) -> bytes:
        request = f"http://{address_of(0)}:{self.port}{path}"
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            return error.read()


@contextmanager
def _web(hosts: int) -> Iterator[_Web]:
    with socket.socket() as free:
        free.bind((address_of(0), 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.bench._web", str(hosts), str(port)], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != b"ready":
            raise click.ClickException("the web for the measurement does not start")
        yield _Web(hosts=hosts, port=port)
    finally:
        process.kill()
        process.communicate()


class _Bench:
    """The servers and databases of one run of the command."""

    def __init__(self, found: Servers) -> None:
        self._found = found
        self._names: list[str] = []

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh database with the current schema."""
        name = f"wiretrace_bench_{os.getpid()}_{random.randrange(10**6)}"  # noqa: S311
        with psycopg.connect(self._found.database_url, autocommit=True) as admin:
            admin.execute(f"create database {name}")
        try:
            url = _with_database(self._found.database_url, name)
            migrate(url)
            yield url
        finally:
            with psycopg.connect(self._found.database_url, autocommit=True) as admin:
                admin.execute(f"drop database {name} with (force)")

    def crawler(self, database_url: str, *, delay_s: float = 0.0, **options: Any) -> subprocess.Popen[bytes]:
        """One more crawler process."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("WIRETRACE_")}
        env |= {
            "WIRETRACE_DATABASE_URL": database_url,
            "WIRETRACE_KAFKA_BOOTSTRAP": self._found.bootstrap,
            "WIRETRACE_CRAWL_CONTACT": "https://bench.example/contact",
            "WIRETRACE_CRAWL_DELAY_S": str(delay_s),
            "WIRETRACE_CRAWL_ALLOW_NETWORKS": "127.0.0.0/8",
        }
        spec = json.dumps({"crawl_id": "bench", "options": options})
        return subprocess.Popen(
            [sys.executable, "-m", "infra.bench._crawler", spec], env=env, stdout=subprocess.PIPE
        )


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _offer(frontier: Frontier, web: _Web, pages: int) -> None:
    frontier.offer(Offer(url=web.url(n), kind="article", found_by="seed") for n in range(pages))


# ---------------------------------------------------------------------------------------------- the parts


def measure_speed(bench: _Bench, *, hosts: int, pages: int, window: int) -> dict[str, Any]:
    """Pages/s of a bare Scrapy spider and of one crawler process over the same URLs, in turn."""
    with _web(hosts) as web:
        arguments = [str(n) for n in (hosts, web.port, pages, window)]
        subprocess.run([sys.executable, "-m", "infra.bench._bare", *arguments], check=True)
        bare = web.stats()
        web.reset()
        with bench.database() as url:
            frontier = open_frontier(url, delay_s=0.0)
            try:
                _offer(frontier, web, pages)
            finally:
                frontier.close()
            process = bench.crawler(url, window=window, until_idle=True)
            out, _ = process.communicate()
            ours = web.stats()
    published = json.loads(out).get("published", 0)
    bare_rate, our_rate = bare["pages"] / bare["seconds"], ours["pages"] / ours["seconds"]
    return {
        "pages": pages,
        "hosts": hosts,
        "window": window,
        "bare_pages_per_s": round(bare_rate, 1),
        "crawler_pages_per_s": round(our_rate, 1),
        "ratio": round(our_rate / bare_rate, 3),
        "published": published,
    }


def measure_polite(bench: _Bench, *, hosts: int, delay_s: float, pages_per_host: int) -> dict[str, Any]:
    """Share of the polite ceiling that one crawler reaches while every host has something due.

    Taken from all times between two requests to one host, to the last of them: hosts that were put on the frontier
    together are asked in waves, so a count within a window depends on where the window begins.
    """
    with _web(hosts) as web, bench.database() as url:
        frontier = open_frontier(url, delay_s=delay_s)
        try:
            _offer(frontier, web, hosts * pages_per_host)
        finally:
            frontier.close()
        process = bench.crawler(url, delay_s=delay_s, window=max(64, hosts // 2), until_idle=True)
        process.communicate()
        stats = web.stats()
    cycle_s = stats["gaps_s"] / stats["gaps"]
    return {
        "hosts": hosts,
        "delay_s": delay_s,
        "requests": stats["gaps"],
        "ceiling_pages_per_s": round(hosts / delay_s, 2),
        "reached_pages_per_s": round(hosts / cycle_s, 2),
        "share": round(delay_s / cycle_s, 4),
        "shortest_gap_s": round(stats["shortest_gap_s"], 4),
    }


def measure_frontier(
    bench: _Bench, *, hosts: int, sizes: tuple[int, ...], threads: int, seconds: float
) -> dict[str, Any]:
    """URL upserts and claim+settle per second, at growing numbers of URLs in one database."""
    rows = []
    with bench.database() as url:
        frontier = open_frontier(url, delay_s=0.0, size=threads)
        try:
            have = 0
            for size in sizes:
                started = time.monotonic()

                def fill(part: int, start: int, stop: int) -> None:
                    frontier.offer(
                        Offer(
                            url=f"http://h{n % hosts}.test/story/{n // hosts}-a-headline-of-some-length",
                            kind="article",
                            found_by="seed",
                        )
                        for n in range(start, stop)
                        if n % hosts % threads == part
                    )

                with ThreadPoolExecutor(threads) as executor:
                    for future in [executor.submit(fill, part, have, size) for part in range(threads)]:
                        future.result()
                upserts = (size - have) / (time.monotonic() - started)
                have = size
                with psycopg.connect(url, autocommit=True) as admin:
                    admin.execute(
                        "update core.robots set state = 'free', expires_at = now() + interval '1 day'"
                    )
                    admin.execute(
                        "update core.urls set state = 'waiting', due_at = 'infinity' where kind = 'robots'"
                    )
                    admin.execute("vacuum analyze")
                settled, latencies = _claim_and_settle(frontier, threads=threads, seconds=seconds)
                rows.append(
                    {
                        "urls": size,
                        "upserts_per_s": round(upserts),
                        "claim_settle_per_s": round(settled / seconds),
                        "claim_p50_ms": round(latencies[len(latencies) // 2] * 1000, 1),
                        "claim_p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1),
                    }
                )
        finally:
            frontier.close()
    return {"hosts": hosts, "threads": threads, "sizes": rows}


def _claim_and_settle(frontier: Frontier, *, threads: int, seconds: float) -> tuple[int, list[float]]:
    """How many URLs `threads` crawlers claimed and settled, and how long their claims took, sorted."""
    ends_at = time.monotonic() + seconds

    def work(number: int) -> tuple[int, list[float]]:
        done, latencies = 0, []
        while time.monotonic() < ends_at:
            started = time.monotonic()
            claims = frontier.claim(f"bench-{number}", limit=64, lease_s=60)
            latencies.append(time.monotonic() - started)
            frontier.settle(
                [Settlement(claim=c, state="done", outcome="published", host=HostPace()) for c in claims],
                crawl_id="bench",
            )
            done += len(claims)
        return done, latencies

    with ThreadPoolExecutor(threads) as executor:
        results = list(executor.map(work, range(threads)))
    return sum(done for done, _ in results), sorted(x for _, found in results for x in found)


def measure_kills(
    bench: _Bench, *, hosts: int, pages: int, crawlers: int, kills: int, window: int
) -> dict[str, Any]:
    """Crawlers killed at random while they fetch `pages` URLs: what was lost, and what was fetched again."""
    dice = random.Random(5)  # noqa: S311
    options: dict[str, Any] = {"window": window, "lease_s": 10.0, "timeout_s": 5.0}
    with _web(hosts) as web, bench.database() as url, psycopg.connect(url, autocommit=True) as admin:
        frontier = open_frontier(url, delay_s=0.0)
        try:
            _offer(frontier, web, pages)
        finally:
            frontier.close()
        running = [bench.crawler(url, **options) for _ in range(crawlers)]
        in_flight = 0
        try:
            for number in range(1, kills + 1):
                while web.stats()["pages"] < number * pages // (kills + 1):
                    time.sleep(0.1)
                victim = running.pop(dice.randrange(len(running)))
                victim.send_signal(signal.SIGSTOP)
                row = admin.execute(
                    "select count(*) from core.hosts h join core.crawlers c on c.crawler_id = h.claimed_by"
                    " where c.pid = %s",
                    (victim.pid,),
                ).fetchone()
                in_flight += int(row[0]) if row else 0
                victim.kill()
                victim.communicate()
                running.append(bench.crawler(url, **options))
            ended = False
            while not ended:
                time.sleep(1.0)
                row = admin.execute(
                    "select count(*) from core.urls where kind = 'article' and state in ('due', 'waiting')"
                ).fetchone()
                ended = row == (0,)
            stats = web.stats()
            states: dict[str, int] = dict(
                admin.execute(
                    "select state, count(*) from core.urls where kind = 'article' group by 1"
                ).fetchall()
            )
        finally:
            for process in running:
                process.kill()
                process.communicate()
    return {
        "pages": pages,
        "kills": kills,
        "states": states,
        "lost": pages - sum(states.values()),
        "not_fetched": pages - stats["distinct"],
        "fetched_again": stats["pages"] - stats["distinct"],
        "in_flight_at_kills": in_flight,
    }


def measure_memory(bench: _Bench, *, hosts: int, pages: int, window: int) -> dict[str, Any]:
    """Resident memory of one crawler, read at each tenth of `pages`."""
    marks: list[dict[str, Any]] = []
    with _web(hosts) as web, bench.database() as url:
        frontier = open_frontier(url, delay_s=0.0)
        try:
            _offer(frontier, web, pages)
        finally:
            frontier.close()
        process = bench.crawler(url, window=window, until_idle=True)
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            count = web.stats()["pages"]
            if count >= pages * (len(marks) + 1) // 10:
                marks.append({"pages": count, "rss_mib": round(watched.memory_info().rss / 2**20, 1)})
            time.sleep(0.2)
        process.communicate()
        stats = web.stats()
    first, last = marks[1]["rss_mib"], marks[-1]["rss_mib"]
    return {
        "pages": stats["pages"],
        "pages_per_s": round(stats["pages"] / stats["seconds"], 1),
        "marks": marks,
        "growth_mib_after_first_fifth": round(last - first, 1),
    }


# ---------------------------------------------------------------------------------------------- the command


@click.command("crawl")
@click.option(
    "--part", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part; may be repeated."
)
@click.option("--full", is_flag=True, help="The long form: 1 M URLs, 20,000 URLs with kills, 100,000 pages.")
@click.option("--json", "as_json", is_flag=True, help="Figures as JSON.")
def command(parts: tuple[str, ...], full: bool, as_json: bool) -> int:
    """Measure the crawler against a web on loopback.

    Starts its own servers unless WIRETRACE_DATABASE_URL and WIRETRACE_KAFKA_BOOTSTRAP name some; each measurement
    has a database of its own.

    \b
    Example:
      wiretrace bench crawl --part speed --part polite
    """
    chosen = parts or (PARTS if full else PARTS[:3])
    figures: dict[str, Any] = {"machine": {"cpus": os.cpu_count(), "python": sys.version.split()[0]}}
    settings = load_settings()
    with TemporaryDirectory(prefix="wiretrace-bench-") as folder:
        ready: Settings = settings.model_copy(update={"data_dir": Path(folder)})
        with servers(ready) as found:
            bench = _Bench(found)
            for part in chosen:
                started = time.monotonic()
                figures[part] = _measure(bench, part, full=full)
                figures[part]["took_s"] = round(time.monotonic() - started, 1)
                if not as_json:
                    click.echo(f"{part}: {json.dumps(figures[part])}")
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    return 0


def _measure(bench: _Bench, part: str, *, full: bool) -> dict[str, Any]:
    match part:
        case "speed":
            return measure_speed(bench, hosts=200, pages=6000 if full else 3000, window=64)
        case "polite":
            return measure_polite(bench, hosts=200, delay_s=5.0, pages_per_host=12 if full else 5)
        case "frontier":
            sizes = (100_000, 1_000_000) if full else (20_000, 100_000)
            return measure_frontier(bench, hosts=5000, sizes=sizes, threads=4, seconds=15.0 if full else 5.0)
        case "kills":
            pages = 20_000 if full else 4000
            return measure_kills(
                bench, hosts=200, pages=pages, crawlers=3, kills=12 if full else 4, window=32
            )
        case _:
            return measure_memory(bench, hosts=200, pages=100_000 if full else 10_000, window=64)
