"""Site lists: which sites are crawled, and what the list says about each.

A text file holds a site a line, with options after the URL where they are wanted; a TOML file holds a table
`[[site]]` for each. A line or table that cannot be used is named by its line number and the others go on.

    # text                                             # TOML
    https://paper.example/                             [[site]]
    https://slow.example/ delay_s=20                   url = "https://paper.example/"
    wire.example kind=agency                           feeds = ["https://paper.example/rss.xml"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from schemas.errors import SiteListError, cut
from schemas.urls import site_of

__all__ = [
    "SITE_KINDS",
    "LineProblem",
    "SiteList",
    "SiteSpec",
    "parse_site_list",
    "read_site_list",
    "site_spec",
]

SITE_KINDS: Final = ("publisher", "agency", "aggregator")
"""Closed set: an agency's copies are originals; an aggregator is never first against evidence."""

_URL_LISTS: Final = ("feeds", "sitemaps", "listings")
_PATTERNS: Final = ("allow", "deny")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST: Final = re.compile(
    r"^(?=.{1,253}$)[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*\.?$"
)
_TABLE: Final = re.compile(r"^\s*\[\[\s*sites?\s*\]\]\s*(#.*)?$")
_MAX_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSpec:
    """One site to crawl.

    Attributes:
        url: home page, absolute.
        site: `schemas.urls.site_of(url)`.
        feeds, sitemaps, listings: documents named for it, absolute URLs.
        allow: regular expressions; where there are any, a URL must match one (`re.search`) to be crawled.
        deny: regular expressions; a URL that matches one is not crawled.
        delay_s: pause between two requests, in seconds, 0 … 86400; None = the crawler's default.
        kind: one of `SITE_KINDS`.
        group: sites with one group share one pace (politeness key); None = the site itself.
        max_age_days: window of this site's entries; None = the default; 0 = everything.
        daily_quota: most article pages a day; None = the default.
        follow_listings: whether section pages and their following pages are walked.
        follow_stories: whether the stories that a story links are crawled; None = where the site has neither feed nor
            sitemap.
        line_number: where the list names it; 0 = not from a list.
    """

    url: str
    site: str
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    delay_s: float | None = None
    kind: str = "publisher"
    group: str | None = None
    max_age_days: int | None = None
    daily_quota: int | None = None
    follow_listings: bool = True
    follow_stories: bool | None = None
    line_number: int = 0

    def allows(self, url: str) -> bool:
        """Whether the list's patterns let `url` be crawled."""
        if any(re.search(pattern, url) for pattern in self.deny):
            return False
        return not self.allow or any(re.search(pattern, url) for pattern in self.allow)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """A line of the list that cannot be used: its number from 1, its text (cut), and why."""

    line_number: int
    text: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line_number}: {self.why}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteList:
    """What a list holds: the sites that can be crawled, and the lines that cannot be used."""

    sites: tuple[SiteSpec, ...]
    problems: tuple[LineProblem, ...] = ()


_KEYS: Final = frozenset(field.name for field in fields(SiteSpec)) - {"site", "line_number"}


def site_spec(url: str, options: Mapping[str, object] | None = None, *, line_number: int = 0) -> SiteSpec:
    """The spec of a site.

    Args:
        url: home page; a bare host name means https.
        options: the other attributes of `SiteSpec` by name, as a TOML table gives them.

    Raises:
        ValueError: `url` is no http or https URL with a host, or an option is unknown or has a bad value.

    >>> site_spec("paper.example").url
    'https://paper.example/'
    """
    home = _web_url(url)
    options = dict(options or {})
    unknown = sorted(set(options) - _KEYS)
    if unknown:
        raise ValueError(f"unknown option {unknown[0]!r} (known: {', '.join(sorted(_KEYS))})")
    lists = {name: tuple(_web_url(urljoin(home, v)) for v in _strings(options, name)) for name in _URL_LISTS}
    patterns = {name: _strings(options, name) for name in _PATTERNS}
    for name, values in patterns.items():
        for value in values:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"{name}: {value!r} is no regular expression: {error}") from None
    kind = options.get("kind", "publisher")
    if kind not in SITE_KINDS:
        raise ValueError(f"kind must be one of {', '.join(SITE_KINDS)}, not {kind!r}")
    group = options.get("group")
    if group is not None and (not isinstance(group, str) or not group.strip()):
        raise ValueError("group must be a name")
    follow = options.get("follow_listings", True)
    if not isinstance(follow, bool):
        raise ValueError("follow_listings must be true or false")
    stories = options.get("follow_stories")
    if stories is not None and not isinstance(stories, bool):
        raise ValueError("follow_stories must be true or false")
    delay = _number(options, "delay_s", 86400.0)
    age, quota = _number(options, "max_age_days", 36500.0), _number(options, "daily_quota", 1e9)
    return SiteSpec(
        url=home,
        site=site_of(home),
        feeds=lists["feeds"],
        sitemaps=lists["sitemaps"],
        listings=lists["listings"],
        allow=patterns["allow"],
        deny=patterns["deny"],
        delay_s=delay,
        kind=str(kind),
        group=group,
        max_age_days=None if age is None else int(age),
        daily_quota=None if quota is None else int(quota),
        follow_listings=follow,
        follow_stories=stories,
        line_number=line_number,
    )


def _web_url(text: str) -> str:
    url = text.strip()
    if not _SCHEME.match(url):
        url = "https://" + url
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"no web address ({error})") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError(f"only http and https can be crawled, not {parts.scheme}")
    if parts.username is not None:
        raise ValueError("a web address with a user name")
    is_address = ":" in host and "[" in parts.netloc
    has_space = any(character.isspace() for character in url)
    if has_space or not (is_address or _HOST.match(host)):
        raise ValueError("no web address")
    if not is_address and "." not in host and host != "localhost" and not _SCHEME.match(text.strip()):
        raise ValueError("no web address")
    return url if parts.path else parts._replace(path="/").geturl()


def _strings(options: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = options.get(name, ())
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) and v.strip() for v in values):
        raise ValueError(f"{name} must be a list of texts")
    return tuple(values)


def _number(options: Mapping[str, object], name: str, most: float) -> float | None:
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{name} must be a number from 0 to {most:g}")
    return float(value)


def read_site_list(path: Path) -> SiteList:
    """The sites of a list, and the lines of it that cannot be used.

    Raises:
        SiteListError: the file cannot be read at all.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SiteListError(f"site list {cut(path)} is larger than {_MAX_BYTES >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise SiteListError(f"cannot read the site list {cut(path)}: {error.strerror}") from None
    return parse_site_list(data, is_toml=path.suffix.lower() == ".toml")


def parse_site_list(data: bytes, *, is_toml: bool = False) -> SiteList:
    """The sites of a list's bytes (UTF-8; UTF-16 with a BOM too), and the lines that cannot be used."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        text = data.decode("utf-8", "replace")
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    is_toml = is_toml or any(_TABLE.match(line) for line in lines[:2000])
    sites: list[SiteSpec] = []
    problems: list[LineProblem] = []
    first_lines: dict[str, int] = {}
    for number, shown, outcome in _toml_tables(lines) if is_toml else _text_lines(lines):
        if isinstance(outcome, str):
            problems.append(LineProblem(line_number=number, text=cut(shown), why=outcome))
            continue
        known = first_lines.setdefault(outcome.url, number)
        if known != number:
            problems.append(
                LineProblem(line_number=number, text=cut(shown), why=f"named before, in line {known}")
            )
            continue
        sites.append(outcome)
    return SiteList(sites=tuple(sites), problems=tuple(problems))


def _text_lines(lines: list[str]) -> Iterator[tuple[int, str, SiteSpec | str]]:
    for number, line in enumerate(lines, start=1):
        words = re.sub(r"(^|\s)#.*$", "", line).split()
        if not words:
            continue
        try:
            if "\ufffd" in line or "\x00" in line:
                raise ValueError("not UTF-8 text")
            yield number, line.strip(), site_spec(words[0], _line_options(words[1:]), line_number=number)
        except ValueError as error:
            yield number, line.strip(), str(error)


def _line_options(words: list[str]) -> dict[str, object]:
    options: dict[str, object] = {}
    for word in words:
        name, is_option, value = word.partition("=")
        if not is_option:
            raise ValueError(f"{cut(word, 40)!r} is no option; options are written name=value")
        if name in _URL_LISTS or name in _PATTERNS:
            earlier = options.setdefault(name, [])
            if isinstance(earlier, list):
                earlier.append(value)
        elif value.lower() in ("true", "false"):
            options[name] = value.lower() == "true"
        else:
            try:
                options[name] = float(value)
            except ValueError:
                options[name] = value
    return options


def _toml_tables(lines: list[str]) -> Iterator[tuple[int, str, SiteSpec | str]]:
    """Each `[[site]]` table read on its own, so that a broken one costs no other."""
    starts = [number for number, line in enumerate(lines, start=1) if _TABLE.match(line)]
    defaults: dict[str, object] = {}
    head = lines[: starts[0] - 1] if starts else lines
    try:
        top = tomllib.loads("\n".join(head))
        given = top.pop("defaults", {})
        if not isinstance(given, dict) or top:
            name = next(iter(top), "defaults")
            raise ValueError(f"unknown table or key {cut(name, 40)!r}; a site is written as [[site]]")
        defaults = given
    except tomllib.TOMLDecodeError as error:
        number = _error_line(error, 1)
        yield number, _line_at(lines, number), f"broken TOML ({_plain(error)})"
    except ValueError as error:
        yield 1, _line_at(lines, 1), str(error)
    for start, end in zip(starts, [*starts, len(lines) + 1][1:], strict=True):
        block = lines[start : end - 1]
        try:
            table = tomllib.loads("\n".join(block))
        except tomllib.TOMLDecodeError as error:
            number = _error_line(error, start + 1)
            yield number, _line_at(lines, number), f"broken TOML ({_plain(error)})"
            continue
        url = table.pop("url", None)
        where = _key_line(block, "url", start)
        try:
            if not isinstance(url, str):
                where = start
                raise ValueError("a site without url")
            where = next((_key_line(block, key, start) for key in table if key not in _KEYS), where)
            spec = site_spec(url, {**defaults, **table}, line_number=start)
        except ValueError as error:
            named = re.match(r"(\w+)(?::| must)", str(error))
            if named:
                where = _key_line(block, named[1], start)
            yield where, _line_at(lines, where), str(error)
        else:
            yield start, url, spec


def _key_line(block: list[str], key: str, start: int) -> int:
    """The number of the line that sets a key in the table that starts at line `start`."""
    pattern = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    return next((start + n for n, line in enumerate(block, start=1) if pattern.match(line)), start)


def _line_at(lines: list[str], number: int) -> str:
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _error_line(error: tomllib.TOMLDecodeError, offset: int) -> int:
    match = re.search(r"at line (\d+)", str(error))
    return offset + int(match[1]) - 1 if match else offset


def _plain(error: tomllib.TOMLDecodeError) -> str:
    return re.sub(r" \(at (line|end).*\)$", "", str(error))
