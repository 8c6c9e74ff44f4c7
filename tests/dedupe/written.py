"""Articles by hand, the transactions of a worker, and all that was found: for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from workers.dedupe.planted import PlantedArticle
from workers.dedupe.planted_store import store_planted
from workers.dedupe.store import Index

Connection = psycopg.Connection[tuple[Any, ...]]
T0 = datetime(2026, 11, 2, 12, tzinfo=UTC)


def article(name: str, lines: Sequence[str], hours: float = 0.0, **more: Any) -> PlantedArticle:
    at = T0 + timedelta(hours=hours)
    facts: dict[str, Any] = {
        "url": f"https://{name}.test/story",
        "site": f"{name}.test",
        "language": "en",
        "lines": tuple(lines),
        "published_at": at,
        "published_certainty": "exact",
        "first_seen_at": at + timedelta(minutes=30),
        "story": "s",
        "role": "origin",
    }
    return PlantedArticle(**(facts | more))


def work(
    conn: Connection, articles: Sequence[PlantedArticle], *, index: Index | None = None, version: int = 1
) -> list[int]:
    """Transactions A and B of one batch."""
    index = index or Index()
    index.prepare(conn)
    with conn.transaction(), conn.cursor() as cur:
        items = store_planted(cur, articles, version=version)
        index.add(cur, items)
    ids = [item.article_id for item in items]
    with conn.transaction(), conn.cursor() as cur:
        index.resolve(cur, ids)
    return ids


def stories(conn: Connection) -> set[frozenset[str]]:
    rows = conn.execute(
        "select array_agg(url) from wiretrace.articles where cluster_id is not null group by cluster_id"
    ).fetchall()
    return {frozenset(row[0]) for row in rows}


TABLES = """
select a.url, c.size, c.sites, o.url as origin, c.origin_agency, c.origin_url, c.origin_site, c.origin_reason,
       c.origin_evidence::text, h.url as head, c.first_published_at, c.last_published_at, m.relation, m.jaccard,
       m.containment, m.share_of_origin, m.is_origin, f.url as copied_from, m.is_credit_missing, m.evidence::text
  from core.articles a join core.memberships m using (article_id)
  left join core.clusters c using (cluster_id)
  left join core.articles o on o.article_id = c.origin_article_id
  left join core.articles h on h.article_id = c.head_article_id
  left join core.articles f on f.article_id = m.copied_from
 order by a.url
"""
PAIRS = """
select least(a.url, b.url), greatest(a.url, b.url), kind, jaccard,
       case when a.url < b.url then containment_a_in_b else containment_b_in_a end, m.version_a + m.version_b
  from core.matches m join core.articles a on a.article_id = article_a join core.articles b on b.article_id = article_b
 order by 1, 2
"""


def tables(conn: Connection) -> tuple[list[Any], list[Any]]:
    """All that was found, with URLs in the place of ids."""
    return conn.execute(TABLES).fetchall(), conn.execute(PAIRS).fetchall()
