"""`wiretrace sites`: the sites that are crawled. Changes act on running crawlers within seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from infra.cli.database import Reader, reading
from infra.cli.options import with_settings
from infra.cli.output import Column, Format, Listing, format_options, human, listing, print_listing
from infra.embedded import servers
from infra.migrate import migrate
from schemas.errors import UsageError, WiretraceError, cut
from schemas.settings import Settings
from schemas.urls import site_of

__all__ = ["sites"]

_COLUMNS: Final = (
    Column(name="site"),
    Column(name="url", is_in_table=False),
    Column(name="state"),
    Column(name="held_back_by", rank=2),
    Column(name="kind", rank=5),
    Column(name="is_paused", is_in_table=False),
    Column(name="delay_s", title="delay set (s)", is_in_table=False),
    Column(name="crawl_delay_s", title="Crawl-delay (s)", is_in_table=False),
    Column(name="pause_s", title="pause (s)", is_right=True, rank=4),
    Column(name="documents", is_right=True, rank=6),
    Column(name="urls", is_right=True),
    Column(name="due", is_right=True, rank=3),
    Column(name="problems", is_right=True, rank=1),
    Column(name="articles", is_right=True),
    Column(name="last_new_at", is_in_table=False),
    Column(name="last_new_ago", title="last new (ago)", is_right=True),
    Column(name="added_at", is_in_table=False),
    Column(name="back_off_until", is_in_table=False),
    Column(name="back_off_reason", is_in_table=False),
)

_ONLY_LISTED: Final = frozenset({"back_off_reason", "last_new_ago"})
"""What `show` says in another line: held back by, last new."""

_DOCUMENT_COLUMNS: Final = (
    Column(name="kind"),
    Column(name="state"),
    Column(name="status", is_right=True),
    Column(name="due_at", is_in_table=False),
    Column(name="due_in", title="next in"),
    Column(name="url", is_wrapped=True, least=40),
    Column(name="reason", is_wrapped=True, rank=1),
)

_STATE_COLUMNS: Final = (
    Column(name="state"),
    Column(name="urls", is_right=True),
    Column(name="reason", is_wrapped=True),
    Column(name="example"),
)


@click.group()
def sites() -> None:
    """Add, list, pause and check sites.

    \b
    Example:
      wiretrace sites add https://paper.example
    """


@sites.command("add")
@click.argument("urls", nargs=-1, required=True, metavar="URL|FILE...")
@with_settings
def add(settings: Settings, urls: tuple[str, ...]) -> int:
    """Add sites by their URLs, or by a site list in a file.

    Running crawlers begin with them at once; a site that is there already takes over what is new.

    \b
    Example:
      wiretrace sites add https://paper.example https://agency.example
      wiretrace sites add sites.toml
    """
    from crawler.frontier import open_frontier
    from crawler.sites import SiteSpec, read_site_list, site_spec

    specs: list[SiteSpec] = []
    problems: list[str] = []
    for given in urls:
        if Path(given).is_file():
            found = read_site_list(Path(given))
            specs += found.sites
            problems += [f"{given}: {problem}" for problem in found.problems]
            continue
        try:
            specs.append(site_spec(given))
        except ValueError as error:
            problems.append(f"{cut(given)}: {error}")
    for problem in problems:
        click.echo(problem, err=True)
    if not specs:
        raise UsageError("no site could be added")
    with servers(settings, with_broker=False) as found_servers:
        migrate(found_servers.database_url)
        frontier = open_frontier(found_servers.database_url, delay_s=settings.crawl_delay_s, size=1)
        try:
            frontier.add_sites(specs)
        finally:
            frontier.close()
    for spec in specs:
        click.echo(f"added {spec.site}")
    return 3 if problems else 0


@sites.command("list")
@with_settings
@listing
def list_sites(settings: Settings) -> Listing:
    """List the sites with their pace and what was found.

    \b
    Example:
      wiretrace sites list --csv
    """
    with reading(settings) as reader:
        rows = reader.rows("infra/sites", site=None)
    return Listing(columns=_COLUMNS, rows=rows, empty="no sites. Try: wiretrace sites add URL")


@sites.command("show")
@click.argument("site")
@format_options
@with_settings
def show(settings: Settings, site: str, output_format: Format) -> int:
    """Show one site: its documents, and how its URLs stand.

    With --json, --csv or --nl the documents alone are listed.

    \b
    Example:
      wiretrace sites show paper.example
    """
    with reading(settings) as reader:
        name = _known(reader, site)
        row = reader.rows("infra/sites", site=name)[0]
        documents = reader.rows("infra/site_documents", site=name)
        states = reader.rows("infra/site_states", site=name)
    if output_format != "table":
        return print_listing(Listing(columns=_DOCUMENT_COLUMNS, rows=documents), output_format)
    for column in _COLUMNS:
        if row[column.name] not in (None, False) and column.name not in _ONLY_LISTED:
            click.echo(f"{column.heading:>16}  {human(row[column.name])}")
    click.echo()
    print_listing(Listing(columns=_DOCUMENT_COLUMNS, rows=documents, empty="no documents yet"), "table")
    click.echo()
    return print_listing(Listing(columns=_STATE_COLUMNS, rows=states, empty="no article URLs yet"), "table")


def _known(reader: Reader, given: str) -> str:
    """The name of a listed site that was given by name or URL.

    Raises:
        WiretraceError: there is none.
    """
    name = site_of(given if "//" in given else f"https://{given}")
    if not reader.rows("infra/sites", site=name):
        raise WiretraceError(f"{cut(given)} is no listed site. Try: wiretrace sites list")
    return name


def _change(settings: Settings, site: str, query: str, **params: object) -> str:
    with reading(settings) as reader:
        name = _known(reader, site)
        reader.rows(f"infra/{query}", site=name, **params)
    return name


@sites.command("pause")
@click.argument("site")
@with_settings
def pause(settings: Settings, site: str) -> int:
    """Stop fetching from a site, on all machines.

    \b
    Example:
      wiretrace sites pause paper.example
    """
    click.echo(f"{_change(settings, site, 'pause_site', is_paused=True)} is paused")
    return 0


@sites.command("resume")
@click.argument("site")
@with_settings
def resume(settings: Settings, site: str) -> int:
    """Go on fetching from a site that was paused.

    \b
    Example:
      wiretrace sites resume paper.example
    """
    click.echo(f"{_change(settings, site, 'pause_site', is_paused=False)} goes on")
    return 0


@sites.command("set-delay")
@click.argument("site")
@click.argument("seconds", type=click.FloatRange(0, 3600))
@with_settings
def set_delay(settings: Settings, site: str, seconds: float) -> int:
    """Set the pause between two requests to a site, on all machines.

    A longer Crawl-delay of the site's robots.txt still counts.

    \b
    Example:
      wiretrace sites set-delay paper.example 10
    """
    name = _change(settings, site, "set_site_delay", delay_s=seconds)
    click.echo(f"{name}: {seconds:g} s between two requests")
    return 0


@sites.command("check")
@click.argument("url")
@with_settings
@listing
def check(settings: Settings, url: str) -> Listing:
    """Explain what would be crawled of a site, and what not and why.

    Fetches a few documents of the site, politely, and stores nothing.

    \b
    Example:
      wiretrace sites check https://paper.example
    """
    from infra.check import check_site
    from infra.cli.prepare import require_contact

    require_contact(settings)
    findings = check_site(url, settings)
    columns = (
        Column(name="what"),
        Column(name="verdict"),
        Column(name="url", is_wrapped=True),
        Column(name="detail", is_wrapped=True),
    )
    rows = [{"what": f.what, "verdict": f.verdict, "url": f.url, "detail": f.detail} for f in findings]
    is_bad = not any(f.verdict == "crawl" for f in findings)
    return Listing(columns=columns, rows=rows, exit_code=3 if is_bad else 0)
