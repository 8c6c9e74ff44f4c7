"""What happens to a batch of pages, in numbered steps.

1. Pages that have their outcome already (they were delivered again) are set aside.
2. Every page is extracted in a child process: decode, body, metadata, credits, the lines of the story and all that is
   computed of them alone (their keys, their words as hashes, the page's sketch).
3. Transaction A: articles and credits are stored, lines that the site repeats are dropped, the sketches and
   their bands are written. Commit: from here on every other worker can see them.
4. Transaction B: candidates are looked up, verified, and clusters, origins and outcomes are written; targets of
   source links are offered to the frontier.
5. Earlier articles of a site that carry a line which was learnt since as repeated are sketched anew, in the same
   two transactions.
6. An event for each new match goes out and its ack is awaited; then the events are marked as sent.
7. The caller commits the offsets.

Two workers that store two copies at the same moment both pass step 3 before either looks in step 4, so the
second one sees the first. A crash between any two steps causes the batch to be delivered again, which changes
nothing that is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import structlog

from schemas.outcomes import Outcome
from schemas.records import CopyEvent, RawPage
from schemas.sql import sql
from workers.boilerplate.learn import SiteArticle, StaleArticle, drop_site_lines, stale_articles
from workers.chase import Lead, chase, leads_of
from workers.database import Connection, is_transient
from workers.dedupe.notes import claim_notes, delete_notes
from workers.dedupe.store import Index, SketchItem
from workers.dedupe.words import joined
from workers.extract.model import Extraction
from workers.extract.pool import ExtractPool
from workers.identity import article_key
from workers.store import Cursor, Ending, StoredArticle, settle_pages, settled_pages, upsert_articles

__all__ = ["Pipeline"]

log = structlog.get_logger(__name__)

_REFRESH: Final = 200
"""Articles sketched anew per batch: twice a batch, so that new pages cannot outrun it."""


class Pipeline:
    """Works batches of pages; knows no Kafka.

    Args:
        connection: in autocommit mode, owned by the caller.
        pool: the extraction processes, owned by the caller.
        announce: sends copy events and returns when all are acknowledged.
        index: the sketches and stories; kept by the caller from one connection to the next, for what it caches.
        chase_delay_s: pause of a host that becomes known by a source link; None = sources are not chased.
    """

    def __init__(
        self,
        connection: Connection,
        pool: ExtractPool,
        announce: Callable[[Sequence[CopyEvent]], None],
        index: Index,
        *,
        chase_delay_s: float | None = None,
    ) -> None:
        self._connection = connection
        self._pool = pool
        self._announce = announce
        self._index = index
        self._chase_delay_s = chase_delay_s

    def work(self, pages: Sequence[RawPage], *, is_rework: bool = False) -> dict[UUID, Ending]:
        """The ending of each page, by page id; everything is stored when this returns.

        Args:
            is_rework: work pages again that have their outcome already, because the extractor, the learnt lines or
                the sketches have changed since. Their outcome stays what it was.

        Raises:
            psycopg.Error: the database failed; whether a retry helps says `workers.database.is_transient`.
            SchemeMismatch: no page can be worked.
        """
        self._index.prepare(self._connection)
        endings: dict[UUID, Ending] = {}
        if not is_rework:
            with self._connection.transaction(), self._connection.cursor() as cur:
                endings = settled_pages(cur, [page.page_id for page in pages])
        fresh = list({page.page_id: page for page in pages if page.page_id not in endings}.values())
        extractions = self._pool.extract_many(fresh)
        for group in _distinct(list(zip(fresh, extractions, strict=True))):
            endings.update(self._work_distinct(group))
        self._send_events([ending.article_id for ending in endings.values() if ending.article_id is not None])
        self.refresh()
        return endings

    def refresh(self) -> int:
        """Step 5 for a few articles; how many notes were worked. 0 says that none is left that nobody else works.

        a. Transaction A: articles with a line learnt since are sketched anew, and noted in `core.resketched`. Commit.
        b. Some notes are claimed, of whoever. Commit: other workers pass them over.
        c. Transaction B for the articles noted. Commit.
        d. Events, each acknowledged, and marked as sent.
        e. The notes are taken away.

        A kill between any two leaves the notes to the next call of any worker, as the claim ends with the session;
        and an error leaves them to the next call of this one. An article that cannot be looked at holds up no other
        and no page: it is logged, tried `MOST_TRIES` times, and given up.
        """
        self._index.prepare(self._connection)
        with self._connection.transaction(), self._connection.cursor() as cur:
            stale = stale_articles(cur, _REFRESH)
            self._index.add(cur, [_sketch_item(article) for article in stale])
            if stale:
                cur.execute(
                    sql("store/add_resketched"), {"article_ids": [article.article_id for article in stale]}
                )
        with self._connection.transaction(), self._connection.cursor() as cur:
            notes = claim_notes(cur, _REFRESH)
        if not notes.rows:
            return 0
        failed = self._look_at(notes.article_ids)
        self._send_events(sorted(set(notes.article_ids) - failed))
        done = notes.done(failed)
        with self._connection.transaction(), self._connection.cursor() as cur:
            delete_notes(cur, done)
        return len(done.rows)

    def _look_at(self, article_ids: Sequence[int]) -> set[int]:
        """Transaction B for articles that were noted; where it breaks, for halves of them. Those that break it alone."""
        try:
            with self._connection.transaction(), self._connection.cursor() as cur:
                self._index.resolve(cur, article_ids)
        except Exception as error:
            if is_transient(error):
                raise
            if len(article_ids) == 1:
                log.exception("article cannot be looked at", action="note_failed", article_id=article_ids[0])
                return {article_ids[0]}
        else:
            return set()
        middle = len(article_ids) // 2
        return self._look_at(article_ids[:middle]) | self._look_at(article_ids[middle:])

    def _work_distinct(self, group: Sequence[tuple[RawPage, Extraction]]) -> dict[UUID, Ending]:
        endings: dict[UUID, Ending] = {}
        with_text = [(page, found) for page, found in group if found.outcome is Outcome.ARTICLE]
        for page, found in group:
            if found.outcome is not Outcome.ARTICLE:
                endings[page.page_id] = Ending(outcome=found.outcome, reason=found.reason)

        with self._connection.transaction(), self._connection.cursor() as cur:
            articles = upsert_articles(cur, with_text)
            self._sketch(cur, with_text, articles)

        for (page, _), article in zip(with_text, articles, strict=True):
            endings[page.page_id] = Ending(outcome=article.outcome, article_id=article.article_id)

        with self._connection.transaction(), self._connection.cursor() as cur:
            self._index.resolve(cur, sorted({article.article_id for article in articles}))
            if self._chase_delay_s is not None:
                chase(cur, _leads(with_text, articles), delay_s=self._chase_delay_s)
            settle_pages(cur, [(page, endings[page.page_id]) for page, _ in group])

        for page, _ in group:
            ending = endings[page.page_id]
            log.info(
                "page worked",
                action="page_worked",
                url=page.final_url,
                outcome=ending.outcome.value,
                reason=ending.reason,
            )
        return endings

    def _sketch(
        self, cur: Cursor, batch: Sequence[tuple[RawPage, Extraction]], articles: Sequence[StoredArticle]
    ) -> None:
        current = [
            (page, found, article)
            for (page, found), article in zip(batch, articles, strict=True)
            if article.is_current
        ]
        kept = drop_site_lines(
            cur,
            [
                SiteArticle(
                    site=page.site, url_key=article.url_key, lines=found.story_lines, sketch=found.page_sketch
                )
                for page, found, article in current
            ],
        )
        self._index.follow(
            cur, {article.article_id: article.first_seen_at for article in articles if not article.is_current}
        )
        self._index.add(
            cur,
            [
                SketchItem(
                    article_id=article.article_id,
                    version=article.version,
                    site=page.site,
                    first_seen_at=article.first_seen_at,
                    words=joined(line.words for line in lines),
                )
                for (page, found, article), lines in zip(current, kept, strict=True)
            ],
        )

    def _send_events(self, article_ids: Sequence[int]) -> None:
        if not article_ids:
            return
        with self._connection.transaction(), self._connection.cursor() as cur:
            events = self._index.unsent(cur, article_ids)
        if not events:
            return
        self._announce(events)
        with self._connection.transaction(), self._connection.cursor() as cur:
            self._index.mark_sent(cur, events)


def _sketch_item(article: StaleArticle) -> SketchItem:
    return SketchItem(
        article_id=article.article_id,
        version=article.version,
        site=article.site,
        first_seen_at=article.first_seen_at,
        words=joined(line.words for line in article.lines),
    )


def _leads(batch: Sequence[tuple[RawPage, Extraction]], articles: Sequence[StoredArticle]) -> list[Lead]:
    return [
        lead
        for (page, found), article in zip(batch, articles, strict=True)
        if article.is_newest
        for lead in leads_of(page.final_url, found.credits)
    ]


def _distinct(batch: Sequence[tuple[RawPage, Extraction]]) -> list[list[tuple[RawPage, Extraction]]]:
    """`batch` cut into groups in each of which every article key stands once, in the order given.

    A set-based upsert cannot touch one row twice; pages of one article in a batch are worked one after the other.
    """
    groups: list[list[tuple[RawPage, Extraction]]] = []
    seen: dict[str, int] = {}
    for page, found in batch:
        key = article_key(page.final_url, found.canonical_url).key
        turn = seen.get(key, 0)
        seen[key] = turn + 1
        if turn == len(groups):
            groups.append([])
        groups[turn].append((page, found))
    return groups
