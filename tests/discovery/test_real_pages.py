"""Real pages of real sites: stories are known as stories, and their addresses as articles."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from crawler.discovery.evidence import article_evidence
from crawler.discovery.links import Shape, shape_of
from crawler.discovery.pages import parse_page

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")


@needs_data
@pytest.mark.quality
def test_real_stories_are_known_by_their_content() -> None:
    files = sorted([*(DATA / "aeb" / "html").glob("*.gz"), *(DATA / "fundus").glob("*/*.html.gz")])[::2]
    assert len(files) > 100
    unknown = []
    for path in files:
        page = parse_page("https://paper.example/x", gzip.decompress(path.read_bytes()), {})
        if page is None or article_evidence(page.tree) is None:
            unknown.append(path.name)
    assert len(unknown) / len(files) <= 0.04, unknown


@needs_data
@pytest.mark.quality
def test_addresses_of_real_stories_look_like_articles() -> None:
    urls = {
        entry["url"]
        for path in (DATA / "fundus").glob("*/meta.info")
        for entry in json.loads(path.read_text("utf-8")).values()
    }
    assert len(urls) > 100
    shapes = {url: shape_of(url).shape for url in urls}
    assert sum(shape in (Shape.ARTICLE, Shape.LIKELY) for shape in shapes.values()) / len(urls) >= 0.98
    # What is left must at least be fetched and looked at.
    assert set(shapes.values()) <= {Shape.ARTICLE, Shape.LIKELY, Shape.MAYBE}
