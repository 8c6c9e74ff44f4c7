"""What the newsroom publishes: sites, stories and publications, and the truth that follows. Pure but for its files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["Newsroom", "Publication", "Site", "Story", "Truth", "load_newsroom"]

DISCOVERY: Final = ("rss", "atom", "json_feed", "sitemap", "sitemap_index", "news_sitemap", "listing")
STYLES: Final = ("agency", "paper", "broadsheet", "wordpress", "autoblog", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site: its own name and its own loopback address."""

    host: str
    address: str
    name: str
    kind: str
    style: str
    discovery: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A text: headline and paragraphs."""

    name: str
    headline: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A story on a site.

    Attributes:
        paragraphs: as this site runs them.
        dateline: before the first paragraph; may be empty.
        source_url, canonical_url: what a "Source link" and rel=canonical name; None = there is none.
        related: headlines of another publisher in the middle of the text.
        is_origin: whether this is the story's first publication.
    """

    story: str
    site: Site
    url: str
    path: str
    at: datetime
    headline: str
    byline: str
    section: str
    dateline: str
    paragraphs: tuple[str, ...]
    source_url: str | None
    canonical_url: str | None
    related: tuple[str, ...]
    is_origin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One story that was published more than once: its origin and all its URLs."""

    story: str
    origin_url: str
    urls: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """All sites and publications, for one port."""

    port: int
    sites: tuple[Site, ...]
    publications: tuple[Publication, ...]
    by_site: dict[str, tuple[Publication, ...]] = field(default_factory=dict)

    def base(self, site: Site) -> str:
        """`http://host:port` of a site."""
        return f"http://{site.host}:{self.port}"

    def of(self, site: Site) -> tuple[Publication, ...]:
        """The publications of a site, the newest first."""
        return self.by_site.get(site.host, ())

    def truth(self) -> tuple[Truth, ...]:
        """The stories with copies."""
        found = []
        for name in dict.fromkeys(p.story for p in self.publications):
            same = [p for p in self.publications if p.story == name]
            if len(same) > 1:
                origin = next(p for p in same if p.is_origin)
                found.append(Truth(story=name, origin_url=origin.url, urls=frozenset(p.url for p in same)))
        return tuple(found)

    def truth_json(self) -> dict[str, Any]:
        """The truth for other programs: every article URL, and which URLs are one story."""
        return {
            "articles": sorted(p.url for p in self.publications),
            "clusters": [
                {"story": t.story, "origin": t.origin_url, "urls": sorted(t.urls)} for t in self.truth()
            ],
        }

    def site_list(self, *, delay_s: float) -> str:
        """The sites as a TOML site list. The texts are of 2024, so the window of age is opened."""
        blocks = [
            f'[[site]]\nurl = "{self.base(site)}/"\nkind = "{site.kind}"\ndelay_s = {delay_s}\nmax_age_days = 0\n'
            for site in self.sites
        ]
        return "# The sites of the bundled newsroom.\n\n" + "\n".join(blocks)

    def hosts_file(self) -> str:
        """Names and addresses in the format of hosts(5)."""
        return "".join(f"{site.address} {site.host}\n" for site in self.sites)


@cache
def _story(name: str) -> Story:
    text = files("infra.newsroom").joinpath("stories", f"{name}.txt").read_text("utf-8")
    headline, *paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    return Story(name=name, headline=headline, paragraphs=tuple(paragraphs))


def load_newsroom(port: int) -> Newsroom:
    """The newsroom as it is served on `port`."""
    raw = tomllib.loads(files("infra.newsroom").joinpath("newsroom.toml").read_text("utf-8"))
    sites = {
        str(entry["host"]): Site(**{**entry, "discovery": tuple(entry["discovery"])}) for entry in raw["site"]
    }
    urls = {
        (str(entry["story"]), str(entry["site"])): f"http://{entry['site']}:{port}{entry['path']}"
        for entry in raw["publication"]
    }
    seen: set[str] = set()
    publications = []
    for entry in raw["publication"]:
        publications.append(_publication(entry, sites, urls, is_origin=entry["story"] not in seen))
        seen.add(str(entry["story"]))
    newest_first = sorted(publications, key=lambda p: p.at, reverse=True)
    by_site = {host: tuple(p for p in newest_first if p.site.host == host) for host in sites}
    return Newsroom(port=port, sites=tuple(sites.values()), publications=tuple(publications), by_site=by_site)


def _publication(
    entry: dict[str, Any], sites: dict[str, Site], urls: dict[tuple[str, str], str], *, is_origin: bool
) -> Publication:
    story = _story(str(entry["story"]))
    replaced = {int(number): str(text) for number, text in entry.get("replace", {}).items()}
    kept = entry.get("keep", range(1, len(story.paragraphs) + 1))
    return Publication(
        story=story.name,
        site=sites[str(entry["site"])],
        url=urls[story.name, str(entry["site"])],
        path=str(entry["path"]),
        at=datetime.fromisoformat(str(entry["at"])),
        headline=str(entry.get("headline", story.headline)),
        byline=str(entry["byline"]),
        section=str(entry["section"]),
        dateline=str(entry.get("dateline", "")),
        paragraphs=tuple(replaced.get(number, story.paragraphs[number - 1]) for number in kept),
        source_url=urls[story.name, entry["source"]] if "source" in entry else None,
        canonical_url=urls[story.name, entry["canonical"]] if "canonical" in entry else None,
        related=tuple(entry.get("related", ())),
        is_origin=is_origin,
    )
