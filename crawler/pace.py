"""How fast a host may be asked: back-off, Retry-After, forgiveness. Pure but for `clock`.

What is computed here are durations; points in time come from the database's clock alone.

| answer | the host's pause |
|---|---|
| fine | its delay, its crawl-delay |
| 429 or 503 with Retry-After | as told, at most `RETRY_AFTER_CAP_S` |
| 429 or 503 without | 60 s, doubled at each one in a row, at most 24 h, ±10 % |
| timeout, reset, 5xx | its delay; from the third in a row on as for 503 |

Failures are forgiven when the host has answered well after a quiet time of twice the last back-off (at least ten
minutes).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from crawler.claims import HostPace

__all__ = [
    "BACK_OFF_CAP_S",
    "BACK_OFF_S",
    "RETRY_AFTER_CAP_S",
    "SOFT_STREAK",
    "URL_FAILURES",
    "Signal",
    "back_off_s",
    "clock",
    "host_pace",
    "retry_after_s",
]

BACK_OFF_S: Final = 60.0
BACK_OFF_CAP_S: Final = 24 * 3600.0
JITTER: Final = 0.1
FORGIVE_S: Final = 600.0
RETRY_AFTER_CAP_S: Final = 7 * 24 * 3600.0
"""A host that asks for more than a week is asked again after a week."""

SOFT_STREAK: Final = 3
"""Timeouts, resets and 5xx in a row that make a host back off: one broken page must not stop a site."""

URL_FAILURES: Final = 10
"""Failed fetches of one article after which it is given up: with doubling pauses about 17 hours."""


def clock() -> float:
    """Seconds that go on while the process is stopped and while the machine sleeps.

    Source: clock_gettime(2), CLOCK_BOOTTIME.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Signal(StrEnum):
    """What an answer says about the host."""

    FINE = "fine"
    SLOW_DOWN = "slow_down"
    SOFT = "soft"


def back_off_s(failures: int, jitter: float) -> float:
    """The pause after `failures` back-offs in a row, in seconds.

    Args:
        failures: from 1.
        jitter: in -1…1, scaled to ±10 %.

    >>> [back_off_s(n, 0.0) for n in (1, 2, 3, 30)]
    [60.0, 120.0, 240.0, 86400.0]
    """
    base = min(BACK_OFF_S * 2.0 ** min(max(failures, 1) - 1, 20), BACK_OFF_CAP_S)
    return base * (1.0 + JITTER * jitter)


def retry_after_s(value: str | None, date: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for; None where it is absent or means nothing.

    A date counts from the answer's own Date header, so that a wrong clock on either side does not matter.

    Args:
        value: of Retry-After: seconds or an HTTP date.
        date: of Date.
        now: aware; taken where there is no Date.

    Source: RFC 9110 section 10.2.3.

    >>> retry_after_s("120", None, datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), RETRY_AFTER_CAP_S)
    until = _http_date(value)
    if until is None:
        return None
    since = _http_date(date) or now
    return min(max((until - since).total_seconds(), 0.0), RETRY_AFTER_CAP_S)


def _http_date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def host_pace(
    signal: Signal,
    *,
    failures: int,
    streak: int,
    last_failure_ago_s: float | None,
    retry_after_s: float | None,
    jitter: float,
) -> HostPace:
    """What an answer means for the host.

    Args:
        failures, streak, last_failure_ago_s: of the host before this answer.
        retry_after_s: what the answer asks for, whatever its status.
        jitter: in -1…1.
    """
    if signal is Signal.FINE and retry_after_s is None:
        quiet_s = max(2.0 * back_off_s(failures, 0.0), FORGIVE_S) if failures else 0.0
        is_forgiven = last_failure_ago_s is None or last_failure_ago_s >= quiet_s
        return HostPace(failures=0 if is_forgiven else failures)
    streak = min(streak + 1, 1000) if signal is Signal.SOFT else 0
    if signal is Signal.SOFT and retry_after_s is None and streak < SOFT_STREAK:
        return HostPace(failures=failures, streak=streak, is_failure=True)
    if signal is Signal.FINE:
        return HostPace(pause_s=retry_after_s or 0.0, failures=failures, is_back_off=True)
    failures = min(failures + 1, 1000)
    pause_s = back_off_s(failures, jitter) if retry_after_s is None else retry_after_s
    return HostPace(pause_s=pause_s, failures=failures, streak=streak, is_failure=True, is_back_off=True)
