"""`wiretrace db`: the schema and the address of the database."""

from __future__ import annotations

import click

from infra.cli.options import with_settings
from infra.embedded import postgres_of, servers
from infra.migrate import connect, migrate, require_current
from infra.topics import ensure_topics
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
