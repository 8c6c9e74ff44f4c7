"""A response as a `RawPage`. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from crawler.claims import Claim, PublishedPage
from schemas.records import FOUND_BY, RawPage
from schemas.urls import host_of, site_of, url_key

__all__ = ["HEADERS_KEPT", "published_page", "raw_page"]

HEADERS_KEPT: Final = (
    "content-type",
    "content-language",
    "content-location",
    "last-modified",
    "etag",
    "date",
    "age",
    "link",
    "server",
    "x-robots-tag",
    "x-powered-by",
    "x-generator",
)
"""Response headers that later stages can use; cookies and the rest stay behind."""


def raw_page(
    claim: Claim,
    *,
    final_url: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    fetched_at: datetime,
    crawl_id: str,
    is_truncated: bool,
) -> RawPage:
    """The page that goes to the topic.

    Args:
        headers: names in lower case.
        fetched_at: aware, UTC.
    """
    bom = read_bom(body)[0]
    return RawPage(
        page_id=uuid.uuid4(),
        url=claim.found_url or claim.url,
        final_url=final_url,
        url_key=claim.url_key if claim.kind == "article" else url_key(final_url),
        host=host_of(final_url),
        site=site_of(final_url),
        fetched_at=fetched_at,
        status=status,
        headers={name: headers[name][:2000] for name in HEADERS_KEPT if name in headers},
        declared_charset=http_content_type_encoding(headers.get("content-type")),
        detected_charset=bom or html_body_declared_encoding(body[:4096]),
        body=body,
        is_truncated=is_truncated,
        crawl_id=crawl_id,
        found_by=claim.found_by if claim.found_by in FOUND_BY else "seed",
        found_on=claim.found_on,
        hint_title=claim.hint_title,
        hint_published_at=claim.hint_published_at,
    )


def published_page(page: RawPage) -> PublishedPage:
    """The ledger's row of a page."""
    return PublishedPage(
        page_id=page.page_id,
        url_key=page.url_key,
        url=page.url,
        site=page.site,
        found_by=page.found_by,
        fetched_at=page.fetched_at,
    )
