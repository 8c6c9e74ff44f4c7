"""What would be crawled of a site, and what not and why: a few polite requests, nothing stored.

Judges with the crawler's own rules (robots, discovery, addresses); only the fetching is its own, as a crawler process
needs a frontier and a broker.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from crawler.agent import user_agent
from crawler.claims import authority_of
from crawler.discovery.model import DiscoveryResult, DocumentRef
from crawler.discovery.parse import parse_document
from crawler.discovery.plan import first_documents, robots_documents
from crawler.resolver import AddressGuard, read_hosts_file
from crawler.robots import Rules, parse_rules, state_of
from crawler.sites import SiteSpec, site_spec
from infra.words import counted
from schemas.errors import UsageError, cut
from schemas.settings import Settings

__all__ = ["Answer", "Finding", "check_site", "examine"]

_MOST_REQUESTS: Final = 10
_TIMEOUT_S: Final = 25.0
_MOST_BYTES: Final = 5 * 1024 * 1024
_MOST_HOPS: Final = 5
_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `status` is None where nothing did; `problem` then says why."""

    url: str
    status: int | None
    headers: dict[str, str]
    body: bytes
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found.

    Attributes:
        what: robots, home, feed, sitemap, listing, article or site.
        verdict: 'crawl', 'ok', 'refused', 'absent' or 'failed'.
    """

    what: str
    verdict: str
    url: str
    detail: str


def check_site(url: str, settings: Settings) -> list[Finding]:
    """What a crawl of the site at `url` would begin with.

    Raises:
        UsageError: `url` is no web address, or no contact is set.
    """
    try:
        spec = site_spec(url)
    except ValueError as error:
        raise UsageError(f"{cut(url)}: {error}") from None
    days = settings.crawl_max_age_days
    return list(examine(spec, _Fetcher(settings).fetch, now=datetime.now(UTC), max_age_days=days))


def examine(
    spec: SiteSpec, fetch: Callable[[str, float], Answer], *, now: datetime, max_age_days: int = 30
) -> Iterator[Finding]:
    """The findings for a site.

    Args:
        fetch: gets a URL after a pause of so many seconds; never raises for a site.
        max_age_days: the age window of sites that have none of their own.
    """
    place = f"{authority_of(spec.url)}/robots.txt"
    answer = fetch(place, 0.0)
    state = state_of(answer.status)
    rules = parse_rules(answer.body) if state == "rules" else Rules()
    yield _robots_finding(place, answer, state, rules)
    if state == "unavailable":
        return
    waiting = [*first_documents(spec), *robots_documents(spec, rules.sitemaps)]
    seen: set[str] = set()
    articles: dict[str, str] = {}
    requests = 1
    while waiting and requests < _MOST_REQUESTS:
        waiting.sort(key=lambda ref: (ref.is_probe, ref.priority))
        ref = waiting.pop(0)
        if ref.url in seen or ref.is_once:
            continue
        seen.add(ref.url)
        if not rules.allows(ref.url):
            yield Finding(what=ref.kind, verdict="refused", url=ref.url, detail="robots.txt forbids it")
            continue
        answer = fetch(ref.url, rules.crawl_delay_s)
        requests += 1
        result = _parsed(ref, answer, spec, now, max_age_days)
        yield _document_finding(ref, answer, result)
        if result is not None:
            waiting += result.documents
            for entry in result.entries:
                articles.setdefault(entry.url, entry.title or "")
    yield from _article_findings(articles, rules)
    if waiting:
        yield Finding(
            what="site",
            verdict="ok",
            url=spec.url,
            detail=f"{counted(len(waiting), 'more document')} would be looked at",
        )


def _robots_finding(place: str, answer: Answer, state: str, rules: Rules) -> Finding:
    if state == "unavailable":
        why = answer.problem or f"status {answer.status}"
        return Finding(what="robots", verdict="refused", url=place, detail=f"{why}: nothing may be fetched")
    if state == "free":
        detail = f"status {answer.status}: everything may be fetched"
        return Finding(what="robots", verdict="ok", url=place, detail=detail)
    pause = f"asks for {rules.crawl_delay_s:g} s between requests; " if rules.crawl_delay_s else ""
    return Finding(
        what="robots", verdict="ok", url=place, detail=f"{pause}names {len(rules.sitemaps)} sitemaps"
    )


def _parsed(
    ref: DocumentRef, answer: Answer, spec: SiteSpec, now: datetime, max_age_days: int
) -> DiscoveryResult | None:
    if answer.status != 200:
        return None
    return parse_document(
        ref.kind,
        answer.url,
        answer.body,
        answer.headers,
        now=now,
        max_age_days=max_age_days,
        state=ref.state,
        spec=spec,
    )


def _document_finding(ref: DocumentRef, answer: Answer, result: DiscoveryResult | None) -> Finding:
    if result is None:
        is_absent = answer.status in (404, 410) and ref.is_probe
        return Finding(
            what=ref.kind,
            verdict="absent" if is_absent else "failed",
            url=ref.url,
            detail="a usual place, not there" if is_absent else answer.problem or f"status {answer.status}",
        )
    if result.kind is None:
        detail = result.problem or "names no articles"
        return Finding(
            what=ref.kind, verdict="absent" if ref.is_probe else "failed", url=ref.url, detail=detail
        )
    parts = [counted(len(result.entries), "article")]
    dates = [e.published_at or e.updated_at for e in result.entries]
    newest = max((d for d in dates if d is not None), default=None)
    if newest is not None:
        parts.append(f"newest {newest:%Y-%m-%d %H:%M}")
    if result.documents:
        parts.append(f"names {counted(len(result.documents), 'document')}")
    parts += [f"{count} left out ({reason})" for reason, count in sorted(result.dropped.items()) if count]
    if result.problem:
        parts.append(result.problem)
    return Finding(
        what=result.kind, verdict="crawl" if result.entries else "ok", url=ref.url, detail="; ".join(parts)
    )


def _article_findings(articles: dict[str, str], rules: Rules) -> Iterator[Finding]:
    refused = [url for url in articles if not rules.allows(url)]
    for url, title in [(u, t) for u, t in articles.items() if u not in refused][:_EXAMPLES]:
        yield Finding(what="article", verdict="crawl", url=url, detail=title or "for example")
    if refused:
        detail = f"robots.txt forbids {len(refused)} of {counted(len(articles), 'article')}"
        yield Finding(what="article", verdict="refused", url=refused[0], detail=detail)


class _Fetcher:
    """Gets documents, one after the other, with the crawler's name, pause and guard against private addresses."""

    def __init__(self, settings: Settings) -> None:
        self._agent = user_agent(settings)
        self._delay_s = settings.crawl_delay_s
        self._guard = AddressGuard(settings.crawl_allow_networks)
        self._hosts = read_hosts_file(settings.crawl_hosts_file) if settings.crawl_hosts_file else {}
        self._last_s: float | None = None

    def fetch(self, url: str, pause_s: float) -> Answer:
        """The answer to `url`, redirects followed, at least the pause after the one before."""
        for _ in range(_MOST_HOPS + 1):
            if self._last_s is not None:
                time.sleep(max(0.0, self._last_s + max(pause_s, self._delay_s) - time.monotonic()))
            answer = self._once(url)
            self._last_s = time.monotonic()
            if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                return answer
            url = urljoin(url, answer.headers["location"])
        return Answer(url=url, status=None, headers={}, body=b"", problem="too many redirects")

    def _once(self, url: str) -> Answer:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
            port = parts.port or (443 if parts.scheme == "https" else 80)
            if parts.scheme not in ("http", "https") or not host:
                raise OSError("not a web address")
            connection = self._connect(host, port, is_tls=parts.scheme == "https")
            try:
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                headers = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": self._agent}
                connection.request("GET", target, headers={**headers, "Accept-Encoding": "gzip"})
                response = connection.getresponse()
                body = response.read(_MOST_BYTES)
                found = {name.lower(): value for name, value in response.getheaders()}
                if found.get("content-encoding") == "gzip":
                    body = zlib.decompressobj(31).decompress(body, _MOST_BYTES)
                return Answer(url=url, status=response.status, headers=found, body=body)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
            why = cut(" ".join(str(error).split()) or type(error).__name__)
            return Answer(url=url, status=None, headers={}, body=b"", problem=why)

    def _connect(self, host: str, port: int, *, is_tls: bool) -> http.client.HTTPConnection:
        address = self._address(host, port)
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        plain = socket.create_connection((address, port), timeout=_TIMEOUT_S)
        context = ssl.create_default_context()
        connection.sock = context.wrap_socket(plain, server_hostname=host) if is_tls else plain
        return connection

    def _address(self, host: str, port: int) -> str:
        addresses = self._hosts.get(host) or tuple(
            str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        allowed = [address for address in addresses if self._guard.allows(address)]
        if not allowed:
            raise OSError(
                f"{host} is at a private address ({addresses[0]}); see WIRETRACE_CRAWL_ALLOW_NETWORKS"
            )
        return allowed[0]
