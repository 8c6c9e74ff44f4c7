"""Imported once by the fork server of `pool`: loads everything, so that each child starts with it in shared memory."""

from __future__ import annotations

import gc

from workers.dedupe.words import packed_words
from workers.extract import page
from workers.extract.body import shipped_model
from workers.extract.language import language_of

__all__ = ["page"]

shipped_model()
language_of("A sentence that loads the model of languages.", None)
packed_words(["日本"])  # makes the pattern of words with marks or without spaces
gc.collect()
gc.freeze()
