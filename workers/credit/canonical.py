"""Whether a canonical link to another site says that a page republishes a story. Pure.

Canonical links to another registrable domain are right about half of the time: redirectors, country editions,
staging hosts, renamed brands, placeholders and relative URLs read as hosts make up the other half. The two URLs
alone tell them apart well enough.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from schemas.urls import host_of, site_of
from workers.credit.hosts import KNOWN

__all__ = ["canonical_verdict", "is_republication"]

_REDIRECTORS: Final = KNOWN["redirector_hosts"]
_REDIRECTOR_SITES: Final = KNOWN["redirector_sites"]

_PLATFORM_SITES: Final = KNOWN["platform_sites"]

_STAGING: Final = re.compile(
    r"(?:^|[.-])(?:staging|stage|stg|dev|devel|test|testing|preview|preprod|pre|uat|qa|sandbox|demo|local|localhost|"
    r"origin|backend|cms|api|prod|production|cdn|static|admin|edit|internal|intranet|cluster|node|web\d+|server\d*|temp|tmp|beta|draft)(?:[.-]|\d|$)",
    re.IGNORECASE,
)
_STAGING_DOMAIN: Final = re.compile(
    r"-(?:staging|stage|dev|preprod|uat|qa|cluster|node|server)(?:[-.\d]|$)", re.IGNORECASE
)
"""A registrable domain may well be called test or origin; with a hyphen before it the word means what it says."""
_PLACEHOLDER: Final = re.compile(
    r"^(?:www\.)?(?:example\.(?:com|org|net)|yourdomain\.\w+|yoursite\.\w+|domain\.com|mysite\.com|website\.com|"
    r"localhost|site\.com|test\.com|\d+\.\d+\.\d+\.\d+)$",
    re.IGNORECASE,
)
_MOBILE: Final = frozenset(["m", "mobile", "amp", "www", "www2", "www1", "web", "en", "de", "fr", "es", "it"])
_GENERIC_LABELS: Final = frozenset(
    ["news", "media", "online", "press", "web", "blog", "the", "mobile", "group", "global", "world", "info"]
)


def _label(site: str) -> str:
    """The brand part of a registrable domain, without the public suffix: `thomann` of `thomann.co.uk`."""
    return site.partition(".")[0]


def _is_staging(host: str, site: str) -> bool:
    sub = host.removesuffix(site).rstrip(".")
    return bool((sub and _STAGING.search(sub)) or _STAGING_DOMAIN.search(site.partition(".")[0]))


def _brand(site: str) -> str:
    """A domain's label as a brand: without hyphens and without "the" (`guardian.co.uk`, `theguardian.com`)."""
    label = _label(site).replace("-", "")
    return label.removeprefix("the") if len(label) >= 8 else label


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _words(path: str) -> list[str]:
    """The words of a path's last meaningful part, which is the headline on most sites."""
    parts = [part for part in unquote(path).split("/") if part]
    if not parts:
        return []
    slug = max(parts, key=lambda part: len(re.findall(r"[^\W\d_]{2,}", part)))
    slug = re.sub(r"\.(?:html?|php|aspx?|cms|jsp|ece|story)$", "", slug, flags=re.IGNORECASE)
    return [w.casefold() for w in re.split(r"[^\w]+|_", slug) if len(w) > 1]


def _ids(url: str) -> set[str]:
    return set(re.findall(r"\d{6,}", url))


_STORY_ID: Final = re.compile(
    r"[?&](?:p|id|aid|nid|article_?id|news_?id|story_?id)=\w+|\d{6,}|[0-9a-f]{16,}|/(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9-]{9,}(?:/|$)"
)
"""What an id of a story looks like in a path: a long number, a hash, or letters mixed with digits."""


def _post_id(path: str) -> str | None:
    """The id at the end of a post's address on medium.com and on domains that it serves."""
    found = re.search(r"-([0-9a-f]{10,12})/?$", path)
    return found[1] if found and re.search(r"[a-f]", found[1]) and re.search(r"\d", found[1]) else None


def _same_brand(a: str, b: str) -> bool:
    """Whether two domains are one brand under other suffixes or spellings (`shop.de`, `shop.co.uk`, `shopuk.com`)."""
    short, long = sorted((_brand(a), _brand(b)), key=len)
    return short == long or (len(short) >= 5 and long.startswith(short) and len(long) - len(short) <= 2)


def canonical_verdict(page_url: str, canonical_url: str) -> tuple[bool, str, float]:
    """Whether `canonical_url` makes the page at `page_url` a republication, why, and how sure that is.

    Args:
        page_url: where the page was fetched.
        canonical_url: as written in the page's link element.

    Returns:
        (is a republication, reason, confidence 0..1). Never raises.

    >>> canonical_verdict("https://paper.example.com/a/storm-hits-the-coast", "https://www.daily.example.org/a/storm-hits-the-coast")[:2]
    (True, 'same headline on another site')
    >>> canonical_verdict("https://www.shop.de/gb/guitars", "https://www.shop.co.uk/guitars")[:2]
    (False, 'same brand under another suffix')
    """
    try:
        page, canonical = urlsplit(page_url.strip()), urlsplit(canonical_url.strip())
        page_host, host = _ascii(host_of(page_url.strip())), _ascii(host_of(canonical_url.strip()))
    except ValueError:
        return False, "not a URL", 0.95
    if canonical.scheme not in ("http", "https") or not host:
        return False, "relative", 0.95
    if "." not in host or host.startswith(".") or " " in host or not re.fullmatch(r"[\w.-]+", host):
        return False, "host is no domain name", 0.95
    page_site, site = site_of(f"https://{page_host}/"), site_of(f"https://{host}/")
    if page_site == site:
        return False, "same site", 1.0
    if "." not in site or _PLACEHOLDER.match(host):
        return False, "placeholder host", 0.95
    if page_host in _REDIRECTORS or page_site in _REDIRECTOR_SITES or page_site in _REDIRECTORS:
        return False, "page is a redirector", 0.95
    if (
        site in _PLATFORM_SITES
        or any(site.endswith("." + p) for p in _PLATFORM_SITES)
        or _is_staging(host, site)
    ):
        return False, "staging host", 0.9
    if host in _REDIRECTORS or site in _REDIRECTOR_SITES or site in KNOWN["no_source_sites"]:
        return False, "canonical is a redirector", 0.9
    if _same_brand(page_site, site):
        return False, "same brand under another suffix", 0.9
    page_labels = {label for label in page_host.split(".") if label not in _MOBILE and len(label) >= 5}
    host_labels = {label for label in host.split(".")[:-1] if label not in _MOBILE and len(label) >= 5}
    if page_labels & host_labels - _GENERIC_LABELS:
        return False, "same brand on another host", 0.85
    if not canonical.path.strip("/") and not canonical.query:
        return False, "canonical is a home page", 0.85
    return _story_verdict(page_url, page.path, canonical_url, canonical.path)


def _story_verdict(
    page_url: str, page_path: str, canonical_url: str, canonical_path: str
) -> tuple[bool, str, float]:
    ours, theirs = _words(page_path), _words(canonical_path)
    whole_same = page_path.strip("/").casefold() == canonical_path.strip("/").casefold()
    if not ours and not _STORY_ID.search(page_url):
        return False, "page names no story", 0.7
    if _post_id(page_path) is not None and _post_id(page_path) == _post_id(canonical_path):
        return False, "same post of a publishing platform", 0.8
    if _ids(page_path) & _ids(canonical_path):
        return True, "same story id on another site", 0.95
    if len(ours) >= 3 and len(theirs) >= 3:
        shared = len(set(ours) & set(theirs)) / min(len(set(ours)), len(set(theirs)))
        if shared >= 0.6 and not (whole_same and _is_shallow(page_path)):
            return True, "same headline on another site", 0.95
    if whole_same:
        # The same path on another domain, without a headline or an id in it, is a moved or mirrored site.
        return False, "same path: a moved or mirrored site", 0.7
    if len(theirs) >= 3 or _STORY_ID.search(canonical_path):
        return True, "a story on another site", 0.8
    return False, "canonical names no story", 0.6


def _is_shallow(path: str) -> bool:
    """Whether a path is a page of an organisation rather than a dated or filed story."""
    return False if re.search(r"\d{4}|article|story|news|blog|post", path) else path.strip("/").count("/") < 3


def is_republication(page_url: str, canonical_url: str) -> bool:
    """`canonical_verdict` as one answer."""
    return canonical_verdict(page_url, canonical_url)[0]
