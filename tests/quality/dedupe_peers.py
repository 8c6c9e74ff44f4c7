"""What others do with the same texts: datasketch's in-memory LSH at its usual settings, and SimHash."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping

import numpy as np
import xxhash
from datasketch import MinHash, MinHashLSH

__all__ = ["minhash_lsh", "simhash"]

_WORD = re.compile(r"\w+")


class _Groups:
    """Items joined in pairs; every item ends in the group of the smallest it is connected with."""

    def __init__(self, items: list[str]) -> None:
        self._parent = {item: item for item in items}

    def find(self, item: str) -> str:
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, a: str, b: str) -> None:
        first, second = sorted((self.find(a), self.find(b)))
        self._parent[second] = first

    def labels(self) -> dict[Hashable, Hashable]:
        return {item: self.find(item) for item in self._parent}


def _shingles(text: str, width: int) -> list[bytes]:
    words = _WORD.findall(text.lower())
    return [" ".join(words[i : i + width]).encode() for i in range(max(1, len(words) - width + 1))]


def minhash_lsh(texts: Mapping[str, str], threshold: float) -> dict[Hashable, Hashable]:
    """Clusters by `datasketch.MinHashLSH`: word 5-shingles, 128 permutations, every hit joins."""
    lsh = MinHashLSH(threshold=threshold, num_perm=128)
    groups = _Groups(list(texts))
    for key, text in texts.items():
        sketch = MinHash(num_perm=128)
        sketch.update_batch(_shingles(text, 5))
        for other in lsh.query(sketch):
            groups.join(key, str(other))
        lsh.insert(key, sketch)
    return groups.labels()


def simhash(texts: Mapping[str, str], distance: int = 3) -> dict[Hashable, Hashable]:
    """Clusters by 64-bit SimHash of word 3-shingles at a Hamming distance of at most `distance`.

    Source: Charikar 2002; Manku, Jain, Das Sarma 2007 (64 bits, distance 3, looked up by blocks of 16 bits).
    """
    weights = np.arange(64, dtype=np.uint64)
    groups = _Groups(list(texts))
    blocks: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    for key, text in texts.items():
        hashes = np.array([xxhash.xxh64_intdigest(s) for s in _shingles(text, 3)], np.uint64)
        bits = (hashes[:, None] >> weights) & np.uint64(1)
        votes = bits.sum(axis=0) * 2 >= len(hashes)
        value = int((votes.astype(np.uint64) << weights).sum())
        for block in range(4):
            place = (block, value >> (16 * block) & 0xFFFF)
            for other, other_value in blocks[place]:
                if (value ^ other_value).bit_count() <= distance:
                    groups.join(key, other)
            blocks[place].append((key, value))
    return groups.labels()
