"""The child processes: reuse, deadline, memory limit, crash, and that only the page pays."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import timedelta

import psutil
import pytest

from schemas.outcomes import Outcome
from tests.extract.pages import FETCHED_AT, article, raw
from workers.extract import pool as pool_module
from workers.extract.pool import ExtractPool

TIMEOUT_S = 10.0
"""Long enough that a good page, which takes some 50 ms, ends in it although the machine stands still for seconds."""


@pytest.fixture
def pool() -> Iterator[ExtractPool]:
    with ExtractPool(2, timeout_s=TIMEOUT_S, memory_mb=512) as made:
        yield made


def pids(pool: ExtractPool) -> set[int]:
    return {child.process.pid or 0 for child in pool._children}


def good(n: int) -> object:
    return raw(article(), url=f"https://daily.example/{n}")


def faulty(what: str) -> object:
    """A page whose extraction misbehaves: the tests put these faults into the children (`faults.py`)."""
    return raw(article(), url=f"https://fault.example/{what}", crawl_id=f"fault:{what}")


@pytest.fixture
def with_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.extract import faults

    monkeypatch.setattr(pool_module, "_serve", faults.serve)


def test_pages_come_back_in_order_and_children_are_reused(pool: ExtractPool) -> None:
    pages = [
        raw(article(title=f"Ports to share cargo data, part {n}"), url=f"https://daily.example/{n}")
        for n in range(9)
    ]
    found = pool.extract_many(pages)
    assert [e.title for e in found] == [f"Ports to share cargo data, part {n}" for n in range(9)]
    before = pids(pool)
    assert len(before) == 2
    pool.extract_many(pages)
    assert pids(pool) == before


def test_an_empty_batch_starts_nothing(pool: ExtractPool) -> None:
    assert pool.extract_many([]) == [] and not pids(pool)


@pytest.mark.usefixtures("with_faults")
@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        ("hang", Outcome.EXTRACT_TIMEOUT, f"deadline: {TIMEOUT_S:g} s"),
        ("hang in C", Outcome.EXTRACT_TIMEOUT, f"deadline: {TIMEOUT_S:g} s"),
        ("segfault", Outcome.EXTRACT_FAILED, "crash: signal SIGSEGV"),
        ("exit", Outcome.EXTRACT_FAILED, "crash: exit code 3"),
        ("memory", Outcome.EXTRACT_FAILED, "memory: over 512 MiB"),
        ("raise", Outcome.EXTRACT_FAILED, "ValueError: made for the test"),
        ("recurse", Outcome.EXTRACT_FAILED, "recursion"),
    ],
)
def test_a_fault_costs_only_its_page(pool: ExtractPool, fault: str, outcome: Outcome, reason: str) -> None:
    pages = [good(0), good(1), faulty(fault), good(2), good(3), good(4)]
    found = pool.extract_many(pages)  # type: ignore[arg-type]
    assert (found[2].outcome, found[2].reason) == (outcome, reason)
    assert [e.outcome for at, e in enumerate(found) if at != 2] == [Outcome.ARTICLE] * 5
    assert pool.extract_many([good(9)])[0].outcome is Outcome.ARTICLE  # type: ignore[list-item]


@pytest.mark.usefixtures("with_faults")
def test_many_faults_in_one_batch_take_their_deadlines_side_by_side(
    pool: ExtractPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.extract_many([good(0), good(1)])  # type: ignore[list-item]
    deadlines: list[float] = []
    drop = ExtractPool._drop

    def seen(self: ExtractPool, child: pool_module._Child) -> None:
        deadlines.append(child.deadline)
        drop(self, child)

    monkeypatch.setattr(ExtractPool, "_drop", seen)
    found = pool.extract_many([faulty("hang"), faulty("hang"), faulty("segfault"), good(2)])  # type: ignore[list-item]
    assert [e.outcome for e in found] == [Outcome.EXTRACT_TIMEOUT] * 2 + [
        Outcome.EXTRACT_FAILED,
        Outcome.ARTICLE,
    ]
    # The second page was given out before the first had used up its time.
    assert deadlines[1] - deadlines[0] < TIMEOUT_S


def test_a_child_killed_while_idle_costs_nothing(pool: ExtractPool) -> None:
    pool.extract_many([good(0), good(1)])  # type: ignore[list-item]
    children = [psutil.Process(pid) for pid in pids(pool)]  # a number that is gone can't be looked up
    for child in children:
        child.kill()
    psutil.wait_procs(children, timeout=30)
    found = pool.extract_many([good(n) for n in range(4)])  # type: ignore[misc]
    assert [e.outcome for e in found] == [Outcome.ARTICLE] * 4


def test_closing_ends_the_children() -> None:
    with ExtractPool(1, timeout_s=5.0, memory_mb=512) as pool:
        pool.extract_many([good(0)])  # type: ignore[list-item]
        (pid,) = pids(pool)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_children_end_when_the_worker_is_killed() -> None:
    script = """
        from tests.extract.pages import article, raw
        from workers.extract.pool import ExtractPool
        import time
        pool = ExtractPool(1, timeout_s=5.0, memory_mb=512)
        pool.extract_many([raw(article())])
        print(pool._children[0].process.pid, flush=True)
        time.sleep(60)
    """
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    child = psutil.Process(int(worker.stdout.readline()))
    worker.kill()
    worker.wait()
    worker.stdout.close()
    child.wait(60)


def test_extraction_imports_no_crawler() -> None:
    code = "import sys, workers.extract.page, workers.extract.pool; print([m for m in sys.modules if m.split('.')[0] in ('scrapy', 'twisted')])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_the_parent_does_not_import_the_extractor() -> None:
    code = "import sys, workers.extract.pool; print('trafilatura' in sys.modules, 'lxml' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "False False"
    )


def test_a_pool_without_processes_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one process"):
        ExtractPool(0, 1.0, 256)


def test_hints_of_the_feed_fill_gaps() -> None:
    page = raw("<html><body><article>" + "".join(f"<p>{p}</p>" for p in ["Long enough words in a row to count as a story."] * 12) + "</article>",
               url="https://plain.example/a", hint_title="From the feed", hint_published_at=FETCHED_AT - timedelta(days=1))  # fmt: skip
    with ExtractPool(1, 10.0, 512) as pool:
        (found,) = pool.extract_many([page])
    assert (found.title, found.published_at, found.published_certainty) == (
        "From the feed",
        FETCHED_AT - timedelta(days=1),
        "hint",
    )
