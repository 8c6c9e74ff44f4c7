"""What a measurement of the crawler stands on: a web on loopback, servers, databases and crawler processes."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import click
import psutil
import psycopg

from crawler.claims import Offer
from crawler.frontier import Frontier
from infra.bench._web import address_of
from infra.embedded import Servers, broker_of
from infra.migrate import migrate

__all__ = ["Bench", "Web", "offer_pages", "say", "serve_web"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """A web for one measurement."""

    hosts: int
    port: int
    pid: int

    def url(self, number: int) -> str:
        """URL of one page; pages go round the hosts."""
        return f"http://{address_of(number % self.hosts)}:{self.port}/{number // self.hosts}"

    def stats(self) -> dict[str, Any]:
        """What it counted since the last reset."""
        answer: dict[str, Any] = json.loads(self._get("/__stats__"))
        return answer

    def reset(self) -> None:
        """Counts from zero."""
        self._get("/__reset__")

    def _get(self, path: str) -> bytes:
        request = f"http://{address_of(0)}:{self.port}{path}"
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            return error.read()


@contextmanager
def serve_web(hosts: int) -> Iterator[Web]:
    with socket.socket() as free:
        free.bind((address_of(0), 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.bench._web", str(hosts), str(port)], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != b"ready":
            raise click.ClickException("the web for the measurement does not start")
        yield Web(hosts=hosts, port=port, pid=process.pid)
    finally:
        process.kill()
        process.communicate()


class Bench:
    """The servers and databases of one run of the command."""

    def __init__(self, found: Servers, data_dir: Path) -> None:
        self._found = found
        self._data_dir = data_dir

    def pids(self) -> dict[str, int]:
        """Process ids of the embedded servers by name; none of servers that may run elsewhere."""
        pids: dict[str, int] = {}
        if self._found.is_database_embedded:
            with psycopg.connect(self._found.database_url) as connection:
                backend = psutil.Process(connection.info.backend_pid)
                pids["postgres"] = backend.ppid()
        if self._found.is_broker_embedded and (pid := broker_of(self._data_dir).pid) is not None:
            pids["broker"] = pid
        return pids

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh database with the current schema."""
        name = f"wiretrace_bench_{os.getpid()}_{random.randrange(10**6)}"  # noqa: S311
        with psycopg.connect(self._found.database_url, autocommit=True) as admin:
            admin.execute(f"create database {name}")
        try:
            url = _with_database(self._found.database_url, name)
            migrate(url)
            yield url
        finally:
            with psycopg.connect(self._found.database_url, autocommit=True) as admin:
                admin.execute(f"drop database {name} with (force)")

    def crawler(self, database_url: str, *, delay_s: float = 0.0, **options: Any) -> subprocess.Popen[bytes]:
        """One more crawler process."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("WIRETRACE_")}
        env |= {
            "WIRETRACE_DATABASE_URL": database_url,
            "WIRETRACE_KAFKA_BOOTSTRAP": self._found.bootstrap,
            "WIRETRACE_CRAWL_CONTACT": "https://bench.example/contact",
            "WIRETRACE_CRAWL_DELAY_S": str(delay_s),
            "WIRETRACE_CRAWL_ALLOW_NETWORKS": "127.0.0.0/8",
        }
        spec = json.dumps({"crawl_id": "bench", "options": options})
        return subprocess.Popen(
            [sys.executable, "-m", "infra.bench._crawler", spec], env=env, stdout=subprocess.PIPE
        )


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def offer_pages(frontier: Frontier, web: Web, pages: int) -> None:
    frontier.offer(Offer(url=web.url(n), kind="article", found_by="seed") for n in range(pages))


def say(line: str) -> None:
    """Progress, beside the figures."""
    click.echo(f"  {line}", err=True)
