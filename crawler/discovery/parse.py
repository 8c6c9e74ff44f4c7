"""`parse_document`: the one entry of discovery. Looks at the bytes, then hands over to the parser of that format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from crawler.discovery.model import DiscoveryResult
from crawler.sites import SiteSpec

__all__ = ["ENTRY_LIMIT", "parse_document"]

ENTRY_LIMIT: Final = 2000
"""Most new entries taken from one document in one poll; a site's back catalogue must not fill the frontier."""


def parse_document(
    kind: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: datetime,
    max_age_days: int = 30,
    limit: int = ENTRY_LIMIT,
    state: str = "",
    spec: SiteSpec | None = None,
) -> DiscoveryResult:
    """Everything that `body` says about articles and further documents. Never raises for a document.

    Args:
        kind: what it was expected to be, one of `DOCUMENT_KINDS`; the bytes decide.
        url: where the body came from, after redirects.
        body: as received, Content-Encoding undone; a .gz file's bytes are inflated here, with a bound.
        headers: response headers, names in lower case.
        now: aware; entries older than `max_age_days` before it are left out.
        max_age_days: the window; 0 = everything.
        limit: most entries.
        state: `DocumentRef.state` of this document.
        spec: the site it belongs to: allow and deny patterns, and the site that links must stay on.
    """
    raise NotImplementedError
