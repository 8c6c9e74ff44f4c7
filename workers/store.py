"""Articles, credits and outcomes to Postgres: one set-based statement for a whole batch.

Every statement is idempotent: a page that is delivered again finds its own rows and changes nothing. What is
written here knows nothing of sketches and clusters (`workers.dedupe`) or of repeated lines
(`workers.boilerplate`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from schemas.outcomes import Outcome
from schemas.records import RawPage
from schemas.sql import sql
from schemas.urls import site_of
from workers.credit.summary import credit_agency, source_link_url
from workers.extract.model import Extraction
from workers.identity import article_key

__all__ = ["Ending", "StoredArticle", "clean", "settle_pages", "settled_pages", "upsert_articles"]

Cursor = psycopg.Cursor[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """Where an extracted page ended among the articles.

    Attributes:
        outcome: ARTICLE, UPDATED or UNCHANGED.
        version: of the text that is now stored.
        is_current: whether the stored text is the one of this page.
        is_newest: whether the stored facts and credits are those of this page; the text may have come before.
    """

    article_id: int
    url_key: str
    version: int
    first_seen_at: datetime
    outcome: Outcome
    is_current: bool
    is_newest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The one outcome of a page, with its reason and its article."""

    outcome: Outcome
    reason: str | None = None
    article_id: int | None = None


def clean(text: str | None) -> str | None:
    """`text` without what Postgres cannot store: NUL characters and lone surrogates."""
    if text is None:
        return None
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def upsert_articles(cur: Cursor, batch: Sequence[tuple[RawPage, Extraction]]) -> list[StoredArticle]:
    """Stores the articles of a batch and their credits; gives a StoredArticle for each, in the order given.

    Args:
        cur: a cursor inside the caller's transaction.
        batch: pages with an extraction whose outcome is ARTICLE; their article keys are distinct.
    """
    if not batch:
        return []
    rows = [_row(page, extraction) for page, extraction in batch]
    given = {"articles": _json(rows)}
    cur.execute(sql("store/replace_articles"), given)
    of_known: dict[str, bool] = dict(cur.fetchall())
    cur.execute(sql("store/add_articles"), given)
    stored: dict[str, StoredArticle] = {}
    for article_id, key, version, first_seen_at, is_current in cur.fetchall():
        changed = Outcome.ARTICLE if version == 1 else Outcome.UPDATED
        stored[key] = StoredArticle(
            article_id=article_id,
            url_key=key,
            version=version,
            first_seen_at=first_seen_at,
            outcome=changed if is_current else Outcome.UNCHANGED,
            is_current=is_current,
            is_newest=bool(of_known.get(key, is_current)),
        )
    _replace_credits(
        cur, [(stored[row["url_key"]], found) for row, (_, found) in zip(rows, batch, strict=True)]
    )
    return [stored[row["url_key"]] for row in rows]


def settled_pages(cur: Cursor, page_ids: Sequence[UUID]) -> dict[UUID, Ending]:
    """The endings of those pages that have been worked before, by page id."""
    cur.execute(sql("store/settled_pages"), {"page_ids": list(page_ids)})
    return {
        page_id: Ending(outcome=Outcome(outcome), reason=reason, article_id=article_id)
        for page_id, outcome, reason, article_id in cur.fetchall()
    }


def settle_pages(cur: Cursor, endings: Sequence[tuple[RawPage, Ending]]) -> None:
    """Writes the outcome of every page of a batch; an outcome that is there already stays."""
    rows = [
        {
            "page_id": str(page.page_id),
            "url_key": page.url_key,
            "url": clean(page.url),
            "site": page.site,
            "crawl_id": page.crawl_id,
            "found_by": page.found_by,
            "fetched_at": page.fetched_at.isoformat(),
            "outcome": ending.outcome.value,
            "reason": clean(ending.reason),
            "article_id": ending.article_id,
        }
        for page, ending in endings
    ]
    if rows:
        cur.execute(sql("store/settle_pages"), {"pages": _json(rows)})


def _row(page: RawPage, extraction: Extraction) -> dict[str, Any]:
    identity = article_key(page.final_url, extraction.canonical_url)
    text = clean(extraction.text) or ""
    own_site = site_of(page.final_url)
    return {
        "url_key": identity.key,
        "is_alias": identity.is_alias,
        "url": clean(page.final_url),
        "canonical_url": clean(extraction.canonical_url),
        "host": page.host,
        "site": page.site,
        "site_name": clean(extraction.site_name),
        "section": clean(extraction.section),
        "title": clean(extraction.title),
        "byline": clean(extraction.byline),
        "authors": [clean(author) for author in extraction.authors],
        "organisations": [clean(name) for name in extraction.organisations],
        "published_at": _iso(extraction.published_at),
        "published_source": extraction.published_source,
        "published_certainty": extraction.published_certainty,
        "modified_at": _iso(extraction.modified_at),
        "fetched_at": _iso(page.fetched_at),
        "language": extraction.language,
        "word_count": len(text.split()),
        "text": text,
        "text_hash": hashlib.sha256(text.encode()).hexdigest(),
        "extractor": extraction.extractor,
        "charset": extraction.charset,
        "credit_agency": credit_agency(extraction.credits, own_site),
        "source_link_url": clean(source_link_url(extraction.credits)),
        "page_id": str(page.page_id),
        "crawl_id": page.crawl_id,
    }


def _replace_credits(cur: Cursor, batch: Sequence[tuple[StoredArticle, Extraction]]) -> None:
    newest = [(article.article_id, extraction.credits) for article, extraction in batch if article.is_newest]
    if not newest:
        return
    rows = [
        {
            "article_id": article_id,
            "kind": credit.kind,
            "agency": credit.agency,
            "site": credit.site,
            "url": clean(credit.url),
            "text": clean(credit.text),
            "place": credit.place,
            "confidence": credit.confidence,
            "item_id": clean(credit.item_id),
        }
        for article_id, credits in newest
        for credit in credits
    ]
    article_ids = [article_id for article_id, _ in newest]
    cur.execute(sql("credit/replace"), {"article_ids": article_ids, "credits": _json(rows)})


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False)
