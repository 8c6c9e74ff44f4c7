"""`wiretrace db`: the schema and the address of the database."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from infra.cli.database import reading
from infra.cli.options import with_settings
from infra.cli.output import Column, Listing, listing
from infra.embedded import postgres_of, servers
from infra.migrate import connect, migrate, require_current
from infra.topics import ensure_topics
from infra.words import counted
from schemas.settings import Settings

__all__ = ["db"]


@click.group()
def db() -> None:
    """Migrate the database, or print its URL.

    \b
    Example:
      wiretrace db migrate
    """


@db.command("migrate")
@with_settings
def migrate_command(settings: Settings) -> int:
    """Bring the database to the current schema, and make the topics where a broker is configured.

    Safe to run from several machines at once.

    \b
    Example:
      WIRETRACE_DATABASE_URL=postgresql://wire@db/wire wiretrace db migrate
    """
    with servers(settings, with_broker=False) as found:
        names = migrate(found.database_url, is_forced=True)
    for name in names:
        click.echo(f"applied {name}")
    click.echo("the schema is current")
    if settings.kafka_bootstrap is not None:
        for topic in ensure_topics(settings.kafka_bootstrap):
            click.echo(f"created topic {topic}")
    return 0


@db.command("url")
@with_settings
def url(settings: Settings) -> int:
    """Print the URL of the database, with its password, for other programs.

    An embedded database answers while a command such as `wiretrace run` or `wiretrace sql` uses it.

    \b
    Example:
      psql "$(wiretrace db url)"
    """
    click.echo(settings.database_url or postgres_of(settings.data_dir).url())
    return 0


@db.command("rebuild")
@with_settings
def rebuild_command(settings: Settings) -> int:
    """Compute every story and its origin anew from the stored matches; workers may go on meanwhile.

    The tables come out the same, unless the rule changed since they were written.

    \b
    Example:
      wiretrace db rebuild
    """
    from workers.dedupe.rebuild import rebuild

    with servers(settings, with_broker=False) as found:
        require_current(found.database_url)
        with connect(found.database_url) as connection:
            done = rebuild(connection)
    click.echo(f"{done.articles:,} articles with copies in {done.clusters:,} clusters")
    return 0


@db.command("resketch")
@with_settings
def resketch_command(settings: Settings) -> int:
    """Make sketches of an earlier version anew, so that articles from before and after an upgrade find each other.

    A sketch holds the words of its text, so no page is read. Workers of this version may go on meanwhile; they look up
    again, between their pages, what was made anew. Safe to stop and to start again. The database grows by up to the size
    of its sketches, until Postgres has tidied up.

    \b
    Example:
      wiretrace db resketch
    """
    from workers.dedupe.resketch import resketch

    with servers(settings, with_broker=False) as found:
        require_current(found.database_url)
        with (
            connect(found.database_url) as connection,
            click.progressbar(length=0, label="sketches", file=sys.stderr) as bar,
        ):

            def show(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            done = resketch(connection, on_progress=show)
    what_follows = "; workers look these articles up again" if done.made else ""
    click.echo(f"{counted(done.made, 'sketch', 'sketches')} made anew{what_follows}")
    if done.left:
        click.echo(
            f"{counted(done.left, 'sketch holds', 'sketches hold')} words as they are not made any more; "
            "mend: wiretrace reprocess"
        )
    return 0


_PRUNED: Final = (
    Column(name="partition"),
    Column(name="seen_from", title="seen from"),
    Column(name="seen_until", title="until"),
    Column(name="size_bytes", title="bytes", is_right=True),
)


@db.command("prune")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Sketches of articles first seen before this day (UTC), such as 2026-09-01.",
)
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(0),
    metavar="DAYS",
    help="Sketches of articles first seen longer ago than so many days.",
)
@click.option("--all", "is_all", is_flag=True, help="Every sketch there is; stop all workers before.")
@with_settings
@listing
def prune(settings: Settings, before: datetime | None, days: int | None, is_all: bool) -> Listing:
    """Drop old sketches, the part of the database by which copies are found, and list what was dropped.

    Articles, matches and stories stay as they are. An article without a sketch is not compared with new ones; it gets
    a sketch again when its text changes, or by wiretrace reprocess. Sketches are kept in spans of four weeks: a span
    goes as a whole, once all of it is old enough. Nothing older than WIRETRACE_MATCH_WINDOW_DAYS is needed.

    \b
    Example:
      wiretrace db prune --older-than 60
      wiretrace db prune --before 2026-09-01 --json
    """
    if sum((before is not None, days is not None, is_all)) != 1:
        raise click.UsageError("name one of --before, --older-than and --all")
    if days is not None:
        before = datetime.now(UTC) - timedelta(days=days)
    until = f"{before:%Y-%m-%d %H:%M:%S}+00" if before else "infinity"
    with reading(settings) as reader:
        rows = reader.rows("infra/prune_sketches", before=until)
    click.echo(
        f"{len(rows)} {'span' if len(rows) == 1 else 'spans'} of sketches dropped; "
        "all articles, matches and stories are kept",
        err=True,
    )
    return Listing(columns=_PRUNED, rows=rows, empty="no span of sketches is that old")
