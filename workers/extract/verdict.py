"""Article or not: the reasons for which a page of HTML holds no story. Conservative: a doubt is an article."""

from __future__ import annotations

import re
from typing import Final

from lxml.html import HtmlElement

from schemas.outcomes import Outcome
from schemas.records import RawPage
from workers.extract.guards import Refusal
from workers.extract.metadata import Metadata

__all__ = ["why_not_article"]

_MIN_CHARS: Final = 120


def why_not_article(root: HtmlElement, text: str, meta: Metadata, page: RawPage) -> Refusal | None:
    """Why the page is no article; None if it is one."""
    if not 200 <= page.status < 300:
        return Refusal(Outcome.NOT_ARTICLE, f"status: {page.status}")
    if not text:
        visible = re.sub(r"\s+", "", root.text_content())
        return Refusal(Outcome.NOT_ARTICLE, "no text") if visible else Refusal(Outcome.EMPTY, "no text")
    if len(text) < _MIN_CHARS:
        return Refusal(Outcome.NOT_ARTICLE, f"short: {len(text)} characters")
    return None
