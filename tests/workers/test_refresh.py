"""Articles that are looked at again: nothing is lost wherever a worker dies, and no two wait for each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from schemas.records import CopyEvent
from schemas.sql import sql
from tests.workers.pages import html, page, story
from tests.workers.test_pipeline import copies
from workers import pipeline as pipeline_module
from workers.database import Connection, connect
from workers.dedupe.notes import MOST_TRIES, claim_notes, delete_notes
from workers.dedupe.store import Index
from workers.extract.pool import ExtractPool
from workers.pipeline import Pipeline

NOTED = "select article_id from core.resketched order by 1"


@pytest.fixture
def noted(db: Connection, pool: ExtractPool) -> list[int]:
    """Three copies whose matches are still to be found and sent; each is noted."""
    Pipeline(db, pool, lambda _: None, Index()).work(copies(3))
    db.execute("delete from core.matches")
    ids = [row[0] for row in db.execute("select article_id from core.articles order by 1").fetchall()]
    db.execute(sql("store/add_resketched").encode(), {"article_ids": ids})
    return ids


class _Killed(BaseException):
    """Ends a worker where it is."""


def _crash(*_: object) -> Any:
    raise _Killed


def _crash_after(step: Any) -> Any:
    def crash(*args: Any) -> Any:
        step(*args)
        raise _Killed

    return crash


STEPS = ("stale_articles", "claim_notes", "resolve", "unsent", "announce", "mark_sent", "delete_notes")


@pytest.mark.parametrize("is_dead", [True, False], ids=["killed", "broken"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_every_event_goes_out_wherever_a_refresh_ends(
    database_url: str,
    db: Connection,
    pool: ExtractPool,
    noted: list[int],
    step: str,
    when: str,
    is_dead: bool,
) -> None:
    """The session of a worker that is killed ends; one that meets an error goes on with its session."""
    sent: list[CopyEvent] = []
    connection, index = connect(database_url), Index()
    pipeline = Pipeline(connection, pool, sent.extend, index)
    owner: Any = index if hasattr(index, step) else pipeline_module
    with pytest.MonkeyPatch.context() as patch:
        crash = _crash if when == "before" else _crash_after
        if step == "announce":
            patch.setattr(pipeline, "_announce", crash(sent.extend) if when == "after" else crash)
        else:
            patch.setattr(owner, step, crash(getattr(owner, step)) if when == "after" else crash)
        with pytest.raises(_Killed):
            pipeline.refresh()
    if is_dead:
        pid = connection.info.backend_pid
        connection.close()
        _wait_until_gone(db, pid)
        pipeline = Pipeline(db, pool, sent.extend, Index())
    while pipeline.refresh():
        pass
    assert {(e.article_a, e.article_b) for e in sent} == {(a, b) for a in noted for b in noted if a < b}
    assert len({e.event_key for e in sent}) == 3
    unsent = "select count(*) from core.matches where kind = 'copy' and announced_at is null"
    assert db.execute(unsent).fetchone() == (0,)
    assert db.execute(NOTED).fetchall() == []
    connection.close()


def _wait_until_gone(db: Connection, pid: int) -> None:
    """Returns when the server process of a closed connection has ended."""
    while db.execute("select pid from pg_stat_activity where pid = %s", (pid,)).fetchone():
        time.sleep(0.01)


def test_notes_of_a_living_session_are_passed_over_and_those_of_a_dead_one_are_free(
    database_url: str, db: Connection, noted: list[int]
) -> None:
    first = connect(database_url)
    with first.transaction(), first.cursor() as cur:
        mine = claim_notes(cur, 2)
    assert mine.article_ids == noted[:2]
    with db.transaction(), db.cursor() as cur:
        other = claim_notes(cur, 10)
        assert other.article_ids == noted[2:]
        assert claim_notes(cur, 10).article_ids == other.article_ids
        delete_notes(cur, mine)
        delete_notes(cur, other)
    assert db.execute(NOTED).fetchall() == [(i,) for i in noted[:2]]
    pid = first.info.backend_pid
    first.close()
    _wait_until_gone(db, pid)
    with db.transaction(), db.cursor() as cur:
        assert claim_notes(cur, 10).article_ids == mine.article_ids


def test_the_claim_of_a_session_that_had_the_same_process_id_earlier_is_free(
    database_url: str, db: Connection, noted: list[int]
) -> None:
    with connect(database_url) as later:
        db.execute(
            "update core.resketched set claimed_by = %s, claimed_at = now() - interval '1 minute'",
            (later.info.backend_pid,),
        )
        with db.transaction(), db.cursor() as cur:
            assert claim_notes(cur, 10).article_ids == noted


def test_what_is_noted_while_an_article_is_looked_at_stays(db: Connection, noted: list[int]) -> None:
    with db.transaction(), db.cursor() as cur:
        notes = claim_notes(cur, 10)
    db.execute(sql("store/add_resketched").encode(), {"article_ids": noted[:1]})
    with db.transaction(), db.cursor() as cur:
        delete_notes(cur, notes)
    assert db.execute(NOTED).fetchall() == [(noted[0],)]


def test_a_worker_that_notes_an_article_does_not_wait_for_one_that_looks_at_it(
    database_url: str, db: Connection, pool: ExtractPool, noted: list[int]
) -> None:
    """One holds the story's unit and notes the article, the other took the note and waits for the unit."""
    reached = threading.Event()

    def announce(events: Sequence[CopyEvent]) -> None:
        pass

    def refresh() -> int:
        index = Index()
        with connect(database_url) as connection:
            resolve = index.resolve

            def noticed(cur: Any, ids: Sequence[int]) -> None:
                reached.set()
                resolve(cur, ids)

            index.resolve = noticed  # type: ignore[method-assign]
            return Pipeline(connection, pool, announce, index).refresh()

    with ThreadPoolExecutor(1) as threads:
        with db.transaction(), db.cursor() as cur:
            cur.execute("set local lock_timeout = '2s'")
            cur.execute(sql("dedupe/lock_units").encode(), {"units": noted})
            done = threads.submit(refresh)
            assert reached.wait(10)
            waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            with connect(database_url) as looking:
                while looking.execute(waiting).fetchone() != (1,):
                    time.sleep(0.01)
            cur.execute(sql("store/add_resketched").encode(), {"article_ids": noted})
        assert done.result(20) == 3
    assert db.execute(NOTED).fetchall() == [(i,) for i in noted]


def test_an_article_that_another_worker_stores_is_sketched_anew_later(
    database_url: str, db: Connection, pool: ExtractPool
) -> None:
    """Neither waits: the one that stores may want the row by which the other took the article."""
    pages = [page(f"https://paper{i}.example/story", html(story(i))) for i in range(2)]
    Pipeline(db, pool, lambda _: None, Index()).work(pages)
    db.execute("update core.site_pages set is_stale = true")
    stale, held = "select url_key from core.site_pages where is_stale", pages[0].url_key
    with connect(database_url) as other:
        other.execute("set lock_timeout = '2s'")
        pipeline = Pipeline(other, pool, lambda _: None, Index())
        with db.transaction():
            db.execute("select from core.articles where url_key = %s for no key update", (held,))
            assert pipeline.refresh() == 1
            db.execute("update core.site_pages set is_stale = true where url_key = %s", (held,))
            assert other.execute(stale).fetchall() == [(held,)]
        assert pipeline.refresh() == 1
        assert other.execute(stale).fetchall() == []


def test_an_article_that_cannot_be_looked_at_holds_up_no_other_and_no_page(
    db: Connection, pool: ExtractPool, noted: list[int]
) -> None:
    sent: list[CopyEvent] = []
    index = Index()
    pipeline = Pipeline(db, pool, sent.extend, index)
    resolve, bad = index.resolve, noted[1]

    def break_at_bad(cur: Any, article_ids: Sequence[int]) -> None:
        if bad in article_ids:
            raise ValueError("an article of another kind")
        resolve(cur, article_ids)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "resolve", break_at_bad)
        endings = pipeline.work([page("https://new.test/page", html(story(9)))])
        assert [ending.outcome.value for ending in endings.values()] == ["article"]
        # The others find it all the same.
        assert {(e.article_a, e.article_b) for e in sent} == {(a, b) for a in noted for b in noted if a < b}
        assert db.execute(NOTED).fetchall() == [(bad,)]
        for _ in range(MOST_TRIES - 2):
            assert pipeline.refresh() == 0
            assert db.execute(NOTED).fetchall() == [(bad,)]
        assert pipeline.refresh() == 1
    assert db.execute(NOTED).fetchall() == []
