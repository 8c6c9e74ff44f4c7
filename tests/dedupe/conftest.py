"""A writer of invented stories."""

from __future__ import annotations

import random

import pytest

from workers.dedupe.planted_words import LANGUAGES
from workers.dedupe.planted_writer import Writer


@pytest.fixture
def writer() -> Writer:
    return Writer(LANGUAGES["en"], random.Random(7))
