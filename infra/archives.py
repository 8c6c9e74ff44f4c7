"""Saved pages: WARC files, and folders of HTML files with or without a manifest.

Everything that is read comes out as a `SavedPage` or as a `BadRecord` that says where and why; what is left out on
purpose (an image in a WARC) as a `Skipped`. Nothing is dropped in silence. Knows nothing of Kafka or Postgres.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from schemas.errors import UsageError, cut

__all__ = ["MAX_BODY_BYTES", "BadRecord", "SavedPage", "Skipped", "read_path", "size_of"]

MAX_BODY_BYTES: Final = 5 * 1024 * 1024
"""A body is cut here, as the crawler does it."""

UNKNOWN_HOST: Final = "unknown.invalid"
"""Host of pages whose own address nothing tells. Source: RFC 2606 keeps `.invalid` for such uses."""

_WARC_SUFFIXES: Final = (".warc", ".warc.gz")
_HTML_SUFFIXES: Final = (".html", ".htm", ".xhtml", ".html.gz", ".htm.gz")
_MANIFESTS: Final = ("manifest.csv", "manifest.jsonl", "index.csv", "index.jsonl")
_HEADERS_KEPT: Final = ("content-type", "content-language", "last-modified", "date", "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """One page as it was saved.

    Attributes:
        source: where it was read: `file` or `file: record at OFFSET`.
        url: absolute.
        fetched_at: aware, UTC.
        headers: names in lower case.
        has_own_url: False where its address had to be made up or guessed from the page.
    """

    source: str
    url: str
    fetched_at: datetime
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_truncated: bool = False
    has_own_url: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """Something that should be a page and cannot be read."""

    source: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that is no page: its kind."""

    source: str
    kind: str


Item = SavedPage | BadRecord | Skipped


def size_of(path: Path) -> int:
    """How much there is to read, in bytes of the files as they lie there.

    Raises:
        UsageError: there is nothing at `path`.
    """
    if path.is_dir():
        return sum(file.stat().st_size for file in _files_below(path))
    if not path.exists():
        raise UsageError(f"there is nothing at {cut(path)}")
    return path.stat().st_size


def read_path(path: Path, *, manifest: Path | None = None) -> Iterator[tuple[Item, int]]:
    """What is saved at `path`, each with the bytes that have been read of `size_of(path)` so far.

    Args:
        path: a WARC file, an HTML file, or a folder with any of them in it.
        manifest: CSV with a header line, or JSON lines: `path` (or `file`, relative to the folder), `url`,
            `fetched_at` (ISO 8601; without zone UTC). Default: one of the usual names in the folder.

    Raises:
        UsageError: nothing of it can be read at all.
    """
    if path.is_dir():
        yield from _read_folder(path, manifest)
    elif path.name.lower().endswith(_WARC_SUFFIXES):
        yield from _read_warc(path)
    elif path.name.lower().endswith(_HTML_SUFFIXES):
        yield _read_html(path, path.name, None, None, set()), path.stat().st_size
    else:
        raise UsageError(f"{cut(path)} is neither a WARC file, an HTML file nor a folder")


# ---------------------------------------------------------------------------------------------- WARC


class _Records(ArchiveIterator):  # type: ignore[misc]  # warcio has no types
    """warcio's iterator, which else writes to stderr what it finds wrong; `err_count` says it too."""

    INC_RECORD = ""


def _read_warc(path: Path) -> Iterator[tuple[Item, int]]:
    """The pages of one WARC file. What is damaged is named with its place, as far as anything can be found there.

    warcio takes a file that ends in the middle of a record for a whole one, and reads lines of any text as records of
    the older ARC format; both are caught here.
    """
    with path.open("rb") as stream:
        records = _Records(stream)
        place = 0
        faults = 0
        try:
            for record in records:
                place = records.offset
                source = f"{path}: record at {place}"
                if record.format != "warc":
                    yield (
                        BadRecord(source=source, why="this is no WARC record; nothing after it was read"),
                        stream.tell(),
                    )
                    return
                yield _read_record(record, source), stream.tell()
                # The end of a record is looked at when the next one is asked for.
                if records.err_count > faults:
                    faults = records.err_count
                    yield (
                        BadRecord(source=f"{path}: before {place}", why="bytes between two records"),
                        stream.tell(),
                    )
        except (ArchiveLoadFailed, EOFError, OSError, zlib.error, ValueError) as error:
            yield BadRecord(source=f"{path}: after the record at {place}", why=_why(error)), stream.tell()


def _read_record(record: Any, source: str) -> Item:
    try:
        item = _read_response(record, source)
        while record.raw_stream.read(1 << 16):
            pass
    except (ArchiveLoadFailed, EOFError, OSError, zlib.error, ValueError) as error:
        return BadRecord(source=source, why=_why(error))
    missing = getattr(record.raw_stream, "limit", 0)
    if missing > 0:
        return BadRecord(source=source, why=f"the file ends {missing} bytes before the record does")
    return item


def _read_response(record: Any, source: str) -> Item:
    if record.rec_type != "response":
        return Skipped(source=source, kind=f"record of type {record.rec_type}")
    url = str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
    if record.http_headers is None or not _is_web_address(url):
        return Skipped(source=source, kind="response that is not HTTP")
    try:
        status = int(record.http_headers.get_statuscode())
    except ValueError:
        return BadRecord(source=source, why=f"{cut(url)} has no HTTP status")
    if status != 200:
        return Skipped(source=source, kind=f"status {status}")
    headers = {name.lower(): value for name, value in record.http_headers.headers}
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type and "html" not in content_type:
        return Skipped(source=source, kind=content_type)
    fetched_at = _moment(str(record.rec_headers.get_header("WARC-Date")))
    body = record.content_stream().read(MAX_BODY_BYTES + 1)
    return SavedPage(
        source=source,
        url=url,
        fetched_at=fetched_at,
        body=body[:MAX_BODY_BYTES],
        status=status,
        headers={name: headers[name][:2000] for name in _HEADERS_KEPT if name in headers},
        is_truncated=len(body) > MAX_BODY_BYTES
        or record.rec_headers.get_header("WARC-Truncated") is not None,
    )


# -------------------------------------------------------------------------------------------- folders


def _files_below(folder: Path) -> list[Path]:
    """The files of a folder that can be read, in order of their names."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name.lower().endswith((*_HTML_SUFFIXES, *_WARC_SUFFIXES))
    )


def _read_folder(folder: Path, manifest: Path | None) -> Iterator[tuple[Item, int]]:
    files = _files_below(folder)
    if manifest is None:
        manifest = next((folder / name for name in _MANIFESTS if (folder / name).is_file()), None)
    if manifest is None and not files:
        raise UsageError(f"{cut(folder)} holds no .html, .html.gz, .warc or .warc.gz file")
    done = 0
    seen: set[str] = set()
    listed: set[Path] = set()
    if manifest is not None:
        for row in _read_manifest(manifest):
            if isinstance(row, BadRecord):
                yield row, done
                continue
            path = folder / row.path
            listed.add(path)
            yield _read_html(path, row.path, row.url, row.fetched_at, seen), done
            done += path.stat().st_size if path.is_file() else 0
    for path in files:
        name = path.relative_to(folder).as_posix()
        if path in listed:
            continue
        if path.name.lower().endswith(_WARC_SUFFIXES):
            for item, position in _read_warc(path):
                yield item, done + position
        elif manifest is not None:
            yield Skipped(source=str(path), kind=f"file that is not in {manifest.name}"), done
        else:
            yield _read_html(path, name, None, None, seen), done
        done += path.stat().st_size


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    path: str
    url: str | None
    fetched_at: datetime | None


def _read_manifest(manifest: Path) -> Iterator[_Row | BadRecord]:
    try:
        text = manifest.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the manifest {cut(manifest)} cannot be read: {error}") from None
    rows: Iterator[tuple[int, object]]
    if manifest.suffix.lower() == ".csv":
        reader = csv.DictReader(io.StringIO(text))
        if not {"path", "file"} & set(reader.fieldnames or ()):
            raise UsageError(
                f"the manifest {cut(manifest)} has no column path; its first line names the columns"
            )
        rows = ((reader.line_num, row) for row in reader)
    else:
        rows = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    for number, row in rows:
        source = f"{manifest}: line {number}"
        try:
            values = json.loads(row) if isinstance(row, str) else row
            if not isinstance(values, dict):
                raise ValueError("not an object")
            path = str(values.get("path") or values.get("file") or "").strip()
            if not path:
                raise ValueError("no path")
            if Path(path).is_absolute() or ".." in Path(path).parts:
                raise ValueError(f"path {cut(path)} leads out of the folder")
            url = str(values.get("url") or "").strip() or None
            if url is not None and not _is_web_address(url):
                raise ValueError(f"{cut(url)} is no web address")
            moment = values.get("fetched_at")
            yield _Row(path=path, url=url, fetched_at=_moment(str(moment)) if moment else None)
        except ValueError as error:
            yield BadRecord(source=source, why=_why(error))


def _read_html(
    path: Path, name: str, url: str | None, fetched_at: datetime | None, seen: set[str]
) -> SavedPage | BadRecord:
    """One HTML file. Its address: of the manifest, else what the page says of itself, else a made-up one."""
    try:
        with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            body = stream.read(MAX_BODY_BYTES + 1)
        moment = fetched_at or datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, EOFError, zlib.error) as error:
        return BadRecord(source=str(path), why=_why(error))
    address = url or _own_address(body)
    if address is None or (url is None and address in seen):
        # Two files that name one address: a copy may name its origin. Neither must overwrite the other.
        address = f"https://{UNKNOWN_HOST}/{quote(name)}"
    seen.add(address)
    return SavedPage(
        source=str(path),
        url=address,
        fetched_at=moment,
        body=body[:MAX_BODY_BYTES],
        is_truncated=len(body) > MAX_BODY_BYTES,
        has_own_url=url is not None,
    )


_HEAD_BYTES: Final = 256 * 1024
_SAVED_FROM: Final = re.compile(rb"<!-- saved from url=\(\d+\)(\S+) -->")
_ADDRESS_TAGS: Final = (
    re.compile(rb"""<meta[^>]+property=["']?og:url["']?[^>]*?content=["']([^"']+)["']""", re.IGNORECASE),
    re.compile(rb"""<meta[^>]+content=["']([^"']+)["'][^>]*?property=["']?og:url["']?""", re.IGNORECASE),
    re.compile(rb"""<link[^>]+rel=["']?canonical["']?[^>]*?href=["']([^"']+)["']""", re.IGNORECASE),
    re.compile(rb"""<link[^>]+href=["']([^"']+)["'][^>]*?rel=["']?canonical["']?""", re.IGNORECASE),
)


def _own_address(body: bytes) -> str | None:
    """What a page says of its own address: a browser's note, og:url, rel=canonical."""
    head = body[:_HEAD_BYTES]
    for pattern in (_SAVED_FROM, *_ADDRESS_TAGS):
        found = pattern.search(head)
        if found:
            url = found.group(1).decode("utf-8", "replace").replace("&amp;", "&").strip()
            if _is_web_address(url):
                return url
    return None


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)
    except ValueError:
        return False


def _moment(text: str) -> datetime:
    """ISO 8601 as an aware UTC time.

    >>> _moment("2024-02-08T04:12:00Z").isoformat()
    '2024-02-08T04:12:00+00:00'
    """
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _why(error: Exception) -> str:
    return cut(" ".join(str(error).split()) or type(error).__name__)
