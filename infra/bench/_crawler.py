"""One crawler process for a measurement: `python -m infra.bench._crawler '{"crawl_id": …, "options": {…}}'`."""

from __future__ import annotations

import json
import logging
import sys

import structlog

from crawler.main import run_crawler
from crawler.options import CrawlOptions
from schemas.settings import load_settings


def _main(spec: str) -> None:
    logging.basicConfig(level=logging.ERROR)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    given = json.loads(spec)
    counts = run_crawler(load_settings(), given["crawl_id"], options=CrawlOptions(**given["options"]))
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    _main(sys.argv[1])
