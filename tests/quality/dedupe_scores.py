"""Scores of a clustering against the truth: pairs, adjusted Rand index, B³. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import comb

__all__ = ["Scores", "scores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Attributes:
    precision, recall, f1: over pairs of items that are in one cluster.
    ari: adjusted Rand index (Hubert, Arabie 1985).
    b3: F1 of B³ precision and recall (Bagga, Baldwin 1998).
    """

    precision: float
    recall: float
    f1: float
    ari: float
    b3: float


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def scores(truth: Mapping[Hashable, Hashable], found: Mapping[Hashable, Hashable]) -> Scores:
    """Scores of `found` (item -> cluster) against `truth` (item -> story); the items of both are the same.

    >>> scores({1: "a", 2: "a", 3: "b"}, {1: 7, 2: 7, 3: 8}).ari
    1.0
    """
    both = Counter((truth[item], found[item]) for item in truth)
    of_truth, of_found = Counter(truth.values()), Counter(found[item] for item in truth)
    right = sum(comb(n, 2) for n in both.values())
    true_pairs, found_pairs = (sum(comb(n, 2) for n in c.values()) for c in (of_truth, of_found))
    precision = right / found_pairs if found_pairs else 1.0
    recall = right / true_pairs if true_pairs else 1.0
    all_pairs = comb(len(truth), 2)
    expected = true_pairs * found_pairs / all_pairs if all_pairs else 0.0
    most = (true_pairs + found_pairs) / 2
    ari = (right - expected) / (most - expected) if most != expected else 1.0
    total = len(truth)
    b3_precision = sum(n * n / of_found[f] for (_, f), n in both.items()) / total
    b3_recall = sum(n * n / of_truth[t] for (t, _), n in both.items()) / total
    return Scores(
        precision=precision,
        recall=recall,
        f1=_harmonic(precision, recall),
        ari=ari,
        b3=_harmonic(b3_precision, b3_recall),
    )
