from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workers.extract.written_dates import MONTHS, written_date

DAY = datetime(2024, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Thursday, 8 February 2024", "February 8th, 2024", "8-Feb-2024", "Donnerstag, 8. Februar 2024", "jeudi 8 février 2024", "8 de febrero de 2024",
        "8 de fevereiro de 2024", "giovedì 8 febbraio 2024", "8 lutego 2024 r.", "8. února 2024", "8 лютого 2024 року", "8 февраля 2024 г.", "8 Şubat 2024 Perşembe",
        "8. helmikuuta 2024", "2024. február 8.", "2024 m. vasario 8 d.", "8 Φεβρουαρίου 2024", "٨ فبراير ٢٠٢٤", "8 شباط 2024", "8 בפברואר 2024", "8 फ़रवरी 2024",
        "8 กุมภาพันธ์ 2567", "ngày 8 tháng 2 năm 2024", "2024年2月8日", "2024년 2월 8일", "08.02.2024", "Do 08.02.24", "8/2/2024", "2/28/2024", "Sabtu, 8 Februari 2024",
    ],
)  # fmt: skip
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    expected = datetime(2024, 2, 28, tzinfo=UTC) if text == "2/28/2024" else DAY
    assert written_date(text) == (expected, "date_only")


def test_a_clock_and_a_zone_make_the_time_exact() -> None:
    assert written_date("Feb 8, 2024, 7:05 PM EST") == (datetime(2024, 2, 9, 0, 5, tzinfo=UTC), "exact")
    assert written_date("8.2.2024, 19:05 Uhr") == (datetime(2024, 2, 8, 19, 5, tzinfo=UTC), "no_zone")


def test_american_pages_and_zones_put_the_month_first() -> None:
    assert written_date("2/8/2024", month_first=True) == (DAY, "date_only")
    assert written_date("2/8/2024 7:05 PM EST") == (datetime(2024, 2, 9, 0, 5, tzinfo=UTC), "exact")


def test_the_language_tells_which_month_a_name_means() -> None:
    assert written_date("8. listopada 2024", language="hr") == (
        datetime(2024, 10, 8, tzinfo=UTC),
        "date_only",
    )
    assert written_date("8 listopada 2024", language="pl") == (datetime(2024, 11, 8, tzinfo=UTC), "date_only")


@pytest.mark.parametrize(
    "text",
    [
        "8 February",
        "Volume 8, issue 2, 2024",
        "30 days ago",
        "May 2024",
        "31 February 2024",
        "",
        "1.2.2024.5",
        "12:30",
        "2024",
    ],
)
def test_what_is_no_whole_date_is_none(text: str) -> None:
    assert written_date(text) is None


def test_every_language_has_twelve_months() -> None:
    assert set(MONTHS.values()) == set(range(1, 13))
    assert len(MONTHS) > 600
