"""What the frontier and a crawler hand each other: offers in, claims out, settlements back. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from crawler.traps import article_id_key
from schemas.urls import authority_of, host_of, site_of, url_key

__all__ = [
    "ARTICLE_PRIORITY",
    "MAX_HOPS",
    "STATES",
    "Claim",
    "Exchange",
    "HostPace",
    "Offer",
    "PublishedPage",
    "Settlement",
    "authority_of",
]

STATES: Final = (
    "due",
    "waiting",
    "done",
    "redirected",
    "gone",
    "denied",
    "dropped",
    "failed",
    "quarantined",
)
"""Closed set of the states of a URL; all but the first two are ends."""

ARTICLE_PRIORITY: Final = {
    "seed": 3,
    "feed": 4,
    "listing": 5,
    "sitemap": 6,
    "canonical": 8,
    "source_link": 8,
    "article": 9,
    "backfill": 9,
}
"""Priority of an article by how it was found; robots.txt has 0, documents 1 to 10 (their own priority plus one)."""

MAX_HOPS: Final = 5
"""Redirects that are followed. Source: RFC 9309 section 2.3.1.2 asks at least five for robots.txt."""


def clean(value: Any) -> Any:
    """`value` without what Postgres cannot store in text: NUL and lone surrogates. Dictionaries in depth.

    >>> clean({"etag": "a\\x00b"})
    {'etag': 'ab'}
    """
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: clean(inner) for key, inner in value.items()}
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A URL for the frontier.

    Attributes:
        url: absolute; what will be requested.
        kind: 'article' or one of `DOCUMENT_KINDS`.
        found_by: one of `schemas.records.FOUND_BY`.
        priority: 0 first; None = by `found_by`.
        drop_reason: why it will not be crawled; it is stored all the same, so that the drop can be seen.
        due_in_s: seconds until it may be fetched.
        found_url: the URL as found, where redirects led from there to `url`.
        is_probe, is_once, walk: see `crawler.discovery.model.DocumentRef`.
        news: fields of a news sitemap, by name; those without a value left out.
        poll: state of the revisit policy, of a document that has moved.
    """

    url: str
    kind: str
    found_by: str
    priority: int | None = None
    found_on: str | None = None
    found_url: str | None = None
    hops: int = 0
    hint_title: str | None = None
    hint_published_at: datetime | None = None
    due_in_s: float = 0.0
    drop_reason: str | None = None
    is_probe: bool = False
    is_once: bool = False
    walk: str | None = None
    news: Mapping[str, Any] | None = None
    poll: Mapping[str, Any] | None = None

    def _key(self) -> str:
        """The URL key; a feed keeps the slash at its end.

        `/feed` and `/feed/` are one page to a reader, but a server that answers one of them may not know the
        other: the usual place that was asked in vain must not stand for the feed that the home page announces.
        """
        key = url_key(self.url)
        return key + "/" if self.kind == "feed" and "/" in key and self.url.endswith("/") else key

    def row(self) -> dict[str, Any]:
        """The offer as the object that `queries/frontier/offer.sql` reads.

        Raises:
            ValueError: `url` is no http or https URL with a host.
        """
        host = host_of(self.url)
        if not host or not self.url.startswith(("http://", "https://")):
            raise ValueError("not an absolute http or https URL")
        published = self.hint_published_at
        priority = self.priority
        return {
            "url_key": self._key(),
            "id_key": article_id_key(self.url) if self.kind == "article" else None,
            "url": self.url,
            "site": site_of(self.url),
            "host": host,
            "authority": authority_of(self.url),
            "kind": self.kind,
            "priority": ARTICLE_PRIORITY.get(self.found_by, 6) if priority is None else priority,
            "found_by": self.found_by,
            "found_on": self.found_on,
            "found_url": self.found_url,
            "hops": self.hops,
            "hint_title": self.hint_title,
            "hint_published_at": published.isoformat() if published else None,
            "due_in_s": self.due_in_s,
            "drop_reason": self.drop_reason,
            "is_probe": self.is_probe,
            "is_once": self.is_once,
            "walk": self.walk or None,
            "news": dict(self.news) if self.news else None,
            "poll": clean(dict(self.poll)) if self.poll else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to fetch one URL from one host, until the lease ends.

    Attributes:
        token: fencing token; a settle with a token that no longer stands is refused.
        send_before: reading of `crawler.pace.clock` after which the request must not be sent any more.
        ready_in_s: how long after the claim the request may be sent; mostly 0.
        claimed_at: when it may be sent, by the database's clock.
        delay_s: the host's own pause.
        host_failures: back-offs of the host in a row.
        host_streak: timeouts, resets and 5xx of the host in a row.
        last_failure_ago_s: age of the last one by the database's clock; None = never.
        robots_state: 'unknown', 'rules', 'free' or 'unavailable'.
        robots_version: grows with each robots.txt that was read.
        robots_expires_in_s: how long what it said may be used; for 'unavailable', until it is asked again.
    """

    token: UUID
    host_key: str
    claimed_at: datetime
    send_before: float
    ready_in_s: float
    delay_s: float
    host_failures: int
    host_streak: int
    last_failure_ago_s: float | None
    url_id: int
    url_key: str
    url: str
    found_url: str | None
    site: str
    authority: str
    kind: str
    priority: int
    hops: int
    url_failures: int
    found_by: str
    found_on: str | None
    hint_title: str | None
    hint_published_at: datetime | None
    poll: dict[str, Any] | None
    is_probe: bool
    is_once: bool
    walk: str | None
    robots_state: str | None
    robots_version: int | None
    robots_expires_in_s: float | None
    is_robots_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPage:
    """The row of `core.pages` for a page that the broker has acknowledged."""

    page_id: UUID
    url_key: str
    url: str
    site: str
    found_by: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPace:
    """What an answer means for the host it came from.

    Attributes:
        pause_s: least pause from now; the host's own delay and crawl-delay apply besides.
        failures: back-offs in a row from now on.
        streak: soft failures in a row from now on.
        is_failure: whether the host was told to be slower or failed.
        is_back_off: whether `pause_s` is a back-off and is shown as one.
    """

    pause_s: float = 0.0
    failures: int = 0
    streak: int = 0
    is_failure: bool = False
    is_back_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The facts of one request, for the log and the pace.

    Attributes:
        elapsed_s: from sending to the end of the body.
        ended_at: reading of `crawler.pace.clock` at that end; None = just now.
    """

    status: int | None = None
    elapsed_s: float = 0.0
    ended_at: float | None = None
    size_bytes: int = 0
    content_type: str | None = None
    address: str | None = None
    noindex: str | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a claim.

    Attributes:
        state: one of `STATES`, of the URL from now on.
        outcome: word for the log of fetches, such as 'published', 'not_modified', 'http_404', 'timeout'.
        due_in_s: for 'waiting': seconds until it is due.
        was_sent: whether a request may have reached the host (then the host's own pause applies).
        next_url: the URL to request from now on, where a redirect changed it without changing the row.
        is_reset: `next_url` is the URL as it was found; a chain of redirects is over.
        poll: new state of the revisit policy.
        left_out: how many URLs a document named that were left out, by reason; None = it was not read.
    """

    claim: Claim
    state: str
    outcome: str
    host: HostPace
    exchange: Exchange = field(default_factory=Exchange)
    reason: str | None = None
    due_in_s: float = 0.0
    was_sent: bool = True
    url_failures: int = 0
    next_url: str | None = None
    is_reset: bool = False
    hops: int | None = None
    poll: dict[str, Any] | None = None
    crawl_delay_s: float | None = None
    page: PublishedPage | None = None
    left_out: Mapping[str, int] | None = None

    def row(self, now: float) -> dict[str, Any]:
        """The settlement as the object that `queries/frontier/settle.sql` reads.

        Args:
            now: reading of `crawler.pace.clock` right before the statement. What reaches the database is how long
                ago the exchange ended, as its clock alone names points in time.
        """
        claim, page, seen, next_url = self.claim, self.page, self.exchange, self.next_url
        row: dict[str, Any] = {
            "token": str(claim.token),
            "host_key": claim.host_key,
            "url_id": claim.url_id,
            "state": self.state,
            "outcome": self.outcome,
            "reason": clean(self.reason),
            "due_in_s": self.due_in_s,
            "hops": self.hops,
            "url_failures": self.url_failures,
            "poll": clean(self.poll),
            "pause_s": self.host.pause_s,
            "failures": self.host.failures,
            "streak": self.host.streak,
            "is_failure": self.host.is_failure,
            "is_back_off": self.host.is_back_off,
            "crawl_delay_s": self.crawl_delay_s,
            "was_sent": self.was_sent,
            "status": seen.status,
            "elapsed_s": seen.elapsed_s,
            "ended_ago_s": 0.0 if seen.ended_at is None else max(now - seen.ended_at, 0.0),
            "size_bytes": seen.size_bytes,
            "content_type": clean(seen.content_type),
            "address": seen.address,
            "noindex": seen.noindex,
            "retry_after_s": seen.retry_after_s,
            "page": None,
            "left_out": None if self.left_out is None else dict(self.left_out),
        }
        if page is not None:
            row["page"] = {
                "page_id": str(page.page_id),
                "url_key": page.url_key,
                "url": page.url,
                "site": page.site,
                "found_by": page.found_by,
                "fetched_at": page.fetched_at.isoformat(),
            }
        if next_url is not None:
            row["url"] = clean(next_url)
            row["found_url"] = None if self.is_reset else claim.found_url or claim.url
            row["next_site"] = site_of(next_url)
            row["next_host"] = host_of(next_url)
            # robots.txt keeps speaking for the authority that was asked first, wherever it redirects to.
            row["authority"] = claim.authority if claim.kind == "robots" else authority_of(next_url)
        return row
