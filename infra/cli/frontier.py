"""`wiretrace frontier`: what the crawlers have before them, per host."""

from __future__ import annotations

from typing import Any, Final

import click

from infra.cli.database import reading
from infra.cli.options import with_settings
from infra.cli.output import Column, Listing, listing
from schemas.settings import Settings

__all__ = ["frontier"]

_COLUMNS: Final = (
    Column(name="host_key", title="host"),
    Column(name="site", is_in_table=False),
    Column(name="state"),
    Column(name="due", is_right=True),
    Column(name="waiting", is_right=True),
    Column(name="next_at", is_in_table=False),
    Column(name="next_due_at", title="next wait ends", rank=2),
    Column(name="delay_s", title="delay", is_right=True),
    Column(name="crawl_delay_s", is_in_table=False),
    Column(name="claimed_by", is_in_table=False),
    Column(name="failures", is_in_table=False),
    Column(name="back_off_until", is_in_table=False),
    Column(name="back_off_reason", title="backing off for", rank=1),
    Column(name="quota_used", is_in_table=False),
    Column(name="daily_quota", is_in_table=False),
)


@click.command()
@click.option("--site", help="Only the hosts of this site.")
@click.option(
    "--state", help="Only hosts in this state: due, claimed, waiting, 'backing off', paused or idle."
)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Most rows.")
@with_settings
@listing
def frontier(settings: Settings, site: str | None, state: str | None, limit: int) -> Listing:
    """List what is due, claimed and backing off, per host.

    \b
    Example:
      wiretrace frontier --state "backing off"
    """
    with reading(settings) as reader:
        rows: list[dict[str, Any]] = reader.rows("infra/frontier", site=site, limit=limit)
    shown = [row for row in rows if state in (None, row["state"])]
    return Listing(columns=_COLUMNS, rows=shown, empty="no host. Try: wiretrace sites add URL")
