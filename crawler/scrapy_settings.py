"""Scrapy's settings for this crawler, each with its reason. Everything else is Scrapy's default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from crawler.verdict import BODY_CAPS

__all__ = ["ACCEPT", "scrapy_settings"]

ACCEPT: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What the Accept header of every request says."""


def scrapy_settings(
    *,
    user_agent: str,
    window: int,
    timeout_s: float,
    hosts: Mapping[str, tuple[str, ...]],
    networks: Sequence[IPv4Network | IPv6Network],
) -> dict[str, Any]:
    """The settings of one crawler process.

    Args:
        window: most claims in flight.
        timeout_s: for a whole exchange, from connecting to the last byte.
    """
    off = None
    return {
        "USER_AGENT": user_agent,
        # Politeness is the frontier's: Scrapy must neither delay nor repeat nor remember anything.
        "ROBOTSTXT_OBEY": False,  # ours is RobotsGate: Scrapy's takes 503 for a yes and keeps rules for ever
        "RETRY_ENABLED": False,  # a retry is a second hit without a claim
        "REDIRECT_ENABLED": False,  # a redirect is a request to a host that was not claimed
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "AUTOTHROTTLE_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,  # every status ends in a settle
        "REFERER_ENABLED": False,
        "HTTPPROXY_ENABLED": False,  # a proxy would resolve names for us, past the guard
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS": window + 1,  # the window is the bound; Scrapy's own must not bind first
        "CONCURRENT_REQUESTS_PER_DOMAIN": window + 1,
        "DOWNLOADER_MIDDLEWARES": {
            "crawler.middlewares.RobotsGate": 100,
            # What these three add, the spider's requests carry from the start; and nobody reads Scrapy's counts. Each
            # middleware costs every request some 15 µs.
            "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": off,
            "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": off,
            "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": off,
            "scrapy.downloadermiddlewares.stats.DownloaderStats": off,
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": off,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": off,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": off,
            "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": off,
            "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": off,
            "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": off,
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": off,
            "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": off,
            "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": off,
        },
        "SPIDER_MIDDLEWARES": {
            "scrapy.spidermiddlewares.depth.DepthMiddleware": off,
            "scrapy.spidermiddlewares.referer.RefererMiddleware": off,
            "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": off,
            "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": off,
        },
        "DOWNLOAD_HANDLERS": {
            "http": "crawler.handler.GuardedDownloadHandler",
            "https": "crawler.handler.GuardedDownloadHandler",
            "file": None,  # a redirect or a feed must not read local files
            "data": None,
            "ftp": None,
            "s3": None,
        },
        "TWISTED_DNS_RESOLVER": "crawler.resolver.GuardedResolver",
        "WIRETRACE_HOSTS": dict(hosts),
        "WIRETRACE_NETWORKS": tuple(networks),
        "DOWNLOAD_TIMEOUT": timeout_s,  # total, so a server that drips bytes is cut too
        "DOWNLOAD_MAXSIZE": BODY_CAPS["article"],  # each request carries its own, by kind
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "DOWNLOAD_VERIFY_CERTIFICATES": False,  # many small papers let theirs expire; nothing secret is sent
        "CONCURRENT_ITEMS": 1,  # as many tasks are made for each response, and ours yield nothing
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 1 << 40,  # memory is bounded by the window and the producer's budget
        "REACTOR_THREADPOOL_MAXSIZE": 20,  # names are resolved in it
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,  # executes code that is sent to it
        "FEED_EXPORTERS": {},
        "LOG_ENABLED": False,  # our own logging
        "LOGSTATS_INTERVAL": 0,
        "LOG_FORMATTER": "crawler.middlewares.NoMessages",
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",  # ours are the session's
        "STATS_DUMP": False,
        "EXTENSIONS": {
            "scrapy.extensions.corestats.CoreStats": off,
            "scrapy.extensions.logcount.LogCount": off,
        },
        "MEMUSAGE_ENABLED": False,
        "WARN_ON_GENERATOR_RETURN_VALUE": False,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }
