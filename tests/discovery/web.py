"""A web in memory and a walk over it: what the frontier does with discovery, without network, clock or database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin

from protego import Protego

from crawler.discovery.model import DocumentRef, Entry
from crawler.discovery.parse import parse_document
from crawler.discovery.plan import first_documents, robots_documents
from crawler.sites import SiteSpec, site_spec
from schemas.urls import url_key

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Answer:
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    location: str | None = None


@dataclass
class Web:
    """URL → answer; what is not there is 404."""

    answers: dict[str, Answer] = field(default_factory=dict)
    hits: list[str] = field(default_factory=list)

    def put(self, url: str, body: str | bytes, content_type: str = "text/html; charset=utf-8") -> None:
        data = body.encode() if isinstance(body, str) else body
        self.answers[url] = Answer(body=data, content_type=content_type)

    def redirect(self, url: str, location: str, status: int = 301) -> None:
        self.answers[url] = Answer(body=b"", status=status, location=location)

    def get(self, url: str) -> tuple[str, Answer]:
        for _ in range(10):
            self.hits.append(url)
            answer = self.answers.get(url, Answer(body=b"<h1>Not found</h1>", status=404))
            if answer.location is None:
                return url, answer
            url = urljoin(url, answer.location)
        return url, Answer(body=b"", status=508)


@dataclass
class Walk:
    """What one pass over a site found."""

    entries: dict[str, Entry] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    documents: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def pages(self) -> set[str]:
        return set(self.entries) | self.published


def walk(
    web: Web, url: str | SiteSpec, *, now: datetime = NOW, most: int = 500, max_age_days: int = 30
) -> Walk:
    """One pass of discovery from a bare site URL, as the frontier makes it: probes only where nothing else is."""
    spec = url if isinstance(url, SiteSpec) else site_spec(url)
    result = Walk()
    queue: list[DocumentRef] = list(first_documents(spec))
    _, robots = web.get(urljoin(spec.url, "/robots.txt"))
    if robots.status == 200:
        queue += robots_documents(spec, list(Protego.parse(robots.body.decode()).sitemaps))
    seen: set[str] = set()
    parsed_kinds: set[str] = set()
    while queue and len(result.documents) < most:
        queue.sort(key=lambda ref: ref.priority)
        ref = queue.pop(0)
        if url_key(ref.url) in seen or (ref.is_probe and ref.kind in parsed_kinds):
            continue
        seen.add(url_key(ref.url))
        final, answer = web.get(ref.url)
        result.documents[ref.url] = ref.kind
        if answer.status != 200:
            continue
        found = parse_document(
            ref.kind,
            final,
            answer.body,
            {"content-type": answer.content_type},
            now=now,
            max_age_days=max_age_days,
            state=ref.state,
            spec=spec,
        )
        if found.problem:
            result.problems[ref.url] = found.problem
        elif found.kind in ("feed", "sitemap"):
            parsed_kinds.add(found.kind)
        if found.is_article:
            result.published.add(url_key(final))
        for entry in found.entries:
            result.entries.setdefault(url_key(entry.url), entry)
        queue += found.documents
    return result
