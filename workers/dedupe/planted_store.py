"""Planted articles into Postgres as a worker stores them; for measurements and tests."""

from __future__ import annotations

import json
from collections.abc import Sequence

from schemas.sql import sql
from schemas.urls import url_key
from workers.dedupe.database import Cursor
from workers.dedupe.planted import PlantedArticle
from workers.dedupe.store import SketchItem
from workers.dedupe.words import words_of_stories

__all__ = ["store_planted"]


def store_planted(cur: Cursor, articles: Sequence[PlantedArticle], *, version: int = 1) -> list[SketchItem]:
    """Writes articles and credits; gives what `Index.add` wants, in the order given.

    Args:
        cur: inside the caller's transaction A.
        articles: with distinct URLs.
    """
    keys = [url_key(article.url) for article in articles]
    rows = [
        {
            "url_key": key,
            "url": article.url,
            "site": article.site,
            "title": article.lines[0][:80] if article.lines else None,
            "published_at": article.published_at.isoformat() if article.published_at else None,
            "published_certainty": article.published_certainty,
            "first_seen_at": article.first_seen_at.isoformat(),
            "language": article.language,
            "word_count": sum(len(line.split()) for line in article.lines),
            "text": "\n".join(article.lines),
            "credit_agency": article.credit_agency,
            "source_link_url": article.source_link_url,
            "version": version,
        }
        for key, article in zip(keys, articles, strict=True)
    ]
    cur.execute(sql("dedupe/insert_planted"), {"articles": json.dumps(rows, ensure_ascii=False)})
    ids: dict[str, int] = dict(cur.fetchall())
    # As in the extraction processes.
    words_of = words_of_stories([article.lines for article in articles])
    return [
        SketchItem(
            article_id=ids[key],
            version=version,
            site=article.site,
            first_seen_at=article.first_seen_at,
            words=words,
        )
        for key, article, words in zip(keys, articles, words_of, strict=True)
    ]
