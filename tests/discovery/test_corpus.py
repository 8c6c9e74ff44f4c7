"""Odd feeds and sitemaps: each file of `corpus/` gives what `corpus/cases.toml` says, and none raises."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.discovery.parse import parse_document
from crawler.sites import site_spec
from tests.discovery.web import NOW

FOLDER = Path(__file__).with_name("corpus")
CASES: list[dict[str, Any]] = tomllib.loads((FOLDER / "cases.toml").read_text("utf-8"))["case"]
HOME = "http://paper.test/"


def whole(path: str) -> str:
    return path if path.startswith("http") else HOME + path


def test_the_corpus_has_at_least_60_documents() -> None:
    assert len(CASES) >= 60
    assert {case["file"] for case in CASES} == {f.name for f in FOLDER.iterdir()} - {"cases.toml"}


@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_a_document_gives_what_it_should(case: dict[str, Any]) -> None:
    headers = {"content-type": case["content_type"]} if "content_type" in case else {}
    body = (FOLDER / case["file"]).read_bytes()
    url = f"{HOME}feeds/{case['file']}"
    found = parse_document(case["kind"], url, body, headers, now=NOW, spec=site_spec(HOME))
    if "first" in case:
        assert found.entries[0].url == whole(case["first"])
    else:
        assert [entry.url for entry in found.entries] == [whole(path) for path in case["urls"]]
    if "fault" in case:
        assert found.fault is not None
        assert case["fault"] in found.fault
    if "problem" in case:
        assert found.problem is not None
        assert case["problem"] in found.problem
    else:
        assert found.problem is None
    if "documents" in case:
        assert [ref.url for ref in found.documents] == [whole(path) for path in case["documents"]]
    if "published" in case:
        wanted = datetime.fromisoformat(case["published"]).replace(tzinfo=UTC) if case["published"] else None
        assert found.entries[0].published_at == wanted
    if "title" in case:
        assert found.entries[0].title == case["title"]
    if "news_keywords" in case:
        assert found.entries[0].news is not None
        assert list(found.entries[0].news.keywords) == case["news_keywords"]
    for reason, count in case.get("dropped", {}).items():
        assert found.dropped.get(reason) == count, dict(found.dropped)
    if "interval_s" in case:
        assert found.announced_interval_s == case["interval_s"]
    assert found.is_empty == case.get("is_empty", found.is_empty)
    assert found.is_final == case.get("is_final", False)


@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_a_document_cut_anywhere_never_raises(case: dict[str, Any]) -> None:
    body = (FOLDER / case["file"]).read_bytes()
    for part in range(1, 8):
        for kind in ("feed", "sitemap", "home"):
            parse_document(kind, HOME + "x", body[: len(body) * part // 8], {}, now=NOW)
