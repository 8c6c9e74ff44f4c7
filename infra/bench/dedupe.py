"""`wiretrace bench dedupe`: how fast copies are found, by the size of the index."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg
from psycopg import sql as pgsql

from infra.embedded import postgres_of
from infra.migrate import migrate

__all__ = ["command"]


@click.command()
@click.option(
    "--size",
    "sizes",
    type=click.IntRange(1000),
    multiple=True,
    default=(10_000, 100_000),
    show_default=True,
    help="Articles in the index; may be given several times.",
)
@click.option("--articles", type=click.IntRange(400), default=2000, show_default=True, help="Articles timed.")
@click.option("--workers", type=click.IntRange(1), multiple=True, default=(1, 2), show_default=True)
@click.option("--peer/--no-peer", default=True, show_default=True, help="Also datasketch's LSH in memory.")
@click.option("--peer-limit", type=int, default=200_000, show_default=True, help="No peer above this size.")
def command(
    sizes: tuple[int, ...], articles: int, workers: tuple[int, ...], peer: bool, peer_limit: int
) -> None:
    """Time sketching, candidates, verification, clustering and writing over planted articles.

    Uses an embedded Postgres of its own that forgets everything at the end, with fsync off.

    \b
    Example:
      wiretrace bench dedupe --size 10000 --size 1000000
    """
    from workers.dedupe.bench import fill, measure, measure_peer, probes

    with _database() as url:
        seed, indexed = 1000, 0
        for size in sorted(sizes):
            fill(url, size, already=indexed)
            indexed = size
            for count in workers:
                found = measure(url, indexed=size, workers=count, articles=articles, seed=seed)
                seed += 10
                stages = "  ".join(f"{name} {ms:.2f}" for name, ms in found.stage_ms.items())
                click.echo(
                    f"{size:>9,} indexed  {count} worker{'s' if count > 1 else ' '}  "
                    f"{found.per_second:7.0f} articles/s   ms/article: {stages}"
                )
                cpu = "  ".join(f"{name} {ms:.2f}" for name, ms in found.cpu_ms.items())
                click.echo(f"          processor ms/article: {cpu}")
            click.echo(
                "          pairs/article: "
                + "  ".join(f"{name} {number:.1f}" for name, number in found.pairs_per_article.items())
            )
            click.echo(
                "          bytes/article: "
                + "  ".join(f"{name} {size:.0f}" for name, size in found.bytes_per_article.items())
            )
            if peer and size <= peer_limit:
                other = measure_peer(size, probes(articles, seed))
                click.echo(
                    f"          datasketch in memory: {other.per_second:.0f} articles/s from text, "
                    f"query and insert alone {other.query_insert_per_second:.0f}/s"
                )


@contextmanager
def _database() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="wiretrace-bench-") as folder:
        server = postgres_of(Path(folder), is_durable=False)
        server.start()
        try:
            with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
                admin.execute(pgsql.SQL("create database {}").format(pgsql.Identifier("bench")))
            migrate(server.url("bench"))
            yield server.url("bench")
        finally:
            server.stop()
