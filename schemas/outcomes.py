"""The closed set of ends that a published page can have.

Every page on the pages topic ends in exactly one row of `core.pages` with one of these outcomes. The same
words stand in logs, metrics and SQL.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Outcome"]


class Outcome(StrEnum):
    """How the work on one published page ended."""

    ARTICLE = "article"
    """An article that was not known before, stored and compared."""
    UPDATED = "updated"
    """A known article whose text has changed; the new version is stored and compared."""
    UNCHANGED = "unchanged"
    """A known article, fetched again with the same text; its headline and credits are those of the newest page, its date that of
    the newest page that states one as surely."""
    NOT_ARTICLE = "not_article"
    """HTML, but a home page, a listing, a stub, a cookie wall or another page without a story."""
    NOT_HTML = "not_html"
    """The bytes are a PDF, an image, JSON or something else that is no HTML."""
    EMPTY = "empty"
    """No bytes, or no text at all."""
    TOO_LARGE = "too_large"
    """The page is over the limit of bytes, nesting or attributes."""
    EXTRACT_TIMEOUT = "extract_timeout"
    """The extraction did not end within its deadline; its process was killed."""
    EXTRACT_FAILED = "extract_failed"
    """The extraction crashed, ran out of memory or raised; the reason says which."""
    DEAD_LETTER = "dead_letter"
    """The message could not be decoded or stored; its bytes are on the dead-letter topic."""
