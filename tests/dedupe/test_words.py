"""The normalisation that everything is measured on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.dedupe.words import (
    _LAST_MARK,
    _NOT_PLAIN,
    _PLAIN_WORD,
    HASH_MASK,
    NAME,
    NUMBER,
    QUOTED,
    Words,
    _pattern,
    _prepared,
    _token_codes,
    _tokens,
    joined,
    packed_words,
    words_of_lines,
    words_of_stories,
)


def _hashes(*lines: str) -> list[int]:
    return (words_of_lines(lines) & HASH_MASK).tolist()


def _with(kind: np.uint32, *lines: str) -> list[int]:
    words = words_of_lines(lines)
    return np.flatnonzero(words & kind).tolist()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Don't STOP", "dont stop"),
        ("it’s 1,000 euros", "its 1000 euros"),
        ("1.5 per cent", "15 per cent"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("ﬁne “words” — apart…", "fine words apart"),
        ("Straße", "STRASSE"),
        ("e\u0301te\u0301", "été"),
        ("one\u00a0two\tthree", "one two three"),
    ],
)
def test_spellings_of_one_text_are_the_same_words(a: str, b: str) -> None:
    assert _hashes(a) == _hashes(b)


@pytest.mark.parametrize(("a", "b"), [("stop it", "stop at"), ("10 dead", "11 dead"), ("a b", "ab")])
def test_other_words_stay_apart(a: str, b: str) -> None:
    assert _hashes(a) != _hashes(b)


def test_marks_of_indic_scripts_do_not_split_words() -> None:
    assert len(_hashes("हिन्दी में समाचार")) == 3


def test_scripts_without_spaces_give_a_word_per_neighbouring_pair() -> None:
    assert len(_hashes("今天天气很好")) == 5
    assert set(_hashes("今天天气")) <= set(_hashes("他说今天天气很好"))


def test_lines_join_in_order() -> None:
    assert _hashes("one two", "three") == _hashes("one two three")


def test_numbers_and_names_are_known_and_a_sentence_start_is_no_name() -> None:
    line = "Snow fell in Boston on Friday. Police counted 31 crashes."
    assert _with(NAME, line) == [3, 5]
    assert _with(NUMBER, line) == [8]


def test_a_quotation_ends_with_its_paragraph() -> None:
    assert _with(QUOTED, "He said “we will not pay” today", "and left") == [2, 3, 4, 5]
    assert _with(QUOTED, "“we will go on", "he left") == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        ("He said ‘we will not pay’ and left", "we will not pay"),
        (
            "‘The workers’ and players’ pay is too low,’ she said of the clubs’ offer",
            "The workers and players pay is too low",
        ),
        ("The players’ union and the rock 'n' roll club’s friends", "n"),
        ("'We didn't do it,' said the dogs' owner", "We didnt do it"),
        ("He told them: “She said ‘no’ to me.” Then he left", "She said no to me"),
        ("Er rief: »Wir zahlen nicht!« und ging", "Wir zahlen nicht"),
        ("Il a dit : « Nous ne paierons “jamais” cela » et il est parti", "Nous ne paierons jamais cela"),
        ("Hän sanoi: ”Emme maksa” ja lähti", "Emme maksa"),
        ('The 6\'2" player said "we won" and left', "we won"),
        ("The 6'2\" player is not quoted", ""),
        ('"I am 25" he said', "I am 25"),
        ('He said "we won. Then he left and went home', "we won"),
        ('So it was" he wrote. "We won," he added', "We won"),
        ("“We won. “We won again.” Then he left", "We won We won again"),
        ("— Nous ne paierons pas, a dit le ministre", "Nous ne paierons pas a dit le ministre"),
        ("—No vamos a pagar —dijo el ministro—. Nunca", "No vamos a pagar Nunca"),
        ("The town — and its 1990–95 mayor — said nothing", ""),
        ("他说：“我们不会付钱。”然后离开了", "我们 们不 不会 会付 付钱"),
        ("彼は「払わない『絶対』に」と話した", "払わ わな ない 絶対 に"),
    ],
)
def test_what_stands_within_quotation_marks(line: str, quoted: str) -> None:
    words = words_of_lines([line])
    assert _hashes(line) == (words & HASH_MASK).tolist()
    inside = words[(words & QUOTED) != 0] & HASH_MASK
    assert inside.tolist() == [int(words_of_lines([word])[0] & HASH_MASK) for word in quoted.split()]


def test_german_quotation_marks_open_low_and_close_high() -> None:
    assert _with(QUOTED, "Er sagte: „Wir zahlen nicht“ und ging") == [2, 3, 4]


@given(st.lists(st.text(max_size=200), max_size=5))
@settings(deadline=None)
def test_any_text_gives_words_without_error_and_the_same_again(lines: list[str]) -> None:
    first: Words = words_of_lines(lines)
    assert first.dtype == np.uint32
    assert np.array_equal(first, words_of_lines(lines))


@given(st.text(alphabet=st.characters(max_codepoint=0x52F), max_size=120))
@settings(deadline=None)
def test_the_fast_way_for_plain_scripts_finds_the_words_of_the_full_pattern(text: str) -> None:
    line = _prepared(text)
    assert _NOT_PLAIN.search(line) or _PLAIN_WORD.findall(line) == _pattern().findall(line)


@given(
    st.text(max_size=200) | st.text(alphabet="aÉ1١9,.'’“\"«:… \u00a0\u202f\u200b\u0301中タก´ﬁ", max_size=80)
)
@settings(deadline=None)
def test_words_taken_chunk_by_chunk_are_those_of_the_whole_line(line: str) -> None:
    codes = [_token_codes[token] for token in _tokens(_prepared(line))]
    assert _hashes(line) == [code & int(HASH_MASK) for code in codes if code > _LAST_MARK]


@given(st.lists(st.lists(st.text(max_size=60), max_size=4), max_size=4))
@settings(deadline=None)
def test_many_stories_at_once_give_the_words_of_each(stories: list[list[str]]) -> None:
    together = words_of_stories(stories)
    assert [words.tolist() for words in together] == [words_of_lines(lines).tolist() for lines in stories]


@given(st.text(alphabet="abcdef ghij", min_size=1, max_size=80))
def test_case_never_changes_a_word(text: str) -> None:
    assert _hashes(text) == _hashes(text.upper())


@given(st.lists(st.tuples(st.text(alphabet="aÉ1,.'’“\"… 中タ", max_size=60), st.booleans()), max_size=8))
@settings(deadline=None)
def test_lines_put_together_again_have_the_words_of_their_story(lines: list[tuple[str, bool]]) -> None:
    packed = packed_words([line for line, _ in lines])
    words = joined(part for part, (_, is_kept) in zip(packed, lines, strict=True) if is_kept)
    assert words.dtype == np.uint32
    assert words.tolist() == words_of_lines([line for line, is_kept in lines if is_kept]).tolist()
