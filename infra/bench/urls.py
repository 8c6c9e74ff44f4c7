"""`wiretrace bench urls`: how many URL keys are made a second."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click

from schemas.urls import url_key

__all__ = ["command"]

_SHAPES: Final = (
    "https://www.paper.example/2026/11/24/a-story-of-the-harbour-{n}/?utm_source=feed&utm_medium=rss",
    "https://m.paper.example/news/{n}-another-story-of-the-town/amp",
    "HTTP://Paper.example:80/read.php?id={n}&PHPSESSID=abc123&page=all#top",
    "https://paper.example/print/story-{n}.html",
    "https://paper.example/%d0%bd%d0%be%d0%b2%d0%be%d1%81%d1%82%d0%b8/{n}/index.html",
)


@click.command("urls")
@click.option(
    "--count", type=click.IntRange(1000, 10_000_000), default=100_000, show_default=True, help="URLs."
)
@click.option(
    "--file", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="URLs, one a line."
)
def command(count: int, path: Path | None) -> int:
    """Measure how fast URL keys are made, each of another URL, on one core.

    \b
    Example:
      wiretrace bench urls
    """
    if path is None:
        urls = [_SHAPES[n % len(_SHAPES)].format(n=100_000 + n) for n in range(count)]
    else:
        lines = [line.split("\t")[0] for line in path.read_text("utf-8").splitlines() if line.strip()]
        urls = (lines * (count // max(len(lines), 1) + 1))[:count]
    started, cpu = time.perf_counter(), time.process_time()
    keys = {url_key(url) for url in urls}
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    click.echo(
        f"{len(urls)} URLs, {len(keys)} keys: {len(urls) / cpu_s:,.0f} a second of processor time, "
        f"{len(urls) / wall_s:,.0f} by the clock"
    )
    return 0
