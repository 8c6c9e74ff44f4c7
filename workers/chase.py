"""Source chasing: the page that a copy names as its source is put on the frontier, so that the original joins.

One page, never a crawl of its site: it is offered as an article, once, behind everything else, and within a daily
budget for each site. The crawler obeys that site's robots.txt as anywhere.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from schemas.sql import sql
from schemas.urls import authority_of, host_of, is_same_site, site_of, url_key
from workers.credit.model import Credit
from workers.credit.summary import source_link_url

__all__ = ["Lead", "chase", "leads_of"]

DAILY_BUDGET: Final = 200
"""Pages that are chased on one site within a day: an agency that a hundred autoblogs credit is not crawled whole."""

_PRIORITY: Final = 8
_MAX_URL: Final = 2_000

Lead = tuple[str, str, str]
"""The URL that is named, how (source_link or canonical), and the page that names it."""

Cursor = psycopg.Cursor[tuple[Any, ...]]


def leads_of(page_url: str, credits: Sequence[Credit]) -> list[Lead]:
    """The pages of other sites that a page names as its source; a site's home page is none."""
    canonical = next((c.url for c in credits if c.kind == "canonical" and c.url), None)
    named = [(source_link_url(credits), "source_link"), (canonical, "canonical")]
    return [(url, how, page_url) for url, how in named if url and _is_page_elsewhere(url, page_url)]


def chase(cur: Cursor, leads: Iterable[Lead], *, delay_s: float, daily_budget: int = DAILY_BUDGET) -> int:
    """Offers the leads to the frontier and returns how many were offered; known URLs and articles are left out.

    Args:
        cur: inside the transaction that writes the outcomes, so that a bounded run never looks finished between.
        delay_s: pause for a host that the frontier does not know yet.
    """
    fresh: dict[str, Lead] = {}
    for lead in leads:
        fresh.setdefault(url_key(lead[0]), lead)
    if not fresh:
        return 0
    cur.execute(sql("store/known_articles"), {"url_keys": sorted(fresh)})
    for (known,) in cur.fetchall():
        del fresh[known]
    rows = _within_budget(cur, [_row(key, lead) for key, lead in sorted(fresh.items())], daily_budget)
    if rows:
        cur.execute(sql("frontier/offer"), {"urls": json.dumps(rows, ensure_ascii=False), "delay_s": delay_s})
    return len(rows)


def _within_budget(cur: Cursor, rows: Sequence[dict[str, Any]], daily_budget: int) -> list[dict[str, Any]]:
    if not rows:
        return []
    cur.execute(sql("store/chased_lately"), {"sites": sorted({row["site"] for row in rows})})
    used: Counter[str] = Counter(dict(cur.fetchall()))
    kept = []
    for row in rows:
        used[row["site"]] += 1
        if used[row["site"]] <= daily_budget:
            kept.append(row)
    return kept


def _is_page_elsewhere(url: str, page_url: str) -> bool:
    if len(url) > _MAX_URL or not url.startswith(("http://", "https://")):
        return False
    try:
        parts = urlsplit(url)
        has_page = bool(parts.path.strip("/") or parts.query)
        return has_page and bool(host_of(url)) and bool(authority_of(url)) and not is_same_site(url, page_url)
    except ValueError:
        return False


def _row(key: str, lead: Lead) -> dict[str, Any]:
    url, how, found_on = lead
    return {
        "url_key": key,
        "url": url,
        "site": site_of(url),
        "host": host_of(url),
        "authority": authority_of(url),
        "kind": "article",
        "priority": _PRIORITY,
        "found_by": how,
        "found_on": found_on,
        "is_once": True,
    }
