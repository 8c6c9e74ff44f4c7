"""What the credits of one article say together: which agency, which source, which origin outside the site. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from workers.credit.agencies import AGENCIES
from workers.credit.model import Credit

__all__ = ["Origin", "credit_agency", "outside_origin", "source_link_url"]

_NOT_COPIED: Final = frozenset(("contributed", "plugin_mark"))
"""Kinds that say that a story draws on another, or something of the site: they credit no copy."""

_LEAST_BELIEF: Final = 0.6
_URL_KINDS: Final = ("canonical", "source_link", "appeared_first", "originally_published", "syndication_meta")
"""Kinds that name the story's own page elsewhere, strongest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a page says that its story comes from; `confidence` is 0..1."""

    agency: str | None
    site: str | None
    url: str | None
    kind: str
    confidence: float


def credit_agency(credits: Sequence[Credit], site: str) -> str | None:
    """The id of the agency that an article on `site` is credited to, else None.

    Several signs of one agency are taken together as independent; ties go to the sign listed first.
    """
    doubt: dict[str, float] = defaultdict(lambda: 1.0)
    for credit in credits:
        if credit.agency is None or credit.kind in _NOT_COPIED or AGENCIES[credit.agency].owns(site):
            continue
        doubt[credit.agency] *= 1.0 - min(credit.confidence, 0.99)
    if not doubt:
        return None
    best = min(doubt, key=lambda agency: doubt[agency])
    return best if 1.0 - doubt[best] >= _LEAST_BELIEF else None


def source_link_url(credits: Sequence[Credit]) -> str | None:
    """The URL of the source that the story's end links to, else None.

    "Source link" and its like come first, then the link of "The post X appeared first on Y", then that of
    "originally published on Y"; the last two only where they lead to a page and not to a home page.
    """
    for kind in ("source_link", "appeared_first", "originally_published"):
        for credit in sorted(credits, key=lambda c: -c.confidence):
            if credit.kind == kind and credit.url and (kind == "source_link" or _is_deep(credit.url)):
                return credit.url
    return None


def _is_deep(url: str) -> bool:
    return len(urlsplit(url).path.strip("/")) > 3


def outside_origin(credits: Sequence[Credit], site: str) -> Origin | None:
    """The strongest statement that the story is another's: a URL on another site, else an agency, else a site."""
    for kind in _URL_KINDS:
        for credit in credits:
            if credit.kind == kind and credit.url and credit.site and credit.site != site:
                return Origin(
                    agency=credit.agency,
                    site=credit.site,
                    url=credit.url,
                    kind=kind,
                    confidence=credit.confidence,
                )
    agency = credit_agency(credits, site)
    if agency is not None:
        kinds = [c for c in credits if c.agency == agency and c.kind not in _NOT_COPIED]
        best = max(kinds, key=lambda c: c.confidence)
        return Origin(agency=agency, site=None, url=None, kind=best.kind, confidence=best.confidence)
    for credit in credits:
        if credit.kind == "pixel" and credit.site and credit.site != site:
            return Origin(agency=None, site=credit.site, url=None, kind="pixel", confidence=credit.confidence)
    return None
