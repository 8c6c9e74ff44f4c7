"""The records that travel between programs, as frozen dataclasses.

Each has the fields of the Avro schema of the same name in `messages/`; `codec.py` turns one into the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

__all__ = ["FOUND_BY", "CopyEvent", "RawPage"]

FOUND_BY = (
    "seed",
    "feed",
    "sitemap",
    "listing",
    "article",
    "backfill",
    "source_link",
    "canonical",
    "ingest",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """One fetched page, as received.

    Attributes:
        page_id: identity of this fetch; a redelivery has the same, a refetch another.
        url: as found and requested.
        final_url: what answered, after redirects.
        url_key: `schemas.urls.url_key(final_url)`.
        host: of `final_url`, lower case, without port.
        site: `schemas.urls.site_of(final_url)`.
        fetched_at: aware, UTC.
        headers: names in lower case.
        declared_charset: of the Content-Type header.
        detected_charset: of the BOM or the meta element.
        body: bytes of the page, after Content-Encoding was undone (compressed only on the wire).
        found_by: one of `FOUND_BY`.
        hint_published_at: aware, UTC; what the feed or news sitemap says.
    """

    page_id: UUID
    url: str
    final_url: str
    url_key: str
    host: str
    site: str
    fetched_at: datetime
    status: int
    body: bytes
    crawl_id: str
    found_by: str
    headers: dict[str, str] = field(default_factory=dict)
    declared_charset: str | None = None
    detected_charset: str | None = None
    is_truncated: bool = False
    found_on: str | None = None
    hint_title: str | None = None
    hint_published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyEvent:
    """Two articles share a story; `article_a < article_b`."""

    article_a: int
    version_a: int
    url_a: str
    site_a: str
    article_b: int
    version_b: int
    url_b: str
    site_b: str
    jaccard: float
    containment_a_in_b: float
    containment_b_in_a: float
    matched_at: datetime
    copied_from: int | None = None

    @property
    def event_key(self) -> str:
        """The message key: equal whenever the same event is sent again."""
        return f"{self.article_a}:{self.version_a}:{self.article_b}:{self.version_b}"
