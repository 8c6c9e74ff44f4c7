"""What becomes of a URL after an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.claims import MAX_HOPS, STATES
from crawler.pace import SOFT_STREAK, URL_FAILURES, Signal
from crawler.verdict import Answer, Verdict, is_wanted_type, judge_answer, noindex_of

URL = "https://a.example/story"


def judged(
    answer: Answer, kind: str = "article", failures: int = 0, hops: int = 0, host_streak: int = 0
) -> Verdict:
    return judge_answer(kind, URL, answer, failures=failures, hops=hops, jitter=0.0, host_streak=host_streak)


@pytest.mark.parametrize(
    ("status", "state", "outcome", "signal"),
    [
        (200, "done", "fetched", Signal.FINE),
        (304, "done", "not_modified", Signal.FINE),
        (404, "gone", "http_404", Signal.FINE),
        (410, "gone", "http_410", Signal.FINE),
        (401, "failed", "http_401", Signal.FINE),
        (403, "failed", "http_403", Signal.FINE),
        (451, "failed", "http_451", Signal.FINE),
        (408, "waiting", "http_408", Signal.SOFT),
        (429, "waiting", "http_429", Signal.SLOW_DOWN),
        (500, "waiting", "http_500", Signal.SOFT),
        (503, "waiting", "http_503", Signal.SLOW_DOWN),
        (999, "waiting", "http_999", Signal.SOFT),
        (305, "failed", "http_305", Signal.FINE),
    ],
)
def test_status_decides(status: int, state: str, outcome: str, signal: Signal) -> None:
    verdict = judged(Answer(status=status, headers={}))
    assert (verdict.state, verdict.outcome, verdict.signal) == (state, outcome, signal)


def test_an_article_that_fails_alone_ends_after_three_retries_and_a_document_does_not() -> None:
    answer = Answer(status=500, headers={})
    tries = [judged(answer, failures=n) for n in range(4)]
    assert [t.due_in_s for t in tries[:3]] == [30.0, 900.0, 14400.0]
    assert {t.state for t in tries[:3]} == {"waiting"}
    assert (tries[3].state, tries[3].reason) == ("failed", "http_500, 4 times")
    assert judged(answer, "feed", failures=500).state == "waiting"


@pytest.mark.parametrize(
    ("answer", "host_streak"),
    [
        (Answer(status=500, headers={}), SOFT_STREAK),
        (Answer(error="timeout", headers={}), SOFT_STREAK),
        (Answer(status=503, headers={}), 0),
        (Answer(status=429, headers={}), 0),
        (Answer(error="refused", headers={}), 0),
        (Answer(error="dns", headers={}), 0),
    ],
)
def test_an_article_that_fails_with_its_host_waits_for_the_host(answer: Answer, host_streak: int) -> None:
    tries = [judged(answer, failures=n, host_streak=host_streak) for n in range(URL_FAILURES)]
    assert {t.state for t in tries[:-1]} == {"waiting"}
    assert [t.due_in_s for t in tries[:3]] == [60.0, 120.0, 240.0]
    assert tries[-1].state == "failed"


def test_a_document_that_is_gone_is_asked_again_after_a_month() -> None:
    verdict = judged(Answer(status=404, headers={}), "feed")
    assert (verdict.state, verdict.due_in_s) == ("waiting", 30 * 86400.0)


def test_redirects_are_resolved_and_bounded() -> None:
    assert judged(Answer(status=301, headers={"location": "/b#x"})).redirect_to == "https://a.example/b"
    assert (
        judged(Answer(status=302, headers={"location": "//b.example/c"})).redirect_to == "https://b.example/c"
    )
    assert judged(Answer(status=301, headers={"location": "/b"}), hops=MAX_HOPS).outcome == "redirect_loop"
    assert judged(Answer(status=301, headers={"location": "story"})).outcome == "redirect_loop"
    for location in ("", "file:///etc/passwd", "javascript:alert(1)", "ftp://a.example/", "http://[bad/"):
        verdict = judged(Answer(status=301, headers={"location": location}))
        assert (verdict.outcome, verdict.redirect_to) == ("bad_redirect", None), location


def test_types_that_are_no_pages_are_not_wanted() -> None:
    assert is_wanted_type("article", "text/html") and is_wanted_type("article", "")
    assert not is_wanted_type("article", "application/pdf")
    assert not is_wanted_type("home", "video/mp4")
    assert is_wanted_type("feed", "application/octet-stream")
    assert not is_wanted_type("feed", "image/png")


def test_noindex_is_found_in_the_header_and_in_the_page() -> None:
    assert noindex_of({"x-robots-tag": "googlebot: NoIndex"}, b"") == "header"
    assert noindex_of({}, b"<meta content='noindex,nofollow' NAME=robots>") == "meta"
    assert noindex_of({}, b'<meta name="robots" content="index,follow"><p>noindex') is None


@given(
    st.none() | st.integers(100, 999),
    st.sampled_from(["article", "home", "feed", "sitemap", "listing", "wp_json"]),
    st.text(max_size=80),
    st.integers(0, 20),
    st.integers(0, 9),
)
def test_every_answer_ends_in_one_known_state(
    status: int | None, kind: str, location: str, failures: int, hops: int
) -> None:
    answer = Answer(status=status, headers={"location": location})
    verdict = judge_answer(kind, URL, answer, failures=failures, hops=hops, jitter=0.3)
    assert verdict.state in STATES
    assert verdict.outcome
    if verdict.state == "waiting":
        assert verdict.due_in_s > 0
    if verdict.redirect_to is not None:
        assert verdict.redirect_to.startswith(("http://", "https://"))
