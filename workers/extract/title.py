"""The headline of a story: what the places that state it agree on. Pure.

Publishers write up to five headlines for one story: for readers, for the list of search engines, for social networks,
for the path of links on top of the page, and for their own front page. No place is right everywhere, so each place
has one vote, and what most of them say is the title.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from lxml.html import HtmlElement

from workers.extract.jsonld import text_value, types_of
from workers.extract.parse import elements, text_of

__all__ = ["Title", "find_title", "letters_of", "without_site"]

_TITLE_CHARS: Final = 500
_SEPARATOR: Final = re.compile(r"\s+(?:[•·»«>‹›~]|[-–—]{1,2}|::)\s+|\s*[|｜]\s*|：")
_PREFIX: Final = re.compile(r"\s*[:|｜：]\s*|\s+(?:[-–—]{1,2}|[»>•·])\s+")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_NOT_WORD: Final = re.compile(r"\W+")
_LONG_WORD: Final = re.compile(r"\w{3,}")
# "no-wrap": a headline for readers may always wrap, the last step of a path of links never does.
_PATH_OF_LINKS: Final = re.compile(r"crumb|seo[-_]?title|no-?wrap", re.IGNORECASE)
_MAX_LEVELS: Final = 6


class Title(NamedTuple):
    """The title and the element that shows it to readers, each None where there is none; and whether metadata give it."""

    text: str | None
    shown: HtmlElement | None
    is_stated: bool


class _Heading(NamedTuple):
    element: HtmlElement
    text: str
    letters: str

    @property
    def last_part(self) -> str:
        """The letters of the last element in the heading; empty where it holds fewer than two with text."""
        parts = [
            letters
            for child in elements(self.element, "span", "div", "strong", "em", "a")
            if (letters := letters_of(text_of(child)))
        ]
        return parts[-1] if len(parts) > 1 else ""


def letters_of(text: str) -> str:
    """The letters and digits of a text, case folded: what two spellings of one headline have in common.

    >>> letters_of("“Ports” to share data")
    'portstosharedata'
    """
    return _NOT_WORD.sub("", text).casefold()


def without_site(title: str | None, own: list[str]) -> str | None:
    """A title without the site's name before or behind it.

    Args:
        title: as some place states it.
        own: what the site is called, letters alone.

    >>> without_site("Ports to share data | The Daily", ["thedaily"])
    'Ports to share data'
    >>> without_site("The Daily: Ports to share data", ["thedaily"])
    'Ports to share data'
    """
    title = _INVISIBLE.sub("", title).strip() if title else None
    while title:
        last = next(iter(reversed(list(_SEPARATOR.finditer(title)))), None)
        if last is None or last.start() == 0:
            return _without_prefix(title, own)
        tail = letters_of(title[last.end() :])
        is_own = any(tail in name or name in tail for name in own) if tail else True
        if not is_own and not (last[0].strip() in ("|", "｜") and last.start() > len(title) / 2):
            return _without_prefix(title, own)
        title = title[: last.start()].rstrip()
    return None


def _without_prefix(title: str, own: list[str]) -> str:
    first = _PREFIX.search(title)
    if first is not None and letters_of(title[: first.start()]) in own and len(title) - first.end() > 2:
        return title[first.end() :]
    return title


def _is_in_path(heading: HtmlElement) -> bool:
    """Whether a heading is the last step of a path of links and no headline for readers."""
    node: HtmlElement | None = heading
    for _ in range(_MAX_LEVELS):
        if node is None or node.tag in ("body", "html"):
            return False
        if node.tag in ("nav", "li") or _PATH_OF_LINKS.search(f"{node.get('class')} {node.get('id')}"):
            return True
        node = node.getparent()
    return False


def _headings(root: HtmlElement, limit: int, *tags: str) -> Iterator[_Heading]:
    for _, element in zip(range(limit), elements(root, *tags), strict=False):
        text = _INVISIBLE.sub("", text_of(element))
        letters = letters_of(text)
        if 2 <= len(letters) <= _TITLE_CHARS:
            yield _Heading(element, text, letters)


def _shown(root: HtmlElement, stated: list[str]) -> tuple[_Heading | None, _Heading | None]:
    """The heading that readers see as the headline, and the one in a path of links.

    The first is the `h1` that says what the page states, else the first `h1`, else the first smaller heading that
    shares many words with what the page states.
    """
    wanted = [letters for letters in map(letters_of, stated) if letters]
    headline = in_path = None
    for heading in _headings(root, 12, "h1"):
        says_it = any(heading.letters in want or want in heading.letters for want in wanted)
        if _is_in_path(heading.element):
            in_path = in_path or (heading if says_it else None)
        elif says_it:
            return heading, in_path
        else:
            headline = headline or heading
    if headline is not None:
        return headline, in_path
    words = {word for text in stated for word in _LONG_WORD.findall(text.lower())}
    for heading in _headings(root, 40, "h2", "h3"):
        own = set(_LONG_WORD.findall(heading.text.lower()))
        shares = len(own) >= 2 and len(own & words) >= 0.4 * len(own)
        if (shares or heading.letters in wanted) and not _is_in_path(heading.element):
            return heading, in_path
    return None, in_path


def _unmarked(root: HtmlElement, document: str | None) -> _Heading | None:
    """On a page without headings, the first element that shows a part of the document's title."""
    parts = [letters_of(part) for part in _PREFIX.split(document or "")] + [letters_of(document or "")]
    wanted = {part for part in parts if len(part) >= 12}
    if wanted:
        tags = (
            "p",
            "div",
            "td",
            "th",
            "font",
            "b",
            "strong",
            "big",
            "center",
            "span",
            "h4",
            "h5",
            "caption",
            "dt",
        )
        for heading in _headings(root, 300, *tags):
            if heading.letters in wanted:
                return heading
    return None


def _votes(
    stated: list[tuple[str, str | None]], shown: _Heading | None, in_path: _Heading | None
) -> dict[str, set[str]]:
    """Letters of a headline to the places that state it, in the order of trust."""
    votes: dict[str, set[str]] = {}
    for place, text in stated:
        if text and (letters := letters_of(text)):
            # "Ports to share data - World" says what the heading "Ports to share data" says.
            heads = (letters_of(text[: mark.start()]) for mark in _SEPARATOR.finditer(text))
            is_shown = shown is not None and shown.letters in heads
            votes.setdefault(shown.letters if shown and is_shown else letters, set()).add(place)
    if shown is not None:
        last = shown.last_part
        if last and last in votes and last != shown.letters:
            # The heading holds a kicker in an element of its own: "On the coast – Ports to share data"
            votes.get(shown.letters, set()).discard("shown")
            votes[last].add("shown")
        elif votes.get(shown.letters) == {"shown"}:
            for letters, places in votes.items():
                if (
                    letters != shown.letters
                    and shown.letters.endswith(letters)
                    and len(letters) > 0.3 * len(shown.letters)
                ):
                    places.add("shown")
    if in_path is not None and in_path.letters in votes:
        votes[in_path.letters].add("path")
    return votes


def find_title(
    root: HtmlElement,
    articles: list[dict[str, Any]],
    *,
    social: str | None,
    document: str | None,
    own: list[str],
) -> Title:
    """The headline of a page's story.

    Args:
        root: the whole page; not changed.
        articles: JSON-LD objects of the article, likeliest first.
        social: the page's `og:title` or what stands for it.
        document: the text of `<title>`.
        own: what the site is called, letters alone.
    """

    def stated_as(key: str, *, count: int) -> str | None:
        values = (
            text_value(item.get(key))
            for item in articles[:count]
            if "webpage" not in types_of(item) or key == "headline"
        )
        return without_site(next(filter(None, values), None), own)

    headline, name, second = (
        stated_as("headline", count=2),
        stated_as("name", count=2),
        stated_as("alternativeHeadline", count=1),
    )
    social, plain = without_site(social, own), without_site(document, own)
    shown, in_path = _shown(root, [text for text in (headline, social, name, second, plain) if text])
    if shown is None and in_path is None:
        shown = _unmarked(root, document)
    places = [
        ("json-ld", headline), ("og", social), ("shown", shown.text if shown else None), ("path", in_path.text if in_path else None),
    ]  # fmt: skip
    votes = _votes(
        [(place, text) for place, text in places if text and letters_of(text) not in own], shown, in_path
    )
    for place, text in (("name", name), ("second", second)):
        if text and (letters := letters_of(text)) in votes:
            votes[letters].add(place)

    def rank(letters: str) -> tuple[int, bool]:
        # Two against two: what is written for readers elsewhere beats what is written for search engines.
        return len(votes[letters]), len(votes[letters]) > 1 and "og" in votes[letters]

    best = max(votes, key=rank, default=None)
    spellings = [text for _, text in places if text and letters_of(text) == best]
    text = next(iter(spellings), None) or plain or name
    element = shown.element if shown is not None else in_path.element if in_path is not None else None
    return Title(text[:_TITLE_CHARS] if text else None, element, bool(headline or social))
