"""`wiretrace bench extract`: pages a second and core, beside trafilatura's defaults on the same pages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import click

from infra.archives import SavedPage, read_path
from infra.cli.output import Column, Format, Listing, format_options, print_listing
from infra.ingest import page_of
from schemas.records import RawPage
from workers.extract.page import extract_page, page_text

__all__ = ["command"]

_WARM_UP: Final = 5
"""Pages before the clock starts: imports, caches, learnt models."""


def _ours(pages: Sequence[RawPage]) -> float:
    """Seconds for all pages, with metadata and credits, in this process."""
    for page in pages[:_WARM_UP]:
        extract_page(page)
    began = time.perf_counter()
    for page in pages:
        extract_page(page)
    return time.perf_counter() - began


def _trafilatura(pages: Sequence[RawPage], *, with_metadata: bool) -> float:
    """Seconds for all pages with trafilatura's defaults."""
    from trafilatura import bare_extraction

    texts = [page.body.decode(page.detected_charset or "utf-8", "replace") for page in pages]
    for text in texts[:_WARM_UP]:
        bare_extraction(text, with_metadata=with_metadata)
    began = time.perf_counter()
    for text in texts:
        bare_extraction(text, with_metadata=with_metadata)
    return time.perf_counter() - began


def _trafilatura_text(pages: Sequence[RawPage]) -> float:
    return _trafilatura(pages, with_metadata=False)


def _trafilatura_metadata(pages: Sequence[RawPage]) -> float:
    return _trafilatura(pages, with_metadata=True)


def _our_text(pages: Sequence[RawPage]) -> float:
    """Seconds for the text of all pages alone."""
    for page in pages[:_WARM_UP]:
        page_text(page)
    began = time.perf_counter()
    for page in pages:
        page_text(page)
    return time.perf_counter() - began


_SYSTEMS: Final = {
    "wiretrace (text)": _our_text,
    "wiretrace (text, metadata, credits)": _ours,
    "trafilatura (text)": _trafilatura_text,
    "trafilatura (text, metadata)": _trafilatura_metadata,
}


@click.command("extract")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="Most pages.")
@click.option(
    "--rounds", type=click.IntRange(1), default=3, show_default=True, help="Rounds; the fastest counts."
)
@format_options
def command(paths: tuple[Path, ...], limit: int, rounds: int, output_format: Format) -> int:
    """Time the extraction of saved pages on one core, beside trafilatura on the same pages.

    PATH is what `wiretrace ingest` takes. The systems take turns, each in a process of its own.

    \b
    Example:
      wiretrace bench extract saved-pages/ --limit 300
    """
    pages: list[RawPage] = []
    for path in paths:
        for item, _ in read_path(path):
            if isinstance(item, SavedPage) and len(pages) < limit:
                pages.append(page_of(item, "bench"))
    if not pages:
        raise click.UsageError("there is no page at these paths")
    seconds: dict[str, float] = {}
    for _ in range(rounds):
        for name, system in _SYSTEMS.items():
            with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
                taken = pool.submit(system, pages).result()
            seconds[name] = min(taken, seconds.get(name, taken))
    slowest = seconds["trafilatura (text)"]
    rows = [
        {
            "system": name,
            "pages": len(pages),
            "pages_per_s": round(len(pages) / taken, 1),
            "times_trafilatura": round(slowest / taken, 2),
        }
        for name, taken in seconds.items()
    ]
    columns = (
        Column(name="system", is_wrapped=True),
        Column(name="pages", is_right=True),
        Column(name="pages_per_s", title="pages/s/core", is_right=True),
        Column(name="times_trafilatura", title="× trafilatura (text)", is_right=True),
    )
    return print_listing(Listing(columns=columns, rows=rows), output_format)
