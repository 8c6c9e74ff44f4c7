"""Every hostile page ends in its right outcome, within the limits of a worker."""

from __future__ import annotations

import time

import pytest

from schemas.outcomes import Outcome
from tests.extract.hostile import Case, cases
from workers.extract.pool import ExtractPool

CASES = cases()
TIMEOUT_S = 20.0


@pytest.fixture(scope="module")
def pool() -> ExtractPool:  # type: ignore[misc]
    with ExtractPool(1, timeout_s=TIMEOUT_S, memory_mb=1024) as made:
        yield made


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    assert len(CASES) >= 90 and len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_page_ends_in_its_outcome(pool: ExtractPool, case: Case) -> None:
    began = time.monotonic()
    (found,) = pool.extract_many([case.page])
    assert time.monotonic() - began < TIMEOUT_S
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
