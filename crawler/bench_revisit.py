"""Simulates the revisit policy over modelled publication times, with a virtual clock, against fixed intervals.

Each feed publishes by an inhomogeneous Poisson process: a rate drawn log-uniformly, a day with a morning and an evening
peak and a quiet night, a slower weekend, and now and then a burst. The policy polls it as the frontier would; the delay
of an article is the time from its publication to the poll that finds it. The same feeds are then polled

    uniform   at one interval for all feeds, as many requests in all as the policy made;
    per feed  at the interval for each feed that makes as many requests of that feed as the policy did: the best fixed
              interval of the feed at equal requests, as chosen by somebody who knows that number beforehand;
    oracle    at the intervals that make the mean delay least for the policy's total of requests, from each feed's true
              number of articles (requests in proportion to its square root, inside the policy's own floor and cap). No
              crawler knows that; it is shown to tell how much knowing would be worth.

The gate is `per feed`: the policy may be at most 1.3 times slower. `wiretrace bench revisit` prints all of it.

Source of the square root: minimising sum(rate_i / (2 f_i)) under sum(f_i) = F.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crawler.revisit import CAP_S, FLOOR_S, Poll, after_poll, first_state

__all__ = ["Comparison", "Feed", "compare", "model_feed"]

DAY_S: Final = 86400.0
WARM_UP_S: Final = 2 * DAY_S
"""Left out of the delays of all contestants: the policy does not know a feed at first, a fixed interval does."""

_SHAPE: Final = tuple(
    0.15 + 1.3 * math.exp(-(((hour - 9.5) / 3) ** 2)) + 1.0 * math.exp(-(((hour - 17) / 3.5) ** 2))
    for hour in range(24)
)
_MEAN: Final = sum(_SHAPE) / 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed's publication times, in seconds from the start, ascending, and its mean rate a day."""

    times_s: tuple[float, ...]
    rate_per_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the simulation measured.

    Attributes:
        feeds, days: size of the model.
        articles: published after the warm-up.
        requests_per_feed_day: of the policy.
        delay_s: mean delay of an article under the policy, in seconds; `median_delay_s` the median.
        uniform_delay_s, per_feed_delay_s, oracle_delay_s: mean delay of the fixed intervals at equal requests.
        ratio_uniform, ratio_per_feed, ratio_oracle: the policy's delay divided by theirs.
    """

    feeds: int
    days: int
    articles: int
    requests_per_feed_day: float
    delay_s: float
    median_delay_s: float
    uniform_delay_s: float
    per_feed_delay_s: float
    oracle_delay_s: float
    ratio_uniform: float
    ratio_per_feed: float
    ratio_oracle: float


def model_feed(rate_per_day: float, days: int, chance: random.Random) -> Feed:
    """A feed of a mean rate, by thinning a Poisson process; phases and weekends of its own.

    Source: Lewis & Shedler 1979 (thinning).
    """
    phase_h = chance.uniform(0, 24)
    weekend = chance.uniform(0.3, 1.0)
    top = rate_per_day * max(_SHAPE) / _MEAN / DAY_S
    times: list[float] = []
    at = 0.0
    while True:
        at += chance.expovariate(top)
        if at >= days * DAY_S:
            break
        hour = int(at / 3600 + phase_h) % 24
        is_weekend = int(at / DAY_S) % 7 >= 5
        share = _SHAPE[hour] / max(_SHAPE) * (weekend if is_weekend else 1.0)
        if chance.random() < share:
            times.append(at)
            if chance.random() < 0.03:  # a breaking story: a handful of articles within the hour
                times += [at + chance.uniform(60, 3600) for _ in range(chance.randint(2, 6))]
    return Feed(times_s=tuple(sorted(times)), rate_per_day=rate_per_day)


def _adaptive_polls(feed: Feed, days: int, kind: str, chance: random.Random) -> list[float]:
    """The times at which the policy polls a feed, in seconds."""
    state = first_state(kind, jitter=chance.uniform(-1, 1))
    at, known, polls = chance.uniform(0, 60.0), 0, []
    while at < days * DAY_S:
        published = _count_until(feed.times_s, at)
        new = published - known
        polls.append(at)
        status = 200 if new or not polls else 304
        state = after_poll(state, Poll(status=status, new_entries=new), jitter=chance.uniform(-1, 1))
        known = published
        at += state.interval_s
    return polls


def _count_until(times: Sequence[float], at: float) -> int:
    low, high = 0, len(times)
    while low < high:
        middle = (low + high) // 2
        if times[middle] <= at:
            low = middle + 1
        else:
            high = middle
    return low


def _delays(feed: Feed, polls: Sequence[float]) -> list[float]:
    """The delay of each article after the warm-up that some poll found, in seconds."""
    delays, index = [], 0
    for time_s in feed.times_s:
        while index < len(polls) and polls[index] < time_s:
            index += 1
        if index == len(polls):
            break
        if time_s >= WARM_UP_S:
            delays.append(polls[index] - time_s)
    return delays


def _fixed_polls(interval_s: float, days: int, chance: random.Random) -> list[float]:
    first = chance.uniform(0, interval_s)
    return [first + n * interval_s for n in range(int((days * DAY_S - first) / interval_s) + 1)]


def compare(
    *,
    feeds: int = 200,
    days: int = 28,
    seed: int = 1,
    slowest: float = 0.2,
    fastest: float = 150.0,
    kind: str = "feed",
) -> Comparison:
    """Runs the policy and the fixed intervals over the same feeds.

    Args:
        slowest, fastest: articles a day; rates are drawn log-uniformly between them.
    """
    chance = random.Random(seed)  # noqa: S311
    model = [
        model_feed(math.exp(chance.uniform(math.log(slowest), math.log(fastest))), days, chance)
        for _ in range(feeds)
    ]
    polls = [_adaptive_polls(feed, days, kind, chance) for feed in model]
    counts = [sum(at >= WARM_UP_S for at in times) for times in polls]
    span_s = days * DAY_S - WARM_UP_S
    delays = [delay for feed, times in zip(model, polls, strict=True) for delay in _delays(feed, times)]
    mean = sum(delays) / len(delays)

    def fixed(intervals: Sequence[float]) -> float:
        found = [
            delay
            for feed, interval_s in zip(model, intervals, strict=True)
            for delay in _delays(feed, _fixed_polls(interval_s, days, chance))
        ]
        return sum(found) / len(found)

    total = sum(counts)
    uniform = fixed([span_s * feeds / total] * feeds)
    per_feed = fixed([span_s / max(count, 1) for count in counts])
    oracle = fixed(_oracle_intervals(model, total / span_s, FLOOR_S, CAP_S[kind]))
    return Comparison(
        feeds=feeds,
        days=days,
        articles=len(delays),
        requests_per_feed_day=round(total / feeds / span_s * DAY_S, 2),
        delay_s=round(mean, 1),
        median_delay_s=round(sorted(delays)[len(delays) // 2], 1),
        uniform_delay_s=round(uniform, 1),
        per_feed_delay_s=round(per_feed, 1),
        oracle_delay_s=round(oracle, 1),
        ratio_uniform=round(mean / uniform, 3),
        ratio_per_feed=round(mean / per_feed, 3),
        ratio_oracle=round(mean / oracle, 3),
    )


def _oracle_intervals(
    model: Sequence[Feed], requests_per_s: float, floor_s: float, cap_s: float
) -> list[float]:
    """Intervals in proportion to 1/√rate that make `requests_per_s` in all, kept inside floor and cap."""
    low, high = 1e-6, 1e12
    for _ in range(200):
        scale = math.sqrt(low * high)
        intervals = [min(max(scale / math.sqrt(max(len(feed.times_s), 1)), floor_s), cap_s) for feed in model]
        if sum(1 / interval for interval in intervals) > requests_per_s:
            low = scale
        else:
            high = scale
    return intervals
