"""How fast pages become articles: pages per second of one core, beside trafilatura's own defaults in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trafilatura import bare_extraction, extract

from schemas.outcomes import Outcome
from schemas.records import RawPage
from workers.extract.body import find_body
from workers.extract.decode import decode
from workers.extract.metadata import read_head
from workers.extract.page import extract_page
from workers.extract.parse import parse

__all__ = ["Speed", "bench_extract"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """One line of `wiretrace bench extract`.

    Attributes:
        system: what ran.
        pages_per_core_s: pages for each second of CPU.
        ratio: to trafilatura's default in the same run.
        articles: pages that gave a text.
    """

    system: str
    pages_per_core_s: float
    ratio: float
    articles: int


def bench_extract(pages: Sequence[RawPage], *, repeat: int = 3) -> list[Speed]:
    """Time each system over the same pages and keep its best round.

    Args:
        pages: at least one; real ones, for the figures to mean anything.
        repeat: rounds; the systems take turns, so that a busy machine slows all of them alike.

    Raises:
        ValueError: no pages.
    """
    if not pages:
        raise ValueError("nothing to extract: no pages")
    texts = {page.page_id: decode(page.body, page.declared_charset).text for page in pages}

    def body(page: RawPage) -> bool:
        root = parse(texts[page.page_id])
        if root is None:
            return False
        head = read_head(root, url=page.final_url)
        return bool(find_body(root, head, url=page.final_url).text)

    systems: dict[str, Callable[[RawPage], bool]] = {
        "trafilatura, body": lambda page: bool(extract(texts[page.page_id], include_comments=False)),
        "trafilatura, body and metadata": lambda page: bool(
            bare_extraction(
                texts[page.page_id], url=page.final_url, include_comments=False, with_metadata=True
            )
        ),
        "wiretrace, body": body,
        "wiretrace, whole page with credits": lambda page: extract_page(page).outcome is Outcome.ARTICLE,
    }
    best = dict.fromkeys(systems, float("inf"))
    found = dict.fromkeys(systems, 0)
    for system in systems.values():
        system(pages[0])  # imports and models
    for _ in range(repeat):
        for name, system in systems.items():
            began = time.process_time()
            found[name] = sum(system(page) for page in pages)
            best[name] = min(best[name], time.process_time() - began)
    base = best["trafilatura, body"]
    return [
        Speed(
            system=name,
            pages_per_core_s=len(pages) / max(1e-9, seconds),
            ratio=base / max(1e-9, seconds),
            articles=found[name],
        )
        for name, seconds in best.items()
    ]
