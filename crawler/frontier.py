"""The frontier in Postgres: the only module of the crawler that talks to the database.

Every method blocks; call them from a thread, never from the reactor's. Statements are single transactions, and one
that lost a deadlock is tried again. All times are the database's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg
from psycopg import errors
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolTimeout

from crawler.claims import Claim, Offer, Settlement
from crawler.discovery.plan import first_documents
from crawler.documents import document_offer
from crawler.pace import clock
from crawler.sites import SiteSpec
from schemas.errors import DatabaseUnavailable, SchemaOutdated, cut
from schemas.sql import sql

__all__ = ["IDLE_PATIENCE_S", "MAX_TRIES", "Frontier", "IdleState", "RobotsRow", "open_frontier"]

MAX_TRIES: Final = 3
"""Claims of one URL that were never settled, after which it is quarantined."""

ADDRESS_CAP: Final = 4
ROBOTS_GIVE_UP_DAYS: Final = 30
"""An article whose robots.txt could not be read for so long is given up. RFC 9309, 2.3.1.4, names 30 days."""
"""Hosts of one address that are asked at once: farms of autoblogs share one server under hundreds of names."""

OFFER_BATCH: Final = 500
"""URLs of one offer: at 500 a statement takes about 15 ms, and holds its hosts no longer."""

IDLE_PATIENCE_S: Final = 90.0
"""A first pass waits for retries that are due within this time: an article's first comes after 30 s and its second
after 15 min, a host's first back-off is 60 s and its second 120 s. So each failure is waited for once."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsRow:
    """Rules of one authority as stored."""

    authority: str
    state: str
    version: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleState:
    """What is left of a first pass over the sites.

    Attributes:
        due: URLs that may be fetched now, of sites that are not paused.
        claimed: open claims.
        soon: retries that come within the patience.
        deferred: those that come later, and all URLs of hosts that back off for longer; a pass does not wait for them.
        unstarted_sites: sites that are not paused and have no document yet.
    """

    due: int
    claimed: int
    soon: int
    deferred: int
    unstarted_sites: int

    @property
    def is_idle(self) -> bool:
        """Whether a first pass is over: nothing to fetch now or soon, and discovery of each site has ended."""
        return not (self.due or self.claimed or self.soon or self.unstarted_sites)


def open_frontier(database_url: str, *, delay_s: float, size: int = 4, timeout_s: float = 10.0) -> Frontier:
    """The frontier of a database that has the current schema.

    Args:
        delay_s: pause of hosts that are new to it.
        size: most connections.

    Raises:
        DatabaseUnavailable: no connection within `timeout_s`.
        SchemaOutdated: the tables are not there.
    """
    pool = ConnectionPool(
        database_url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=timeout_s,
        # Each request may try anew; by default the pauses between tries double up to minutes.
        reconnect_timeout=1.0,
        kwargs={
            "autocommit": True,
            # A transaction left open bloats the queue's tables for everybody.
            "options": "-c idle_in_transaction_session_timeout=60000 -c statement_timeout=60000 -c jit=off",
            "application_name": "wiretrace-crawler",
            "connect_timeout": 10,
        },
    )
    pool.open()
    frontier = Frontier(pool, delay_s=delay_s)
    try:
        frontier.wait_s()
    except BaseException:
        frontier.close()
        raise
    return frontier


def spec_to_json(spec: SiteSpec) -> dict[str, Any]:
    """A site list's entry as a JSON object."""
    return {f.name: getattr(spec, f.name) for f in fields(spec)}


def spec_from_row(row: dict[str, Any]) -> SiteSpec:
    """The entry that `spec_to_json` stored; what a newer version added is left out."""
    known = {f.name for f in fields(SiteSpec)}
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in row["spec"].items()
        if name in known
    }
    return SiteSpec(**{**values, "url": row["url"], "site": row["site"]})


class Frontier:
    """The frontier's statements. Safe to use from several threads."""

    def __init__(self, pool: ConnectionPool[psycopg.Connection[Any]], *, delay_s: float) -> None:
        self._pool = pool
        self._delay_s = delay_s

    def close(self) -> None:
        """Closes the connections; nothing may be called afterwards."""
        self._pool.close()

    def _run(self, work: Callable[[psycopg.Connection[Any]], _T]) -> _T:
        """`work` on a connection, again after a deadlock.

        Raises:
            DatabaseUnavailable: the server is away; a retry can help.
        """
        for attempt in range(5):
            try:
                with self._pool.connection() as connection:
                    return work(connection)
            except (errors.DeadlockDetected, errors.SerializationFailure):
                if attempt == 4:
                    raise
                time.sleep(0.01 * (attempt + 1))
            except (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName) as error:
                raise SchemaOutdated from error
            except (PoolTimeout, psycopg.OperationalError) as error:
                raise DatabaseUnavailable(f"the frontier's database does not answer: {cut(error)}") from error
        raise AssertionError("unreachable")

    def _rows(self, name: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        def work(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(sql(f"frontier/{name}").encode(), params).fetchall()

        return self._run(work)

    def offer(self, offers: Iterable[Offer]) -> dict[str, int]:
        """Puts URLs on the frontier that are not there yet.

        Returns:
            How many became 'due', 'waiting' or 'dropped', how many were 'known' and how many are no URL ('bad_url').
        """
        rows: list[str] = []
        counts = {"due": 0, "waiting": 0, "dropped": 0, "known": 0, "bad_url": 0}
        for offer in offers:
            try:
                row = json.dumps(offer.row(), ensure_ascii=False)
                row.encode("utf-8")  # a lone surrogate is no text
            except ValueError:
                counts["bad_url"] += 1
                continue
            if "\\u0000" in row:  # Postgres has no NUL in text
                counts["bad_url"] += 1
            else:
                rows.append(row)
            if len(rows) >= OFFER_BATCH:
                self._offer(rows, counts)
                rows = []
        if rows:
            self._offer(rows, counts)
        return counts

    def _offer(self, rows: list[str], counts: dict[str, int]) -> None:
        added = self._rows("offer", {"urls": f"[{','.join(rows)}]", "delay_s": self._delay_s})
        for row in added:
            counts[row["state"]] += 1
        counts["known"] += len(rows) - len(added)

    def claim(self, crawler_id: str, *, limit: int, lease_s: float, ahead_s: float = 0.0) -> list[Claim]:
        """Claims the best URL of up to `limit` hosts that are ready, or will be in `ahead_s` seconds.

        A claim must be sent within half its lease: then the request has ended, or been given up, before the lease
        does. The time counts from before the statement, so a process that is frozen in between comes too late.
        """
        send_before = clock() + lease_s / 2
        params = {
            "limit": limit,
            "lease_s": lease_s,
            "crawler_id": crawler_id,
            "max_tries": MAX_TRIES,
            "address_cap": ADDRESS_CAP,
            "ahead_s": ahead_s,
        }
        return [
            Claim(
                token=row["claim_token"],
                host_key=row["host_key"],
                claimed_at=row["claimed_at"],
                send_before=send_before,
                ready_in_s=row["ready_in_s"],
                delay_s=row["delay_s"],
                host_failures=row["failures"],
                host_streak=row["streak"],
                last_failure_ago_s=row["last_failure_ago_s"],
                **{name: row[name] for name in _CLAIM_FIELDS},
            )
            for row in self._rows("claim", params)
        ]

    def settle(self, settlements: Sequence[Settlement], *, crawl_id: str) -> set[UUID]:
        """Settles claims; the tokens returned are those that still stood. The others changed nothing."""
        now = clock()
        rows = Jsonb([settlement.row(now) for settlement in settlements])
        params = {"settlements": rows, "crawl_id": crawl_id, "delay_s": self._delay_s}
        return {row["claim_token"] for row in self._rows("settle", params)}

    def renew(self, tokens: Sequence[UUID], *, lease_s: float) -> set[UUID]:
        """Extends claims; the tokens returned are those that are still held."""
        if not tokens:
            return set()
        rows = self._rows("renew", {"tokens": list(tokens), "lease_s": lease_s})
        return {row["claim_token"] for row in rows}

    def release(self, claims: Iterable[tuple[Claim, bool]]) -> int:
        """Gives claims back, each with whether its request may have been sent; how many still stood."""
        rows = [{"host_key": c.host_key, "token": str(c.token), "was_sent": sent} for c, sent in claims]
        return len(self._rows("release", {"claims": Jsonb(rows)})) if rows else 0

    def promote(self) -> int:
        """Makes due what has waited long enough; how many URLs."""
        return int(self._rows("promote", {})[0]["count"])

    def wait_s(self) -> float | None:
        """Seconds until there may be something to claim; None with nothing ahead."""
        value = self._rows("wait", {})[0]["seconds"]
        return None if value is None else float(value)

    def robots(self, authorities: Sequence[str]) -> list[RobotsRow]:
        """The stored robots.txt of some authorities."""
        return [
            RobotsRow(
                authority=row["authority"],
                state=row["state"],
                version=row["version"],
                body=bytes(row["body"] or b""),
            )
            for row in self._rows("robots_bodies", {"authorities": list(authorities)})
        ]

    def write_robots(
        self,
        claim: Claim,
        state: str,
        *,
        body: bytes,
        status: int | None,
        crawl_delay_s: float,
        lifetime_s: float,
    ) -> None:
        """Stores what the robots.txt of `claim.authority` said, and lets its URLs go or holds them back."""
        self._rows(
            "write_robots",
            {
                "authority": claim.authority,
                "site": claim.site,
                "state": state,
                "body": body if state == "rules" else None,
                "status": status,
                "crawl_delay_s": crawl_delay_s,
                "lifetime_s": lifetime_s,
                "give_up_days": ROBOTS_GIVE_UP_DAYS,
            },
        )

    def want_robots(self, claims: Sequence[Claim]) -> None:
        """Makes the robots.txt of these claims' authorities due at once."""
        urls = [{"authority": c.authority, "site": c.site, "host_key": c.host_key} for c in claims]
        unique = list({u["authority"]: u for u in urls}.values())
        self._rows("robots_due", {"urls": Jsonb(unique)})

    def site(self, site: str) -> dict[str, Any] | None:
        """The row of a listed site, or None."""
        rows = self._rows("site", {"site": site})
        return rows[0] if rows else None

    def spec(self, site: str) -> SiteSpec | None:
        """The site list's entry of a site; None where it is not listed."""
        row = self.site(site)
        return None if row is None else spec_from_row(row)

    def add_site(self, spec: SiteSpec) -> bool:
        """Writes a site and offers its first documents; whether the site is new."""
        params = {
            "site": spec.site,
            "url": spec.url,
            "kind": spec.kind,
            "spec": Jsonb(spec_to_json(spec)),
            "delay_s": spec.delay_s,
            "politeness": f"group:{spec.group}" if spec.group else "site",
            "daily_quota": spec.daily_quota,
            "default_delay_s": self._delay_s,
        }
        is_new = bool(self._rows("add_site", params)[0]["is_new"])
        self.offer(document_offer(ref, found_on=None) for ref in first_documents(spec))
        return is_new

    def add_sites(self, specs: Iterable[SiteSpec]) -> tuple[int, int]:
        """Puts sites on the frontier, each with its first documents: how many are new, how many were known."""
        results = [self.add_site(spec) for spec in specs]
        return sum(results), len(results) - sum(results)

    def drop_probes(self, site: str, kind: str) -> None:
        """Drops usual places of this kind that were not asked yet: the site has a document of it that parsed."""
        self._rows("drop_probes", {"site": site, "kind": kind})

    def drop_back_fill(self, site: str, *, has_rest: bool) -> None:
        """Drops guessed pages of a front page, and with a REST interface following pages of feeds, not asked yet."""
        self._rows("drop_back_fill", {"site": site, "has_rest": has_rest})

    def story_links(self, site: str) -> tuple[bool, int]:
        """Whether a site is crawled and has no feed or sitemap, and how many URLs its stories gave within a day."""
        row = self._rows("story_links", {"site": site})[0]
        return row["is_crawled"] and not row["has_lists"], row["used"]

    def gauges(self, *, silent_hours: float) -> dict[str, Any]:
        """Gauges of the whole frontier, by name; None where there is nothing to tell.

        Args:
            silent_hours: a site where nothing new was found for so long is silent.
        """
        return self._rows("metrics", {"silent_h": silent_hours})[0]

    def idle(self, *, patience_s: float = IDLE_PATIENCE_S) -> IdleState:
        """What is left of a first pass."""
        return IdleState(**self._rows("idle", {"patience_s": patience_s})[0])

    def repair(self, *, older_than_s: float) -> int:
        """Queues pages again that were published but never worked (a broker lost them); how many."""
        return int(self._rows("repair", {"older_than_s": older_than_s})[0]["count"])

    def keep_fetches(self, *, keep_days: int = 14) -> None:
        """Makes the coming partitions of the log of fetches and drops those older than `keep_days`."""
        self._rows("keep_fetches", {"keep_days": keep_days})

    def hello(self, crawler_id: str, *, machine: str, pid: int, crawl_id: str) -> None:
        """Writes that this crawler runs."""
        self._rows("hello", {"crawler_id": crawler_id, "machine": machine, "pid": pid, "crawl_id": crawl_id})

    def seen(self, crawler_id: str, progress: dict[str, Any], *, has_ended: bool = False) -> None:
        """Writes that this crawler is alive, or has ended."""
        params = {"crawler_id": crawler_id, "progress": Jsonb(progress), "has_ended": has_ended}
        self._rows("seen", params)

    def open_crawlers(self, machine: str) -> list[tuple[str, int]]:
        """Id and process id of the crawlers of this machine that have not said goodbye."""
        return [(r["crawler_id"], r["pid"]) for r in self._rows("open_crawlers", {"machine": machine})]

    def bury(self, crawler_ids: Sequence[str]) -> int:
        """Ends the claims of crawlers that are known to be dead; how many there were.

        Their claims count as tries, and their hosts pause as after a request. Only for processes that this machine
        knows to be gone: a crawler that is merely silent may still be fetching.
        """
        return len(self._rows("bury", {"crawler_ids": list(crawler_ids)}))


_CLAIM_FIELDS: Final = (
    "url_id",
    "url_key",
    "url",
    "found_url",
    "site",
    "authority",
    "kind",
    "priority",
    "hops",
    "url_failures",
    "found_by",
    "found_on",
    "hint_title",
    "hint_published_at",
    "poll",
    "is_probe",
    "is_once",
    "walk",
    "robots_state",
    "robots_version",
    "robots_expires_in_s",
    "is_robots_expired",
)
