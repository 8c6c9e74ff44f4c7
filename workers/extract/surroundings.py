"""What stands right before and behind a story's text: headline, dateline, byline, the site's address. Pure.

Sites with metadata say these things in their head. Old and small sites say them only where a reader sees them, so they
are read from the blocks next to the story, in reading order, whatever table or list they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from workers.extract.blocks import Block, Page, word_count
from workers.extract.title import letters_of
from workers.extract.written_dates import written_date

__all__ = ["Surroundings", "cut_furniture", "is_label", "surroundings_of"]

_BEFORE: Final = 12
_BEHIND: Final = 5
_PROSE_WORDS: Final = 14
_LABEL_WORDS: Final = 16
_TITLE_WORDS: Final = 30
_PART: Final = re.compile(r"\s*[:|｜：]+\s*|\s+(?:[-–—]{1,2}|[»>•·«])\s+")
_BY: Final = re.compile(
    r"^\W*(?:by|von|par|por|di|da|door|av|af|text|autor|author|written by|story by|reported by|posted by|posted|published|filed|updated|web posted)\b",
    re.IGNORECASE,
)
_FURNITURE: Final = re.compile(
    r"^\W*(?:©|&copy|\(c\)|copyright\b|all rights reserved|all contents?\b|back to\b|back$|zurück|retour|volver|print this|return to|top of page|home$|"
    r"designed by|powered by|webmaster|best viewed)",
    re.IGNORECASE,
)
_HEADS: Final = frozenset({"h1", "h2", "h3", "h4"})


class Surroundings(NamedTuple):
    """What was read next to a story.

    Attributes:
        title: the headline, where a block before the story shows what the document's title says; else None.
        lines: short lines that may hold the date, likeliest first.
    """

    title: str | None
    lines: tuple[str, ...]


def surroundings_of(
    page: Page, story: Sequence[int], document_title: str | None, *, has_heading: bool
) -> Surroundings:
    """The headline and the lines around a story.

    Args:
        page: all blocks.
        story: the blocks that are the story's, rising.
        document_title: the text of `<title>`.
        has_heading: whether the page has a headline marked as one, so that none need be guessed.
    """
    prose = [at for at in story if page.blocks[at].words >= _PROSE_WORDS]
    if not prose:
        return Surroundings(None, ())
    first, last = prose[0], prose[-1]
    before = range(first - 1, max(-1, first - 1 - _BEFORE), -1)
    behind = range(last + 1, min(len(page.blocks), last + 1 + _BEHIND))
    lines = [page.blocks[at].text for at in (*before[:6], *behind) if page.blocks[at].words <= 25]
    return Surroundings(
        _title_before(page, before, document_title or "", has_heading=has_heading), tuple(lines)
    )


def _title_before(page: Page, before: range, document_title: str, *, has_heading: bool) -> str | None:
    """The part of the document's title that the nearest block shows, else the nearest block that looks like a headline."""
    parts = [part for part in (document_title, *_PART.split(document_title)) if len(letters_of(part)) >= 8]
    by_letters = {letters_of(part): part.strip() for part in parts}
    for at in before:
        block = page.blocks[at]
        letters = letters_of(block.text[:400])
        for wanted, part in by_letters.items():
            # A byline and a date may stand in the same block, behind a line break.
            if letters.startswith(wanted) and len(letters) < len(wanted) + 60 and not _is_linked(block):
                if not has_heading and len(part.split()) <= 4:
                    break  # the site's name: a nearer block may be the headline
                return part
    likely = [page.blocks[at] for at in before[:5] if 3 <= page.blocks[at].words <= _TITLE_WORDS]
    likely = [block for block in likely if not _is_linked(block) and not is_label(block.text)]
    for block in likely:
        if block.strong >= 0.8 * len(block.text) or page.names[block.container] in _HEADS:
            return block.text
    if has_heading or not likely or likely[0].text.endswith((".", "!", ":")):
        return None
    return likely[0].text


def _is_linked(block: Block) -> bool:
    return block.link_chars > 0.5 * len(block.text)


def is_label(line: str) -> bool:
    """Whether a short line is a dateline or a byline and no sentence.

    >>> is_label("By Jane Doe, Staff Writer"), is_label("8 February 2024 - Jane Doe"), is_label("Rain fell on 8 May 2024.")
    (True, True, False)
    """
    if word_count(line) > _LABEL_WORDS or (
        line.endswith((".", "!", "?", "”", "。")) and not line.endswith(".")
    ):
        return False
    if _BY.match(line) and word_count(line) <= 10:
        return True
    return any(char.isdigit() for char in line) and word_count(line) <= 10 and written_date(line) is not None


def cut_furniture(lines: list[str], *, title: str | None, own_names: Sequence[str]) -> list[str]:
    """A story's lines without the headline and its labels at the start and the site's address at the end.

    Args:
        lines: the story as found.
        title: its headline, if known.
        own_names: what the site is called, letters alone.
    """
    start, end = 0, len(lines)
    wanted = letters_of(title or "")
    if len(wanted) >= 8:
        for at, line in enumerate(lines[:5]):
            letters = letters_of(line[:600])
            if letters.startswith(wanted) and len(letters) < len(wanted) + 60:
                start = at + 1
            elif word_count(line) > _PROSE_WORDS:
                break
    while start < end and start < 8 and is_label(lines[start]) and not lines[start].endswith((".", "!", "?")):
        start += 1
    while (
        end > start + 1
        and end > len(lines) - 3
        and (_is_address(line := lines[end - 1], own_names) or is_label(line))
    ):
        end -= 1
    return lines[start:end] or lines


def _is_address(line: str, own_names: Sequence[str]) -> bool:
    if word_count(line) > _TITLE_WORDS:
        return False
    letters = letters_of(line)
    return bool(_FURNITURE.match(line)) or any(
        len(name) >= 8 and letters.startswith(name) for name in own_names
    )
