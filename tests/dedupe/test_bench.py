"""`wiretrace bench dedupe`, small: it runs to its end and counts what it did."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.bench.dedupe import command
from schemas.settings import Settings
from workers.dedupe.bench import BATCH
from workers.loop import MAX_POLL_RECORDS

pytestmark = pytest.mark.timeout(900)


def test_the_bench_measures_with_one_and_two_workers_and_fills_only_what_is_missing(tmp_path: Path) -> None:
    arguments = ["--size", "1000", "--articles", "400", "--mix", "planted", "--keep", str(tmp_path / "kept")]
    first = CliRunner().invoke(command, [*arguments, "--workers", "1", "--workers", "2"])
    assert first.exit_code == 0, first.output
    shown = re.findall(r"([\d,]+) indexed  mix planted \((\d+)% copies\)  (\d) worker", first.stdout)
    assert [(size, workers) for size, _, workers in shown] == [("1,000", "1"), ("3,400", "2")]
    assert all(40 <= int(share) <= 90 for _, share, _ in shown)
    kept = [float(number) for number in re.findall(r"kept ([\d.]+)", first.stdout)]
    assert min(kept) > 1
    assert "sketches_keys_idx" in first.stdout
    assert first.stdout.count("datasketch in memory at 1,000") == 2
    beside = re.findall(r"wiretrace ([\d.]+) times that", first.stdout)
    assert len(beside) == 2 * 3
    assert all(float(ratio) > 0 for ratio in beside)
    second = CliRunner().invoke(command, [*arguments, "--workers", "1", "--no-peer"])
    assert second.exit_code == 0, second.output
    found = re.search(r"([\d,]+) indexed", second.stdout)
    assert found
    # All that the first run put in; of two workers the slower one stops with the other.
    assert 5_000 < int(found[1].replace(",", "")) <= 5_800


def test_the_bench_grows_a_story_and_it_stays_one() -> None:
    done = CliRunner().invoke(command, ["--story", "45", "--story", "4"])
    assert done.exit_code == 0, done.output
    shown = re.findall(r"(\d+) copies  arrival (late|any) .*?([\d,]+) matches  (\d+) cluster", done.stdout)
    assert [(copies, arrival) for copies, arrival, _, _ in shown] == [
        ("4", "late"),
        ("14", "any"),
        ("45", "late"),
        ("55", "any"),
    ]
    assert {clusters for *_, clusters in shown} == {"1"}
    # After the last 10: every one of 65 keeps the 32 before it, the first 32 all that are.
    assert shown[-1][2] == f"{32 * 31 // 2 + 33 * 32:,}"
    refused = CliRunner().invoke(command, ["--story", "4", "--keep", "somewhere"])
    assert refused.exit_code == 2


def test_the_bench_takes_as_many_articles_at_once_as_a_worker_does() -> None:
    assert BATCH == MAX_POLL_RECORDS == Settings().worker_batch
