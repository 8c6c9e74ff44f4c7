"""The download handler: the last look before a request leaves.

Between the claim and the first byte a process can be frozen, and a name can resolve anew. So on the open connection,
right before the request is written, two things are looked at again: is the claim still fresh, and is the peer an
address that may be talked to. Connections are kept for two seconds only, and a request that fails on a kept one is
not repeated behind our back, as a repetition would be a second hit on the host.
"""

from __future__ import annotations

from typing import Any, Final

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from twisted.internet.defer import Deferred, fail

from crawler.pace import clock
from crawler.resolver import GuardedResolver

__all__ = ["SEND_BEFORE_HEADER", "AddressRefused", "ClaimTooOld", "GuardedDownloadHandler"]

SEND_BEFORE_HEADER: Final = "X-Wiretrace-Send-Before"
"""Carries the claim's deadline from the spider to the connection; it is taken off before anything is sent."""

KEEP_ALIVE_S: Final = 2.0


class ClaimTooOld(Exception):
    """The claim is over half its lease: another crawler may hold the host soon."""


class AddressRefused(Exception):
    """The host resolves to an address that must not be connected to."""


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Any) -> Any:
        deadlines = request.headers.getRawHeaders(SEND_BEFORE_HEADER, [])
        request.headers.removeHeader(SEND_BEFORE_HEADER)
        resolver = GuardedResolver.current
        transport: Any = self.transport
        peer = transport.getPeer().host
        if resolver is not None and not resolver.guard.allows(peer):
            transport.abortConnection()
            return fail(AddressRefused(peer))
        # The last statement before the bytes are written.
        if not deadlines or clock() > float(deadlines[0]):
            transport.abortConnection()
            return fail(ClaimTooOld())
        sent: Deferred[Any] = super().request(request)
        return sent


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _Protocol:  # noqa: N802
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class GuardedDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler with the last look."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        pool: Any = self._pool
        pool._factory = _Factory
        pool.retryAutomatically = False
        pool.cachedConnectionTimeout = KEEP_ALIVE_S
