"""From story lines to words: the normalisation that everything in this package measures.

Pure. A story becomes one `uint32` per word: the upper 29 bits are the word's hash, the lower three say what kind of
word it is (`NUMBER`, `NAME`, `QUOTED`). Kinds never enter a shingle; they tell a template (same skeleton, other
numbers and names) and a shared quotation from a copy.

Normalisation, version 2:

1. Unicode NFKC; soft hyphens, zero-width characters and direction marks are dropped.
2. Apostrophes inside a word and separators between digits are dropped (`don't` = `dont`, `1,000` = `1000`).
3. A word is a run of letters, digits and their combining marks, case-folded. Punctuation only separates words.
4. Scripts written without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar) give one word per pair of neighbouring
   characters.

Quotations. A mark opens or closes by its place (after a space, before one), between two letters by its shape. What is
opened twice was not closed: it ends with its sentence, or at the end of the paragraph if it stands at the beginning of
it, as a quotation of many paragraphs opens each of them. A closing mark that closes nothing is left out. Behind a digit
a straight mark closes but never opens (6'2"). ‘Single’ marks count only as a pair, not as apostrophes: the closing one
stands behind a mark or a word that is no possessive (workers’), as far as there is another. A paragraph that begins
with a dash is speech up to the next dash.
"""

from __future__ import annotations

import re
import struct
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import xxhash

from workers.dedupe.quotes import CLOSE, are_quoted, marked

__all__ = [
    "HASH_MASK",
    "NAME",
    "NORMALISATION",
    "NUMBER",
    "QUOTED",
    "Words",
    "distinct",
    "joined",
    "packed_words",
    "words_of_lines",
    "words_of_stories",
]

NORMALISATION: Final = "nfkc-casefold-2"
"""To be raised with any change of the words, their hashes or their marks: sketches are made anew from words of this name."""
NUMBER: Final = np.uint32(1)
NAME: Final = np.uint32(2)
QUOTED: Final = np.uint32(4)
HASH_MASK: Final = np.uint32(0xFFFFFFF8)

Words = npt.NDArray[np.uint32]
"""uint32, shape (words,): hash in the upper 29 bits, kinds in the lower three."""

_SENTENCE_ENDS: Final = ".!?:…。！？"
_UNSPACED: Final = (
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Kana, Han
    "\u0e00-\u0e7f\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f"  # Thai, Lao, Khmer, Myanmar
    "\U00020000-\U0003ffff"
)
_DROPPED: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_INNER: Final = re.compile(
    # Look-ahead first: most punctuation is followed by a space, and fails at once.
    r"['’ʼ`´](?=[^\W\d_])(?<=[^\W\d_].)|[,.'’\u00a0\u202f](?=\d)(?<=\d.)"
)
_MARKS: Final = "\x01-\x0d"
_PLAIN_WORD: Final = re.compile(f"[^\\W_]+|[{_SENTENCE_ENDS}]|[{_MARKS}]")
_NOT_PLAIN: Final = re.compile("[\u0300-\u036f\u0483-\u0489\u0530-\u1dff\u20d0-\u20ff\u2e80-\U0010ffff]")
"""Outside Latin, Greek and Cyrillic, and their punctuation: there may be marks or words without spaces."""

# Codes of what is no word, in the place of a word's uint32; of quotation marks (`quotes.py`) the characters 1 to 13.
_SENTENCE: Final = 0
_LAST_MARK: Final = 15


@cache
def _pattern() -> re.Pattern[str]:
    marks = [c for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) in ("Mn", "Mc")]
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    combining = "".join(f"{chr(a)}-{chr(b)}" for a, b in ranges)
    return re.compile(f"[{_UNSPACED}]+|(?:[^\\W_{_UNSPACED}][{combining}]*)+|[{_SENTENCE_ENDS}]|[{_MARKS}]")


_unspaced: Final = re.compile(f"[{_UNSPACED}]")


_LIMIT: Final = 100_000
"""Entries at which a table of codes is emptied: both take 26 MB by then, in every extraction process."""


class _TokenCodes(dict[str, int]):
    """Word or mark as written -> its uint32, before the kinds that depend on its place."""

    def __missing__(self, token: str) -> int:
        code = _SENTENCE if token in _SENTENCE_ENDS else ord(token[0])
        if code > _LAST_MARK:
            code = _xxh32(token.casefold().encode("utf-8", "surrogatepass")) & 0xFFFFFFF8
            if code <= _LAST_MARK:
                code = 16
            if not token.isalpha() and any(map(str.isdigit, token)):
                code |= 1
            elif token[0].isupper():
                code |= 2
        if len(self) >= _LIMIT:
            self.clear()
        self[token] = code
        return code


class _ChunkCodes(dict[str, bytes]):
    """What stands between two spaces -> the uint32s of its words and marks, packed.

    Nothing in the normalisation looks across white space, and a story repeats most of what it is written with:
    looking up is several times faster than taking a line apart.
    """

    LONGEST = 40

    def __missing__(self, chunk: str) -> bytes:
        # Most are one word, or one with a mark behind it.
        tail = _TAILS.get(chunk[-1])
        word = chunk if tail is None else chunk[:-1]
        if word.isalnum() and _is_plain(word) and not (tail == _CLOSING and word[-1].isdigit()):
            packed = _pack_one(_token_codes[word]) + (tail or b"")
        else:
            codes = list(map(_token_codes.__getitem__, _tokens(marked(_prepared(chunk)))))
            packed = struct.pack(f"={len(codes)}I", *codes)
        if len(chunk) <= self.LONGEST:
            if len(self) >= _LIMIT:
                self.clear()
            self[chunk] = packed
        return packed


_xxh32: Final = xxhash.xxh32_intdigest
_token_codes = _TokenCodes()
_chunk_codes = _ChunkCodes()
_LINE_START: Final = struct.pack("=I", _SENTENCE)


_pack_one: Final = struct.Struct("=I").pack
_CLOSING: Final = _pack_one(CLOSE)
_TAILS: Final = {
    ",": b"",
    ";": b"",
    ")": b"",
    **dict.fromkeys(".:!?", _pack_one(_SENTENCE)),
    **dict.fromkeys('"”', _CLOSING),
}
"""Marks behind a word -> what they add to it."""


def _is_plain(word: str) -> bool:
    """Whether a run of letters and digits is one word as it stands."""
    return word.isascii() or (unicodedata.is_normalized("NFKC", word) and not _NOT_PLAIN.search(word))


def _tokens(line: str) -> list[str]:
    if line.isascii() or not _NOT_PLAIN.search(line):
        # The same words as by the full pattern, four times as fast.
        return _PLAIN_WORD.findall(line)
    found = _pattern().findall(line)
    if not _unspaced.search(line):
        return found
    tokens: list[str] = []
    for token in found:
        if len(token) > 1 and _unspaced.match(token):
            tokens.extend(token[i : i + 2] for i in range(len(token) - 1))
        else:
            tokens.append(token)
    return tokens


def _prepared(line: str) -> str:
    if not line.isascii():
        line = _DROPPED.sub("", unicodedata.normalize("NFKC", line))
    return _INNER.sub("", line)


_Integers = TypeVar("_Integers", npt.NDArray[np.uint32], npt.NDArray[np.uint64])


def distinct(values: _Integers) -> _Integers:
    """The distinct values, ascending; several times faster than `np.unique` for a few hundred.

    >>> distinct(np.array([3, 1, 3], np.uint32)).tolist()
    [1, 3]
    """
    ascending = np.sort(values)
    if len(ascending) < 2:
        return ascending
    is_first = np.empty(len(ascending), bool)
    is_first[0] = True
    np.not_equal(ascending[1:], ascending[:-1], out=is_first[1:])
    return ascending[is_first]


def words_of_lines(lines: Iterable[str]) -> Words:
    """The words of a story's lines, in order.

    Args:
        lines: paragraphs; a quotation never reaches beyond its own.

    Returns:
        uint32, shape (words,).

    >>> len(words_of_lines(["Don't pay 1,000 euros.", "He said no"]))
    7
    """
    return words_of_stories([lines])[0]


def words_of_stories(stories: Iterable[Iterable[str]]) -> list[Words]:
    """The same for many stories at once."""
    together: list[str] = []
    ends: list[int] = []
    for lines in stories:
        together.extend(lines)
        ends.append(len(together))
    words, starts = _words(together)
    return np.split(words, starts[ends][:-1]) if ends else []


def packed_words(lines: Iterable[str]) -> list[bytes]:
    """The words of each line, to be sent between processes; `joined` puts lines together again.

    >>> len(joined(packed_words(["Don't pay 1,000 euros.", "He said no"])[:1]))
    4
    """
    words, starts = _words(list(lines))
    packed = words.tobytes()
    return [packed[4 * start : 4 * end] for start, end in pairwise(starts.tolist())]


def joined(packed: Iterable[bytes]) -> Words:
    """The words of the story that has these lines, as `words_of_lines` gives them.

    Args:
        packed: lines by `packed_words` on a machine of the same byte order.
    """
    return np.frombuffer(b"".join(packed), np.uint32)


def _words(lines: Sequence[str]) -> tuple[Words, npt.NDArray[np.int64]]:
    """The words of all lines, and the place of the first word of each line, with the end of the last behind them."""
    packed = [_LINE_START + b"".join(map(_chunk_codes.__getitem__, line.split())) for line in lines]
    raw = np.frombuffer(b"".join(packed), np.uint32)
    starts = np.zeros(len(packed) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, packed), np.int64, len(packed)) // 4, out=starts[1:])
    words, is_word = _with_kinds(raw, starts[:-1])
    words_before = np.zeros(len(raw) + 1, np.int64)
    np.cumsum(is_word, out=words_before[1:])
    return words, words_before[starts]


def _with_kinds(raw: Words, starts: npt.NDArray[np.int64]) -> tuple[Words, npt.NDArray[np.bool_]]:
    """Drops the marks and sets the kinds that depend on the place: quoted, and no name at a sentence's start.

    Args:
        raw: words and marks; every line starts with the mark of a sentence's end.
        starts: places of the lines' first marks.

    Returns:
        The words, and where in `raw` they stood.
    """
    is_word = raw > _LAST_MARK
    is_mark = (raw > _SENTENCE) & ~is_word
    is_end = raw == _SENTENCE
    words = raw.copy()
    # A sentence starts at the first word after an end mark; quotation marks between them do not count.
    order = np.flatnonzero(~is_mark)
    follows_end = np.zeros(len(raw), bool)
    follows_end[order[1:]] = is_end[order[:-1]]
    words[follows_end & is_word] &= ~NAME
    if is_mark.any():
        words[are_quoted(raw, starts, is_mark, is_end) & is_word] |= QUOTED
    return words[is_word], is_word
