"""Several workers at once: whatever the order of their steps, the same stories come out."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.dedupe.test_store import Connection, article, stories, tables, work
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
