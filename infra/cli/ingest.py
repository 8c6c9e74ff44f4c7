"""`wiretrace ingest`: pages that were saved before, through the same line as fetched ones."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from infra.archives import Item, read_path, size_of
from infra.children import Children, this_program
from infra.cli.options import with_settings
from infra.cli.output import Column, Listing, print_listing
from infra.embedded import Servers, broker_of, servers
from infra.ingest import Ingested, Publisher
from infra.ingest import ingest as ingest_items
from infra.locks import UserCount
from infra.logs import set_up_logs
from infra.migrate import migrate, require_current
from infra.repair import repair_after_broker_loss
from infra.run import Stop, child_environment, new_crawl_id, stopping
from infra.topics import ensure_topics
from infra.words import counted
from schemas.errors import UsageError
from schemas.records import RawPage
from schemas.settings import Settings
from schemas.sql import sql

__all__ = ["ingest"]

_MOST_OPEN: Final = 4000
"""Published pages that may wait for their workers on the embedded broker, which keeps them in memory."""

_NAMED: Final = 20
"""Bad records that are named on the terminal."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--manifest",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV or JSON lines with path, url and fetched_at of each file; default manifest.csv, manifest.jsonl, "
    "index.csv or index.jsonl in the folder.",
)
@click.option(
    "--work/--no-work",
    default=None,
    help="Also run workers until all is worked; default with the embedded broker.",
)
@click.option("--wait", is_flag=True, help="With --no-work: wait until workers elsewhere have worked all.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=max(1, min(8, os.cpu_count() or 2)),
    help="Worker processes; default one a core, at most 8.",
)
@click.option(
    "--again", is_flag=True, help="Also publish pages that an earlier ingest has brought to their end."
)
@with_settings
def ingest(
    settings: Settings,
    paths: tuple[Path, ...],
    manifest: Path | None,
    work: bool | None,
    wait: bool,
    workers: int,
    again: bool,
) -> int:
    """Work saved pages: WARC files and folders of HTML.

    PATH is a .warc or .warc.gz file, an .html or .html.gz file, or a folder of them. A page's address comes from the
    manifest or the WARC record, else from what the page says of itself. Exit code 3 means that some records could
    not be read; they are named, and all others went through. Cut short, it is simply run again.

    \b
    Example:
      wiretrace ingest CC-NEWS-20240208-00012.warc.gz
      wiretrace ingest saved-pages/ --manifest urls.csv
    """
    set_up_logs(settings, least_level="warning")
    is_working = work if work is not None else settings.kafka_bootstrap is None
    _check_broker_stays(settings, is_working=is_working)
    total = sum(size_of(path) for path in paths)
    result = Ingested()
    with stopping() as stop, servers(settings) as found:
        if found.is_database_embedded:
            migrate(found.database_url)
        else:
            require_current(found.database_url)
        ensure_topics(found.bootstrap)
        repair_after_broker_loss(found)
        crawl_id = f"ingest-{new_crawl_id()}"
        family = Children(
            environment=child_environment(settings, found), log_dir=settings.data_dir.resolve() / "logs"
        )
        try:
            if is_working:
                for number in range(1, workers + 1):
                    family.add(f"worker-{number}", this_program("worker"))
            with (
                psycopg.connect(found.database_url, autocommit=True, row_factory=dict_row) as connection,
                _Bar(total, is_working=is_working or wait) as bar,
            ):
                feed = _Feed(connection, crawl_id, family, bar, stop, found)
                with Publisher(found.database_url, found.bootstrap) as publisher:
                    ingest_items(
                        bar.follow(paths, manifest),
                        lambda pages: feed.publish(publisher, pages),
                        crawl_id,
                        result=result,
                        is_again=again,
                        is_stopping=lambda: stop.is_asked,
                    )
                bar.end_reading()
                if is_working or wait:
                    feed.wait_until_worked()
                progress = feed.progress()
                outcomes = connection.execute(
                    sql("infra/ingest_outcomes").encode(), {"crawl_id": crawl_id}
                ).fetchall()
            family.drain()
            family.join(60)
        finally:
            family.kill()
    _tell(result, outcomes, progress, stop=stop)
    if stop.is_asked:
        return 130
    return 3 if result.bad_count else 0


def _check_broker_stays(settings: Settings, *, is_working: bool) -> None:
    """Return unless the pages would be forgotten at once.

    Raises:
        UsageError: --no-work on an embedded broker that ends with this command.
    """
    if is_working or settings.kafka_bootstrap is not None:
        return
    users = UserCount(settings.data_dir.resolve() / "locks" / "broker.users")
    if broker_of(settings.data_dir).bootstrap is None or not users.is_used():
        raise UsageError(
            "--no-work would publish to a broker that ends with this command; leave it out, "
            "set WIRETRACE_KAFKA_BOOTSTRAP, or keep a `wiretrace run` going on the same data directory"
        )


class _Feed:
    """Publishes at the pace of the workers, and waits for them."""

    def __init__(
        self,
        connection: psycopg.Connection[dict[str, Any]],
        crawl_id: str,
        family: Children,
        bar: _Bar,
        stop: Stop,
        found: Servers,
    ) -> None:
        self._connection = connection
        self._crawl_id = crawl_id
        self._family = family
        self._bar = bar
        self._stop = stop
        self._is_bounded = found.is_broker_embedded

    def progress(self) -> dict[str, Any]:
        row = self._connection.execute(
            sql("infra/ingest_progress").encode(), {"crawl_id": self._crawl_id}
        ).fetchone()
        assert row is not None
        return row

    def publish(self, publisher: Publisher, pages: Sequence[RawPage]) -> int:
        while self._is_bounded and not self._stop.is_urgent and self._look()["pages_open"] > _MOST_OPEN:
            time.sleep(0.5)
        return publisher.publish(pages)

    def wait_until_worked(self) -> None:
        while not self._stop.is_urgent and self._look()["waiting"]:
            time.sleep(0.5)

    def _look(self) -> dict[str, Any]:
        self._family.watch()
        progress = self.progress()
        self._bar.show(progress)
        return progress


class _Bar:
    """A progress bar on a terminal, a plain line every few seconds elsewhere."""

    def __init__(self, total: int, *, is_working: bool) -> None:
        console = Console(stderr=True, highlight=False)
        self._is_plain = not console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=self._is_plain,
            transient=True,
        )
        self._total = total
        self._read_pages = 0
        self._reading = self._progress.add_task("read", total=max(1, total))
        self._working = self._progress.add_task("worked", total=None, visible=is_working)
        self._last_line_s = time.monotonic()

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def follow(self, paths: Sequence[Path], manifest: Path | None) -> Iterator[Item]:
        """The items of all paths, moving the bar on."""
        before = 0
        for path in paths:
            for item, position in read_path(path, manifest=manifest):
                self._progress.update(self._reading, completed=before + position)
                yield item
            before += size_of(path)

    def end_reading(self) -> None:
        self._progress.update(self._reading, completed=max(1, self._total))

    def show(self, progress: dict[str, Any]) -> None:
        total = progress["processed"] + progress["waiting"]
        self._progress.update(self._working, completed=progress["processed"], total=total)
        if self._is_plain and time.monotonic() - self._last_line_s >= 5:
            self._last_line_s = time.monotonic()
            click.echo(
                f"published {total}  processed {progress['processed']}  articles {progress['articles']}"
                f"  clusters {progress['clusters']}",
                err=True,
            )


def _tell(result: Ingested, outcomes: list[dict[str, Any]], progress: dict[str, Any], *, stop: Stop) -> None:
    """The summary; every item that was read is in it exactly once."""
    for record in result.bad[:_NAMED]:
        click.echo(f"{record.source}: {record.why}", err=True)
    if result.bad_count > _NAMED:
        click.echo(f"… and {result.bad_count - _NAMED} more that cannot be read", err=True)
    click.echo(
        f"{counted(result.read, 'record')} read: {counted(result.published, 'page')} published, {result.known} known already, "
        f"{result.bad_count} bad, {result.skipped.total()} no page"
    )
    for kind, count in result.skipped.most_common(8):
        click.echo(f"  {count} × {kind}")
    if result.unnamed:
        click.echo(
            f"{counted(result.unnamed, 'page')} without a given address: taken from the page, or made up under .invalid"
        )
    if outcomes:
        columns = [
            Column(name="outcome"),
            Column(name="pages", is_right=True),
            Column(name="most_often", title="most frequent reason"),
        ]
        print_listing(Listing(columns=columns, rows=outcomes), "table")
    click.echo(f"{counted(progress['clusters'], 'cluster')} in the database. See: wiretrace clusters")
    if stop.is_asked:
        click.echo("interrupted: run the same command again to go on", err=True)
