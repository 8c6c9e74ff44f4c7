"""The robots.txt rules that a crawler has parsed: a cache over the shared ones in the database."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from crawler.claims import Claim
from crawler.frontier import Frontier
from crawler.robots import Rules, parse_rules

__all__ = ["RuleBook"]

CACHE_AUTHORITIES: Final = 5000
"""A parsed robots.txt takes a few kB, so this is some 20 MB."""


class RuleBook:
    """Rules by authority, read anew when another crawler has fetched a newer robots.txt."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._known: OrderedDict[str, tuple[int, Rules]] = OrderedDict()

    async def of(self, claim: Claim) -> Rules | None:
        """The rules for a claim's URL; None where there are none that may be used.

        Rules older than a day may not be used; neither may those of an authority whose robots.txt could not be read.
        """
        if claim.robots_state not in ("rules", "free") or claim.is_robots_expired:
            return None
        version = claim.robots_version or 0
        known = self._known.get(claim.authority)
        if known is not None and known[0] == version:
            self._known.move_to_end(claim.authority)
            return known[1]
        if claim.robots_state == "free":
            return self._keep(claim.authority, version, Rules())
        rows = await asyncio.to_thread(self._frontier.robots, [claim.authority])
        if not rows or rows[0].state not in ("rules", "free"):
            return None
        rules = await asyncio.to_thread(parse_rules, rows[0].body)
        return self._keep(claim.authority, rows[0].version, rules)

    def _keep(self, authority: str, version: int, rules: Rules) -> Rules:
        self._known[authority] = (version, rules)
        self._known.move_to_end(authority)
        while len(self._known) > CACHE_AUTHORITIES:
            self._known.popitem(last=False)
        return rules
