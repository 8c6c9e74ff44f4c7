"""Saved pages are read to the last one, and what cannot be read is named."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.archives import MAX_BODY_BYTES, BadRecord, Item, SavedPage, Skipped, read_path, size_of
from schemas.errors import UsageError

HTML = b"<html><body><p>text</p></body></html>"


def _items(path: Path, manifest: Path | None = None) -> list[Item]:
    return [item for item, _ in read_path(path, manifest=manifest)]


def _warc(path: Path, responses: list[tuple[str, str, str, bytes]], *, gzipped: bool = True) -> None:
    """Responses of (url, status line, content type, body), after a warcinfo record."""
    blocks = [("warcinfo", "", b"software: test\r\n")]
    for url, status, content_type, body in responses:
        http = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n\r\n".encode() + body
        blocks.append(("response", f"WARC-Target-URI: {url}\r\n", http))
    out = b""
    for kind, more, block in blocks:
        head = f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Date: 2024-02-08T04:12:00Z\r\n{more}"
        head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
        record = head.encode() + block + b"\r\n\r\n"
        out += gzip.compress(record) if gzipped else record
    path.write_bytes(out)


@pytest.mark.parametrize("gzipped", [True, False])
def test_a_warc_gives_its_pages_and_counts_what_is_none(tmp_path: Path, gzipped: bool) -> None:
    path = tmp_path / ("a.warc.gz" if gzipped else "a.warc")
    _warc(
        path,
        [
            ("https://a.test/1", "200 OK", "text/html; charset=utf-8", HTML),
            ("https://a.test/2", "404 Not Found", "text/html", HTML),
            ("https://a.test/3.png", "200 OK", "image/png", b"\x89PNG"),
            ("https://a.test/4", "200 OK", "text/html", b""),
        ],
        gzipped=gzipped,
    )
    items = _items(path)
    pages = [item for item in items if isinstance(item, SavedPage)]
    assert [(page.url, page.body) for page in pages] == [
        ("https://a.test/1", HTML),
        ("https://a.test/4", b""),
    ]
    assert pages[0].fetched_at == datetime(2024, 2, 8, 4, 12, tzinfo=UTC)
    assert pages[0].headers["content-type"] == "text/html; charset=utf-8"
    assert [item.kind for item in items if isinstance(item, Skipped)] == [
        "record of type warcinfo",
        "status 404",
        "image/png",
    ]


@pytest.mark.parametrize("gzipped", [True, False])
def test_a_warc_that_was_cut_gives_what_is_whole_and_names_the_place(tmp_path: Path, gzipped: bool) -> None:
    path = tmp_path / ("a.warc.gz" if gzipped else "a.warc")
    body = bytes(range(256)) * 40
    _warc(
        path, [(f"https://a.test/{n}", "200 OK", "text/html", HTML + body) for n in range(5)], gzipped=gzipped
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - (200 if gzipped else 2000)])
    items = _items(path)
    assert [item.url for item in items if isinstance(item, SavedPage)] == [
        f"https://a.test/{n}" for n in range(4)
    ]
    [bad] = [item for item in items if isinstance(item, BadRecord)]
    assert "a.warc" in bad.source


def test_bytes_between_two_records_are_named_and_the_records_read(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    _warc(path, [("https://a.test/1", "200 OK", "text/html", HTML)], gzipped=False)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"software: test\r\n\r\n\r\n", b"software: test\r\njunk\r\n\r\n"))
    items = _items(path)
    assert [item.url for item in items if isinstance(item, SavedPage)] == ["https://a.test/1"]
    assert [item.why for item in items if isinstance(item, BadRecord)] == ["bytes between two records"]


def test_a_file_that_is_no_warc_at_all_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(b"this is not a WARC file\n" * 20)
    [item] = _items(path)
    assert isinstance(item, BadRecord)


def test_a_folder_is_read_with_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_bytes(HTML)
    (tmp_path / "two.html.gz").write_bytes(gzip.compress(HTML))
    (tmp_path / "extra.html").write_bytes(HTML)
    (tmp_path / "manifest.csv").write_text(
        "path,url,fetched_at\none.html,https://a.test/one,2024-02-08T04:12:00+01:00\n"
        "two.html.gz,https://b.test/two,\nthree.html,https://c.test/three,\none.html,no address,\n../up.html,https://d.test/,\n"
    )
    items = _items(tmp_path)
    pages = [item for item in items if isinstance(item, SavedPage)]
    assert [page.url for page in pages] == ["https://a.test/one", "https://b.test/two"]
    assert all(page.body == HTML and page.has_own_url for page in pages)
    assert pages[0].fetched_at == datetime(2024, 2, 8, 3, 12, tzinfo=UTC)
    bad = [item for item in items if isinstance(item, BadRecord)]
    assert len(bad) == 3
    assert "three.html" in bad[0].source
    assert "manifest.csv: line 5" in bad[1].source
    assert "out of the folder" in bad[2].why
    assert [item.kind for item in items if isinstance(item, Skipped)] == ["file that is not in manifest.csv"]


def test_a_manifest_of_json_lines_may_say_file_for_path_and_have_bad_lines(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_bytes(HTML)
    lines = [json.dumps({"file": "one.html", "url": "https://a.test/one"}), "{not json", "[]", ""]
    (tmp_path / "index.jsonl").write_text("\n".join(lines))
    items = _items(tmp_path)
    assert [type(item) for item in items] == [SavedPage, BadRecord, BadRecord]


def test_without_a_manifest_a_page_says_its_own_address_and_none_overwrites_another(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b'<meta property="og:url" content="https://a.test/x?a=1&amp;b=2">')
    (tmp_path / "b.html").write_bytes(b"<link href='https://a.test/y' rel=canonical>")
    (tmp_path / "c.html").write_bytes(b'<link rel="canonical" href="https://a.test/y">')
    (tmp_path / "sub dir").mkdir()
    (tmp_path / "sub dir" / "d.htm").write_bytes(HTML)
    pages = [item for item in _items(tmp_path) if isinstance(item, SavedPage)]
    assert [page.url for page in pages] == [
        "https://a.test/x?a=1&b=2",
        "https://a.test/y",
        "https://unknown.invalid/c.html",
        "https://unknown.invalid/sub%20dir/d.htm",
    ]
    assert not any(page.has_own_url for page in pages)


def test_a_damaged_gzip_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(HTML)[:-12])
    (tmp_path / "b.html").write_bytes(HTML)
    bad, good = _items(tmp_path)
    assert isinstance(bad, BadRecord)
    assert "a.html.gz" in bad.source
    assert isinstance(good, SavedPage)


def test_a_huge_page_and_a_gzip_bomb_are_cut_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(b"\0" * (MAX_BODY_BYTES * 20)))
    [page] = _items(tmp_path)
    assert isinstance(page, SavedPage)
    assert len(page.body) == MAX_BODY_BYTES
    assert page.is_truncated


def test_what_cannot_be_ingested_at_all_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    for path in (tmp_path / "a.pdf", tmp_path):
        with pytest.raises(UsageError, match=r"\.html|HTML"):
            _items(path)
    with pytest.raises(UsageError, match="nothing at"):
        size_of(tmp_path / "absent")
