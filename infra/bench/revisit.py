"""`wiretrace bench revisit`: how soon the revisit policy finds new articles, against fixed intervals."""

from __future__ import annotations

from dataclasses import asdict

import click

from crawler.bench_revisit import compare
from infra.cli.output import Column, Format, Listing, format_options, print_listing

__all__ = ["command"]


@click.command("revisit")
@click.option("--feeds", type=click.IntRange(1), default=200, show_default=True, help="Feeds of the model.")
@click.option("--days", type=click.IntRange(3), default=28, show_default=True, help="Simulated days.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the model.")
@click.option(
    "--limit",
    type=float,
    default=1.3,
    show_default=True,
    help="Most delay as a ratio to the best fixed intervals.",
)
@format_options
def command(feeds: int, days: int, seed: int, limit: float, output_format: Format) -> int:
    """Simulate the revisit policy with a virtual clock against fixed intervals at equal requests.

    Exit code 3 where the policy is more than --limit times slower than the best fixed interval of each feed.

    \b
    Example:
      wiretrace bench revisit --feeds 500
    """
    result = compare(feeds=feeds, days=days, seed=seed)
    rows = [{"figure": name, "value": value} for name, value in asdict(result).items()]
    columns = (Column(name="figure"), Column(name="value", is_right=True))
    print_listing(Listing(columns=columns, rows=rows), output_format)
    return 0 if result.ratio_per_feed <= limit else 3
