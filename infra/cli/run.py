"""`wiretrace run`: crawl the sites of a list and work their pages, on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from infra.cli.options import DURATION, with_settings
from infra.cli.prepare import add_list, announce_repair, require_contact
from infra.embedded import servers
from infra.logs import set_up_logs
from infra.migrate import migrate
from infra.repair import repair_after_broker_loss
from infra.run import Plan, carry_out, new_crawl_id, stopping, summary_lines
from infra.topics import ensure_topics
from schemas.errors import UsageError
from schemas.settings import Settings

__all__ = ["run"]


@click.command()
@click.argument("sites", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--duration", type=DURATION, help="End after so long, such as 10m or 1h30m.")
@click.option("--until-done", is_flag=True, help="End when each site is discovered and every page is worked.")
@click.option(
    "--crawlers", type=click.IntRange(0, 64), default=1, show_default=True, help="Crawler processes."
)
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=max(1, min(8, (os.cpu_count() or 2) - 1)),
    help="Worker processes; default one less than there are cores, at most 8.",
)
@with_settings
def run(
    settings: Settings,
    sites: Path | None,
    duration: float | None,
    until_done: bool,
    crawlers: int,
    workers: int,
) -> int:
    """Crawl the sites of a list and work their pages.

    SITES is a text file with a URL a line, or a TOML file with a table [[site]] per site (url, feeds, sitemaps,
    allow, deny, delay_s, max_age_days, kind). Without it, the sites of earlier runs go on. Everything is kept in the
    data directory; the next run goes on where this one stops. Ctrl-C ends it and loses nothing.

    Stories more than 30 days older than the newest one of their feed or sitemap are left out
    (WIRETRACE_CRAWL_MAX_AGE_DAYS, or max_age_days of a site; 0 = none are).

    \b
    Example:
      export WIRETRACE_CRAWL_CONTACT=https://example.org/crawler
      wiretrace run sites.txt --duration 10m
    """
    require_contact(settings)
    set_up_logs(settings, least_level="warning")
    with stopping() as stop, servers(settings) as found:
        migrate(found.database_url)
        ensure_topics(found.bootstrap)
        announce_repair(repair_after_broker_loss(found))
        total = add_list(found.database_url, sites, settings)
        if total == 0:
            raise UsageError(
                "there is no site to crawl: name a site list, or add one with: wiretrace sites add URL"
            )
        plan = Plan(
            crawl_id=new_crawl_id(),
            crawlers=crawlers,
            workers=workers,
            duration_s=duration,
            until_done=until_done,
        )
        report = carry_out(plan, settings, found, stop)
    for line in summary_lines(report, settings.data_dir / "logs"):
        click.echo(line)
    click.echo("see: wiretrace clusters | wiretrace status | wiretrace sql")
    return 130 if report.ended_by == "interrupt" and not report.is_drained else 0
