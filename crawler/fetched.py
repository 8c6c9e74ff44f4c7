"""An answer, or the lack of one, with the claim it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.claims import Claim
from crawler.verdict import Answer

__all__ = ["Fetched", "RawExchange"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawExchange:
    """Request and answer as they went over the wire, but for Transfer-Encoding, for the archive.

    Attributes:
        sent_headers, headers: in order, names as sent.
        body: Content-Encoding not undone.
    """

    url: str
    sent_headers: tuple[tuple[str, str], ...]
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One finished exchange.

    Attributes:
        body: Content-Encoding undone, cut at its cap.
        elapsed_s: from the claim's dispatch to the end of the body.
        ended_at: reading of `crawler.pace.clock` at the end of the body, or of the attempt.
        address: of the peer.
        raw: where it is archived.
    """

    claim: Claim
    answer: Answer
    body: bytes
    elapsed_s: float
    ended_at: float
    address: str | None
    raw: RawExchange | None
