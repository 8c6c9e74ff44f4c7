"""Small sites of many shapes, made of own words, for walks in memory."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from html import escape

from tests.discovery.web import NOW, Web

_WORDS = [
    "harbour",
    "council",
    "votes",
    "bridge",
    "repair",
    "storm",
    "delays",
    "ferry",
    "market",
    "prices",
    "rise",
    "farmers",
    "protest",
    "river",
    "level",
    "falls",
    "museum",
    "opens",
    "wing",
    "school",
    "budget",
    "cut",
    "hospital",
    "strike",
    "ends",
    "train",
    "line",
    "reopens",
    "mayor",
    "resigns",
    "police",
    "probe",
    "theft",
]

_MORE_TEXT = """
officials friday plan cost reserve town years people work street house water light night morning
winter summer families children teachers nurses drivers owners boats rails roads stones trees fields
lakes hills snow rain wind money taxes loans banks shops bakers doctors judges courts letters songs
books games clubs teams players coaches early late never always often again under over after before
between against without within north south east west
"""
_MORE = _MORE_TEXT.split()


def headline(number: int) -> str:
    words = [_WORDS[(number * 7 + step * 5) % len(_WORDS)] for step in range(5)]
    return " ".join(words).capitalize() + f" ({number})"


def slug(number: int) -> str:
    return headline(number).lower().replace(" ", "-").replace("(", "").replace(")", "")


def story(number: int, *, site: str = "The Paper", menu: str = "") -> str:
    chance = random.Random(number)
    text = "".join(
        f"<p>{' '.join(chance.choice(_WORDS + _MORE) for _ in range(40)).capitalize()}, said the {site}.</p>"
        for _ in range(5)
    )
    return (
        f"<!doctype html><html><head><title>{escape(headline(number))}</title></head><body>{menu}"
        f"<h1>{escape(headline(number))}</h1><div class=story>{text}</div><footer>{site}</footer></body></html>"
    )


def when(number: int) -> datetime:
    return NOW - timedelta(hours=3 * number + 1)


def page(*parts: str, head: str = "", title: str = "The Paper") -> str:
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{''.join(parts)}</body></html>"
    )


def cards(links: list[tuple[str, str]]) -> str:
    return "".join(
        f'<div class="card"><h2><a href="{url}">{escape(text)}</a></h2><p>A line about it, short enough.</p></div>'
        for url, text in links
    )


def rss(links: list[tuple[str, int]], *, extra: str = "") -> str:
    items = "".join(
        f"<item><title>{escape(headline(n))}</title><link>{escape(url)}</link>"
        f"<pubDate>{when(n):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for url, n in links
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>P</title>{extra}{items}</channel></rss>'


def atom(links: list[tuple[str, int]]) -> str:
    entries = "".join(
        f'<entry><title>{escape(headline(n))}</title><link href="{escape(url)}"/><id>urn:{n}</id>'
        f"<updated>{when(n):%Y-%m-%dT%H:%M:%SZ}</updated></entry>"
        for url, n in links
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>P</title>{entries}</feed>'


def json_feed(links: list[tuple[str, int]]) -> str:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "P",
            "items": [
                {"id": url, "url": url, "title": headline(n), "date_published": when(n).isoformat()}
                for url, n in links
            ],
        }
    )


def sitemap(links: list[tuple[str, int]], *, news: bool = False) -> str:
    body = ""
    for url, n in links:
        body += f"<url><loc>{escape(url)}</loc>"
        if news:
            body += (
                "<news:news><news:publication><news:name>The Paper</news:name><news:language>en</news:language>"
                f"</news:publication><news:publication_date>{when(n):%Y-%m-%dT%H:%M:%SZ}</news:publication_date>"
                f"<news:title>{escape(headline(n))}</news:title></news:news>"
            )
        else:
            body += f"<lastmod>{when(n):%Y-%m-%d}</lastmod>"
        body += "</url>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{body}</urlset>'
    )


def put_stories(web: Web, urls: list[str]) -> None:
    for number, url in enumerate(urls):
        web.put(url, story(number))
