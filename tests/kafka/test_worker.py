"""A whole worker, `wiretrace worker` as a process, between the broker and Postgres: what it leaves when it is killed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kafka import KafkaConsumer, TopicPartition

from infra.migrate import migrate
from infra.newsroom.model import load_newsroom
from infra.newsroom.pages import article_page
from schemas.codec import decode_copy, encode_page
from schemas.records import RawPage
from schemas.topics import COPIES, DEAD_PAGES, PAGES
from tests.kafka.clients import fresh_name, open_producer, page_with, read_all, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

GARBAGE = b"\x00\xffthis is no message of ours"
"""Cannot be decoded."""


def newsroom_pages() -> list[RawPage]:
    """Every article of the bundled newsroom as a crawler would publish it."""
    newsroom = load_newsroom(80)
    return [
        page_with(
            article_page(newsroom, publication).encode(),
            publication.url.split("/", 3)[3],
            publication.site.host,
        )
        for publication in newsroom.publications
    ]


def publish(bootstrap: str, pages: Sequence[RawPage]) -> None:
    with open_producer(bootstrap) as producer:
        for ack in [producer.send(PAGES, key=p.url_key.encode(), value=encode_page(p)) for p in pages]:
            ack.get(timeout=30)


@contextlib.contextmanager
def worker_process(
    bootstrap: str, database_url: str, group: str, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker; ended when the context is left, by SIGTERM where it still runs (and then with exit code 0)."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("WIRETRACE_", "PG"))
    }
    environment |= {
        "WIRETRACE_DATABASE_URL": database_url,
        "WIRETRACE_KAFKA_BOOTSTRAP": bootstrap,
        "WIRETRACE_WORKER_GROUP": group,
        "WIRETRACE_WORKER_BATCH": "16",
        "WIRETRACE_DATA_DIR": str(log.parent / "data"),
    }
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", "worker"], env=environment, stdout=out, stderr=out
        )
    try:
        yield process
        if process.poll() is None:
            process.terminate()
            assert process.wait(60) == 0, log.read_text()[-2000:]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def settled(database_url: str) -> int:
    return int(rows(database_url, "select count(*) from core.pages where outcome is not null")[0][0])


def tables(database_url: str) -> dict[str, Any]:
    """What the tables say, without numbers that follow the order of arrival."""
    stories: dict[int, set[str]] = {}
    for cluster_id, url in rows(database_url, "select cluster_id, url from wiretrace.cluster_members"):
        stories.setdefault(cluster_id, set()).add(url)
    return {
        "articles": rows(
            database_url,
            "select url, title, byline, published_at, language, word_count, md5(text), credit_agency,"
            " source_link_url, is_origin from wiretrace.articles order by url",
        ),
        "versions": rows(
            database_url,
            "select url_key, count(*) from core.article_versions v join core.articles a using (article_id)"
            " group by 1 order by 1",
        ),
        "outcomes": rows(database_url, "select page_id, outcome from core.pages order by 1"),
        "stories": sorted(sorted(urls) for urls in stories.values()),
        "origins": rows(
            database_url, "select origin_url, size from wiretrace.clusters where size > 1 order by 1, 2"
        ),
    }


def test_workers_killed_in_mid_batch_leave_the_tables_of_an_undisturbed_one(
    kafka_bootstrap: str, database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    """Two groups read the same messages into two databases; the workers of one are killed three times."""
    migrate(empty_database_url)
    pages = newsroom_pages()
    publish(kafka_bootstrap, pages)

    calm_log, rough_log = tmp_path / "calm.log", tmp_path / "rough.log"
    with worker_process(kafka_bootstrap, database_url, fresh_name("calm"), calm_log):
        wait_until(lambda: settled(database_url) == len(pages), "every page worked", timeout_s=120)

    group = fresh_name("rough")
    before_kill = []
    for aim in (1, 1, len(pages) // 2):
        with (
            held_up(empty_database_url, pages[-1]),
            worker_process(kafka_bootstrap, empty_database_url, group, rough_log) as victim,
        ):
            wait_until(
                lambda aim=aim: in_mid_batch(empty_database_url, aim), "a batch in hand", timeout_s=120
            )  # type: ignore[misc]
            victim.kill()
            victim.wait()
        before_kill.append(settled(empty_database_url))
    assert before_kill[0] < len(pages), "the first kill came after all the work"
    with worker_process(kafka_bootstrap, empty_database_url, group, rough_log):
        wait_until(lambda: settled(empty_database_url) == len(pages), "every page worked", timeout_s=120)

    assert tables(empty_database_url) == tables(database_url)
    assert len(tables(database_url)["articles"]) == len(pages)


@contextlib.contextmanager
def held_up(database_url: str, page: RawPage) -> Iterator[None]:
    """Until this is left no worker ends the batch with `page`: its outcome waits for a row that is never committed."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into core.pages (page_id, url_key, url, site, crawl_id, found_by, fetched_at)"
            " values (%s, 'held', 'held', 'held', 'held', 'held', now())",
            (page.page_id,),
        )
        yield
        connection.rollback()


def in_mid_batch(database_url: str, aim: int) -> bool:
    """Whether articles are stored whose pages have no outcome yet (between the two transactions), or `aim` is passed."""
    [(stored, done)] = rows(
        database_url,
        "select (select count(*) from core.articles),"
        " (select count(*) from core.pages where outcome in ('article', 'updated', 'unchanged'))",
    )
    return bool(stored > done or done >= aim)


def test_every_message_ends_once_and_what_cannot_be_read_is_buried_as_it_came(
    kafka_bootstrap: str, database_url: str, tmp_path: Path
) -> None:
    started_at = datetime.now(UTC)
    pages = newsroom_pages()[:12]
    odd = [
        page_with(b"", "empty"),
        page_with(b"%PDF-1.7\n" + b"\x00\xff" * 500, "pdf"),
        page_with(b"<html><body><p>Too short.</p></body></html>", "short"),
    ]
    headers = [("trace", b"\x00\x01"), ("trace", b"two")]
    with open_producer(kafka_bootstrap) as producer:
        bad = producer.send(PAGES, key=b"k\xff", value=GARBAGE, headers=headers).get(timeout=30)
    publish(kafka_bootstrap, pages + odd)
    publish(kafka_bootstrap, pages[:5])  # delivered again, as after a retry of the crawler
    group = fresh_name("group")

    with worker_process(kafka_bootstrap, database_url, group, tmp_path / "worker.log"):
        wait_until(
            lambda: committed(kafka_bootstrap, group) == 1 + len(pages) + len(odd) + 5,
            "every offset committed",
            timeout_s=120,
        )
    outcomes = dict(rows(database_url, "select page_id, outcome from core.pages"))
    assert len(outcomes) == len(pages) + len(odd)
    assert {outcomes[page.page_id] for page in pages} == {"article"}
    assert [outcomes[page.page_id] for page in odd] == ["empty", "not_html", "not_article"]

    [letter] = read_all(kafka_bootstrap, DEAD_PAGES, 1)
    assert (letter.key, letter.value) == (b"k\xff", GARBAGE)
    assert list(letter.headers)[:2] == headers
    said = dict(list(letter.headers)[2:])
    assert said["wiretrace-topic"] == PAGES.encode()
    assert said["wiretrace-partition"] == str(bad.partition).encode()
    assert said["wiretrace-offset"] == str(bad.offset).encode()
    assert said["wiretrace-stage"] == b"decode"
    assert started_at <= datetime.fromisoformat(said["wiretrace-failed-at"].decode()) <= datetime.now(UTC)
    assert b"not an Avro single-object message" in said["wiretrace-reason"]
    [(stage, size_bytes)] = rows(database_url, "select stage, size_bytes from wiretrace.dead_letters")
    assert (stage, size_bytes) == ("decode", len(GARBAGE))

    matches = {frozenset(urls) for urls in rows(database_url, "select url_a, url_b from wiretrace.matches")}
    assert matches
    events = [decode_copy(record.value) for record in read_all(kafka_bootstrap, COPIES, len(matches))]
    assert {frozenset((event.url_a, event.url_b)) for event in events} == matches


def committed(bootstrap: str, group: str) -> int:
    """Messages of the pages topic that `group` has behind it."""
    reader = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    try:
        partitions = reader.partitions_for_topic(PAGES) or set()
        return sum(reader.committed(TopicPartition(PAGES, number)) or 0 for number in partitions)
    finally:
        reader.close()
        time.sleep(0.5)  # a look is a connection and two requests; twice a second is enough


def test_a_worker_that_sketches_in_another_way_ends_and_touches_no_message(
    kafka_bootstrap: str, database_url: str, tmp_path: Path
) -> None:
    """The next worker gets the messages: none is a dead letter, none is committed."""
    group, log = fresh_name("group"), tmp_path / "worker.log"
    publish(kafka_bootstrap, newsroom_pages()[:3])
    with worker_process(kafka_bootstrap, database_url, group, log):
        wait_until(lambda: settled(database_url) == 3, "three pages worked")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update core.sketch_schemes set seed = 2")
    publish(kafka_bootstrap, newsroom_pages()[3:6])
    with worker_process(kafka_bootstrap, database_url, group, log) as process:
        assert process.wait(60) == 1
    assert "wiretrace db prune --all" in log.read_text()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("select core.drop_sketches_before('infinity')")
    with worker_process(kafka_bootstrap, database_url, group, log):
        wait_until(lambda: settled(database_url) == 6, "the others worked")
    assert rows(database_url, "select count(*) from core.dead_letters") == [(0,)]
