"""The pins of the quality gate: alike in every checkout, and strict about what was pinned."""

from __future__ import annotations

from pathlib import Path

from tests.quality.rows import Pins, Row, digest_of


def _row(value: float) -> Row:
    return Row(
        section="s", system="wiretrace", dataset="d", figures={"F1": value}, pinned={"F1": 0.0}, digest="x"
    )


def test_a_digest_does_not_depend_on_where_the_files_lie(tmp_path: Path) -> None:
    digests = []
    for first, second in (("a", "b"), ("b", "a")):
        folder = tmp_path / f"{first}{second}"
        places = [folder / first / "labels.csv", folder / second / "page.html"]
        for place in places:
            place.parent.mkdir(parents=True)
            place.write_text(place.name, "utf-8")
        digests.append(digest_of(places))
    assert digests[0] == digests[1]
    places[0].write_text("changed", "utf-8")
    assert digest_of(places) != digests[0]


def test_a_figure_holds_its_own_pin_and_a_lower_one_does_not(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins.json")
    pins.pin([_row(0.90266)], may_lower=False)
    assert pins.problems([_row(0.90266)], ["s"]) == []
    assert pins.problems([_row(0.9025)], ["s"]) != []
    assert pins.problems([], ["s"]) != []


def test_a_pin_is_lowered_only_when_that_is_asked_for(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins.json")
    pins.pin([_row(0.9)], may_lower=False)
    assert pins.pin([_row(0.8)], may_lower=False) != []
    assert pins.problems([_row(0.8)], ["s"]) != []
    assert pins.pin([_row(0.8)], may_lower=True) == []
    assert pins.problems([_row(0.8)], ["s"]) == []


def test_a_figure_that_was_never_pinned_is_a_problem(tmp_path: Path) -> None:
    assert Pins(tmp_path / "pins.json").problems([_row(0.9)], ["s"]) == [
        "s/wiretrace/d: F1 has no pin; pin it with --pin"
    ]
