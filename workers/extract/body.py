"""The text of the story, cut out of the page.

    1. cut the page into blocks                                                    blocks
    2. guess of each block how likely it is the story's, then guess again with     features, trees
       the first guesses about the blocks around it
    3. where too much text is left in doubt, take trafilatura's answer instead
    4. cut headline, dateline and the site's address off its ends                  surroundings

Step 2 takes about a fifth of trafilatura's time and decides nine pages of ten alone. The models are learnt from real
pages by `python -m tests.quality.train_body`; their accuracy on publishers that they never saw is what
`python -m tests.quality` prints.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import numpy as np
from lxml.html import HtmlElement
from numpy.typing import NDArray
from trafilatura import bare_extraction

from workers.extract.blocks import TAG_BITS, Page, cut_blocks, word_count
from workers.extract.features import block_features, context_features
from workers.extract.jsonld import text_value
from workers.extract.metadata import Head
from workers.extract.parse import text_of
from workers.extract.surroundings import cut_furniture, surroundings_of
from workers.extract.title import letters_of
from workers.extract.trees import Trees

__all__ = [
    "KEEP",
    "MAX_DOUBT",
    "Body",
    "BodyModel",
    "find_body",
    "model_inputs",
    "shipped_model",
    "trafilatura_text",
]

KEEP: Final = 0.45
"""A block is the story's from this chance on. Out-of-fold F1 is level between .4 and .55."""

MAX_DOUBT: Final = 0.25
"""Words in doubt for each word kept, from which trafilatura decides: one real news page in seventeen. F1 is level between
.1 and .25; below, trafilatura's time is spent without gain."""


@dataclass(frozen=True, slots=True)
class BodyModel:
    """The two guesses: of a block alone, and of a block among the first guesses about its surroundings."""

    first: Trees
    second: Trees

    def chances(self, page: Page, title: str, description: str, stated: str) -> NDArray[np.float32]:
        """How likely each block is a part of the story, float32, shape (blocks,); arguments of `block_features`."""
        if not page.blocks:
            return np.zeros(0, np.float32)
        base = block_features(page, title, description, stated)
        return self.second.chance(context_features(page, base, self.first.chance(base)))

    @classmethod
    def load(cls, folder: Path, suffix: str = "") -> BodyModel:
        """The model stored as `body_first{suffix}.npz` and `body_second{suffix}.npz`."""
        return cls(*(Trees.load(folder / f"body_{name}{suffix}.npz") for name in ("first", "second")))


@dataclass(frozen=True, slots=True)
class Body:
    """The story as found.

    Attributes:
        text: paragraphs joined by a line feed; empty where there is none.
        page: all blocks of the page.
        chances: of each block to be the story's, float32, shape (blocks,).
        doubt: words in doubt for each word kept.
        method: "blocks" or "trafilatura".
        title: the headline; what the page states, or what it shows before the story where it states none.
        around: short lines right before and behind the story, likeliest to hold its date first.
    """

    text: str
    page: Page
    chances: NDArray[np.float32]
    doubt: float
    method: str
    title: str | None = None
    around: tuple[str, ...] = ()


@cache
def shipped_model() -> BodyModel:
    """The model in the package, learnt from all pages of the ground truth."""
    with as_file(files("workers.extract") / "models") as folder:
        return BodyModel.load(folder)


def model_inputs(head: Head) -> tuple[str, str, str]:
    """What the model is told of a page besides its blocks: title, description, and the text that JSON-LD gives."""
    stated = [text_value(item.get("articleBody")) or "" for item in head.articles]
    return head.title or "", head.description or "", max(stated, key=len, default="")


def trafilatura_text(root: HtmlElement, url: str) -> str:
    """What trafilatura, without its own fallbacks, holds to be the story; the tree is not changed."""
    document: Any = bare_extraction(
        deepcopy(root), url=url, fast=True, include_comments=False, include_tables=True, with_metadata=False
    )
    text = (document.text if document is not None else "") or ""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _is_prose(text: str) -> bool:
    """Whether a text has a few lines as long as sentences: trafilatura gives the whole page where it finds nothing."""
    return sum(words for line in text.split("\n") if (words := word_count(line)) >= 10) >= 25


def _hidden(page: Page, words: NDArray[np.float32], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The blocks that the page hides, unless it hides most of its story until a script shows it."""
    hidden = np.array([block.tags & TAG_BITS["hidden"] > 0 for block in page.blocks], np.bool_)
    if words[kept & hidden].sum() > 0.5 * words[kept].sum():
        return np.zeros_like(hidden)
    return hidden


def _names_beside(title: str | None, head: Head, page: Page) -> list[str]:
    """What the page calls its site where it does not say so: the document's title without the story's, and the masthead."""
    top = [letters_of(block.text) for block in page.blocks[:3] if block.words <= 6]
    rest = letters_of((head.document_title or "").replace(title or "\n", ""))
    masthead = letters_of(text_of(head.headline)) if head.headline is not None else ""
    return [name for name in (rest, masthead, *top) if name and name != letters_of(title or "")]


def find_body(root: HtmlElement, head: Head, *, url: str, model: BodyModel | None = None) -> Body:
    """The story of a page.

    Args:
        root: the whole page; not changed.
        head: what the page states of its story.
        url: the page's.
        model: instead of the one in the package.
    """
    page = cut_blocks(root)
    chances = (model or shipped_model()).chances(page, *model_inputs(head))
    words = np.array([block.words for block in page.blocks], np.float32)
    kept = chances >= KEEP
    kept &= ~_hidden(page, words, kept)
    doubt = float((words * np.minimum(chances, 1 - chances)).sum() / max(1.0, float(words[kept].sum())))
    lines = [block.text for block, is_kept in zip(page.blocks, kept, strict=True) if is_kept]
    method = "blocks"
    if doubt >= MAX_DOUBT and _is_prose(text := trafilatura_text(root, url)):
        lines, method = text.split("\n"), "trafilatura"
    has_heading = head.headline is not None
    around = surroundings_of(
        page, np.flatnonzero(kept).tolist(), head.document_title, has_heading=has_heading
    )
    title = head.title if head.is_title_stated else around.title or head.title
    text = "\n".join(
        cut_furniture(lines, title=title, own_names=[*head.own_names, *_names_beside(title, head, page)])
    )
    return Body(text, page, chances, doubt, method, title, around.lines)
