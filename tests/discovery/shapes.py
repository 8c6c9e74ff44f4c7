"""Sites of many shapes, each a function from a home address to a web in memory and the articles that it has."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta

from tests.discovery.newsroom import (
    atom,
    cards,
    headline,
    json_feed,
    page,
    put_stories,
    rss,
    sitemap,
    slug,
    when,
)
from tests.discovery.web import NOW, Answer, Web

Shape = Callable[[str], tuple[Web, list[str]]]

SHAPES: dict[str, Shape] = {}
"""Name, which is also the host's name below .test, to builder."""


def shape(builder: Shape) -> Shape:
    SHAPES[builder.__name__.replace("_", "-")] = builder
    return builder


def articles(home: str, count: int, form: str = "news/{slug}") -> list[str]:
    return [home + form.format(slug=slug(n), n=n, id=48210 + n) for n in range(count)]


def numbered(urls: list[str]) -> list[tuple[str, int]]:
    return [(url, n) for n, url in enumerate(urls)]


def titled(urls: list[str]) -> list[tuple[str, str]]:
    return [(url, headline(n)) for n, url in enumerate(urls)]


def stories(home: str, count: int, form: str = "news/{slug}") -> tuple[Web, list[str]]:
    web, urls = Web(), articles(home, count, form)
    put_stories(web, urls)
    return web, urls


def alternate(kind: str, href: str) -> str:
    return f'<link rel="alternate" type="{kind}" href="{href}">'


WELCOME = page("<h1>Welcome</h1><p>Nothing to see here.</p>")


@shape
def rss_only(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 20)
    web.put(home, page("<h1>Welcome</h1>", head=alternate("application/rss+xml", "/out/news")))
    web.put(home + "out/news", rss(numbered(urls)), "application/rss+xml")
    return web, urls


@shape
def rss_by_a_link(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.put(home, page('<p><a href="/syndication/main.rss">RSS</a></p>'))
    web.put(home + "syndication/main.rss", rss(numbered(urls)), "text/plain")
    return web, urls


@shape
def rss_unannounced(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.put(home, WELCOME)
    web.put(home + "feed", rss(numbered(urls)), "application/rss+xml")
    return web, urls


@shape
def rss_xml_unannounced(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.put(home, WELCOME)
    web.put(home + "rss.xml", rss(numbered(urls)), "application/rss+xml")
    return web, urls


@shape
def rss_of_sections(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 30)
    heads = "".join(
        alternate("application/rss+xml", f"/{name}/feed.rss") for name in ("town", "sport", "world")
    )
    web.put(home, page("<h1>Welcome</h1>", head=heads))
    for index, name in enumerate(("town", "sport", "world")):
        web.put(
            f"{home}{name}/feed.rss", rss(numbered(urls)[index * 10 : index * 10 + 10]), "application/rss+xml"
        )
    return web, urls


@shape
def atom_only(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.put(home, page("", head=alternate("application/atom+xml", "/a")))
    web.put(home + "a", atom(numbered(urls)), "text/xml")
    return web, urls


@shape
def json_feed_only(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.put(home, page("", head=alternate("application/feed+json", "/feed.json")))
    web.put(home + "feed.json", json_feed(numbered(urls)), "application/feed+json")
    return web, urls


@shape
def sitemap_by_robots(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 60, "story/{id}")
    web.put(home, WELCOME)
    web.put(
        home + "robots.txt", f"User-agent: *\nDisallow: /x\n\nSitemap: {home}maps/all.xml\n", "text/plain"
    )
    web.put(home + "maps/all.xml", sitemap(numbered(urls)), "application/xml")
    return web, urls


@shape
def sitemap_index_gzip(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 40)
    web.put(home, WELCOME)
    index = (
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"<sitemap><loc>{home}sitemap-1.xml.gz</loc></sitemap><sitemap><loc>{home}sitemap-2.xml.gz</loc></sitemap>"
        "</sitemapindex>"
    )
    web.put(home + "sitemap.xml", index, "application/xml")
    both = numbered(urls)
    web.put(home + "sitemap-1.xml.gz", gzip.compress(sitemap(both[:20]).encode()), "application/x-gzip")
    web.put(home + "sitemap-2.xml.gz", gzip.compress(sitemap(both[20:]).encode()), "application/octet-stream")
    return web, urls


@shape
def sitemap_text(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 15)
    web.put(home, WELCOME)
    web.put(home + "robots.txt", "Sitemap: /urls.txt", "text/plain")
    web.put(home + "urls.txt", "\n".join(urls), "text/plain")
    return web, urls


@shape
def news_sitemap(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 15)
    web.put(home, WELCOME)
    web.put(home + "robots.txt", "Sitemap: /news-sitemap.xml", "text/plain")
    web.put(home + "news-sitemap.xml", sitemap(numbered(urls), news=True), "application/xml")
    return web, urls


def _listing(home: str, pager: str, count: int = 45) -> tuple[Web, list[str]]:
    web, urls = stories(home, count)
    for start in range(0, count, 10):
        number = start // 10 + 1
        following = pager.format(n=number + 1) if start + 10 < count else ""
        own = pager.format(n=number).split('href="')[1].split('"')[0]
        web.put(
            home if number == 1 else home + own.lstrip("/"),
            page(cards(titled(urls)[start : start + 10]), following),
        )
    return web, urls


@shape
def listing_by_query(home: str) -> tuple[Web, list[str]]:
    return _listing(home, '<a class="next" href="/?page={n}">Next</a>')


@shape
def listing_by_path(home: str) -> tuple[Web, list[str]]:
    return _listing(home, '<a rel="next" href="/page/{n}/">›</a>')


@shape
def listing_by_numbers(home: str) -> tuple[Web, list[str]]:
    return _listing(home, '<div class="pagination"><a href="/page/{n}">{n}</a></div>')


@shape
def sections_by_short_numbers(home: str) -> tuple[Web, list[str]]:
    """Sections two levels down whose pager is `?p=2`, without a word that says so."""
    web, urls = stories(home, 24, "{slug}-{id}.html")
    web.put(home, page('<p><a href="/region/">Region</a> <a href="/sport/">Sport</a></p>'))
    web.put(home + "region/", page('<p><a href="/region/north/">North</a></p>'))
    pager = "<div>" + "".join(f'<a href="?p={n}">{n}</a> ' for n in (1, 2, 3)) + "</div>"
    for index, section in enumerate(("region/north/", "sport/")):
        for number in (1, 2, 3):
            start = index * 12 + (number - 1) * 4
            rows = "".join(
                f'<p><a href="{url}">{text}</a></p>' for url, text in titled(urls)[start : start + 4]
            )
            web.put(f"{home}{section}?p={number}", page(rows, pager))
            if number == 1:
                web.put(home + section, page(rows, pager))
    return web, urls


@shape
def listing_by_words(home: str) -> tuple[Web, list[str]]:
    return _listing(home, '<a href="/archive/{n}.html">Older posts</a>')


@shape
def sections_only(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 60, "{slug}")
    names = ("politics", "local-news", "sport")
    menu = "<nav>" + "".join(f'<a href="/{s}/">{s.title()}</a>' for s in names) + "</nav>"
    web.put(home, page(menu, "<h1>The Paper</h1>", '<a href="/about">About us</a>'))
    for index, section in enumerate(names):
        part = titled(urls)[index * 20 : index * 20 + 20]
        second = f'<a href="/{section}/page/2/">Older</a>'
        web.put(f"{home}{section}/", page(menu, cards(part[:10]), second))
        web.put(f"{home}{section}/page/2/", page(menu, cards(part[10:])))
    return web, urls


@shape
def subsections_only(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 20, "{slug}")
    web.put(
        home, page('<ul><li><a href="/world">World</a></li><li><a href="/home">Home affairs</a></li></ul>')
    )
    web.put(home + "world", page('<a href="/world/asia">Asia</a> <a href="/world/africa">Africa</a>'))
    web.put(home + "world/asia", page(cards(titled(urls)[:8])))
    web.put(home + "world/africa", page(cards(titled(urls)[8:14])))
    web.put(home + "home", page(cards(titled(urls)[14:])))
    return web, urls


_FORMS = {
    "short-path": "a/{n}",
    "query-id": "article.php?id={id}",
    "html-slug": "{slug}.html",
    "story-number": "story{n}.html",
    "wordpress-id": "?p={id}",
    "bare-letter": "x{n}",
    "month-slug": "2026/11/{slug}",
    "item-number": "item/{n}/",
    "id-only": "{id}",
    "archive-page": "archives/{id}",
}


def _plain_links(form: str) -> Shape:
    def build(home: str) -> tuple[Web, list[str]]:
        web, urls = stories(home, 15, form)
        rows = "".join(f'<li><a href="{url}">{text}</a></li>' for url, text in titled(urls))
        web.put(home, page("<ul>", rows, "</ul>"))
        return web, urls

    return build


def _read_more(form: str) -> Shape:
    def build(home: str) -> tuple[Web, list[str]]:
        web, urls = stories(home, 15, form)
        rows = "".join(
            f'<div><b>{text}</b> <a href="{url}">Read more</a></div>' for url, text in titled(urls)
        )
        web.put(home, page(rows))
        return web, urls

    return build


for _name, _form in _FORMS.items():
    SHAPES[f"links-{_name}"] = _plain_links(_form)
    SHAPES[f"more-{_name}"] = _read_more(_form)


@shape
def pictures_link(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12, "{slug}")
    rows = "".join(
        f'<div><a href="{url}"><img src="/i.jpg" alt="{text}"></a></div>' for url, text in titled(urls)
    )
    web.put(home, page(rows))
    return web, urls


@shape
def item_list(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    data = {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "url": url} for url in urls]}
    web.put(home, page(f'<script type="application/ld+json">{json.dumps(data)}</script>'))
    return web, urls


@shape
def wordpress_feed(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 35, "2026/11/{slug}/")
    generator = "<generator>https://wordpress.org/?v=6.9</generator>"
    web.put(home, page("", head=alternate("application/rss+xml", "/feed/")))
    for start in range(0, 35, 10):
        url = home + "feed/" + (f"?paged={start // 10 + 1}" if start else "")
        web.put(url, rss(numbered(urls)[start : start + 10], extra=generator), "application/rss+xml")
    return web, urls


@shape
def wordpress_rest(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 130, "2026/11/{slug}/")
    web.put(home, page("", head=f'<link rel="https://api.w.org/" href="{home}wp-json/">'))
    posts = [
        {"link": url, "date_gmt": when(n).isoformat()[:19], "title": {"rendered": headline(n)}}
        for url, n in numbered(urls)
    ]
    query = (
        "wp-json/wp/v2/posts?per_page=100&_fields=link%2Cdate_gmt%2Cmodified_gmt%2Ctitle&orderby=date&page="
    )
    web.put(home + query + "1", json.dumps(posts[:100]), "application/json")
    web.put(home + query + "2", json.dumps(posts[100:]), "application/json")
    return web, urls


def _wordpress(home: str, count: int, *, pages: str) -> tuple[Web, list[str]]:
    """A WordPress site whose REST interface is closed and whose feed of ten names no generator."""
    web, urls = stories(home, count, "2026/11/{slug}/")
    rest = f'<link rel="https://api.w.org/" href="{home}wp-json/">'
    web.put(home, page(head=rest + alternate("application/rss+xml", f"{home}feed/")))
    for start in range(0, count, 10):
        part = numbered(urls)[start : start + 10]
        number = start // 10 + 1
        if number == 1 or pages == "feed":
            following = f"?paged={number}" if start else ""
            web.put(f"{home}feed/{following}", rss(part), "application/rss+xml")
        if pages == "front":
            web.put(f"{home}?paged={number}", page(cards([(url, headline(n)) for url, n in part])))
    return web, urls


@shape
def wordpress_rest_missing(home: str) -> tuple[Web, list[str]]:
    return _wordpress(home, 25, pages="feed")


@shape
def wordpress_rest_forbidden(home: str) -> tuple[Web, list[str]]:
    """Neither the REST interface nor a paged feed: the older posts stand on the front page's following pages."""
    web, urls = _wordpress(home, 35, pages="front")
    query = (
        "wp-json/wp/v2/posts?per_page=100&_fields=link%2Cdate_gmt%2Cmodified_gmt%2Ctitle&orderby=date&page=1"
    )
    web.answers[home + query] = Answer(body=b'{"code":"rest_forbidden"}', status=401)
    return web, urls


@shape
def wordpress_without_a_word(home: str) -> tuple[Web, list[str]]:
    """Only the style sheet tells that it is WordPress."""
    web, urls = _wordpress(home, 25, pages="feed")
    style = '<link rel="stylesheet" href="/wp-content/themes/paper/style.css">'
    web.put(home, page(head=style + alternate("application/rss+xml", "/feed/")))
    return web, urls


@shape
def redirects(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.redirect(home, home + "start", 302)
    web.put(
        home + "start", '<html><head><meta http-equiv="refresh" content="0; url=/en/home.html"></head></html>'
    )
    web.put(home + "en/home.html", page(cards(titled(urls))))
    return web, urls


@shape
def script_redirect(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.put(home, "<html><body><script>window.location.href = '/front';</script></body></html>")
    web.put(home + "front", page(cards(titled(urls))))
    return web, urls


@shape
def article_redirects(home: str) -> tuple[Web, list[str]]:
    """The feed names short addresses that lead to the articles."""
    web, urls = stories(home, 12)
    for number, url in enumerate(urls):
        web.redirect(f"{home}go/{number}-r", url, 301)
    web.put(home, page("", head=alternate("application/rss+xml", "/feed.xml")))
    web.put(home + "feed.xml", rss([(f"{home}go/{n}-r", n) for n in range(12)]), "application/rss+xml")
    return web, urls


@shape
def everything_at_once(home: str) -> tuple[Web, list[str]]:
    """A feed of the latest, a sitemap of more, and sections that alone link the rest."""
    web, urls = stories(home, 45)
    menu = (
        '<nav><a href="/politics">Politics</a><a href="/sport">Sport</a><a href="/tag/storm">Storm</a></nav>'
    )
    web.put(home, page(menu, cards(titled(urls)[:5]), head=alternate("application/rss+xml", "/feed")))
    web.put(home + "feed", rss(numbered(urls)[:10]), "application/rss+xml")
    web.put(home + "sitemap.xml", sitemap(numbered(urls)[5:25]), "application/xml")
    web.put(home + "politics", page(menu, cards(titled(urls)[20:35])))
    web.put(home + "sport", page(menu, cards(titled(urls)[35:])))
    return web, urls


@shape
def index_redirect(home: str) -> tuple[Web, list[str]]:
    """The home page leads to an address with the same key."""
    web, urls = stories(home, 12)
    web.redirect(home, "/index.html", 301)
    web.put(home + "index.html", page(cards(titled(urls))))
    return web, urls


@shape
def home_missing(home: str) -> tuple[Web, list[str]]:
    """No home page at all; a feed stands at a usual place."""
    web, urls = stories(home, 12)
    web.put(home + "feed", rss(numbered(urls)), "application/rss+xml")
    return web, urls


@shape
def feed_slash_redirect(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.put(home, WELCOME)
    web.redirect(home + "feed", home + "feed/", 301)
    web.put(home + "feed/", rss(numbered(urls)), "application/rss+xml")
    return web, urls


@shape
def article_slash_redirect(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12, "news/{slug}/")
    for url in urls:
        web.redirect(url.rstrip("/"), url, 301)
    web.put(home, page(cards([(url.rstrip("/"), text) for url, text in titled(urls)])))
    return web, urls


@shape
def base_href(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12, "deep/er/{slug}.html")
    rows = [(url.rpartition("/")[2], text) for url, text in titled(urls)]
    web.put(home, page(cards(rows), head='<base href="/deep/er/">'))
    return web, urls


@shape
def relative_links(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12, "town/{slug}.html")
    web.put(home, page('<p><a href="./town/">Town</a></p>'))
    web.put(home + "town/", page(cards([(url.rpartition("/")[2], text) for url, text in titled(urls)])))
    return web, urls


@shape
def offset_pager(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 35)
    for start in range(0, 35, 10):
        numbers = "".join(f'<a href="/?start={10 * n}">{n + 1}</a>' for n in range(4))
        web.put(
            home + (f"?start={start}" if start else ""),
            page(cards(titled(urls)[start : start + 10]), f'<div class="pager">{numbers}</div>'),
        )
    return web, urls


@shape
def html_sitemap(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 30, "{slug}")
    web.put(home, page("<h1>Welcome</h1>", '<footer><a href="/sitemap">Site map</a></footer>'))
    web.put(
        home + "sitemap", page("".join(f'<p><a href="{url}">{text}</a></p>' for url, text in titled(urls)))
    )
    return web, urls


@shape
def month_archives(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 20, "2026/11/{slug}")
    web.put(
        home,
        page('<aside><a href="/2026/11/">November 2026</a> <a href="/1999/11/">November 1999</a></aside>'),
    )
    web.put(home + "2026/11/", page(cards(titled(urls))))
    return web, urls


@shape
def day_archives(home: str) -> tuple[Web, list[str]]:
    """Each day's list links the one of the day before, through empty weeks and for ever."""
    web, urls = stories(home, 24, "story/{slug}")
    day, left = NOW.date(), titled(urls)
    web.put(home, page(cards(left[:2]), f'<a href="/archive/{day:%Y/%m/%d}">Archive</a>'))
    for number in range(60):
        count = 0 if number in (4, 5, 6) else 2
        before = day - timedelta(days=1)
        web.put(
            f"{home}archive/{day:%Y/%m/%d}",
            page(cards(left[:count]), f'<p><a href="/archive/{before:%Y/%m/%d}">The day before</a></p>'),
        )
        day, left = before, left[count:]
    return web, urls


@shape
def archive_of_a_sleeping_site(home: str) -> tuple[Web, list[str]]:
    """Nothing new for years: the window counts back from the newest month."""
    web, urls = stories(home, 20, "2023/11/{slug}")
    web.put(
        home,
        page('<aside><a href="/2023/11/">November 2023</a> <a href="/1999/11/">November 1999</a></aside>'),
    )
    web.put(home + "2023/11/", page(cards(titled(urls))))
    return web, urls


@shape
def cyrillic(home: str) -> tuple[Web, list[str]]:
    """A page in windows-1251, addresses in percent-encoding."""
    web = Web()
    urls = [
        home + f"%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/%D1%88%D1%82%D0%BE%D1%80%D0%BC-{n}"
        for n in range(12)
    ]
    put_stories(web, urls)
    rows = "".join(
        f'<h2><a href="{url}">Шторм закрыл порт на два дня, номер {n}</a></h2>' for n, url in enumerate(urls)
    )
    web.put(home, f"<html><body>{rows}</body></html>".encode("cp1251"), "text/html; charset=windows-1251")
    return web, urls


@shape
def spaces_in_links(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12, "town%20news/{slug}.html")
    rows = [(url.replace("%20", " "), text) for url, text in titled(urls)]
    web.put(home, page(cards(rows)))
    return web, urls


@shape
def frames(home: str) -> tuple[Web, list[str]]:
    web, urls = stories(home, 12)
    web.put(home, '<html><frameset><frame src="menu.html"><frame src="/main.html"></frameset></html>')
    web.put(home + "menu.html", page('<a href="/contact">Contact</a>'))
    web.put(home + "main.html", page(cards(titled(urls))))
    return web, urls


@shape
def teasers_look_like_stories(home: str) -> tuple[Web, list[str]]:
    """Section pages whose teasers are long paragraphs, as in a story."""
    web, urls = stories(home, 30, "{slug}")
    long = "The council said on Friday that the works would go on, and that the cost would be met in full by spring. "
    web.put(
        home, page('<nav><a href="/town">Town</a><a href="/county">County</a><a href="/port">Port</a></nav>')
    )
    for index, section in enumerate(("town", "county", "port")):
        part = titled(urls)[index * 10 : index * 10 + 10]
        if section == "town":
            rows = "".join(f'<h2><a href="{url}">{text}</a></h2><p>{long * 2}</p>' for url, text in part)
        elif section == "port":
            rows = "".join(f'<a href="{url}">More</a><p>{long * 2}</p>' for url, _ in part)
        else:
            rows = "".join(f'<p>{long * 2} <a href="{url}">{text}</a></p>' for url, text in part)
        web.put(home + section, page(f"<main><h1>{section}</h1>{rows}</main>"))
    return web, urls


@shape
def lists_say_they_are_stories(home: str) -> tuple[Web, list[str]]:
    """A theme that writes og:type=article on every page, on lists of stories and their following pages too."""
    web, urls = stories(home, 40, "{slug}")
    head = '<meta property="og:type" content="article">'
    web.put(home, page('<nav><a href="/category/town/">Town</a><a href="/county/">County</a></nav>'))
    teaser = "<p>The council said on Friday that the works would go on, whatever they cost in the end.</p>"
    for index, section in enumerate(("category/town", "county")):
        part = titled(urls)[index * 20 : index * 20 + 20]
        for start in (0, 10):
            rows = "".join(
                f'<div><h3><a href="{url}">{text}</a></h3>{teaser}</div>'
                for url, text in part[start : start + 10]
            )
            following = f'<a class="next" href="/{section}/page/2/">Next</a>' if not start else ""
            web.put(f"{home}{section}/" + ("page/2/" if start else ""), page(rows, following, head=head))
    return web, urls


@shape
def opinion_front(home: str) -> tuple[Web, list[str]]:
    """A front page with one whole story on it, and the others below."""
    web, urls = stories(home, 12, "{slug}")
    text = (
        "<p>The harbour has been closed for two days, and the ferry company does not expect it to open.</p>"
        * 8
    )
    web.put(home, page(f"<article><h1>Leader</h1>{text}</article>", cards(titled(urls))))
    return web, urls
