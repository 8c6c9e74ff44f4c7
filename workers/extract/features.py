"""What the models see of each block: an array of numbers. Pure; the same code trains and runs.

Changing any of it changes what a stored model means: raise `FEATURE_VERSION` and train anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from workers.extract.blocks import BITS, TAG_BITS, Page

__all__ = ["FEATURE_VERSION", "block_features", "context_features"]

FEATURE_VERSION: Final = 3

Floats = NDArray[np.float32]

_END: Final = (".", "!", "?", "。", "！", "？", "…", "”", '"', "“", "»", ".)", "।", "'", "’", "」", ":", "؟")
_GOES_ON: Final = ("...", "…", " more", ">", "»")
_QUOTES: Final = frozenset("\"“„«»‘'「")
_LETTERS: Final = re.compile(r"\w+")
_ASCII_FLAT: Final = {code: chr(code).lower() if _LETTERS.match(chr(code)) else None for code in range(128)}
_DIGIT: Final = re.compile(r"\d")
_UPPER: Final = re.compile("[A-ZÀ-ÞА-Я]")
_TAG_CODES: Final = {
    name: at
    for at, name in enumerate(
        "p div h1 h2 h3 h4 h5 h6 li ul ol td th tr table blockquote section article main aside header footer nav "  # noqa: SIM905
        "figure figcaption dt dd dl pre button form fieldset address center details summary body hgroup time picture".split()
    )
}
_OTHER_TAG: Final = 50
_HEADS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_HINT_BITS: Final = np.array(list(BITS.values()), np.int64)
_TAG_BITS: Final = np.array(list(TAG_BITS.values()), np.int64)
_TEXT_COLUMNS: Final = 16


def _flat(text: str) -> str:
    """Letters, digits and underscores of a text, their case folded.

    >>> _flat("It's 8 o'clock"), _flat("Straße!")
    ('its8oclock', 'strasse')
    """
    return text.translate(_ASCII_FLAT) if text.isascii() else "".join(_LETTERS.findall(text)).casefold()


def _text_rows(page: Page, title: str, description: str, stated: str) -> tuple[Floats, int]:
    """What the words of each block say, shape (blocks, 16), and which block shows the title (-1: none)."""
    flat_title = _flat(title)
    flat_description = _flat(description)
    flat_stated = _flat(stated)
    has_stated = bool(flat_stated)
    rows = np.zeros((len(page.blocks), _TEXT_COLUMNS), np.float32)
    rows[:, 12] = -1
    places: list[int] = []
    found: list[tuple[float, ...]] = []
    seen: dict[str, int] = {}
    title_at = -1
    for at, block in enumerate(page.blocks):
        text = block.text
        if block.words < 8 and block.link_chars > 0.8 * len(
            text
        ):  # an item of a menu: hundreds on every page
            continue
        head = text[:100]
        is_ascii = text.isascii()
        flat = _flat(text[:160])
        size = len(flat)
        is_title = (
            size > 8 and bool(flat_title) and (flat == flat_title or (size > 15 and flat in flat_title))
        )
        if is_title and (title_at < 0 or page.names[block.container] == "h1"):
            title_at = at
        before = seen.get(flat, 0)
        seen[flat] = before + 1
        places.append(at)
        found.append(
            (
                text.endswith(_END),
                head[0].isupper(),
                head[0].islower(),
                text.count(",") + (0 if is_ascii else text.count("，") + text.count("、")),
                text.count(". ")
                + text.count("? ")
                + text.count("! ")
                + (0 if is_ascii else text.count("。")),
                len(_DIGIT.findall(head)) / len(head),
                len(_UPPER.findall(head)) / len(head),
                "|" in head or (not is_ascii and ("•" in head or "·" in head)),
                "(c)" in head or (not is_ascii and "©" in text),
                head[0] in _QUOTES,
                is_title,
                size > 15 and bool(flat_description) and flat[:150] in flat_description,
                (size > 3 and flat in flat_stated) if has_stated else -1,
                before,
                text.endswith(_GOES_ON),
                text.count(":") + text.count("/"),
            )
        )
    if found:
        rows[places] = found
    return rows, title_at


def _likely_container(
    parents: list[int], score: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.float32], set[int]]:
    """Which containers are inside the best one; steps from it (outside: negative); and those around it."""
    best = max(range(len(parents)), key=score.__getitem__)
    around: set[int] = set()
    node = best
    while node >= 0:
        around.add(node)
        node = parents[node]
    inside = [0] * len(parents)
    steps = [0] * len(parents)
    for at, up in enumerate(parents):
        if at == best:
            inside[at] = 1
        elif up >= 0 and inside[up]:
            inside[at] = 1
            steps[at] = steps[up] + 1
        elif up >= 0 and at not in around:
            steps[at] = steps[up] - 1
    return np.array(inside, np.float32), np.array(steps, np.float32), around


def _marks(
    page: Page, around_best: set[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Bits of each container's own marks, of all around it, and of those below the likely story's container."""
    own, every, below = page.hints, [0] * len(page.hints), [0] * len(page.hints)
    for at, up in enumerate(page.parents):
        every[at] = own[at] | (every[up] if up >= 0 else 0)
        if at not in around_best:
            below[at] = own[at] | below[up]
    return np.array(own, np.int64), np.array(every, np.int64), np.array(below, np.int64)


def _sums(page: Page, values: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Block values summed over each container and everything in it, shape (containers, columns)."""
    running = np.zeros((len(page.blocks) + 1, len(values)))
    np.cumsum(np.stack(values, 1), 0, out=running[1:])
    totals: NDArray[np.float64] = running[page.ends] - running[page.starts]
    return totals


def block_features(page: Page, title: str, description: str, stated: str) -> Floats:
    """The features of every block, float32, shape (blocks, features).

    Args:
        page: from `cut_blocks`; at least one block.
        title: the page's, empty if unknown.
        description: what the page says the story is about, empty if it says nothing.
        stated: the story's text as JSON-LD gives it, empty if it does not.
    """
    blocks, names = page.blocks, page.names
    count = len(blocks)
    facts = np.array(
        [
            (
                b.words,
                len(b.text),
                b.link_chars,
                b.links,
                b.strong,
                _TAG_CODES.get(names[b.container], _OTHER_TAG),
            )
            for b in blocks
        ],
        np.float32,
    ).T
    words, chars, link_chars, links, strong, tag_code = facts
    ids = np.array([(b.container, b.tags, b.path) for b in blocks], np.int64).T
    container, tags, path = ids
    link_share = link_chars / chars
    is_head = np.array([names[b.container] in _HEADS for b in blocks])
    is_good = (words >= 12) & (link_share < 0.34)
    good_words = np.where(is_good, words, 0)
    rows, title_at = _text_rows(page, title, description, stated)

    parents = np.array(page.parents)
    sums = _sums(page, [words, chars, link_chars, np.ones(count), good_words, is_good])
    total_words = max(1.0, float(words.sum()))
    total_good = max(1.0, float(good_words.sum()))

    # The story's likely container: good paragraphs count for their parent and half for the one around it.
    up1 = np.maximum(0, parents[container])
    up2 = np.maximum(0, parents[up1])
    is_bare = tag_code == _TAG_CODES["div"]  # text straight in a div: the div itself is the parent
    size = len(parents)
    score = np.bincount(np.where(is_bare, container, up1), good_words, size)
    score += np.bincount(np.where(is_bare, up1, up2), good_words / 2, size)
    scores = score * (1 - sums[:, 2] / np.maximum(1, sums[:, 1]))
    inside, steps, around_best = _likely_container(page.parents, scores.tolist())
    own_marks, all_marks, below_marks = _marks(page, around_best)

    path_words, path_good, path_count = (
        np.bincount(path, words),
        np.bincount(path, good_words),
        np.bincount(path),
    )
    inner = np.flatnonzero(inside[container] > 0)
    first_in, last_in = (int(inner[0]), int(inner[-1])) if len(inner) else (0, count - 1)
    order = np.arange(count, dtype=np.float32)
    ones = np.ones(count, np.float32)
    columns: list[NDArray[Any]] = [
        words, chars / np.maximum(1, words), link_share, links, strong / chars, tag_code, order / count, order, ones * count,
        np.cumsum(words) / total_words, ones * total_words, ones * total_good, order - title_at, ones * (title_at >= 0),
        order - first_in, order - last_in, inside[container], steps[container],
        path_words[path] / total_words, path_good[path] / total_good, path_count[path],
        path_words[path] / np.maximum(1, path_count[path]), is_head, is_good,
    ]  # fmt: skip
    around: list[NDArray[Any]] = []
    level = container
    for _ in range(4):
        held = sums[level].T
        around += [
            held[0], held[2] / np.maximum(1, held[1]), held[3], held[0] / total_words, held[4] / total_good, held[5],
            held[0] / np.maximum(1, held[3]),
        ]  # fmt: skip
        level = np.maximum(0, parents[level])
    marks = np.stack([own_marks[container], own_marks[up1], all_marks[container], below_marks[container]])
    hints = ((marks[:, None, :] & _HINT_BITS[None, :, None]) > 0).reshape(-1, count)
    tag_bits = (tags & _TAG_BITS[:, None]) > 0
    return _table([columns, rows.T, tag_bits, around, hints], count)


def _table(groups: Sequence[Sequence[NDArray[Any]] | NDArray[Any]], count: int) -> Floats:
    """Columns, alone or many in an array of shape (columns, blocks), as one table of shape (blocks, columns)."""
    table = np.empty((sum(map(len, groups)), count), np.float32)
    at = 0
    for group in groups:
        if isinstance(group, np.ndarray):
            table[at : at + len(group)] = group
            at += len(group)
        else:
            for column in group:
                table[at] = column
                at += 1
    return table.T


def context_features(page: Page, base: Floats, chance: Floats) -> Floats:
    """The base features, joined by what a first guess says of each block's surroundings.

    Args:
        base: from `block_features`.
        chance: first guess, float32, shape (blocks,), 0..1.
    """
    count = len(chance)
    words = base[:, 0]
    columns: list[NDArray[Any]] = [chance]
    order = np.arange(count)
    for step in (-3, -2, -1, 1, 2, 3):
        at = order + step
        is_there = (at >= 0) & (at < count)
        at = at.clip(0, count - 1)
        columns.append(np.where(is_there, chance[at], -1))
        if abs(step) <= 2:
            columns += [np.where(is_there, base[at, column], -1) for column in (0, 2, 5)]
    columns += _shares(page, words, chance)
    sure = np.flatnonzero((chance > 0.5) & (words > 12))
    if len(sure):
        before, after = np.searchsorted(sure, order, "right") - 1, np.searchsorted(sure, order, "left")
        columns += [
            np.where(before >= 0, order - sure[before.clip(0)], 99),
            np.where(after < len(sure), sure[after.clip(max=len(sure) - 1)] - order, 99),
            order - sure[0],
            order - sure[-1],
        ]
    else:
        columns += [np.full(count, 99.0)] * 4
    return _table([base.T, columns], count)


def _shares(page: Page, words: Floats, chance: Floats) -> list[NDArray[Any]]:
    """How much of the text around each block the guess keeps: in its container, two around that, its path, the page."""
    ids = np.array([(b.container, b.path) for b in page.blocks], np.int64).T
    parents = np.array(page.parents)
    up1 = np.maximum(0, parents[ids[0]])
    kept_words = chance * words
    columns: list[NDArray[Any]] = []
    for group in (ids[0], up1, np.maximum(0, parents[up1]), ids[1]):
        total, kept = np.bincount(group, words), np.bincount(group, kept_words)
        columns += [kept[group] / np.maximum(1, total[group]), kept[group]]
    all_kept = max(1.0, float(kept_words.sum()))
    before = np.cumsum(kept_words)
    share = all_kept / max(1.0, float(words.sum()))
    ones = np.ones(len(words))
    return [*columns, before / all_kept, (before - kept_words) / all_kept, ones * all_kept, ones * share]
