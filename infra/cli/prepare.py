"""Steps that several commands begin with: contact, site list, repair."""

from __future__ import annotations

from pathlib import Path

import click

from crawler.frontier import open_frontier
from crawler.sites import read_site_list
from infra.migrate import connect
from infra.repair import Repaired
from schemas.errors import SettingsError, SiteListError
from schemas.settings import Settings
from schemas.sql import sql

__all__ = ["add_list", "announce_repair", "require_contact"]


def require_contact(settings: Settings) -> None:
    """Return if site owners can learn who crawls.

    Raises:
        SettingsError: `WIRETRACE_CRAWL_CONTACT` is not set.
    """
    if settings.crawl_contact is None:
        raise SettingsError(
            "crawling needs a contact that site owners can use. "
            "Run: export WIRETRACE_CRAWL_CONTACT=https://example.org/about-this-crawler"
        )


def announce_repair(repaired: Repaired) -> None:
    """Say on stderr what a repair did, if anything."""
    if repaired.queued:
        click.echo(
            f"{repaired.queued} pages of an earlier run were not worked; they are fetched again", err=True
        )
    if repaired.forgotten:
        count = len(repaired.forgotten)
        click.echo(
            f"{count} ingested pages were not worked; ingest them again, such as {repaired.forgotten[0]}",
            err=True,
        )


def add_list(database_url: str, path: Path | None, settings: Settings) -> int:
    """Write the sites of the list at `path` to the frontier; how many sites there are then.

    Lines that cannot be used are named on stderr, and the others go on.

    Raises:
        SiteListError: the file cannot be read, or no line of it can be used.
    """
    if path is not None:
        found = read_site_list(path)
        for problem in found.problems:
            click.echo(f"{path}: {problem}", err=True)
        if not found.sites:
            raise SiteListError(f"{path} names no site that can be crawled")
        frontier = open_frontier(database_url, delay_s=settings.crawl_delay_s, size=1)
        try:
            frontier.add_sites(found.sites)
        finally:
            frontier.close()
    with connect(database_url) as connection:
        row = connection.execute(sql("infra/count_sites").encode()).fetchone()
    return int(row[0]) if row else 0
