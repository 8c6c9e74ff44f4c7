"""The page as a list of text blocks in reading order, and the containers they stand in.

A block is what a reader sees as one paragraph, heading, list item or caption: the longest run of text between two
block-level borders. One walk over the shared tree; nothing is changed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lxml.html import HtmlElement

__all__ = ["BITS", "Block", "Page", "cut_blocks", "word_count"]

_INLINE: Final = frozenset(
    ["a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "nobr", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "amp-img", "img", "label", "o:p", "center-inline"]
)  # fmt: skip
_SKIPPED: Final = frozenset(
    ["script", "style", "nav", "noscript", "template", "iframe", "svg", "object", "embed", "select", "option", "textarea", "input", "canvas", "video", "audio", "head", "math", "map", "area", "link", "meta", "source", "track", "progress", "meter", "datalist", "amp-ad", "amp-analytics", "amp-embed", "title"]
)  # fmt: skip
_CJK: Final = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)

# What the words in class, id, role, itemprop and data attributes say about an element; each group is one bit. A word
# of the attribute belongs to a group when it starts with one of the group's stems (a `=` stem must be the whole word).
_GROUPS: Final = {
    "body": "=body articlebody articletext articlecontent storybody bodytext maintext prose richtext rte paragraph wysiwyg fliesstext cuerpo corpo corps",
    "article": "articl story stories post entry artikel beitrag notici haber news article artic doc",
    "content": "content main inhalt contenido conteudo contenu detail page single primary column col",
    "lead": "lead summary standfirst intro abstract excerpt subtit subhead subheadline deck =dek descri kicker chapo entradilla bajada sommaire vorspann sapo perex dachzeile strap teasertext",
    "title": "headline title heading titul titre headlin =hl",
    "byline": "byline author autor auteur writer contributor signature posted vcard reporter journalist firma",
    "meta": "meta date time publish updat timestamp info dateline views count label eyebrow category breadcrumb crumb topline datum fecha",
    "caption": "caption credit copyright figure figur image imag photo picture pictur gallery galler slide media legend bild foto video player podcast audio img =pic lightbox",
    "comment": "comment disqus reply replies discuss kommentar forum respond",
    "related": "related recommend similar suggest also relacion verwandt linked associat outbrain taboola further mehr weiter empfehl zergnet readmore readnext more next mgid",
    "teaser": "teaser card tile promo list item grid carousel swiper slider feed stream river archive loop collection rail headlines latest trending popular most top newest hot ticker rank",
    "share": "shar social facebook twitter whatsapp follow tweet instagram telegram addthis teilen bookmark print toolbar tool action button btn icon sosmed",
    "ad": "=ad =ads =adv advert advertisement adsense dfp sponsor anzeige werbung publicid reklam banner affiliate commercial googl =gpt mpu leaderboard taboola adslot adunit =werb",
    "paywall": "paywall paid regwall piano offer premium plus unlock gate",
    "newsletter": "newsletter subscri signup register login =abo account member donat support mailing nl",
    "nav": "nav menu header masthead footer bottom topbar skip sitemap search pagin pager prev toc index site burger drawer",
    "side": "sidebar side aside widget right secondary complementary box infobox factbox sticky float fact module plugin kasten =rhs",
    "tag": "tag tags topic keyword categories labels stichwort schlagwort tema temas",
    "bio": "bio about profile disclaimer correction footnote note terms policy legal imprint rights source attribution agency trust",
    "consent": "cookie consent gdpr cmp onetrust privacy popup modal overlay dialog toast alert notice notification",
    "hidden": "hidden hide sr screenreader visually invisible offscreen a11y accessib none",
    "quote": "quote zitat pull embed citation highlight blockquote",
    "live": "live liveblog timeline",
    "qa": "faq question answer accordion quiz poll survey",
    "text": "text txt copy texto texte",
    "wrap": "wrap container inner outer row section block group layout region area",
}
BITS: Final = {name: 1 << at for at, name in enumerate(_GROUPS)}
_STEMS: Final[dict[str, int]] = {}
_WHOLE: Final[dict[str, int]] = {}
for _at, _words in enumerate(_GROUPS.values()):
    for _stem in _words.split():
        _group = _WHOLE if _stem[0] == "=" else _STEMS
        _stem = _stem.lstrip("=")
        _group[_stem] = _group.get(_stem, 0) | 1 << _at
_LONGEST: Final = max(map(len, _STEMS))
_WORD: Final = re.compile(r"[A-Z]?[a-z]{2,20}|[A-Z]{2,20}(?![a-z])")


@lru_cache(maxsize=32768)
def _hints_of_word(word: str) -> int:
    bits = _WHOLE.get(word, 0)
    for size in range(2, min(len(word), _LONGEST) + 1):
        bits |= _STEMS.get(word[:size], 0)
    return bits


@lru_cache(maxsize=32768)
def hints_of(marks: str) -> int:
    """The bits of the word groups that an element's marks belong to.

    >>> [name for name, bit in BITS.items() if hints_of("articleBody td-post__text") & bit]
    ['body', 'article', 'text']
    """
    bits = 0
    for word in _WORD.findall(marks[:300]):
        bits |= _hints_of_word(word.lower())
    return bits


_TAGS: Final = {
    name: 1 << at
    for at, name in enumerate(
        ("article", "main", "section", "aside", "nav", "header", "footer", "ul", "ol", "table", "form", "figure", "blockquote", "a", "button",
         "dl", "details", "h1", "figcaption", "address", "li", "td", "pre", "hidden")
    )
}  # fmt: skip
TAG_BITS: Final = _TAGS
_MARKS: Final = frozenset({"id", "role", "itemprop", "data-testid", "data-component"})


def word_count(text: str) -> float:
    """Words of a text; where words are not set apart by spaces, two characters count as one.

    >>> word_count("a b c"), word_count("東京都")
    (3.0, 2.5)
    """
    words = text.count(" ") + 1.0
    if not text.isascii():
        words += len(_CJK.findall(text)) / 2
    return words


class Block:
    """One run of text.

    Attributes:
        text: white space collapsed.
        words: see `word_count`.
        link_chars: characters of `text` inside links.
        links: how many links.
        container: index into the page's containers.
        tags: bits of `TAG_BITS` of the elements around it.
        strong: characters in bold.
    """

    __slots__ = ("container", "link_chars", "links", "path", "strong", "tags", "text", "words")

    def __init__(
        self, text: str, link_chars: int, links: int, strong: int, container: int, tags: int, path: int
    ) -> None:
        self.text = text
        self.words = word_count(text)
        self.link_chars = link_chars
        self.links = links
        self.strong = strong
        self.container = container
        self.tags = tags
        self.path = path


class Page:
    """The blocks of a page and their containers (block-level elements, outer before inner).

    Attributes:
        parents: container to the container around it; the root's is -1.
        names: container to tag name.
        starts, ends: the blocks in a container and in everything in it are `blocks[start:end]`.
        hints: container to the bits of its own marks.
        paths: container to a number that is equal for equal chains of tags and classes.
    """

    __slots__ = ("_path_ids", "blocks", "ends", "hints", "names", "parents", "paths", "starts")

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.parents: list[int] = []
        self.names: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.hints: list[int] = []
        self.paths: list[int] = []
        self._path_ids: dict[tuple[int, str, str], int] = {}


class _Walk:
    """The state of one walk."""

    __slots__ = ("bold", "breaks", "link_chars", "link_depth", "links", "page", "parts", "strong")

    def __init__(self) -> None:
        self.page = Page()
        self.parts: list[str] = []
        self.link_chars = self.links = self.strong = self.breaks = 0
        self.link_depth = self.bold = 0

    def text(self, text: str) -> None:
        if text.isspace():
            if self.parts:
                self.parts.append(" ")
            return
        self.parts.append(text)
        self.breaks = 0
        if self.link_depth:
            self.link_chars += len(text.strip())
        if self.bold:
            self.strong += len(text)

    def flush(self, container: int, tags: int) -> None:
        if not self.parts:  # and then no characters were counted
            self.links = self.breaks = 0
            return
        text = " ".join("".join(self.parts).split())
        if text:
            page = self.page
            link_chars = min(self.link_chars, len(text))
            path = page.paths[container]
            page.blocks.append(Block(text, link_chars, self.links, self.strong, container, tags, path))
        self.parts = []
        self.link_chars = self.links = self.strong = self.breaks = 0

    def inside(self, node: HtmlElement, container: int, tags: int) -> None:
        """Walk over the children of a container or of an inline element in it."""
        for child in node:
            tag = child.tag
            if tag.__class__ is not str or tag in _SKIPPED:  # not a string: comment or processing instruction
                pass
            elif tag == "br":
                self.breaks += 1
                if self.breaks >= 2:
                    self.flush(container, tags)
                else:
                    self.parts.append("\n")
            elif tag in _INLINE:
                is_link = tag == "a"
                is_bold = tag == "b" or tag == "strong"
                if is_link:
                    self.links += 1
                    self.link_depth += 1
                elif is_bold:
                    self.bold += 1
                if text := child.text:
                    self.text(text)
                if len(child):
                    self.inside(child, container, tags | _TAGS["a"] if is_link else tags)
                if is_link:
                    self.link_depth -= 1
                elif is_bold:
                    self.bold -= 1
            else:
                self.flush(container, tags)
                self.enter(child, tag, container, tags)
            if (tail := child.tail) and (self.parts or not tail.isspace()):
                self.text(tail)

    def enter(self, node: HtmlElement, tag: str, parent: int, tags: int) -> None:
        """Walk over a block-level element."""
        inner = tags | _TAGS.get(tag, 0)
        name = marks = ""
        for key, value in node.items():
            if key == "class":
                name = value
                marks = f"{marks} {value}"
            elif key in _MARKS:
                marks = f"{marks} {value}"
            elif key == "hidden" or (key == "style" and "display:none" in value.replace(" ", "")):
                inner |= _TAGS["hidden"]
        page = self.page
        me = len(page.parents)
        page.parents.append(parent)
        page.starts.append(len(page.blocks))
        page.ends.append(0)
        page.names.append(tag)
        page.hints.append(hints_of(marks) if marks else 0)
        chain = (page.paths[parent] if parent >= 0 else -1, tag, name)
        page.paths.append(page._path_ids.setdefault(chain, len(page._path_ids)))
        if (text := node.text) and not text.isspace():  # nothing is gathered at a block's start
            self.text(text)
        if len(node):
            self.inside(node, me, inner)
        self.flush(me, inner)
        page.ends[me] = len(page.blocks)


def cut_blocks(root: HtmlElement) -> Page:
    """The blocks of a page."""
    walk = _Walk()
    body = root.find("body")
    walk.enter(body if body is not None else root, "body", -1, 0)
    return walk.page
