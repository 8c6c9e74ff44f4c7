"""Story pages without metadata, in the layouts that small and old sites use: own words, made in code.

Each says its title, its story, its day and, where it can, its writer in what readers see alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from schemas.records import RawPage
from tests.extract.pages import STORY, raw

__all__ = ["OldPage", "old_pages"]

DAY = datetime(2024, 2, 8, tzinfo=UTC)
TITLE = "Ports to share cargo data within the hour"
_MENU = ("Home", "News", "Sports", "Obituaries", "Classifieds", "About us")


@dataclass(frozen=True, slots=True)
class OldPage:
    """A page and what a reader sees on it."""

    name: str
    page: RawPage
    title: str = TITLE
    story: tuple[str, ...] = STORY
    day: datetime = DAY


def _paragraphs(separator: str = "p") -> str:
    texts = [escape(text, quote=False) for text in STORY]
    if separator == "p":
        return "".join(f"<p>{text}</p>" for text in texts)
    return separator.join(texts)


def _menu(join: str = " | ") -> str:
    return join.join(f'<a href="/{name.split()[0].lower()}.html">{name}</a>' for name in _MENU)


def _others(count: int = 6) -> str:
    rows = (
        f'<a href="/story{n}.htm">Council votes on the {n}th plan for the market hall</a><br>'
        for n in range(count)
    )
    return "".join(rows)


def _two_columns() -> str:
    return f"""<html><head><title>Riverside Record - {TITLE}</title></head><body bgcolor="#ffffff">
<table width="760" cellpadding="4"><tr><td colspan="2"><font size="6"><b>Riverside Record</b></font></td></tr>
<tr><td colspan="2">{_menu()}</td></tr>
<tr><td width="160" valign="top"><b>Latest headlines</b><br>{_others()}</td>
<td valign="top"><font size="5"><b>{TITLE}</b></font><br><font size="2">By JANE DOE<br>Thursday, February 8, 2024</font>{_paragraphs()}</td></tr>
<tr><td colspan="2" align="center"><font size="1">Riverside Record, 14 Mill Road, Riverside. Phone 555-0148. Copyright 2024.</font></td></tr></table></body></html>"""


def _breaks() -> str:
    return f"""<html><head><title>{TITLE}</title></head><body><center><h1>The Valley Bee</h1>{_menu(" &nbsp; ")}</center><hr>
<b>{TITLE}</b><br>8 February 2024<br><br>{_paragraphs("<br><br>")}<br><br><hr>
<small>The Valley Bee appears every Thursday. Letters: The Valley Bee, Box 12, Hollow.</small></body></html>"""


def _hilltown() -> str:
    return f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>Stonebridge Star: {TITLE}</title></head>
<body><table width="900"><tr><td><a href="/">Stonebridge Star</a></td><td><a href="/news/">All news</a></td><td><a href="/about">About us</a></td></tr></table>
<h2>{TITLE}</h2><p><i>8 February 2024 - Jane Doe</i></p>{_paragraphs()}
<hr><p><a href="/news/">Back to all news</a></p><p>Stonebridge Star, Tanner Street 3. Letters are welcome.</p></body></html>"""


def _date_below() -> str:
    return f"""<html><head><title>{TITLE} :: Coast Weekly</title></head><body><div><img src="logo.gif" alt="Coast Weekly"></div><div>{_menu()}</div>
<h3>{TITLE}</h3>{_paragraphs()}<p><em>Jane Doe, February 8, 2024</em></p><p>[ <a href="javascript:print()">Print this page</a> ] [ <a href="index.html">Back</a> ]</p>
<p>&copy; 2024 Coast Weekly. Designed by the editor's nephew.</p></body></html>"""


def _nested_tables() -> str:
    return f"""<html><head><title>Plains Dispatch</title></head><body><table><tr><td><table><tr><td>{_menu("</td><td>")}</td></tr></table></td></tr>
<tr><td><table><tr><td class="h">{TITLE}</td></tr><tr><td class="d">Posted: Thursday, Feb. 8, 2024</td></tr><tr><td>{_paragraphs()}</td></tr></table></td>
<td><table><tr><td>More stories</td></tr><tr><td>{_others(8)}</td></tr></table></td></tr></table></body></html>"""


def _spanish() -> str:
    return f"""<html lang="es"><head><title>El Faro del Sur: {TITLE}</title></head><body><table><tr><td><a href="/">El Faro del Sur</a></td><td>{_menu()}</td></tr></table>
<h2>{TITLE}</h2><p>Jueves, 8 de febrero de 2024</p>{_paragraphs()}<p>El Faro del Sur, Calle Mayor 4.</p></body></html>"""


def _german() -> str:
    return f"""<html><head><title>Dorfbote | {TITLE}</title></head><body><table><tr><td>{_menu("<br>")}</td><td><h2>{TITLE}</h2>
<p><small>Donnerstag, 8. Februar 2024</small></p>{_paragraphs()}<p><a href="liste.html">zur&uuml;ck</a></p></td></tr></table></body></html>"""


def _figures() -> str:
    return f"""<html><head><title>{TITLE} | Kanal Bote</title></head><body><div>{_menu()}</div><div><span>08.02.2024</span><h2>{TITLE}</h2>
{_paragraphs()}</div><div>{_others()}</div></body></html>"""


def _japanese_date() -> str:
    return f"""<html><head><title>{TITLE} - Minato Shimbun</title></head><body><table><tr><td><h2>{TITLE}</h2></td></tr><tr><td>2024年2月8日</td></tr>
<tr><td>{_paragraphs("<br>　<br>")}</td></tr></table></body></html>"""


def _frontpage() -> str:
    return f"""<html><head><meta name="GENERATOR" content="Microsoft FrontPage 4.0"><title>New Page 1</title></head><body>
<p align="center"><b><font size="6" color="#000080">Lakeside Courier</font></b></p><p align="center">{_menu(" - ")}</p>
<p align="left"><b><font size="4">{TITLE}</font></b></p><p><font size="2">February 8, 2024</font></p>{_paragraphs()}
<p align="center"><font size="1">Lakeside Courier - 2 Pier Street - Lakeside</font></p></body></html>"""


def _definition_list() -> str:
    return f"""<html><head><title>Harbour Echo: {TITLE}</title></head><body><ul><li>{_menu("</li><li>")}</li></ul>
<dl><dt>{TITLE}</dt><dd>Filed 8th February 2024 by Jane Doe</dd><dd>{_paragraphs()}</dd></dl><address>Harbour Echo, Quay 1</address></body></html>"""


def _clock() -> str:
    return f"""<html><head><title>{TITLE}</title></head><body><div id="c1"><div id="c2">{_menu()}</div><div id="c3"><h1>{TITLE}</h1>
<div>Web posted at: 2/8/2024 7:05 PM EST</div>{_paragraphs()}</div><div id="c4">{_others()}</div></div></body></html>"""


def _uppercase() -> str:
    return f"""<HTML><HEAD><TITLE>THE OLD MILL GAZETTE</TITLE></HEAD><BODY><CENTER><IMG SRC="mast.gif"><P>{_menu(" * ")}</CENTER>
<P><FONT SIZE=+2>{TITLE}</FONT><P><I>By Jane Doe, Staff Writer</I><P><I>Feb 8, 2024</I><P>{_paragraphs("<P>")}<P><HR>
<CENTER><FONT SIZE=-1>All contents copyright The Old Mill Gazette</FONT></CENTER></BODY></HTML>"""


_LAYOUTS: tuple[Callable[[], str], ...] = (
    _two_columns, _breaks, _hilltown, _date_below, _nested_tables, _spanish, _german, _figures, _japanese_date, _frontpage, _definition_list,
    _clock, _uppercase,
)  # fmt: skip

_HOSTS = {"_hilltown": "stonebridge-star.example"}


def old_pages() -> list[OldPage]:
    """Every layout; the same on every call."""
    pages = []
    for layout in _LAYOUTS:
        name = layout.__name__.strip("_").replace("_", " ")
        host = _HOSTS.get(layout.__name__, "paper.example")
        moment = datetime(2024, 2, 9, 0, 5, tzinfo=UTC) if layout is _clock else DAY
        pages.append(OldPage(name, raw(layout(), url=f"https://{host}/story17.htm"), day=moment))
    return pages
