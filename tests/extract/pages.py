"""Pages made in code for the tests of extraction: own words, real patterns."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from schemas.records import RawPage
from schemas.urls import host_of, site_of, url_key

FETCHED_AT = datetime(2025, 6, 1, 12, tzinfo=UTC)

STORY = (
    "Harbour officials in the northern port of Almeda said on Thursday that customs officers from both countries will share cargo "
    "manifests within an hour of loading, in an effort to slow the trade in synthetic drugs.",
    "The agreement, signed after four months of talks, lets analysts on either side of the border search the same records and flag "
    "containers whose papers do not agree with their weight.",
    "“We have been looking at the same ships through two different windows,” the head of the customs service, Irina Duval, told "
    "reporters. “From today it is one window.”",
    "Last year officers seized 1,240 kilograms of precursor chemicals, most of it hidden among paints and cleaning agents declared "
    "as coming from three small companies that have since been closed.",
    "Critics in parliament warned that the system was built in a hurry and that no independent body checks who looks at the data. "
    "A first review is due in the autumn.",
    "Shipping lines welcomed the plan but asked for a single form. At present a captain fills in eleven, the chamber of commerce "
    "said, and a mistake in any of them can hold a ship for two days.",
)


def raw(
    body: bytes | str, *, url: str = "https://daily.example/2025/05/harbour-data", **more: object
) -> RawPage:
    """A page as a crawler publishes it."""
    data = body.encode("utf-8") if isinstance(body, str) else body
    facts: dict[str, object] = {
        "page_id": uuid5(NAMESPACE_URL, url), "url": url, "final_url": url, "url_key": url_key(url), "host": host_of(url), "site": site_of(url),
        "fetched_at": FETCHED_AT, "status": 200, "body": data, "crawl_id": "test", "found_by": "seed",
    }  # fmt: skip
    return RawPage(**{**facts, **more})  # type: ignore[arg-type]


def article(
    paragraphs: tuple[str, ...] = STORY,
    *,
    title: str = "Ports to share cargo data",
    head: str = "",
    after: str = "",
) -> str:
    """A plain news page around `paragraphs`."""
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    menu = "".join(
        f'<li><a href="/{name}">{name.title()}</a></li>'
        for name in ("world", "sport", "money", "culture", "opinion")
    )
    teasers = "".join(
        f'<li><a href="/t{n}">Council votes on the {n}th plan for the old market hall</a></li>'
        for n in range(8)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - The Daily</title>{head}</head><body>'
        f"<header><nav><ul>{menu}</ul></nav></header><main><article><h1>{title}</h1>"
        f'<div class="byline">By <a rel="author" href="/jane">Jane Doe</a></div>'
        f'<time datetime="2025-05-08T09:30:00+02:00">May 8, 2025</time><div class="entry-content">{body}</div></article>{after}</main>'
        f'<aside class="sidebar"><h3>Most read</h3><ul>{teasers}</ul></aside><footer>Copyright 2025 The Daily. All rights reserved.</footer></body></html>'
    )
