"""WARC files and metrics of a running crawler."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from crawler.frontier import Frontier
from tests.crawler.conftest import articles, wait_for
from tests.crawler.processes import Crawler
from tests.crawler.web import Reply, Web, page
from tests.ports import free_port


def test_what_was_fetched_is_written_as_warc(
    frontier: Frontier, crawlers: Callable[..., Crawler], tmp_path: Path
) -> None:
    story = page("Zipped story", words=300)

    def site(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/robots.txt":
            return Reply(status=404, body=b"none")
        if path == "/zipped?a=b":
            return Reply(body=gzip.compress(story), headers={"Content-Encoding": "gzip", "X-Two": "a, b"})
        if path == "/moved":
            return Reply(status=301, headers={"Location": "/plain"})
        return Reply(body=story)

    folder = tmp_path / "warc"
    with Web({"a.test": site}) as web:
        frontier.offer(articles(web, "a.test", ["/zipped?a=b", "/moved"]))
        crawlers(web, until_idle=True, warc_dir=str(folder)).wait()
        url = web.url("a.test", "")
    [path] = folder.glob("*.warc.gz")
    check = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr
    found = {}
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            kind = record.rec_type
            if kind == "warcinfo":
                assert record.rec_headers.protocol == "WARC/1.1"
                continue
            body = record.content_stream().read()
            digests = [record.rec_headers.get_header(f"WARC-{part}-Digest") for part in ("Block", "Payload")]
            assert all(str(digest).startswith("sha1:") for digest in digests), (kind, digests)
            if kind == "request":
                assert record.rec_headers.get_header("WARC-Concurrent-To")
            found[kind, record.rec_headers.get_header("WARC-Target-URI").removeprefix(url)] = (
                record.http_headers.get_statuscode() if kind == "response" else None,
                body,
            )
            if kind == "request":
                assert "x-wiretrace" not in str(record.http_headers).lower()
                assert "wiretrace/" in record.http_headers.get_header("user-agent").lower()
            else:
                assert record.rec_headers.get_header("WARC-IP-Address").startswith("127.")
    assert found["response", "/zipped?a=b"] == ("200", story)
    assert found["response", "/moved"] == ("301", b"")
    assert found["response", "/plain"] == ("200", story)
    assert found["response", "/robots.txt"] == ("404", b"none")
    assert found["request", "/zipped?a=b"] == (None, b"")
    assert b"\r\n\r\nGET /zipped?a=b HTTP/1.1\r\nHost: a.test:" in gzip.decompress(path.read_bytes())
    assert len(found) == 8


def test_metrics_tell_what_the_crawler_and_the_frontier_do(
    frontier: Frontier, crawlers: Callable[..., Crawler], crawler_log: Callable[[], str]
) -> None:
    port = free_port()

    def site(path: str, headers: Mapping[str, str]) -> Reply:
        return Reply(status=404) if path == "/robots.txt" else Reply(body=page("Counted story"))

    with Web({"a.test": site}) as web:
        frontier.offer(articles(web, "a.test", ["/1", "/2", "/3"]))
        crawlers(web, metrics_port=port)
        wait_for(lambda: len(web.hits) == 4, f"all is fetched: {crawler_log()}")

        def metrics() -> dict[str, float]:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                text = answer.read().decode()
            return {k: float(v) for k, v in re.findall(r"^(wiretrace_\S+) (\S+)$", text, re.MULTILINE)}

        wait_for(
            lambda: metrics().get('wiretrace_crawler_settled_total{outcome="published"}') == 3,
            "three pages",
        )
        wait_for(lambda: metrics()["wiretrace_crawler_in_flight"] == 0, "nothing is in flight")
        seen = metrics()
    assert seen['wiretrace_crawler_settled_total{outcome="robots_free"}'] == 1
    assert (
        seen['wiretrace_crawler_up{service="broker"}']
        == seen['wiretrace_crawler_up{service="database"}']
        == 1
    )
    assert seen["wiretrace_frontier_urls_due"] <= 3
    assert "wiretrace_crawler_loop_lag_seconds" in seen
