"""Whether a page is made of teasers: a headline that links, a few words, and so on again. Pure.

Told from the order of linked lines and plain text in the blocks, not from tags and class names: old pages and new ones,
cards, tickers, search results and archives are alike in this. A story has text that no linked headline opens.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from workers.extract.blocks import TAG_BITS, Block, Page
from workers.extract.surroundings import is_label

__all__ = ["Teasers", "teasers_of"]

_ASIDE: Final = TAG_BITS["nav"] | TAG_BITS["footer"] | TAG_BITS["aside"] | TAG_BITS["form"]
_HEADS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_TEXT_WORDS: Final = 6
_BLURB_WORDS: Final = 110
_CUT: Final = ("...", "…", "[…]", "[...]")
_LEAST_ITEMS: Final = 3
_LEAST_SHARE: Final = 0.75
_BARE_WORDS: Final = 50.0
"""Less plain text than this beside linked headlines is no story."""
_STORY_WORDS: Final = 130.0
_LONG_TEASER: Final = 90.0
_SHORT_TEASER: Final = 25.0
"""Mean words of a teaser's text, where the markup shows that headline and text belong together and where it does not:
read-more lines between the paragraphs of a story look like the second."""
_REACH: Final = 3
"""Blocks from a linked headline to its blurb at most: byline and section may stand between."""


@dataclass(slots=True)
class Teasers:
    """How a page's lines are made up, menus and footers aside.

    Attributes:
        items: linked headlines, or lines that lead on ("Read more"), whichever are more.
        words: of plain text that belongs to an item.
        texts: how many such texts.
        other_words: of plain text that no item opens.
        cut: how many of the texts end in the middle of a sentence, with dots.
        longest: words of the longest run of plain text.
        is_marked: whether headlines are headings, or stand in containers of their own with their texts.
    """

    items: int = 0
    words: float = 0.0
    texts: int = 0
    cut: int = 0
    other_words: float = 0.0
    longest: float = 0.0
    is_marked: bool = False

    @property
    def share(self) -> float:
        """Of the plain words those in items."""
        return self.words / max(1.0, self.words + self.other_words)

    def are_the_page(self) -> bool:
        """Whether the page shows teasers and no story beside them."""
        if 0 < self.texts == self.cut and self.share > 0.7 and self.words < _STORY_WORDS:
            return True  # the last page of a list may have one teaser
        if self.items < _LEAST_ITEMS:
            return False
        if self.words + self.other_words < _BARE_WORDS:
            return True
        mean = self.words / max(1, self.texts)
        return (
            self.texts >= _LEAST_ITEMS
            and self.share >= _LEAST_SHARE
            and self.longest < _STORY_WORDS
            and mean < (_LONG_TEASER if self.is_marked else _SHORT_TEASER)
        )


def _is_title_like(block: Block) -> bool:
    """Whether a block's link is long enough for a headline, or all that it sets in bold."""
    return block.link_chars >= (12 if block.text.isascii() else 6) or (
        block.links == 1 and block.strong >= 6 and abs(block.strong - block.link_chars) <= 2
    )


def _plain_words(block: Block) -> float:
    return float(block.words) * (1.0 - block.link_chars / max(1, len(block.text)))


def teasers_of(page: Page) -> Teasers:
    """What the page's lines are made of."""
    blocks = [
        (at, block)
        for at, block in enumerate(page.blocks)
        if not block.tags & _ASIDE and page.names[block.container] not in ("h1", "header")
    ]
    leads = Counter(
        block.text for _, block in blocks if block.link_chars > 0.8 * len(block.text) and block.words <= 4
    )
    leads.update(tail for _, block in blocks if (tail := _tail(block)))
    repeated = {text for text, count in leads.items() if count >= _LEAST_ITEMS}
    found = Teasers()
    heads = leading = nested = in_headings = 0
    run = 0.0
    head, distance = None, _REACH + 1
    containers: Counter[int] = Counter()
    for place, (at, block) in enumerate(blocks):
        distance += 1
        plain = _plain_words(block)
        name = page.names[block.container]
        is_linked = block.link_chars > 0.8 * len(block.text)
        if block.text in repeated:
            leading += 1
            run = 0.0
        elif _tail(block) in repeated:
            leading += 1
            run = 0.0
            found.words += plain
            found.texts += 1
            nested += 1
            head = None
        elif is_linked or (block.links == 1 and block.words <= 60 and _is_title_like(block)):
            if not 3 <= block.words <= 60:
                continue
            heads += 1
            head, distance, run = block, 0, 0.0
            containers[page.parents[block.container]] += 1
            in_headings += name in _HEADS or name in ("dt", "li", "td")
            if plain >= _TEXT_WORDS:
                found.words += plain
                found.texts += 1
                found.cut += block.text.endswith(_CUT)
                nested += 1
                head = None
        elif block.words < _TEXT_WORDS or name in _HEADS or is_label(block.text):
            continue
        elif block.words <= _BLURB_WORDS and (
            (head is not None and distance <= _REACH) or _is_led(blocks, place, repeated)
        ):
            found.words += block.words
            found.texts += 1
            found.cut += block.text.endswith(_CUT)
            nested += head is not None and at < page.ends[head.container]
            head, run = None, float(block.words)
        else:
            found.other_words += block.words
            run += block.words
        found.longest = max(found.longest, run)
    found.items = max(heads, leading)
    crowded = containers.most_common(1)[0][1] if containers else 0
    found.is_marked = (
        leading >= found.items
        or in_headings >= 0.6 * heads
        or crowded <= 0.5 * heads
        or nested >= 0.6 * found.texts
    )
    return found


def _tail(block: Block) -> str:
    """The short link at the end of a teaser's text, as in "… said. Read more"; empty where there is none."""
    is_short = block.links == 1 and 3 <= block.link_chars <= 24 and _TEXT_WORDS <= block.words <= _BLURB_WORDS
    return block.text[-block.link_chars :] if is_short else ""


def _is_led(blocks: list[tuple[int, Block]], place: int, repeated: set[str]) -> bool:
    return place + 1 < len(blocks) and blocks[place + 1][1].text in repeated
