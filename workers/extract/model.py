"""What the extraction of one page gives. Values only: this module knows no parser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from schemas.outcomes import Outcome
from workers.boilerplate.lines import NO_TEXT, PageSketch, StoryLine
from workers.credit.model import Credit

__all__ = ["CERTAINTIES", "Certainty", "Extraction", "failed"]

Certainty = Literal["exact", "no_zone", "date_only", "hint", "guessed"]

CERTAINTIES: Final[tuple[Certainty, ...]] = ("exact", "no_zone", "date_only", "hint", "guessed")
"""How far a published time can be trusted, best first: a full time with its zone; a time without one (taken as
UTC); a day (taken as its midnight in UTC); what the feed or sitemap said; found in running text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """One page, read. Everything but `outcome` and `extractor` is empty unless the page is an article.

    Attributes:
        outcome: ARTICLE, NOT_ARTICLE, NOT_HTML, EMPTY, TOO_LARGE, EXTRACT_TIMEOUT or EXTRACT_FAILED.
        reason: why, when not ARTICLE, as `word` or `word: detail`.
        charset: the encoding the body was decoded by, as a WHATWG or Python codec name.
        byline: the byline as a reader sees it, people and organisations together.
        authors: people.
        organisations: agencies, desks and publishers named as author; the site's own byline is one of them.
        canonical_url: absolute URL of `rel=canonical` or `og:url`, also where it points to another site.
        published_at: aware, UTC.
        published_source: where `published_at` was found, e.g. `json-ld` or `meta article:published_time`.
        text: the story's paragraphs joined by a line feed; no NUL and no lone surrogate.
        story_lines: the paragraphs that are sketched: without credit lines, datelines and share lines.
        page_sketch: of these lines, by which the site's near copies of this page are told.
        links: reserved.
        extractor: name and version of what made the text, stored with the article.
    """

    outcome: Outcome
    extractor: str
    reason: str | None = None
    charset: str | None = None
    title: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    language: str | None = None
    canonical_url: str | None = None
    site_name: str | None = None
    section: str | None = None
    published_at: datetime | None = None
    published_source: str | None = None
    published_certainty: Certainty | None = None
    modified_at: datetime | None = None
    text: str = ""
    credits: tuple[Credit, ...] = ()
    story_lines: tuple[StoryLine, ...] = ()
    page_sketch: PageSketch = NO_TEXT
    links: tuple[str, ...] = ()


def failed(outcome: Outcome, reason: str, extractor: str, charset: str | None = None) -> Extraction:
    """The extraction of a page that gave no article."""
    return Extraction(outcome=outcome, reason=reason, extractor=extractor, charset=charset)
