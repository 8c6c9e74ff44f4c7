"""URL identity: what makes two URLs one page, and which site a URL belongs to.

Pure functions of strings. What is fetched is always the URL as found; the key is for identity alone. Keys are stored,
so the lists here are this module's own: a library that changes its lists would change keys between two machines.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from hashlib import sha256
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from tldextract import TLDExtract
from w3lib.url import canonicalize_url

__all__ = ["URL_KEY_VERSION", "authority_of", "host_of", "is_same_site", "site_of", "url_key"]

URL_KEY_VERSION: Final = 1
"""Raised when `url_key` changes for any URL; stored with the frontier so that old keys can be found."""

MAX_KEY_BYTES: Final = 1500
"""Longest key; longer ones become host and digest. An index row of Postgres holds 2,704 bytes."""

_TRACKING: Final = re.compile(
    r"(?:utm|mtm|pk|piwik|matomo|itm|oly|vero|hsa|ga|gs|mkt|ml|mc|fb|sc|wt|at|trk|stm|yptr|guce|pf_rd|tntgi)_\w+"
    r"|_(?:ga|gl|hsenc|hsmi|openstat|branch_match_id|branch_referrer|ke|kx)|__s|__twitter_impression|__tn__|__cft__.*"
    r"|(?:fbc|gc|twc|yc|ysc|dc|msclk|ttc|li_fat_|wick|epi|irc|sccid|rdt_c|rb_c)l?id|gclsrc|gbraid|wbraid|msclkid|igsh(?:id)?"
    r"|(?:action_object|action_type|action_ref)_map|fbclid|mibextid|xtor|xtref|xts?cr|cmpid|cmp|campaign(?:_?id)?"
    r"|cm_(?:mmc|ven|cat|pla|ite)\w*|ncid|smid|smtyp|ocid|icid|ico|ito|taid|tpcc|srnd|sref|partner(?:id)?|aff(?:iliate)?(?:_?id)?"
    r"|ref(?:_?src|_?url|errer|erer)?|rssfeed|rss|source|src|soc_src|soc_trk|ss_source|ss_campaign_(?:id|name)|share(?:d|_?id)?"
    r"|socialsource|shareadraft|via|s_cid|s_kwcid|rel|spm|scm|wprov|wpisrc|wpmm|traffic_source|linksource"
    r"|utm|gaa_(?:at|n|ts|sig)|correlationid|sfmc_id|mkt_tok|trackingid|tracking|emc|emci|emdi|ceid"
    r"|bcid|smprod|cx_testid|cx_testvariant|cx_artpos|cx_\w+|ns_(?:mchannel|source|campaign|linkname|fee)|intcid"
    r"|int_(?:source|medium|campaign)|ftag|ftcamp|mbid|nr_email_referer|amp_js_v|amp_gsa|usqp",
    re.IGNORECASE,
)
"""Query keys that say where a reader came from, matched as a whole.

Source: started from the lists of courlan 1.4, AdGuard's general_url.txt and ClearURLs; cut down to whole words, since a
search for parts of words drops `cid`, `eid` and `gallery`, which hold articles' ids.
"""

_SESSION: Final = re.compile(
    r"j?session_?id|phpsessid|aspsessionid\w*|sess(?:ion)?(?:_?id)?|cfid|cftoken|zenid|oscsid|osid|sessiontoken",
    re.IGNORECASE,
)
_MAYBE_SESSION: Final = re.compile(
    r"s|sid|token|ticket|nonce|auth|visitor_?id|csrf\w*|access_?token", re.IGNORECASE
)
_RANDOM: Final = re.compile(r"(?=[^\d]*\d)(?=[^a-zA-Z]*[a-zA-Z])[0-9a-zA-Z_.~-]{16,}")
"""A value that no editor has written; with a key of `_MAYBE_SESSION` it is a session's and not an article's."""

_ANY: Final = re.compile(r".*", re.DOTALL)
_TWINS: Final = {
    # Query keys, and the values of them, that show the same page in another dress.
    **dict.fromkeys(("amp", "isamp", "amphtml", "noamp", "mobile", "ismobile", "mobileview"), _ANY),
    **dict.fromkeys(
        ("print", "printable", "printer", "printview", "print_view", "printerfriendly", "pfv"), _ANY
    ),
    **dict.fromkeys(("pagewanted", "singlepage", "single_page", "showall"), _ANY),
    **dict.fromkeys(("nredirect", "noredirect", "no_redirect"), _ANY),
    **dict.fromkeys(
        ("output", "outputtype", "view", "display", "layout", "platform", "format"),
        re.compile("amp|print|mobile"),
    ),
    "m": re.compile("[01]"),
    "tmpl": re.compile("component"),
    "page": re.compile("all|"),
}
_INDEX: Final = re.compile(r"/(?:index|default)\.(?:s?html?|php\d?|aspx?|jsp|cfm|cgi|pl)$", re.IGNORECASE)
_TWIN_TAIL: Final = re.compile(
    r"/(?:amp|amp\.html|print|print\.html|printable|printview|print-view|amphtml)$|[./](?:amp)(?=\.html?$)|(?<=[\w-])\.amp$",
    re.IGNORECASE,
)
_TWIN_HEAD: Final = re.compile(r"^/(?:amp|print|printable|amphtml)(?=/[^/])", re.IGNORECASE)
_TWIN_HOST: Final = re.compile(
    r"^(?:www\d?|m|mobile|mobil|amp|wap|touch|print)\.(?=[^.]+\.)|(?<=^[a-z]{2})\.m(?=\.[^.]+\.)"
)
_PATH_PARAMETER: Final = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/;?]*", re.IGNORECASE)
_COOKIELESS: Final = re.compile(r"/\([asf]\([a-z0-9]{20,}\)\)(?=/)", re.IGNORECASE)
_CACHES: Final = re.compile(
    r"^(?:https?://)?(?:[\w-]+\.cdn\.ampproject\.org/[acvwr]/(?:s/)?|(?:www\.)?google\.[a-z.]{2,6}/amp/(?:s/)?)(?=[^/?#]+\.[a-z])",
    re.IGNORECASE,
)
"""AMP caches: the page's own address follows. Source: https://developers.google.com/amp/cache/overview"""

_HOST: Final = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_UNSAFE: Final = re.compile("[\x00-\x20\x7f\ud800-\udfff]")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
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
    """The canonical key of `url`: two URLs with one key are one page. Total and idempotent.

    Scheme, user name, `www.`, mobile and AMP hosts, default port, fragment, index file, last slash, tracking and
    session parameters, AMP and print twins are left out; the query is sorted; percent-encoding is made one. The path
    keeps its case. Text that is no URL is its own key.

    >>> url_key("HTTP://News.example.com:80/a/b?utm_source=x&id=3#top")
    'news.example.com/a/b?id=3'
    >>> url_key("https://m.example.com/story/amp/")
    'example.com/story'
    """
    text = _UNSAFE.sub(_escaped, url.strip().replace("\t", "").replace("\n", "").replace("\r", ""))
    text = _CACHES.sub("", _STRAY_PERCENT.sub("%25", text))
    if not _SCHEME.match(text):
        text = "http://" + text.lstrip("/")
    try:
        parts = urlsplit(canonicalize_url(text.partition("#")[0]))
        host, port = _key_host(parts.hostname or ""), parts.port
    except ValueError:
        return _bounded("", text)
    if not _HOST.fullmatch(host):
        return _bounded("", text)
    path = _key_path(parts.path)
    query = _key_query(parts.query)
    host = f"[{host}]" if ":" in host else host
    place = f"{host}:{port}" if port and port not in (80, 443) else host
    key = place + path + ("?" + query if query else "")
    # What was cut out can bring a dot segment, another index file or a cache's host to light; each round is shorter.
    is_settled = path == parts.path.rstrip("/") and not _CACHES.match(key)
    return _bounded(place, key) if is_settled else url_key(key)


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _bounded(place: str, key: str) -> str:
    data = key.encode("utf-8", "replace")
    return key if len(data) <= MAX_KEY_BYTES else f"{place}/~{sha256(data).hexdigest()}"


@lru_cache(maxsize=65536)
def _key_host(host: str) -> str:
    host = host.rstrip(".")
    try:
        # Some characters become dots on the way.
        host = host.encode("idna").decode("ascii").rstrip(".") if not host.isascii() else host
    except UnicodeError:
        return host
    while True:
        shorter = _TWIN_HOST.sub("", host, count=1)
        # Never down to a public suffix: m.co.uk is a site.
        if shorter == host or (_site_of_host(host) == host and not _is_special(host)):
            return host
        host = shorter


def _is_special(host: str) -> bool:
    return any(host == name or host.endswith("." + name) for name in _SPECIAL_USE)


def _key_path(path: str) -> str:
    path = _COOKIELESS.sub("", _PATH_PARAMETER.sub("", path))
    path = re.sub(r"/{2,}", "/", path)
    while True:
        shorter = _INDEX.sub("", path.rstrip("/"))
        shorter = _TWIN_TAIL.sub("", shorter).rstrip("/")
        shorter = _TWIN_HEAD.sub("", shorter)
        if shorter == path:
            return path
        path = shorter


def _key_query(query: str) -> str:
    if not query:
        return ""
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if not _is_noise(*pair)]
    return urlencode(sorted(kept), errors="surrogateescape")


def _is_noise(key: str, value: str) -> bool:
    if _TRACKING.fullmatch(key) or _SESSION.fullmatch(key):
        return True
    if _MAYBE_SESSION.fullmatch(key) and _RANDOM.fullmatch(value):
        return True
    values = _TWINS.get(key.lower())
    return values is not None and values.fullmatch(value.lower()) is not None
