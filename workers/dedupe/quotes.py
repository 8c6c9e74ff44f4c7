"""Quotation marks: which words stand within them. Pure.

A mark is read where it stands, between two spaces (`marked`); what it does in its paragraph is settled afterwards
(`are_quoted`). The rule stands in `words.py`.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["CLOSE", "are_quoted", "marked"]

# What a mark does, as a character that no text contains. Even after odd: closes what the one before it opens.
OPEN: Final = 1
CLOSE: Final = 2
_OPEN_ANGLE: Final = 3
_CLOSE_ANGLE: Final = 4
_OPEN_CORNER: Final = 5
_CLOSE_CORNER: Final = 6
_OPEN_WHITE_CORNER: Final = 7
_CLOSE_WHITE_CORNER: Final = 8
_OPEN_SINGLE: Final = 9
_CLOSE_SINGLE: Final = 10
_EITHER: Final = 11
_AFTER_DIGIT: Final = 12
_DASH: Final = 13

_CORNERS: Final = {
    "「": _OPEN_CORNER,
    "」": _CLOSE_CORNER,
    "『": _OPEN_WHITE_CORNER,
    "』": _CLOSE_WHITE_CORNER,
}
_SINGLE: Final = "'‘’‚‛"
_BY_SHAPE: Final = {
    "“": OPEN,
    "„": OPEN,
    "‟": OPEN,
    "”": CLOSE,
    "«": _OPEN_ANGLE,
    "»": _CLOSE_ANGLE,
    '"': _EITHER,
}
_DASHES: Final = "–—―"
_MARK: Final = re.compile("[\x01-\x0d\"“”„‟«»「」『』'‘’‚‛–—―]")
_ALL: Final = "\"“”„‟«»'‘’‚‛"
_BEFORE_WORD: Final = "¿¡([{$€£#@"
_AFTER_WORD: Final = ".,;:!?…%)]}。！？，、"


def marked(chunk: str) -> str:
    """What stands between two spaces, each quotation mark replaced by what it does.

    >>> [ord(c) for c in marked('"No,"') if c < " "]
    [1, 2]
    """
    return _MARK.sub(_action, chunk)


def _action(found: re.Match[str]) -> str:
    mark, chunk = found.group(), found.string
    if mark < " ":
        return " "
    if mark in _CORNERS:
        return chr(_CORNERS[mark])
    if mark in _DASHES:
        # Within a word or a range it is no mark of speech.
        is_edge = found.start() == 0 or found.end() == len(chunk) or not chunk[found.end()].isalnum()
        return chr(_DASH) if is_edge else " "
    before = chunk[: found.start()].rstrip(_ALL)[-1:]
    after = chunk[found.end() :].lstrip(_ALL)[:1]
    is_behind = before.isalnum() or (before != "" and before in _AFTER_WORD)
    is_ahead = after.isalnum() or (after != "" and after in _BEFORE_WORD)
    if mark in _SINGLE:
        return _single(mark, before, is_behind=is_behind, is_ahead=is_ahead)
    shape = _BY_SHAPE[mark]
    if before.isdigit() and mark in '"”' and not is_ahead:
        return chr(_AFTER_DIGIT)
    if is_behind == is_ahead:
        return chr(shape)
    is_angle = shape in (_OPEN_ANGLE, _CLOSE_ANGLE)
    if is_ahead:
        return chr(_OPEN_ANGLE if is_angle else OPEN)
    return chr(_CLOSE_ANGLE if is_angle else CLOSE)


def _single(mark: str, before: str, *, is_behind: bool, is_ahead: bool) -> str:
    if is_ahead and not is_behind and mark != "’":
        return chr(_OPEN_SINGLE)
    is_possessive = before in ("s", "S") or before.isdigit()
    if is_behind and not is_ahead and not is_possessive:
        return chr(_CLOSE_SINGLE)
    return " "


def are_quoted(
    raw: npt.NDArray[np.uint32],
    starts: npt.NDArray[np.int64],
    is_mark: npt.NDArray[np.bool_],
    is_end: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Which places lie within a quotation; bool, shape (places,).

    Args:
        raw: words and marks.
        starts: of the paragraphs, ascending.
        is_mark: where a quotation mark stands; the code there is what it does.
        is_end: where a sentence ends.
    """
    places = np.flatnonzero(is_mark)
    lines = np.searchsorted(starts, places, "right") - 1
    ends = np.append(starts[1:], len(raw))
    sentence_ends = np.append(np.flatnonzero(is_end), len(raw))
    next_ends = sentence_ends[np.searchsorted(sentence_ends, places)]
    firsts = np.maximum.accumulate(np.where(is_mark | is_end, -1, np.arange(len(raw))))[places]
    quoted = np.zeros(len(raw) + 1, np.int32)
    rows = zip(
        lines.tolist(),
        places.tolist(),
        raw[places].tolist(),
        next_ends.tolist(),
        (firsts < starts[lines]).tolist(),
        strict=True,
    )
    for line, marks in groupby(rows, key=lambda row: row[0]):
        for start, end in _quotations([row[1:] for row in marks], int(ends[line])):
            quoted[start] += 1
            quoted[end] -= 1
    inside: npt.NDArray[np.bool_] = np.cumsum(quoted[:-1]) > 0
    return inside


_Mark = tuple[int, int, int, bool]
"""Place, what it does, where the sentence ends, whether the paragraph begins with it."""


def _quotations(marks: list[_Mark], end: int) -> list[tuple[int, int]]:
    """Where the quotations of a paragraph begin and end."""
    found: list[tuple[int, int]] = []
    opened: _Mark | None = None
    single = dash = -1
    is_dialogue = marks[0][1] == _DASH and marks[0][3]
    for mark in marks:
        place, does = mark[:2]
        if does == _DASH:
            if is_dialogue:
                found += [(dash, place)] if dash >= 0 else []
                dash = -1 if dash >= 0 else place
        elif does == _OPEN_SINGLE:
            single = place
        elif does == _CLOSE_SINGLE:
            found += [(single, place)] if single >= 0 else []
            single = -1
        elif opened is None:
            if does == _EITHER or (does < _OPEN_SINGLE and does % 2):
                opened = (place, OPEN, *mark[2:]) if does == _EITHER else mark
        elif does in (opened[1] + 1, _EITHER) or (does == _AFTER_DIGIT and opened[1] == OPEN):
            found.append((opened[0], place))
            opened = None
        elif does == opened[1]:
            found.append((opened[0], _unpaired_end(opened, place)))
            opened = mark
    if opened is not None:
        found.append((opened[0], _unpaired_end(opened, end)))
    if dash >= 0:
        found.append((dash, end))
    return found


def _unpaired_end(opened: _Mark, end: int) -> int:
    """Where a quotation that is not closed before `end` ends: a paragraph that begins with it goes on, as a speech does."""
    return end if opened[3] else min(opened[2], end)
