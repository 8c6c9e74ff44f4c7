"""The facts about articles on which stories and origins depend: rows of Postgres as `Node`s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from schemas.sql import sql
from schemas.urls import site_of, url_key
from workers.credit.agencies import agency_of_site
from workers.dedupe.database import Cursor
from workers.dedupe.model import Node, Pointer

__all__ = ["load_nodes"]

_POINTING: Final = frozenset(
    {"canonical", "source_link", "originally_published", "appeared_first", "pixel", "syndication_meta"}
)
_NO_CREDIT: Final = frozenset({"contributed", "plugin_mark", "url_path"})


def load_nodes(cur: Cursor, ids: Sequence[int]) -> dict[int, Node]:
    """The facts about articles on which stories and origins depend."""
    cur.execute(sql("dedupe/facts"), {"article_ids": list(ids)})
    return {row[0]: _node(*row) for row in cur.fetchall()}


def _node(
    article_id: int,
    version: int,
    url: str,
    key: str,
    canonical_url: str | None,
    source_link_url: str | None,
    site: str,
    title: str | None,
    word_count: int,
    published_at: datetime | None,
    published_certainty: str | None,
    first_seen_at: datetime,
    credits: Sequence[Mapping[str, Any]] | None,
) -> Node:
    own_agency = agency_of_site(site)
    own = own_agency.id if own_agency else None
    agencies: dict[str, float] = {}
    pointers: dict[tuple[str | None, str | None], Pointer] = {}

    def point(kind: str, url: str | None, named_site: str | None, confidence: float) -> None:
        named = named_site or (site_of(url) if url else None)
        if named and named != site:
            pointer_key = _url_key(url)
            known = pointers.get((pointer_key, named))
            if known is None or known.confidence < confidence:
                pointers[pointer_key, named] = Pointer(
                    kind=kind, url_key=pointer_key, url=url, site=named, confidence=confidence
                )

    has_copy_mark = False
    for credit in credits or ():
        kind, agency, confidence = credit["kind"], credit["agency"], float(credit["confidence"])
        if kind == "plugin_mark":
            has_copy_mark = True
        if agency and agency != own and kind not in _NO_CREDIT:
            agencies[agency] = max(confidence, agencies.get(agency, 0.0))
        if kind in _POINTING:
            point(kind, credit["url"], credit["site"], confidence)
    if source_link_url:
        point("source_link", source_link_url, None, 1.0)
    canonical_key = _url_key(canonical_url)
    return Node(
        article_id=article_id,
        version=version,
        url=url,
        url_key=key,
        canonical_key=canonical_key if canonical_url and site_of(canonical_url) == site else None,
        site=site,
        title=title,
        word_count=word_count,
        published_at=published_at,
        published_certainty=published_certainty,
        first_seen_at=first_seen_at,
        agency_of_site=own,
        credit_agencies=agencies,
        pointers=tuple(pointers.values()),
        has_copy_mark=has_copy_mark,
        item_ids=frozenset(c["item_id"] for c in credits or () if c["item_id"]),
    )


def _url_key(url: str | None) -> str | None:
    if not url:
        return None
    try:
        return url_key(url)
    except ValueError:
        return None
