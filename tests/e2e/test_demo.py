"""The demo, through the command line, against the newsroom's truth."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.line import Line
from tests.ports import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

RELATED = ("Port City Recount Enters Second Week", "Chip Makers Look South")
FURNITURE = (
    "What's Hot",
    "Share",
    "No Comments",
    "Mins Read",
    "Source link",
    "Previous Article",
    "Related Posts",
    "Top Posts",
    "Views",
    "Don't Miss",
    "Leave A Reply",
    "Privacy Policy",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One demo for all tests here: its line (on the demo's own folder), its output and its folder."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="wiretrace-demo-"))
    done = Line(data_dir=folder / "data").run("demo", "--port", str(free_port()), timeout_s=400)
    assert done.returncode == 0, done.stderr + done.stdout
    yield Line(data_dir=folder / "data" / "demo"), done, folder / "data" / "demo"
    shutil.rmtree(folder, ignore_errors=True)


def _truth(folder: Path) -> Any:
    return json.loads((folder / "truth.json").read_text())


def test_every_article_page_was_found_and_nothing_else_taken_for_one(demo: Any) -> None:
    line, _, folder = demo
    assert {row["url"] for row in line.rows("select url from articles")} == set(_truth(folder)["articles"])


def test_exactly_the_copies_of_each_story_are_one_cluster(demo: Any) -> None:
    line, _, folder = demo
    found = defaultdict(set)
    for row in line.rows("select url, cluster_id from articles where cluster_id is not null"):
        found[row["cluster_id"]].add(row["url"])
    got = {frozenset(urls) for urls in found.values() if len(urls) > 1}
    assert got == {frozenset(story["urls"]) for story in _truth(folder)["clusters"]}


def test_the_origin_of_each_story_is_the_true_one(demo: Any) -> None:
    line, _, folder = demo
    origins = {
        row["url"] for row in line.rows("select url from articles where is_origin and cluster_id is not null")
    }
    assert origins == {story["origin"] for story in _truth(folder)["clusters"]}


def test_the_aggregators_page_comes_out_as_the_story_alone(demo: Any) -> None:
    line, _, _ = demo
    [page] = line.rows(
        "select a.*, c.origin_url, c.origin_site from articles a join clusters c using (cluster_id)"
        " where url like '%us-mexico-increase-data-sharing%'"
    )
    assert page["title"] == "US, Mexico Increase Data Sharing to Curb Fentanyl Trade"
    assert page["published_at"].startswith("2024-02-08")
    assert "/article/us-mexico-share-port-records-fentanyl" in page["source_link_url"]
    assert page["source_link_url"] == page["origin_url"]
    assert page["origin_site"] == "northwire.test"
    assert page["authors"] == []
    assert [words for words in (*RELATED, *FURNITURE) if words in page["text"]] == []
    assert page["text"].startswith("The United States and Mexico agreed on Wednesday")
    assert page["text"].endswith("so that the public can judge whether the effort works.")


def test_every_published_page_has_its_one_outcome(demo: Any) -> None:
    line, _, _ = demo
    [row] = line.rows(
        "select count(*) as pages, count(outcome) as ended, count(distinct page_id) as different from outcomes"
    )
    assert row["pages"] == row["ended"] == row["different"] > 0


def test_it_ends_with_the_clusters_a_query_with_rows_and_how_to_look_further(demo: Any) -> None:
    _, done, folder = demo
    out = done.stdout
    assert "origin" in out
    assert "northwire.test" in out
    assert "select" in out
    assert "rows)" in out
    assert f"wiretrace sql --data-dir {folder}" in out
    assert "12 clusters" in out


def test_the_commands_that_it_names_work_afterwards(demo: Any) -> None:
    line, _, _ = demo
    [first] = line.rows("select cluster_id, size from clusters order by size desc, cluster_id limit 1")
    shown = line.run("show", str(first["cluster_id"]), "--json")
    members = json.loads(shown.stdout)
    assert len(members) == first["size"]
    times = [m["published_at"] for m in members]
    assert times == sorted(times, key=lambda at: (at is None, at or "")), (
        "in order of time, those without one last"
    )
    assert sum(m["is_origin"] for m in members) == 1
    table = line.run("show", str(first["cluster_id"])).stdout
    assert re.search(r"^origin: http://\S+ \([a-z ]+; \d\.\d points, next best -?\d\.\d\)$", table, re.M)
    assert line.run("status").returncode == 0
    assert "articles" in line.run("status").stdout


def test_no_site_was_hit_sooner_than_its_delay_or_twice_at_once(demo: Any) -> None:
    _, _, folder = demo
    hits = [json.loads(text) for text in (folder / "hits.jsonl").read_text().splitlines()]
    by_host = defaultdict(list)
    for hit in hits:
        assert "+https://wiretrace.test/about" in hit["agent"]
        by_host[hit["host"]].append((hit["began"], hit["ended"]))
    assert len(by_host) == 10
    for spans in by_host.values():
        spans.sort()
        for (_, ended), (began, _) in pairwise(spans):
            assert began - ended >= 0.15 - 0.02


def test_the_first_request_to_each_site_was_for_its_robots_txt(demo: Any) -> None:
    _, _, folder = demo
    first: dict[str, str] = {}
    for text in (folder / "hits.jsonl").read_text().splitlines():
        hit = json.loads(text)
        first.setdefault(hit["host"], hit["path"])
    assert set(first.values()) == {"/robots.txt"}
