"""One page, from bytes to extraction. Pure, but it may hang, crash or eat memory: run it in a child (`pool`).

1. refuse what is no page          guards
2. decode                          decode
3. parse once                      parse
4. read what the page says         metadata, title, dates
5. find the story's text           body
6. decide: article or not          verdict, teasers
7. read credits from the same tree credit
"""

from __future__ import annotations

from dataclasses import replace

from schemas.outcomes import Outcome
from schemas.records import RawPage
from workers.boilerplate.lines import read_lines, sketch_page
from workers.boilerplate.text import story_lines
from workers.credit.detect import find_credits
from workers.extract.body import find_body
from workers.extract.decode import clean_text, decode
from workers.extract.guards import MAX_DEPTH, refuse_bytes, refuse_markup
from workers.extract.language import language_of
from workers.extract.metadata import read_head, read_metadata
from workers.extract.model import Extraction, failed
from workers.extract.name import extractor_name
from workers.extract.parse import depth_of, parse
from workers.extract.verdict import why_not_article

__all__ = ["extract_page", "page_text"]


def page_text(page: RawPage) -> str:
    """The story's text alone, without metadata, credits and the question whether it is an article: for measuring."""
    root = parse(decode(page.body, page.declared_charset).text)
    if root is None:
        return ""
    return clean_text(find_body(root, read_head(root, url=page.final_url), url=page.final_url).text)


def extract_page(page: RawPage) -> Extraction:
    """The article of a page, or why it has none.

    May raise, hang or exhaust memory on hostile pages; `ExtractPool` turns each of these into an outcome.
    """
    name = extractor_name()
    refusal = refuse_bytes(page.body, page.headers.get("content-type"))
    if refusal is not None:
        return failed(*refusal, name)
    decoded = decode(page.body, page.declared_charset)
    refusal = refuse_markup(decoded.text)
    if refusal is not None:
        return failed(*refusal, name, decoded.charset)
    root = parse(decoded.text)
    if root is None:
        return failed(Outcome.EMPTY, "no element", name, decoded.charset)
    if depth_of(root, MAX_DEPTH) > MAX_DEPTH:
        return failed(Outcome.TOO_LARGE, f"nesting: over {MAX_DEPTH} open elements", name, decoded.charset)

    head = read_head(root, url=page.final_url)
    body = find_body(root, head, url=page.final_url)
    meta = read_metadata(root, head, url=page.final_url, fetched_at=page.fetched_at, around=body.around)
    verdict = why_not_article(root, body, head, page, is_dated=meta.published is not None)
    if verdict is not None:
        return replace(
            failed(*verdict, name, decoded.charset), title=body.title, canonical_url=meta.canonical_url
        )
    text = clean_text(body.text)
    credits = find_credits(
        root, url=page.final_url, site=page.site, body_text=text, jsonld=head.jsonld_values
    )
    published = meta.published
    lines = story_lines(text, credits)
    return Extraction(
        outcome=Outcome.ARTICLE,
        extractor=name,
        charset=decoded.charset,
        title=body.title or page.hint_title,
        byline=meta.byline,
        authors=meta.signed.people,
        organisations=meta.signed.organisations,
        language=language_of(text, meta.language),
        canonical_url=meta.canonical_url,
        site_name=meta.site_name,
        section=meta.section,
        published_at=published.at if published else page.hint_published_at,
        published_source=published.source if published else ("hint" if page.hint_published_at else None),
        published_certainty=published.certainty
        if published
        else ("hint" if page.hint_published_at else None),
        modified_at=meta.modified_at,
        text=text,
        credits=credits,
        story_lines=read_lines(lines),
        page_sketch=sketch_page(lines),
    )
