"""Documents that are meant to hurt: bombs are refused, big ones stay small in memory, none raises."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery import sitemaps
from crawler.discovery.body import BodyError, chunks_of
from crawler.discovery.model import DOCUMENT_KINDS
from crawler.discovery.parse import parse_document
from tests.discovery.web import NOW

HOME = "http://paper.test/"

# Runs in a process of its own, so that its peak is its own. VmHWM, as a child's ru_maxrss starts at its parent's.
_PEAK = """
import re, sys
from datetime import UTC, datetime
from crawler.discovery.parse import parse_document
body = sys.stdin.buffer.read()
found = parse_document(sys.argv[1], "http://paper.test/s.xml", body, {}, now=datetime(2026, 11, 20, tzinfo=UTC))
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) // 1024
print(len(found.entries), peak, found.problem, found.fault)
"""


def peak_of(body: bytes, kind: str = "sitemap") -> tuple[int, int, str]:
    """Entries, peak memory of the process in MiB, and the line it printed."""
    run = subprocess.run([sys.executable, "-c", _PEAK, kind], input=body, capture_output=True, check=True)
    line = run.stdout.decode()
    entries, peak_mb, *_ = line.split()
    return int(entries), int(peak_mb), line


def big_sitemap(count: int) -> bytes:
    rows = "".join(
        f"<url><loc>http://paper.test/2026/11/{n % 28 + 1:02d}/a-story-of-the-harbour-and-its-ferries-number-{n}</loc>"
        f"<lastmod>2026-11-{n % 19 + 1:02d}T08:00:00+01:00</lastmod><changefreq>hourly</changefreq></url>\n"
        for n in range(count)
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def test_a_sitemap_of_50000_entries_stays_below_150_mb() -> None:
    entries, peak_mb, line = peak_of(gzip.compress(big_sitemap(50_000)))
    assert entries == 50_000, line
    assert peak_mb < 150, line


def packed(start: bytes, block: bytes, times: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(start) + b"".join(packer.compress(block) for _ in range(times)) + packer.flush()
    assert len(bomb) < 2_000_000
    return bomb


_START = b'<?xml version="1.0"?><urlset><url><loc>http://paper.test/</loc></url>'


@pytest.mark.parametrize(
    ("start", "block", "kind"),
    [
        (_START, b"\n" * 1_000_000, "sitemap"),
        (_START, b"<x/>" * 250_000, "sitemap"),
        (_START + b"<y>", b"<x/>" * 250_000, "sitemap"),
        (_START + b"<url>", b"<loc/>" * 200_000, "sitemap"),
        (b"<rss><channel>", b"<x/>" * 250_000, "feed"),
        (b"<html><body>", b"<a>" * 300_000, "home"),
        (b"[", b"[]," * 300_000, "feed"),
    ],
)
def test_a_gzip_bomb_is_refused_and_costs_little_memory(start: bytes, block: bytes, kind: str) -> None:
    entries, peak_mb, line = peak_of(packed(start, block, 100), kind)
    assert entries == 0
    assert "more than" in line
    assert peak_mb < 250, line


def test_a_sitemap_is_read_to_the_limit_of_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MAX_ENTRIES", 500)
    found = parse_document("sitemap", HOME + "s.xml", big_sitemap(600), {}, now=NOW)
    assert len(found.entries) == 500
    assert found.fault is not None
    assert "500" in found.fault


def test_a_bomb_of_white_space_is_refused() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(100)) + packer.flush()
    found = parse_document("feed", HOME + "feed", gzip.compress(bomb), {}, now=NOW)
    assert found.problem is not None
    with pytest.raises(BodyError, match="more than"):
        sum(len(piece) for piece in chunks_of(bomb))


def test_gzip_in_gzip_without_end_is_refused() -> None:
    body = b"<rss/>"
    for _ in range(5):
        body = gzip.compress(body)
    assert parse_document("feed", HOME, body, {}, now=NOW).problem == "gzip inside gzip inside gzip"


def test_a_quadratic_entity_is_refused() -> None:
    body = f'<!DOCTYPE rss [<!ENTITY a "{"x" * 50_000}">]><rss><channel><title>{"&a;" * 5000}</title></channel></rss>'
    assert parse_document("feed", HOME, body.encode(), {}, now=NOW).problem == "declares XML entities"


def test_an_entity_that_hides_behind_white_space_is_refused() -> None:
    body = f'<?xml version="1.0"?><!DOCTYPE rss [{" " * 70_000}<!ENTITY a "x">]><rss><channel/></rss>'
    found = parse_document("feed", HOME, body.encode(), {}, now=NOW)
    assert not found.entries
    assert found.problem is not None


def test_an_entity_in_utf_16_is_refused() -> None:
    body = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE rss [<!ENTITY a "x">]><rss><channel/></rss>'
    found = parse_document("feed", HOME, body.encode("utf-16"), {}, now=NOW)
    assert found.problem == "declares XML entities"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["feed", "sitemap", "home"])
def test_deep_nesting_ends_in_time(kind: str) -> None:
    for body in (
        b"<a>" * 100_000,
        b"<rss>" * 100_000,
        b"<urlset>" * 100_000,
        b"<div>" * 100_000,
        b"[" * 100_000,
    ):
        parse_document(kind, HOME, body, {}, now=NOW)


@pytest.mark.timeout(120)
def test_a_page_of_20000_links_ends_in_time() -> None:
    links = "".join(
        f'<div><a href="/news/story-of-day-{n}-in-town">A story of that day in town {n}</a></div>'
        for n in range(20_000)
    )
    found = parse_document("home", HOME, f"<html><body>{links}</body></html>".encode(), {}, now=NOW)
    assert len(found.entries) == 20_000


@pytest.mark.timeout(120)
def test_a_page_of_deep_links_ends_in_time() -> None:
    links = "".join(
        f'<a href="/news/story-of-day-{n}-in-town">A story of that day in town {n}</a>' for n in range(30_000)
    )
    body = f"<html><body>{'<div class=x>' * 200}{links}</body></html>".encode()
    found = parse_document("home", HOME, body, {}, now=NOW)
    assert len(found.entries) == 20_000
    assert found.dropped["over_limit"] == 1


@pytest.mark.timeout(120)
def test_a_feed_of_5000_long_items_ends_in_time() -> None:
    text = "<![CDATA[" + "<p>words &amp; more</p>" * 100 + "]]>"
    items = "".join(
        f"<item><title>{n}</title><link>http://paper.test/story-of-the-day-{n}</link><description>{text}</description></item>"
        for n in range(5000)
    )
    found = parse_document("feed", HOME, f"<rss><channel>{items}</channel></rss>".encode(), {}, now=NOW)
    assert len(found.entries) == 5000


_SCRAPS = st.sampled_from(
    [
        *(
            b"<rss>",
            b"<channel>",
            b"<item>",
            b"<link>http://paper.test/x</link>",
            b"</item>",
            b"<feed>",
            b"<entry>",
        ),
        *(
            b"<urlset>",
            b"<url>",
            b"<loc>/a</loc>",
            b"<sitemap>",
            b"<?xml ?>",
            b"<!DOCTYPE x>",
            b"<![CDATA[",
            b"]]>",
        ),
        *(
            b"&x;",
            b"&#0;",
            b"\xff",
            b"\x00",
            b"<html>",
            b'<a href="/x">',
            b'<link rel="next" href="//[">',
            b" ",
        ),
        *(
            b'{"items":[',
            b"]}",
            b"\x1f\x8b",
            b"http://a",
            b'<script type="application/ld+json">{"@graph":[[[',
        ),
        *(b"<meta http-equiv=refresh content=0>", b'<base href="::">'),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_SCRAPS, max_size=20), st.sampled_from(DOCUMENT_KINDS), st.text(max_size=20))
def test_no_document_raises(scraps: list[bytes], kind: str, state: str) -> None:
    found = parse_document(kind, HOME + "x", b"".join(scraps), {"content-type": state}, now=NOW, state=state)
    json.dumps(found.dropped)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(DOCUMENT_KINDS))
def test_no_bytes_raise(body: bytes, kind: str) -> None:
    parse_document(kind, HOME + "x", body, {}, now=NOW)
