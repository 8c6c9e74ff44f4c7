"""`wiretrace bench crawl`: how fast, how polite and how steady the crawler is, against a web on loopback.

| part | figure |
|---|---|
| speed | pages/s of one crawler process with politeness off, and a bare Scrapy spider over the same URLs |
| polite | share of the polite ceiling (hosts / delay) that one crawler reaches, and the shortest gap a host saw |
| frontier | URL upserts and claim+settle per second at a small and a large number of URLs |
| kills | crawlers killed at random: URLs lost, URLs fetched again |
| memory | resident memory of one crawler over many pages |
| drain | seconds from SIGTERM to the end of a busy crawler, and the claims it left open |
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import psutil
import psycopg

from crawler.claims import HostPace, Offer, Settlement
from crawler.frontier import Frontier, open_frontier
from crawler.options import CrawlOptions
from infra.bench._cpu import cpu_of, cpu_since, run_to_end
from infra.bench._stage import Bench, Web, offer_pages, say, serve_web
from infra.embedded import servers
from schemas.settings import Settings, load_settings

__all__ = ["command"]

WINDOW: Final = CrawlOptions().window
"""Claims at once; the bare spider gets as many requests at once."""

PARTS: Final = ("speed", "polite", "frontier", "kills", "memory", "drain")


# ---------------------------------------------------------------------------------------------- the parts


def measure_speed(bench: Bench, *, hosts: int, pages: int, window: int, rounds: int) -> dict[str, Any]:
    """Pages/s of a bare Scrapy spider and of one crawler process over the same URLs, in turn, `rounds` times.

    Rates are taken by the web, from the first page to the last. CPU is that of whole processes, start and end
    included: ms a page by program, and how many cores all of them together kept busy.
    """
    turns = []
    for number in range(rounds):
        with serve_web(hosts) as web:
            arguments = [str(n) for n in (hosts, web.port, pages, window)]
            bare = _turn(
                subprocess.Popen([sys.executable, "-m", "infra.bench._bare", *arguments]),
                {"web": web.pid},
                web,
            )
            web.reset()
            with bench.database() as url:
                frontier = open_frontier(url, delay_s=0.0)
                try:
                    offer_pages(frontier, web, pages)
                finally:
                    frontier.close()
                pids = {"web": web.pid, **bench.pids()}
                ours = _turn(bench.crawler(url, window=window, until_idle=True), pids, web)
        say(f"round {number + 1}: bare {bare['pages_per_s']}, crawler {ours['pages_per_s']} pages/s")
        turns.append((bare, ours))
    ratios = sorted(ours["pages_per_s"] / bare["pages_per_s"] for bare, ours in turns)
    return {
        "pages": pages,
        "hosts": hosts,
        "window": window,
        "ratio": round(ratios[len(ratios) // 2], 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "bare": [bare for bare, _ in turns],
        "crawler": [ours for _, ours in turns],
    }


def _turn(process: subprocess.Popen[bytes], pids: dict[str, int], web: Web) -> dict[str, Any]:
    """One process to its end, with its rate and the CPU that it and `pids` took."""
    before = {name: cpu_of(pid) for name, pid in pids.items()}
    started = time.monotonic()
    out, own_s = run_to_end(process)
    took_s = time.monotonic() - started
    cpu_s = {"spider": own_s, **cpu_since(before, pids)}
    stats = web.stats()
    pages = stats["pages"]
    return {
        "pages_per_s": round(pages / stats["seconds"], 1),
        "cpu_ms_per_page": {name: round(value * 1000 / pages, 2) for name, value in cpu_s.items()},
        "cores_used": round(sum(cpu_s.values()) / took_s, 2),
        **({"outcomes": json.loads(out)} if out else {}),
    }


def measure_polite(bench: Bench, *, hosts: int, delay_s: float, pages_per_host: int) -> dict[str, Any]:
    """Share of the polite ceiling that one crawler reaches while every host has something due.

    Taken from all times between two requests to one host, to the last of them: hosts that were put on the frontier
    together are asked in waves, so a count within a window depends on where the window begins.
    """
    with serve_web(hosts) as web, bench.database() as url:
        frontier = open_frontier(url, delay_s=delay_s)
        try:
            offer_pages(frontier, web, hosts * pages_per_host)
        finally:
            frontier.close()
        process = bench.crawler(url, delay_s=delay_s, window=max(WINDOW, hosts // 2), until_idle=True)
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
    bench: Bench, *, hosts: int, sizes: tuple[int, ...], threads: int, seconds: float
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
                say(f"{size} URLs are there, {upserts:.0f} upserts/s")
                with psycopg.connect(url, autocommit=True) as admin:
                    admin.execute(
                        "update core.robots set state = 'free', expires_at = now() + interval '1 day'"
                    )
                    admin.execute(
                        "update core.urls set state = 'waiting', due_at = 'infinity' where kind = 'robots'"
                    )
                    admin.execute("vacuum analyze")
                settled, took_s, latencies = _claim_and_settle(frontier, threads=threads, seconds=seconds)
                rows.append(
                    {
                        "urls": size,
                        "upserts_per_s": round(upserts),
                        "claim_settle_per_s": round(settled / took_s),
                        "settled": settled,
                        "claim_p50_ms": round(latencies[len(latencies) // 2] * 1000, 1),
                        "claim_p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1),
                    }
                )
        finally:
            frontier.close()
    return {"hosts": hosts, "threads": threads, "sizes": rows}


def _claim_and_settle(frontier: Frontier, *, threads: int, seconds: float) -> tuple[int, float, list[float]]:
    """How many URLs `threads` crawlers claimed and settled, in how many seconds, and how long their claims took, sorted.

    They stop after `seconds`, or when nothing is left to claim.
    """
    began_at = time.monotonic()

    def work(number: int) -> tuple[int, float, list[float]]:
        done, latencies = 0, []
        ended_at = began_at
        while ended_at - began_at < seconds:
            started = time.monotonic()
            claims = frontier.claim(f"bench-{number}", limit=64, lease_s=60)
            if not claims:
                break
            latencies.append(time.monotonic() - started)
            frontier.settle(
                [Settlement(claim=c, state="done", outcome="published", host=HostPace()) for c in claims],
                crawl_id="bench",
            )
            done += len(claims)
            ended_at = time.monotonic()
        return done, ended_at, latencies

    with ThreadPoolExecutor(threads) as executor:
        results = list(executor.map(work, range(threads)))
    took_s = max(ended_at for _, ended_at, _ in results) - began_at
    return sum(done for done, _, _ in results), took_s, sorted(x for *_, found in results for x in found)


def measure_kills(
    bench: Bench, *, hosts: int, pages: int, crawlers: int, kills: int, window: int
) -> dict[str, Any]:
    """Crawlers killed at random while they fetch `pages` URLs: what was lost, and what was fetched again."""
    dice = random.Random(5)  # noqa: S311
    options: dict[str, Any] = {"window": window, "lease_s": 10.0, "timeout_s": 5.0}
    with serve_web(hosts) as web, bench.database() as url, psycopg.connect(url, autocommit=True) as admin:
        frontier = open_frontier(url, delay_s=0.0)
        try:
            offer_pages(frontier, web, pages)
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


def measure_memory(bench: Bench, *, hosts: int, pages: int, window: int) -> dict[str, Any]:
    """Resident memory of one crawler, read at each tenth of `pages`."""
    marks: list[dict[str, Any]] = []
    with serve_web(hosts) as web, bench.database() as url:
        frontier = open_frontier(url, delay_s=0.0)
        try:
            offer_pages(frontier, web, pages)
        finally:
            frontier.close()
        process = bench.crawler(url, window=window, until_idle=True)
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            count = web.stats()["pages"]
            if count >= pages * (len(marks) + 1) // 10:
                marks.append({"pages": count, "rss_mib": round(watched.memory_info().rss / 2**20, 1)})
                say(f"{count} pages, {marks[-1]['rss_mib']} MiB")
            time.sleep(0.2)
        process.communicate()
        stats = web.stats()
    fifth, last = marks[1]["rss_mib"], marks[-1]["rss_mib"]
    return {
        "pages": stats["pages"],
        "pages_per_s": round(stats["pages"] / stats["seconds"], 1),
        "marks": marks,
        "growth_mib_after_first_fifth": round(last - fifth, 1),
    }


def measure_drain(bench: Bench, *, hosts: int, pages: int, window: int) -> dict[str, Any]:
    """SIGTERM to a crawler in the middle of `pages`: how long it takes, and what it leaves claimed."""
    with serve_web(hosts) as web, bench.database() as url, psycopg.connect(url, autocommit=True) as admin:
        frontier = open_frontier(url, delay_s=0.0)
        try:
            offer_pages(frontier, web, pages)
        finally:
            frontier.close()
        process = bench.crawler(url, window=window)
        while web.stats()["pages"] < pages // 2 and process.poll() is None:
            time.sleep(0.05)
        row = admin.execute("select count(*) from core.hosts where claim_token is not null").fetchone()
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        process.communicate()
        took_s = time.monotonic() - started
        left = admin.execute("select count(*) from core.hosts where claim_token is not null").fetchone()
        stats = web.stats()
        settled = admin.execute(
            "select count(*) from core.urls where kind = 'article' and state = 'done'"
        ).fetchone()
    return {
        "claims_at_signal": row[0] if row else None,
        "drained_s": round(took_s, 2),
        "claims_left": left[0] if left else None,
        "pages_fetched": stats["pages"],
        "pages_settled": settled[0] if settled else None,
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
            bench = Bench(found, Path(folder))
            for part in chosen:
                started = time.monotonic()
                figures[part] = _measure(bench, part, full=full)
                figures[part]["took_s"] = round(time.monotonic() - started, 1)
                if not as_json:
                    click.echo(f"{part}: {json.dumps(figures[part])}")
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    return 0


def _measure(bench: Bench, part: str, *, full: bool) -> dict[str, Any]:
    match part:
        case "speed":
            return measure_speed(
                bench, hosts=200, pages=8000 if full else 4000, window=WINDOW, rounds=5 if full else 3
            )
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
        case "memory":
            return measure_memory(bench, hosts=200, pages=100_000 if full else 10_000, window=WINDOW)
        case _:
            return measure_drain(bench, hosts=200, pages=20_000 if full else 4000, window=WINDOW)
