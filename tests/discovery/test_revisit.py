"""The revisit policy: its figures, its memory of validators, and its delay in the simulation."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crawler import bench_revisit, revisit
from crawler.discovery.model import DOCUMENT_KINDS
from crawler.revisit import (
    CAP_S,
    DEAD_INTERVAL_S,
    FLOOR_S,
    START_S,
    Poll,
    RevisitState,
    after_poll,
    conditional_headers,
    first_state,
)
from infra.bench.revisit import command

NEWS = Poll(status=200, new_entries=3, known_entries=17)
NOTHING = Poll(status=304)


def after(state: RevisitState, *polls: Poll) -> RevisitState:
    for poll in polls:
        state = after_poll(state, poll)
    return state


def test_the_first_interval_is_an_hour_whatever_the_first_poll_brought() -> None:
    assert first_state("feed").interval_s == START_S == 3600
    assert after(first_state("feed"), Poll(status=200, new_entries=50)).interval_s == 3600


def test_a_feed_that_announces_a_faster_pace_starts_with_it() -> None:
    poll = Poll(status=200, new_entries=50, announced_interval_s=900.0)
    assert after(first_state("feed"), poll).interval_s == 900
    slow = Poll(status=200, new_entries=50, announced_interval_s=86400.0)
    assert after(first_state("feed"), slow).interval_s == 3600


def test_news_shortens_by_a_fifth_and_nothing_lengthens_by_a_half() -> None:
    state = after(first_state("feed"), NEWS)
    assert after(state, NEWS).interval_s == pytest.approx(3600 * 0.8)
    assert after(state, NOTHING).interval_s == pytest.approx(3600 * 1.5)
    assert after(state, Poll(status=200, known_entries=20)).interval_s == pytest.approx(3600 * 1.5)


@pytest.mark.parametrize(("kind", "cap_h"), [("feed", 24), ("home", 24), ("sitemap", 168), ("listing", 168)])
def test_floor_and_cap(kind: str, cap_h: float) -> None:
    assert after(first_state(kind), *[NEWS] * 30).interval_s == FLOOR_S == 600
    assert after(first_state(kind), *[NOTHING] * 30).interval_s == CAP_S[kind] == cap_h * 3600


def test_jitter_is_a_tenth_and_does_not_add_up() -> None:
    state = first_state("feed")
    for _ in range(5):
        state = after_poll(state, NOTHING, jitter=1.0)
    assert state.base_s == pytest.approx(3600 * 1.5**4)
    assert state.interval_s == pytest.approx(state.base_s * 1.1)
    assert after_poll(state, NOTHING, jitter=-1.0).interval_s == pytest.approx(state.base_s * 1.5 * 0.9)


@pytest.mark.parametrize(
    ("poll", "polls_until_dead"),
    [
        (Poll(status=410), 1),
        (Poll(status=404), 16),
        (Poll(status=200, is_parsed=False), 16),
        (Poll(status=0), 32),
        (Poll(status=503), 32),
    ],
)
def test_a_document_that_fails_for_long_is_polled_each_30_days(poll: Poll, polls_until_dead: int) -> None:
    state = after(first_state("feed"), NEWS, *[poll] * (polls_until_dead - 1))
    assert not state.is_dead
    assert state.interval_s <= CAP_S["feed"]
    state = after(state, poll)
    assert state.is_dead
    assert state.interval_s == DEAD_INTERVAL_S == 30 * 86400


def test_a_feed_returns_from_the_dead_at_its_first_answer() -> None:
    state = after(first_state("feed"), Poll(status=410), NEWS)
    assert not state.is_dead
    assert state.interval_s == START_S


def test_one_good_answer_forgives_the_failures_before() -> None:
    state = after(first_state("feed"), *[Poll(status=404)] * 15, NEWS, *[Poll(status=404)] * 15)
    assert not state.is_dead


FULL = Poll(
    status=200, new_entries=1, body_digest="a", etag='"1"', last_modified="Thu, 19 Nov 2026 08:00:00 GMT"
)


def test_validators_are_sent_back_and_each_tenth_poll_is_without() -> None:
    state = after(first_state("feed"), FULL)
    sent = []
    for _ in range(30):
        sent.append(conditional_headers(state))
        state = after(state, NOTHING)
    assert sent[0] == {"If-None-Match": '"1"', "If-Modified-Since": "Thu, 19 Nov 2026 08:00:00 GMT"}
    assert [index for index, headers in enumerate(sent, start=2) if not headers] == [10, 20, 30]


def test_a_document_without_validators_is_asked_without_conditions() -> None:
    assert conditional_headers(after(first_state("feed"), Poll(status=200, body_digest="a"))) == {}


def test_the_same_etag_on_a_body_with_news_is_a_lie() -> None:
    state = after(
        first_state("feed"),
        FULL,
        Poll(status=200, new_entries=2, body_digest="b", etag='"1"', last_modified=FULL.last_modified),
    )
    assert state.validators == "lying"
    assert conditional_headers(state) == {}


def test_the_same_etag_on_a_body_that_differs_without_news_is_no_lie() -> None:
    # A counter or an advertisement in the feed changes the bytes, and weak validators may stay.
    state = after(
        first_state("feed"),
        FULL,
        Poll(status=200, body_digest="b", etag='"1"', last_modified=FULL.last_modified),
    )
    assert state.validators == "unknown"


def _run(server_lies: bool, polls: int) -> RevisitState:
    """A server that publishes once between all polls; a lying one answers 304 to every condition."""
    state, version = after(first_state("feed"), FULL), 1
    for _ in range(polls):
        version += 1
        headers = conditional_headers(state)
        if headers and server_lies:
            state = after(state, NOTHING)
            continue
        state = after(state, Poll(status=200, new_entries=1, body_digest=str(version), etag=f'"{version}"'))
    return state


def test_a_server_that_always_answers_304_is_found_out() -> None:
    state = _run(server_lies=True, polls=25)
    assert state.validators == "lying"
    assert conditional_headers(state) == {}


def test_a_server_that_tells_news_from_no_news_is_trusted() -> None:
    assert _run(server_lies=False, polls=25).validators == "honest"


_POLLS = st.builds(
    Poll,
    status=st.sampled_from([0, 200, 304, 301, 403, 404, 410, 429, 500, 503]),
    new_entries=st.integers(0, 100),
    is_parsed=st.booleans(),
    body_digest=st.none() | st.sampled_from("ab"),
    etag=st.none() | st.sampled_from("xy"),
    announced_interval_s=st.none() | st.floats(0, 1e9),
)


@given(st.sampled_from(DOCUMENT_KINDS), st.lists(st.tuples(_POLLS, st.floats(-5, 5)), max_size=60))
def test_whatever_happens_the_interval_stays_in_bounds_and_the_state_survives_json(
    kind: str, polls: list[tuple[Poll, float]]
) -> None:
    state = first_state(kind)
    for poll, jitter in polls:
        state = after_poll(state, poll, jitter=jitter)
        top = DEAD_INTERVAL_S if state.is_dead else CAP_S[kind]
        assert FLOOR_S * 0.9 <= state.interval_s <= top * 1.1
        assert RevisitState.from_json(state.to_json()) == state


def test_a_state_of_another_version_is_read() -> None:
    assert RevisitState.from_json('{"kind": "feed", "colour": "blue"}').base_s == START_S


@pytest.mark.parametrize("seed", [1, 2])
def test_the_delay_is_at_most_1_3_times_that_of_the_best_fixed_interval(seed: int) -> None:
    result = bench_revisit.compare(feeds=100, days=16, seed=seed)
    assert result.articles > 10_000
    assert result.ratio_per_feed <= 1.2
    assert result.ratio_uniform <= 1.05


@pytest.mark.parametrize(
    ("slowest", "fastest"), [(0.1, 0.5), (0.5, 2), (2, 8), (8, 30), (30, 100), (100, 300)]
)
def test_no_class_of_feeds_waits_more_than_1_3_times_as_long(slowest: float, fastest: float) -> None:
    result = bench_revisit.compare(feeds=40, days=21, seed=5, slowest=slowest, fastest=fastest)
    assert result.ratio_per_feed <= 1.3


def test_a_quiet_night_does_not_lengthen_the_interval_of_a_busy_feed_beyond_twice_its_pace() -> None:
    one = Poll(status=200, new_entries=1)
    before = after(first_state("feed"), *[NOTHING, one, one] * 60)
    assert before.watched_s > 86400
    state = after(before, *[NOTHING] * 6)
    assert state.interval_s <= 2 / state.news_per_s < before.interval_s * 1.5**6
    state = after(state, *[NOTHING] * 200)
    assert state.interval_s == CAP_S["feed"], "a feed that has fallen asleep is let alone all the same"


def test_a_heap_of_old_entries_is_no_pace() -> None:
    state = after(first_state("sitemap"), NEWS, Poll(status=200, new_entries=5000), *[NOTHING] * 9)
    assert state.interval_s > 3 * 3600


def test_the_simulation_tells_a_bad_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisit, "ON_NEWS", 0.1)
    monkeypatch.setattr(revisit, "ON_NOTHING", 10.0)
    assert bench_revisit.compare(feeds=120, days=21, seed=1).ratio_per_feed > 1.3


def test_a_fixed_policy_is_as_slow_as_the_fixed_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisit, "ON_NEWS", 1.0)
    monkeypatch.setattr(revisit, "ON_NOTHING", 1.0)
    monkeypatch.setattr(revisit, "PACE_BOUND", 1e9)
    result = bench_revisit.compare(feeds=60, days=21, seed=1)
    assert result.ratio_per_feed == pytest.approx(1.0, abs=0.03)
    assert result.ratio_uniform == pytest.approx(1.0, abs=0.03)
    assert result.delay_s == pytest.approx(1800, rel=0.03)


def test_the_command_prints_its_figures_and_fails_above_its_limit() -> None:
    short = ["--feeds", "20", "--days", "7"]
    good = CliRunner().invoke(command, [*short, "--json"], standalone_mode=False)
    assert good.return_value == 0
    assert "ratio_per_feed" in good.output
    assert CliRunner().invoke(command, [*short, "--limit", "0.1"], standalone_mode=False).return_value == 3
