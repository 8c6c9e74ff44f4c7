"""A web for measurements: many addresses on loopback, one small page on each path, as cheap as asyncio allows.

    python -m infra.bench._web HOSTS PORT

Listens on 127.9.x.y, prints `ready`, and answers `/__stats__` on every address with its counts as JSON. It keeps the
times of its hits per host, so that politeness is judged by the asked and not by the asker.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Final

__all__ = ["PAGE", "address_of"]

_TEXT: Final = " ".join(f"word{n}" for n in range(900))
PAGE: Final = (
    f"<!doctype html><html><head><title>A story</title></head><body><article><p>{_TEXT}</p></article></body></html>"
).encode()
_PAGE_ANSWER: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(PAGE)
) + PAGE
_NO_ROBOTS: Final = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"


def address_of(number: int) -> str:
    """The address of the host with this number, from 0."""
    return f"127.9.{number // 250}.{1 + number % 250}"


class _Stats:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.pages = 0
        self.first = self.last = 0.0
        self.shortest_gap_s = float("inf")
        self.gaps = 0
        self.gaps_s = 0.0
        self.last_by_host: dict[str, float] = {}
        self.paths: dict[str, int] = {}

    def hit(self, host: str, path: str) -> None:
        now = time.monotonic()
        before = self.last_by_host.get(host)
        if before is not None:
            self.shortest_gap_s = min(self.shortest_gap_s, now - before)
            self.gaps += 1
            self.gaps_s += now - before
        self.last_by_host[host] = now
        if path != "/robots.txt":
            self.pages += 1
            self.first = self.first or now
            self.last = now
            key = host + path
            self.paths[key] = self.paths.get(key, 0) + 1

    def answer(self) -> bytes:
        body = json.dumps(
            {
                "pages": self.pages,
                "distinct": len(self.paths),
                "seconds": self.last - self.first,
                "shortest_gap_s": None if self.shortest_gap_s == float("inf") else self.shortest_gap_s,
                "gaps": self.gaps,
                "gaps_s": self.gaps_s,
            }
        ).encode()
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            + body
        )


_STATS: Final = _Stats()


class _Host(asyncio.Protocol):
    def __init__(self, host: str) -> None:
        self._host = host
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head, self._data = self._data[:end], self._data[end + 4 :]
            path = head.split(b" ", 2)[1].decode("latin-1")
            if path == "/__stats__":
                self._transport.write(_STATS.answer())
            elif path == "/__reset__":
                _STATS.reset()
                self._transport.write(_NO_ROBOTS)
            else:
                _STATS.hit(self._host, path)
                self._transport.write(_NO_ROBOTS if path == "/robots.txt" else _PAGE_ANSWER)


async def _main(hosts: int, port: int) -> None:
    loop = asyncio.get_running_loop()
    for number in range(hosts):
        address = address_of(number)
        await loop.create_server(lambda address=address: _Host(address), address, port, backlog=100)  # type: ignore[misc]
    print("ready", flush=True)  # noqa: T201
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
