"""Boosted oblivious trees, evaluated by numpy alone.

An oblivious tree asks one question per level, the same for all of its nodes; the answers of a row are the bits of
the number of its leaf. A whole ensemble is then three array operations.

Source: A. Gulin, P. Karpov, "Winning the Transfer Learning Track of Yahoo!'s Learning To Rank Challenge with
YetiRank", 2011, section 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Trees"]


class Trees:
    """An ensemble for a yes-or-no question.

    Args:
        features: which column each level asks for, int16, shape (trees, depth).
        borders: the answer is whether the column is greater than this, float32, shape (trees, depth).
        leaves: what each leaf adds, float32, shape (trees, 2**depth); level i is bit i of the leaf's number.
        bias: added once, log-odds.
    """

    def __init__(
        self,
        features: NDArray[np.int16],
        borders: NDArray[np.float32],
        leaves: NDArray[np.float32],
        bias: float,
    ) -> None:
        trees, depth = features.shape
        if borders.shape != (trees, depth) or leaves.shape != (trees, 1 << depth):
            raise ValueError("the arrays of the trees do not fit together")
        self.features = features
        self.borders = borders
        self.leaves = leaves
        self.bias = float(bias)
        # Only the columns that any tree asks for are gathered, once each.
        self._used, positions = np.unique(features, return_inverse=True)
        self._at = positions.reshape(-1).astype(np.intp)
        self._weights = (1 << np.arange(depth, dtype=np.int32)).astype(np.int32)
        self._offsets = (np.arange(trees, dtype=np.int32) << depth).astype(np.int32)
        self._flat_borders = np.ascontiguousarray(borders.reshape(-1, 1))
        self._flat_leaves = np.ascontiguousarray(leaves.reshape(-1))

    @property
    def width(self) -> int:
        """The least number of columns that a row must have."""
        return int(self._used[-1]) + 1

    def chance(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of yes for each row.

        Args:
            rows: float32, shape (rows, columns), at least `width` columns.
        """
        trees, depth = self.features.shape
        count = len(rows)
        if not count:
            return np.zeros(0, np.float32)
        columns = np.ascontiguousarray(rows[:, self._used].T)
        answers = columns[self._at] > self._flat_borders
        leaf = np.einsum("tdn,d->tn", answers.reshape(trees, depth, count), self._weights, dtype=np.int32)
        leaf += self._offsets[:, None]
        score = self._flat_leaves[leaf].sum(0) + self.bias
        chance: NDArray[np.float32] = (1 / (1 + np.exp(-score))).astype(np.float32)
        return chance

    def save(self, file: Path | IO[bytes]) -> None:
        """Write the arrays as .npz, compressed; the leaves keep three digits."""
        np.savez_compressed(
            file,
            features=self.features,
            borders=self.borders,
            leaves=self.leaves.astype(np.float16),
            bias=np.float64(self.bias),
        )

    @classmethod
    def load(cls, file: Path | IO[bytes]) -> Self:
        """The ensemble that `save` wrote."""
        with np.load(file, allow_pickle=False) as arrays:
            leaves = arrays["leaves"].astype(np.float32)
            return cls(arrays["features"], arrays["borders"], leaves, float(arrays["bias"]))
