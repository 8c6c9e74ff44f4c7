"""`python -m tests.quality`: measure every section, print the table, fail when a pinned figure dropped."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import tests.quality
from tests.quality.rows import Pins, Row

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
PINS = Path(__file__).with_name("pins.json")

Measure = Callable[[Path], list[Row]]


def sections() -> dict[str, Measure]:
    """The modules of this package that measure something, by name."""
    found: dict[str, Measure] = {}
    for module in pkgutil.iter_modules(tests.quality.__path__):
        if module.name.startswith("__"):
            continue
        measure = getattr(importlib.import_module(f"tests.quality.{module.name}"), "measure", None)
        if measure is not None:
            found[module.name] = cast("Measure", measure)
    return found


def table(rows: list[Row]) -> str:
    """The rows as text, a table for each section."""
    lines: list[str] = []
    for section in dict.fromkeys(row.section for row in rows):
        group = [row for row in rows if row.section == section]
        columns = list(dict.fromkeys(name for row in group for name in row.figures))
        cells = [["system", "dataset", *columns, ""]]
        for row in sorted(group, key=lambda row: (row.dataset, row.system != "wiretrace", row.system)):
            shown = [_shown(row.figures.get(name)) + ("*" if name in row.pinned else "") for name in columns]
            cells.append([row.system, row.dataset, *shown, row.note])
        widths = [max(len(line[at]) for line in cells) for at in range(len(cells[0]))]
        lines.append(f"\n{section}  (* = pinned)")
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in cells
        ]
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def main(argv: list[str] | None = None) -> int:
    """0 when every pinned figure holds, 1 when one dropped, 2 on wrong usage."""
    known = sections()
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"what to measure (default all): {', '.join(known)}")
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder of the ground truth (default %(default)s)"
    )
    parser.add_argument("--pin", action="store_true", help="pin the figures reached; never lowers one")
    parser.add_argument("--lower", action="store_true", help="with --pin: also lower pins")
    options = parser.parse_args(argv)
    unknown = [name for name in options.sections if name not in known]
    if unknown:
        parser.error(f"unknown section {unknown[0]}; known: {', '.join(known)}")
    if options.lower and not options.pin:
        parser.error("--lower needs --pin")
    if not options.data.is_dir():
        print(f"skipped: the ground truth is not at {options.data}; name its folder with --data")
        return 0
    rows: list[Row] = []
    for name in options.sections or known:
        began = time.monotonic()
        rows += known[name](options.data)
        print(f"measured {name} in {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table(rows))
    pins = Pins(PINS)
    if options.pin:
        for line in pins.pin(rows, may_lower=options.lower):
            print(f"kept: {line}")
        return 0
    problems = pins.problems(rows, {row.section for row in rows})
    for problem in problems:
        print(f"DROPPED {problem}")
    print(
        "\nquality: "
        + ("every pinned figure holds" if not problems else f"{len(problems)} pinned figures do not hold")
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
