"""The language of a story."""

from __future__ import annotations

import pytest

from tests.extract.hostile import CHINESE, GERMAN, JAPANESE, KOREAN, RUSSIAN
from tests.extract.pages import STORY
from workers.extract.language import language_of

TEXTS = {"en": STORY, "de": GERMAN, "ru": RUSSIAN, "ja": JAPANESE, "zh": CHINESE, "ko": KOREAN}


@pytest.mark.parametrize("language", TEXTS)
def test_a_language_is_told_from_the_words(language: str) -> None:
    assert language_of("\n".join(TEXTS[language]), None) == language


@pytest.mark.parametrize("language", ["ru", "ja", "zh", "ko"])
def test_a_statement_that_the_script_belies_is_not_believed(language: str) -> None:
    assert language_of("\n".join(TEXTS[language]), "en") == language


def test_a_statement_that_the_script_allows_is_believed() -> None:
    assert language_of("\n".join(RUSSIAN), "uk") == "uk"
    assert language_of("\n".join(STORY), "cy") == "cy"
    assert language_of("\n".join(STORY), "ja") == "en"


def test_without_letters_the_statement_stands() -> None:
    assert language_of("", "fr") == "fr" and language_of("12 34", None) is None
