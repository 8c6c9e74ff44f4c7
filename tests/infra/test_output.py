"""Tables fit where they are printed; values come out the same in every format."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import infra.archives
import infra.cli.output
import infra.progress
import infra.words
from infra.cli.output import Column, Listing, _widths, plain, print_listing


@pytest.mark.parametrize("module", [infra.cli.output, infra.progress, infra.archives, infra.words])
def test_examples_in_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(20, 250))
def test_no_column_is_wider_than_it_needs_or_narrower_than_can_be_read(
    natural: list[int], total: int
) -> None:
    widths = _widths(natural, total)
    for width, wanted in zip(widths, natural, strict=True):
        assert min(wanted, 14) <= width <= wanted
    if sum(natural) + 2 * (len(natural) - 1) <= total:
        assert widths == natural


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_a_table_is_no_wider_than_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    spec = [
        Column(name="id", is_right=True),
        Column(name="name"),
        Column(name="more", rank=1),
        Column(name="title"),
    ]
    rows = [{"id": 7, "name": "a" * 20, "more": "b" * 24, "title": "c" * 300}]
    print_listing(Listing(columns=spec, rows=rows), "table")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= int(columns)
    assert "a" * 20 in lines[1]
    assert ("b" * 24 in lines[1]) == (columns != "60")


def test_a_column_that_can_be_done_without_is_hidden_when_nothing_is_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = [Column(name="a"), Column(name="b", rank=1)]
    print_listing(Listing(columns=spec, rows=[{"a": 1, "b": None}]), "table")
    assert "b" not in capsys.readouterr().out


def test_control_characters_of_a_title_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_listing(Listing(columns=[Column(name="t")], rows=[{"t": "a\x1b[31mb"}]), "table")
    assert "\x1b" not in capsys.readouterr().out


def test_values_are_plain_in_json() -> None:
    assert plain(datetime(2024, 2, 8, 4, 12, tzinfo=UTC)) == "2024-02-08T04:12:00Z"
    assert plain(timedelta(hours=1)) == 3600.0
    assert plain(Decimal("2.50")) == 2.5
    assert plain({"a": [timedelta(seconds=1), b"\x01"]}) == {"a": [1.0, "01"]}
