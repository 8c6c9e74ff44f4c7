"""Small pages for the detectors: a head, a headline, a story in our own words, and what stands around it."""

from __future__ import annotations

from lxml.html import HtmlElement, document_fromstring

from tests.credit.stories import story
from workers.credit.detect import find_credits
from workers.credit.model import Credit

URL = "https://www.daily-example.com/news/2024/02/harbour-bridge-opens-after-long-delay"
SITE = "daily-example.com"


def tree_of(html: str) -> HtmlElement:
    return document_fromstring(html)


def credits_on(
    *,
    head: str = "",
    byline: str = "",
    first: str = "",
    last: str = "",
    after: str = "",
    footer: str = "",
    url: str = URL,
    site: str = SITE,
    in_text: tuple[str, ...] | None = None,
) -> tuple[Credit, ...]:
    """The credits of a page whose story stands between the paragraphs `first` and `last`.

    Args:
        first: text of a paragraph put before the story, part of the extracted text.
        last: text of a paragraph put behind it, part of the extracted text.
        after: markup behind the story which the extractor dropped.
        in_text: the extracted paragraphs, where they are not `first`, the story and `last`.
    """
    paragraphs = [text for text in (first, *story(7), last) if text]
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    html = (
        f"<html><head><title>Harbour bridge opens</title>{head}</head><body><header><nav><a href='/'>Home</a></nav></header>"
        f"<main><h1>Harbour bridge opens after long delay</h1>{byline}<article>{body}{after}</article></main>"
        f"<aside><p>Most read today</p></aside><footer>{footer}</footer></body></html>"
    )
    text = "\n".join(paragraphs if in_text is None else in_text)
    return find_credits(tree_of(html), url=url, site=site, body_text=text)


def of_kind(credits: tuple[Credit, ...], kind: str) -> list[Credit]:
    return [credit for credit in credits if credit.kind == kind]
