"""`wiretrace crawl`: crawlers alone, for machines that only crawl."""

from __future__ import annotations

from pathlib import Path

import click

from infra.children import end_with_parent, this_program
from infra.cli.family import run_children
from infra.cli.options import with_settings
from infra.cli.prepare import add_list, require_contact
from infra.embedded import servers
from infra.logs import set_up_logs
from infra.migrate import require_current
from infra.run import new_crawl_id
from schemas.settings import Settings

__all__ = ["crawl"]


@click.command()
@click.argument("sites", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Crawlers to run."
)
@click.option("--until-idle", is_flag=True, help="End when nothing is left to fetch.")
@click.option("--crawl-id", help="Name of this crawl, stored with each page; default the time.")
@click.option(
    "--warc",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write what is fetched as WARC 1.1 files into this folder.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    help="Loopback port of Prometheus metrics; of several processes each takes the next one.",
)
@with_settings
def crawl(
    settings: Settings,
    sites: Path | None,
    processes: int,
    until_idle: bool,
    crawl_id: str | None,
    warc: Path | None,
    metrics_port: int | None,
) -> int:
    """Run crawlers on this machine.

    Any number of machines may run it against one database and one broker (WIRETRACE_DATABASE_URL,
    WIRETRACE_KAFKA_BOOTSTRAP); the pace per site holds over all of them.
    Stories more than 30 days older than the newest one of their feed or
    sitemap are left out (WIRETRACE_CRAWL_MAX_AGE_DAYS, or max_age_days of a
    site; 0 = none are).

    \b
    Example:
      wiretrace crawl sites.txt --processes 2
    """
    end_with_parent()
    require_contact(settings)
    set_up_logs(settings)
    with servers(settings) as found:
        require_current(found.database_url)
        if sites is not None:
            add_list(found.database_url, sites, settings)
        name = crawl_id or new_crawl_id()
        if processes > 1:
            args = ["crawl", "--crawl-id", name]
            args += ["--until-idle"] if until_idle else []
            args += ["--warc", str(warc.resolve())] if warc else []
            commands = [
                this_program(*args, *(["--metrics-port", str(metrics_port + n)] if metrics_port else []))
                for n in range(processes)
            ]
            return run_children("crawler", commands, settings, found)
        from crawler.main import run_crawler
        from crawler.options import CrawlOptions

        ready = settings.model_copy(
            update={"database_url": found.database_url, "kafka_bootstrap": found.kafka_bootstrap}
        )
        run_crawler(
            ready, name, options=CrawlOptions(until_idle=until_idle, warc_dir=warc, metrics_port=metrics_port)
        )
    return 0
