"""kill -9 in mid-run, then `wiretrace run` again: the tables end as those of an undisturbed run."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from infra.embedded import broker_of
from tests.e2e.conftest import OnAir
from tests.e2e.line import Line, end, snapshot

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

PUBLISHED = "select count(*) from core.pages"
WORKED = "select count(*) from core.pages where outcome is not null"


def test_killed_processes_and_a_killed_run_change_nothing(on_air: OnAir, line: Line, data_dir: Path) -> None:
    line.variables = on_air.variables
    process = line.start("run", str(on_air.sites), "--until-done", "--workers", "2")
    # A crawler while it fetches, a worker while pages are there, then the run itself and its broker: all at once gone.
    line.until(PUBLISHED, lambda n: n >= 6)
    [crawler] = [c for c in line.children(process, "crawl") if "infra.cli" in c.cmdline()][:1]
    crawler.kill()
    line.until(PUBLISHED, lambda n: n >= 16)
    workers = [c for c in line.children(process, "worker") if "infra.cli" in c.cmdline()]
    assert workers
    workers[0].kill()
    line.until(PUBLISHED, lambda n: n >= 30)
    family = line.children(process, "infra.cli")
    process.kill()
    process.communicate(timeout=120)
    for child in family:
        child.wait(120)
    broker_of(data_dir).stop()

    again = line.run("run", str(on_air.sites), "--until-done", "--workers", "2")
    assert again.returncode == 0, again.stderr

    calm = replace(line, data_dir=data_dir.parent / "calm")
    undisturbed = calm.run("run", str(on_air.sites), "--until-done", "--workers", "2")
    assert undisturbed.returncode == 0, undisturbed.stderr
    want, got = snapshot(calm), snapshot(line)
    assert {row["url"] for row in want["articles"]} == {p.url for p in on_air.newsroom.publications}
    assert got == want
    assert line.rows("select count(*) as n from outcomes where outcome is null") == [{"n": 0}]


def test_an_interrupted_run_drains_and_the_next_one_goes_on(on_air: OnAir, line: Line) -> None:
    line.variables = on_air.variables
    # Slow enough that the run is not over before it is interrupted.
    on_air.sites.write_text(on_air.newsroom.site_list(delay_s=1.0))
    process = line.start("run", str(on_air.sites), "--until-done")
    line.until(PUBLISHED, lambda n: n >= 10)
    code, out, err = end(process, number=signal.SIGINT)
    assert code == 0, err
    assert "interrupted after" in out
    [row] = line.rows("select count(*) as pages, count(outcome) as ended from outcomes")
    assert row["pages"] == row["ended"] < len(on_air.newsroom.publications)
    again = line.run("run", "--until-done")
    assert again.returncode == 0, again.stderr
    assert {row["url"] for row in line.rows("select url from articles")} == {
        p.url for p in on_air.newsroom.publications
    }
    hits = [hit["path"] for hit in on_air.hits() if hit["status"] == 200 and hit["path"] != "/robots.txt"]
    articles = {p.path for p in on_air.newsroom.publications}
    fetched = [path for path in hits if path in articles]
    assert len(fetched) == len(set(fetched)), "no article was fetched twice"
