"""`wiretrace frontier`: what the crawlers have before them, per host."""

from __future__ import annotations

from typing import Any, Final

import click

from infra.cli.database import reading
from infra.cli.options import with_settings
from infra.cli.output import Column, Listing, listing
from schemas.settings import Settings

__all__ = ["frontier"]

_STATES: Final = ("due", "claimed", "waiting", "backing off", "paused", "idle")

_COLUMNS: Final = (
    Column(name="host"),
    Column(name="site", is_in_table=False),
    Column(name="state"),
    Column(name="due", is_right=True),
    Column(name="waiting", is_right=True),
    Column(name="next_at", is_in_table=False),
    Column(name="next_due_at", is_in_table=False),
    Column(name="delay_s", title="pause (s)", is_right=True, rank=2),
    Column(name="claimed_by", is_in_table=False),
    Column(name="claim_until", is_in_table=False),
    Column(name="failures", is_in_table=False),
    Column(name="back_off_until", is_in_table=False),
    Column(name="back_off_reason", is_in_table=False),
    Column(name="next_in", is_right=True),
    Column(name="waits_for", title="held back by", rank=1),
    Column(name="quota_used", is_in_table=False),
    Column(name="daily_quota", is_in_table=False),
)


@click.command()
@click.option("--site", help="Only the hosts of this site.")
@click.option("--state", type=click.Choice(_STATES), help="Only hosts in this state.")
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
        rows: list[dict[str, Any]] = reader.rows("infra/frontier", site=site, state=state, limit=limit)
    if site is None and state is None:
        empty = "no host. Try: wiretrace sites add URL"
    else:
        empty = "no such host. Try: wiretrace frontier"
    return Listing(columns=_COLUMNS, rows=rows, empty=empty)
