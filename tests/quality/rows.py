"""One line of the quality table, and the pins that it may not fall below."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Pins", "Row", "digest_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one system reached on one set of data.

    Attributes:
        section: e.g. "body", "metadata", "dedupe"; a table of its own.
        system: "wiretrace" or the name of a peer.
        dataset: name of the data.
        figures: column to value, in the order of the table, e.g. {"P": .97, "R": .96, "F1": .965, "docs/s/core": 110}.
        pinned: figures that must not get worse, each with what it may vary by from run to run (0 = not at all).
        lower_is_better: those of the pinned figures that must not grow.
        digest: of the data (`digest_of`); a pin holds for the data that it was made on.
        note: shown behind the row.
    """

    section: str
    system: str
    dataset: str
    figures: Mapping[str, float]
    pinned: Mapping[str, float] = field(default_factory=dict)
    lower_is_better: frozenset[str] = frozenset()
    digest: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        return f"{self.section}/{self.system}/{self.dataset}"


_PLACES = 4
"""Digits of a pinned figure: what is measured is rounded alike before the two are compared."""


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 over names and bytes of files, 16 hex digits, whatever their order and wherever they lie."""
    total = hashlib.sha256()
    for name, content in sorted((path.name, hashlib.sha256(path.read_bytes()).digest()) for path in files):
        total.update(name.encode())
        total.update(content)
    return total.hexdigest()[:16]


class Pins:
    """The pinned figures of `pins.json`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pins: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def problems(self, rows: Iterable[Row], sections: Iterable[str]) -> list[str]:
        """Why the rows are worse than the pins; empty when they are not.

        Args:
            rows: what was measured.
            sections: the sections that were measured: a pin of theirs without a row is a problem too, as is a row
                that should have a pin and has none.
        """
        found: list[str] = []
        by_key = {row.key: row for row in rows}
        for key, pin in self._pins.items():
            row = by_key.get(key)
            if row is None:
                if key.split("/")[0] in set(sections):
                    found.append(f"{key}: pinned, but not measured")
                continue
            if pin["digest"] != row.digest:
                found.append(
                    f"{key}: the data has changed ({pin['digest']} -> {row.digest}); pin anew with --pin"
                )
                continue
            for name, value in pin["figures"].items():
                measured = row.figures.get(name)
                if measured is not None:
                    measured = round(measured, _PLACES)  # as it was pinned
                if measured is None:
                    found.append(f"{key}: {name} is pinned, but not measured")
                elif _is_worse(row, name, measured, value):
                    found.append(f"{key}: {name} {measured:.4f}, pinned {value:.4f}")
        for key, row in by_key.items():
            pinned = self._pins.get(key, {"figures": {}})["figures"]
            found += [
                f"{key}: {name} has no pin; pin it with --pin" for name in row.pinned if name not in pinned
            ]
        return found

    def pin(self, rows: Iterable[Row], *, may_lower: bool) -> list[str]:
        """Pin what the rows reached; returns the pins that would get worse and were therefore kept."""
        kept: list[str] = []
        for row in rows:
            if not row.pinned:
                continue
            old = self._pins.get(row.key, {"digest": row.digest, "figures": {}})
            figures = dict(old["figures"])
            is_new_data = old["digest"] != row.digest
            for name in row.pinned:
                value = round(row.figures[name], _PLACES)
                if name in figures and not may_lower and _is_worse(row, name, value, figures[name]):
                    kept.append(
                        f"{row.key}: {name} stays at {figures[name]}, measured {value}; --lower lowers it"
                    )
                    continue
                better = min if name in row.lower_is_better else max
                keep_best = name in figures and not may_lower and not is_new_data
                figures[name] = better(value, figures[name]) if keep_best else value
            self._pins[row.key] = {"digest": row.digest, "figures": figures}
        self._path.write_text(json.dumps(self._pins, indent=1, sort_keys=True) + "\n", "utf-8")
        return kept


def _is_worse(row: Row, name: str, measured: float, pinned: float) -> bool:
    slack = row.pinned.get(name, 0.0) + 1e-6
    return measured > pinned + slack if name in row.lower_is_better else measured < pinned - slack
