"""The download handler: the last look before a request leaves.

Between the claim and the first byte a process can be frozen, and a name can resolve anew. So on the open connection,
right before the request is written, two things are looked at again: is the claim still fresh, and is the peer an
address that may be talked to. Nothing is left between that look and the kernel: over TLS the look waits for the end
of the handshake, and the bytes are sent in the same breath, not in the event loop's next turn. Connections are kept
for two seconds only, and a request that fails on a kept one is not repeated behind our back, as a repetition would be
a second hit on the host.
"""

from __future__ import annotations

from typing import Any, Final

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IHandshakeListener, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseNeverReceived
from zope.interface import implementer

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


@implementer(IHandshakeListener)
class _Protocol(_LenientHTTP11ClientProtocol):
    _is_secured = False
    _waiting: Deferred[None] | None = None

    def request(self, request: Any) -> Any:
        if ISSLTransport.providedBy(self.transport) and not self._is_secured:
            transport: Any = self.transport
            self._waiting = Deferred(lambda _: transport.abortConnection())
            self._waiting.addCallback(lambda _: self._request(request))
            return self._waiting
        return self._request(request)

    def handshakeCompleted(self) -> None:  # noqa: N802
        self._is_secured = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        waiting, self._waiting = self._waiting, None
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        if waiting is not None and not waiting.called:
            waiting.errback(Failure(ResponseNeverReceived([reason])))  # type: ignore[no-untyped-call]

    def _request(self, request: Any) -> Any:
        deadlines = request.headers.getRawHeaders(SEND_BEFORE_HEADER, [])
        request.headers.removeHeader(SEND_BEFORE_HEADER)
        resolver = GuardedResolver.current
        transport: Any = self.transport
        peer = transport.getPeer().host
        if resolver is not None and not resolver.guard.allows(peer):
            transport.abortConnection()
            return fail(AddressRefused(peer))
        sent: Deferred[Any] = super().request(request)
        # The last statement before the bytes leave.
        if not deadlines or clock() > float(deadlines[0]):
            sent.addErrback(lambda _: None)
            transport.abortConnection()
            return fail(ClaimTooOld())
        _send_now(transport)
        return sent


def _send_now(transport: Any) -> None:
    """Hand what was written to the kernel. Twisted would do so in the event loop's next turn."""
    if ISSLTransport.providedBy(transport):
        if (aggregator := getattr(transport, "_aggregator", None)) is not None:
            aggregator.flush()
        transport = getattr(transport, "transport", transport)
    transport.doWrite()  # an error stays with the connection, which meets it again in the next turn


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
