"""What two stories share, and what kind of pair that makes them."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.dedupe.compare import measure_pairs
from workers.dedupe.planted import planted_corpus
from workers.dedupe.planted_words import LANGUAGES
from workers.dedupe.planted_writer import Writer
from workers.dedupe.verify import Story, kind_of, measure
from workers.dedupe.words import words_of_lines


def _story(lines: list[str]) -> Story:
    return Story(words_of_lines(lines))


def _shingle_set(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}


def _kind(a: list[str], b: list[str], *, is_same_site: bool = False) -> str | None:
    measured = measure(_story(a), _story(b))
    return kind_of(measured, is_same_site=is_same_site) if measured else None


@pytest.fixture
def writer() -> Writer:
    return Writer(LANGUAGES["en"], random.Random(11))


@given(st.integers(0, 2**32), st.integers(30, 120), st.integers(30, 120))
@settings(deadline=None, max_examples=60)
def test_measures_are_those_of_the_exact_sets(seed: int, own: int, shared: int) -> None:
    rng = random.Random(seed)
    common = [f"c{rng.randrange(400)}" for _ in range(shared)]
    a = " ".join([f"a{rng.randrange(400)}" for _ in range(own)] + common)
    b = " ".join(common + [f"b{rng.randrange(400)}" for _ in range(own)])
    first, second = _shingle_set(a), _shingle_set(b)
    both = len(first & second)
    measured = measure(_story([a]), _story([b]))
    if measured is None:
        assert both < 20 or both < 0.35 * min(len(first), len(second))
        return
    assert measured.shared == both
    assert measured.jaccard == pytest.approx(both / len(first | second))
    assert measured.containment_a_in_b == pytest.approx(both / len(first))
    assert measured.containment_b_in_a == pytest.approx(both / len(second))
    assert measured.longest_passage_words >= shared


def test_a_trimmed_copy_is_a_copy(writer: Writer) -> None:
    story = writer.story(400)
    assert _kind(story[: len(story) // 3], story) == "copy"


def test_a_story_within_a_longer_text_is_a_copy(writer: Writer) -> None:
    story = writer.story(150)
    assert _kind([*writer.story(200), *story, *writer.story(200)], story) == "copy"


def test_a_lightly_edited_copy_is_a_copy(writer: Writer) -> None:
    story = writer.story(300)
    assert _kind(writer.edited(story), story) == "copy"


def test_two_instalments_of_a_series_are_a_template(writer: Writer) -> None:
    skeleton = writer.skeleton(14)
    assert _kind(writer.filled(skeleton), writer.filled(skeleton)) in ("template", None)
    report = (
        "Snow fell in {} on {} and reached {} inches by the late evening, the national weather service said in a "
        "statement on its page. Drivers on the main roads around {} were asked to stay at home until the ploughs had "
        "done their work, which would take about {} hours. The temperature at the airport was {} degrees at noon, and "
        "it is expected to fall further during the night before a slow rise towards the end of the week in {}."
    )
    first = report.format("Boston", "Friday", 12, "Salem", 30, 21, "Maine")
    second = report.format("Denver", "Monday", 3, "Aspen", 16, 8, "Utah")
    assert _kind([first], [second]) == "template"
    assert _kind([first], [first]) == "copy"


def test_an_editor_who_turns_a_weekday_into_a_date_made_a_copy(writer: Writer) -> None:
    story = [line.replace(".", " on Tuesday.", 1) for line in writer.story(400)]
    copy = [line.replace("Tuesday", "March 3", 1) if i < 3 else line for i, line in enumerate(story)]
    assert _kind(story, copy) == "copy"


def test_a_shared_statement_is_a_quotation(writer: Writer) -> None:
    statement = writer.statement(110)
    assert _kind([*writer.story(90), statement], [statement, *writer.story(100)]) == "quotation"


def test_standing_paragraphs_only_share_text(writer: Writer) -> None:
    background = writer.story(70)
    assert _kind([*writer.story(110), *background], [*writer.story(130), *background]) in (
        "shares_text",
        None,
    )


def test_texts_of_one_site_must_be_nearly_the_same(writer: Writer) -> None:
    story = writer.story(300)
    half = [*story[: len(story) * 2 // 3], *writer.story(100)]
    assert _kind(half, story) == "copy"
    assert _kind(half, story, is_same_site=True) == "same_site"
    assert _kind(story, [*story, "And more of it came on Friday."], is_same_site=True) == "copy"


def test_short_texts_are_copies_only_when_they_are_the_same(writer: Writer) -> None:
    words = " ".join(writer.story(45)).split()
    text, shorter = " ".join(words[:45]), " ".join(words[:38])
    for brief in (text, shorter):
        assert _kind([brief], [brief]) == "copy"
        assert _kind([brief], [brief + " and then some more"], is_same_site=True) == "shares_text"
    assert _kind([text], [text + " and then some more"]) == "copy"
    assert _kind([shorter], [shorter + " and then some more"]) == "shares_text"
    assert (
        _kind(
            ["We use cookies to give you the best experience"],
            ["We use cookies to give you the best experience"],
        )
        is None
    )


def test_unrelated_stories_are_not_kept(writer: Writer) -> None:
    assert _kind(writer.story(300), writer.story(300)) is None


def test_many_pairs_at_once_are_measured_as_each_alone() -> None:
    """Copies of every kind, templates, quotations, and the same with repeated passages; in both orders."""
    corpus = [
        _story(list(a.lines))
        for a in planted_corpus(240, seed=9, languages=("en", "de", "zh", "ar"), copy_share=0.8)
    ]
    corpus += [Story(np.concatenate([s.words, s.words[20:60], s.words[:30]])) for s in corpus[::12]]
    corpus += [_story([]), _story(["one two three"]), _story(["one two three four"])]
    corpus.append(Story(corpus[0].words.copy()))
    pairs = [(a, b) for a in corpus for b in corpus if a is not b]
    random.Random(4).shuffle(pairs)
    close = [(a, b) for a, b in pairs if measure(a, b)]
    assert len(close) > 300
    pairs = close + pairs[:1500]
    assert measure_pairs(pairs) == [measure(a, b) for a, b in pairs]


def test_a_measure_does_not_depend_on_which_story_is_named_first(writer: Writer) -> None:
    story = writer.story(300)
    for copy in (writer.edited(story), story[:4], [*story[5:], *story[:5], *story[:2]], story):
        there, back = measure(_story(story), _story(copy)), measure(_story(copy), _story(story))
        assert there is not None
        assert back is not None
        assert there == back.swapped()
