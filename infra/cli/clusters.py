"""`wiretrace clusters` and `wiretrace show`: stories that were republished, and who has one of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from infra.cli.database import Reader, reading
from infra.cli.options import DURATION, with_settings
from infra.cli.output import Column, Format, Listing, format_options, human, listing, print_listing
from infra.words import counted
from schemas.errors import WiretraceError, cut
from schemas.settings import Settings
from schemas.urls import url_key

__all__ = ["CLUSTER_COLUMNS", "MEMBER_COLUMNS", "clusters", "print_members", "show"]

CLUSTER_COLUMNS: Final = (
    Column(name="cluster_id", title="id", is_right=True),
    Column(name="size", is_right=True),
    Column(name="sites", is_right=True, rank=2),
    Column(name="origin"),
    Column(name="origin_site", is_in_table=False),
    Column(name="origin_agency", is_in_table=False),
    Column(name="origin_url", is_in_table=False),
    Column(name="origin_reason", is_in_table=False),
    Column(name="first_published_at", title="first published", rank=1),
    Column(name="last_published_at", is_in_table=False),
    Column(name="spread", is_right=True),
    Column(name="title", least=28),
)

MEMBER_COLUMNS: Final = (
    Column(name="number", title="#", is_right=True),
    Column(name="cluster_id", is_in_table=False),
    Column(name="article_id", is_in_table=False),
    Column(name="is_origin", is_in_table=False),
    Column(name="site"),
    Column(name="published_at", title="published"),
    Column(name="lag", is_right=True),
    Column(name="jaccard", title="J", is_right=True, rank=2),
    Column(name="containment", title="K", is_right=True),
    Column(name="relation"),
    Column(name="credit_agency", title="credit", rank=1),
    Column(name="byline", is_in_table=False),
    Column(name="source_link_url", is_in_table=False),
    Column(name="title", is_in_table=False),
    Column(name="url", is_in_table=False),
    Column(name="evidence", is_in_table=False),
)


@click.command()
@click.option("--site", help="Only stories that this site has.")
@click.option("--since", type=DURATION, help="Only stories published within so long, such as 2d.")
@click.option(
    "--min-size", type=click.IntRange(2), default=2, show_default=True, help="Least number of articles."
)
@click.option(
    "--order",
    type=click.Choice(["size", "newest", "spread"]),
    default="size",
    show_default=True,
    help="Largest, newest or fastest first.",
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Most rows.")
@with_settings
@listing
def clusters(
    settings: Settings, site: str | None, since: float | None, min_size: int, order: str, limit: int
) -> Listing:
    """List the stories that were republished.

    \b
    Example:
      wiretrace clusters --since 2d --order newest
      wiretrace clusters --json
    """
    after = datetime.now(UTC) - timedelta(seconds=since) if since is not None else None
    with reading(settings) as reader:
        rows = reader.rows(
            "infra/clusters", site=site, since=after, min_size=min_size, order=order, limit=limit
        )
    return Listing(columns=CLUSTER_COLUMNS, rows=rows, empty="no story was published more than once so far")


@click.command()
@click.argument("story", metavar="CLUSTER|URL")
@format_options
@with_settings
def show(settings: Settings, story: str, output_format: Format) -> int:
    """Show who has one story, in order of time.

    CLUSTER is the id of a cluster, URL the address of an article. J is the Jaccard similarity to the origin, K the
    share of the article's text that the origin has; the origin is marked.

    \b
    Example:
      wiretrace show 17
      wiretrace show https://paper.example/news/a-story
    """
    with reading(settings) as reader:
        cluster_id = int(story) if story.isdigit() else _cluster_of_url(reader, story, output_format)
        if cluster_id is None:
            return 0
        cluster = reader.row("infra/cluster", cluster_id=cluster_id)
        if cluster is None:
            raise WiretraceError(f"there is no cluster {cluster_id}. Try: wiretrace clusters")
        rows = reader.rows("infra/cluster_members", cluster_id=cluster["cluster_id"])
    return print_members(cluster, rows, output_format)


def print_members(cluster: dict[str, Any], rows: list[dict[str, Any]], output_format: Format) -> int:
    """Print one story; in a table with its heading above and its URLs below."""
    numbered = [{**row, "number": number} for number, row in enumerate(rows, 1)]
    if output_format != "table":
        columns = [column for column in MEMBER_COLUMNS if column.name != "number"]
        return print_listing(Listing(columns=columns, rows=rows), output_format)
    origin = cluster["origin_url"] or cluster["origin_site"] or cluster["origin_agency"] or "unknown"
    click.echo(f"{cluster['title'] or 'without a title'}")
    click.echo(
        f"cluster {cluster['cluster_id']}: {counted(cluster['size'], 'article')} on {counted(cluster['sites'], 'site')}"
        f" within {human(cluster['spread'])}"
    )
    click.echo(f"origin: {origin} ({_why(cluster['origin_reason'], cluster['origin_evidence'])})")
    click.echo()
    marked = [{**row, "site": f"{row['site']} *" if row["is_origin"] else row["site"]} for row in numbered]
    print_listing(Listing(columns=MEMBER_COLUMNS, rows=marked, marked="is_origin"), "table")
    click.echo()
    for row in numbered:
        click.echo(f"{row['number']:>3}  {row['url']}")
    return 0


def _cluster_of_url(reader: Reader, url: str, output_format: Format) -> int | None:
    """The cluster of the article at `url`; None where the article stands alone, which is then printed.

    Raises:
        WiretraceError: there is no such article; the message says what is known of the URL.
    """
    key = url_key(url if "//" in url else f"https://{url}")
    article = reader.row("infra/article_of_key", url_key=key)
    if article is None:
        raise WiretraceError(_why_no_article(reader, url, key))
    if article["cluster_id"] is not None:
        return int(article["cluster_id"])
    columns = [Column(name=name) for name in article]
    if output_format == "table":
        for name, value in article.items():
            if value is not None:
                click.echo(f"{name.replace('_', ' '):>16}  {human(value)}")
        click.echo("no copy of this article is known")
    else:
        print_listing(Listing(columns=columns, rows=[article]), output_format)
    return None


def _why_no_article(reader: Reader, url: str, key: str) -> str:
    """What is known of a URL that is no article."""
    page = reader.row("infra/pages_of_key", url_key=key)
    if page is not None:
        why = f" ({page['reason']})" if page["reason"] else ""
        return (
            f"{cut(url)} was fetched {human(page['fetched_at'])}: {page['outcome'] or 'not worked yet'}{why}"
        )
    known = reader.row("infra/url_of_key", url_key=key)
    if known is not None:
        why = f" ({known['reason']})" if known["reason"] else ""
        return f"{cut(url)} is on the frontier: {known['state']}{why}"
    return f"{cut(url)} is not known. Try: wiretrace clusters, or wiretrace sites add URL"


def _why(reason: str, evidence: Mapping[str, Any]) -> str:
    """What decided on an origin, with its points and those of the next best."""
    words = reason.replace("_", " ")
    scores = [float(candidate["score"]) for candidate in evidence.get("candidates", ())]
    if len(scores) < 2:
        return words
    return f"{words}; {scores[0]:.1f} points, next best {scores[1]:.1f}"
