"""Bad pages, feeds and site lists: each gets an outcome or a clear error, and nothing else is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.newsroom.model import load_newsroom
from tests.e2e.line import Line
from tests.ports import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

STORY = load_newsroom(80).publications[0].paragraphs
TEXT = "".join(f"<p>{p}</p>" for p in STORY)


def _article(title: str, more: str = "", text: str = TEXT) -> bytes:
    head = f'<title>{title}</title><meta charset="utf-8"><meta property="article:published_time" content="2024-02-08T04:12:00Z">'
    return f"<!doctype html><html><head>{head}</head><body><article><h1>{title}</h1>{more}{text}</article></body></html>".encode()


PAGES: dict[str, tuple[int, str, bytes]] = {
    "/2024/good-story-one": (200, "text/html; charset=utf-8", _article("A Good Story")),
    "/2024/story-that-is-a-pdf": (200, "text/html", b"%PDF-1.7\n" + bytes(range(256)) * 20),
    "/2024/story-that-is-empty": (200, "text/html", b""),
    "/2024/story-in-wrong-charset": (
        200,
        "text/html; charset=utf-8",
        _article("Caf\u00e9 Society", text=TEXT.replace("Mexico", "M\u00e9xico"))
        .decode()
        .encode("windows-1252"),
    ),
    "/2024/story-with-one-bad-byte": (
        200,
        "text/html; charset=utf-8",
        _article("Fine But One") + b"<p>\xff</p>",
    ),
    "/2024/story-of-six-megabytes": (
        200,
        "text/html",
        _article("Large", more="<!--" + "x" * 6_000_000 + "-->"),
    ),
    "/2024/story-with-nul": (200, "text/html; charset=utf-8", _article("Nul").replace(b" the ", b" th\0e ")),
    "/2024/story-with-surrogates": (
        200,
        "text/html; charset=utf-8",
        _article("S").replace(b" and ", b" \xed\xa0\x80 and "),
    ),
    "/2024/story-nested-deeply": (200, "text/html", _article("Deep", more="<div>" * 60_000)),
    "/2024/story-gone-missing": (404, "text/html", b"<html><body>not here</body></html>"),
    "/2024/story-that-breaks": (500, "text/html", b"oops"),
    "/feed": (200, "application/rss+xml", b"<rss><channel><item><link>http://broken"),
    "/sitemap.xml": (200, "application/xml", b"<urlset><url><loc>&unknown;</loc></url"),
    "/robots.txt": (200, "text/plain", b"\xff\xfenonsense\0\n:::\nUser-agent: *\nDisallow: /private"),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/":
            links = "".join(
                f'<li><a href="{path}">A headline that is long enough {n}</a></li>'
                for n, path in enumerate(PAGES)
                if path.startswith("/2024")
            )
            announced = '<link rel="alternate" type="application/rss+xml" href="/feed">'
            status, kind, body = (
                200,
                "text/html",
                f"<html><head>{announced}</head><body><h1>Odd Paper</h1><ul>{links}</ul></body></html>".encode(),
            )
        else:
            status, kind, body = PAGES.get(self.path, (404, "text/html", b"<p>no</p>"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return  # a crawler that has enough hangs up

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Odd:
    base: str
    sites: Path
    variables: dict[str, str]


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Odd]:
    port, dead = free_port(), free_port()
    server = ThreadingHTTPServer(("127.0.42.1", port), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
    (tmp_path / "hosts").write_text("127.0.42.1 odd-paper.test\n127.0.42.2 dead-paper.test\n")
    sites = tmp_path / "sites.txt"
    sites.write_text(
        f"http://odd-paper.test:{port}/\n\nthis line is no address\nhttp://dead-paper.test:{dead}/\n"
    )
    variables = {
        "WIRETRACE_CRAWL_CONTACT": "desk@crawler.test",
        "WIRETRACE_CRAWL_DELAY_S": "0.05",
        "WIRETRACE_CRAWL_ALLOW_NETWORKS": "127.0.0.0/8",
        "WIRETRACE_CRAWL_HOSTS_FILE": str(tmp_path / "hosts"),
    }
    yield Odd(base=f"http://odd-paper.test:{port}", sites=sites, variables=variables)
    server.shutdown()
    server.server_close()


def test_each_bad_page_has_its_outcome_and_the_good_ones_are_not_lost(odd: Odd, line: Line) -> None:
    line.variables = odd.variables
    # It ends by itself, although one page breaks each time and one site is dead.
    done = line.run("run", str(odd.sites), "--until-done", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "line 3" in done.stderr
    assert "this line is no address" in done.stderr

    outcome = {
        row["url"].removeprefix(odd.base): row
        for row in line.rows("select url, outcome, reason from outcomes")
    }
    assert all(row["outcome"] is not None for row in outcome.values())
    article = {
        row["url"].removeprefix(odd.base): row
        for row in line.rows("select url, title, text, word_count from articles")
    }
    for path in (
        "good-story-one",
        "story-in-wrong-charset",
        "story-with-one-bad-byte",
        "story-with-nul",
        "story-with-surrogates",
    ):
        assert outcome[f"/2024/{path}"]["outcome"] == "article", path
        assert article[f"/2024/{path}"]["word_count"] > 250
        assert "\0" not in article[f"/2024/{path}"]["text"]
    assert "Caf\u00e9" in article["/2024/story-in-wrong-charset"]["title"]
    assert "M\u00e9xico" in article["/2024/story-in-wrong-charset"]["text"]
    assert outcome["/2024/story-of-six-megabytes"]["outcome"] in (
        "too_large",
        "article",
        "not_article",
        "empty",
    )
    assert outcome["/2024/story-nested-deeply"]["outcome"] in ("too_large", "article")
    for path, wanted in (("story-that-is-a-pdf", "not_html"), ("story-that-is-empty", "empty")):
        if f"/2024/{path}" in outcome:
            assert outcome[f"/2024/{path}"]["outcome"] == wanted

    # What never became a page is on the frontier with its state and reason.
    url = {
        row["url"].removeprefix(odd.base): row
        for row in line.rows("select url, state, reason, status from core.urls")
    }
    assert url["/2024/story-gone-missing"]["state"] == "gone"
    assert url["/2024/story-that-breaks"]["state"] in ("waiting", "failed")
    for path in PAGES:
        if path.startswith("/2024"):
            assert path in url, f"{path} was never known"
    assert url["/feed"]["state"] in ("waiting", "failed", "done")

    status = line.run("status")
    assert "gone" in status.stdout


def test_unreachable_servers_are_a_clear_error(line: Line, tmp_path: Path) -> None:
    (tmp_path / "sites.txt").write_text("https://paper.test\n")
    line.variables = {
        "WIRETRACE_CRAWL_CONTACT": "desk@crawler.test",
        "WIRETRACE_DATABASE_URL": "postgresql://ann:secret@127.0.0.1:1/wire",
        "WIRETRACE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    }
    done = line.run("run", str(tmp_path / "sites.txt"))
    assert done.returncode == 4
    assert "127.0.0.1:1" in done.stderr
    assert "secret" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_site_list_without_any_site_is_a_clear_error(line: Line, tmp_path: Path) -> None:
    (tmp_path / "sites.txt").write_text("nothing here\n")
    line.variables = {"WIRETRACE_CRAWL_CONTACT": "desk@crawler.test"}
    done = line.run("run", str(tmp_path / "sites.txt"))
    assert done.returncode == 2
    assert "line 1" in done.stderr
    assert line.run("run", str(tmp_path / "absent.txt")).returncode == 2
