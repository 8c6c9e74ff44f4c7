"""An answer, or the lack of one, with the claim it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crawler.claims import Claim
from crawler.verdict import Answer

__all__ = ["Fetched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One finished exchange.

    Attributes:
        body: Content-Encoding undone, cut at its cap.
        elapsed_s: from the claim's dispatch to the end of the body.
        address: of the peer.
        raw: the answer as Scrapy received it, where it is archived.
    """

    claim: Claim
    answer: Answer
    body: bytes
    elapsed_s: float
    address: str | None
    raw: Any
