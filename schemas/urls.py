"""URL identity: what makes two URLs one page, and which site a URL belongs to.

Pure functions of strings. What is fetched is always the URL as found; the key is for identity alone.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tldextract import TLDExtract
from w3lib.url import canonicalize_url

__all__ = ["URL_KEY_VERSION", "authority_of", "host_of", "is_same_site", "site_of", "url_key"]

URL_KEY_VERSION: Final = 1
"""Raised when `url_key` changes for any URL; stored with the frontier so that old keys can be found."""

_TRACKING: Final = re.compile(
    r"^(utm_.*|fbclid|gclid|dclid|msclkid|mc_cid|mc_eid|igshid|yclid|_ga|ref_src|cmpid|ito|at_medium|at_campaign)$",
    re.IGNORECASE,
)
_SPECIAL_USE: Final = ("test", "example", "invalid", "localhost", "local", "internal", "home.arpa")
"""Top-level names without a registry (RFC 6761, RFC 6762, RFC 8375): below them every host is a site."""


@cache
def _suffixes() -> TLDExtract:
    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def host_of(url: str) -> str:
    """The host name of `url`, lower case, without port; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def authority_of(url: str) -> str:
    """Scheme, host and port of `url`, which is what one robots.txt speaks for (RFC 9309 section 2.3).

    >>> authority_of("HTTPS://News.example:443/a?b")
    'https://news.example'
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    is_default = port is None or (scheme, port) in (("http", 80), ("https", 443))
    return f"{scheme}://{host}" if is_default else f"{scheme}://{host}:{port}"


@lru_cache(maxsize=65536)
def _site_of_host(host: str) -> str:
    if not host or any(host == name or host.endswith("." + name) for name in _SPECIAL_USE):
        return host.removeprefix("www.")
    try:
        ip_address(host)
    except ValueError:
        return _suffixes()(host).top_domain_under_public_suffix or host.removeprefix("www.")
    return host


def site_of(url: str) -> str:
    """The site that `url` belongs to: its registrable domain.

    Below names that have no registry (`.test`, `.example`, `.localhost` …) every host is a site of its own, and
    an address is a site together with its port.

    >>> site_of("https://edition.news.example.co.uk/a")
    'example.co.uk'
    >>> site_of("http://www.paper-one.test:8080/a")
    'paper-one.test'
    """
    host = host_of(url)
    site = _site_of_host(host)
    if site == host and (host.replace(".", "").isdigit() or ":" in host):
        port = urlsplit(url).port
        return f"{host}:{port}" if port and port not in (80, 443) else host
    return site


def is_same_site(a: str, b: str) -> bool:
    """Whether two URLs belong to one site."""
    return site_of(a) == site_of(b)


def url_key(url: str) -> str:
    """The canonical key of `url`; two URLs with one key are one page.

    >>> url_key("HTTP://News.example.com:80/a/b?utm_source=x&id=3#top")
    'news.example.com/a/b?id=3'
    """
    parts = urlsplit(canonicalize_url(url.strip(), keep_fragments=False))
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k)]
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    path = parts.path.rstrip("/")
    return urlunsplit(("", "", host + port + path, urlencode(query), ""))
