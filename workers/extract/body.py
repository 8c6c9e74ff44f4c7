"""The text of the story, cut out of the page."""

from __future__ import annotations

from copy import deepcopy

from lxml.html import HtmlElement
from trafilatura import bare_extraction

__all__ = ["find_body"]


def find_body(root: HtmlElement, *, url: str) -> str:
    """The paragraphs of the story, joined by a line feed; empty where there is none.

    Args:
        root: the whole page; not changed.
        url: the page's.
    """
    document = bare_extraction(
        deepcopy(root), url=url, fast=False, include_comments=False, include_tables=True, with_metadata=False
    )
    if document is None:
        return ""
    text = document.get("text") if isinstance(document, dict) else document.text
    lines = (" ".join(line.split()) for line in (text or "").split("\n"))
    return "\n".join(line for line in lines if line)
