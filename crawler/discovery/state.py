"""What a bounded walk over documents remembers: the text in `DocumentRef.state`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

__all__ = ["WalkState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkState:
    """Where in a walk a document is.

    Attributes:
        depth: documents between the site's beginning and this one.
        page: number of a page of a listing, a feed or an answer; 1 = the first.
        newest_at: what the age window is counted back from: the newest date that the walk's beginning named.
        site: the site that is crawled, where the document stands on another one.
        in_vain: pages before this one, in a row, that named nothing new.
    """

    depth: int = 0
    page: int = 1
    newest_at: datetime | None = None
    site: str | None = None
    in_vain: int = 0

    @classmethod
    def read(cls, text: str) -> WalkState:
        """The state of `text`; the start of a walk where it is empty or unreadable."""
        try:
            data = json.loads(text) if text else {}
            at = data.get("w")
            return cls(
                depth=int(data.get("d", 0)),
                page=int(data.get("p", 1)),
                newest_at=datetime.fromisoformat(at) if at else None,
                site=str(data["s"]) if data.get("s") else None,
                in_vain=int(data.get("v", 0)),
            )
        except (ValueError, TypeError, AttributeError):
            return cls()

    def written(self) -> str:
        """The state as text; empty at the start of a walk.

        >>> WalkState(depth=1, page=2).written()
        '{"d":1,"p":2}'
        """
        data: dict[str, int | str] = {}
        if self.depth:
            data["d"] = self.depth
        if self.page > 1:
            data["p"] = self.page
        if self.newest_at:
            data["w"] = self.newest_at.isoformat(timespec="seconds")
        if self.site:
            data["s"] = self.site
        if self.in_vain:
            data["v"] = self.in_vain
        return json.dumps(data, separators=(",", ":")) if data else ""

    def deeper(self, newest_at: datetime | None = None) -> WalkState:
        """One document further from the beginning, at its first page."""
        return WalkState(depth=self.depth + 1, newest_at=newest_at)

    def next_page(self, newest_at: datetime | None = None) -> WalkState:
        """The following page of the same list."""
        return replace(self, page=self.page + 1, newest_at=newest_at or self.newest_at)
