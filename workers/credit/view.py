"""What the detectors look at: one page, read once, in the parts that carry credits.

The tree is the parsed, uncut DOM; nothing here changes it. Every part is made when it is first asked for, since
most pages carry no credit and most detectors then look at nothing but the head.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from schemas.urls import host_of, site_of
from workers.credit.targets import target_of

__all__ = ["TAIL_CHARS", "View", "squeeze", "text_of"]

_MAX_JSON_CHARS: Final = 400_000
_MAX_JSON_NODES: Final = 2_000
_START_CHARS: Final = 900
"""A dateline or an editor's note stands in the first 900 characters of a story."""
_END_CHARS: Final = 700

TAIL_CHARS: Final = 600
"""How far behind the story a credit still belongs to it: what comes later is the site's footer, and footers lie."""
_MASTHEAD_ELEMENTS: Final = 90
_END_PARAGRAPHS: Final = 6
_FIRST_LINES: Final = 2
_LAST_LINES: Final = 5
_BEHIND_ELEMENTS: Final = 90
_UNSEEN: Final = frozenset(("script", "style", "noscript", "template", "svg", "iframe", "button", "select"))

_ARTICLE_TYPE: Final = re.compile(r"(?:Article|BlogPosting|Report|Review|Posting|CreativeWork|WebPage)$")


def _has_any(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - a generator costs more than the search
        if word in text:
            return True
    return False


def squeeze(text: str) -> str:
    """`text` with every run of white space as one blank."""
    return " ".join(text.split())


def text_of(element: Any) -> str:
    """The text in `element`, pieces parted by blanks; empty for a comment."""
    return squeeze(" ".join(element.itertext("*"))) if isinstance(element.tag, str) else ""


class View:
    """One page as the detectors see it.

    Attributes:
        url: where the page was fetched.
        site: its registrable domain.
        body_text: the extracted story, paragraphs joined by line feeds; may be empty.

    `jsonld` holds the values of the page's JSON-LD scripts where somebody has read them already.
    """

    def __init__(
        self,
        tree: HtmlElement,
        *,
        url: str,
        site: str,
        body_text: str,
        jsonld: Sequence[Any] | None = None,
    ) -> None:
        self._jsonld = jsonld
        self._at_edges: dict[tuple[str, ...], bool] = {}
        self.tree = tree
        self.url = url
        self.site = site
        self.body_text = body_text

    @cached_property
    def lines(self) -> list[str]:
        """The story's paragraphs, white space squeezed, none empty."""
        return [line for line in (squeeze(raw) for raw in self.body_text.split("\n")) if line]

    @cached_property
    def story(self) -> str:
        """The story on one line."""
        return " ".join(self.lines)

    @cached_property
    def metas(self) -> list[tuple[str, str]]:
        """(name in lower case, content) of every meta element that has both."""
        found: list[tuple[str, str]] = []
        for meta in self.tree.iter("meta"):
            name = meta.get("name") or meta.get("property") or meta.get("itemprop")
            content = meta.get("content")
            if name and content and content.strip():
                found.append((name.strip().lower(), squeeze(content)))
        return found

    @cached_property
    def sources(self) -> list[tuple[HtmlElement, str]]:
        """(element, URL as written, may be empty) of every link element, script, picture and frame."""
        found: list[tuple[HtmlElement, str]] = []
        for element in self.tree.iter("link", "script", "img", "iframe"):
            get = element.get
            url = (
                get("href")
                if element.tag == "link"
                else get("src") or get("data-src") or get("data-lazy-src")
            )
            found.append((element, url or ""))
        return found

    @cached_property
    def canonical(self) -> str | None:
        """The canonical link as written, else None."""
        for link in self.tree.iter("link"):
            if "canonical" in (link.get("rel") or "").lower().split() and (link.get("href") or "").strip():
                return str(link.get("href")).strip()
        return None

    @cached_property
    def articles(self) -> list[dict[str, Any]]:
        """The JSON-LD objects that describe an article or the page; not the images and videos in them."""
        if self._jsonld is not None:
            return [item for value in self._jsonld for item in _article_objects(value)]
        found: list[dict[str, Any]] = []
        for script in self.tree.iter("script"):
            if "ld+json" not in (script.get("type") or "") or not script.text:
                continue
            text = script.text.strip().removeprefix("<!--").removesuffix("-->").rstrip(";").strip()
            if len(text) > _MAX_JSON_CHARS:
                continue
            try:
                value = json.loads(text, strict=False)
            except (ValueError, RecursionError):
                continue
            found.extend(_article_objects(value))
        return found

    @cached_property
    def page_text(self) -> str:
        """The text of the whole page in document order, without scripts and styles, white space squeezed.

        It takes about a millisecond: ask for it only once something was found.
        """
        body = self.tree.find("body")
        root = self.tree if body is None else body
        texts = root.xpath(
            ".//text()[not(parent::script or parent::style or parent::noscript or parent::template)]",
            smart_strings=False,
        )
        return squeeze(" ".join(texts))

    @cached_property
    def tail(self) -> str:
        """What a reader sees on the page just after the story, at most `TAIL_CHARS`; empty where it is not found."""
        return " ".join(text for _, text in self.tail_texts)[:TAIL_CHARS]

    @cached_property
    def tail_texts(self) -> list[tuple[HtmlElement, str]]:
        """(element, text in it) just after the story, up to `TAIL_CHARS`; texts are squeezed and not empty."""
        found: list[tuple[HtmlElement, str]] = []
        left = TAIL_CHARS
        for element, text, is_start in _walk_after(self._last) if self._last is not None else ():
            owner = element if is_start else element.getparent()
            if not text or not text.strip() or owner is None:
                continue
            found.append((owner, squeeze(text)))
            left -= len(found[-1][1]) + 1
            if left <= 0:
                break
        return found

    @cached_property
    def _last(self) -> HtmlElement | None:
        """The element of the story's last line, or of one just before it."""
        return next(
            (e for line in reversed(self.lines[-3:]) if (e := self.element_of(line)) is not None), None
        )

    def element_of(self, line: str) -> HtmlElement | None:
        """The last block that begins as a line of the story does; paragraphs before other blocks."""
        head = line[:24]
        for element in reversed(self._paragraphs):
            text = element.text
            if text is not None and (text := text.lstrip()):
                if text[0] != head[0]:
                    continue
            elif not len(element):
                continue
            if text_of(element).startswith(head):
                return element
        for element in reversed(
            list(
                self.tree.iter(
                    "li",
                    "blockquote",
                    "div",
                    "td",
                    "span",
                    "section",
                    "article",
                    "figcaption",
                    "a",
                    "em",
                    "i",
                    "small",
                )
            )
        ):
            text = (element.text or "").lstrip()
            if text and text[0] == head[0] and text_of(element).startswith(head):
                return element
        return None

    @cached_property
    def _paragraphs(self) -> list[HtmlElement]:
        return list(self.tree.iter("p"))

    @cached_property
    def edges(self) -> list[str]:
        """The story's first and last lines and what follows it; lines of short stories stand in it twice."""
        return [*self.lines[:_FIRST_LINES], *self.lines[-_LAST_LINES:], self.tail]

    @cached_property
    def _lower(self) -> str:
        return f"{self.story}\n{self.tail}".lower()

    @cached_property
    def _lower_edges(self) -> str:
        return "\n".join(self.edges).lower()

    def mentions(self, words: tuple[str, ...]) -> bool:
        """Whether the story or what follows it has one of `words` (lower case); cheaper than a pattern."""
        return _has_any(self._lower, words)

    def mentions_at_edges(self, words: tuple[str, ...]) -> bool:
        """Whether the `edges` have one of `words` (lower case)."""
        if words not in self._at_edges:
            self._at_edges[words] = _has_any(self._lower_edges, words)
        return self._at_edges[words]

    @cached_property
    def masthead(self) -> list[tuple[HtmlElement, str]]:
        """(element, text in it) between the headline and the story, where the byline stands, and just before them.

        At most `_MASTHEAD_ELEMENTS` elements; texts are squeezed and not empty.
        """
        headlines = list(self.tree.iter("h1"))[:8]
        if not headlines:
            return []
        # A site's name is a headline on some pages, and a picture's caption on others: the title tells.
        title = squeeze(self.tree.findtext(".//title") or "").casefold()
        texts = [text_of(element).casefold() for element in headlines]
        chosen = next((at for at, text in enumerate(texts) if len(text) >= 12 and text[:40] in title), None)
        if chosen is None:
            chosen = next((at for at, text in enumerate(texts) if len(text) >= 12), 0)
        headline = headlines[chosen]
        head = self.lines[0][:24] if self.lines else None
        found: list[tuple[HtmlElement, str]] = []
        before = [headline.getprevious()]
        parent = headline.getparent()
        if parent is not None and len(parent) <= 6:
            before.append(parent.getprevious())
        for element in before:
            if element is not None:
                found += [
                    (e, squeeze(text)) for e, text, _ in islice(_walk(element), 24) if text and text.strip()
                ]
        count = 0
        for element, text, is_start in _walk_after(headline):
            count += is_start
            if count > _MASTHEAD_ELEMENTS:
                break
            if not text or not text.strip():
                continue
            shown = squeeze(text)
            if head is not None and is_start and shown.startswith(head):
                break
            owner = element if is_start else element.getparent()
            if owner is not None:
                found.append((owner, shown))
        return found

    @cached_property
    def story_end(self) -> list[HtmlElement]:
        """The links in the story's last paragraphs and behind them, in document order.

        Where the story is not found in the page these are all its links.
        """
        last = self._last
        if last is None:
            return list(self.tree.iter("a"))
        first = last
        if last.tag == "p":
            first = self._paragraphs[max(0, self._paragraphs.index(last) - _END_PARAGRAPHS)]
        found = list(first.iter("a"))
        behind = 0
        for element, _, is_start in _walk_after(first):
            if element is last:
                behind = 0
            if is_start:
                behind += 1
                if element.tag == "a":
                    found.append(element)
            if behind >= _BEHIND_ELEMENTS:
                break
        return found

    @cached_property
    def _story_span(self) -> tuple[int, int] | None:
        """Where the story begins and ends in `page_text`; None where it cannot be found."""
        for line in self.lines[:3]:
            start = self.page_text.find(line[:40])
            if start >= 0:
                break
        else:
            return None
        for line in reversed(self.lines[-3:]):
            at = self.page_text.rfind(line[-40:])
            if at >= start:
                return start, at + len(line[-40:])
        return start, start + len(self.story)

    def place_of(self, text: str) -> str:
        """The place of a text on the page, one of `workers.credit.model.PLACES`."""
        wanted = squeeze(text)
        at = self.story.find(wanted)
        if at >= 0:
            return _place_within(at, len(wanted), len(self.story))
        if wanted in self.tail:
            return "after_body"
        span = self._story_span
        at = self.page_text.find(wanted) if span is not None else -1
        if at < 0 or span is None:
            return "page"
        if at < span[0]:
            return "before_body"
        if at >= span[1]:
            return "after_body"
        return _place_within(at - span[0], len(wanted), span[1] - span[0])

    def absolute(self, href: str) -> str | None:
        """`href` as an absolute http(s) URL, else None."""
        try:
            url = urljoin(self.url, href.strip())
            parts = urlsplit(url)
        except ValueError:
            return None
        return url if parts.scheme in ("http", "https") and "." in (parts.hostname or "") else None

    def target(self, href: str) -> str | None:
        """Where `href` leads, as an absolute URL, wrappers taken off; else None."""
        url = self.absolute(href)
        return None if url is None else target_of(url)

    def outside_site(self, url: str | None) -> str | None:
        """The site of `url` where it is another than the page's, else None."""
        if not url or not host_of(url):
            return None
        try:
            site = site_of(url)
        except ValueError:
            return None
        return site if site and site != self.site else None


def _place_within(at: int, length: int, whole: int) -> str:
    if at < _START_CHARS and at <= whole // 2:
        return "body_start"
    return "body_end" if at + length >= whole - _END_CHARS else "body_middle"


def _walk_after(element: HtmlElement) -> Iterator[tuple[HtmlElement, str | None, bool]]:
    """(element, text, is it its start) in document order behind the end of `element`, without what is not seen.

    At an element's start the text is its own, at its end its tail. Iterative: pages nest deeper than Python's stack.
    """
    node: Any = element
    while node is not None and node.tag != "body":
        yield node, node.tail, False
        sibling = node.getnext()
        while sibling is not None:
            yield from _walk(sibling)
            yield sibling, sibling.tail, False
            sibling = sibling.getnext()
        node = node.getparent()


def _walk(root: Any) -> Iterator[tuple[HtmlElement, str | None, bool]]:
    if not isinstance(root.tag, str) or root.tag in _UNSEEN:
        return
    if not len(root):
        yield root, root.text, True
        return
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, node in walker:
        if event != "start":
            if node is not root:
                yield node, node.tail, False
        elif node.tag in _UNSEEN:
            walker.skip_subtree()
        else:
            yield node, node.text, True


def _article_objects(value: Any) -> Iterator[dict[str, Any]]:
    """Objects of an article's or a page's type at the top level, in `@graph` and in `mainEntity`."""
    stack, seen = [value], 0
    while stack and seen < _MAX_JSON_NODES:
        node = stack.pop(0)
        seen += 1
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            types = node.get("@type")
            names = types if isinstance(types, list) else [types]
            if any(isinstance(name, str) and _ARTICLE_TYPE.search(name) for name in names):
                yield node
            stack.extend(node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in node)
