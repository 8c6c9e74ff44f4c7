"""`wiretrace reprocess`: stored pages through today's extractor, sketches and clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from infra.archives import BadRecord, SavedPage, read_path
from infra.cli.options import DURATION, with_settings
from infra.embedded import servers
from infra.ingest import page_of
from infra.logs import set_up_logs
from infra.migrate import require_current
from infra.run import new_crawl_id
from infra.words import counted
from schemas.records import RawPage
from schemas.settings import Settings
from schemas.urls import site_of

__all__ = ["reprocess"]


@click.command()
@click.option("--since", type=DURATION, help="Pages published within so long, such as 7d, from the topic.")
@click.option("--site", help="Only pages of this site.")
@click.option(
    "--warc",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Pages of this WARC file or folder, instead of the topic; may be repeated.",
)
@click.option(
    "--extract-processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Extracting processes.",
)
@with_settings
def reprocess(
    settings: Settings, since: float | None, site: str | None, paths: tuple[Path, ...], extract_processes: int
) -> int:
    """Work stored pages again with today's code.

    Articles whose text comes out differently get a new version, are sketched anew, and their clusters follow. Pages
    come from the topic, as long as the broker keeps them (the embedded one only while it runs), or from WARC files.

    \b
    Example:
      wiretrace reprocess --since 7d --site paper.example
      wiretrace reprocess --warc crawl-warcs/
    """
    if since is None and not paths:
        raise click.UsageError("name --since, or --warc")
    set_up_logs(settings, least_level="warning")
    from workers.rework import pages_on_topic, rework

    name = None if site is None else site_of(site if "//" in site else f"https://{site}")
    done = seen = 0

    def see() -> None:
        nonlocal seen
        seen += 1

    def tell(count: int) -> None:
        nonlocal done
        done += count
        click.echo(counted(done, "page"), err=True)

    with servers(settings) as found:
        require_current(found.database_url)
        ready = settings.model_copy(
            update={"database_url": found.database_url, "kafka_bootstrap": found.kafka_bootstrap}
        )
        pages: Iterator[RawPage]
        if paths:
            pages = _from_archives(paths, name)
        else:
            after = datetime.now(UTC) - timedelta(seconds=since or 0.0)
            pages = _of_site(pages_on_topic(found.bootstrap, since=after), name, see)
        count = rework(ready, pages, extract_processes=extract_processes, on_batch=tell)
    click.echo(f"{counted(count, 'page')} worked again")
    if count == 0 and seen:
        click.echo(f"none of the {counted(seen, 'page')} published since then is of {name}", err=True)
    elif count == 0 and not paths and found.is_broker_embedded:
        click.echo(
            "the embedded broker keeps pages only while it runs; name WARC files with --warc", err=True
        )
    return 0


def _of_site(pages: Iterator[RawPage], site: str | None, see: Callable[[], None]) -> Iterator[RawPage]:
    """The pages of a site, or all; `see` is called for each page, whatever its site."""
    for page in pages:
        see()
        if site in (None, page.site):
            yield page


def _from_archives(paths: tuple[Path, ...], site: str | None) -> Iterator[RawPage]:
    crawl_id = f"reprocess-{new_crawl_id()}"
    for path in paths:
        for item, _ in read_path(path):
            if isinstance(item, SavedPage):
                page = page_of(item, crawl_id)
                if site in (None, page.site):
                    yield page
            elif isinstance(item, BadRecord):
                click.echo(f"{item.source}: {item.why}", err=True)
