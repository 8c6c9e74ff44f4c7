"""How rows reach the reader: a table, CSV, one JSON array or JSON lines, by the same four options everywhere.

Data go to stdout and nothing else does. Times are ISO 8601 in UTC, durations are seconds, outside of tables.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["Column", "Format", "Listing", "format_options", "human", "listing", "plain", "print_listing"]

Format = Literal["table", "csv", "json", "nl"]
F = TypeVar("F", bound=Callable[..., Any])

_FORMATS: Final = {
    "table": "A table (default).",
    "csv": "CSV with a header line.",
    "json": "One JSON array.",
    "nl": "JSON, one object a line.",
}

_KEPT_WIDTH: Final = 24
"""A column whose longest value is no longer than this is never cut; the longer ones make room."""

_LEAST_WIDTH: Final = 14
"""Of a column that makes room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        name: of the value, in JSON and CSV.
        title: in the table; default the name with spaces.
        is_in_table: False for values that only a program wants.
        is_wrapped: whether a long value goes on in a second line; else it is cut.
        is_whole: whether it is never cut, however long.
        least: width that a long one keeps; where that is not to be had, columns with a rank go.
        rank: the higher, the sooner a narrow table does without it; 0 = never. Hidden too where nothing is in it.
    """

    name: str
    title: str | None = None
    is_right: bool = False
    is_in_table: bool = True
    is_wrapped: bool = False
    is_whole: bool = False
    rank: int = 0
    least: int = _LEAST_WIDTH

    @property
    def heading(self) -> str:
        return self.title if self.title is not None else self.name.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Rows with their columns, ready to print.

    Attributes:
        rows: values by column name.
        empty: what the table says when there are no rows: what to do about it.
        marked: names of boolean columns whose rows stand out.
    """

    columns: Sequence[Column]
    rows: Iterable[Mapping[str, object]]
    title: str | None = None
    empty: str = "nothing"
    marked: str | None = None
    exit_code: int = field(default=0)


def plain(value: object) -> Any:
    """`value` as JSON knows it.

    >>> plain(timedelta(minutes=2))
    120.0
    """
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds").replace(
            "+00:00", "Z"
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(part) for part in value]
    return str(value)


def _duration(value: timedelta) -> str:
    """
    >>> _duration(timedelta(hours=26, minutes=5)), _duration(timedelta(seconds=42)), _duration(-timedelta(minutes=3))
    ('1 d 2 h', '42 s', '-3 min')
    """
    total = round(value.total_seconds())
    sign, total = ("-", -total) if total < 0 else ("", total)
    if total < 60:
        return f"{sign}{total} s"
    if total < 3600:
        return f"{sign}{total // 60} min"
    if total < 86400:
        hours, minutes = divmod(total // 60, 60)
        return f"{sign}{hours} h {minutes} min" if minutes else f"{sign}{hours} h"
    days, hours = divmod(total // 3600, 24)
    return f"{sign}{days} d {hours} h" if hours else f"{sign}{days} d"


def human(value: object) -> str:
    """`value` as a person reads it in a table."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, (float, Decimal)):
        return f"{value:.2f}"
    if isinstance(value, (list, tuple)):
        return ", ".join(human(part) for part in value)
    if isinstance(value, Mapping):
        return json.dumps(plain(value), ensure_ascii=False)
    if isinstance(value, UUID):
        return str(value)
    text = str(plain(value))
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in text)


def format_options(function: F) -> F:
    """Give a command `--table`, `--csv`, `--json` and `--nl`; the choice is its argument `output_format`."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        chosen = [name for name in _FORMATS if kwargs.pop(f"as_{name}")]
        if len(chosen) > 1:
            raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other")
        return function(*args, output_format=chosen[0] if chosen else "table", **kwargs)

    result: Any = wrapper
    for name, text in reversed(_FORMATS.items()):
        result = click.option(f"--{name}", f"as_{name}", is_flag=True, help=text)(result)
    return result  # type: ignore[no-any-return]  # click's decorators keep the type


def print_listing(listing_: Listing, output_format: Format) -> int:
    """Print it; the exit code of the command."""
    names = [column.name for column in listing_.columns]
    if output_format == "json":
        rows = [{name: plain(row[name]) for name in names} for row in listing_.rows]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif output_format == "nl":
        for row in listing_.rows:
            click.echo(json.dumps({name: plain(row[name]) for name in names}, ensure_ascii=False))
    elif output_format == "csv":
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(names)
        for row in listing_.rows:
            writer.writerow([_cell(row[name]) for name in names])
        click.echo(buffer.getvalue(), nl=False)
    else:
        _print_table(listing_)
    return listing_.exit_code


def _cell(value: object) -> object:
    """A value in CSV; what is nested is JSON there."""
    shown = plain(value)
    return json.dumps(shown, ensure_ascii=False) if isinstance(shown, (dict, list)) else shown


def _print_table(listing_: Listing) -> None:
    console = Console(file=sys.stdout, highlight=False, soft_wrap=False)
    rows = list(listing_.rows)
    if not rows:
        click.echo(listing_.empty)
        return
    shown = _that_fit([c for c in listing_.columns if c.is_in_table], rows, console.width)
    cells = [[human(row[column.name]) for column in shown] for row in rows]
    natural = _natural(shown, cells)
    whole = {index for index, column in enumerate(shown) if column.is_whole}
    widths = _widths(natural, console.width, whole)
    table = Table(title=listing_.title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column, width in zip(shown, widths, strict=True):
        table.add_column(
            column.heading,
            justify="right" if column.is_right else "left",
            overflow="fold" if column.is_wrapped else "ellipsis",
            no_wrap=not column.is_wrapped,
            width=width,
        )
    for row, texts in zip(rows, cells, strict=True):
        style = "bold" if listing_.marked and row[listing_.marked] else None
        table.add_row(*(Text(text) for text in texts), style=style)
    # Without the spaces that fill the last column: they get in the way of copying and comparing.
    with console.capture() as capture:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def _that_fit(columns: Sequence[Column], rows: Sequence[Mapping[str, object]], total: int) -> list[Column]:
    """The columns of a table of `total` characters: those that can be done without go while it is too wide."""
    shown = [c for c in columns if not (c.rank and all(row[c.name] is None for row in rows))]
    for column in sorted((c for c in shown if c.rank), key=lambda c: c.rank, reverse=True):
        cells = [[human(row[c.name]) for c in shown] for row in rows]
        natural = _natural(shown, cells)
        least = (
            w if w <= _KEPT_WIDTH or c.is_whole else min(w, c.least)
            for c, w in zip(shown, natural, strict=True)
        )
        if sum(least) + 2 * (len(shown) - 1) <= total:
            break
        shown.remove(column)
    return shown


def _natural(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """The width at which nothing of a column is cut."""
    return [
        max(cell_len(column.heading), *(cell_len(line) for text in texts for line in text.split("\n")))
        for column, texts in zip(columns, zip(*cells, strict=True), strict=True)
    ]


def _widths(natural: Sequence[int], total: int, whole: Container[int] = ()) -> list[int]:
    """The width of each column: the short ones and those of `whole` get what they need, the others share the rest.

    >>> _widths([4, 10, 100, 30], 80), _widths([4, 10, 100, 40], 80, {3})
    ([4, 10, 30, 30], [4, 10, 20, 40])
    """
    long = [index for index, width in enumerate(natural) if width > _KEPT_WIDTH and index not in whole]
    left = total - sum(width for index, width in enumerate(natural) if index not in long)
    left -= 2 * (len(natural) - 1)  # the gaps
    widths = list(natural)
    # From the least long on, so that what one does not need goes to the others.
    for place, index in enumerate(sorted(long, key=lambda i: natural[i])):
        share = max(_LEAST_WIDTH, left // (len(long) - place))
        widths[index] = min(natural[index], share)
        left -= widths[index]
    return widths


def listing(function: Callable[..., Listing]) -> Callable[..., int]:
    """A command that returns a `Listing` gets the four options and prints it."""

    @functools.wraps(function)
    def wrapper(*args: Any, output_format: Format, **kwargs: Any) -> int:
        return print_listing(function(*args, **kwargs), output_format)

    return format_options(wrapper)
