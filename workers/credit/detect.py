"""Every credit that a page carries, read from the uncut DOM.

Extraction throws away much of what says where a story came from (`<p><a>Source link</a></p>`, copyright blocks,
counters), so the credits are read beside it, from the same parsed tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from lxml.html import HtmlElement

from workers.credit import bodies, heads, links, phrases
from workers.credit.agencies import AGENCIES
from workers.credit.model import Credit
from workers.credit.view import View

__all__ = ["DETECTORS", "find_credits"]

DETECTORS: Final[tuple[Callable[[View], Iterator[Credit]], ...]] = (
    heads.author_agency,
    heads.canonical,
    bodies.dateline,
    bodies.reporting_by,
    bodies.item_id,
    bodies.copyright_notice,
    bodies.wire_mark,
    phrases.originally_published,
    phrases.appeared_first,
    links.pixel,
    links.source_link,
    heads.syndication_meta,
    bodies.contributed,
    heads.plugin_mark,
    heads.url_path,
)
"""One function a kind of credit, in the order of `workers.credit.model.CREDIT_KINDS`."""


def find_credits(
    tree: HtmlElement, *, url: str, site: str, body_text: str, jsonld: Sequence[Any] | None = None
) -> tuple[Credit, ...]:
    """The credits of one page, in the order of their kinds.

    An agency on its own site is no credit there, but for the ids that copies join on.

    Args:
        tree: the root of the parsed, uncut DOM; it is not changed.
        url: where the page was fetched, absolute.
        site: registrable domain of `url`.
        body_text: the extracted story, paragraphs joined by line feeds; it tells the places of the credits.
        jsonld: the values of the page's JSON-LD scripts, if they are known; otherwise they are read here.

    Returns:
        Credits without repetitions. Empty where the page carries none.
    """
    view = View(tree, url=url, site=site, body_text=body_text, jsonld=jsonld)
    found: dict[tuple[str, str | None, str | None, str | None], Credit] = {}
    for detector in DETECTORS:
        for credit in detector(view):
            if credit.kind != "item_id" and credit.agency is not None and AGENCIES[credit.agency].owns(site):
                continue
            key = (credit.kind, credit.agency, credit.url, credit.item_id)
            if key not in found or found[key].confidence < credit.confidence:
                found[key] = credit
    return tuple(found.values())
