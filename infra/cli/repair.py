"""`wiretrace repair`: queue again what was published but never worked."""

from __future__ import annotations

import click

from infra.cli.options import DURATION, with_settings
from infra.embedded import servers
from infra.migrate import require_current
from infra.repair import repair as repair_pages
from infra.repair import repair_after_broker_loss
from schemas.settings import Settings

__all__ = ["repair"]


@click.command()
@click.option(
    "--older-than",
    type=DURATION,
    help="Queue again what was published longer ago than this and is not worked; needed with a broker of your own.",
)
@with_settings
def repair(settings: Settings, older_than: float | None) -> int:
    """Queue pages again whose messages were lost.

    The embedded broker keeps its messages in memory: `wiretrace run` repairs by itself at its start. A broker of
    your own keeps them; use this after it lost data, with a time longer than your workers' backlog.

    \b
    Example:
      wiretrace repair --older-than 2h
    """
    with servers(settings) as found:
        require_current(found.database_url)
        if older_than is None and not found.is_broker_embedded:
            raise click.UsageError("name --older-than: your broker may still hold what is not worked yet")
        if older_than is None:
            done = repair_after_broker_loss(found)
        else:
            done = repair_pages(found.database_url, older_than_s=older_than)
    click.echo(f"{done.queued} pages queued again")
    if done.forgotten:
        click.echo(f"{len(done.forgotten)} ingested pages to be ingested again:")
        for lost in done.forgotten:
            click.echo(f"  {lost}")
    return 0
