"""Pages of a news site that hold no story, made in code with the markup of several kinds of site."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.records import RawPage
from tests.extract.pages import raw

__all__ = ["NonArticle", "non_articles"]

_HEADLINES = (
    "Council approves new plan for the old market hall", "Flood warning lifted along the lower river", "Chess club wins the title for the third time",
    "Bakers ask for lower energy prices this winter", "Tram line to the hospital opens in spring", "Museum shows letters of a forgotten painter",
    "Ministers argue over the price of water", "Two hurt as crane topples at building site", "Teachers and parents agree on smaller classes",
    "Swimmers brave the cold for a good cause", "Court delays ruling on the harbour bridge", "Farmers hope for rain before the harvest",
    "Volunteers rebuild a burnt-down library", "Start-up turns old nets into new shoes", "Orchestra plays for an empty stadium",
    "New rules for scooters come into force", "Village votes against the second wind park", "Rare birds return to the northern marsh",
)  # fmt: skip
_BLURBS = (
    "The vote came after a debate that lasted until two in the morning and left the mayor's own party divided…",
    "Engineers say the dykes held, but several cellars in the old town are still under water.",
    "It was a close match, and the decisive game lasted for more than six hours.",
    "Rising costs have forced eleven shops in the region to close since the summer, the guild says.",
    "Passengers will save twenty minutes on the way to the clinic, the operator promises.",
    "Most of them have never been seen in public, and some are addressed to a woman whose name nobody knows.",
    "A decision is not expected before next week. Both sides say they are ready to talk…",
    "Police have closed the street and are looking for witnesses.",
)
_MENU = (
    "News",
    "Politics",
    "Business",
    "Sport",
    "Culture",
    "Opinion",
    "Weather",
    "Video",
    "Podcasts",
    "Jobs",
)


@dataclass(frozen=True, slots=True)
class NonArticle:
    """A page and the reason that it must be given."""

    kind: str
    page: RawPage


def _frame(main: str, *, title: str, head: str = "", lang: str = "en", footer: bool = True) -> str:
    menu = "".join(f'<li><a href="/{name.lower()}">{name}</a></li>' for name in _MENU)
    end = (
        "<footer><div class='footer-links'>" + "".join(f'<a href="/{n}">{n}</a> ' for n in ("Imprint", "Privacy", "Terms", "Contact", "Jobs"))
        + "</div><p>© 2025 The Daily Lantern. All rights reserved. No part of this site may be copied without written consent.</p></footer>"
    ) if footer else ""  # fmt: skip
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>'
        f'<header><div class="logo"><a href="/">The Daily Lantern</a></div><div class="main-menu"><ul>{menu}</ul></div></header>{main}{end}</body></html>'
    )


def _teasers(style: int, count: int, seed: int) -> str:
    pick = random.Random(seed)
    parts = []
    for n in range(count):
        headline, blurb = pick.choice(_HEADLINES), pick.choice(_BLURBS)
        link = f"/2025/05/story-{seed}-{n}"
        match style % 6:
            case 0:
                parts.append(
                    f'<article class="teaser"><h2><a href="{link}">{headline}</a></h2><p>{blurb}</p><time datetime="2025-05-{n % 28 + 1:02d}">May</time></article>'
                )
            case 1:
                parts.append(
                    f'<div class="card"><a href="{link}"><img src="/{n}.jpg" alt=""><h3>{headline}</h3></a><div class="excerpt">{blurb} <a href="{link}">Read more</a></div></div>'
                )
            case 2:
                parts.append(
                    f'<li class="news-item"><span class="date">{n + 1} May 2025</span><h3 class="title"><a href="{link}">{headline}</a></h3><p class="summary">{blurb}</p></li>'
                )
            case 3:
                parts.append(
                    f'<div class="td_module_10"><h3 class="entry-title"><a href="{link}">{headline}</a></h3><div class="td-module-meta">By <a href="/a">Ann Lee</a></div><div class="td-excerpt">{blurb}</div></div>'
                )
            case 4:
                parts.append(
                    f'<section class="story-list"><h4><a href="{link}">{headline}</a></h4><p>{blurb}</p></section>'
                )
            case _:
                parts.append(
                    f'<div class="post"><h2 class="post-title"><a href="{link}">{headline}</a></h2><div class="entry-summary"><p>{blurb} {pick.choice(_BLURBS)}</p></div></div>'
                )
    inner = "\n".join(parts)
    return f"<ul>{inner}</ul>" if style % 6 == 2 else inner


def non_articles() -> list[NonArticle]:
    """Every page; the same on every call."""
    return [
        *_homes(),
        *_listings(),
        *_media(),
        *_closed(),
        *_walls(),
        *_missing(),
        *_placeholders(),
        *_statuses(),
    ]


def _page(kind: str, html: str, url: str, **more: object) -> NonArticle:
    return NonArticle(kind, raw(html, url=url, **more))


def _homes() -> Iterator[NonArticle]:
    site = '<script type="application/ld+json">{"@context":"https://schema.org","@type":"WebSite","name":"The Daily Lantern"}</script>'
    for style in range(6):
        head = ('<meta property="og:type" content="website">' if style % 2 else "") + (
            site if style % 3 == 0 else ""
        )
        main = f'<main><h1 class="sr-only">The Daily Lantern</h1>{_teasers(style, 14, style)}</main>'
        url = (
            "https://lantern.example/",
            "https://lantern.example",
            "https://lantern.example/index.html",
            "https://lantern.example/en/",
        )[style % 4]
        yield _page(
            "home page", _frame(main, title="The Daily Lantern - news from the north", head=head), url
        )


def _listings() -> Iterator[NonArticle]:
    paths = (
        "category/politics/",
        "tag/harbour/",
        "author/ann-lee/",
        "politics",
        "topics/energy",
        "archive/2025/05/",
        "sport/chess",
        "page/3",
        "region/north",
        "latest",
    )
    for style, path in enumerate(paths):
        kind = (
            '<script type="application/ld+json">{"@context":"https://schema.org","@type":"CollectionPage","name":"Politics"}</script>'
            if style % 4 == 1
            else ""
        )
        main = f'<main class="archive"><h1>{path.split("/")[0].title()}</h1>{_teasers(style, 10 + style, 100 + style)}<div class="pagination"><a href="?page=2">2</a></div></main>'
        yield _page(
            "listing",
            _frame(main, title=f"{path} | The Daily Lantern", head=kind),
            f"https://lantern.example/{path}",
        )
    main = f"<main><h1>Search results for “harbour”</h1><p>18 results</p>{_teasers(5, 12, 55)}</main>"
    yield _page("listing", _frame(main, title="Search: harbour"), "https://lantern.example/?s=harbour")
    flat = "".join(
        f'<h3><a href="/2025/05/f{n}">{headline}</a></h3><p>{blurb}</p>'
        for n, (headline, blurb) in enumerate(zip(_HEADLINES, _BLURBS * 3, strict=False))
    )
    yield _page(
        "listing",
        _frame(f'<main><h1>Sport</h1><div class="stream">{flat}</div></main>', title="Sport"),
        "https://lantern.example/sport/all",
    )
    items = "".join(
        f'<li><a href="/2025/05/{n}">{headline}</a></li>' for n, headline in enumerate(_HEADLINES * 3)
    )
    yield _page(
        "listing",
        _frame(f"<main><h1>All stories</h1><ul>{items}</ul></main>", title="All stories"),
        "https://lantern.example/all/stories",
    )


def _media() -> Iterator[NonArticle]:
    for n in range(3):
        shots = "".join(
            f'<figure class="slide"><img src="/{k}.jpg" alt=""><figcaption>Picture {k}: the parade. Photo: A. Lee</figcaption></figure>'
            for k in range(12 + n)
        )
        kind = (
            '<script type="application/ld+json">{"@context":"https://schema.org","@type":"ImageGallery","name":"The parade"}</script>'
            if n
            else ""
        )
        main = f'<main><h1>In pictures: the spring parade</h1><div class="gallery">{shots}</div></main>'
        yield _page(
            "gallery",
            _frame(main, title="In pictures: the spring parade", head=kind),
            f"https://lantern.example/pictures/parade-{n}",
        )
    for n in range(3):
        head = '<meta property="og:type" content="video.other">' if n < 2 else ""
        if n:
            head += (
                '<script type="application/ld+json">'
                + json.dumps(
                    {
                        "@context": "https://schema.org",
                        "@type": "VideoObject",
                        "name": "Parade",
                        "uploadDate": "2025-05-08T10:00:00Z",
                    }
                )
                + "</script>"
            )
        main = '<main><h1>Watch: the spring parade in sixty seconds</h1><div class="player"><video src="/v.mp4"></video></div><p>The best moments of the day. Duration 1:03.</p></main>'
        yield _page(
            "video",
            _frame(main, title="Watch: the spring parade", head=head),
            f"https://lantern.example/watch/parade-{n}",
        )


def _closed() -> Iterator[NonArticle]:
    notes = (
        "Subscribe to continue reading. Already a subscriber? Log in.", "This article is for subscribers only. Sign in to read the full story.",
        "Jetzt weiterlesen mit Lantern Plus. Bereits Abonnent? Anmelden.", "Cet article est réservé aux abonnés. Abonnez-vous pour lire la suite.",
        "Contenido exclusivo para suscriptores. Suscríbete para seguir leyendo.", "この記事は有料会員限定です。続きを読むには会員登録が必要です。",
    )  # fmt: skip
    for n, note in enumerate(notes):
        head = (
            '<script type="application/ld+json">'
            + json.dumps(
                {
                    "@context": "https://schema.org",
                    "@type": "NewsArticle",
                    "headline": "Harbour bridge",
                    "isAccessibleForFree": False,
                }
            )
            + "</script>"
            if n % 2
            else ""
        )
        main = f'<main><article><h1>What the harbour bridge will really cost</h1><p class="lead">The figures that the ministry kept to itself.</p><div class="paywall-box"><p>{note}</p></div></article></main>'
        yield _page(
            "paywall",
            _frame(main, title="What the harbour bridge will really cost", head=head),
            f"https://lantern.example/2025/05/bridge-{n}",
        )


def _walls() -> Iterator[NonArticle]:
    walls = {
        "en": ("We value your privacy", "We and our 812 partners store and access personal data, such as cookies, on your device. With your consent we and our partners may use precise location data. You can change your choices at any time in our privacy policy. Some partners rely on legitimate interest."),
        "de": ("Mit Werbung und Cookies weiterlesen", "Wir und unsere Partner verarbeiten personenbezogene Daten und setzen Cookies. Mit Ihrer Einwilligung nutzen wir Cookies für Werbung. Ihre Zustimmung können Sie jederzeit in der Datenschutzerklärung widerrufen. Besuchen Sie uns mit Werbung und Tracking."),
        "fr": ("Votre vie privée compte", "Nous et nos partenaires utilisons des cookies et des données personnelles. Avec votre consentement, nos partenaires peuvent accéder à ces cookies. Vous pouvez accepter ou refuser ; voir notre politique de confidentialité sur les cookies et le consentement."),
        "es": ("Su privacidad es importante", "Nosotros y nuestros socios utilizamos cookies y datos personales. Con su consentimiento utilizamos cookies para publicidad. Puede aceptar o rechazar su consentimiento en la política de privacidad y cookies."),
        "it": ("La tua privacy", "Noi e i nostri partner utilizziamo cookie e dati personali. Con il tuo consenso questo sito usa cookie per la pubblicità. Puoi rifiutare il consenso ai cookie nella privacy policy. I dati personali sono trattati dai partner."),
        "nl": ("Uw privacy", "Wij en onze partners gebruiken cookies en persoonsgegevens. Met uw toestemming plaatsen wij cookies. U kunt uw toestemming intrekken in onze privacy verklaring over cookies en persoonsgegevens."),
    }  # fmt: skip
    for language, (title, text) in walls.items():
        yield _page(
            "cookie wall",
            _frame(
                f'<div class="consent-wall"><h1>{title}</h1><p>{text}</p><button>OK</button></div>',
                title=title,
                lang=language,
                footer=False,
            ),
            f"https://lantern.example/{language}/2025/05/parade",
        )
    checks = {
        "Just a moment...": "Checking your browser before accessing lantern.example. Enable JavaScript and cookies to continue.",
        "Attention Required! | Cloudflare": "Sorry, you have been blocked. You are unable to access lantern.example.",
        "Are you a robot?": "Our systems have detected unusual traffic from your network. Please complete the captcha below to continue.",
        "Access Denied": "You don't have permission to access this page on this server. Reference #18.2d4.",
        "Pardon Our Interruption": "As you were browsing something about your browser made us think you were a bot. Please enable JavaScript.",
    }
    for n, (title, text) in enumerate(checks.items()):
        yield _page(
            "bot check",
            f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>",
            f"https://lantern.example/2025/05/check-{n}",
        )


def _missing() -> Iterator[NonArticle]:
    pages = {
        "en": ("Page not found", "Sorry, the page you are looking for does not exist. It may have been moved or deleted."), "en-2": ("404", "Oops! We can't find what you are looking for."),
        "en-3": ("This article is no longer available", "The article you requested has been removed. Try our search or go back to the front page."),
        "de": ("Seite nicht gefunden", "Die von Ihnen gesuchte Seite wurde leider nicht gefunden. Bitte prüfen Sie die Adresse."), "fr": ("Page introuvable", "La page que vous cherchez n'existe pas ou a été déplacée."),
        "es": ("Página no encontrada", "La página que busca no existe o ha cambiado de dirección."), "pt": ("Página não encontrada", "A página que você procura não existe mais neste endereço."),
        "it": ("Pagina non trovata", "La pagina che stai cercando non esiste o è stata spostata."), "nl": ("Pagina niet gevonden", "De pagina die u zoekt bestaat niet meer."),
        "pl": ("Strona nie została znaleziona", "Strona, której szukasz, nie istnieje."), "tr": ("Sayfa bulunamadı", "Aradığınız sayfa bulunamadı."), "ru": ("Страница не найдена", "Запрашиваемая страница не существует."),
        "ja": ("ページが見つかりません", "お探しのページは削除されたか、移動した可能性があります。"), "zh": ("找不到页面", "您访问的页面不存在。"), "ko": ("페이지를 찾을 수 없습니다", "요청하신 페이지가 삭제되었거나 주소가 바뀌었습니다."),
    }  # fmt: skip
    for n, (language, (title, text)) in enumerate(pages.items()):
        more = f"<h2>Most read</h2>{_teasers(1, 6, 300 + n)}" if n % 3 == 0 else ""
        main = f'<main class="error-page"><h1>{title}</h1><p>{text}</p>{more}</main>'
        yield _page(
            "soft 404",
            _frame(main, title=f"{title} - The Daily Lantern", lang=language[:2]),
            f"https://lantern.example/2024/01/gone-{n}",
        )


def _placeholders() -> Iterator[NonArticle]:
    pages = {
        "Index of /news": "<h1>Index of /news</h1><ul><li><a href='a.html'>a.html</a></li><li><a href='b.html'>b.html</a></li></ul>",
        "lantern.example is for sale": "<h1>This domain is for sale</h1><p>The domain lantern.example may be for sale by its owner. Buy this domain today.</p>",
        "Under construction": "<h1>Under construction</h1><p>Our new site is coming soon. Please come back later.</p>",
        "Welcome to nginx!": "<h1>Welcome to nginx!</h1><p>If you see this page, the web server is successfully installed and working. Further configuration is required.</p>",
        "Redirecting": "<p>You are being redirected. If you are not redirected within five seconds, click <a href='/x'>here</a>.</p>",
        "503 Service Unavailable": "<h1>503 Service Unavailable</h1><p>The server is temporarily unable to service your request due to maintenance downtime. Please try again later.</p>",
    }
    for n, (title, body) in enumerate(pages.items()):
        yield _page(
            "placeholder",
            f"<html><head><title>{title}</title></head><body>{body}</body></html>",
            f"https://lantern.example/2025/05/place-{n}",
        )
    yield _page(
        "short",
        _frame(
            "<main><h1>Log in</h1><form><p>Enter your mail address and your password.</p><input></form></main>",
            title="Log in",
        ),
        "https://lantern.example/login",
    )
    yield _page(
        "short",
        _frame(
            "<main><h1>Weather</h1><table><tr><td>Mon</td><td>12°</td></tr><tr><td>Tue</td><td>14°</td></tr></table></main>",
            title="Weather",
        ),
        "https://lantern.example/weather/town",
    )
    yield _page(
        "short",
        _frame(
            "<main><h1>Contact</h1><p>Lantern Press, 4 Quay Street, Almeda. Phone 555 0100.</p></main>",
            title="Contact",
        ),
        "https://lantern.example/contact",
    )


def _statuses() -> Iterator[NonArticle]:
    from tests.extract.pages import article

    for status in (301, 404, 410, 451, 500, 503):
        yield _page("status", article(), f"https://lantern.example/2025/05/status-{status}", status=status)
