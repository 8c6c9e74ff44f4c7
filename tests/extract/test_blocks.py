"""Blocks and trees: what the models see, and that they compute what they should."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tests.extract.pages import STORY, article
from workers.extract.blocks import BITS, TAG_BITS, cut_blocks, hints_of, word_count
from workers.extract.body import shipped_model
from workers.extract.features import block_features, context_features
from workers.extract.parse import depth_of, parse, text_of
from workers.extract.trees import Trees


def blocks(html: str) -> list[str]:
    root = parse(html)
    assert root is not None
    return [block.text for block in cut_blocks(root).blocks]


def test_a_block_ends_at_block_level_borders_and_at_double_breaks() -> None:
    html = "<body><p>One <b>bold</b> and\n <a href='x'>link</a>.</p>Two<div>Three<br>still three<br><br>Four</div>Five<script>no</script> five</body>"
    assert blocks(html) == ["One bold and link.", "Two", "Three still three", "Four", "Five five"]


def test_comments_scripts_navigation_and_templates_are_unseen() -> None:
    assert blocks(
        "<body><nav>Menu</nav><p>a<!-- b -->c<?php x ?>d</p><template><p>x</p></template><svg><text>y</text></svg></body>"
    ) == ["acd"]


def test_links_and_bold_are_counted() -> None:
    root = parse("<body><div><a href='x'>abc</a> de <strong>f</strong></div></body>")
    assert root is not None
    (block,) = cut_blocks(root).blocks
    assert (block.link_chars, block.links, block.strong) == (3, 1, 1)


def test_the_marks_and_tags_around_a_block_are_known() -> None:
    root = parse("<body><article class='post'><div class='entry-content'><p>x</p></div></article></body>")
    assert root is not None
    page = cut_blocks(root)
    (block,) = page.blocks
    assert page.names[block.container] == "p" and block.tags & TAG_BITS["article"]
    assert page.hints[page.parents[block.container]] & BITS["content"]
    assert hints_of("share-buttons") & BITS["share"] and not hints_of("shore") & BITS["share"]


def test_words_of_languages_without_spaces_are_counted_by_characters() -> None:
    assert word_count("one two three") == 3
    assert word_count("港湾当局は木曜日に発表した") == pytest.approx(7.5)


def test_depth_and_text_of_deep_pages_need_no_stack() -> None:
    root = parse("<html><body>" + "<div>" * 1500 + "x" + "</div>" * 1500)
    assert root is not None
    assert depth_of(root, 1000) == 1001 and text_of(root) == "x"


def test_features_are_finite_and_as_wide_as_the_models_ask() -> None:
    root = parse(article())
    assert root is not None
    page = cut_blocks(root)
    base = block_features(page, "Ports to share cargo data", "", "")
    model = shipped_model()
    first = model.first.chance(base)
    context = context_features(page, base, first)
    assert base.dtype == np.float32 and np.isfinite(base).all() and np.isfinite(context).all()
    assert base.shape[1] >= model.first.width and context.shape[1] >= model.second.width


def test_the_model_keeps_the_story_and_drops_the_frame() -> None:
    root = parse(article())
    assert root is not None
    page = cut_blocks(root)
    chances = shipped_model().chances(page, "Ports to share cargo data", "", "")
    kept = [block.text for block, chance in zip(page.blocks, chances, strict=True) if chance >= 0.45]
    assert kept == list(STORY)


@pytest.mark.parametrize("html", ["<body></body>", "<body><p>x</p></body>", "<body>" + "<p>x</p>" * 3000])
def test_pages_of_any_size_have_chances(html: str) -> None:
    root = parse(html)
    assert root is not None
    page = cut_blocks(root)
    chances = shipped_model().chances(page, "", "", "")
    assert chances.shape == (len(page.blocks),) and ((chances >= 0) & (chances <= 1)).all()


def test_trees_answer_as_a_plain_walk_does() -> None:
    random = np.random.default_rng(5)
    features = random.integers(0, 9, (7, 4)).astype(np.int16)
    borders = random.normal(size=(7, 4)).astype(np.float32)
    leaves = random.normal(size=(7, 16)).astype(np.float16).astype(np.float32)
    trees = Trees(features, borders, leaves, 0.25)
    rows = random.normal(size=(50, 9)).astype(np.float32)
    expected = []
    for row in rows:
        score = 0.25
        for tree in range(7):
            leaf = sum(int(row[features[tree, level]] > borders[tree, level]) << level for level in range(4))
            score += float(leaves[tree, leaf])
        expected.append(1 / (1 + np.exp(-score)))
    assert np.allclose(trees.chance(rows), expected, atol=1e-6)
    file = io.BytesIO()
    trees.save(file)
    file.seek(0)
    assert np.array_equal(Trees.load(file).chance(rows), trees.chance(rows))
    assert trees.chance(rows[:0]).shape == (0,)


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Trees(np.zeros((2, 3), np.int16), np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32), 0.0)
