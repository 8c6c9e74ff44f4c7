"""A small web on loopback, each host on an address of its own, that logs every hit.

It runs on a thread with its own event loop. A site is a function from a path to a `Reply`; a hostile one returns
`Reply(raw=...)` and writes what it likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Hit", "Reply", "Site", "Web", "page", "rss"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One request: seconds of `time.monotonic`, from the last byte of the request to the last of the answer.

    The end is read before the last bytes go out, so that whoever has them came later, however busy the machine is.
    """

    host: str
    path: str
    started: float
    ended: float
    headers: Mapping[str, str]
    status: int


@dataclass(slots=True)
class Reply:
    """An answer.

    Attributes:
        delay_s: pause before the first byte.
        raw: writes everything itself, headers and all.
        is_closing: whether the connection ends with it.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    raw: Callable[[], AsyncIterator[bytes]] | None = None
    is_closing: bool = False


Site = Callable[[str, Mapping[str, str]], Reply]


class Web:
    """Hosts and what they answer. Use as a context manager.

    Args:
        sites: what each host answers.
        net: the second number of their addresses, 127.`net`.x.x.
        tls: makes it a web of https.
        has_one_address: whether all stand on one address instead of each on its own.
    """

    def __init__(
        self,
        sites: Mapping[str, Site],
        *,
        net: int = 7,
        tls: ssl.SSLContext | None = None,
        has_one_address: bool = False,
    ) -> None:
        self.sites = dict(sites)
        self.addresses = {
            host: f"127.{net}.{1 + n // 250}.{1 + n % 250}"
            for n, host in ((0 if has_one_address else n, h) for n, h in enumerate(sorted(self.sites)))
        }
        self.port = 0
        self.hits: list[Hit] = []
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._stop: asyncio.Event | None = None
        self._tls = tls

    def url(self, host: str, path: str = "/") -> str:
        return f"http{'s' if self._tls else ''}://{host}:{self.port}{path}"

    def write_hosts(self, path: Path) -> Path:
        path.write_text("".join(f"{address} {host}\n" for host, address in self.addresses.items()))
        return path

    def by_host(self) -> dict[str, list[Hit]]:
        hosts: dict[str, list[Hit]] = defaultdict(list)
        with self._lock:
            for hit in self.hits:
                hosts[hit.host].append(hit)
        for hits in hosts.values():
            hits.sort(key=lambda h: h.started)
        return dict(hosts)

    def paths(self, host: str) -> list[str]:
        return [hit.path for hit in self.by_host().get(host, [])]

    def __enter__(self) -> Web:
        self._thread.start()
        self._ready.wait(60)
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        if self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # told to the test's thread
            self._error = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        servers = []
        for address in dict.fromkeys(self.addresses.values()):
            server = await asyncio.start_server(self._talk, address, self.port, backlog=200, ssl=self._tls)
            self.port = self.port or server.sockets[0].getsockname()[1]
            servers.append(server)
        self._ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answer(reader, writer):
                pass
        with contextlib.suppress(Exception):
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return False
        started = time.monotonic()
        line, *rest = head.split("\r\n")
        path = line.split(" ")[1]
        headers = {k.lower(): v.strip() for k, _, v in (r.partition(":") for r in rest) if k}
        host = headers.get("host", "").partition(":")[0].lower()
        site = self.sites.get(host)
        reply = site(path, headers) if site is not None else Reply(status=421)
        status = reply.status
        ended: float | None = None
        try:
            if reply.delay_s:
                await asyncio.sleep(reply.delay_s)
            if reply.raw is not None:
                async for chunk in reply.raw():
                    writer.write(chunk)
                    await writer.drain()
                return False
            fields = {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Length": str(len(reply.body)),
                **reply.headers,
            }
            if reply.is_closing:
                fields["Connection"] = "close"
            text = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
            ended = time.monotonic()
            self._note(Hit(host, path, started, ended, headers, status))
            writer.write(text.encode("latin-1") + (b"" if status == 304 else reply.body))
            await writer.drain()
            return not reply.is_closing
        finally:
            if ended is None:
                self._note(Hit(host, path, started, time.monotonic(), headers, status))

    def _note(self, hit: Hit) -> None:
        """Logs a hit; before its last bytes go out, so that whoever has them finds it in the log."""
        with self._lock:
            self.hits.append(hit)


def page(title: str, words: int = 80) -> bytes:
    """An article page."""
    text = " ".join(f"{title.split()[0].lower()}{n}" for n in range(words))
    return (
        f"<!doctype html><html><head><title>{title}</title></head>"
        f"<body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    ).encode()


def rss(urls: Iterable[str]) -> bytes:
    """A feed that names `urls`."""
    items = "".join(f"<item><title>Story {n}</title><link>{url}</link></item>" for n, url in enumerate(urls))
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>F</title><link>http://x.test/</link>{items}'
        "</channel></rss>"
    ).encode()
