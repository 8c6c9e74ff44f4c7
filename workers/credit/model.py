"""The record of one credit: an attribution that a page carries.

Pure values; detectors make them, the summary reads them, the store writes them to `core.credits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CREDIT_KINDS", "MAX_TEXT_CHARS", "PLACES", "Credit"]

CREDIT_KINDS: Final = (
    "author_agency",
    "canonical",
    "dateline",
    "reporting_by",
    "item_id",
    "copyright",
    "wire_mark",
    "originally_published",
    "appeared_first",
    "pixel",
    "source_link",
    "syndication_meta",
    "contributed",
    "plugin_mark",
    "url_path",
)
"""The closed set of signs; the check constraint of `core.credits` lists the same words.

| kind | what was found |
|---|---|
| author_agency | the author of the metadata or of the byline is an agency |
| canonical | the canonical link names another site |
| dateline | `CITY (AP) —` and its relatives near the start of the story |
| reporting_by | `(Reporting by …; Editing by …)` |
| item_id | an agency's item id, such as `dpa:230428-99-483045/5` |
| copyright | `Copyright 2024 The Associated Press` in the story or just after it |
| wire_mark | a brand mark of a wire, such as `The-CNN-Wire™` |
| originally_published | "originally published on X" with a name or a link |
| appeared_first | "The post X appeared first on Y", which came from a feed |
| pixel | a counter that the owner of the story asks republishers to embed |
| source_link | the last block of the story is a link to its source |
| syndication_meta | metadata that names another site as the source |
| contributed | "X contributed to this report": derived from X, not copied |
| plugin_mark | the mark of a plugin that fills a site from feeds: says something of the site, not the page |
| url_path | a folder of the URL names an agency |
"""

PLACES: Final = ("head", "before_body", "body_start", "body_middle", "body_end", "after_body", "page")
"""Where on the page a credit stands; `page` = somewhere, or nowhere that a reader sees."""

MAX_TEXT_CHARS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """One attribution found on a page.

    Attributes:
        kind: one of `CREDIT_KINDS`.
        agency: id of the agency named (`agencies.toml`), such as `ap`.
        site: registrable domain named, where it is not an agency's name alone.
        url: absolute URL named.
        text: the exact text found, at most `MAX_TEXT_CHARS` characters.
        place: one of `PLACES`.
        confidence: 0..1, that the story came from whom the credit names.
        item_id: the owner's id of the story, to join copies on.
    """

    kind: str
    agency: str | None = None
    site: str | None = None
    url: str | None = None
    text: str
    place: str
    confidence: float
    item_id: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in CREDIT_KINDS:
            raise ValueError(f"unknown kind of credit: {self.kind}")
        if self.place not in PLACES:
            raise ValueError(f"unknown place of a credit: {self.place}")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence outside 0..1: {self.confidence}")
        if len(self.text) > MAX_TEXT_CHARS:
            object.__setattr__(self, "text", self.text[:MAX_TEXT_CHARS])
