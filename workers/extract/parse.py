"""Text to the one tree that every later step reads.

The tree is lxml's, parsed once per page from UTF-8 bytes that we made ourselves, so that no parser guesses an
encoding a second time. Nobody changes it; who must, takes a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from lxml import etree
from lxml.html import HtmlComment, HtmlElement, HtmlProcessingInstruction

__all__ = ["depth_of", "elements", "parse", "text_of"]

_UNSEEN: Final = frozenset(
    {"script", "style", "noscript", "template", "iframe", "svg", "object", "select", "textarea"}
)

# lxml.html asks a Python function for the class of every element it hands out; one class for all halves every walk.
_ONE_CLASS: Final = etree.ElementDefaultClassLookup(
    element=HtmlElement, comment=HtmlComment, pi=HtmlProcessingInstruction
)


def parse(text: str) -> HtmlElement | None:
    """The root element of a page; None where there is no element at all.

    Args:
        text: without NUL (libxml2 would end there) and lone surrogates.
    """
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    parser.set_element_class_lookup(_ONE_CLASS)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    return root if isinstance(root, HtmlElement) and isinstance(root.tag, str) else None


def depth_of(root: HtmlElement, limit: int) -> int:
    """How many elements lie above one another at most; stops counting beyond `limit`."""
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > deepest:
            deepest = depth
            if deepest > limit:
                break
    return deepest


def elements(root: HtmlElement, *tags: str) -> Iterator[HtmlElement]:
    """The elements of these names, at least one, in document order."""
    return cast("Iterator[HtmlElement]", root.iter(*tags))


def text_of(element: HtmlElement) -> str:
    """The visible text of an element, white space collapsed.

    >>> text_of(parse("<p>a <b>b</b><script>x</script>\\n c</p>"))
    'a b c'
    """
    parts: list[str] = []
    _collect(element, parts)
    return " ".join("".join(parts).split())


def _collect(element: HtmlElement, parts: list[str]) -> None:
    # iterative: pages nest deeper than Python's stack likes
    skip: HtmlElement | None = None
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if event == "start":
            if skip is None and node.tag in _UNSEEN:
                skip = node
            if skip is None:
                parts.append(" " if node.tag == "br" else "")
                parts.append(node.text or "")
            continue
        if event == "end" and node is skip:
            skip = None
        if skip is None and node is not element:
            parts.append(node.tail or "")
