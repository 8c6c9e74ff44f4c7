"""Answers that mean harm, or are broken, cost one URL and nothing else."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import psycopg

from crawler.frontier import Frontier
from schemas.codec import MAX_BODY_BYTES
from tests.crawler.conftest import articles, consumed, gaps
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page

MIB = 1024 * 1024


async def endless() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>"
    for _ in range(200):
        yield b"x" * 65536


async def drip() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    while True:
        yield b"x"
        await asyncio.sleep(0.2)


async def garbage() -> AsyncIterator[bytes]:
    yield b"\x00\xff\xfe this is not HTTP \r\n\r\n"


async def huge_status() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 99999 Strange\r\nContent-Type: text/html\x00; a=\xff\r\nContent-Length: 0\r\n\r\n"


async def cut_short() -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\nshort"


sent_of_video = 0


async def video() -> AsyncIterator[bytes]:
    global sent_of_video
    yield b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 500000000\r\n\r\n"
    for _ in range(7600):
        yield b"x" * 65536
        sent_of_video += 65536


def test_each_hostile_answer_ends_with_its_own_outcome(
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
    kafka_bootstrap: str,
) -> None:
    bomb = gzip.compress(b"\0" * (60 * MIB))
    big_header = {"X-Big": "y" * 100_000}

    def site(path: str, headers: Mapping[str, str]) -> Reply:
        match path:
            case "/robots.txt":
                return Reply(status=404)
            case "/endless":
                return Reply(raw=endless)
            case "/long":
                return Reply(body=b"<html><body>" + b"z" * (6 * MIB))
            case "/drip":
                return Reply(raw=drip)
            case "/garbage":
                return Reply(raw=garbage)
            case "/huge-status":
                return Reply(raw=huge_status)
            case "/cut-short":
                return Reply(raw=cut_short)
            case "/video":
                return Reply(raw=video)
            case "/bomb":
                return Reply(body=bomb, headers={"Content-Encoding": "gzip"})
            case "/big-header":
                return Reply(body=page("Big header"), headers=big_header)
            case "/loop":
                return Reply(status=302, headers={"Location": "/loop"})
            case "/long-loop":
                return Reply(status=302, headers={"Location": "/long-loop-2"})
            case "/long-loop-2":
                return Reply(status=302, headers={"Location": "/long-loop"})
            case "/file":
                return Reply(status=302, headers={"Location": "file:///etc/passwd"})
            case "/inside":
                return Reply(status=302, headers={"Location": "http://inside.test/secret"})
            case "/inside-by-number":
                return Reply(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"})
            case "/empty":
                return Reply(body=b"")
            case "/pdf":
                return Reply(body=b"%PDF-1.7", headers={"Content-Type": "application/pdf"})
            case _:
                return Reply(body=page("Fine story"))

    # Not three failures in a row: the host would have a minute's peace.
    paths = ["/fine", "/endless", "/drip", "/garbage", "/long", "/huge-status", "/cut-short", "/video", "/bomb", "/big-header", "/loop",
             "/long-loop", "/file", "/inside", "/inside-by-number", "/empty", "/pdf", "/fine-too"]  # fmt: skip
    with Web({"a.test": site}) as web:
        web.addresses["inside.test"] = "10.1.2.3"
        frontier.offer(articles(web, "a.test", paths))
        connection.execute("update core.hosts set delay_s = 0")
        counts = crawlers(web, until_idle=True, patience_s=5.0, timeout_s=15.0, lease_s=60.0).wait()
        addresses = {h.host for h in web.hits}
    rows = connection.execute(
        "select substring(url from '[^/]*$'), outcome from core.fetches where kind = 'article' and host_key = 'a.test'"
        " order by fetched_at"
    ).fetchall()
    outcomes: dict[str, str] = dict(reversed(rows))
    assert outcomes == {
        "fine": "published",
        "endless": "published_cut",
        "long": "published_cut",
        "drip": "timeout",
        "garbage": "reset",
        "huge-status": "http_999",
        "cut-short": "reset",
        "video": "wrong_type",
        "bomb": "too_large",
        "big-header": "reset",
        "loop": "redirect_loop",
        "long-loop": "redirect",
        "long-loop-2": "redirect",
        "file": "bad_redirect",
        "inside": "redirect",
        "inside-by-number": "redirect",
        "empty": "published",
        "pdf": "wrong_type",
        "fine-too": "published",
    }
    assert "defect" not in counts and "bad_response" not in counts
    assert sent_of_video < 20 * MIB, "the transfer was not stopped at the headers"
    assert addresses == {"a.test"}
    refused = connection.execute(
        "select distinct site, outcome from core.fetches where site <> 'a.test' order by 1"
    ).fetchall()
    assert refused == [("169.254.169.254", "address_refused"), ("inside.test", "address_refused")]
    pages = {p.url.rpartition("/")[2]: p for p in consumed(kafka_bootstrap, counts["published"] + 2)}
    assert len(pages["endless"].body) == len(pages["long"].body) == 5 * MIB < MAX_BODY_BYTES
    assert pages["long"].is_truncated and not pages["fine"].is_truncated
    assert pages["empty"].body == b""


def test_a_redirect_to_another_host_keeps_that_hosts_pace(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler], tmp_path: Path
) -> None:
    def first(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404)
        return Reply(status=301, headers={"Location": web.url("second.test", path)})

    def second(path: str, headers: Mapping[str, str]) -> Reply:
        return Reply(status=404) if path == "/robots.txt" else Reply(body=page("Second story"))

    with Web({"first.test": first, "second.test": second}) as web:
        frontier.offer(articles(web, "second.test", ["/own"]))
        connection.execute("update core.hosts set delay_s = 0.5")
        frontier.offer(articles(web, "first.test", [f"/{n}" for n in range(5)]))
        crawlers(web, until_idle=True).wait()
        hits = web.by_host()["second.test"]
    assert sorted(h.path for h in hits) == ["/0", "/1", "/2", "/3", "/4", "/own", "/robots.txt"]
    assert min(gaps(hits)) >= 0.5
    rows = connection.execute(
        "select url, found_url from core.urls where site = 'second.test' and url like '%/3'"
    ).fetchall()
    assert rows == [(web.url("second.test", "/3"), web.url("first.test", "/3"))]
