from __future__ import annotations

import pytest

from schemas.outcomes import Outcome
from tests.extract.old_layouts import OldPage, old_pages
from workers.extract.page import extract_page

pytestmark = pytest.mark.parametrize("old", old_pages(), ids=lambda old: old.name)


def test_the_title_is_what_a_reader_sees_above_the_story(old: OldPage) -> None:
    assert extract_page(old.page).title == old.title


def test_the_date_in_words_or_figures_is_read(old: OldPage) -> None:
    assert extract_page(old.page).published_at == old.day


def test_headline_dateline_and_address_are_not_stored_as_the_story(old: OldPage) -> None:
    found = extract_page(old.page)
    assert found.outcome is Outcome.ARTICLE
    assert found.text.split("\n") == list(old.story)
