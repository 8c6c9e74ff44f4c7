"""`wiretrace status`: what is going on, how pages ended, and what needs a look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from infra.cli.database import Reader, reading
from infra.cli.options import with_settings
from infra.cli.output import Column, Format, Listing, format_options, human, plain, print_listing
from infra.words import counted
from schemas.settings import Settings

__all__ = ["Alert", "alerts", "status"]

_STUCK: Final = timedelta(minutes=10)
"""A published page that waits longer than this is worth a look: a batch takes seconds."""

_MANY: Final = 0.1
"""Share of sites that back off from which on it is worth a look: of many sites one always does."""

_OUTCOMES: Final = (
    Column(name="outcome"),
    Column(name="pages", is_right=True),
    Column(name="last_at", title="last"),
    Column(name="most_often", title="most frequent reason"),
)
_PROBLEMS: Final = (
    Column(name="state"),
    Column(name="urls", is_right=True),
    Column(name="reason", is_wrapped=True),
    Column(name="example"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that needs a look: its name for machines, its words, and the next command."""

    name: str
    text: str
    command: str


def alerts(reader: Reader, totals: dict[str, Any], *, silent_h: float) -> list[Alert]:
    """What needs a look now."""
    found = []
    oldest = totals["oldest_open_at"]
    if oldest is not None and datetime.now(UTC) - oldest > _STUCK:
        words = counted(totals["pages_open"], "published page waits", "published pages wait")
        text = f"{words} for a worker, the oldest since {human(oldest)}"
        found.append(Alert(name="pages_stuck", text=text, command="wiretrace worker, or wiretrace repair"))
    if totals["dead_letters"]:
        text = counted(totals["dead_letters"], "dead letter")
        found.append(Alert(name="dead_letters", text=text, command="wiretrace dlq list"))
    silent = reader.rows("infra/silent_sites", silent_h=silent_h) if totals["crawlers"] else []
    if silent:
        names = ", ".join(str(row["site"]) for row in silent[:5]) + (" …" if len(silent) > 5 else "")
        text = f"nothing new discovered for {silent_h:g} h on {counted(len(silent), 'site')}: {names}"
        found.append(Alert(name="nothing_discovered", text=text, command="wiretrace sites show SITE"))
    if totals["backing_off"] and totals["backing_off"] >= _MANY * totals["sites"]:
        text = counted(
            totals["backing_off"], "host asks for a pause or fails", "hosts ask for a pause or fail"
        )
        found.append(Alert(name="backing_off", text=text, command="wiretrace frontier --state 'backing off'"))
    return found


@click.command()
@click.option(
    "--silent-hours",
    type=click.FloatRange(0.01),
    help="Alert about sites where nothing new was discovered for so long [WIRETRACE_SILENT_HOURS, 24].",
)
@format_options
@with_settings
def status(settings: Settings, silent_hours: float | None, output_format: Format) -> int:
    """Show what is going on, with its alerts.

    Exit code 3 means that there is an alert. In JSON and CSV there is a row per fact (kind: total, outcome,
    problem, alert).

    \b
    Example:
      wiretrace status
      wiretrace status --json
    """
    with reading(settings) as reader:
        totals = reader.rows("infra/totals")[0]
        outcomes = reader.rows("infra/outcome_counts", since=None)
        problems = reader.rows("infra/url_problems")
        found = alerts(reader, totals, silent_h=silent_hours or settings.silent_hours)
    code = 3 if found else 0
    if output_format != "table":
        _print_facts(totals, outcomes, problems, found, output_format)
        return code
    click.echo(
        f"crawl     {counted(totals['crawlers'], 'crawler')}, {counted(totals['sites'], 'site')} "
        f"({totals['paused']} paused), {counted(totals['urls'], 'URL')}: {totals['due']} due, {totals['waiting']} waiting, {totals['claimed']} in flight"
    )
    click.echo(
        f"pages     {totals['pages']} published, {totals['pages_open']} waiting for a worker, "
        f"last fetched {human(totals['last_fetched_at'])}"
    )
    click.echo(
        f"articles  {totals['articles']}, {totals['clustered_articles']} of them in {counted(totals['clusters'], 'cluster')}"
    )
    click.echo(f"database  {totals['database_bytes'] / 1e6:.0f} MB")
    click.echo()
    print_listing(Listing(columns=_OUTCOMES, rows=outcomes, empty="no page was published yet"), "table")
    if problems:
        click.echo()
        print_listing(Listing(columns=_PROBLEMS, rows=problems), "table")
    for alert in found:
        click.echo()
        click.echo(f"! {alert.text}. See: {alert.command}")
    return code


def _print_facts(
    totals: dict[str, Any],
    outcomes: list[dict[str, Any]],
    problems: list[dict[str, Any]],
    found: list[Alert],
    output_format: Format,
) -> None:
    rows: list[dict[str, object]] = [
        {"kind": "total", "name": name, "value": plain(value), "detail": None}
        for name, value in totals.items()
    ]
    rows += [
        {"kind": "outcome", "name": r["outcome"], "value": r["pages"], "detail": r["most_often"]}
        for r in outcomes
    ]
    rows += [
        {
            "kind": "problem",
            "name": r["state"],
            "value": r["urls"],
            "detail": f"{r['reason']}: {r['example']}",
        }
        for r in problems
    ]
    rows += [
        {"kind": "alert", "name": a.name, "value": None, "detail": f"{a.text}. See: {a.command}"}
        for a in found
    ]
    columns = [Column(name=name) for name in ("kind", "name", "value", "detail")]
    print_listing(Listing(columns=columns, rows=rows), output_format)
