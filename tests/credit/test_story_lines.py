"""What is sketched of a story: its own paragraphs, and nothing that its copies do not share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.credit.pages import credits_on
from tests.credit.stories import story
from workers.boilerplate.lines import NEAR_COPY, is_near_copy, line_key, sketch_page
from workers.boilerplate.text import story_lines
from workers.credit.model import Credit

STORY = story(3)


def with_line(line: str, at: int = 3) -> str:
    return "\n".join([*STORY[:at], line, *STORY[at:]])


@pytest.mark.parametrize("at", [0, 3, 6])
@pytest.mark.parametrize(
    "line",
    [
        "Read more: Harbour bridge opens after long delay",
        "READ MORE: The bridge that nobody wanted",
        "Also read | Harbour fees to rise",
        "Lesen Sie auch: Neue Brücke eröffnet",
        "À lire aussi : Le pont ouvre enfin",
        "Lea también: El puente abre por fin",
        "Share",
        "Share on Facebook",
        "Share Tweet Pin Email",
        "Follow us on Twitter and Facebook",
        "Advertisement",
        "Story continues below",
        "5 Mins Read",
        "No Comments",
        "Source link",
        "Photo: Ann Miller/Getty Images",
        "(AP Photo/Ann Miller)",
        "Sign up for our daily newsletter",
        "© 2024 Daily Example",
        "Last updated 8 February 2024",
    ],
)
def test_lines_that_are_not_the_story_are_cut(line: str, at: int) -> None:
    assert story_lines(with_line(line, at), ()) == STORY


@pytest.mark.parametrize(
    "line",
    [
        "“Share the road,” said the mayor, who cycles to work every day.",
        "More than 200 people read the report before it was published.",
        "Related firms fell, too.",
        "He said: read my lips.",
        "The source of the river lies in the hills.",
        "Follow the money, she advised the auditors in a long letter to the board.",
        "Popular anger grew.",
        "Rain.",
        "KYIV, Ukraine — The storm passed.",
    ],
)
def test_sentences_of_the_story_stay(line: str) -> None:
    assert story_lines(with_line(line), ()) == [*STORY[:3], line, *STORY[3:]]


@pytest.mark.parametrize(
    "head",
    [
        "Related Stories",
        "RELATED:",
        "More from the Paper",
        "Lesen Sie auch",
        "Te puede interesar",
        "関連記事",
    ],
)
def test_a_box_of_related_stories_in_the_middle_is_cut(head: str) -> None:
    box = [
        head,
        "Ferry fares to rise again in spring",
        "Council votes on harbour plan",
        "Five things to know about the new bridge",
    ]
    assert story_lines("\n".join([*STORY[:3], *box, *STORY[3:]]), ()) == STORY


def test_a_headline_before_the_story_is_cut_since_copies_get_another() -> None:
    assert story_lines("\n".join(["Harbour bridge opens", "By Ann Miller", *STORY]), ()) == STORY
    assert story_lines("Harbour bridge opens\nby the river", ()) == ["Harbour bridge opens", "by the river"]


def test_a_box_ends_where_the_story_goes_on() -> None:
    text = "\n".join(
        ["Related Stories", "Ferry fares to rise", "The mayor said no.", "Short line without an end"]
    )
    assert story_lines(text, ()) == ["The mayor said no.", "Short line without an end"]


@pytest.mark.parametrize(
    ("first", "last", "kept_first"),
    [
        (
            "WASHINGTON (AP) — Rain fell on the harbour and on the old town.",
            "(Reporting by Ann Miller; Editing by Bob Brown)",
            "Rain fell on the harbour and on the old town.",
        ),
        (
            "Berlin (dpa) - Es regnete auf den Hafen und die Altstadt.",
            "© dpa-infocom, dpa:230428-99-483045/5",
            "Es regnete auf den Hafen und die Altstadt.",
        ),
    ],
)
def test_datelines_and_credit_lines_are_cut(first: str, last: str, kept_first: str) -> None:
    credits = credits_on(first=first, last=last)
    assert story_lines("\n".join([first, *story(7), last]), credits) == [kept_first, *story(7)]


def test_copies_of_one_story_with_other_credits_give_the_same_lines() -> None:
    ends = [
        "(Reporting by Ann Miller; Editing by Bob Brown)",
        "This article first appeared on ProPublica.",
        "— AFP",
        "",
    ]
    results = []
    for end in ends:
        credits = credits_on(last=end) if end else ()
        results.append(story_lines("\n".join([*story(7), end]), credits))
    assert results == [story(7)] * len(ends)


def test_the_order_of_the_credits_does_not_matter() -> None:
    first, last = "WASHINGTON (AP) — Rain fell on the harbour.", "© dpa-infocom, dpa:230428-99-483045/5"
    credits = credits_on(first=first, last=last)
    assert len(credits) > 2
    text = "\n".join([first, *story(7), last])
    assert story_lines(text, credits) == story_lines(text, credits[::-1])


def test_a_sentence_that_only_shares_a_paragraph_with_a_credit_stays() -> None:
    line = "Rain fell on the harbour all day and the mayor thanked everyone who had helped to close the gates. Associated Press writer Joe Doe contributed to this report."
    credits = credits_on(last=line)
    assert story_lines(line, credits) == [
        "Rain fell on the harbour all day and the mayor thanked everyone who had helped to close the gates."
    ]


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=60), max_size=3))
def test_no_text_raises_and_nothing_is_made_up(text: str, cuts: list[str]) -> None:
    credits = [Credit(kind="dateline", text=cut, place="page", confidence=0.5) for cut in cuts]
    words = set(text.split())
    for line in story_lines(text, credits):
        assert line == " ".join(line.split())
        assert not cuts or line
        if not cuts:
            assert set(line.split()) <= words


@given(st.text(max_size=100))
def test_a_key_is_a_signed_64_bit_number_or_none(line: str) -> None:
    key = line_key(line)
    assert key is None or -(2**63) <= key < 2**63


def test_a_second_run_is_a_near_copy_and_another_story_is_not() -> None:
    whole = sketch_page(story(1, 12))
    assert is_near_copy(whole, sketch_page(story(1, 12)))
    assert is_near_copy(whole, sketch_page(story(1, 7)))
    assert is_near_copy(whole, sketch_page(story(1, 12)[2:] + story(2, 2)))
    assert not is_near_copy(whole, sketch_page(story(2, 12)))
    assert not is_near_copy(whole, sketch_page(story(2, 9) + story(1, 3)))
    assert 0 < NEAR_COPY < 1


def test_text_without_blanks_between_words_is_sketched_by_characters() -> None:
    one = ["今日は港の橋が開通した。市長は長い遅れを詫びた。" * 3]
    other = ["昨日の夜遅くに山の学校で火事があったが誰も怪我をしなかった。" * 3]
    assert is_near_copy(sketch_page(one), sketch_page([*one, "加えて一文。"]))
    assert not is_near_copy(sketch_page(one), sketch_page(other))
