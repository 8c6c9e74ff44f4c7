"""`wiretrace dlq`: messages that could not be worked."""

from __future__ import annotations

from typing import Final

import click

from infra.cli.database import Reader, reading
from infra.cli.options import with_settings
from infra.cli.output import Column, Listing, listing
from infra.deadletters import replay as replay_letters
from infra.embedded import servers
from infra.migrate import connect, require_current
from schemas.settings import Settings

__all__ = ["dlq"]

_COLUMNS: Final = (
    Column(name="dead_letter_id", title="id", is_right=True),
    Column(name="failed_at", title="failed"),
    Column(name="stage"),
    Column(name="reason", is_wrapped=True),
    Column(name="url"),
    Column(name="size_bytes", title="bytes", is_right=True, rank=2),
    Column(name="topic", is_in_table=False),
    Column(name="partition", is_in_table=False),
    Column(name="offset", is_in_table=False),
    Column(name="worker", is_in_table=False),
    Column(name="replayed_at", title="replayed", rank=1),
)


@click.group()
def dlq() -> None:
    """List dead letters and replay them.

    \b
    Example:
      wiretrace dlq list
    """


@dlq.command("list")
@click.option("--all", "with_replayed", is_flag=True, help="Also those that were replayed.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Most rows.")
@with_settings
@listing
def list_letters(settings: Settings, with_replayed: bool, limit: int) -> Listing:
    """List dead letters with who gave up on them, when and why.

    \b
    Example:
      wiretrace dlq list --json
    """
    with reading(settings) as reader:
        rows = reader.rows("infra/dead_letters", with_replayed=with_replayed, limit=limit)
    return Listing(columns=_COLUMNS, rows=rows, empty="no dead letters")


@dlq.command("replay")
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@with_settings
def replay(settings: Settings, ids: tuple[int, ...]) -> int:
    """Put dead letters back on their topic as they were, all or those named.

    Do it after the cause is mended. A letter that fails again becomes a new dead letter. Exit code 3 means that some
    are no longer on the dead-letter topic: the embedded broker forgets them when it ends.

    \b
    Example:
      wiretrace dlq replay 12 13
    """
    with servers(settings) as found:
        require_current(found.database_url)
        with connect(found.database_url) as connection:
            reader = Reader(connection)
            letters = reader.rows("infra/dead_letters_to_replay", ids=list(ids) or None)
            replayed, missing = replay_letters(
                found.bootstrap,
                {(row["topic"], row["partition"], row["offset"]): row["dead_letter_id"] for row in letters},
                lambda letter: reader.execute("infra/dead_letter_replayed", dead_letter_id=letter),
            )
    click.echo(f"{replayed} replayed")
    unknown = set(ids) - {row["dead_letter_id"] for row in letters}
    if unknown:
        click.echo(f"not open: {', '.join(map(str, sorted(unknown)))}", err=True)
    if missing:
        click.echo(
            f"{len(missing)} no longer on the dead-letter topic: {', '.join(map(str, missing[:20]))}",
            err=True,
        )
    return 3 if missing or unknown else 0
