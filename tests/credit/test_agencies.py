"""The agencies as data: enough of them, told apart, and never confused with people."""

from __future__ import annotations

import pytest

from workers.credit.agencies import (
    AGENCIES,
    agencies_in_author,
    agency_of_dateline,
    agency_of_name,
    agency_of_site,
)


def test_there_are_at_least_sixty_agencies_in_many_countries() -> None:
    assert len(AGENCIES) >= 60
    endings = {domain.rpartition(".")[2] for agency in AGENCIES.values() for domain in agency.domains}
    assert len(endings - {"com", "org", "net"}) >= 40


def test_no_name_abbreviation_or_domain_belongs_to_two_agencies() -> None:
    for what in ("abbreviations", "domains"):
        values = [value for agency in AGENCIES.values() for value in getattr(agency, what)]
        assert sorted(values) == sorted(set(values))
    names = {(name.casefold(), agency.id) for agency in AGENCIES.values() for name in agency.names}
    assert len({name for name, _ in names}) == len(names)


@pytest.mark.parametrize("agency", AGENCIES.values(), ids=lambda agency: agency.id)
def test_an_agency_is_found_by_everything_that_its_data_says(agency: object) -> None:
    known = AGENCIES[agency.id]  # type: ignore[attr-defined]
    assert known.kind in ("agency", "press_release", "commons", "network")
    for name in known.names:
        assert agency_of_name(name) is known, name
        assert known in agencies_in_author(name), name
    for short in known.abbreviations:
        assert agency_of_name(short) is known, short
    for short in (*known.abbreviations, *known.dateline_only):
        assert agency_of_dateline(short) is known, short
    for domain in known.domains:
        assert known.owns(domain)


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("By The Associated Press", ["ap"]),
        ("MARK LONG, AP Sports Writer", ["ap"]),
        ("Ann Miller | The Associated Press", ["ap"]),
        ("Reuters/Ann Miller", ["reuters"]),
        ("afp / ann", []),
        ("AFP with Reuters", ["afp", "reuters"]),
        ("ANSA, Redazione", ["ansa"]),
        ("von dpa", ["dpa"]),
        ("Agencia EFE", ["efe"]),
        ("Por EFE", ["efe"]),
        ("(dpa)", ["dpa"]),
        ("News24 / AFP", ["afp"]),
        ("Ann Miller for KFF Health News", ["kff"]),
        ("Ann Miller, The Conversation", ["conversation"]),
        ("PA Jones", []),
        ("Apa Sherpa", []),
        ("Staff", []),
        ("", []),
        ("x" * 400, []),
    ],
)
def test_author_lines_name_their_agencies(author: str, expected: list[str]) -> None:
    assert [agency.id for agency in agencies_in_author(author)] == expected


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("apnews.com", "ap"),
        ("reuters.com", "reuters"),
        ("reuters.de", "reuters"),
        ("yna.co.kr", "yonhap"),
        ("xinhuanet.com", "xinhua"),
        ("example.com", None),
        ("ap.example", None),
        ("pap.example", None),
    ],
)
def test_a_site_names_its_agency(site: str, expected: str | None) -> None:
    agency = agency_of_site(site)
    assert (agency.id if agency else None) == expected
