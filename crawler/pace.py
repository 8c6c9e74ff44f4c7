"""How fast a host may be asked: back-off, Retry-After, forgiveness. Pure but for `clock`.

What is computed here are durations; points in time come from the database's clock alone.

| answer | the host's pause |
|---|---|
| fine | its delay, its crawl-delay |
| 429 or 503 with Retry-After | as told, at most `RETRY_AFTER_CAP_S` |
| 429 or 503 without | 60 s, doubled at each one in a row, at most 24 h, ±10 % |
| no connection (refused, no name, TLS) | its delay; from the third in a row on as for 503 |
| timeout, reset, 5xx of a URL that had not failed before | the same |
| timeout, reset, 5xx of a URL that had | its delay, and no news: a broken page must not stop a site |

A URL that fails while its host does well is tried again after `URL_RETRY_S`, and then given up. One that fails
together with its host waits for the host, and is given up after `URL_FAILURES`: an outage must not cost it.

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
    "URL_RETRY_S",
    "Signal",
    "back_off_s",
    "clock",
    "host_pace",
    "is_host_failing",
    "retry_after_s",
    "streak_after",
    "url_retry_s",
]

BACK_OFF_S: Final = 60.0
BACK_OFF_CAP_S: Final = 24 * 3600.0
JITTER: Final = 0.1
FORGIVE_S: Final = 600.0
RETRY_AFTER_CAP_S: Final = 7 * 24 * 3600.0
"""A host that asks for more than a week is asked again after a week."""

SOFT_STREAK: Final = 3
"""Failures in a row, of different URLs or without a connection, that make a host back off."""

URL_RETRY_S: Final = (30.0, 15 * 60.0, 4 * 3600.0)
"""Pauses of an article that fails while its host does well: three retries in about four hours, the first at once."""

URL_FAILURES: Final = 10
"""Failed fetches after which an article of a failing host is given up: with doubling pauses about 17 hours."""


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
    UNREACHABLE = "unreachable"


def streak_after(signal: Signal, streak: int, *, is_first_failure: bool) -> int:
    """Failures of the host in a row, with this answer.

    A URL that had failed before says nothing new about its host, unless there was no connection at all.

    Args:
        streak: before this answer.
        is_first_failure: whether this URL had not failed in its last fetch.

    >>> streak_after(Signal.SOFT, 1, is_first_failure=True), streak_after(Signal.SOFT, 1, is_first_failure=False)
    (2, 1)
    """
    if signal in (Signal.FINE, Signal.SLOW_DOWN):
        return 0
    is_news = is_first_failure or signal is Signal.UNREACHABLE
    return min(streak + is_news, 1000)


def is_host_failing(signal: Signal, streak: int) -> bool:
    """Whether a failure is the host's and not this URL's; `streak` as `streak_after` gives it."""
    return signal in (Signal.SLOW_DOWN, Signal.UNREACHABLE) or (
        signal is Signal.SOFT and streak >= SOFT_STREAK
    )


def url_retry_s(failures: int, jitter: float) -> float | None:
    """The pause of an article that fails while its host does well; None when it has had its retries.

    Args:
        failures: of the URL in a row, from 1.
        jitter: in -1…1, scaled to ±10 %.

    >>> [url_retry_s(n, 0.0) for n in (1, 3, 4)]
    [30.0, 14400.0, None]
    """
    if failures > len(URL_RETRY_S):
        return None
    return URL_RETRY_S[failures - 1] * (1.0 + JITTER * jitter)


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
    is_first_failure: bool = True,
) -> HostPace:
    """What an answer means for the host.

    Args:
        failures, streak, last_failure_ago_s: of the host before this answer.
        is_first_failure: whether this URL had not failed in its last fetch.
        retry_after_s: what the answer asks for, whatever its status.
        jitter: in -1…1.
    """
    if signal is Signal.FINE and retry_after_s is None:
        quiet_s = max(2.0 * back_off_s(failures, 0.0), FORGIVE_S) if failures else 0.0
        is_forgiven = last_failure_ago_s is None or last_failure_ago_s >= quiet_s
        return HostPace(failures=0 if is_forgiven else failures)
    streak = streak_after(signal, streak, is_first_failure=is_first_failure)
    is_soft = signal in (Signal.SOFT, Signal.UNREACHABLE)
    if is_soft and retry_after_s is None and streak < SOFT_STREAK:
        return HostPace(failures=failures, streak=streak, is_failure=True)
    if signal is Signal.FINE:
        return HostPace(pause_s=retry_after_s or 0.0, failures=failures, is_back_off=True)
    failures = min(failures + 1, 1000)
    pause_s = back_off_s(failures, jitter) if retry_after_s is None else retry_after_s
    return HostPace(pause_s=pause_s, failures=failures, streak=streak, is_failure=True, is_back_off=True)
