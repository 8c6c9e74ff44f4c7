"""Sites of https: they are crawled, and a crawler frozen in the handshake does not send what it had in mind."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

import psycopg
import pytest
import trustme

from crawler.claims import Offer
from crawler.frontier import Frontier
from tests.crawler.conftest import articles, count, gaps, wait_for
from tests.crawler.processes import PATIENCE_S, Crawler
from tests.crawler.web import Reply, Web, page

LEASE_S = 12.0


def site(path: str, headers: Mapping[str, str]) -> Reply:
    return Reply(status=404) if path == "/robots.txt" else Reply(body=page("Secured story"))


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("a.test").configure_cert(context)
    return context


def test_a_site_of_https_is_crawled_at_its_pace(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler], tls: ssl.SSLContext
) -> None:
    with Web({"a.test": site}, tls=tls) as web:
        frontier.offer(articles(web, "a.test", ["/1", "/2", "/3"]))
        connection.execute("update core.hosts set delay_s = 0.5 where host_key = 'a.test'")
        crawlers(web, until_idle=True).wait()
        hits = web.by_host()["a.test"]
    assert hits[0].path == "/robots.txt"
    assert sorted(hit.path for hit in hits[1:]) == ["/1", "/2", "/3"]
    assert min(gaps(hits)) >= 0.5
    assert not any(name.startswith("x-wiretrace") for hit in hits for name in hit.headers)


def test_a_server_that_speaks_no_tls_is_a_failed_fetch(
    frontier: Frontier, connection: psycopg.Connection, crawlers: Callable[..., Crawler]
) -> None:
    class Plain(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with (
        Web({"a.test": site}) as web,
        socketserver.ThreadingTCPServer((web.addresses["a.test"], 0), Plain) as server,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://a.test:{server.server_address[1]}/1"
        frontier.offer([Offer(url=url, kind="article", found_by="feed")])
        crawlers(web, until_idle=True, patience_s=5.0).wait()
        server.shutdown()
    found = connection.execute("select distinct kind, reason from core.fetches").fetchall()
    assert found == [("robots", "tls")]


class Gate:
    """A forwarder in front of a web that holds back what its first client says until it is opened."""

    def __init__(self, address: str, port: int) -> None:
        self._to = (address, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()
        self._end: asyncio.Event | None = None
        self._open: asyncio.Event | None = None
        self.port = 0
        self.connections = 0
        self.is_held = threading.Event()

    def __enter__(self) -> Gate:
        self._thread.start()
        assert self._started.wait(20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._end is not None
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def open(self) -> None:
        assert self._open is not None
        self._loop.call_soon_threadsafe(self._open.set)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end, self._open = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._forward, self._to[0], 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._end.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        is_first = self.connections == 1
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            behind_reader, behind_writer = await asyncio.open_connection(*self._to)
            back = asyncio.create_task(_pump(behind_reader, writer))
            said = await reader.read(65536)
            if is_first:
                self.is_held.set()
                assert self._open is not None
                await self._open.wait()
            behind_writer.write(said)
            await _pump(reader, behind_writer)
            await back


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        while said := await source.read(65536):
            target.write(said)
            await target.drain()
    target.close()


def test_a_crawler_frozen_in_the_handshake_does_not_send_its_request(
    frontier: Frontier,
    connection: psycopg.Connection,
    crawlers: Callable[..., Crawler],
    crawler_log: Callable[[], str],
    tls: ssl.SSLContext,
) -> None:
    with Web({"a.test": site}, tls=tls) as web, Gate(web.addresses["a.test"], web.port) as gate:
        url = web.url("a.test", "/1").replace(f":{web.port}/", f":{gate.port}/")
        frontier.offer([Offer(url=url, kind="article", found_by="feed")])
        crawler = crawlers(web, lease_s=LEASE_S, timeout_s=LEASE_S / 2)
        assert gate.is_held.wait(PATIENCE_S), "the crawler begins a handshake"
        crawler.send(signal.SIGSTOP)
        time.sleep(LEASE_S)  # what is tested: its claim is too old when it wakes
        gate.open()
        time.sleep(0.5)
        crawler.send(signal.SIGCONT)
        # Too old to be sent; or, where its timer came first, no longer its own; or, where it had renewed the claim
        # before it looked at that, a fetch that timed out.
        timed_out = "select count(*) from core.fetches where outcome = 'timeout'"
        wait_for(
            lambda: (
                "claim_too_old" in crawler_log()
                or "lost_claim" in crawler_log()
                or count(connection, timed_out) > 0
            ),
            "it sees that it is late",
        )
        wait_for(lambda: "/1" in web.paths("a.test"), "the URL is fetched under a new claim")
        assert web.paths("a.test") == ["/robots.txt", "/1"]
