"""Crawlers as processes of their own, so that they can be killed, frozen and stopped.

Run as a module it is such a process: `python -m tests.crawler.processes '{"crawl_id": …, "options": …}'`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from crawler.options import CrawlOptions
from schemas.settings import load_settings

__all__ = ["PATIENCE_S", "Crawler", "crawler_env"]

PATIENCE_S: Final = 150.0
"""For anything that will happen: a process takes 2 s to start, and half a minute where the machine is overloaded."""


def crawler_env(
    database_url: str, kafka_bootstrap: str, hosts_file: Path, *, delay_s: float = 0.0, **more: str
) -> dict[str, str]:
    """The environment of a crawler that may crawl loopback."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("WIRETRACE_")}
    return {
        **env,
        "WIRETRACE_DATABASE_URL": database_url,
        "WIRETRACE_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "WIRETRACE_CRAWL_CONTACT": "https://crawler.example/contact",
        "WIRETRACE_CRAWL_DELAY_S": str(delay_s),
        "WIRETRACE_CRAWL_ALLOW_NETWORKS": "127.0.0.0/8",
        "WIRETRACE_CRAWL_HOSTS_FILE": str(hosts_file),
        **more,
    }


class Crawler:
    """One crawler process. Use as a context manager: it is gone at the end."""

    def __init__(
        self, env: dict[str, str], *, crawl_id: str = "test", log: Path | None = None, **options: Any
    ) -> None:
        spec = json.dumps({"crawl_id": crawl_id, "options": options})
        self._log = (log or Path(os.devnull)).open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.crawler.processes", spec],
            env=env,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=Path(__file__).resolve().parents[2],
        )

    def __enter__(self) -> Crawler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.process.kill()
        self.process.communicate()
        self._log.close()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def wait(self, timeout_s: float = PATIENCE_S) -> dict[str, int]:
        """Its settlements by outcome, after it has ended well."""
        out, _ = self.process.communicate(timeout=timeout_s)
        assert self.process.returncode == 0, f"crawler ended with {self.process.returncode}"
        counts: dict[str, int] = json.loads(out)
        return counts


def _main() -> None:
    import logging

    import structlog

    from crawler.main import run_crawler

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.basicConfig(level=logging.WARNING)
    spec = json.loads(sys.argv[1])
    options = spec["options"]
    if options.get("warc_dir"):
        options["warc_dir"] = Path(options["warc_dir"])
    counts = run_crawler(load_settings(), spec["crawl_id"], options=CrawlOptions(**options))
    print(json.dumps(counts))


if __name__ == "__main__":
    _main()
