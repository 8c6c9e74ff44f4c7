"""`wiretrace bench dedupe`: how fast copies are found, by the size of the index."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import psycopg
from psycopg import sql as pgsql

from infra.embedded import postgres_of
from infra.migrate import migrate

if TYPE_CHECKING:
    from workers.dedupe.bench import Measured
    from workers.dedupe.bench_peer import PeerSpeed

__all__ = ["command"]

_PEER_ARTICLES: Final = 400
"""Timed by datasketch before and after each measurement: about half a second."""


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
@click.option(
    "--mix",
    "mixes",
    type=click.Choice(["planted", "news"]),
    multiple=True,
    default=("planted", "news"),
    show_default=True,
    help="Two thirds of the timed articles are copies, or one in seven.",
)
@click.option(
    "--peer/--no-peer",
    default=True,
    show_default=True,
    help="Before and after each measurement also time datasketch's LSH in memory.",
)
@click.option(
    "--peer-limit",
    type=click.IntRange(1000),
    default=10_000,
    show_default=True,
    help="Articles in datasketch's LSH at most.",
)
@click.option(
    "--story",
    "stories",
    type=click.IntRange(2),
    multiple=True,
    help="Instead of all that: what one more copy of a story of so many costs; may be given several times.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which the filled index is kept and found again by the next run.",
)
def command(
    sizes: tuple[int, ...],
    articles: int,
    workers: tuple[int, ...],
    mixes: tuple[str, ...],
    peer: bool,
    peer_limit: int,
    stories: tuple[int, ...],
    keep: Path | None,
) -> None:
    """Time sketching, candidates, verification, clustering and writing over planted articles.

    Uses an embedded Postgres of its own that forgets everything at the end (unless --keep), with fsync off.

    \b
    Example:
      wiretrace bench dedupe --size 10000 --size 1000000
      wiretrace bench dedupe --story 100 --story 1000
    """
    if stories:
        if keep:
            raise click.UsageError("--story grows a story in an index of its own; leave out --keep")
        with _database(None) as url:
            _show_stories(url, stories)
        return
    from workers.dedupe.bench import count_indexed, measure, probes
    from workers.dedupe.bench_peer import Peer

    with _database(keep) as url:
        seed = 1000 + count_indexed(url)
        beside = None
        for size in sorted(sizes):
            _fill(url, size)
            if peer and (beside is None or beside.indexed < min(size, peer_limit)):
                beside = Peer(min(size, peer_limit))
            for mix in mixes:
                for count in workers:
                    indexed = count_indexed(url)
                    before = beside and beside.timed(probes(_PEER_ARTICLES, seed + 8))
                    found = measure(
                        url, indexed=indexed, workers=count, articles=articles, seed=seed, mix=mix
                    )
                    after = beside and beside.timed(probes(_PEER_ARTICLES, seed + 9))
                    seed += 10
                    _show(found)
                    if beside and before and after:
                        _show_peer(found, beside.indexed, (before, after))


def _fill(url: str, size: int) -> None:
    from workers.dedupe.bench import count_indexed, fill

    already = count_indexed(url)
    if already < size:
        with click.progressbar(length=size - already, label=f"to {size:,} articles", file=sys.stderr) as bar:
            fill(url, size, already=already, on_progress=bar.update)


def _show(found: Measured) -> None:
    click.echo(
        f"{found.indexed:>9,} indexed  mix {found.mix} ({found.copies_share:.0%} copies)  "
        f"{found.workers} worker{'s' if found.workers > 1 else ' '}  {found.per_second:7.0f} articles/s  "
        f"{found.cores:.2f} of {os.cpu_count()} cores used"
    )
    for label, figures, digits in (
        ("processor ms/article", found.cpu_ms, 2),
        ("clock ms/article and worker", found.stage_ms, 2),
        ("pairs/article", found.pairs_per_article, 1),
        ("bytes/article", found.bytes_per_article, 0),
    ):
        shown = "  ".join(f"{name} {value:.{digits}f}" for name, value in figures.items())
        click.echo(f"          {label}: {shown}")


def _show_peer(found: Measured, indexed: int, speeds: Sequence[PeerSpeed]) -> None:
    """Each figure before and after, and Wiretrace's as a multiple of the mean."""
    from workers.dedupe.bench_peer import SHINGLES

    def beside(name: str) -> str:
        figures = [getattr(speed, name) for speed in speeds]
        ratio = found.per_second * len(figures) / sum(figures)
        return f"{' and '.join(f'{figure:.0f}' for figure in figures)}/s (wiretrace {ratio:.2f} times that)"

    click.echo(
        f"          datasketch in memory at {indexed:,}, just before and after: from text {beside('per_second')}  "
        f"query and insert alone {beside('query_insert_per_second')}  "
        f"sketch alone, texts of {SHINGLES} shingles {beside('sketches_per_second')}"
    )


def _show_stories(url: str, sizes: Sequence[int]) -> None:
    from workers.dedupe.bench_story import grow_story

    for found in grow_story(url, sizes):
        stages = "  ".join(f"{name} {value:.1f}" for name, value in found.stage_ms.items())
        click.echo(
            f"{found.copies:>9,} copies  arrival {found.arrival:<4}  one more: {found.milliseconds:6.1f} ms "
            f"(slowest {found.slowest:.1f})  {found.matches:,} matches  {found.clusters} cluster(s)\n"
            f"          clock ms/copy: {stages}"
        )


@contextmanager
def _database(keep: Path | None) -> Iterator[str]:
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wiretrace-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        server = postgres_of(folder, is_durable=False)
        server.start()
        try:
            with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
                names = [name for (name,) in admin.execute("select datname from pg_database").fetchall()]
                if "bench" not in names:
                    admin.execute(pgsql.SQL("create database {}").format(pgsql.Identifier("bench")))
            migrate(server.url("bench"))
            yield server.url("bench")
        finally:
            server.stop()
