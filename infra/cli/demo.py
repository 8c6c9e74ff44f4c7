"""`wiretrace demo`: the whole line over a bundled newsroom, from its front pages to the clusters in SQL."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from infra.children import PARENT_VARIABLE
from infra.cli.clusters import CLUSTER_COLUMNS
from infra.cli.database import Reader
from infra.cli.options import DURATION, with_settings
from infra.cli.output import Listing, print_listing
from infra.cli.prepare import add_list
from infra.cli.sql import run_query
from infra.embedded import broker_of, postgres_of, servers
from infra.locks import UserCount
from infra.logs import set_up_logs
from infra.migrate import connect, migrate
from infra.newsroom.model import Newsroom, load_newsroom
from infra.run import Plan, Report, carry_out, new_crawl_id, stopping, summary_lines
from schemas.errors import UsageError, WiretraceError
from schemas.settings import Settings

__all__ = ["demo"]

_PORT: Final = 8480
_DELAY_S: Final = 0.15
"""The sites are our own; real ones get the seconds of WIRETRACE_CRAWL_DELAY_S."""

_MARK: Final = "demo.json"
"""Marks a folder as one that the demo made and may empty."""

_QUERY: Final = """select site, relation, count(*) as articles, round(avg(share_of_origin)::numeric, 2) as taken,
       date_trunc('minute', percentile_disc(0.5) within group (order by lag)) as median_lag
  from wiretrace.cluster_members
 where relation <> 'origin'
 group by site, relation
 order by site, relation"""


@click.command()
@click.option(
    "--port", type=click.IntRange(1024, 65535), default=_PORT, show_default=True, help="Port of the sites."
)
@click.option("--timeout", type=DURATION, default="5m", show_default=True, help="Give up after so long.")
@with_settings
def demo(settings: Settings, port: int, timeout: float) -> int:
    """Crawl and work a bundled newsroom, and show its clusters.

    Ten invented sites are served on loopback: two agencies, papers that run their stories whole, trimmed and edited,
    and blogs that copy with a "Source link". Real crawlers and workers go over them with an embedded Postgres and
    broker. Nothing leaves this machine. What it found is kept until the next demo.

    \b
    Example:
      wiretrace demo
    """
    set_up_logs(settings, least_level="warning")
    data_dir = settings.data_dir / "demo"
    with stopping() as stop:
        _empty(data_dir)
        port = _usable_port(port)
        newsroom = load_newsroom(port)
        _write_files(data_dir, newsroom)
        own = settings.model_copy(
            update={"data_dir": data_dir, "database_url": None, "kafka_bootstrap": None}
        )
        children = (
            ("WIRETRACE_CRAWL_CONTACT", "https://wiretrace.test/about"),
            ("WIRETRACE_CRAWL_DELAY_S", str(_DELAY_S)),
            ("WIRETRACE_CRAWL_ALLOW_NETWORKS", "127.0.0.0/8"),
            ("WIRETRACE_CRAWL_HOSTS_FILE", str(data_dir / "hosts")),
        )
        click.echo(
            f"{len(newsroom.sites)} sites with {len(newsroom.publications)} articles on loopback port {port}",
            err=True,
        )
        with _served(port, data_dir), servers(own) as found:
            migrate(found.database_url)
            add_list(found.database_url, data_dir / "sites.toml", own)
            plan = Plan(crawl_id=new_crawl_id(), crawlers=1, workers=2, duration_s=timeout, until_done=True)
            report = carry_out(plan, own, found, stop, extra=children)
            if report.ended_by != "interrupt":
                _show(found.database_url, report, data_dir)
    if report.ended_by == "duration":
        raise WiretraceError(f"the demo did not end in time; see the logs in {data_dir / 'logs'}")
    return 130 if report.ended_by == "interrupt" else 0


def _empty(data_dir: Path) -> None:
    """Drop what an earlier demo left, its servers too.

    Raises:
        UsageError: another demo runs there, or the folder holds something else.
    """
    if not data_dir.exists():
        return
    if any(data_dir.iterdir()) and not (data_dir / _MARK).exists():
        raise UsageError(f"{data_dir} holds something else than a demo; name another folder with --data-dir")
    if any(UserCount(data_dir / "locks" / f"{name}.users").is_used() for name in ("postgres", "broker")):
        raise UsageError(
            f"another command uses {data_dir}; end it first, or name another folder with --data-dir"
        )
    broker_of(data_dir).stop()
    postgres_of(data_dir).stop()
    shutil.rmtree(data_dir)


def _usable_port(port: int) -> int:
    """`port`, or a free one where it is taken."""
    for tried in (port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", tried))  # noqa: S104  # bound to learn whether it is free on every address, never listened on
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WiretraceError("no free port on loopback")


def _write_files(data_dir: Path, newsroom: Newsroom) -> None:
    """The mark, the site list, the names for the crawler and the truth."""
    data_dir.mkdir(parents=True)
    (data_dir / _MARK).write_text(json.dumps({"port": newsroom.port}))
    (data_dir / "sites.toml").write_text(newsroom.site_list(delay_s=_DELAY_S))
    (data_dir / "hosts").write_text(newsroom.hosts_file())
    (data_dir / "truth.json").write_text(json.dumps(newsroom.truth_json(), indent=1))


@contextmanager
def _served(port: int, data_dir: Path) -> Iterator[None]:
    """The newsroom, served by a process of its own.

    Raises:
        WiretraceError: it does not come up; its words are in the message.
    """
    import os

    log_path = data_dir / "newsroom.log"
    command = [
        sys.executable,
        "-m",
        "infra.newsroom",
        "--port",
        str(port),
        "--log",
        str(data_dir / "hits.jsonl"),
    ]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
            env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
        )
    try:
        deadline = time.monotonic() + 20
        while "ready" not in log_path.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise WiretraceError(f"the newsroom cannot be served:\n{log_path.read_text()[-1000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _show(database_url: str, report: Report, data_dir: Path) -> None:
    """What was found: the summary, the clusters, a query with its rows, and how to look further."""
    for line in summary_lines(report, data_dir / "logs"):
        click.echo(line)
    click.echo()
    with connect(database_url) as connection:
        rows = Reader(connection).rows(
            "infra/clusters", site=None, since=None, min_size=2, order="size", limit=50
        )
    print_listing(
        Listing(columns=CLUSTER_COLUMNS, rows=rows, empty="no story was found twice: this is a fault"),
        "table",
    )
    click.echo()
    click.echo("How much of a story each site takes, and how fast:")
    click.echo()
    click.echo(_QUERY + ";")
    click.echo()
    run_query(database_url, _QUERY, "table")
    click.echo()
    option = f"--data-dir {data_dir}"
    first = rows[0]["cluster_id"] if rows else 1
    click.echo("Look further:")
    click.echo(f"  wiretrace show {first} {option}")
    click.echo(f"  wiretrace sql {option}")
    click.echo(f"  wiretrace status {option}")
    click.echo("Your own sites:")
    click.echo("  WIRETRACE_CRAWL_CONTACT=https://example.org/crawler wiretrace run sites.txt --duration 10m")
