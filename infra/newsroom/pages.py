"""The newsroom's HTML: six kinds of site, each with the furniture that real ones put around a story. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Final

from infra.newsroom.model import Newsroom, Publication, Site

__all__ = [
    "about_page",
    "article_page",
    "home_page",
    "listing_page",
    "not_found_page",
    "section_page",
    "section_paths",
]

_SECTIONS: Final = ("World", "Politics", "Business", "Culture", "Sports", "Opinion")


def _day(publication: Publication) -> str:
    return f"{publication.at:%B} {publication.at.day}, {publication.at.year}"


def _clock(publication: Publication) -> str:
    return f"{publication.at.hour % 12 or 12}:{publication.at:%M} {'a.m.' if publication.at.hour < 12 else 'p.m.'}"


def _paragraphs(publication: Publication, *, before: str = "", middle: str = "") -> str:
    """The text as `<p>` elements, with something put in after half of them."""
    texts = [escape(text, quote=False) for text in publication.paragraphs]
    if publication.dateline:
        texts[0] = escape(publication.dateline, quote=False) + texts[0]
    rows = [f"<p>{text}</p>" for text in texts]
    if middle:
        rows.insert((len(rows) + 1) // 2, middle)
    return before + "\n".join(rows)


def _menu(site: Site) -> str:
    items = "".join(f'<li><a href="{path}">{name}</a></li>' for path, name in section_paths(site).items())
    return f'<nav class="main-menu"><ul><li><a href="/">Home</a></li>{items}</ul></nav>'


def _teasers(newsroom: Newsroom, site: Site, but: Publication | None, limit: int) -> str:
    rows = [p for p in newsroom.of(site) if p is not but][:limit]
    return "".join(f'<li><a href="{p.path}">{escape(p.headline)}</a></li>' for p in rows)


def _json_ld(newsroom: Newsroom, publication: Publication, *, author_type: str) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": publication.headline,
        "datePublished": publication.at.isoformat(),
        "dateModified": publication.at.isoformat(),
        "mainEntityOfPage": publication.url,
        "articleSection": publication.section,
        "author": [{"@type": author_type, "name": publication.byline}],
        "publisher": {"@type": "NewsMediaOrganization", "name": publication.site.name},
    }
    text = json.dumps(data).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'


def _head(publication: Publication, *extra: str) -> str:
    canonical = publication.canonical_url or publication.url
    summary = publication.paragraphs[0][:160]
    return "\n".join(
        (
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(publication.headline)} | {escape(publication.site.name)}</title>",
            f'<link rel="canonical" href="{escape(canonical)}">',
            f'<meta name="description" content="{escape(summary)}">',
            f'<meta property="og:site_name" content="{escape(publication.site.name)}">',
            f'<meta property="og:title" content="{escape(publication.headline)}">',
            '<meta property="og:type" content="article">',
            *extra,
        )
    )


def _agency(newsroom: Newsroom, publication: Publication) -> str:
    site = publication.site
    return f"""<!doctype html><html lang="en"><head>{_head(publication, _json_ld(newsroom, publication, author_type="Person"))}
</head><body><header><a href="/">{escape(site.name)}</a>{_menu(site)}</header>
<main><article><h1>{escape(publication.headline)}</h1>
<div class="byline">By {escape(publication.byline)} · <time datetime="{publication.at.isoformat()}">{_day(publication)}, {_clock(publication)} UTC</time></div>
<div class="article-text">{_paragraphs(publication)}</div>
<p class="rights">© {publication.at.year} {escape(site.name)}. Subscribers may republish this report with credit.</p>
</article><aside><h2>More from the wire</h2><ul>{_teasers(newsroom, site, publication, 4)}</ul></aside></main>
<footer><p>About {escape(site.name)}</p><p>Contact the desk</p><p>Terms for subscribers</p></footer></body></html>"""


def _paper(newsroom: Newsroom, publication: Publication) -> str:
    site = publication.site
    published = f'<meta property="article:published_time" content="{publication.at.isoformat()}">'
    author = f'<meta name="author" content="{escape(publication.byline)}">'
    return f"""<!doctype html><html lang="en"><head>{_head(publication, published, author)}
<link rel="alternate" type="application/rss+xml" title="{escape(site.name)}" href="/feed.xml"></head>
<body><div id="top"><a class="logo" href="/">{escape(site.name)}</a><p class="motto">Independent since 1887</p>{_menu(site)}
<p class="subscribe">Support local journalism. Subscribe from $1 a week.</p></div>
<div id="content"><div class="story"><span class="kicker">{escape(publication.section)}</span><h1>{escape(publication.headline)}</h1>
<p class="author">By {escape(publication.byline)}</p><p class="date">Posted {_day(publication)} at {_clock(publication)}</p>
<ul class="share"><li>Share on Facebook</li><li>Share by e-mail</li><li>Print</li></ul>
{_paragraphs(publication, middle='<div class="newsletter"><p>Sign up for our morning newsletter and never miss a story from the neighborhood.</p></div>')}
</div><div class="rail"><h3>Most read</h3><ol>{_teasers(newsroom, site, publication, 5)}</ol></div></div>
<div id="footer"><p>© {publication.at.year} {escape(site.name)}. All rights reserved.</p><p>12 Market Street</p><p>Advertise with us</p></div></body></html>"""


def _broadsheet(newsroom: Newsroom, publication: Publication) -> str:
    site = publication.site
    kind = "Organization" if publication.byline in ("Northwire", "Meridian") else "Person"
    feed = (
        '<link rel="alternate" type="application/rss+xml" href="/rss/latest">'
        if "rss" in site.discovery
        else ""
    )
    return f"""<!doctype html><html lang="en"><head>{_head(publication, _json_ld(newsroom, publication, author_type=kind), feed)}</head>
<body><div class="masthead"><h2><a href="/">{escape(site.name)}</a></h2>{_menu(site)}</div>
<div class="cookie"><p>We use cookies to remember your reading position.</p></div>
<main id="main"><header><h1>{escape(publication.headline)}</h1><p class="standfirst-meta">{escape(publication.byline)} | {_day(publication)}</p></header>
<section itemprop="articleBody">{_paragraphs(publication)}</section>
<section class="after"><h3>Read next</h3><ul>{_teasers(newsroom, site, publication, 3)}</ul>
<p class="comments">Comments are closed on this article. Write to the editor instead.</p></section></main>
<footer><ul><li>Imprint</li><li>Privacy</li><li>E-paper</li></ul><p>{escape(site.name)} is a member of the Press Council.</p></footer></body></html>"""


_TOP_POSTS: Final = (
    ("10 Habits of People Who Sleep Well", "48,201"),
    ("This Used Truck Costs Less Than Its Tires", "31,877"),
    ("What Your Front Door Says About You", "22,540"),
)
_WHATS_HOT: Final = (
    "Streaming Giant Raises Prices Again",
    "Five Lakes You Can Still Swim In",
    "Quarterback Hints at Retirement",
)
_DONT_MISS: Final = ("How to Store Onions", "The Return of the Station Wagon")


def _wordpress(newsroom: Newsroom, publication: Publication) -> str:
    """The aggregator's page: another publisher's story, whole, inside a theme full of other things."""
    site = publication.site
    words = sum(len(text.split()) for text in publication.paragraphs)
    minutes = max(1, round(words / 75))
    mine = newsroom.of(site)
    place = mine.index(publication)
    older = mine[(place + 1) % len(mine)]
    newer = mine[place - 1]
    hot = "".join(
        f'<li class="l-post"><a href="/tag/hot/">{escape(t)}</a> <time datetime="2025-03-0{n}T09:00:00+00:00">March {n}, 2025</time></li>'
        for n, t in enumerate(_WHATS_HOT, 1)
    )
    related_box = ""
    if publication.related:
        rows = "".join(f"<li>{escape(text)}</li>" for text in publication.related)
        related_box = (
            f'<div class="wp-block-group"><p><strong>Related Stories</strong></p><ul>{rows}</ul></div>'
        )
    posts = "".join(
        f'<article class="l-post grid-post"><h4><a href="{p.path}">{escape(p.headline)}</a></h4><time datetime="2025-0{n}-14T08:00:00+00:00">{m} 14, 2025</time></article>'
        for n, (p, m) in enumerate(zip([older, newer], ("January", "February"), strict=True), 1)
    )
    top = "".join(
        f'<li><a href="/?top={n}">{escape(t)}</a> <span class="views">{v} Views</span></li>'
        for n, (t, v) in enumerate(_TOP_POSTS, 1)
    )
    miss = "".join(
        f'<article><h4>{escape(t)}</h4><p>By <a href="/author/blms/">BLMS MEDIA</a> March 11, 2025</p></article>'
        for t in _DONT_MISS
    )
    share = "".join(
        f'<a class="s-service" href="/share">{name}</a>'
        for name in ("Facebook", "Twitter", "Pinterest", "LinkedIn", "Tumblr", "Email")
    )
    return f"""<!DOCTYPE html>
<html lang="en-US" class="s-light site-s-light"><head><meta charset="UTF-8">
<title>{escape(publication.headline)} - {escape(site.name)}</title><meta name="generator" content="WordPress 6.4.3">
<link rel="canonical" href="{escape(publication.url)}"><link rel="alternate" type="application/rss+xml" title="{escape(site.name)} » Feed" href="/feed/"></head>
<body class="post-template-default single single-post has-lb"><div class="smart-head"><div class="smart-head-row"><a href="/" class="logo">{escape(site.name)}</a>
<ul class="menu"><li><a href="/category/us/">US</a></li><li><a href="/category/world/">World</a></li><li><a href="/category/tech/">Tech</a></li><li><a href="/category/sports/">Sports</a></li><li><a href="/contact/">Contact</a></li></ul>
<div class="trending"><span>What's Hot</span><ul>{hot}</ul></div></div></div>
<div class="main ts-contain"><div class="the-post-header"><h1 class="is-title post-title">{escape(publication.headline)}</h1>
<div class="post-meta"><span class="meta-item post-author">By <a href="/author/blms/" rel="author">{escape(publication.byline)}</a></span>
<span class="meta-item date"><time class="post-date" datetime="{publication.at.isoformat()}">{_day(publication)}</time></span>
<span class="meta-item comments"><a href="#respond">No Comments</a></span><span class="meta-item read-time">{minutes} Mins Read</span></div>
<div class="post-share"><span>Share</span>{share}</div></div>
<div class="single-featured"><img src="/wp-content/uploads/picture.jpg" alt="" width="788" height="524"></div>
<div class="post-content cf entry-content content-spacious">
{_paragraphs(publication, middle=related_box)}
<p><a href="{escape(publication.source_url or "")}" target="_blank" rel="noopener">Source link </a></p>
</div>
<div class="post-share-bot"><span class="info">Share.</span>{share}</div>
<div class="navigate-posts"><div class="previous"><span>Previous Article</span><a href="{older.path}">{escape(older.headline)}</a></div>
<div class="next"><span>Next Article</span><a href="{newer.path}">{escape(newer.headline)}</a></div></div>
<section class="related-posts"><h4>Related <span>Posts</span></h4>{posts}</section>
<div id="respond"><h3>Leave A Reply <a href="#">Cancel Reply</a></h3><p>Save my name, email, and website in this browser for the next time I comment.</p></div>
<aside class="main-sidebar"><h5>Top Posts</h5><ol>{top}</ol><h5>Don't Miss</h5>{miss}
<div class="widget-subscribe"><h5>Subscribe to Updates</h5><p>Get the latest creative news from BLMS about art, design and business.</p></div></aside></div>
<footer class="main-footer"><p>© 2025 BLMS Media. Designed by BLMS.</p><ul><li>Home</li><li>Privacy Policy</li><li>Disclaimer</li></ul></footer></body></html>"""


_SOURCE_WORDS: Final = {"newsmill.test": "Source link", "daily-digest-hub.test": "Read the full article here"}


def _autoblog(newsroom: Newsroom, publication: Publication) -> str:
    site = publication.site
    feed = (
        '<link rel="alternate" type="application/feed+json" href="/feed.json">'
        if "json_feed" in site.discovery
        else '<link rel="alternate" type="application/rss+xml" href="/feed/">'
    )
    words = _SOURCE_WORDS[site.host]
    return f"""<!DOCTYPE html><html lang="en-US"><head><meta charset="UTF-8"><title>{escape(publication.headline)} – {escape(site.name)}</title>
<meta property="article:published_time" content="{publication.at.isoformat()}"><meta name="generator" content="WordPress 6.3">{feed}
<link rel="canonical" href="{escape(publication.url)}"></head>
<body class="single"><header class="site-header"><p class="site-title"><a href="/">{escape(site.name)}</a></p><p class="site-description">All the news in one place</p></header>
<article class="post"><header class="entry-header"><h1 class="entry-title">{escape(publication.headline)}</h1>
<div class="entry-meta"><span class="posted-on">{_day(publication)}</span> <span class="byline">by {escape(publication.byline)}</span> <span class="cat">{escape(publication.section)}</span></div></header>
<div class="entry-content">{_paragraphs(publication)}<p><a href="{escape(publication.source_url or "")}" rel="nofollow">{words}</a></p></div></article>
<div class="widget"><h2>Recent Posts</h2><ul>{_teasers(newsroom, site, publication, 5)}</ul></div>
<footer><p>Proudly powered by WordPress</p></footer></body></html>"""


def _plain(newsroom: Newsroom, publication: Publication) -> str:
    """Hardly any markup, no metadata, a date in words: as many a small paper does it."""
    site = publication.site
    return f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>{escape(site.name)}: {escape(publication.headline)}</title></head>
<body><table width="900"><tr><td><a href="/">{escape(site.name)}</a></td><td><a href="/news/">All news</a></td><td><a href="/about">About us</a></td></tr></table>
<h2>{escape(publication.headline)}</h2><p><i>{publication.at.day} {publication.at:%B %Y} - {escape(publication.byline)}</i></p>
{_paragraphs(publication)}
<hr><p><a href="/news/">Back to all news</a></p><p>Hilltown Post, Tanner Street 3. Letters are welcome.</p></body></html>"""


_STYLES: Final[dict[str, Callable[[Newsroom, Publication], str]]] = {
    "agency": _agency,
    "paper": _paper,
    "broadsheet": _broadsheet,
    "wordpress": _wordpress,
    "autoblog": _autoblog,
    "plain": _plain,
}


def article_page(newsroom: Newsroom, publication: Publication) -> str:
    """The page of one publication."""
    return _STYLES[publication.site.style](newsroom, publication)


def home_page(newsroom: Newsroom, site: Site) -> str:
    """A site's front page: its name, its sections and its newest headlines."""
    announced = {
        "rss": '<link rel="alternate" type="application/rss+xml" title="News" href="{}">'.format(
            {"paper": "/feed.xml", "broadsheet": "/rss/latest"}.get(site.style, "/feed/")
        ),
        "atom": '<link rel="alternate" type="application/atom+xml" title="News" href="/atom.xml">',
        "json_feed": '<link rel="alternate" type="application/feed+json" title="News" href="/feed.json">',
    }
    links = "".join(announced[way] for way in site.discovery if way in announced)
    if site.style == "plain":
        return listing_page(newsroom, site, 1, is_home=True)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(site.name)}</title>{links}</head>
<body><h1>{escape(site.name)}</h1><ul class="headlines">{_teasers(newsroom, site, None, 3)}</ul><footer>© {escape(site.name)}</footer></body></html>"""


def listing_page(newsroom: Newsroom, site: Site, number: int, *, is_home: bool = False, size: int = 3) -> str:
    """A page of a site's list of all articles; the only way to them where it has neither feed nor sitemap."""
    rows = newsroom.of(site)[(number - 1) * size : number * size]
    items = "".join(
        f'<div class="item"><h3><a href="{p.path}">{escape(p.headline)}</a></h3><p>{escape(p.paragraphs[0][:140])} ...</p></div>'
        for p in rows
    )
    more = ""
    if len(newsroom.of(site)) > number * size:
        more = f'<p><a href="/news/?page={number + 1}" rel="next">Older news</a></p>'
    title = site.name if is_home else f"{site.name}: all news"
    return f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>{escape(title)}</title></head>
<body><h1>{escape(title)}</h1><p><a href="/">Home</a> <a href="/news/">All news</a> <a href="/about">About us</a></p>{items}{more}
<p>Hilltown Post, Tanner Street 3. Letters are welcome.</p></body></html>"""


def not_found_page(site_name: str) -> str:
    """What a site says to a wrong address."""
    return f"<!doctype html><html><head><title>Not found</title></head><body><h1>{escape(site_name)}</h1><p>There is no such page.</p></body></html>"


_MENUS: Final[dict[str, tuple[str, ...]]] = {
    "agency": ("World", "Economy", "Science"),
    "paper": ("Local", "World", "Business", "Weather"),
    "broadsheet": _SECTIONS,
    "wordpress": ("US", "World", "Tech", "Sports"),
}


def section_paths(site: Site) -> dict[str, str]:
    """The section pages that a site's menu links to, with the section of each."""
    folder = "/category/{}/" if site.style == "wordpress" else "/section/{}"
    return {folder.format(name.lower()): name for name in _MENUS.get(site.style, ())}


def section_page(newsroom: Newsroom, site: Site, name: str) -> str:
    """The newest headlines of one section; many are empty."""
    rows = [p for p in newsroom.of(site) if p.section == name]
    items = "".join(f'<li><a href="{p.path}">{escape(p.headline)}</a></li>' for p in rows)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name} | {escape(site.name)}</title></head>
<body><p><a href="/">{escape(site.name)}</a></p><h1>{name}</h1><ul>{items}</ul></body></html>"""


def about_page(site: Site) -> str:
    """Who makes the site, in a few words: a page that is no article."""
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>About {escape(site.name)}</title></head>
<body><p><a href="/">{escape(site.name)}</a></p><h1>About us</h1><p>{escape(site.name)} is an invented site.</p></body></html>"""
