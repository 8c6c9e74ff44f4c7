"""Article or not: pages without a story that we made, against real news pages; and how real pages are refused by mistake."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from schemas.outcomes import Outcome
from tests.extract.listings import later_listings, listings, lookalikes
from tests.extract.non_articles import non_articles
from tests.quality.ground_truth import load_aeb, load_fundus, raw_page
from tests.quality.rows import Row, digest_of
from workers.extract.page import extract_page

__all__ = ["measure"]


def measure(data_dir: Path) -> list[Row]:
    """Precision and recall of `not_article`: positives are our pages, negatives the real news pages."""
    cases = non_articles()
    refused = [extract_page(case.page) for case in cases]
    right = sum(found.outcome is Outcome.NOT_ARTICLE for found in refused)
    named = sum(
        (found.reason or "").startswith(case.kind) for found, case in zip(refused, cases, strict=True)
    )
    pages = [*load_aeb(data_dir), *load_fundus(data_dir)]
    outcomes = [extract_page(raw_page(page.html, page.url, page.fetched_at)) for page in pages]
    wrong = [found for found in outcomes if found.outcome is not Outcome.ARTICLE]
    reasons = Counter((found.reason or "").split(":")[0] for found in wrong)
    precision, recall = right / max(1, right + len(wrong)), right / len(cases)
    files = [*(data_dir / "aeb").rglob("*.*"), *(data_dir / "fundus").glob("*/*.*")]
    return [
        _listings(len(wrong), len(pages), digest_of(file for file in files if file.is_file())),
        Row(
            section="not an article",
            system="wiretrace",
            dataset=f"{len(cases)} made, {len(pages)} real",
            figures={
                "P": precision,
                "R": recall,
                "F1": 2 * precision * recall / (precision + recall) if right else 0.0,
                "right reason": named / len(cases),
                "real pages refused": float(len(wrong)),
            },
            pinned={"P": 0.0, "R": 0.0, "right reason": 0.0},
            digest=digest_of(file for file in files if file.is_file()),
            note=", ".join(f"{count} {reason}" for reason, count in reasons.most_common()),
        ),
    ]


def _listings(refused_real: int, real: int, digest: str) -> Row:
    """Listings of many shapes against stories that look like them and the real pages."""
    lists = [extract_page(shaped.page) for shaped in (*listings(), *later_listings())]
    stories = [extract_page(shaped.page) for shaped in lookalikes()]
    right = sum(found.outcome is not Outcome.ARTICLE for found in lists)
    false = sum(found.outcome is not Outcome.ARTICLE for found in stories) + refused_real
    precision, recall = right / max(1, right + false), right / len(lists)
    return Row(
        section="not an article",
        system="wiretrace",
        dataset=f"{len(lists)} listings, {len(stories)} lookalikes, {real} real",
        figures={
            "P": precision,
            "R": recall,
            "F1": 2 * precision * recall / (precision + recall) if right else 0.0,
        },
        pinned={"P": 0.0, "R": 0.0},
        digest=digest,
    )
