"""How well copies are found: planted corpora, and real pages with known stories through `wiretrace ingest`.

Peers work on the same texts in the same run. Everything of Wiretrace goes through a real Postgres.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import structlog

from infra.embedded import postgres_of
from infra.migrate import migrate
from tests.quality.dedupe_peers import minhash_lsh, simhash
from tests.quality.dedupe_scores import scores
from tests.quality.rows import Row, digest_of
from workers.dedupe.planted import PlantedArticle, planted_corpus
from workers.dedupe.planted_store import store_planted
from workers.dedupe.planted_words import LANGUAGES
from workers.dedupe.planted_writer import Writer
from workers.dedupe.store import Index
from workers.dedupe.verify import Story, kind_of
from workers.dedupe.verify import measure as measure_pair
from workers.dedupe.words import words_of_lines

__all__ = ["measure"]

Connection = psycopg.Connection[tuple[Any, ...]]
Labels = Mapping[Hashable, Hashable]

PLANTED = {
    101: ("en", "de", "fr", "es", "ru", "zh"),
    102: ("en", "de", "fr", "es", "ru", "zh"),
    103: ("en", "de", "fr", "es", "ru", "zh"),
    105: ("ar", "hi", "ja", "th"),
}
_VERDICTS = 100
_BATCH = 100
_CLUSTERS = "select url, coalesce(cluster_id, -article_id) from wiretrace.articles"
_ORIGINS = """
select m.url, c.cluster_id, c.origin_url, c.origin_agency, c.origin_article_id is null
  from wiretrace.cluster_members m join wiretrace.clusters c using (cluster_id)
"""


def measure(data_dir: Path) -> list[Row]:
    """Rows of the section `dedupe`."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rows: list[Row] = []
    with _server() as new_database:
        by_language: dict[str, tuple[dict[Hashable, Hashable], dict[Hashable, Hashable]]] = {}
        for seed, languages in PLANTED.items():
            corpus = planted_corpus(3000, seed=seed, languages=languages)
            database = new_database()
            rows.extend(_planted_rows(database, f"planted {seed}", corpus))
            found: dict[str, int] = dict(database.execute(_CLUSTERS).fetchall())
            for article in corpus:
                truth, labels = by_language.setdefault(article.language, ({}, {}))
                truth[article.url] = article.story
                labels[article.url] = (seed, found[article.url])
        rows.extend(_row("wiretrace", f"planted, {code}", *by_language[code]) for code in sorted(by_language))
        texts = data_dir / "texts"
        prose = _prose(texts)
        corpus = planted_corpus(3000, seed=104, languages=("en",), prose=prose)
        rows.extend(
            _planted_rows(new_database(), "planted on real texts", corpus, digest_of(texts.glob("*")))
        )
        rows.extend(map(_verdicts_row, sorted(by_language)))
        for name in ("sites", "transplant"):
            rows.extend(_page_rows(new_database(), name, data_dir / name))
    return rows


@contextmanager
def _server() -> Iterator[Any]:
    """A server for this run; gives a function that makes a new database and connects to it."""
    with tempfile.TemporaryDirectory(prefix="wiretrace-quality-") as folder:
        server = postgres_of(Path(folder), is_durable=False)
        server.start()
        opened: list[Connection] = []

        def new_database() -> Connection:
            name = f"quality_{len(opened)}"
            with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
                admin.execute(f"create database {name}")
            migrate(server.url(name))
            opened.append(psycopg.connect(server.url(name), autocommit=True))
            return opened[-1]

        try:
            yield new_database
        finally:
            for connection in opened:
                connection.close()
            server.stop()


def _row(system: str, dataset: str, truth: Labels, found: Labels, digest: str = "", **more: float) -> Row:
    reached = scores(truth, found)
    figures = {
        "P": reached.precision,
        "R": reached.recall,
        "F1": reached.f1,
        "ARI": reached.ari,
        "B3": reached.b3,
        **more,
    }
    pinned = {"P": 0.002, "F1": 0.005, "ARI": 0.005} | ({"origin": 0.01} if "origin" in more else {})
    return Row(
        section="dedupe",
        system=system,
        dataset=dataset,
        figures=figures,
        pinned=pinned if system == "wiretrace" else {},
        digest=digest,
    )


def _peer_rows(dataset: str, truth: Labels, texts: Mapping[str, str]) -> list[Row]:
    found = {
        "datasketch LSH .5": minhash_lsh(texts, 0.5),
        "datasketch LSH .8": minhash_lsh(texts, 0.8),
        "simhash <= 3 bits": simhash(texts),
    }
    # An article that gave no text is a story of its own.
    return [
        _row(peer, dataset, truth, {u: labels.get(u, ("alone", u)) for u in truth})
        for peer, labels in found.items()
    ]


# ---------------------------------------------------------------------------------------------- planted


def _planted_rows(
    conn: Connection, dataset: str, corpus: Sequence[PlantedArticle], digest: str = ""
) -> list[Row]:
    index = Index()
    index.prepare(conn)
    for at in range(0, len(corpus), _BATCH):
        with conn.transaction(), conn.cursor() as cur:
            items = store_planted(cur, corpus[at : at + _BATCH])
            index.add(cur, items)
        with conn.transaction(), conn.cursor() as cur:
            index.resolve(cur, [item.article_id for item in items])
    found: dict[Hashable, Hashable] = dict(conn.execute(_CLUSTERS).fetchall())
    truth: dict[Hashable, Hashable] = {article.url: article.story for article in corpus}
    row = _row("wiretrace", dataset, truth, found, digest, origin=_origin_share(conn, corpus))
    return [row, *_peer_rows(dataset, truth, {a.url: "\n".join(a.lines) for a in corpus})]


def _origin_share(conn: Connection, corpus: Sequence[PlantedArticle]) -> float:
    """Share of the clusters whose origin is the planted one, where evidence of it exists."""
    by_url = {article.url: article for article in corpus}
    clusters: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in conn.execute(_ORIGINS).fetchall():
        clusters[row[1]].append(row)
    right = total = 0
    for rows in clusters.values():
        story = Counter(by_url[row[0]].story for row in rows).most_common(1)[0][0]
        planted = next(by_url[row[0]] for row in rows if by_url[row[0]].story == story)
        if not planted.has_evidence or planted.role in ("quotation", "roundup"):
            continue
        _, _, url, agency, is_outside = rows[0]
        total += 1
        if planted.origin_url is not None:
            right += url == planted.origin_url and not is_outside
        else:
            right += is_outside and agency == planted.origin_agency
    return right / total if total else 1.0


def _prose(texts: Path) -> list[list[str]]:
    """Real stories of 110 words and more, none of which has a known near-duplicate."""
    pairs = (texts / "reuters21578_pairs.tsv").read_text("utf-8").splitlines()[1:]
    doubled = {name for line in pairs for name in line.split("\t")[2:4]}
    with gzip.open(texts / "reuters21578.jsonl.gz", "rt", encoding="utf-8") as lines:
        stories = [json.loads(line) for line in lines]
    return [
        [" ".join(part.split()) for part in story["text"].split("\n    ") if part.split()]
        for story in stories
        if story["id"] not in doubled and len(story["text"].split()) >= 110
    ]


# --------------------------------------------------------------------------------------------- verdicts


def _verdicts_row(code: str) -> Row:
    """Shares of pairs judged copies: stories that an editor changed in one way, and instalments of series."""
    writer = Writer(LANGUAGES[code], random.Random(7))
    pairs: dict[str, list[tuple[list[str], list[str]]]] = defaultdict(list)
    for _ in range(_VERDICTS):
        story = writer.story(int(min(1200, max(110, writer.rng.lognormvariate(5.7, 0.5)))))
        pairs["edited"].append((story, writer.edited(story)))
        pairs["words 5 %"].append((story, writer.reworded(story, 0.05)))
        pairs["2 names"].append((story, writer.reworded(writer.restyled(story, 2, 0), 0.01)))
        pairs["2 numbers"].append((story, writer.reworded(writer.restyled(story, 0, 2), 0.01)))
        pairs["both"].append((story, writer.reworded(writer.restyled(story, 2, 2), 0.01)))
        skeleton = writer.skeleton(writer.rng.randint(9, 16))
        pairs["series"].append((writer.filled(skeleton), writer.filled(skeleton)))
    figures = {name: sum(_is_copy(a, b) for a, b in both) / len(both) for name, both in pairs.items()}
    return Row(
        section="verdicts: share judged copies",
        system="wiretrace",
        dataset=code,
        figures=figures,
        pinned=dict.fromkeys(figures, 0.0),
        lower_is_better=frozenset(["series"]),
    )


def _is_copy(a: Sequence[str], b: Sequence[str]) -> bool:
    measured = measure_pair(Story(words_of_lines(a)), Story(words_of_lines(b)))
    return measured is not None and kind_of(measured, is_same_site=False) == "copy"


# ------------------------------------------------------------------------------------------ whole pages


def _page_rows(conn: Connection, dataset: str, folder: Path) -> list[Row]:
    """Whole pages through `wiretrace ingest`: broker, worker, extraction, credits, repeated lines, stories."""
    index = [json.loads(line) for line in (folder / "index.jsonl").read_text("utf-8").splitlines()]
    truth: dict[Hashable, Hashable] = {}
    manifest = []
    for number, entry in enumerate(index):
        url = entry.get("url") or f"https://{_template_site(entry['template'])}/{entry['story']}"
        truth[url] = entry["story"]
        file = next(
            path for path in (folder / entry["file"], folder / "html" / entry["file"]) if path.exists()
        )
        fetched_at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=number)
        manifest.append(
            {"path": str(file.relative_to(folder)), "url": url, "fetched_at": fetched_at.isoformat()}
        )
    _ingest(conn, folder, manifest)
    found: dict[Hashable, Hashable] = dict(conn.execute(_CLUSTERS).fetchall())
    texts: dict[str, str] = dict(conn.execute("select url, text from wiretrace.articles").fetchall())
    labels: dict[Hashable, Hashable] = {url: found.get(url, ("alone", url)) for url in truth}
    digest = digest_of([folder / "index.jsonl"])
    row = _row("wiretrace", dataset, truth, labels, digest, articles=len(set(found) & set(truth)))
    return [row, *_peer_rows(dataset, truth, {u: t for u, t in texts.items() if u in truth})]


def _ingest(conn: Connection, folder: Path, manifest: Sequence[Mapping[str, str]]) -> None:
    """Runs the command on the database of `conn`; it returns when every page has its outcome."""
    with tempfile.TemporaryDirectory(prefix="wiretrace-quality-") as data_dir:
        listed = Path(data_dir) / "manifest.jsonl"
        listed.write_text("\n".join(map(json.dumps, manifest)), "utf-8")
        env = {name: value for name, value in os.environ.items() if not name.startswith("WIRETRACE_")}
        command = [sys.executable, "-m", "infra.cli", "ingest", str(folder), "--manifest", str(listed)]
        done = subprocess.run(
            command,
            env={**env, "WIRETRACE_DATABASE_URL": _url(conn), "WIRETRACE_DATA_DIR": data_dir},
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        raise RuntimeError(f"wiretrace ingest ended with {done.returncode}: {done.stderr[-2000:]}")


def _url(conn: Connection) -> str:
    info = conn.info
    return f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"


def _template_site(template: str) -> str:
    return template.rpartition("/")[2].partition(".")[0].lower().replace("_", "-") + ".test"
