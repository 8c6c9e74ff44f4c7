"""How far a run is: counted in Postgres, shown as it goes.

Owns the counts and their two shapes: a live panel on a terminal, a plain line every few seconds elsewhere.
"Done" is counted here too and never read off the broker.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import click
import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from rich.live import Live
from rich.table import Table

from schemas.sql import sql

__all__ = ["Counts", "Display", "Meter", "display"]

PATIENCE_S: Final = 90.0
"""A pass waits for retries that are due within this time, and for nothing that comes later. Rule: crawler/README.md."""

_PLAIN_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a run has done and what is left.

    Attributes:
        sites: listed and not paused.
        sites_open: of these, with something still to fetch in this pass.
        due: URLs that may be fetched now.
        claimed: requests in flight.
        soon: retries that this pass waits for.
        deferred: URLs whose next try is too far ahead for this pass, and all of hosts that back off for so long.
        fetched: requests of this run.
        published: pages of this run on the topic.
        pages_open: published pages without an outcome, of all runs.
        resketching: earlier articles to be sketched anew, since a line of theirs was learnt as repeated.
        processed: pages that got their outcome since the run began.
        articles: of these, the articles.
        clusters: all in the database.
        errors: URLs that failed and pages that could not be worked, since the run began.
        next_in_s: seconds until a host may be asked again; None with no host ahead.
    """

    sites: int
    sites_open: int
    due: int
    claimed: int
    soon: int
    deferred: int
    fetched: int
    published: int
    pages_open: int
    resketching: int
    processed: int
    articles: int
    clusters: int
    errors: int
    next_in_s: float | None

    @property
    def is_crawled(self) -> bool:
        """Whether nothing is left to fetch in this pass."""
        return not (self.due or self.claimed or self.soon or self.sites_open)

    @property
    def is_done(self) -> bool:
        """Whether the pass is over: nothing to fetch, every published page has its outcome, every sketch is current."""
        return self.is_crawled and self.pages_open == 0 and self.resketching == 0

    def line(self, elapsed_s: float) -> str:
        """The counts as one line."""
        return (
            f"{_clock(elapsed_s)}  sites {self.sites - self.sites_open}/{self.sites}"
            f"  fetched {self.fetched}  published {self.published}  processed {self.processed}"
            f"  articles {self.articles}  clusters {self.clusters}  errors {self.errors}"
        )


def _clock(seconds: float) -> str:
    """
    >>> _clock(75), _clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


class Meter:
    """Reads the counts of one run. Opens its connection again where it broke."""

    def __init__(self, database_url: str, crawl_id: str) -> None:
        self._database_url = database_url
        self._crawl_id = crawl_id
        self._connection: psycopg.Connection[dict[str, Any]] | None = None
        self.since: datetime = self._query("infra/now", {})["now"]
        self.cost_s = 0.0
        """How long the last count took: a large database is counted less often."""

    def _query(self, name: str, params: dict[str, Any]) -> dict[str, Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._database_url,
                autocommit=True,
                row_factory=dict_row,
                application_name="wiretrace-run",
                connect_timeout=10,
                options="-c statement_timeout=60000 -c jit=off",
            )
        try:
            row = self._connection.execute(sql(name).encode(), params).fetchone()
        except psycopg.OperationalError:
            self._connection.close()
            raise
        assert row is not None
        return row

    def read(self) -> Counts | None:
        """The counts now; None while the database does not answer."""
        began = time.monotonic()
        try:
            row = self._query(
                "infra/progress",
                {"since": self.since, "crawl_id": self._crawl_id, "patience_s": PATIENCE_S},
            )
        except psycopg.OperationalError:
            return None
        finally:
            self.cost_s = time.monotonic() - began
        return Counts(**row)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class Display:
    """Shows counts while a run goes on; on stderr, as stdout carries data only."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self._began = time.monotonic()
        self._last_line_s = -_PLAIN_EVERY_S
        self._note = ""

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def note(self, text: str) -> None:
        """Say something that is true until it is replaced: `draining`, `starting` …"""
        # A countdown is said once: what is said is compared without its figures.
        is_new = re.sub(r"\d+", "", text) != re.sub(r"\d+", "", self._note)
        if is_new and text and self._live is None:
            click.echo(text, err=True)
        self._note = text

    def show(self, counts: Counts) -> None:
        """Show the counts; on a plain stderr a line every few seconds."""
        if self._live is not None:
            self._live.update(self._panel(counts), refresh=True)
        elif time.monotonic() - self._last_line_s >= _PLAIN_EVERY_S:
            self._last_line_s = time.monotonic()
            click.echo(counts.line(self.elapsed_s), err=True)

    def _panel(self, counts: Counts) -> Table:
        table = Table(box=None, pad_edge=False, show_header=True, header_style="dim", padding=(0, 2, 0, 0))
        cells = {
            "time": _clock(self.elapsed_s),
            "sites": f"{counts.sites - counts.sites_open}/{counts.sites}",
            "due": str(counts.due),
            "fetched": str(counts.fetched),
            "published": str(counts.published),
            "processed": str(counts.processed),
            "articles": str(counts.articles),
            "clusters": str(counts.clusters),
            "errors": str(counts.errors),
        }
        for heading in cells:
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_row(*cells.values())
        if self._note:
            table.caption = self._note
            table.caption_justify = "left"
        return table


@contextmanager
def display() -> Iterator[Display]:
    """A live panel where stderr is a terminal, else plain lines."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Display(None)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield Display(live)
