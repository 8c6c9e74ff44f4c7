"""Listing pages in many shapes, and stories that look like listings: own words, made in code, without regard to any rule.

A listing shows the beginnings of many stories: sections, tags, archives, search results, tickers, authors' pages. What
looks like one and is a story: a round-up, a live blog, a list of ten, a text between teasers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schemas.records import RawPage
from tests.extract.pages import STORY, raw

__all__ = ["ShapedPage", "listings", "lookalikes"]

_HEADLINES = {
    "en": (
        "Storm shuts ferry line for second day", "School board drops plan to merge campuses", "Firefighters free dog from frozen canal", "Tenants win case over broken lifts",
        "Mayor to stand again in autumn vote", "Cider makers count cost of late frost", "Museum buys lost map at auction", "Rail unions call off Friday strike",
        "Clinic opens night ward for children", "Bridge toll to rise by forty cents", "Young chess champion beats master", "Police find stolen bronze statue",
    ),
    "de": (
        "Fähre fällt wegen Sturm erneut aus", "Stadtrat lehnt neue Parkgebühren ab", "Feuerwehr rettet Hund aus dem Kanal", "Mieter gewinnen Streit um Aufzüge",
        "Bürgermeisterin tritt wieder an", "Frost schadet der Apfelernte", "Museum ersteigert verschollene Karte", "Bahnstreik am Freitag abgesagt",
        "Klinik eröffnet Nachtstation", "Brückenmaut steigt um vierzig Cent", "Schülerin schlägt Schachmeister", "Polizei findet gestohlene Statue",
    ),
    "es": (
        "El temporal cierra el puerto por segundo día", "El concejo rechaza la nueva tarifa", "Bomberos rescatan a un perro del canal", "Los vecinos ganan el pleito del ascensor",
        "La alcaldesa se presentará de nuevo", "La helada daña la cosecha de manzana", "El museo compra un mapa perdido", "Suspenden la huelga de trenes",
        "La clínica abre una sala nocturna", "Sube el peaje del puente", "Una joven vence al maestro de ajedrez", "Hallan la estatua robada",
    ),
    "ja": (
        "嵐でフェリー二日連続の運休", "市議会が駐車料金案を否決", "消防が運河から犬を救助", "住民がエレベーター訴訟で勝訴", "市長が秋の選挙に再出馬へ", "遅霜でりんごに被害",
        "博物館が失われた地図を落札", "鉄道組合が金曜のストを中止", "病院が夜間病棟を開設", "橋の通行料が値上げへ", "高校生が将棋名人に勝利", "盗まれた銅像が見つかる",
    ),
}  # fmt: skip
_BLURBS = {
    "en": (
        "The line hopes to run again by the weekend if the wind turns, a spokeswoman said.", "Parents had filled the hall for three evenings to speak against it.",
        "The animal was cold but unhurt, and was given back to its owner.", "The landlord must now pay back a tenth of two years' rent, the court ruled on Monday.",
        "She has led the town since the old harbour was closed.", "Growers say that half of the blossom was lost in one night in the upper valley, and more may follow.",
        "It had been missing since the flood of 1953.", "Both sides will meet again next week; a deal is said to be near.",
    ),
    "de": (
        "Am Wochenende soll das Schiff wieder fahren, wenn der Wind dreht, sagte eine Sprecherin.", "Drei Abende lang hatten Eltern dagegen gesprochen.", "Das Tier war kalt, aber unverletzt.",
        "Der Vermieter muss ein Zehntel der Miete zurückzahlen, entschied das Gericht am Montag.", "Sie führt die Stadt seit der Schließung des alten Hafens.", "In einer Nacht ging die Hälfte der Blüten verloren.",
    ),
    "es": (
        "La línea espera reabrir el fin de semana si cambia el viento, dijo una portavoz.", "Los padres llenaron la sala durante tres noches.", "El animal estaba frío pero ileso.",
        "El dueño debe devolver una décima parte del alquiler, falló el tribunal el lunes.", "Gobierna la ciudad desde el cierre del viejo puerto.",
    ),
    "ja": ("風向きが変われば週末には再開できる見通しだと広報担当者は述べた。", "保護者は三晩にわたって反対意見を述べた。", "犬は体が冷えていたが無事だった。", "家主は二年分の家賃の一割を返すよう命じられた。"),
}  # fmt: skip
_MENU = {
    "en": ("Home", "Local", "Sport", "Business", "Contact"),
    "de": ("Start", "Lokales", "Sport", "Wirtschaft", "Kontakt"),
    "es": ("Inicio", "Local", "Deportes", "Economía", "Contacto"),
    "ja": ("ホーム", "地域", "スポーツ", "経済", "連絡"),
}


@dataclass(frozen=True, slots=True)
class ShapedPage:
    """A page and the shape that it has."""

    name: str
    page: RawPage


@dataclass(frozen=True, slots=True)
class _Item:
    link: str
    headline: str
    blurb: str
    day: int


def _items(count: int, seed: int, language: str = "en", blurbs: int = 1) -> list[_Item]:
    pick = random.Random(seed)
    headlines = pick.sample(_HEADLINES[language], k=min(count, 12)) * (count // 12 + 1)
    join = "" if language == "ja" else " "
    return [
        _Item(f"/{2020 + seed % 6}/{n + 1}/item-{seed}-{n}", headlines[n], join.join(pick.choice(_BLURBS[language]) for _ in range(blurbs)), n % 27 + 1)
        for n in range(count)
    ]  # fmt: skip


def _page(main: str, *, title: str, language: str = "en", head: str = "", modern: bool = True) -> str:
    links = [f'<a href="/{n}">{name}</a>' for n, name in enumerate(_MENU.get(language, _MENU["en"]))]
    if not modern:
        return f"<html><head><title>{title}</title>{head}</head><body><p>{' | '.join(links)}</p>{main}<hr><p>The Northern Lamp, 3 Quay Street</p></body></html>"
    menu = "".join(f"<li>{link}</li>" for link in links)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title} - The Northern Lamp</title>{head}</head><body>'
        f'<header><a href="/">The Northern Lamp</a><nav><ul>{menu}</ul></nav></header>{main}<footer><p>© The Northern Lamp</p></footer></body></html>'
    )


_Shape = Callable[[_Item], str]
_SHAPES: dict[str, _Shape] = {
    "heading and blurb": lambda i: f'<div class="item"><h3><a href="{i.link}">{i.headline}</a></h3><p>{i.blurb}</p></div>',
    "bare links": lambda i: f'<p><a href="{i.link}">{i.headline}</a></p>',
    "bold link, break, blurb": lambda i: f'<a href="{i.link}"><b>{i.headline}</b></a><br>{i.blurb}<br><br>',
    "table row": lambda i: f'<tr><td>{i.day}.5.2024</td><td><a href="{i.link}">{i.headline}</a></td><td>{i.blurb}</td></tr>',
    "heading without link": lambda i: f'<article><h2>{i.headline}</h2><p>{i.blurb}</p><p><a href="{i.link}">Read more</a></p></article>',
    "all in one link": lambda i: f'<a class="card" href="{i.link}"><img src="/i.jpg" alt=""><div><h4>{i.headline}</h4><p>{i.blurb}</p></div></a>',
    "picture cards": lambda i: f'<figure class="tile"><a href="{i.link}"><img src="/i.jpg" alt="{i.headline}"></a><figcaption><a href="{i.link}">{i.headline}</a></figcaption></figure>',
    "definition list": lambda i: f'<dt><a href="{i.link}">{i.headline}</a></dt><dd>{i.blurb}</dd>',
    "ticker": lambda i: f'<li><time>{i.day % 24:02d}:15</time> <a href="{i.link}">{i.headline}</a></li>',
    "ticker with text": lambda i: f'<div class="tick"><span>{i.day % 24:02d}:40</span><strong><a href="{i.link}">{i.headline}</a></strong><span>{i.blurb}</span></div>',
    "search hit": lambda i: f'<div class="result"><a href="{i.link}">{i.headline}</a><cite>lamp.example{i.link}</cite><p>… {i.blurb} …</p></div>',
    "numbered": lambda i: f'<li><h2><a href="{i.link}">{i.headline}</a></h2> {i.blurb} <small>{i.day} May 2024 · 3 comments</small></li>',
    "long teaser": lambda i: f'<section><h3><a href="{i.link}">{i.headline}</a></h3><p>{i.blurb} <a href="{i.link}">Continue reading →</a></p></section>',
    "meta and tags": lambda i: f'<div class="row"><span class="tag">Local</span><h3 class="t"><a href="{i.link}">{i.headline}</a></h3><p class="by">By Ann Lee | {i.day} May 2024</p><p>{i.blurb}</p><p>Tags: harbour, council</p></div>',
}  # fmt: skip


def _wrapped(shape: str, items: list[_Item]) -> str:
    rows = "\n".join(_SHAPES[shape](item) for item in items)
    if shape == "table row":
        return f"<table>{rows}</table>"
    if shape == "definition list":
        return f"<dl>{rows}</dl>"
    if shape in ("ticker", "numbered"):
        return f"<ol>{rows}</ol>"
    return rows


_BIO = "<p>Ann Lee has reported from the coast for eleven years. She began at the harbour desk, studied in Almeda, and writes about ships, courts and the weather. Her book on the flood of 1953 came out last year.</p>"
_INTRO = "<p>Everything about the harbour bridge, from the first plans to the long dispute over its cost. The bridge was meant to open five years ago. Here we collect our reports, interviews and pictures, with the newest on top. If you know more, write to our desk.</p>"
_MORE = {
    "en": '<p><a href="?page=3" rel="next">Older news</a></p>',
    "de": '<p><a href="?seite=3">Weiter</a></p>',
    "es": '<p><a href="?pagina=3">Más</a></p>',
    "ja": '<p><a href="?p=3">次へ</a></p>',
}


def listings() -> Iterator[ShapedPage]:
    """Every listing; the same on every call."""
    paths = {
        "en": ("news/?page=2", "news/", "local", "tag/harbour", "archive/2024/05", "stories.php?cat=4", "sport/index.html", "latest-news"),
        "de": ("lokales", "thema/hafen", "nachrichten/?seite=2", "archiv/2024-05"),
        "es": ("noticias", "etiqueta/puerto", "local/pagina/2", "archivo"),
        "ja": ("news/list", "tag/12", "local/?p=2", "archive"),
    }  # fmt: skip
    titles = {"en": ("News", "All news", "Local", "Harbour"), "de": ("Lokales", "Thema Hafen", "Nachrichten", "Archiv"), "es": ("Noticias", "Puerto", "Local", "Archivo"), "ja": ("ニュース", "港", "地域", "アーカイブ")}  # fmt: skip
    seed = 0
    for language, shapes in (
        ("en", list(_SHAPES)),
        ("de", list(_SHAPES)[::2]),
        ("es", list(_SHAPES)[1::3]),
        ("ja", list(_SHAPES)[::4]),
    ):
        for at, shape in enumerate(shapes):
            seed += 1
            count = (12, 3, 8, 20, 5)[seed % 5]
            main = (
                _wrapped(shape, _items(count, seed, language, blurbs=3 if shape == "long teaser" else 1))
                + _MORE[language]
            )
            title = titles[language][at % 4]
            page = _page(
                f"<h1>{title}</h1>{main}" if seed % 3 else main,
                title=title,
                language=language,
                modern=seed % 4 != 0,
            )
            url = f"https://lamp.example/{paths[language][at % len(paths[language])]}"
            yield ShapedPage(f"{shape}, {language}, {count}", raw(page, url=url))
    yield from _special()


def _special() -> Iterator[ShapedPage]:
    def shaped(
        name: str, main: str, path: str, *, title: str, head: str = "", modern: bool = True
    ) -> ShapedPage:
        return ShapedPage(
            name, raw(_page(main, title=title, head=head, modern=modern), url=f"https://lamp.example/{path}")
        )

    blurbs = _wrapped("heading and blurb", _items(9, 71))
    og = '<meta property="og:type" content="website"><meta property="og:title" content="Ann Lee">'
    yield shaped(
        "author's page", f"<h1>Ann Lee</h1>{_BIO}{blurbs}", "people/ann-lee", title="Ann Lee", head=og
    )
    yield shaped(
        "author's page without headings",
        f"<h1>Ann Lee</h1>{_BIO}{_wrapped('bare links', _items(12, 72))}",
        "author/ann-lee",
        title="Ann Lee",
    )
    yield shaped(
        "topic with an introduction",
        f"<h1>The harbour bridge</h1>{_INTRO}{blurbs}",
        "topics/harbour-bridge",
        title="The harbour bridge",
    )
    yield shaped(
        "search",
        f"<h1>18 results for bridge</h1>{_wrapped('search hit', _items(10, 73))}",
        "search?q=bridge",
        title="Search",
    )
    yield shaped(
        "search in an old page",
        f"<b>Your search: bridge</b><p>{_wrapped('bold link, break, blurb', _items(6, 74))}",
        "cgi-bin/find.pl?words=bridge",
        title="Search",
        modern=False,
    )
    days = "".join(
        f"<h3>{day} May 2024</h3><ul>{_wrapped('ticker', _items(4, 80 + day))}</ul>" for day in range(1, 6)
    )
    yield shaped("archive by day", f"<h1>May 2024</h1>{days}", "archive/2024/may", title="Archive: May 2024")
    months = "".join(
        f'<li><a href="/archive/2024/{n}">Month {n} of 2024 (31 stories)</a></li>' for n in range(1, 13)
    )
    yield shaped("archive by month", f"<h1>Archive</h1><ul>{months}</ul>", "archive", title="Archive")
    columns = "".join(
        f"<div class='col'><h2><a href='/{name}'>{name}</a></h2>{_wrapped('bare links', _items(4, 90 + n))}</div>"
        for n, name in enumerate(("Local", "Sport", "Business"))
    )
    yield shaped("overview of sections", f"<main>{columns}</main>", "today", title="Today")
    episodes = "".join(
        f'<div class="episode"><h3><a href="/pod/{n}">Episode {n}: {i.headline}</a></h3><p>{i.blurb}</p><button>Play</button><span>31 min</span></div>'
        for n, i in enumerate(_items(8, 95), 1)
    )
    yield shaped(
        "podcast episodes",
        f"<h1>The Lamp Podcast</h1><p>Two reporters talk about the week.</p>{episodes}",
        "podcast",
        title="The Lamp Podcast",
    )
    notices = "".join(
        f"<div><b><a href='/obit/{n}'>{name}</a></b>, {60 + n}, of Almeda. Services will be held on Friday at ten in the old chapel.</div>"
        for n, name in enumerate(
            ("Rosa Lund", "Emil Karsten", "Ida Moor", "Jon Field", "Tove Ahl", "Per Bang")
        )
    )
    yield shaped("obituaries", f"<h1>Obituaries</h1>{notices}", "obituaries", title="Obituaries")
    releases = "".join(
        f'<div class="release"><span>{i.day} May 2024</span><a href="{i.link}">{i.headline}</a><div>{i.blurb}</div></div>'
        for i in _items(10, 97, blurbs=4)
    )
    yield shaped(
        "press releases with long summaries",
        f"<h1>Press releases</h1>{releases}",
        "press",
        title="Press releases",
    )
    letters = "".join(
        f'<li><a href="/nl/{n}">The Lamp Letter no. {n}: {i.headline}</a></li>'
        for n, i in enumerate(_items(14, 98))
    )
    yield shaped(
        "newsletters", f"<h1>Past letters</h1><ul>{letters}</ul>", "letters/past", title="Past letters"
    )


def lookalikes() -> Iterator[ShapedPage]:
    """Stories that look like listings; the same on every call."""
    paragraphs = "".join(f"<p>{text}</p>" for text in STORY)

    def shaped(
        name: str,
        main: str,
        path: str = "2025/05/harbour-data",
        *,
        title: str = "Ports to share cargo data",
        modern: bool = True,
    ) -> ShapedPage:
        return ShapedPage(
            name, raw(_page(main, title=title, modern=modern), url=f"https://lamp.example/{path}")
        )

    items = _items(9, 201)
    teasers = _wrapped("heading and blurb", items)
    yield shaped(
        "story above teasers",
        f"<article><h1>Ports to share cargo data</h1>{paragraphs}</article><section>{teasers}</section>",
    )
    yield shaped(
        "story below teasers",
        f"<section>{teasers}</section><article><h1>Ports to share cargo data</h1>{paragraphs}</article>",
    )
    yield shaped(
        "old story above bare links",
        f"<h2>Ports to share cargo data</h2>{paragraphs}{_wrapped('bare links', items)}",
        "story.php?id=12",
        modern=False,
    )
    boxes = "".join(
        f"<p>{text}</p>{_SHAPES['bare links'](item)}" for text, item in zip(STORY, items, strict=False)
    )
    yield shaped(
        "read-more lines between paragraphs", f"<article><h1>Ports to share cargo data</h1>{boxes}</article>"
    )
    ten = "".join(
        f"<h2>{n}. {item.headline}</h2><p>{text}</p>"
        for n, (item, text) in enumerate(zip(items, STORY * 2, strict=False), 1)
    )
    yield shaped(
        "list of nine",
        f"<article><h1>Nine things to know</h1>{ten}</article>",
        "2025/05/nine-things",
        title="Nine things to know",
    )
    live = "".join(
        f"<div class='update'><h3>{10 + n}:05</h3><p>{text}</p></div>" for n, text in enumerate(STORY)
    )
    yield shaped(
        "live blog",
        f"<article><h1>Port talks: as it happened</h1>{live}</article>",
        "live/2025/port-talks",
        title="Port talks: as it happened",
    )
    briefs = "".join(
        f"<p><b>{item.headline}.</b> {text}</p>" for item, text in zip(items, STORY, strict=False)
    )
    yield shaped(
        "briefs", f"<article><h1>In brief</h1>{briefs}</article>", "2025/05/in-brief", title="In brief"
    )
    roundup = "".join(
        f"<h3><a href='{item.link}'>{item.headline}</a></h3><p>{text}</p><p>{other}</p>"
        for item, text, other in zip(items, STORY, STORY[::-1], strict=False)
    )
    yield shaped(
        "morning briefing with linked heads",
        f"<article><h1>Your morning briefing</h1><p>Good morning. Here is what you need to know today, from the ports to the weather.</p>{roundup}</article>",
        "2025/05/08/briefing",
        title="Your morning briefing",
    )
    questions = "".join(
        f"<h3>{item.headline}?</h3><p>{text}</p>" for item, text in zip(items, STORY, strict=False)
    )
    yield shaped(
        "questions and answers",
        f"<article><h1>What the port deal means</h1>{questions}</article>",
        "2025/05/what-it-means",
        title="What the port deal means",
    )
    yield shaped(
        "story under a section's address",
        f"<h1>Ports to share cargo data</h1>{paragraphs}",
        "news/",
        title="Ports to share cargo data",
    )
    short = f"<article><h1>Ferry back in service</h1><p>{STORY[0]}</p></article><aside>{teasers}</aside>"
    yield shaped("brief beside teasers", short, "2025/05/ferry", title="Ferry back in service")
    german = "".join(f"<p>{text}</p>" for text in _BLURBS["de"] * 2)
    yield shaped(
        "German story and teasers",
        f"<article><h1>Fähre fällt aus</h1>{german}</article>{_wrapped('all in one link', _items(8, 202, 'de'))}",
        "lokales/faehre-faellt-aus-123",
        title="Fähre fällt aus",
    )


def later_listings() -> Iterator[ShapedPage]:
    """Listings written after the rules, to see what they do on shapes that they were not made with."""

    def shaped(
        name: str,
        main: str,
        path: str,
        *,
        title: str = "News",
        language: str = "en",
        head: str = "",
        modern: bool = True,
    ) -> ShapedPage:
        return ShapedPage(
            name,
            raw(
                _page(main, title=title, language=language, head=head, modern=modern),
                url=f"https://lamp.example/{path}",
            ),
        )

    items = _items(11, 301)
    og = '<meta property="og:type" content="article"><meta property="og:title" content="Harbour Archives">'
    yield shaped(
        "archive that claims to be an article",
        "".join(
            f'<article class="post"><h2 class="entry-title"><a href="{i.link}">{i.headline}</a></h2><div class="entry-meta">{i.day} May 2024 by Ann Lee</div><div class="entry-summary"><p>{i.blurb} […]</p></div></article>'
            for i in items
        ),
        "category/harbour/",
        head=og,
    )
    yield shaped(
        "lead story and list",
        f'<div class="lead"><h2><a href="/lead">Bridge opens at last</a></h2><p>{_items(1, 302, blurbs=5)[0].blurb}</p></div><ul>'
        + "".join(f'<li><a href="{i.link}">{i.headline}</a></li>' for i in items)
        + "</ul>",
        "bridge",
    )
    yield shaped(
        "nested list by section",
        "".join(
            f"<li><b>{name}</b><ul>"
            + "".join(f'<li><a href="{i.link}">{i.headline}</a> - {i.blurb}</li>' for i in _items(3, 303 + n))
            + "</ul></li>"
            for n, name in enumerate(("Town", "Coast", "Hills"))
        ),
        "overview.htm",
        modern=False,
    )
    yield shaped(
        "headline behind the text",
        "".join(
            f'<div class="q"><p>“{i.blurb}”</p><p>From: <a href="{i.link}">{i.headline}</a></p></div>'
            for i in items
        ),
        "quotes-of-the-week",
    )
    yield shaped(
        "two columns of a table",
        "<table>"
        + "".join(
            f'<tr><td><img src="/{i.day}.jpg"></td><td><font size="4"><a href="{i.link}">{i.headline}</a></font><br><font size="2">{i.blurb}</font></td></tr>'
            for i in items
        )
        + "</table>",
        "index2.html",
        modern=False,
    )
    yield shaped(
        "links with counters",
        "<ol>"
        + "".join(
            f'<li><span>{n}</span><a href="{i.link}">{i.headline}</a><em>{n * 37} readers</em></li>'
            for n, i in enumerate(items, 1)
        )
        + "</ol>",
        "most-read",
        title="Most read",
    )
    yield shaped(
        "video list",
        "".join(
            f'<div class="v"><a href="{i.link}"><span>02:{i.day:02d}</span><span>{i.headline}</span></a></div>'
            for i in items
        ),
        "videos",
        title="Videos",
    )
    yield shaped(
        "three teasers, old page, German",
        "".join(
            f"<p><strong>{i.headline}</strong><br>{i.blurb} <a href='{i.link}'>mehr</a></p>"
            for i in _items(4, 311, "de")
        ),
        "meldungen.htm",
        title="Meldungen",
        language="de",
        modern=False,
    )
    yield shaped(
        "French ticker",
        "".join(
            f"<p><b>{n + 8}h{n}0</b> <a href='/b{n}'>{text}</a></p>"
            for n, text in enumerate(
                (
                    "La tempête ferme le port",
                    "Le conseil rejette le projet",
                    "Un chien sauvé du canal",
                    "Les locataires gagnent le procès",
                    "Grève des trains annulée",
                )
            )
        ),
        "direct",
        title="En direct",
        language="fr",
    )
    yield shaped(
        "Russian list",
        "".join(
            f"<div><a href='/n{n}'>{text}</a><div>{blurb}</div></div>"
            for n, (text, blurb) in enumerate(
                (
                    (
                        "Паром не вышел из порта второй день",
                        "Перевозчик надеется возобновить рейсы к выходным, если ветер сменится.",
                    ),
                    ("Совет отклонил новый тариф", "Жители три вечера выступали против проекта."),
                    ("Пожарные спасли собаку из канала", "Животное замёрзло, но не пострадало."),
                    ("Музей купил утраченную карту", "Она пропала во время наводнения 1953 года."),
                )
            )
        ),
        "novosti",
        title="Новости",
        language="ru",
    )
    yield shaped(
        "Arabic list",
        "".join(
            f"<h3><a href='/n{n}'>{text}</a></h3><p>{blurb}</p>"
            for n, (text, blurb) in enumerate(
                (
                    (
                        "العاصفة تغلق الميناء لليوم الثاني",
                        "تأمل الشركة في استئناف الرحلات مع نهاية الأسبوع إذا هدأت الرياح.",
                    ),
                    ("المجلس يرفض التعرفة الجديدة", "تحدث السكان ضد المشروع ثلاث أمسيات متتالية."),
                    ("الإطفاء ينقذ كلبا من القناة", "كان الحيوان باردا لكنه لم يصب بأذى."),
                )
            )
        ),
        "akhbar",
        title="أخبار",
        language="ar",
    )
    yield shaped(
        "events",
        "".join(
            f'<div class="event"><time>{i.day} May 2024, 19:30</time><h3><a href="{i.link}">{i.headline}</a></h3><p>Town hall, entry free. {i.blurb}</p></div>'
            for i in items[:6]
        ),
        "events",
        title="Events",
    )
    yield shaped(
        "jobs",
        "".join(
            f"<li><a href='/job/{n}'>{name}</a><br>Almeda Hospital, full time, apply by {n + 3} June</li>"
            for n, name in enumerate(
                (
                    "Night nurse (all genders)",
                    "Cook for the children's ward",
                    "Head of the laboratory",
                    "Driver, class C",
                )
            )
        ),
        "jobs",
        title="Jobs",
    )
    yield shaped(
        "long excerpts",
        "".join(
            f'<div class="excerpt"><h2><a href="{i.link}">{i.headline}</a></h2><p>{i.blurb}</p><p>{j.blurb} <a class="more" href="{i.link}">Read on</a></p></div>'
            for i, j in zip(_items(6, 321, blurbs=3), _items(6, 322, blurbs=2), strict=True)
        ),
        "blog",
        title="Blog",
    )
    yield shaped(
        "full posts one below the other",
        "".join(
            f'<div class="post"><h2><a href="/p{n}">{i.headline}</a></h2>'
            + "".join(f"<p>{text}</p>" for text in STORY[n : n + 3])
            + "</div>"
            for n, i in enumerate(_items(4, 323))
        ),
        "weblog/",
        title="Weblog",
    )
    yield shaped(
        "pictures of the day",
        "".join(
            f'<div class="pic"><img src="/{i.day}.jpg" alt=""><p>{i.blurb} (Photo: A. Lee)</p></div>'
            for i in items
        ),
        "pictures-of-the-day",
        title="Pictures of the day",
    )
