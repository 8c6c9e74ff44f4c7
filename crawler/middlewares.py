"""The one gate of this crawler in Scrapy's downloader: no request passes without a claim and a yes of robots.txt.

It stands where Scrapy's own robots, retry and redirect middlewares stood; those are off (`scrapy_settings.py`).
"""

from __future__ import annotations

from typing import Any

from scrapy.exceptions import IgnoreRequest
from scrapy.logformatter import LogFormatter

from crawler.claims import Claim
from crawler.handler import ClaimTooOld
from crawler.pace import clock
from crawler.robots import Rules

__all__ = ["NoMessages", "NotClaimed", "RobotsDenied", "RobotsGate"]


class NoMessages(LogFormatter):
    """Makes no message for each answer; Scrapy would build one and throw it away."""

    def crawled(self, request: Any, response: Any, spider: Any) -> None:  # type: ignore[override]
        """None: nothing is logged."""


class NotClaimed(IgnoreRequest):
    """A request that did not come from the frontier."""


class RobotsDenied(IgnoreRequest):
    """robots.txt does not let this URL be fetched."""


class RobotsGate:
    """Refuses requests without a claim, with an old claim, and those that robots.txt denies."""

    def process_request(self, request: Any) -> None:
        """Raises where the request must not be made.

        Raises:
            NotClaimed: no claim, or no rules for it.
            ClaimTooOld: the claim is over half its lease.
            RobotsDenied: the rules do not allow it.
        """
        claim: Claim | None = request.meta.get("claim")
        if claim is None or request.url.partition("#")[0] != request.meta.get("claimed_url"):
            raise NotClaimed(request.url)
        if clock() > claim.send_before:
            raise ClaimTooOld
        if claim.kind == "robots":
            return
        rules: Rules | None = request.meta.get("rules")
        if rules is None:
            raise NotClaimed(f"no robots.txt for {claim.authority}")
        if not rules.allows(claim.url):
            raise RobotsDenied(request.url)
