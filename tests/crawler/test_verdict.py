"""What becomes of a URL after an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.claims import MAX_HOPS, STATES
from crawler.pace import URL_FAILURES, Signal
from crawler.verdict import Answer, Verdict, is_wanted_type, judge_answer, noindex_of

URL = "https://a.example/story"


def judged(answer: Answer, kind: str = "article", failures: int = 0, hops: int = 0) -> Verdict:
    return judge_answer(kind, URL, answer, failures=failures, hops=hops, jitter=0.0)


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


def test_an_article_that_keeps_failing_ends_and_a_document_does_not() -> None:
    answer = Answer(status=500, headers={})
    assert judged(answer, failures=URL_FAILURES - 2).state == "waiting"
    assert judged(answer, failures=URL_FAILURES - 1).state == "failed"
    assert judged(answer, "feed", failures=500).state == "waiting"


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
