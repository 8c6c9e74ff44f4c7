"""A run outlives its embedded servers: killed in the middle, or full."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

import infra.run
from infra.broker_server import BrokerServer
from infra.cli.prepare import add_list
from infra.embedded import broker_of, postgres_of, servers
from infra.migrate import migrate
from infra.run import Plan, Stop, carry_out
from schemas.settings import load_settings
from tests.e2e.conftest import OnAir
from tests.e2e.line import Line, end

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

PUBLISHED = "select count(*) from core.pages"


def test_a_killed_broker_and_a_killed_database_are_started_again_and_nothing_is_lost(
    on_air: OnAir, line: Line, data_dir: Path
) -> None:
    line.variables = on_air.variables
    process = line.start("run", str(on_air.sites), "--until-done")
    line.until(PUBLISHED, lambda n: n >= 10)
    broker = broker_of(data_dir).pid
    assert broker is not None
    os.kill(broker, signal.SIGKILL)
    line.until(PUBLISHED, lambda n: n >= 30)
    database = postgres_of(data_dir).process()
    assert database is not None
    os.kill(database.pid, signal.SIGQUIT)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert "every site crawled, every page worked" in out
    assert {row["url"] for row in line.rows("select url from articles")} == {
        p.url for p in on_air.newsroom.publications
    }
    assert line.rows("select count(*) as n from clusters") == [{"n": len(on_air.newsroom.truth())}]


def test_a_broker_that_is_full_is_started_afresh_in_mid_run(
    on_air: OnAir, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seems_full(_: BrokerServer) -> int:
        """Full as soon as some pages are there."""
        with psycopg.connect(postgres_of(data_dir).url()) as connection:
            row = connection.execute(PUBLISHED.encode()).fetchone()
        return infra.run._BROKER_BYTES + 1 if row is not None and row[0] >= 12 else 0

    monkeypatch.setattr(BrokerServer, "memory_bytes", seems_full)
    monkeypatch.setattr(infra.run, "_BROKER_PAUSE_S", 1e9)
    settings = load_settings(dict(on_air.variables), data_dir=data_dir)
    with servers(settings, is_durable=False) as found:
        migrate(found.database_url)
        add_list(found.database_url, on_air.sites, settings)
        before = broker_of(data_dir).started_at
        plan = Plan(crawl_id="full", crawlers=1, workers=1, until_done=True, duration_s=380)
        report = carry_out(plan, settings, found, Stop(), extra=tuple(on_air.variables.items()))
        after = broker_of(data_dir).started_at
        assert before is not None
        assert after is not None
        assert after > before
    assert report.ended_by == "done"
    assert report.counts.articles == len(on_air.newsroom.publications)
    assert report.counts.clusters == len(on_air.newsroom.truth())


def test_workers_alone_and_crawlers_alone_share_one_data_directory(on_air: OnAir, line: Line) -> None:
    line.variables = on_air.variables
    assert line.run("db", "migrate").returncode == 0
    worker = line.start("worker", "--processes", "2")
    crawler = replace(line).run(
        "crawl", str(on_air.sites), "--until-idle", "--warc", str(line.data_dir / "warc")
    )
    assert crawler.returncode == 0, crawler.stderr
    line.until("select count(*) from core.pages where outcome is null", lambda n: n == 0)
    code, _, err = end(worker)
    assert code == 0, err
    urls = {p.url for p in on_air.newsroom.publications}
    assert {row["url"] for row in line.rows("select url from articles")} == urls

    # What was written as WARC can be ingested elsewhere, and comes to the same stories.
    other = replace(line, data_dir=line.data_dir.parent / "other")
    done = other.run("ingest", str(line.data_dir / "warc"))
    assert done.returncode == 0, done.stderr
    assert urls <= {row["url"] for row in other.rows("select url from articles")}
    assert other.rows("select count(*) as n from clusters") == [{"n": len(on_air.newsroom.truth())}]
    again = other.run("reprocess", "--warc", str(line.data_dir / "warc"), "--site", "blms-media.test")
    assert again.returncode == 0, again.stderr
    assert "pages worked again" in again.stdout
