"""Each sign of republication, where it is one and where it only looks like one."""

from __future__ import annotations

import json

import pytest

from tests.credit.pages import SITE, URL, credits_on, of_kind, tree_of
from tests.credit.stories import story
from workers.credit.detect import DETECTORS, find_credits
from workers.credit.model import CREDIT_KINDS, MAX_TEXT_CHARS, PLACES, Credit


def jsonld(**values: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps({'@type': 'NewsArticle', **values})}</script>"


def agencies(credits: tuple[Credit, ...], kind: str) -> list[str | None]:
    return [credit.agency for credit in of_kind(credits, kind)]


def test_a_page_without_credits_has_none() -> None:
    assert (
        credits_on(
            head=jsonld(author={"@type": "Person", "name": "Ann Miller"}), footer="© 2024 Daily Example"
        )
        == ()
    )


def test_there_is_one_detector_for_each_kind() -> None:
    assert len(DETECTORS) == len(CREDIT_KINDS)


# ------------------------------------------------------------------------------------ author_agency


@pytest.mark.parametrize(
    ("author", "agency"),
    [
        ({"@type": "Person", "name": "Associated Press"}, "ap"),
        ({"@type": "Organization", "name": "The Associated Press"}, "ap"),
        ([{"@type": "Person", "name": "AFP"}], "afp"),
        ("Reuters", "reuters"),
        ({"name": "By MARY JONES, Associated Press"}, "ap"),
        ({"name": "det/dpa"}, "dpa"),
        ({"name": "Le Courrier et AFP"}, "afp"),
        ({"name": "Deutsche Presse-Agentur"}, "dpa"),
        ({"name": "新华社"}, "xinhua"),
        ({"name": "연합뉴스"}, "yonhap"),
        ({"name": "Agência Lusa"}, "lusa"),
        ({"name": "PTI"}, "pti"),
        ({"name": "EFE"}, "efe"),
        ({"name": "Anadolu Ajansı"}, "anadolu"),
        ({"name": "Reuters Staff"}, "reuters"),
    ],
)
def test_an_author_that_is_an_agency_credits_it(author: object, agency: str) -> None:
    assert agencies(credits_on(head=jsonld(author=author)), "author_agency") == [agency]


@pytest.mark.parametrize(
    "author",
    [
        "Ana Garcia",
        "ap",
        "Reuter",
        "Epa Smith",
        "Anna Reuters-Berg",
        "Pat Conway",
        "Map Design Team",
        "Staff",
        "Ansa Lehto",
    ],
)
def test_an_author_that_only_looks_like_an_agency_credits_none(author: str) -> None:
    assert of_kind(credits_on(head=jsonld(author={"name": author})), "author_agency") == []


def test_a_picture_s_author_is_no_author() -> None:
    head = jsonld(author={"name": "Ann Miller"}, image={"@type": "ImageObject", "author": {"name": "AFP"}})
    byline = "<figure><figcaption><span class='author'>AFP</span></figcaption></figure>"
    assert of_kind(credits_on(head=head, byline=byline), "author_agency") == []


@pytest.mark.parametrize("meta", ["author", "article:author", "parsely-author", "dc.creator"])
def test_an_author_in_a_meta_element_credits_it(meta: str) -> None:
    assert agencies(credits_on(head=f"<meta name='{meta}' content='dpa'>"), "author_agency") == ["dpa"]


@pytest.mark.parametrize(
    "byline",
    [
        "<div class='article-author'><p>von</p><div>APA</div></div>",
        "<div itemprop='author'><span>APA</span></div>",
        "<p><a rel='author' href='/x'>APA</a></p>",
    ],
)
def test_a_visible_byline_credits_an_agency(byline: str) -> None:
    assert agencies(credits_on(byline=byline), "author_agency") == ["apa"]


def test_bylines_of_teasers_are_not_the_story_s() -> None:
    footer = "<div class='teaser'><span class='byline'>Reuters</span></div>"
    assert credits_on(footer=footer, after="<div class='related'><span class='author'>AFP</span></div>") == ()


def test_an_agency_on_its_own_site_is_no_credit() -> None:
    credits = credits_on(
        head=jsonld(author="Reuters"),
        first="LONDON (Reuters) - Rain fell.",
        url="https://www.reuters.com/x/y",
        site="reuters.com",
    )
    assert credits == ()


# ---------------------------------------------------------------------------------------- canonical


def test_a_canonical_link_to_a_story_elsewhere_is_a_credit() -> None:
    other = "https://www.other-paper.org/2024/02/harbour-bridge-opens-after-long-delay"
    (credit,) = of_kind(credits_on(head=f"<link rel='canonical' href='{other}'>"), "canonical")
    assert (credit.site, credit.url, credit.place) == ("other-paper.org", other, "head")


def test_a_canonical_link_to_an_agency_names_it() -> None:
    head = "<link rel='canonical' href='https://apnews.com/article/harbour-bridge-opens-748f8eb6520f3f32aeb8411de8c59d37'>"
    assert agencies(credits_on(head=head), "canonical") == ["ap"]


@pytest.mark.parametrize(
    "href",
    [
        URL,
        "/news/harbour-bridge",
        "https://m.daily-example.com/x-y-z",
        "http://localhost/a-b-c-d",
        "harbour-bridge",
        "https://example.com/a-b-c",
    ],
)
def test_a_canonical_link_to_the_page_itself_is_no_credit(href: str) -> None:
    assert of_kind(credits_on(head=f"<link rel='canonical' href='{href}'>"), "canonical") == []


# ----------------------------------------------------------------------------------------- dateline


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("WASHINGTON (AP) — Rain fell on the harbour.", "ap"),
        ("SANTA FE, N.M. (AP) — Rain fell.", "ap"),
        ("PARIS, Nov 20 (Reuters) - Rain fell.", "reuters"),
        ("Berlin (dpa) - Es regnete.", "dpa"),
        ("Düsseldorf (dpa/lnw) – Es regnete.", "dpa"),
        ("Madrid, 20 nov (EFE).- Llovió.", "efe"),
        ("ROMA (ITALPRESS) - Piove.", "italpress"),
        ("BEIJING, Nov. 20 (Xinhua) -- Rain fell.", "xinhua"),
        ("SEOUL, Nov. 20 (Yonhap) -- Rain fell.", "yonhap"),
        ("New Delhi [India], November 20 (ANI): Rain fell.", "ani"),
        ("NEW YORK, Nov. 20, 2024 /PRNewswire/ -- Example Corp said.", "prnewswire"),
        ("LONDON--(BUSINESS WIRE)--Example Corp said.", "businesswire"),
        ("(Reuters) — The state said.", "reuters"),
        ("(CNN) — The state said.", "cnn"),
        ("(CNN)The state said it would.", "cnn"),
        ("МОСКВА, 20 ноя - РИА Новости. Дождь.", "ria"),
        ("МОСКВА, 20 ноября. /ТАСС/. Дождь.", "tass"),
        ("新华社北京11月20日电 今天下雨。", "xinhua"),
        ("【ソウル聯合ニュース】雨が降った。", "yonhap"),
        ("(서울=연합뉴스) 비가 내렸다.", "yonhap"),
        ("Zürich (awp/sda) - Es regnete.", "sda"),
        ("BRASÍLIA, DF (FOLHAPRESS) - Choveu.", "folhapress"),
        ("Zagreb (Hina) - Padala je kiša.", "hina"),
        ("Praha (ČTK) - Pršelo.", "ctk"),
        ("Warszawa (PAP) - Padało.", "pap"),
    ],
)
def test_a_dateline_credits_its_agency(text: str, agency: str) -> None:
    assert agencies(credits_on(first=text), "dateline") == [agency]


@pytest.mark.parametrize(
    "text",
    [
        "AUSTIN (KXAN) — Rain fell.",
        "NEW YORK (WABC) -- Rain fell.",
        "The minister told the agency (AP) - and nobody else - that it would rain on the island tomorrow.",
        "He joined the party of workers and farmers in the east of the country (TASS) - at that time a small group.",
        "Acme plc (LON) - The firm said.",
        "(Photo: AP) - A bridge.",
    ],
)
def test_what_only_looks_like_a_dateline_credits_none(text: str) -> None:
    assert of_kind(credits_on(first=text), "dateline") == []


def test_a_dateline_late_in_the_story_is_a_quotation() -> None:
    assert of_kind(credits_on(last="WASHINGTON (AP) — Rain fell."), "dateline") == []


# --------------------------------------------------------- reporting_by, item_id, copyright, wire_mark


@pytest.mark.parametrize(
    "text",
    [
        "(Reporting by Ann Miller in Oslo; Editing by Bob Brown)",
        "Reporting by Ann Miller; additional reporting by Cy Cole; Editing by Bob Brown",
        "(Reporting by Ann Miller and Cy Cole, writing by Di Dunn, editing by Bob Brown)",
        "(Reporte de Ana Molina; Editado en español por Luis Blanco)",
        "(Reportage Anne Meunier; version française Luc Blanc, édité par Zoé Brun)",
        "(Reportagem de Ana Moura; edição de Luís Branco)",
    ],
)
def test_reuters_closing_line_is_exact(text: str) -> None:
    (credit,) = of_kind(credits_on(last=text), "reporting_by")
    assert (credit.agency, credit.place) == ("reuters", "body_end")


def test_it_is_found_also_where_the_extractor_dropped_it() -> None:
    credits = credits_on(
        after="<div class='footer-note'>(Reporting by Ann Miller; Editing by Bob Brown)</div>"
    )
    assert [(c.agency, c.place) for c in of_kind(credits, "reporting_by")] == [("reuters", "after_body")]


@pytest.mark.parametrize(
    "text",
    [
        "Additional reporting by Joe Doe",
        "Reporting by the committee was late, said the mayor.",
        "Editing by Bob Brown",
    ],
)
def test_other_reporting_lines_are_not_reuters(text: str) -> None:
    assert of_kind(credits_on(last=text), "reporting_by") == []


def test_a_dpa_item_id_is_read_with_its_number() -> None:
    (credit,) = of_kind(credits_on(last="© dpa-infocom, dpa:230428-99-483045/5"), "item_id")
    assert (credit.agency, credit.item_id, credit.text) == (
        "dpa",
        "dpa:230428-99-483045/5",
        "© dpa-infocom, dpa:230428-99-483045/5",
    )


def test_a_newsml_id_in_the_head_is_read() -> None:
    head = "<meta name='id' content='urn:newsml:reuters.com:20240208:nL1N3ER0AB:1'>"
    assert [c.item_id for c in of_kind(credits_on(head=head), "item_id")] == [
        "urn:newsml:reuters.com:20240208:nL1N3ER0AB:1"
    ]


def test_a_number_that_is_no_item_id_is_not_one() -> None:
    assert of_kind(credits_on(last="Call dpa: 12345 for more."), "item_id") == []


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("Copyright 2024 The Associated Press. All rights reserved.", "ap"),
        ("© 2019 Associated Press. All Rights Reserved. This material may not be published.", "ap"),
        ("© AFP", "afp"),
        ("© Thomson Reuters 2024", "reuters"),
        ("Copyright 2024 AFP. All rights reserved.", "afp"),
    ],
)
def test_a_copyright_at_the_story_s_end_credits_its_holder(text: str, agency: str) -> None:
    assert agencies(credits_on(last=text), "copyright") == [agency]
    assert agencies(credits_on(after=f"<div class='copyright'>{text}</div>"), "copyright") == [agency]


def test_a_footer_s_copyright_says_nothing_of_the_story() -> None:
    filler = (
        "<ul>" + "".join(f"<li>Section {n} of the paper and its archive</li>" for n in range(30)) + "</ul>"
    )
    assert (
        credits_on(footer=f"{filler}<p>Copyright 2024 The Associated Press. All rights reserved.</p>") == ()
    )


@pytest.mark.parametrize(
    "text", ["Image copyright Reuters", "Foto: © dpa", "© 2024 Daily Example", "Picture © 2023 AFP"]
)
def test_a_picture_s_copyright_says_nothing_of_the_story(text: str) -> None:
    assert of_kind(credits_on(last=text), "copyright") == []


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        (
            "The-CNN-Wire™ & © 2024 Cable News Network, Inc., a Warner Bros. Discovery Company. All rights reserved.",
            "cnn",
        ),
        ("Distributed by Tribune Content Agency, LLC.", "tns"),
        ("(PTI)", "pti"),
        ("— AFP", "afp"),
        ("SDA/sep", "sda"),
        ("Quelle: dpa", "dpa"),
        ("Source: AFP", "afp"),
    ],
)
def test_a_wire_s_mark_at_the_end_credits_it(text: str, agency: str) -> None:
    assert agencies(credits_on(last=text), "wire_mark") == [agency]


def test_a_syndicated_feed_s_notice_credits_no_agency_but_is_one() -> None:
    text = "(This story has not been edited by our staff and is published from a syndicated feed.)"
    assert agencies(credits_on(last=text), "wire_mark") == [None]


@pytest.mark.parametrize(
    "text",
    [
        "CNN Sans ™ & © 2016 Cable.",
        "He now works for AFP",
        "Additional reporting from PA",
        "The agency did not reply.",
        "By Ann Miller",
        "AP Photo/Joe Doe",
    ],
)
def test_other_last_lines_are_no_wire_mark(text: str) -> None:
    assert of_kind(credits_on(last=text), "wire_mark") == []


@pytest.mark.parametrize(
    "markup",
    [
        "<figure><img src='/x.jpg'><figcaption>AFP</figcaption></figure>",
        "<ul class='tags'><li><a href='/tag/afp'>AFP</a></li></ul>",
        "<div class='image-credit'>AFP</div>",
    ],
)
def test_a_last_line_that_is_a_picture_s_or_a_tag_is_no_wire_mark(markup: str) -> None:
    credits = credits_on(after=markup, in_text=(*story(7), "AFP"))
    assert of_kind(credits, "wire_mark") == []


# ---------------------------------------------------------- originally_published, appeared_first, contributed


def test_originally_published_on_a_linked_site_is_a_credit() -> None:
    link = "<a href='https://deepsea.org/2024/bridge-story'>Deep Sea News</a>"
    credits = credits_on(
        after=f"<p><em>This story was originally published by {link} on 3 May.</em></p>",
    )
    (credit,) = of_kind(credits, "originally_published")
    assert (credit.site, credit.url) == ("deepsea.org", "https://deepsea.org/2024/bridge-story")


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        (
            "This article is republished from The Conversation under a Creative Commons license.",
            "conversation",
        ),
        ("This article first appeared on ProPublica.", "propublica"),
        ("First published in The Conversation.", "conversation"),
        ("Este artículo fue publicado originalmente en The Conversation.", "conversation"),
    ],
)
def test_originally_published_by_a_name_is_a_credit(text: str, agency: str) -> None:
    assert agencies(credits_on(last=text), "originally_published") == [agency]


@pytest.mark.parametrize(
    "text",
    [
        "This story was originally published on November 19, 2019.",
        "First published on Nov 20, 2019 01:38 pm",
        "Originally published on Daily Example.",
        "The disease first appeared in West Michigan in August.",
        "Her work previously appeared in several magazines.",
        "The report was first published in 2014.",
    ],
)
def test_other_first_publications_are_no_credit(text: str) -> None:
    assert of_kind(credits_on(last=text), "originally_published") == []


def test_originally_published_on_the_site_itself_is_no_credit() -> None:
    link = "<a href='https://www.daily-example.com/older'>Harbour Weekly</a>"
    assert of_kind(credits_on(after=f"<p>Originally published on {link}.</p>"), "originally_published") == []


def test_a_phrase_in_the_middle_of_the_story_is_no_credit() -> None:
    text = ["one two three."] * 6 + ["This article first appeared on ProPublica."] + ["four five six."] * 9
    assert (
        of_kind(
            credits_on(last="This article first appeared on ProPublica.", in_text=tuple(text)),
            "originally_published",
        )
        == []
    )


def test_a_feed_s_footer_credits_the_site_whose_feed_it_was() -> None:
    footer = (
        "<p>The post <a href='https://blog.origin.net/2024/02/bridge/'>Bridge opens</a> appeared first on "
        "<a href='https://blog.origin.net'>Origin Blog</a>.</p>"
    )
    (credit,) = of_kind(credits_on(after=footer), "appeared_first")
    assert (credit.site, credit.url) == ("origin.net", "https://blog.origin.net/2024/02/bridge/")


def test_a_feed_s_footer_of_the_site_itself_is_no_credit() -> None:
    footer = (
        "<p>The post <a href='https://www.daily-example.com/b'>Bridge opens</a> appeared first on "
        "<a href='https://www.daily-example.com'>Daily Example</a>.</p>"
    )
    assert of_kind(credits_on(after=footer), "appeared_first") == []


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("Associated Press writer Joe Doe in Oslo contributed to this report.", "ap"),
        ("With files from The Canadian Press", "cp"),
        ("With inputs from PTI", "pti"),
        ("Additional reporting from PA", "pa"),
        ("Mit Material der dpa", "dpa"),
    ],
)
def test_a_contribution_is_told_from_a_copy(text: str, agency: str) -> None:
    credits = credits_on(last=text)
    assert agencies(credits, "contributed") == [agency]
    assert {credit.kind for credit in credits} == {"contributed"}


def test_a_colleague_s_contribution_is_no_credit() -> None:
    assert credits_on(last="Joe Doe contributed to this report.") == ()


# ---------------------------------------------------------------------------------- pixel, source_link


@pytest.mark.parametrize(
    ("markup", "site", "item_id"),
    [
        (
            "<img src='https://counter.theconversation.com/content/270911/count.gif?distributor=republish-lightbox-basic'>",
            "theconversation.com",
            "conversation:270911",
        ),
        (
            "<img id='republication-tracker-tool-source' src='https://newsroom.org/?republication-pixel=true&post=4711&ga4=G-1'>",
            "newsroom.org",
            "newsroom.org:4711",
        ),
        ("<script src='https://pixel.propublica.org/pixel.js'></script>", "propublica.org", None),
        (
            "<img src='https://pixel.wp.com/b.gif?host=origin-blog.net&blog=12&post=345'>",
            "origin-blog.net",
            "origin-blog.net:345",
        ),
    ],
)
def test_a_republication_counter_names_its_owner(markup: str, site: str, item_id: str | None) -> None:
    (credit,) = of_kind(credits_on(after=markup), "pixel")
    assert (credit.site, credit.item_id) == (site, item_id)


@pytest.mark.parametrize(
    "markup",
    [
        "<img id='republication-tracker-tool-source' src='https://www.daily-example.com/?republication-pixel=true&post=1'>",
        "<img src='https://pixel.wp.com/b.gif?host=www.daily-example.com&post=1'>",
        "<img src='https://cdn.theconversation.com/logo.png'>",
    ],
)
def test_a_site_s_own_counter_is_no_credit(markup: str) -> None:
    assert of_kind(credits_on(after=markup), "pixel") == []


SOURCE = "https://origin.org/2024/02/harbour-bridge-opens"


@pytest.mark.parametrize(
    "markup",
    [
        f"<p><a href='{SOURCE}'>Source link</a></p>",
        f"<p><a href='{SOURCE}' target='_blank' rel='nofollow'>Source link </a></p><div class='share'>Share</div>",
        f"<p>Source: <a href='{SOURCE}'>origin.org</a></p>",
        f"<p><strong>Source:</strong> <a href='{SOURCE}'>Origin News</a></p>",
        f"<div><a href='{SOURCE}'>Read the full article here</a></div>",
        f"<p><a href='{SOURCE}'>Original article</a></p>",
        f"<p><a href='{SOURCE}'>Quelle</a></p>",
        f"<p><a href='{SOURCE}'>Fuente</a></p>",
        f"<p>Via <a href='{SOURCE}'>Origin</a></p>",
        f"<p><a href='{SOURCE}'>Читать полностью</a></p>",
        f"<p>[<a href='{SOURCE}'>Source</a>]</p>",
        f"<a href='{SOURCE}'>Source link</a>",
    ],
)
def test_a_link_to_the_source_at_the_end_is_a_credit(markup: str) -> None:
    (credit,) = of_kind(credits_on(after=markup), "source_link")
    assert (credit.url, credit.site, credit.place) == (SOURCE, "origin.org", "body_end")


@pytest.mark.parametrize(
    "markup",
    [
        "<p><a href='/about/sources'>Source link</a></p>",
        "<p><a href='https://www.daily-example.com/x'>Source</a></p>",
        "<p><a href='https://twitter.com/x'>Source</a></p>",
        f"<p><a href='{SOURCE}'>Harbour authority</a></p>",
        f"<p>Sources: <a href='{SOURCE}'>one</a>, <a href='https://b.org/2'>two</a>, <a href='https://c.org/3'>three</a></p>",
        f"<p>The mayor thanked all who had a part in it, and the whole speech can be read on the pages of the council: it is long, "
        f"and its <a href='{SOURCE}'>source</a> is a dream that she had as a child when the old ferry stopped running.</p>",
    ],
)
def test_other_links_at_the_end_are_no_source(markup: str) -> None:
    assert of_kind(credits_on(after=markup), "source_link") == []


@pytest.mark.parametrize(
    "href",
    [
        "https://www.google.com/url?sa=t&url=https%3A%2F%2Forigin.org%2F2024%2F02%2Fharbour-bridge-opens&usg=AOv",
        "/out?url=https%3A%2F%2Forigin.org%2F2024%2F02%2Fharbour-bridge-opens",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Forigin.org%2F2024%2F02%2Fharbour-bridge-opens&h=x",
        "https://news.google.com/rss/articles/CBMiL2h0dHBzOi8vb3JpZ2luLm9yZy8yMDI0LzAyL2hhcmJvdXItYnJpZGdlLW9wZW5z0gEA?oc=5",
    ],
)
def test_a_source_link_through_a_redirect_is_resolved(href: str) -> None:
    (credit,) = of_kind(credits_on(after=f"<p><a href='{href}'>Source link</a></p>"), "source_link")
    assert credit.url == SOURCE


def test_the_story_s_own_link_is_better_than_the_home_page_of_its_site() -> None:
    text = (
        "<p>This article was originally published by <a href='https://origin.org'>Origin News</a>. "
        f"Read the <a href='{SOURCE}'>original article</a>.</p>"
    )
    (credit,) = of_kind(credits_on(after=text), "originally_published")
    assert credit.url == SOURCE


def test_a_source_link_in_the_middle_or_before_the_story_is_none() -> None:
    assert of_kind(credits_on(byline=f"<p><a href='{SOURCE}'>Source link</a></p>"), "source_link") == []
    assert of_kind(credits_on(first=f"<a href='{SOURCE}'>Source</a>"), "source_link") == []


def test_a_relative_source_link_is_resolved() -> None:
    (credit,) = of_kind(credits_on(after="<p><a href='//origin.org/a/b'>Source link</a></p>"), "source_link")
    assert credit.url == "https://origin.org/a/b"


# ------------------------------------------------------------------- syndication_meta, plugin_mark, url_path


def test_metadata_that_names_another_site_is_a_credit() -> None:
    head = f"<meta name='syndication-source' content='{SOURCE}'>"
    assert [c.site for c in of_kind(credits_on(head=head), "syndication_meta")] == ["origin.org"]
    assert [c.site for c in of_kind(credits_on(head=jsonld(isBasedOn=SOURCE)), "syndication_meta")] == [
        "origin.org"
    ]


@pytest.mark.parametrize("content", [URL, "Daily Example", "https://www.daily-example.com/older"])
def test_metadata_that_names_the_site_itself_is_no_credit(content: str) -> None:
    assert (
        credits_on(head=f"<meta name='original-source' content='{content}'>" + jsonld(isBasedOn=content))
        == ()
    )


def test_plugin_marks_are_hints_about_the_site() -> None:
    head = "<link rel='stylesheet' href='/wp-content/plugins/feedzy-rss-feeds/css/feedzy.css'>"
    (credit,) = of_kind(credits_on(head=head), "plugin_mark")
    assert credit.confidence < 0.5
    assert credits_on(head="<link rel='stylesheet' href='/wp-content/plugins/contact-form/x.css'>") == ()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ap/world/harbour", [("ap", "/ap/")]),
        ("/news/cnn-newsource/harbour", [("cnn", "/cnn-newsource/")]),
        ("/syndication/harbour", [(None, "/syndication/")]),
        ("/news/ap", []),
        ("/apples/harbour", []),
        ("/news/reuters-sued", []),
    ],
)
def test_a_folder_of_the_url_names_an_agency(path: str, expected: list[tuple[str | None, str]]) -> None:
    credits = credits_on(url=f"https://{SITE}{path}")
    assert [(c.agency, c.text) for c in of_kind(credits, "url_path")] == expected


# ----------------------------------------------------------------------------------- what holds for all


@pytest.mark.parametrize(
    "html",
    [
        "<p>x</p>",
        "<html></html>",
        "<html><head><link rel='canonical'><meta name='author'></head><body></body></html>",
        "<html><body><a href='http://[broken'>Source link</a><img src='//'><p>x<!-- c --></p></body></html>",
        "<html><head><link rel=canonical href='http://[::1'><script type='application/ld+json'>{broken</script></head></html>",
        "<html><body><h1></h1><a>Source</a><a href=''>Via</a></body></html>",
    ],
)
@pytest.mark.parametrize("text", ["", "x", "one line\n\n\nanother line"])
def test_broken_pages_never_raise(html: str, text: str) -> None:
    find_credits(tree_of(html), url="http://[bad", site="", body_text=text)
    for credit in find_credits(tree_of(html), url=URL, site=SITE, body_text=text):
        assert credit.place in PLACES


def test_the_tree_is_not_changed() -> None:
    from lxml.html import tostring

    tree = tree_of(
        f"<html><body><h1>Harbour bridge</h1><p>{'word ' * 60}</p><p><a href='{SOURCE}'>Source link</a></p></body></html>"
    )
    before = tostring(tree)
    find_credits(tree, url=URL, site=SITE, body_text="word " * 60)
    assert tostring(tree) == before


def test_texts_are_cut_at_their_limit() -> None:
    assert len(Credit(kind="dateline", text="x" * 999, place="head", confidence=0.5).text) == MAX_TEXT_CHARS


@pytest.mark.parametrize("wrong", [{"kind": "rumour"}, {"place": "moon"}, {"confidence": 1.5}])
def test_a_credit_outside_the_closed_sets_is_refused(wrong: dict[str, object]) -> None:
    values: dict[str, object] = {"kind": "dateline", "text": "x", "place": "head", "confidence": 0.5, **wrong}
    with pytest.raises(ValueError, match=r"credit|confidence"):
        Credit(**values)  # type: ignore[arg-type]


def test_a_page_that_is_nested_very_deep_is_read() -> None:
    from lxml import etree
    from lxml.html import HTMLParser

    depth = 5000
    html = f"<html><body><h1>Harbour bridge opens</h1>{'<div>' * depth}<p>{'word ' * 40}</p><p>tail</p>{'</div>' * depth}</body></html>"
    tree = etree.fromstring(html, HTMLParser(huge_tree=True))
    assert find_credits(tree, url=URL, site=SITE, body_text="word " * 40) == ()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    [
        "(",
        "Source: ",
        "<a href='https://b.org/x'>Via</a> ",
        "The post first published on ",
        "© ",
        "— (AP) ",
        "Reporting by a; ",
    ],
)
def test_hostile_repetition_is_read_in_bounded_time(unit: str) -> None:
    text = unit * 20_000
    tree = tree_of(f"<html><body><h1>Harbour bridge opens</h1><p>{text}</p><div>{text}</div></body></html>")
    find_credits(tree, url=URL, site=SITE, body_text=text)
