"""How fast a host may be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.claims import HostPace
from crawler.pace import (
    BACK_OFF_CAP_S,
    RETRY_AFTER_CAP_S,
    SOFT_STREAK,
    Signal,
    back_off_s,
    host_pace,
    retry_after_s,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def pace(signal: Signal, **more: object) -> HostPace:
    values = {
        "failures": 0,
        "streak": 0,
        "last_failure_ago_s": None,
        "retry_after_s": None,
        "jitter": 0.0,
        **more,
    }
    return host_pace(signal, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "date", "expected"),
    [
        ("20", None, 20.0),
        (" 20 ", None, 20.0),
        ("0", None, 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), None, 90.0),
        # The server's clock is two hours off: only the difference of its own two dates counts.
        (
            format_datetime(NOW + timedelta(hours=2, seconds=90), usegmt=True),
            format_datetime(NOW + timedelta(hours=2), usegmt=True),
            90.0,
        ),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), None, 0.0),
        ("99999999999", None, RETRY_AFTER_CAP_S),
        ("soon", None, None),
        ("-5", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(
    value: str | None, date: str | None, expected: float | None
) -> None:
    assert retry_after_s(value, date, NOW) == expected


@given(st.text(max_size=60), st.text(max_size=60))
def test_retry_after_never_raises_and_never_leaves_its_bounds(value: str, date: str) -> None:
    seconds = retry_after_s(value, date, NOW)
    assert seconds is None or 0 <= seconds <= RETRY_AFTER_CAP_S


@given(st.integers(1, 10_000), st.floats(-1, 1))
def test_the_back_off_doubles_to_a_day_with_a_tenth_of_jitter(failures: int, jitter: float) -> None:
    base = min(60.0 * 2.0 ** (failures - 1) if failures < 30 else BACK_OFF_CAP_S, BACK_OFF_CAP_S)
    assert base * 0.9 <= back_off_s(failures, jitter) <= base * 1.1


def test_a_503_backs_off_and_the_next_one_doubles() -> None:
    first = pace(Signal.SLOW_DOWN)
    assert (first.pause_s, first.failures, first.is_back_off) == (60.0, 1, True)
    second = pace(Signal.SLOW_DOWN, failures=first.failures, last_failure_ago_s=60.0)
    assert (second.pause_s, second.failures) == (120.0, 2)


def test_retry_after_goes_before_the_back_off() -> None:
    assert pace(Signal.SLOW_DOWN, failures=5, retry_after_s=7.0).pause_s == 7.0


def test_a_good_answer_is_forgiving_only_after_a_quiet_time() -> None:
    assert pace(Signal.FINE, failures=3, last_failure_ago_s=30.0).failures == 3
    assert pace(Signal.FINE, failures=3, last_failure_ago_s=599.0).failures == 3
    assert pace(Signal.FINE, failures=3, last_failure_ago_s=600.0).failures == 0
    # After eight back-offs the last one was 128 minutes: the quiet time is twice that.
    assert pace(Signal.FINE, failures=8, last_failure_ago_s=2 * 7680.0 - 1).failures == 8
    assert pace(Signal.FINE, failures=8, last_failure_ago_s=2 * 7680.0).failures == 0


def test_one_broken_page_does_not_stop_a_site_but_a_streak_does() -> None:
    state = HostPace()
    for n in range(1, SOFT_STREAK):
        state = pace(Signal.SOFT, failures=state.failures, streak=state.streak)
        assert (state.pause_s, state.streak, state.is_back_off) == (0.0, n, False)
    state = pace(Signal.SOFT, failures=state.failures, streak=state.streak)
    assert (state.pause_s, state.is_back_off) == (60.0, True)
    assert pace(Signal.FINE, streak=state.streak).streak == 0


def test_a_url_that_had_failed_before_says_nothing_new_about_its_host() -> None:
    state = HostPace()
    for _ in range(10):
        state = pace(Signal.SOFT, streak=state.streak, is_first_failure=state.streak == 0)
        assert (state.pause_s, state.streak, state.is_back_off) == (0.0, 1, False)
    # While the host fails, a retry that fails too goes on with the back-off.
    again = pace(Signal.SOFT, failures=1, streak=SOFT_STREAK, is_first_failure=False)
    assert (again.pause_s, again.failures, again.is_back_off) == (120.0, 2, True)


def test_connections_that_do_not_come_about_are_the_hosts_whatever_the_url() -> None:
    state = HostPace()
    for _ in range(SOFT_STREAK):
        state = pace(Signal.UNREACHABLE, streak=state.streak, is_first_failure=False)
    assert (state.pause_s, state.is_back_off) == (60.0, True)
