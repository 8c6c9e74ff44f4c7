"""The language of a story: what the page states, unless its script says otherwise, else what the words look like."""

from __future__ import annotations

import re
from typing import Final

import py3langid

__all__ = ["language_of"]

_SAMPLE_CHARS: Final = 2_000

# Scripts, and the languages of the press that are written in them; Latin is left to the statement and the detector.
_SCRIPTS: Final[tuple[tuple[re.Pattern[str], float, frozenset[str]], ...]] = (
    (re.compile("[\u3040-\u30ff]"), 0.1, frozenset({"ja"})),
    (re.compile("[\uac00-\ud7af]"), 0.3, frozenset({"ko"})),
    (re.compile("[\u4e00-\u9fff]"), 0.3, frozenset({"zh", "ja", "yue"})),
    (
        re.compile("[\u0400-\u04ff]"),
        0.3,
        frozenset({"ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "tg", "mn", "uz"}),
    ),
    (re.compile("[\u0600-\u06ff]"), 0.3, frozenset({"ar", "fa", "ur", "ps", "ckb", "ug", "sd"})),
    (re.compile("[\u0590-\u05ff]"), 0.3, frozenset({"he", "yi", "iw"})),
    (re.compile("[\u0370-\u03ff]"), 0.3, frozenset({"el"})),
    (re.compile("[\u0900-\u097f]"), 0.3, frozenset({"hi", "mr", "ne"})),
    (re.compile("[\u0e00-\u0e7f]"), 0.3, frozenset({"th"})),
    (re.compile("[\u0980-\u09ff]"), 0.3, frozenset({"bn", "as"})),
    (re.compile("[\u0b80-\u0bff]"), 0.3, frozenset({"ta"})),
    (re.compile("[A-Za-zÀ-ɏ]"), 0.7, frozenset()),
)
_NOT_LATIN: Final = frozenset[str]().union(*(languages for _, _, languages in _SCRIPTS)) - {
    "sr",
    "uz",
    "kk",
    "tg",
    "mn",
    "ug",
}


def language_of(text: str, stated: str | None) -> str | None:
    """The two- or three-letter code of a story's language; None where there is nothing to tell it from.

    >>> language_of("Die Regierung kündigte am Montag größere Änderungen an.", None)
    'de'
    >>> language_of("港湾当局は木曜日に発表した。", "en")
    'ja'
    """
    sample = text[:_SAMPLE_CHARS]
    letters = sum(map(str.isalpha, sample))
    if letters < 10:
        return stated
    for script, share, languages in _SCRIPTS:
        if len(script.findall(sample)) >= share * letters:
            if languages and stated in languages:
                return stated
            if len(languages) == 1:
                return next(iter(languages))
            if not languages and stated and stated not in _NOT_LATIN:
                return stated
            break
    else:
        if stated:
            return stated
    return str(py3langid.classify(sample)[0])
