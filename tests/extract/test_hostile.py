"""Every hostile page ends in its right outcome, within the limits of a worker."""

from __future__ import annotations

import psutil
import pytest

from schemas.outcomes import Outcome
from tests.extract.hostile import Case, cases
from workers.extract.pool import ExtractPool
from workers.loop import PAGE_TIMEOUT_S

CASES = cases()
CPU_S = PAGE_TIMEOUT_S
"""Bound on a page: a worker's deadline, taken as processor time, so that nothing else that runs here counts."""


@pytest.fixture(scope="module")
def pool() -> ExtractPool:  # type: ignore[misc]
    with ExtractPool(1, timeout_s=8 * CPU_S, memory_mb=1024) as made:
        yield made


def cpu_s(pool: ExtractPool) -> float:
    """Processor time of the child so far; 0 before it was started."""
    return sum(sum(psutil.Process(child.process.pid).cpu_times()[:2]) for child in pool._children)


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    assert len(CASES) >= 90 and len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_page_ends_in_its_outcome(pool: ExtractPool, case: Case) -> None:
    before = cpu_s(pool)
    (found,) = pool.extract_many([case.page])
    assert cpu_s(pool) - before < CPU_S
    assert found.outcome is case.outcome, found.reason
    assert (found.reason or "").startswith(case.reason)
    assert (found.reason is None) == (found.outcome is Outcome.ARTICLE)
    for text in case.holds:
        assert text in found.text
    for text in case.lacks:
        assert text not in found.text
    stored = "".join(
        str(value)
        for value in (
            found.title,
            found.byline,
            found.text,
            found.canonical_url,
            *(line.text for line in found.story_lines),
        )
    )
    stored.encode("utf-8")
    assert "\x00" not in stored
    assert len(found.title or "") <= 500 and len(found.canonical_url or "") <= 2048
