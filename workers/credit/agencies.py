"""The news agencies, and how a name, an abbreviation or a site names one.

The agencies are data (`agencies.toml`); this module reads them once and answers look-ups. Pure after import.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

__all__ = [
    "AGENCIES",
    "Agency",
    "agencies_in_author",
    "agency_of_dateline",
    "agency_of_name",
    "agency_of_site",
    "fold",
]

_BRAND_LABEL_CHARS: Final = 5
"""Domain labels this long are brands: reuters.de is Reuters. Shorter ones (ap, tt) collide with others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One owner of stories that many sites republish; the fields are those of `agencies.toml`."""

    id: str
    name: str
    names: tuple[str, ...]
    abbreviations: tuple[str, ...]
    dateline_only: tuple[str, ...] = ()
    domains: tuple[str, ...]
    kind: str

    def owns(self, site: str) -> bool:
        """Whether `site` (a registrable domain) is the agency's own, where its credit marks no copy.

        The same brand under another suffix counts (`reuters.de`).
        """
        if site in self.domains:
            return True
        label = site.partition(".")[0]
        return len(label) >= _BRAND_LABEL_CHARS and any(
            label == own.partition(".")[0] for own in self.domains
        )


def _load() -> dict[str, Agency]:
    raw = tomllib.loads(files("workers.credit").joinpath("agencies.toml").read_text("utf-8"))
    agencies: dict[str, Agency] = {}
    for entry in raw["agency"]:
        agency = Agency(
            id=entry["id"],
            name=entry["name"],
            names=tuple(entry["names"]),
            abbreviations=tuple(entry["abbreviations"]),
            dateline_only=tuple(entry.get("dateline_only", ())),
            domains=tuple(entry["domains"]),
            kind=entry["kind"],
        )
        if agency.id in agencies:
            raise ValueError(f"agencies.toml has two agencies with the id {agency.id}")
        agencies[agency.id] = agency
    return agencies


AGENCIES: Final[dict[str, Agency]] = _load()
"""Every agency by its id."""


@lru_cache(maxsize=8192)
def fold(name: str) -> str:
    """`name` without case, accents and punctuation, for comparing names.

    >>> fold("  Agência  Lusa. ")
    'agencia lusa'
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]+", " ", bare.casefold()).split())


def _names() -> Iterator[tuple[str, Agency]]:
    for agency in AGENCIES.values():
        for name in (agency.name, *agency.names):
            # A name that is an abbreviation is left to the exact comparison: "Ansa" is a first name elsewhere.
            if len(name) > 4 or not name.isascii() or name in agency.names:
                yield fold(name), agency


_BY_NAME: Final[dict[str, Agency]] = dict(_names())
_BY_ABBREVIATION: Final[dict[str, Agency]] = {
    short.strip("./©"): agency for agency in AGENCIES.values() for short in agency.abbreviations
}
_IN_DATELINE: Final[dict[str, Agency]] = _BY_ABBREVIATION | {
    short: agency for agency in AGENCIES.values() for short in agency.dateline_only
}
_BY_DOMAIN: Final[dict[str, Agency]] = {d: a for a in AGENCIES.values() for d in a.domains}
_BY_LABEL: Final[dict[str, Agency]] = {
    d.partition(".")[0]: a for d, a in _BY_DOMAIN.items() if len(d.partition(".")[0]) >= _BRAND_LABEL_CHARS
}

_WORD: Final = re.compile(r"\w+")
_LAST_WORDS: Final = frozenset(
    words[-1]
    for a in AGENCIES.values()
    for name in (a.name, *a.names, *a.abbreviations)
    for words in (_WORD.findall(name.casefold()), fold(name).split())
)
"""The last word of every name: a text without one of them names no agency, which is quickly seen."""

_TRIM: Final = " \t\r\n.,:;–—-|()[]*©@/\u00a0\u200b"
_STAFF: Final = re.compile(
    r"^(?:by|from|via|von|par|por|da|di|av|af|door|source|sources?|quelle|fuente|fonte|kilde|kilder|källa|"
    r"story by|news from|text|agency|agentur|agencia|agência|agence|agenzia)[\s:]+|"
    r"[\s,]+(?:staff|staff reports?|staff writers?|wire reports?|wire services?|wires?|news ?service|newswire|reporters?|"
    r"correspondents?|redaktion|redazione|redacción|news desk|desk|contributors?|agencies|agency|sports writers?|"
    r"business writers?|writers?|medical writers?|science writers?|national writers?|entertainment writers?)$",
    re.IGNORECASE,
)
_SEPARATORS: Final = re.compile(
    r"\s*(?:[/,;|&+•·()\[\]]|\s[-–—]+\s|\s(?:and|et|und|y|e|og|och|en|with|avec|mit|con|com|via|for|from|by|of the|of|the)\s)\s*",
    re.IGNORECASE,
)


def _words(text: str) -> list[str]:
    """The words of a text for `_LAST_WORDS`, as written and without accents."""
    lower = text.casefold()
    words = _WORD.findall(lower)
    return words if lower.isascii() else words + fold(text).split()


def agency_of_name(name: str) -> Agency | None:
    """The agency that `name` as a whole is a name or an abbreviation of.

    >>> agency_of_name("The Associated Press").id
    'ap'
    >>> agency_of_name("AFP").id, agency_of_name("afp")
    ('afp', None)
    """
    text = name.strip(_TRIM)
    if not text or len(text) > 80:
        return None
    exact = _BY_ABBREVIATION.get(text) or _BY_NAME.get(fold(text))
    if exact is not None:
        return exact
    bare = _STAFF.sub("", _STAFF.sub("", text)).strip(_TRIM)
    if bare and bare != text:
        return _BY_ABBREVIATION.get(bare) or _BY_NAME.get(fold(bare))
    return None


def agencies_in_author(author: str) -> tuple[Agency, ...]:
    """Every agency that an author line names, in order; a mixed line names more than one writer.

    >>> [a.id for a in agencies_in_author("Le Figaro et AFP")]
    ['afp']
    >>> [a.id for a in agencies_in_author("det/dpa")], agencies_in_author("Ana Garcia")
    (['dpa'], ())
    """
    if not author or len(author) > 300 or _LAST_WORDS.isdisjoint(_words(author)):
        return ()
    whole = agency_of_name(author)
    if whole is not None:
        return (whole,)
    found: dict[str, Agency] = {}
    for part in _SEPARATORS.split(f" {author} "):
        agency = agency_of_name(part) if part.strip() else None
        if agency is not None:
            found[agency.id] = agency
    return tuple(found.values())


def agency_of_dateline(mark: str) -> Agency | None:
    """The agency whose mark stands in a dateline's brackets: `AP`, `Reuters`, `dpa/lnw`, `AP/KXAN`."""
    text = mark.strip(_TRIM)
    whole = _IN_DATELINE.get(text) or agency_of_name(text)
    if whole is not None:
        return whole
    for part in re.split(r"\s*[/,;|]\s*|\s+(?:and|et|und|y|e)\s+|\s+[-–—]\s+", text):
        agency = _IN_DATELINE.get(part) or agency_of_name(part)
        if agency is not None:
            return agency
    return None


@lru_cache(maxsize=8192)
def agency_of_site(site: str) -> Agency | None:
    """The agency whose own site `site` (a registrable domain) is."""
    return _BY_DOMAIN.get(site) or _BY_LABEL.get(site.partition(".")[0])
