"""Real pages with the text and the facts that a careful reader finds on them, and how texts are compared."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from schemas.records import RawPage
from schemas.urls import host_of, site_of, url_key

__all__ = ["TruePage", "body_scores", "load_aeb", "load_fundus", "raw_page", "shingles", "words_of"]

_TOKEN = re.compile(r"\w+", re.UNICODE)
_DATE = re.compile(r"_(\d{4}_\d\d_\d\d)\.html\.gz$")


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePage:
    """One real page and what is true of it; None and () where the data does not say."""

    name: str
    publisher: str
    url: str
    html: bytes
    fetched_at: datetime
    body: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None


def raw_page(html: bytes, url: str, fetched_at: datetime, **more: object) -> RawPage:
    """A page as a crawler would have published it."""
    facts: dict[str, object] = {
        "page_id": uuid5(NAMESPACE_URL, url), "url": url, "final_url": url, "url_key": url_key(url), "host": host_of(url), "site": site_of(url),
        "fetched_at": fetched_at, "status": 200, "body": html, "crawl_id": "quality", "found_by": "ingest",
    }  # fmt: skip
    return RawPage(**{**facts, **more})  # type: ignore[arg-type]


@cache
def load_aeb(data_dir: Path) -> tuple[TruePage, ...]:
    """The pages of the article-extraction-benchmark: bodies alone."""
    truth = json.loads((data_dir / "aeb" / "ground-truth.json").read_text("utf-8"))
    pages = []
    for name, facts in sorted(truth.items()):
        html = gzip.decompress((data_dir / "aeb" / "html" / f"{name}.html.gz").read_bytes())
        url = facts.get("url") or f"https://{name[:12]}.example/"
        pages.append(
            TruePage(
                name=name,
                publisher=site_of(url),
                url=url,
                html=html,
                fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
                body=facts["articleBody"],
            )
        )
    return tuple(pages)


@cache
def load_fundus(data_dir: Path) -> tuple[TruePage, ...]:
    """The pages of fundus' publishers: bodies, titles, authors and times as fundus' own parsers give them."""
    pages = []
    for truth_file in sorted((data_dir / "fundus").glob("*/*.json")):
        facts = json.loads(truth_file.read_text("utf-8"))
        meta = json.loads((truth_file.parent / "meta.info").read_text("utf-8"))
        publisher = truth_file.stem
        files = sorted(f for f in truth_file.parent.glob(f"{publisher}_*.html.gz") if _DATE.search(f.name))
        versions = sorted(facts.values(), key=lambda version: _time(version["publishing_date"]))
        for file, version in zip(files, versions, strict=True):
            about = meta[file.name]
            pages.append(
                TruePage(
                    name=f"{truth_file.parent.name}/{file.name}",
                    publisher=publisher,
                    url=about["url"],
                    html=gzip.decompress(file.read_bytes()),
                    fetched_at=_time(about["crawl_date"]),
                    body="\n".join(_paragraphs(version["body"])),
                    title=version.get("title"),
                    authors=tuple(version.get("authors") or ()),
                    published_at=_time(version["publishing_date"]),
                )
            )
    return tuple(pages)


def _paragraphs(body: dict[str, list]) -> Iterable[str]:  # type: ignore[type-arg]
    yield from body["summary"]
    for section in body["sections"]:
        yield from section["headline"]
        yield from section["paragraphs"]


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def words_of(text: str) -> list[str]:
    """The words of a text as the measure sees them: runs of letters and digits."""
    return _TOKEN.findall(text)


def shingles(text: str, size: int = 4) -> Counter[tuple[str, ...]]:
    """Multiset of word n-grams; a shorter text is one shingle.

    Source: scrapinghub article-extraction-benchmark, evaluate.py.
    """
    words = words_of(text)
    return Counter(tuple(words[at : at + size]) for at in range(max(1, len(words) - size + 1)))


def body_scores(pairs: Sequence[tuple[str, str]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of found against true texts: averaged over pages, F1 from the averages."""
    precisions, recalls = [], []
    for found, true in pairs:
        a, b = shingles(found), shingles(true)
        common = (a & b).total()
        precisions.append(common / a.total() if a.total() else float(not b.total()))
        recalls.append(common / b.total() if b.total() else float(not a.total()))
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0
