"""What becomes of a URL after an answer: a closed set of outcomes. Pure.

Every fetch ends in exactly one `Verdict`; the spider carries it out, and the frontier stores it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from crawler.claims import MAX_HOPS
from crawler.pace import URL_FAILURES, Signal, back_off_s, is_host_failing, streak_after, url_retry_s

__all__ = [
    "BODY_CAPS",
    "DEAD_DOCUMENT_S",
    "Answer",
    "Verdict",
    "content_type_of",
    "is_wanted_type",
    "judge_answer",
    "noindex_of",
]

MIB: Final = 1024 * 1024

BODY_CAPS: Final = {
    "article": 5 * MIB,
    "home": 5 * MIB,
    "listing": 5 * MIB,
    "feed": 16 * MIB,
    "sitemap": 50 * MIB,
    "wp_json": 16 * MIB,
    "robots": 512 * 1024,
}
"""Most bytes of a body by kind; 50 MiB is what sitemaps.org allows for one sitemap."""

DEAD_DOCUMENT_S: Final = 30 * 24 * 3600.0
"""A document that is gone is asked again after a month: feeds return from the dead."""

_NO_CONNECTION: Final = frozenset({"dns", "refused", "tls"})
"""Errors that no URL is to blame for."""

_PAGE_TYPES: Final = frozenset(
    {"", "text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml", "text/plain", "application/xml",
     "text/xml"}
)  # fmt: skip
_NOINDEX_META: Final = re.compile(
    rb"""<meta\b[^>]{0,300}\bname\s*=\s*["']?(?:robots|googlebot|wiretrace)["']?[^>]{0,300}>""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for a request.

    Attributes:
        status: None where there was no HTTP answer; then `error` says why.
        error: 'timeout', 'dns', 'refused', 'reset', 'tls', 'address_refused', 'too_large', 'bad_response'.
        headers: names in lower case.
        is_cut: whether the body was cut at its cap.
        is_type_cut: whether the transfer was stopped at the headers for the content type.
    """

    status: int | None = None
    error: str | None = None
    headers: Mapping[str, str]
    is_cut: bool = False
    is_type_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of the URL.

    Attributes:
        state: one of `crawler.claims.STATES`; 'done' means: the body is to be used.
        outcome: word for the log.
        signal: what the answer says about the host.
        redirect_to: absolute URL to be offered instead.
    """

    state: str
    outcome: str
    signal: Signal = Signal.FINE
    reason: str | None = None
    due_in_s: float = 0.0
    url_failures: int = 0
    redirect_to: str | None = None


def content_type_of(headers: Mapping[str, str]) -> str:
    """The media type of a Content-Type header, lower case, without parameters; '' where there is none."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def is_wanted_type(kind: str, content_type: str) -> bool:
    """Whether a body of this type is worth its transfer. Documents say anything about themselves; pages do not."""
    if kind in ("article", "home", "listing"):
        return content_type in _PAGE_TYPES
    return not content_type.startswith(("image/", "video/", "audio/", "font/"))


def noindex_of(headers: Mapping[str, str], body: bytes) -> str | None:
    """Where a page asks not to be indexed: 'header', 'meta' or None. Recorded, not obeyed: nothing is published.

    Source: developers.google.com/search/docs/crawling-indexing/robots-meta-tag
    """
    if "noindex" in headers.get("x-robots-tag", "").lower():
        return "header"
    for match in _NOINDEX_META.finditer(body[:65536]):
        if b"noindex" in match.group().lower():
            return "meta"
    return None


def judge_answer(
    kind: str, url: str, answer: Answer, *, failures: int, hops: int, jitter: float, host_streak: int = 0
) -> Verdict:
    """What becomes of `url` after `answer`.

    Args:
        kind: of the URL; articles end, documents are asked again.
        failures: failed fetches of this URL in a row before this one.
        hops: redirects that led here.
        jitter: in -1…1.
        host_streak: failures of the host in a row before this answer.
    """
    status = answer.status
    if status is None:
        error = answer.error or "bad_response"
        if error in ("address_refused", "too_large"):
            return _end(kind, "failed", error)
        signal = Signal.UNREACHABLE if error in _NO_CONNECTION else Signal.SOFT
        return _again(kind, error, signal, failures, jitter, host_streak)
    if status in (429, 503):
        return _again(kind, f"http_{status}", Signal.SLOW_DOWN, failures, jitter, host_streak)
    if status in (408, 425) or status >= 500 or status < 200:
        return _again(kind, f"http_{status}", Signal.SOFT, failures, jitter, host_streak)
    if status == 304:
        return Verdict(state="done", outcome="not_modified")
    if status in (301, 302, 303, 307, 308):
        return _redirect(kind, url, answer.headers.get("location", ""), hops)
    if status in (404, 410):
        return _end(kind, "gone", f"http_{status}")
    if status >= 300:
        return _end(kind, "failed", f"http_{status}")
    if answer.is_type_cut:
        return _end(kind, "failed", "wrong_type", content_type_of(answer.headers))
    return Verdict(state="done", outcome="fetched")


def _end(kind: str, state: str, outcome: str, reason: str | None = None) -> Verdict:
    if kind != "article":
        return Verdict(state="waiting", outcome=outcome, reason=reason or outcome, due_in_s=DEAD_DOCUMENT_S)
    return Verdict(state=state, outcome=outcome, reason=reason or outcome)


def _again(
    kind: str, outcome: str, signal: Signal, failures: int, jitter: float, host_streak: int
) -> Verdict:
    streak = streak_after(signal, host_streak, is_first_failure=failures == 0)
    failures += 1
    due_in_s: float | None = back_off_s(failures, jitter)
    if kind == "article":
        if not is_host_failing(signal, streak):
            due_in_s = url_retry_s(failures, jitter)
        elif failures >= URL_FAILURES:
            due_in_s = None
    if due_in_s is None:
        return Verdict(state="failed", outcome=outcome, reason=f"{outcome}, {failures} times", signal=signal)
    return Verdict(
        state="waiting",
        outcome=outcome,
        reason=outcome,
        signal=signal,
        due_in_s=due_in_s,
        url_failures=failures,
    )


def _redirect(kind: str, url: str, location: str, hops: int) -> Verdict:
    try:
        target = urljoin(url, location.strip()).partition("#")[0]
    except ValueError:
        target = ""
    if not location.strip() or not target.startswith(("http://", "https://")):
        return _end(kind, "failed", "bad_redirect", f"redirect to {location[:200]!r}")
    if target == url or hops >= MAX_HOPS:
        return _end(kind, "failed", "redirect_loop", f"redirect to {target[:200]}")
    return Verdict(state="redirected", outcome="redirect", reason=target[:500], redirect_to=target)
