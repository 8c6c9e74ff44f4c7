"""Serves the newsroom on loopback, each site on its own address, and logs every hit. Threads of one process."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from infra.newsroom.documents import Resource, resources_of
from infra.newsroom.model import Newsroom
from infra.newsroom.pages import not_found_page

__all__ = ["NewsroomServer"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    sys_version = ""
    timeout = 30
    resources: ClassVar[dict[str, dict[str, Resource]]] = {}
    log_path: ClassVar[Path | None] = None
    log_lock: ClassVar[threading.Lock] = threading.Lock()

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        began = time.time()
        host = (self.headers.get("Host") or "").partition(":")[0].lower()
        pages = self.resources.get(host, {})
        content_type, body = pages.get(self.path, ("text/html; charset=utf-8", b""))
        status = 200 if self.path in pages else 404
        if status == 404 and f"{self.path}/" in pages:
            status = 301  # as WordPress does: /feed leads to /feed/
        if status == 404:
            body = not_found_page(host).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if status == 301:
            self.send_header("Location", f"{self.path}/")
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        if status in (200, 304):
            self.send_header("ETag", etag)
        # Before the last byte goes out: the client goes on from there, however late this thread is given a core again.
        ended = time.time()
        self.end_headers()
        if with_body:
            self.wfile.write(body)
        self._log(host, status, began, ended)

    def _log(self, host: str, status: int, began: float, ended: float) -> None:
        if self.log_path is None:
            return
        hit = {"host": host, "path": self.path, "status": status, "began": began, "ended": ended}
        hit["agent"] = self.headers.get("User-Agent")
        with self.log_lock, self.log_path.open("a") as log:
            log.write(json.dumps(hit) + "\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: hits go to the log file."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class NewsroomServer:
    """The newsroom on the air, as a context manager.

    Raises:
        OSError: an address and the port are taken.
    """

    def __init__(self, newsroom: Newsroom, *, log_path: Path | None = None) -> None:
        resources = {site.host: resources_of(newsroom, site) for site in newsroom.sites}
        handler = type("_BoundHandler", (_Handler,), {"resources": resources, "log_path": log_path})
        self._servers: list[_Server] = []
        try:
            for site in newsroom.sites:
                self._servers.append(_Server((site.address, newsroom.port), handler))
        except OSError:
            self._close()
            raise

    def __enter__(self) -> NewsroomServer:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
        self._close()

    def _close(self) -> None:
        for server in self._servers:
            server.server_close()
