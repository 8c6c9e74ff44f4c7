"""A bare Scrapy spider over the same URLs, with no frontier and no Kafka: what the crawler is compared with.

python -m infra.bench._bare HOSTS PORT PAGES CONCURRENCY
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess

from infra.bench._web import address_of

__all__ = ["BareSpider"]


class BareSpider(scrapy.Spider):
    """Fetches each page of each host once."""

    name = "bare"

    def __init__(self, hosts: int, port: int, pages: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._spec = (hosts, port, pages)

    async def start(self) -> AsyncIterator[Any]:
        """A request per page, host by host in turn."""
        hosts, port, pages = self._spec
        for number in range(pages):
            yield scrapy.Request(
                f"http://{address_of(number % hosts)}:{port}/{number // hosts}",
                dont_filter=True,
                callback=self.parse,
            )

    def parse(self, response: Any, **kwargs: Any) -> None:
        """Looks at the body's length, so that it is there."""
        assert len(response.body) > 0


def _main(hosts: int, port: int, pages: int, concurrency: int) -> None:
    process = AsyncCrawlerProcess(
        {
            "LOG_ENABLED": False,
            "CONCURRENT_REQUESTS": concurrency,
            "CONCURRENT_ITEMS": 1,  # by default a hundred tasks are made for each response; the crawler makes none
            "DOWNLOAD_DELAY": 0,
            "COOKIES_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
            "RETRY_ENABLED": False,
            "ASYNCIO_EVENT_LOOP": "uvloop.Loop",  # as the crawler's
        }
    )
    process.crawl(BareSpider, hosts=hosts, port=port, pages=pages)
    process.start()


if __name__ == "__main__":
    _main(*(int(argument) for argument in sys.argv[1:5]))
