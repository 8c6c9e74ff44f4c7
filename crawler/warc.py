"""What was fetched, as WARC 1.1: one file per crawler process and gigabyte.

Source: ISO 28500:2017; https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.fetched import Fetched

__all__ = ["Archive"]

MAX_FILE_BYTES: Final = 1024**3


class Archive:
    """Writes exchanges into `folder`. Safe to use from several threads; blocks."""

    def __init__(
        self, folder: Path, *, crawler_id: str, user_agent: str, max_file_bytes: int = MAX_FILE_BYTES
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._crawler_id = crawler_id
        self._user_agent = user_agent
        self._max_file_bytes = max_file_bytes
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._writer: Any = None
        self._count = 0

    def write(self, fetched: Fetched) -> None:
        """Appends the request and the response of one exchange. The body is as it came over the wire."""
        raw = fetched.raw
        if raw is None:
            return
        with self._lock:
            writer = self._open()
            # Transfer-Encoding is undone by the client, so the length is that of the body as stored.
            left_out = ("content-length", "transfer-encoding")
            pairs = [pair for pair in raw.headers if pair[0].lower() not in left_out]
            pairs.append(("Content-Length", str(len(raw.body))))
            http = StatusAndHeaders(f"{raw.status} {_reason(raw.status)}", pairs, protocol="HTTP/1.1")
            more = {"WARC-IP-Address": fetched.address} if fetched.address else {}
            if fetched.answer.is_cut or fetched.answer.is_type_cut:
                more["WARC-Truncated"] = "length" if fetched.answer.is_cut else "unspecified"
            response = writer.create_warc_record(
                raw.url, "response", payload=BytesIO(raw.body), http_headers=http, warc_headers_dict=more
            )
            sent = StatusAndHeaders(
                f"GET {_path(raw.url)} HTTP/1.1",
                [("Host", _host(raw.url)), *raw.sent_headers],
                is_http_request=True,
            )
            request = writer.create_warc_record(raw.url, "request", payload=BytesIO(b""), http_headers=sent)
            writer.write_request_response_pair(request, response)
            assert self._file is not None
            self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = self._writer = None

    def _open(self) -> Any:
        if self._file is not None and self._file.tell() >= self._max_file_bytes:
            self._file.close()
            self._file = None
        if self._file is None:
            stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
            self._count += 1
            name = f"wiretrace-{stamp}-{self._count:05d}-{self._crawler_id.replace('/', '_')}.warc.gz"
            self._file = (self._folder / name).open("wb")
            self._writer = WARCWriter(self._file, gzip=True, warc_version="WARC/1.1")
            info = {"software": self._user_agent, "format": "WARC File Format 1.1", "robots": "obeyed"}
            self._writer.write_record(self._writer.create_warcinfo_record(name, info))
        return self._writer


def _path(url: str) -> str:
    rest = url.split("://", 1)[-1]
    path = rest[len(_host(url)) :] or "/"
    return path if path.startswith("/") else "/" + path


def _host(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].split("?", 1)[0]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
