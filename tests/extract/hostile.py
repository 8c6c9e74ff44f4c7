"""Hostile, broken and empty pages, made in code, each with the outcome that it must end in."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.outcomes import Outcome
from schemas.records import RawPage
from tests.extract.pages import STORY, article, raw

__all__ = ["Case", "cases"]


@dataclass(frozen=True, slots=True)
class Case:
    """A page and what must become of it.

    Attributes:
        outcome: the one right outcome.
        reason: start of the reason, "" where there is none to check.
        holds: text that must be in the extracted text.
        lacks: text that must not.
    """

    name: str
    page: RawPage
    outcome: Outcome
    reason: str = ""
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


def _url(name: str) -> str:
    return "https://odd.example/news/" + "".join(c if c.isalnum() else "-" for c in name)


def _is_story(
    name: str, body: bytes | str, lacks: tuple[str, ...] = (), holds: tuple[str, ...] = STORY, **more: object
) -> Case:
    return Case(name, raw(body, url=_url(name), **more), Outcome.ARTICLE, "", holds, lacks)


def cases() -> list[Case]:
    """Every case; the same on every call."""
    return [
        *_not_html(),
        *_empty(),
        *_too_large(),
        *_encodings(),
        *_broken_markup(),
        *_heavy(),
        *_odd_metadata(),
    ]


def _not_html() -> Iterator[Case]:
    noise = random.Random(7).randbytes(4096)
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.html", article())
    with tarfile.open(fileobj=tarred, mode="w") as tar:
        member = tarfile.TarInfo("a.html")
        member.size = len(article().encode())
        tar.addfile(member, io.BytesIO(article().encode()))
    bodies: dict[str, tuple[bytes, str]] = {
        "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + noise, "pdf"),
        "pdf that holds html": (b"%PDF-1.4\n" + article().encode(), "pdf"),
        "png": (b"\x89PNG\r\n\x1a\n" + noise, "png"),
        "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + noise, "jpeg"),
        "gif": (b"GIF89a" + noise, "gif"),
        "webp": (b"RIFF\x00\x10\x00\x00WEBPVP8 " + noise, "webp"),
        "bmp": (b"BM\x36\x00\x0c\x00\x00\x00\x01\x02\x03\x04" + noise, "bmp"),
        "zip": (zipped.getvalue(), "zip"),
        "gzip that nobody undid": (gzip.compress(article().encode(), mtime=0), "gzip"),
        "bzip2": (b"BZh91AY&SY" + noise, "bzip2"),
        "7z": (b"7z\xbc\xaf\x27\x1c" + noise, "7z"),
        "rar": (b"Rar!\x1a\x07\x01\x00" + noise, "rar"),
        "xz": (b"\xfd7zXZ\x00" + noise, "xz"),
        "zstd": (b"\x28\xb5\x2f\xfd" + noise, "zstd"),
        "tar": (tarred.getvalue(), "tar"),
        "elf": (b"\x7fELF\x02\x01\x01" + noise, "elf"),
        "exe": (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x01\x02\x05" + noise, "exe"),
        "mp3": (b"ID3\x03\x00\x00\x00\x00\x01\x02\x03\x04" + noise, "mp3"),
        "ogg": (b"OggS\x00\x02" + noise, "ogg"),
        "mp4": (b"\x00\x00\x00\x18ftypmp42" + noise, "mp4"),
        "flv": (b"FLV\x01\x05" + noise, "flv"),
        "woff": (b"wOF2\x00\x01\x00\x00\x01\x02\x03\x04" + noise, "font"),
        "doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise, "ole"),
        "rtf": (b"{\\rtf1\\ansi Harbour officials}", "rtf"),
        "tiff": (b"II*\x00" + noise, "tiff"),
        "sqlite": (b"SQLite format 3\x00" + noise, "sqlite"),
        "wasm": (b"\x00asm\x01\x00\x00\x00" + noise, "wasm"),
        "json object": (json.dumps({"html": "Harbour officials", "n": list(range(50))}).encode(), "json"),
        "json array": (b"  \n[1, 2, 3]", "json"),
        "rss": (b'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>x</title></channel></rss>', "xml: rss"),
        "atom": (b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>', "xml: feed"),
        "sitemap": (b'<?xml version="1.0"?><urlset><url><loc>https://a.example/</loc></url></urlset>', "xml: urlset"),
        "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><text>Harbour</text></svg>', "xml: svg"),
        "plain text": ("\n\n".join(STORY).encode(), "plain text"),
        "random bytes": (noise, "binary"),
    }  # fmt: skip
    for name, (body, reason) in bodies.items():
        yield Case(name, raw(body, url=_url(name)), Outcome.NOT_HTML, reason)
    css = b"body { color: red } a > b { margin: 0 } /* < */ " * 40
    yield Case(
        "stylesheet",
        raw(css, url=_url("css"), headers={"content-type": "text/css; charset=utf-8"}),
        Outcome.NOT_HTML,
    )
    script = b"var a = 1; function f(x) { return x << 2 } " * 40
    page = raw(script, url=_url("js"), headers={"content-type": "application/javascript"})
    yield Case("script", page, Outcome.NOT_HTML, "content-type")
    yield _is_story("html that says it is a picture", article(), headers={"content-type": "image/png"})
    yield _is_story(
        "html that says it is a download", article(), headers={"content-type": "application/octet-stream"}
    )


def _empty() -> Iterator[Case]:
    bodies = {
        "nothing": b"",
        "white space": b" \r\n\t " * 100,
        "nul alone": b"\x00" * 5000,
        "bom alone": b"\xef\xbb\xbf",
        "empty html": b"<!doctype html><html><head></head><body></body></html>",
        "title alone": b"<html><head><title>Ports to share cargo data</title></head><body></body></html>",
        "scripts alone": b"<html><body><script>document.write('<p>x</p>')</script><style>p{}</style></body></html>",
        "comment alone": b"<!-- " + b"x" * 5000 + b" -->",
        "app shell": b'<html><body><div id="root"></div><noscript></noscript><script src="/app.js"></script></body></html>',
    }
    for name, body in bodies.items():
        yield Case(name, raw(body, url=_url(name)), Outcome.EMPTY)


def _too_large() -> Iterator[Case]:
    n = 100_000
    bodies = {
        "13 MiB of paragraphs": (article() + "<p>" + "word " * 13 + "</p>") * 1
        + ("<p>" + "word " * 200 + "</p>\n") * 13_500,
        "half a million tags": article() + "<b>x</b>" * 500_000,
        "a million less-than signs": "<html><body>" + "<" * 1_000_000,
        "100,000 nested divs": "<html><body>" + "<div>" * n + "deep" + "</div>" * n,
        "1,500 nested spans": "<html><body>" + "<div><span>" * 750 + "deep",
        "20,000 nested fonts": "<html><body>" + "<font>" * 20_000 + "deep",
        "5,000 nested lists": "<html><body>" + "<ul><li>" * 5_000 + "deep",
        "3,000 nested tables": "<html><body>" + "<table><tr><td>" * 3_000 + "deep",
        "100,000 attributes": "<html><body><div " + " ".join(f"a{at}=1" for at in range(n)) + ">x</div>",
        "100,000 quoted attributes": "<html><body><div "
        + " ".join(f'a{at}="1"' for at in range(n))
        + ">x</div>",
        "100,000 bare attributes": "<html><body><p " + " ".join(f"b{at}" for at in range(n)) + ">x",
    }
    for name, body in bodies.items():
        yield Case(name, raw(body, url=_url(name)), Outcome.TOO_LARGE)


KOREAN = (
    "항만 당국은 목요일 두 나라의 세관이 선적 후 한 시간 안에 화물 목록을 공유할 것이라고 밝혔다. 이는 합성 마약 거래를 늦추기 위한 조치이다.",
    "넉 달 동안의 협상 끝에 서명된 이 협정으로 양측 분석가들은 같은 기록을 검색하고 서류와 무게가 맞지 않는 컨테이너를 표시할 수 있게 된다.",
    "의회의 비판자들은 이 제도가 서둘러 만들어졌으며 누가 자료를 보는지 확인하는 독립 기관이 없다고 경고했다. 첫 검토는 가을에 있을 예정이다.",
    "해운 회사들은 계획을 환영하면서도 서식을 하나로 통일해 달라고 요청했다. 현재 선장은 열한 가지 서식을 작성해야 한다고 상공회의소는 말했다.",
)
JAPANESE = (
    "港湾当局は木曜日、両国の税関が積み込みから一時間以内に貨物目録を共有すると発表した。合成麻薬の取引を減らすのが狙いだ。",
    "四か月の交渉の末に署名された合意により、双方の分析官は同じ記録を調べ、書類と重さの合わないコンテナに印を付けられるようになる。",
    "議会の批判派は、制度が急いで作られ、誰が資料を見ているかを調べる独立した機関がないと警告した。最初の見直しは秋に予定されている。",
    "海運各社は計画を歓迎する一方、書式を一つにまとめるよう求めた。商工会議所によると、船長は現在十一種類の書類に記入している。",
)
CHINESE = (
    "港口官员星期四表示，两国海关将在装船后一小时内共享货物清单，以减缓合成毒品的贸易。",
    "这项协议经过四个月的谈判后签署，双方的分析人员可以查询同样的记录，并标记文件与重量不符的集装箱。",
    "议会中的批评者警告说，这个系统建得太匆忙，没有独立机构检查谁在查看这些数据。第一次审查将在秋天进行。",
    "航运公司欢迎这一计划，但要求使用统一的表格。商会表示，目前船长需要填写十一种表格，任何一处错误都可能使船只滞留两天。",
)
RUSSIAN = (
    "Портовые власти заявили в четверг, что таможенники обеих стран будут обмениваться грузовыми манифестами в течение часа после погрузки.",
    "Соглашение, подписанное после четырёх месяцев переговоров, позволяет аналитикам искать в одних и тех же записях и отмечать контейнеры.",
    "Критики в парламенте предупредили, что система создана в спешке и что ни один независимый орган не проверяет, кто смотрит на данные.",
    "Судоходные компании приветствовали план, но попросили ввести единую форму. Сейчас капитан заполняет одиннадцать форм, сообщила торговая палата.",
)
GERMAN = (
    "Hafenbehörden erklärten am Donnerstag, dass Zöllner beider Länder künftig Ladelisten binnen einer Stunde nach dem Verladen austauschen.",
    "Das nach vier Monaten Gesprächen unterzeichnete Abkommen erlaubt es, dieselben Einträge zu durchsuchen und verdächtige Behälter zu prüfen.",
    "Kritiker im Parlament warnten, das System sei überstürzt gebaut worden und keine unabhängige Stelle prüfe, wer die Daten einsehen könne.",
    "Reedereien begrüßten den Plan, wünschten sich aber ein einziges Formular. Zurzeit füllt ein Kapitän elf davon aus, so die Handelskammer.",
)


def _encodings() -> Iterator[Case]:
    stories = {"ko": KOREAN, "ja": JAPANESE, "zh": CHINESE, "ru": RUSSIAN, "de": GERMAN}
    pairs = [
        ("ko", "euc-kr"), ("ja", "iso-2022-jp"), ("ja", "shift_jis"), ("ja", "euc-jp"), ("zh", "gb18030"), ("zh", "gb2312"), ("ru", "windows-1251"),
        ("ru", "koi8-r"), ("de", "iso-8859-1"), ("de", "windows-1252"), ("ko", "utf-16"), ("ja", "utf-16-le"), ("zh", "utf-8"),
    ]  # fmt: skip
    for language, charset in pairs:
        page = (
            article(stories[language])
            .replace('charset="utf-8"', f'charset="{charset}"')
            .replace('lang="en"', f'lang="{language}"')
        )
        yield _is_story(f"{language} in {charset}", page.encode(charset), holds=stories[language])
    for language, charset in [
        ("ko", "euc-kr"),
        ("ja", "shift_jis"),
        ("ru", "windows-1251"),
        ("de", "windows-1252"),
    ]:
        page = article(stories[language]).replace('<meta charset="utf-8">', "")
        yield _is_story(f"{language} in {charset}, undeclared", page.encode(charset), holds=stories[language])
        yield _is_story(
            f"{language} in {charset}, declared utf-8",
            article(stories[language]).encode(charset),
            holds=stories[language],
        )
    yield _is_story(
        "utf-8 declared latin-1 by the server", article(GERMAN), holds=GERMAN, declared_charset="iso-8859-1"
    )
    yield _is_story(
        "an unknown encoding is declared", article(GERMAN), holds=GERMAN, declared_charset="x-mac-klingon"
    )
    german = article(GERMAN).encode()
    yield _is_story("one bad byte", german.replace(b"</h1>", b"\xff</h1>"), holds=GERMAN)
    yield _is_story("cut in the middle of a character", german + "<p>ü</p>".encode()[:4], holds=GERMAN)
    yield _is_story("overlong utf-8", german.replace(b"</h1>", b"\xc0\xaf\xe0\x80\xaf</h1>"), holds=GERMAN)
    yield _is_story(
        "lone surrogates as bytes", german.replace(b"</h1>", b"\xed\xa0\x80\xed\xbf\xbf</h1>"), holds=GERMAN
    )
    yield _is_story("nul in text", article().replace("customs", "cus\x00toms"))
    yield _is_story("nul as reference", article().replace("</h1>", "&#0;&#xD800;&#x110000;</h1>"))
    yield _is_story("control characters", article().replace("Harbour", "\x01Har\x02bour\x1f"))


def _broken_markup() -> Iterator[Case]:
    page = article()
    paragraphs = "".join(f"<p>{p}" for p in STORY)
    yield _is_story(
        "no closing tags", page.replace("</p>", "").replace("</div>", "").replace("</article>", "")
    )
    yield _is_story("no html, head or body", f"<h1>Ports to share cargo data</h1>{paragraphs}")
    yield _is_story(
        "upper case",
        page.replace("<p>", "<P>")
        .replace("</p>", "</P>")
        .replace("<div", "<DIV")
        .replace("</div>", "</DIV>"),
    )
    yield _is_story("xhtml with xml declaration", '<?xml version="1.0" encoding="utf-8"?>' + page)
    yield _is_story("xml declaration of a wrong encoding", '<?xml version="1.0" encoding="utf-16"?>' + page)
    yield _is_story(
        "300 divs around the story",
        page.replace("<article>", "<div>" * 300 + "<article>").replace(
            "</article>", "</article>" + "</div>" * 300
        ),
    )
    yield _is_story("unclosed comment at the end", page.replace("</body>", "<!-- never closed"))
    yield _is_story("unclosed script at the end", page.replace("</body>", "<script>if (a < b) {"))
    yield _is_story(
        "markup inside a script",
        page.replace(
            "</head>", "<script>var x = '<div class=\"article-body\"><p>Not the story.</p>';</script></head>"
        ),
        ("Not the story",),
    )
    yield _is_story("two documents in one", page + page.replace("Ports", "Again ports"))
    yield _is_story(
        "conditional comments",
        page.replace("</head>", "<!--[if IE]><p>Old browser.</p><![endif]--></head>"),
        ("Old browser",),
    )
    yield _is_story("cdata", page.replace("</h1>", "</h1><![CDATA[ <p>Hidden.</p> ]]>"))
    yield _is_story(
        "breaks for paragraphs",
        f"<html><body><h1>Ports to share cargo data</h1><div class='text'>{'<br><br>'.join(STORY)}</div></body></html>",
    )
    yield _is_story(
        "hidden block",
        page.replace(
            "</h1>",
            '</h1><div style="display:none" hidden><p>'
            + "A hidden trap for crawlers, please go on. " * 5
            + "</p></div>",
        ),
        ("hidden trap",),
    )
    yield _is_story(
        "template and noscript",
        page.replace(
            "</h1>",
            "</h1><template><p>Template text here.</p></template><noscript><p>Please enable scripts.</p></noscript>",
        ),
        ("Template text", "enable scripts"),
    )
    yield _is_story("odd white space", page.replace(" officers", " \u00a0\u200a officers"), holds=STORY[1:])
    yield _is_story(
        "story in a table",
        f"<html><body><table><tr><td><h1>Ports to share cargo data</h1></td></tr><tr><td>{paragraphs}</td></tr></table></body></html>",
    )
    yield _is_story(
        "a base element that lies", page.replace("<head>", '<head><base href="javascript:alert(1)">')
    )


def _heavy() -> Iterator[Case]:
    page = article()

    def put(what: str) -> str:
        return page.replace("</article>", f"</article>{what}")

    yield _is_story(
        "5 MB of script",
        page.replace("</head>", "<script>" + "var a = {b: [1, 2, 3]};\n" * 210_000 + "</script></head>"),
    )
    yield _is_story("a 3 MB data uri", put('<img src="data:image/png;base64,' + "A" * 3_000_000 + '">'))
    yield _is_story("a 1 MB title", page.replace("<title>", "<title>" + "Ports " * 170_000))
    yield _is_story("a word of 1 MB", put(f"<footer><p>{'x' * 1_000_000}</p></footer>"))
    yield _is_story(
        "50,000 links",
        put(
            "<footer><ul>"
            + "".join(f'<li><a href="/a/{n}">Page {n}</a></li>' for n in range(50_000))
            + "</ul></footer>"
        ),
    )
    yield _is_story(
        "50,000 options", put("<form><select>" + "<option>One of many places" * 50_000 + "</select></form>")
    )
    yield _is_story(
        "20,000 time elements",
        put("<footer>" + '<time datetime="2020-01-01T00:00:00Z">then</time>' * 20_000 + "</footer>"),
    )
    yield _is_story("a drawing of 1 MB", put("<svg>" + "<path d='M0 0L1 1'/>" * 50_000 + "</svg>"))
    yield _is_story(
        "10,000 meta elements",
        page.replace("</head>", '<meta name="author" content="">' * 10_000 + "</head>"),
    )
    yield _is_story("a million entities", put("<footer>" + "&amp;" * 1_000_000 + "</footer>"))
    yield _is_story("100,000 comments", put("<!-- x -->" * 100_000))
    yield _is_story("quotes without end", put("<footer><a title='" + '"' * 100_000))
    nested = "[" * 20_000 + "]" * 20_000
    yield _is_story(
        "json-ld nested 20,000 deep",
        page.replace("</head>", f'<script type="application/ld+json">{nested}</script></head>'),
    )
    many = json.dumps([{"@type": "Person", "name": f"No {n}"} for n in range(40_000)])
    yield _is_story(
        "json-ld of 40,000 persons",
        page.replace("</head>", f'<script type="application/ld+json">{many}</script></head>'),
    )
    yield _is_story(
        "broken json-ld",
        page.replace(
            "</head>",
            '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x",, }</script></head>',
        ),
    )


def _odd_metadata() -> Iterator[Case]:
    page = article()

    def head(what: str) -> str:
        return page.replace("</head>", f"{what}</head>")

    yield _is_story("byline that repeats itself", page.replace("By <a", "By " * 50_000 + "<a"), holds=())
    yield _is_story(
        "an author of 200 kB", head('<meta name="author" content="' + "By Jane and " * 16_000 + '">')
    )
    yield _is_story(
        "dates that are none",
        head(
            '<meta property="article:published_time" content="0000-99-99T99:99:99Z"><meta name="date" content="99999999999999999999">'
        ),
    )
    yield _is_story(
        "a canonical url that is none",
        head('<link rel="canonical" href="http://[::1"><link rel="canonical" href="javascript:1">'),
    )
    yield _is_story(
        "a url of 1 MB", head('<link rel="canonical" href="https://a.example/' + "a" * 1_000_000 + '">')
    )
    yield _is_story(
        "json-ld of wrong types",
        head(
            '<script type="application/ld+json">{"@type": ["NewsArticle", 7, null], "headline": {"a": []}, "author": 5, "datePublished": [[1]], "publisher": "x"}</script>'
        ),
    )
    yield _is_story(
        "json-ld that refers to itself",
        head(
            '<script type="application/ld+json">{"@type": "NewsArticle", "author": {"@id": "#a"}, "@id": "#a"}</script>'
        ),
    )
    yield _is_story("a language that is none", page.replace('lang="en"', 'lang="' + "x" * 10_000 + '"'))
    yield _is_story(
        "a class of 500 kB",
        page.replace('class="entry-content"', 'class="' + "entry-content " * 36_000 + '"'),
    )
