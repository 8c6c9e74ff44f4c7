"""When a document is fetched again: a pure policy over a small state that the frontier keeps as JSON.

    state = first_state("feed")                       # when the document is new
    headers = conditional_headers(state)              # before each poll: {} or If-None-Match / If-Modified-Since
    state = after_poll(state, Poll(...), jitter=...)  # after it; then next poll in state.interval_s seconds

The interval starts at 1 h, shrinks by 0.8 when a poll brought news, grows by 1.5 when it brought none, and stays
between 10 minutes and 24 h (feeds, news sitemaps) or 7 days (home pages, sitemaps, listings). A document that fails
for long is polled each 30 days: feeds return from the dead.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Poll", "RevisitState", "after_poll", "conditional_headers", "first_state"]


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
        failures: weighted failures in a row (hard 1, soft 0.5, temporary 0.25).
        etag, last_modified: to be sent with the next conditional poll.
        body_digest: of the last body.
        validators: 'unknown', 'honest' or 'lying' (a 304, or an unchanged validator, hid a changed body).
        is_dead: failed for long; polled each 30 days.
    """

    kind: str
    interval_s: float
    base_s: float
    polls: int = 0
    failures: float = 0.0
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    validators: str = "unknown"
    is_dead: bool = False

    def to_json(self) -> str:
        """The state as JSON text."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, text: str) -> RevisitState:
        """The state of `to_json`; unknown keys are ignored, missing ones take their defaults."""
        raise NotImplementedError


def first_state(kind: str, *, jitter: float = 0.0) -> RevisitState:
    """The state of a document that was never polled. `jitter` in -1…1, scaled to ±10 %."""
    raise NotImplementedError


def conditional_headers(state: RevisitState) -> dict[str, str]:
    """The request headers of the next poll; {} where it must be unconditional (each 10th, and where validators lie)."""
    raise NotImplementedError


def after_poll(state: RevisitState, poll: Poll, *, jitter: float = 0.0) -> RevisitState:
    """The state after a poll; the next one is due `interval_s` seconds after the poll's end."""
    raise NotImplementedError
