"""The newsroom on the air for tests of the whole line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.newsroom.model import Newsroom, load_newsroom
from infra.newsroom.server import NewsroomServer
from tests.e2e.line import Line
from tests.ports import free_port


@dataclass(frozen=True)
class OnAir:
    """A newsroom that is served, its site list, and the variables with which it can be crawled."""

    newsroom: Newsroom
    sites: Path
    hits_path: Path
    variables: dict[str, str]

    def hits(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.hits_path.read_text().splitlines()]


@pytest.fixture
def on_air(tmp_path: Path) -> Iterator[OnAir]:
    newsroom = load_newsroom(free_port())
    (tmp_path / "hosts").write_text(newsroom.hosts_file())
    (tmp_path / "sites.toml").write_text(newsroom.site_list(delay_s=0.15))
    variables = {
        "WIRETRACE_CRAWL_CONTACT": "https://crawler.test/about",
        "WIRETRACE_CRAWL_DELAY_S": "0.15",
        "WIRETRACE_CRAWL_ALLOW_NETWORKS": "127.0.0.0/8",
        "WIRETRACE_CRAWL_HOSTS_FILE": str(tmp_path / "hosts"),
    }
    hits = tmp_path / "hits.jsonl"
    hits.touch()
    with NewsroomServer(newsroom, log_path=hits):
        yield OnAir(newsroom=newsroom, sites=tmp_path / "sites.toml", hits_path=hits, variables=variables)


@pytest.fixture
def line(data_dir: Path) -> Line:
    """Commands on a data directory of this test's own, without settings."""
    return Line(data_dir=data_dir)
