"""Real pages through `wiretrace ingest`: every one has an outcome, and the copies are found."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from tests.e2e.line import Line

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

SITES = 8
"""Of the 24 real site templates, each with 24 pages: enough pages of a site to learn its repeated lines."""


def _chosen(shared_data: Path) -> list[dict[str, str]]:
    rows = [json.loads(line) for line in (shared_data / "sites" / "index.jsonl").read_text().splitlines()]
    names = sorted({row["site"] for row in rows})[:SITES]
    return [row for row in rows if row["site"] in names]


def test_copies_on_real_site_templates_are_clustered(line: Line, shared_data: Path, tmp_path: Path) -> None:
    rows = _chosen(shared_data)
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(json.dumps({"path": row["file"], "url": row["url"]}) for row in rows))
    done = line.run("ingest", str(shared_data / "sites"), "--manifest", str(manifest), timeout_s=400)
    assert done.returncode == 0, done.stderr
    assert f"{len(rows)} pages published" in done.stdout

    [counts] = line.rows("select count(*) as pages, count(outcome) as ended from outcomes")
    assert counts == {"pages": len(rows), "ended": len(rows)}
    story = {row["url"]: row["story"] for row in rows}
    cluster = {row["url"]: row["cluster_id"] for row in line.rows("select url, cluster_id from articles")}
    want = _pairs(story)
    got = _pairs({url: name for url, name in cluster.items() if name is not None})
    precision = len(got & want) / len(got)
    recall = len(got & want) / len(want)
    assert precision >= 0.98
    assert recall >= 0.95

    again = line.run("ingest", str(shared_data / "sites"), "--manifest", str(manifest))
    assert again.returncode == 0, again.stderr
    assert f"0 pages published, {len(rows)} known already" in again.stdout


def _pairs(group_of: dict[str, object]) -> set[tuple[str, str]]:
    groups = defaultdict(list)
    for url, group in group_of.items():
        groups[group].append(url)
    return {pair for urls in groups.values() for pair in combinations(sorted(urls), 2)}


def test_a_folder_of_real_pages_without_a_manifest_loses_none(
    line: Line, shared_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for path in sorted((shared_data / "aeb" / "html").glob("*.html.gz"))[:24]:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "damaged.html.gz").write_bytes(b"\x1f\x8bno gzip")
    done = line.run("ingest", str(folder), timeout_s=300)
    assert done.returncode == 3
    assert "damaged.html.gz" in done.stderr
    assert "25 records read: 24 pages published" in done.stdout
    [counts] = line.rows("select count(*) as pages, count(outcome) as ended from outcomes")
    assert counts == {"pages": 24, "ended": 24}
    [articles] = line.rows("select count(*) as n from articles")
    assert articles["n"] >= 22
