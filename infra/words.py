"""Numbers with their nouns, for messages."""

from __future__ import annotations

__all__ = ["counted"]


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """
    >>> counted(1, "page"), counted(2, "page"), counted(0, "is", "are")
    ('1 page', '2 pages', '0 are')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
