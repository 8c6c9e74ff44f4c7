"""The whole line as a user runs it: the command `wiretrace` as a process, on a data directory of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from infra.embedded import postgres_of
from schemas.settings import PREFIX

__all__ = ["Line", "snapshot"]


@dataclass(slots=True)
class Line:
    """Runs commands on one data directory."""

    data_dir: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith((PREFIX, "PG")) and k != "COLUMNS"}
        return {**kept, "WIRETRACE_DATA_DIR": str(self.data_dir), "COLUMNS": "120", **self.variables}

    def start(self, *args: str) -> subprocess.Popen[str]:
        """The command as a process; its output is piped."""
        return subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(),
        )

    def run(self, *args: str, timeout_s: float = 400) -> subprocess.CompletedProcess[str]:
        """The command, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "infra.cli", *args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self._environment(),
            timeout=timeout_s,
            check=False,
        )

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, through `wiretrace sql`."""
        done = self.run("sql", "-c", query, "--json")
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def children(self, process: subprocess.Popen[str], word: str) -> list[psutil.Process]:
        """The processes below a command that have `word` on their command line."""
        try:
            below = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        found = []
        for child in below:
            try:
                if word in child.cmdline():
                    found.append(child)
            except psutil.Error:
                continue
        return found

    def until(self, query: str, condition: Callable[[Any], bool], *, timeout_s: float = 120) -> Any:
        """Wait until the single value of `query` fits, asking the embedded server itself; the value."""
        import psycopg

        deadline = time.monotonic() + timeout_s
        while True:
            try:
                with psycopg.connect(
                    postgres_of(self.data_dir).url(), autocommit=True, connect_timeout=5
                ) as connection:
                    row = connection.execute(query.encode()).fetchone()
                    if row is not None and condition(row[0]):
                        return row[0]
            except psycopg.Error:
                pass
            assert time.monotonic() < deadline, f"still not: {query}"
            time.sleep(0.05)


def end(
    process: subprocess.Popen[str], *, number: int = signal.SIGTERM, timeout_s: float = 120
) -> tuple[int, str, str]:
    """Send a signal, wait, and return code, stdout and stderr."""
    process.send_signal(number)
    out, err = process.communicate(timeout=timeout_s)
    return process.returncode, out, err


def snapshot(line: Line) -> dict[str, Any]:
    """What the tables say, without what differs from run to run (ids and times of fetching)."""
    articles = line.rows(
        "select url, title, byline, published_at, language, word_count, md5(text) as text, credit_agency,"
        " source_link_url, is_origin from articles order by url"
    )
    members = line.rows(
        "select c.url, m.relation, round(m.jaccard::numeric, 3) as jaccard, round(m.containment::numeric, 3) as containment,"
        " min(c.url) over (partition by c.cluster_id) as story, k.origin_url, k.origin_site, k.size"
        " from cluster_members m join articles c using (article_id) join clusters k on k.cluster_id = m.cluster_id"
        " order by c.url"
    )
    outcomes = line.rows("select url, outcome, count(*) > 0 as has from outcomes group by 1, 2 order by 1, 2")
    # A page that was fetched twice around a kill was an article once and unchanged once: both are ends.
    ends = sorted({(row["url"], str(row["outcome"]).replace("unchanged", "article")) for row in outcomes})
    return {"articles": articles, "members": members, "outcomes": ends}
