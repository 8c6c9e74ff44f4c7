"""How fast copies are found, by the size of the index: stage times and bytes.

The index is filled with planted articles (sketched and written, not matched); then further planted articles of its
last day go through both transactions, as a worker would take them, and these are timed: from their hashed words on, as
extraction gives them, to the acknowledged events.
"""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import psutil
import psycopg

from schemas.sql import sql
from schemas.urls import url_key
from workers.dedupe.database import Cursor
from workers.dedupe.planted import COPY_ROLES, START, PlantedArticle, planted_stream
from workers.dedupe.planted_store import store_planted
from workers.dedupe.planted_words import LANGUAGES
from workers.dedupe.store import Index, SketchItem
from workers.dedupe.words import HASH_MASK, Words, words_of_lines, words_of_stories

__all__ = ["Measured", "count_indexed", "fill", "measure", "probes"]

DAYS: Final = 28
_FILL_BATCH: Final = 2000
_BASE: Final = 20_000
_BULK: Final = 50_000
"""From so many on it is faster to make the index of keys afterwards."""
BATCH: Final = 100
"""Articles per pair of transactions: as many as a worker polls at once (`workers.loop.MAX_POLL_RECORDS`)."""
_WARM_UP: Final = 2000
"""Articles before those that are timed: plans are made, the server's processes find their way to the pages of the
index, and the stock phrases of a filler that nobody matched are noted, which happens once in the life of an index."""
MIXES: Final = {"planted": 0.35, "news": 0.03}
"""Share of the stories that are copied at all: two thirds of all articles are copies in `planted`; in `news` about one
in seven, as many as bear strong signs of republication on real news pages (11 to 14 %)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measurement.

    Attributes:
        mix: of `MIXES`.
        copies_share: share of the timed articles that are planted copies.
        indexed: articles in the index before.
        articles: articles that were timed. All workers stop when the first has done its share, so that none is alone.
        per_second: articles a second of all workers together, sketching included; their words were hashed before.
        cpu_ms: processor time per article, of the worker and of its server process: what is left when nothing else
            runs on the machine.
        cores: processor time of all workers and their servers by the clock: how many cores were kept busy. Where it
            comes near to those of the machine, more workers cannot do more.
        stage_ms: milliseconds per article and worker, by stage.
        pairs_per_article: proposed by a shared key, likely by their signatures, kept as matches.
        bytes_per_article: of each table and index, over all articles.
    """

    mix: str
    copies_share: float
    indexed: int
    workers: int
    articles: int
    per_second: float
    cpu_ms: dict[str, float]
    cores: float
    stage_ms: dict[str, float]
    pairs_per_article: dict[str, float]
    bytes_per_article: dict[str, float]


def fill(
    url: str,
    articles: int,
    *,
    seed: int = 1,
    already: int = 0,
    on_progress: Callable[[int], None] = lambda count: None,
) -> None:
    """Brings the index to `articles` articles: `_BASE` planted ones, then the same again in other words.

    An epoch has the words of the base with the hash of every invented word changed by the epoch's number, and the
    common words and stock phrases as they are: its stories share with each other what those of the base share, and
    with those of other epochs what unrelated stories share. Only sketches are written, no texts. Where very many are
    added, the index of keys is made at the end.

    Args:
        already: how many are in it.
        on_progress: told how many were added since it was last called.
    """
    index = Index(cache_stories=0)
    base = list(islice(_in_time(planted_stream(seed=seed, days=DAYS)), min(_BASE, articles)))
    words = words_of_stories([article.lines for article in base])
    common = _common_words()
    is_bulk = articles - already >= _BULK
    with psycopg.connect(url, autocommit=True) as conn:
        index.prepare(conn)
        if is_bulk:
            conn.execute(sql("dedupe/drop_keys_index"))
        for at in range(already, articles, _FILL_BATCH):
            numbers = range(at, min(at + _FILL_BATCH, articles))
            in_epoch = [_in_epoch(words[n % _BASE], n // _BASE, common) for n in numbers]
            with conn.transaction(), conn.cursor() as cur:
                index.add(cur, _store_filler(cur, [(base[n % _BASE], n // _BASE) for n in numbers], in_epoch))
            on_progress(len(numbers))
        if is_bulk:
            conn.execute("set maintenance_work_mem = '1GB'")
            conn.execute(sql("dedupe/create_keys_index"))
        conn.execute(sql("dedupe/analyze"))


def count_indexed(url: str) -> int:
    """How many articles the index holds."""
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute(sql("dedupe/count_sketches")).fetchone()
    return row[0] if row else 0


def _common_words() -> Words:
    """Hashes of what unrelated texts share, ascending."""
    texts = [word for language in LANGUAGES.values() for word in (*language.common, *language.phrases)]
    return np.unique(words_of_lines(texts) & HASH_MASK)


def _in_epoch(words: Words, epoch: int, common: Words) -> Words:
    is_own = ~np.isin(words & HASH_MASK, common)
    changed: Words = np.where(is_own, words ^ np.uint32((epoch * 0x9E3779B1) & 0xFFFFFFF8), words)
    return changed


def _store_filler(
    cur: Cursor, articles: Sequence[tuple[PlantedArticle, int]], words_of: Sequence[Words]
) -> list[SketchItem]:
    keys = [url_key(f"{article.url}-e{epoch}") for article, epoch in articles]
    cur.execute(
        sql("dedupe/insert_filler"),
        {
            "keys": keys,
            "sites": [article.site for article, _ in articles],
            "seen_at": [article.first_seen_at for article, _ in articles],
        },
    )
    ids: dict[str, int] = dict(cur.fetchall())
    return [
        SketchItem(
            article_id=ids[key],
            version=1,
            site=article.site,
            first_seen_at=article.first_seen_at,
            words=words,
        )
        for key, (article, _), words in zip(keys, articles, words_of, strict=True)
    ]


def probes(count: int, seed: int, mix: str = "planted") -> list[PlantedArticle]:
    """Articles of the last day, to be timed."""
    stream = planted_stream(seed=seed, days=DAYS, first_day=DAYS - 1, copy_share=MIXES[mix])
    return list(islice(_in_time(stream), count))


def _in_time(articles: Iterable[PlantedArticle]) -> Iterator[PlantedArticle]:
    """Without the few articles that come weeks after the last day: an index has no partition of the future."""
    return (article for article in articles if article.first_seen_at < START + timedelta(days=DAYS + 7))


def _work(
    url: str, articles: Sequence[PlantedArticle], warm_up: int, ready: Any, start: Any, end: Any, results: Any
) -> None:
    index = Index()
    with psycopg.connect(url, autocommit=True) as conn:
        index.prepare(conn)
        spent = _Spent(conn)
        _through(conn, index, articles[:warm_up], spent)
        index.stage_s.clear()
        index.counted.clear()
        ready.release()
        start.wait()
        spent = _Spent(conn)
        done = _through(conn, index, articles[warm_up:], spent, end.is_set)
        end.set()
        spent.pause()
        copies = sum(article.role in COPY_ROLES for article in articles[warm_up : warm_up + done])
        results.put(_Took(spent.seconds, dict(index.stage_s), dict(index.counted), done, copies))


@dataclass(frozen=True, slots=True)
class _Took:
    """What one worker did; seconds as of `_Spent`."""

    seconds: npt.NDArray[np.float64]
    stage_s: dict[str, float]
    counted: dict[str, int]
    articles: int
    copies: int


def _through(
    conn: psycopg.Connection[Any],
    index: Index,
    articles: Sequence[PlantedArticle],
    spent: _Spent,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """The transactions of a worker and the acknowledgement of its events, batch by batch; how many articles went through."""
    for at in range(0, len(articles), BATCH):
        if is_over():
            return at
        with conn.transaction(), conn.cursor() as cur:
            spent.pause()
            items = store_planted(cur, articles[at : at + BATCH])
            spent.resume()
            index.add(cur, items)
        ids = [item.article_id for item in items]
        with conn.transaction(), conn.cursor() as cur:
            index.resolve(cur, ids)
        with conn.transaction(), conn.cursor() as cur:
            events = index.unsent(cur, ids)
        with conn.transaction(), conn.cursor() as cur:
            index.mark_sent(cur, events)
    return len(articles)


class _Spent:
    """Seconds spent so far: by the clock, by this process's processor time and by that of its server process."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._processes = (psutil.Process(), psutil.Process(conn.info.backend_pid))
        self.seconds = np.zeros(3)
        self.resume()

    def _now(self) -> Any:
        used = [sum(process.cpu_times()[:2]) for process in self._processes]
        return np.array([time.perf_counter(), *used])

    def resume(self) -> None:
        self._since = self._now()

    def pause(self) -> None:
        self.seconds = self.seconds + (self._now() - self._since)


def measure(
    url: str, *, indexed: int, workers: int, articles: int, seed: int, mix: str = "planted"
) -> Measured:
    """Times `articles` articles, dealt out one by one among `workers` processes: copies of one story meet.

    Args:
        mix: of `MIXES`.
        indexed: how many the index holds; for the result only.
        seed: of the articles; each measurement needs another.
    """
    _warm(url)
    stream = probes(_WARM_UP + articles, seed, mix)
    context = multiprocessing.get_context("spawn")
    ready, start, end, results = context.Semaphore(0), context.Event(), context.Event(), context.Queue()
    processes = [
        context.Process(
            target=_work, args=(url, stream[i::workers], _WARM_UP // workers, ready, start, end, results)
        )
        for i in range(workers)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        while not ready.acquire(timeout=5):
            _raise_if_dead(processes)
    start.set()
    took: list[_Took] = [_result(results, processes) for _ in processes]
    for process in processes:
        process.join()
    done = sum(one.articles for one in took)
    spent = np.sum([one.seconds for one in took], axis=0)
    count = max(1, count_indexed(url))
    with psycopg.connect(url, autocommit=True) as conn:
        sizes = conn.execute(sql("dedupe/table_bytes")).fetchall()
    return Measured(
        mix=mix,
        copies_share=sum(one.copies for one in took) / done,
        indexed=indexed,
        workers=workers,
        articles=done,
        per_second=sum(one.articles / float(one.seconds[0]) for one in took),
        cpu_ms={"worker": 1000 * float(spent[1]) / done, "server": 1000 * float(spent[2]) / done},
        cores=sum(float(one.seconds[1] + one.seconds[2]) / float(one.seconds[0]) for one in took),
        stage_ms={
            name: 1000 * seconds / done for name, seconds in _added(one.stage_s for one in took).items()
        },
        pairs_per_article={name: pairs / done for name, pairs in _added(one.counted for one in took).items()},
        bytes_per_article={name: size / count for name, size in sizes},
    )


def _added(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, 0.0) + value
    return total


def _warm(url: str) -> None:
    """Brings the indexes into the server's memory, where they are on a server that has been running for a while."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("create extension if not exists pg_prewarm")
        conn.execute(sql("dedupe/prewarm"))


def _result(results: Any, processes: Sequence[Any]) -> Any:
    while True:
        try:
            return results.get(timeout=5)
        except queue.Empty:
            _raise_if_dead(processes)


def _raise_if_dead(processes: Sequence[Any]) -> None:
    if any(process.exitcode not in (None, 0) for process in processes):
        raise RuntimeError("a measuring process died; its error is above") from None
