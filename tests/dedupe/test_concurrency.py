"""Several workers at once: whatever the order of their steps, the same stories come out."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from tests.dedupe.written import Connection, article, stories, tables, work
from workers.dedupe import store
from workers.dedupe.planted import PlantedArticle, planted_corpus
from workers.dedupe.planted_store import store_planted
from workers.dedupe.store import Index

pytestmark = pytest.mark.timeout(600)


def _words(rng: random.Random, count: int) -> str:
    return " ".join(f"w{rng.randrange(10**6)}" for _ in range(count))


class _Worker:
    """One worker that takes one article after another through its steps."""

    def __init__(self, url: str) -> None:
        self.conn: Connection = psycopg.connect(url, autocommit=True)
        self.index = Index()
        self.index.prepare(self.conn)

    def take(self, item: PlantedArticle) -> None:
        self.item = item
        self.steps = iter((self._add, self._look, self._write))

    def step(self) -> None:
        next(self.steps)()

    def _add(self) -> None:
        with self.conn.transaction(), self.conn.cursor() as cur:
            items = store_planted(cur, [self.item])
            self.index.add(cur, items)
        self.ids = [items[0].article_id]

    def _look(self) -> None:
        self.conn.execute("begin")
        self.cur = self.conn.cursor()
        self.matches = self.index._verified(self.cur, self.ids)

    def _write(self) -> None:
        self.index._write_stories(self.cur, self.ids, self.matches)
        self.conn.execute("commit")


@pytest.fixture
def workers(database_url: str) -> Iterator[list[_Worker]]:
    opened = [_Worker(database_url) for _ in range(3)]
    yield opened
    for worker in opened:
        worker.conn.close()


def test_every_interleaving_of_two_inserters_ends_in_one_story(
    workers: list[_Worker], connection: Any
) -> None:
    """Add, look, write: all 20 orders of two workers' steps, 50 times each."""
    rng = random.Random(1)
    orders = [order for bits in range(64) if sum(order := tuple(bits >> i & 1 for i in range(6))) == 3]
    assert len(orders) == 20
    for trial in range(1000):
        text = [_words(rng, 70)]
        for side in (0, 1):
            workers[side].take(article(f"t{trial}-{side}", text, side))
        for side in orders[trial % 20]:
            workers[side].step()
    assert Counter(len(story) for story in stories(connection)) == {2: 1000}


def test_three_inserters_of_a_story_its_copy_and_its_first_part_end_in_one_story(
    workers: list[_Worker], connection: Any
) -> None:
    rng = random.Random(2)
    for trial in range(250):
        whole, rest = _words(rng, 80), _words(rng, 60)
        for i, text in enumerate(([whole, rest], [whole], [rest, whole])):
            workers[i].take(article(f"t{trial}-{i}", text, i))
        for side in rng.sample([0, 0, 0, 1, 1, 1, 2, 2, 2], k=9):
            workers[side].step()
    assert Counter(len(story) for story in stories(connection)) == {3: 250}


class _Actor:
    """A worker in a thread of its own that stops at every step of its transactions, also within the write, until told on."""

    STEPS = (
        "lock_stories",
        "current_matches",
        "delete_stale",
        "write_matches",
        "trim_copies",
        "write_clusters",
    )

    def __init__(self, url: str, patch: pytest.MonkeyPatch) -> None:
        self.conn: Connection = psycopg.connect(url, autocommit=True)
        self.index = Index()
        self.index.prepare(self.conn)
        self.pool = ThreadPoolExecutor(1)
        self.go, self.stopped = threading.Semaphore(0), threading.Event()
        self.done: Future[None] | None = None
        self.thread: int | None = None
        for name in self.STEPS:
            patch.setattr(store, name, self._pausing(getattr(store, name)))

    def _pausing(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def paused(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == self.thread:
                self._pause()
            return step(*args, **kwargs)

        return paused

    def _pause(self) -> None:
        self.stopped.set()
        assert self.go.acquire(timeout=60)

    def take(self, item: PlantedArticle, version: int) -> None:
        self.stopped.clear()
        self.done = self.pool.submit(self._run, item, version)
        # Told by the future itself, when it is done: one that has stopped for good is never told to go on.
        self.done.add_done_callback(lambda _: self.stopped.set())
        assert self.stopped.wait(60)

    def _run(self, item: PlantedArticle, version: int) -> None:
        self.thread = threading.get_ident()
        self._pause()
        with self.conn.transaction(), self.conn.cursor() as cur:
            items = store_planted(cur, [item], version=version)
            self.index.add(cur, items)
            self._pause()
        ids = [items[0].article_id]
        self._pause()
        with self.conn.transaction(), self.conn.cursor() as cur:
            self.index.resolve(cur, ids)
            self._pause()

    @property
    def is_done(self) -> bool:
        return self.done is None or self.done.done()

    def step(self, looking: Connection) -> None:
        """Lets it go to its next step, or to where it waits for another."""
        if self.stopped.is_set() and not self.is_done:
            self.stopped.clear()
            self.go.release()
        blocked = "select cardinality(pg_blocking_pids(%s)) > 0"
        while not self.stopped.wait(0.005):
            if looking.execute(blocked, (self.conn.info.backend_pid,)).fetchone() == (True,):
                return

    def close(self) -> None:
        self.pool.shutdown()
        self.conn.close()


@pytest.mark.parametrize("shared", [0.9, 0.45], ids=["copies", "others"])
@pytest.mark.parametrize("version", [1, 2], ids=["sketched anew", "replaced"])
def test_no_match_stays_that_was_measured_on_a_replaced_sketch(
    database_url: str, connection: Any, monkeypatch: pytest.MonkeyPatch, version: int, shared: float
) -> None:
    """An article comes while the one that it shares text with loses that text, in orders that step within the write."""
    rng = random.Random(version)
    actors = [_Actor(database_url, monkeypatch) for _ in range(2)]
    last: dict[int, list[PlantedArticle]] = {1: [], version: []}
    for trial in range(60):
        common, own = round(200 * shared), round(200 * (1 - shared))
        text = _words(rng, common)
        x = article(f"t{trial}-x", [text, _words(rng, own)])
        y = article(f"t{trial}-y", [text, _words(rng, own)], 1)
        work(connection, [x])
        x = replace(x, lines=(_words(rng, 200),))
        actors[0].take(x, version)
        actors[1].take(y, 1)
        # The one that looks goes some steps ahead: that is where the other may slip in.
        order = [1] * rng.randrange(8) + [rng.randrange(2) for _ in range(6)]
        for side in order:
            actors[side].step(connection)
        while not all(actor.is_done for actor in actors):
            for actor in actors:
                actor.step(connection)
        for actor in actors:
            assert actor.done is not None
            actor.done.result()
        last[version].append(x)
        last[1].append(y)
    for actor in actors:
        actor.close()
    found = tables(connection)
    connection.execute("truncate core.articles, core.sketches, core.matches, core.clusters cascade")
    for number, articles in last.items():
        work(connection, articles, version=number)
    assert found == tables(connection)


def test_two_inserters_at_the_same_moment_end_in_one_story(database_url: str, connection: Any) -> None:
    """Two threads start together, 750 times; a third of the trials bridge two stories that are there already."""
    trials = 750
    rng = random.Random(3)
    texts = [(_words(rng, 70), _words(rng, 70)) for _ in range(trials)]
    bridged = [t for t in range(trials) if t % 3 == 0]
    for start in range(0, len(bridged), 50):
        work(
            connection,
            [article(f"old{t}-{i}", [texts[t][i]], 5) for t in bridged[start : start + 50] for i in (0, 1)],
        )
    barrier = threading.Barrier(2, timeout=60)

    def run(side: int) -> None:
        index = Index()
        with psycopg.connect(database_url, autocommit=True) as conn:
            for trial in range(trials):
                lines = list(texts[trial]) if trial % 3 == 0 else [texts[trial][0]]
                item = article(f"t{trial}-{side}", lines, side)
                barrier.wait()
                work(conn, [item], index=index)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run, side) for side in (0, 1)]:
            done.result()
    sizes = Counter(len(story) for story in stories(connection))
    assert sizes == {4: len(bridged), 2: trials - len(bridged)}


def test_the_first_batches_of_two_workers_do_not_wait_for_each_other(
    database_url: str, connection: Any
) -> None:
    """On an empty database both note the scheme, and both make the first partition."""
    barrier = threading.Barrier(2, timeout=60)

    def run(trial: int, side: int) -> None:
        rng = random.Random(10 * trial + side)
        with psycopg.connect(database_url, autocommit=True) as conn:
            items = [article(f"t{trial}-{side}-{n}", [_words(rng, 70)]) for n in range(3)]
            barrier.wait()
            work(conn, items)

    for trial in range(10):
        connection.execute("truncate core.articles, core.sketch_schemes cascade")
        connection.execute("select core.drop_sketches_before('infinity')")
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(run, trial, side) for side in (0, 1)]:
                done.result()
        assert connection.execute("select count(*) from core.sketches").fetchone() == (6,)


@pytest.mark.parametrize("seed", [21, 22])
def test_four_workers_give_the_tables_of_one(database_url: str, connection: Any, seed: int) -> None:
    corpus = planted_corpus(160, seed=seed, languages=("en",), copy_share=0.7)
    work(connection, corpus)
    expected = tables(connection)
    connection.execute("truncate core.articles, core.sketches, core.matches, core.clusters cascade")
    order = random.Random(seed).sample(corpus, k=len(corpus))

    def run(part: Sequence[PlantedArticle]) -> None:
        index, rng, at = Index(), random.Random(len(part)), 0
        with psycopg.connect(database_url, autocommit=True) as conn:
            while at < len(part):
                size = rng.choice((1, 3, 8))
                work(conn, part[at : at + size], index=index)
                at += size

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(run, order[i::4]) for i in range(4)]:
            done.result()
    assert tables(connection) == expected
