"""Credits on real pages, kind by kind, against labels made by hand, and canonical links against the labelled ones.

`credit_labels.csv` says for the pages of aeb and fundus which credits of a strong kind they carry: file, kind, and the
agency or site that is named. A credit found that is not labelled counts as false.

`credit_verdicts.csv` judges the phrases of the credits that were found in `sites` and `transplant` (40 stories in real
templates), read by hand: precision alone, and pages share their phrases. A phrase that was not read counts as false.
Canonical links are left out there: those pages have made-up addresses.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from schemas.records import RawPage
from schemas.urls import host_of, site_of, url_key
from tests.quality.rows import Row, digest_of
from workers.credit.canonical import is_republication
from workers.credit.detect import find_credits
from workers.credit.model import Credit
from workers.extract.jsonld import values_of
from workers.extract.page import extract_page
from workers.extract.parse import parse

LABELS: Final = Path(__file__).with_name("credit_labels.csv")
VERDICTS: Final = Path(__file__).with_name("credit_verdicts.csv")
STRONG: Final = (
    "author_agency",
    "canonical",
    "dateline",
    "reporting_by",
    "item_id",
    "copyright",
    "wire_mark",
    "originally_published",
    "appeared_first",
    "pixel",
    "source_link",
)


def pages(data_dir: Path) -> Iterator[tuple[str, RawPage]]:
    """(name, page) of the real pages whose address is known; the name is that of the file."""
    truth = json.loads((data_dir / "aeb" / "ground-truth.json").read_text("utf-8"))
    for path in sorted((data_dir / "aeb" / "html").glob("*.html.gz")):
        yield path.name[:12], page_of(path, truth[path.name.removesuffix(".html.gz")]["url"])
    for info in sorted((data_dir / "fundus").glob("*/meta.info")):
        for name, meta in sorted(json.loads(info.read_text("utf-8")).items()):
            path = info.parent / (name if name.endswith(".gz") else f"{name}.gz")
            if path.exists():
                yield f"{info.parent.name}/{path.name.removesuffix('.html.gz')}", page_of(path, meta["url"])


def page_of(path: Path, url: str) -> RawPage:
    """A saved page as the crawler would have published it."""
    return RawPage(
        page_id=uuid4(),
        url=url,
        final_url=url,
        url_key=url_key(url),
        host=host_of(url),
        site=site_of(url),
        fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
        status=200,
        body=gzip.decompress(path.read_bytes()),
        crawl_id="quality",
        found_by="ingest",
    )


def named(credit: Credit) -> str:
    """Whom a credit names, as the labels write it."""
    return credit.agency or credit.site or "-"


def labels() -> set[tuple[str, str, str]]:
    with LABELS.open(encoding="utf-8", newline="") as file:
        return {(row["file"], row["kind"], row["named"]) for row in csv.DictReader(file)}


def measure(data_dir: Path) -> list[Row]:
    return [_canonical(data_dir), *_kinds(data_dir), *_transplanted(data_dir)]


def _canonical(data_dir: Path) -> Row:
    path = data_dir / "canonical_cross_labeled.csv"
    count: Counter[tuple[bool, bool]] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            count[is_republication(row["page"], row["canonical"]), row["label"] == "republication"] += 1
    figures = _precision_recall(count[True, True], count[True, False], count[False, True])
    return Row(
        section="credits",
        system="wiretrace",
        dataset="canonical_cross_labeled",
        figures=figures,
        pinned={"P": 0.0, "R": 0.0},
        digest=digest_of([path]),
    )


def _kinds(data_dir: Path) -> list[Row]:
    true = labels()
    found: set[tuple[str, str, str]] = set()
    seconds = 0.0
    count = 0
    for name, page in pages(data_dir):
        extraction = extract_page(page)
        found |= {
            (name, credit.kind, named(credit)) for credit in extraction.credits if credit.kind in STRONG
        }
        tree = parse(page.body.decode("utf-8", "replace").replace("\x00", ""))
        if tree is not None and extraction.text:
            values = values_of(tree)  # read by extraction in any case
            began = time.thread_time()
            find_credits(tree, url=page.final_url, site=page.site, body_text=extraction.text, jsonld=values)
            seconds += time.thread_time() - began
            count += 1
    files = [*data_dir.glob("aeb/html/*.gz"), *data_dir.glob("fundus/*/*.gz"), LABELS]
    digest = digest_of(files)
    rows = []
    for kind in (*STRONG, "all"):
        ours = {item for item in found if kind in ("all", item[1])}
        theirs = {item for item in true if kind in ("all", item[1])}
        if not ours and not theirs:
            continue
        figures = _precision_recall(len(ours & theirs), len(ours - theirs), len(theirs - ours))
        if kind == "all":
            figures["pages/s/core"] = count / seconds
        wrong = sorted(f"{file} {names}" for file, _, names in ours - theirs) if kind != "all" else []
        rows.append(
            Row(
                section="credits",
                system="wiretrace",
                dataset=f"aeb+fundus {kind}",
                figures=figures,
                pinned={"P": 0.0, "R": 0.0},
                digest=digest,
                note=f"false: {'; '.join(wrong)}" if wrong else "",
            )
        )
    return rows


def _transplanted(data_dir: Path) -> list[Row]:
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        right = {
            (row["kind"], row["named"], row["phrase"])
            for row in csv.DictReader(file)
            if row["verdict"] == "right"
        }
    count: Counter[tuple[str, bool]] = Counter()
    phrases: dict[str, set[str]] = {}
    for folder in ("sites", "transplant"):
        for line in (data_dir / folder / "index.jsonl").read_text("utf-8").splitlines():
            entry = json.loads(line)
            url = entry.get("url") or f"https://transplant.test/2026/11/{entry['file'][:12]}"
            for credit in extract_page(page_of(data_dir / folder / entry["file"], url)).credits:
                if credit.kind in STRONG and credit.kind != "canonical":
                    phrase = credit.text[:60]
                    phrases.setdefault(credit.kind, set()).add(phrase)
                    count[credit.kind, (credit.kind, named(credit), phrase) in right] += 1
    files = [file for name in ("sites", "transplant") for file in (data_dir / name).glob("*")]
    digest = digest_of([*files, VERDICTS])
    return [
        Row(
            section="credits",
            system="wiretrace",
            dataset=f"sites+transplant {kind}",
            figures={
                "P": count[kind, True] / (found := count[kind, True] + count[kind, False]),
                "n": float(found),
                "phrases": float(len(phrases[kind])),
            },
            pinned={"P": 0.0},
            digest=digest,
        )
        for kind in STRONG
        if kind in phrases
    ]


def _precision_recall(true: int, false: int, missed: int) -> dict[str, float]:
    return {
        "P": true / (true + false) if true + false else 1.0,
        "R": true / (true + missed) if true + missed else 1.0,
        "n": true + missed,
    }
