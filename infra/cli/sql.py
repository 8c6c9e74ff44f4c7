"""`wiretrace sql`: psql on the right database, or one query with its rows as a table, CSV or JSON."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import Final

import click
import psycopg
from rich.console import Console

from infra.cli.options import with_settings
from infra.cli.output import Column, Format, Listing, format_options, human, print_listing
from infra.embedded import servers
from infra.migrate import connect, migrate
from infra.postgres_server import postgres_binaries
from schemas.errors import WiretraceError
from schemas.settings import Settings
from schemas.sql import sql

__all__ = ["sql_command"]


@click.command("sql")
@click.option(
    "-c",
    "--command",
    "queries",
    multiple=True,
    help="Run this and print its rows, instead of opening psql; several are run in turn.",
)
@format_options
@with_settings
def sql_command(settings: Settings, queries: tuple[str, ...], output_format: Format) -> int:
    """Open psql on the database, or run one query.

    Public views and functions are in the schema wiretrace: articles, clusters, cluster_members, matches, credits,
    outcomes, dead_letters, sites, frontier, fetches, duplicates_of(url), cluster_timeline(cluster_id). Without -c,
    a query may also come on standard input. psql need not be installed.

    \b
    Example:
      wiretrace sql
      wiretrace sql -c "select site, count(*) from wiretrace.articles group by 1" --csv
    """
    with servers(settings, with_broker=False) as found:
        if found.is_database_embedded:
            migrate(found.database_url)  # so that a new data directory answers with empty views
        if not queries and not sys.stdin.isatty():
            queries = (sys.stdin.read(),)
        for query in queries:
            run_query(found.database_url, query, output_format)
        return 0 if queries else _psql(found.database_url)


def run_query(database_url: str, query: str, output_format: Format) -> int:
    """Run `query`, which may be several statements, and print the rows of each that has some.

    Raises:
        WiretraceError: the server refuses it; its message, hint and place are passed on.
    """
    with connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute(sql("infra/search_public").encode())
        try:
            cursor.execute(query.encode(), prepare=False)
        except psycopg.Error as error:
            detail = "\n".join(part for part in (error.diag.message_detail, error.diag.message_hint) if part)
            message = error.diag.message_primary or str(error)
            raise WiretraceError("\n".join(filter(None, (message, detail)))) from None
        while True:
            if cursor.description is not None:
                _print_rows(cursor, output_format)
            elif output_format == "table" and cursor.statusmessage:
                click.echo(cursor.statusmessage, err=True)
            if not cursor.nextset():
                return 0


def _print_rows(cursor: psycopg.Cursor[tuple[object, ...]], output_format: Format) -> None:
    titles = [column.name for column in cursor.description or ()]
    names = _unique(titles)
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    numeric = {
        name
        for name in names
        if rows and all(isinstance(row[name], (int, float, type(None))) for row in rows)
    }
    if output_format == "table" and rows and not _fits(names, rows):
        _print_records(titles, rows)
        return
    columns = [
        Column(name=name, title=title, is_right=name in numeric, is_wrapped=True)
        for name, title in zip(names, titles, strict=True)
    ]
    print_listing(Listing(columns=columns, rows=rows, empty="(0 rows)"), output_format)
    if output_format == "table" and rows:
        click.echo(f"({len(rows)} {'row' if len(rows) == 1 else 'rows'})")


_LEAST_PER_COLUMN: Final = 14


def _fits(names: list[str], rows: list[dict[str, object]]) -> bool:
    """Whether a table of these rows can be read on this terminal."""
    longest = [max(len(name), *(len(human(row[name])) for row in rows)) for name in names]
    width = Console().width
    return (
        sum(min(length, _LEAST_PER_COLUMN) + 2 for length in longest) <= width and max(longest) <= 4 * width
    )


def _print_records(titles: list[str], rows: list[dict[str, object]]) -> None:
    """Each row as a block of lines, one a column: psql's expanded display."""
    for number, row in enumerate(rows, 1):
        click.echo(f"-[ row {number} ]-")
        indent = max(map(len, titles))
        for title, value in zip(titles, row.values(), strict=True):
            click.echo(f"{title:<{indent}} | " + human(value).replace("\n", f"\n{'':<{indent}} | "))
    click.echo(f"({len(rows)} {'row' if len(rows) == 1 else 'rows'})")


def _unique(names: list[str]) -> list[str]:
    """Column names made different, as keys of JSON: `count`, `count_2` …; a table is headed as psql heads it."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return result


def _psql(database_url: str) -> int:
    """psql in the foreground: the machine's own, else the one of the embedded Postgres."""
    program = shutil.which("psql") or str(postgres_binaries() / "psql")
    environment = {**os.environ, "PGOPTIONS": "-c search_path=wiretrace,public"}
    if "TERMINFO_DIRS" not in environment:
        environment["TERMINFO_DIRS"] = "/etc/terminfo:/lib/terminfo:/usr/share/terminfo"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's: it cancels the query
    try:
        return subprocess.run([program, database_url], check=False, env=environment).returncode
    finally:
        signal.signal(signal.SIGINT, before)
