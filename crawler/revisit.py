"""When a document is fetched again: a pure policy over a small state that the frontier keeps as JSON.

    state = first_state("feed")                       # when the document is new
    headers = conditional_headers(state)              # before each poll: {} or If-None-Match / If-Modified-Since
    state = after_poll(state, Poll(...), jitter=...)  # after it; then next poll in state.interval_s seconds

The interval starts at 1 h, shrinks by 0.8 when a poll brought news, grows by 1.5 when it brought none, and stays
between 10 minutes and 24 h (feeds, home pages) or 7 days (sitemaps, listings). It does not grow past twice
the mean time between two news of the last three days: without that bound a quiet night lengthens it to hours, and the morning's
news wait while it shrinks by a fifth at a time (simulated: delay 1.36 times that of a fixed interval for feeds of
30-100 articles a day without the bound, 1.02 with it). A document that fails for long is polled each 30 days: feeds
return from the dead.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Final

__all__ = [
    "CAP_S",
    "DEAD_INTERVAL_S",
    "FLOOR_S",
    "START_S",
    "Poll",
    "RevisitState",
    "after_poll",
    "conditional_headers",
    "first_state",
]

START_S: Final = 3600.0
FLOOR_S: Final = 600.0
CAP_S: Final = {
    "feed": 86400.0,
    "sitemap": 604800.0,
    "home": 86400.0,
    "listing": 604800.0,
    "wp_json": 604800.0,
}
"""Longest interval by kind, in seconds. Home pages are capped like feeds: they are what new feeds are found on."""

DEAD_INTERVAL_S: Final = 30 * 86400.0
ON_NEWS: Final = 0.8
ON_NOTHING: Final = 1.5
JITTER: Final = 0.1
PACE_BOUND: Final = 2.0
PACE_MEMORY_S: Final = 3 * 86400.0
PACE_AFTER_S: Final = 86400.0
"""The pace counts once it was watched for a day: half a day is all night or none."""

NEWS_COUNTED: Final = 5
"""Most news of one poll that count for the pace: a hundred old entries added at once are no pace."""

UNCONDITIONAL_EVERY: Final = 10
"""Each 10th poll is sent without validators, so that a server that answers 304 for ever is found out."""

UNCONDITIONAL_IF_SUSPECT: Final = 3
"""The same, once a server is suspected."""

SUSPICIONS: Final = 2
"""Suspicions that make a lie: news just after the last of several 304 answers is chance once, not twice."""

DEAD_AFTER: Final = 8.0
"""Weighted failures in a row after which a document counts as dead: 8 hard ones, or 32 temporary ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """How one poll of a document ended.

    Attributes:
        status: HTTP status; 0 = no answer (timeout, DNS, reset).
        new_entries: entries of this poll that the frontier did not know.
        known_entries: entries of this poll that it knew.
        is_parsed: the body was read (`DiscoveryResult.problem is None`); a 304 counts as read.
        body_digest: any digest of the body, to find validators that lie; None for a 304.
        etag, last_modified: validators of the answer, as sent.
        announced_interval_s: of the `DiscoveryResult`.
    """

    status: int
    new_entries: int = 0
    known_entries: int = 0
    is_parsed: bool = True
    body_digest: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    announced_interval_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisitState:
    """What the policy remembers of a document.

    Attributes:
        kind: one of `DOCUMENT_KINDS`.
        interval_s: seconds until the next poll, jitter included.
        base_s: the same without jitter; what the next step starts from.
        polls: finished polls.
        news_per_s: mean pace of the last three days.
        watched_s: seconds that the pace was taken over, at most three days.
        failures: weighted failures in a row (hard 1, soft 0.5, temporary 0.25).
        not_modified: 304 answers since the last full one.
        etag, last_modified: to be sent with the next conditional poll.
        body_digest: of the last body.
        suspicions: unconditional polls in a row that brought news after nothing but 304 answers.
        validators: 'unknown', 'honest' or 'lying' (a 304, or an unchanged validator, hid news).
        is_dead: failed for long; polled each 30 days.
    """

    kind: str
    interval_s: float
    base_s: float
    polls: int = 0
    news_per_s: float = 0.0
    watched_s: float = 0.0
    failures: float = 0.0
    not_modified: int = 0
    suspicions: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    validators: str = "unknown"
    is_dead: bool = False

    def to_json(self) -> str:
        """The state as JSON text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> RevisitState:
        """The state of `to_json`; unknown keys are ignored, missing ones take their defaults."""
        known = {field.name for field in fields(cls)}
        data = {name: value for name, value in json.loads(text).items() if name in known}
        return cls(**{"interval_s": START_S, "base_s": START_S, "kind": "listing", **data})


def first_state(kind: str, *, jitter: float = 0.0) -> RevisitState:
    """The state of a document that was never polled.

    Args:
        kind: one of `DOCUMENT_KINDS`.
        jitter: -1 … 1, scaled to ±10 %; the caller draws it, so that the policy is a function of values.
    """
    return RevisitState(kind=kind, base_s=START_S, interval_s=_jittered(START_S, jitter))


def conditional_headers(state: RevisitState) -> dict[str, str]:
    """The request headers of the next poll; {} where it must be unconditional (each 10th, and where validators lie).

    Source: RFC 9110, 13.1.
    """
    every = UNCONDITIONAL_EVERY if not state.suspicions else UNCONDITIONAL_IF_SUSPECT
    if state.validators == "lying" or (state.polls + 1) % every == 0:
        return {}
    headers = {}
    if state.etag:
        headers["If-None-Match"] = state.etag
    if state.last_modified:
        headers["If-Modified-Since"] = state.last_modified
    return headers


def after_poll(state: RevisitState, poll: Poll, *, jitter: float = 0.0) -> RevisitState:
    """The state after a poll; the next one is due `interval_s` seconds after the poll's end.

    A failed poll grows the interval as one without news does; 404 is as soft as any other failure, since feeds come
    back. 410 is dead at once.
    """
    weight = _failure_weight(poll)
    polls = state.polls + 1
    if weight:
        failures = state.failures + weight
        is_dead = poll.status == 410 or failures >= DEAD_AFTER
        base = _bounded(state.kind, state.base_s * ON_NOTHING)
        wait = DEAD_INTERVAL_S if is_dead else base
        return replace(
            state,
            polls=polls,
            failures=failures,
            is_dead=is_dead,
            base_s=base,
            interval_s=_jittered(wait, jitter),
        )
    if state.polls and not state.is_dead:
        state = _with_pace(state, poll)
    if state.is_dead:  # back from the dead: what it was polled at means nothing any more
        base = START_S
    elif state.polls == 0:
        # At the first poll all entries are new and say nothing about the pace; what the feed announces may.
        base = _bounded(state.kind, min(poll.announced_interval_s or START_S, START_S))
    else:
        base = _bounded(state.kind, state.base_s * ON_NEWS if poll.new_entries else _lengthened(state))
    return replace(
        _with_validators(state, poll),
        polls=polls,
        failures=0.0,
        is_dead=False,
        base_s=base,
        interval_s=_jittered(base, jitter),
    )


def _lengthened(state: RevisitState) -> float:
    """The interval after a poll without news: half as long again, but never past the bound that the pace sets."""
    longer = state.base_s * ON_NOTHING
    if state.watched_s < PACE_AFTER_S or not state.news_per_s:
        return longer
    return min(longer, max(state.base_s, PACE_BOUND / state.news_per_s))


def _with_pace(state: RevisitState, poll: Poll) -> RevisitState:
    """Takes this poll into the mean pace: a plain mean at first, then one that forgets what is older than its memory."""
    watched_s = min(state.watched_s + state.interval_s, PACE_MEMORY_S)
    weight = state.interval_s / max(watched_s, state.interval_s)
    now = min(poll.new_entries, NEWS_COUNTED) / state.interval_s
    return replace(
        state, watched_s=watched_s, news_per_s=state.news_per_s + (now - state.news_per_s) * weight
    )


def _failure_weight(poll: Poll) -> float:
    """0 for a poll that was answered and read, else how much it counts: hard 1, soft 0.5, temporary 0.25."""
    if poll.status in (429, 503, 0) or 500 <= poll.status < 600:
        return 0.25
    if poll.status == 410:
        return 1.0
    if poll.status >= 400:
        return 0.5
    return 0.0 if poll.is_parsed else 0.5


def _with_validators(state: RevisitState, poll: Poll) -> RevisitState:
    """Remembers validators, and marks them where they have hidden news."""
    if poll.status == 304:
        return replace(state, not_modified=state.not_modified + 1)
    was_conditional = bool(conditional_headers(state))
    is_changed = bool(state.body_digest and poll.body_digest and state.body_digest != poll.body_digest)
    has_validators = bool(state.etag or state.last_modified)
    is_same = has_validators and (state.etag, state.last_modified) == (poll.etag, poll.last_modified)
    validators, suspicions = state.validators, state.suspicions
    if is_same and is_changed and poll.new_entries:
        validators = "lying"  # the same validator for a body with news
    elif poll.new_entries and was_conditional and has_validators:
        validators, suspicions = "honest", 0  # the server told news from no news
    elif poll.new_entries and state.not_modified >= 2:
        suspicions += 1
        validators = "lying" if suspicions >= SUSPICIONS else validators
    return replace(
        state,
        etag=poll.etag,
        last_modified=poll.last_modified,
        body_digest=poll.body_digest,
        validators=validators,
        suspicions=suspicions,
        not_modified=0,
    )


def _bounded(kind: str, seconds: float) -> float:
    return min(max(seconds, FLOOR_S), CAP_S.get(kind, CAP_S["listing"]))


def _jittered(seconds: float, jitter: float) -> float:
    return seconds * (1 + JITTER * max(-1.0, min(1.0, jitter)))
