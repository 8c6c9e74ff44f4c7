"""Pages to Kafka: one thread that owns the producer, a byte budget, and a future per page that the broker's ack fulfils.

Nothing here blocks the caller. The client blocks in its constructor, in `send` (for metadata) and when the broker is
away, so all of that happens in this thread. kafka-python 3 bounds neither the memory of what waits nor the time a
batch may wait, so both are bounded here: `has_room` says whether the crawler may claim more, and a page whose
delivery failed is sent again, with the same page id, until somebody stops.
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError

from schemas.codec import encode_page
from schemas.errors import cut
from schemas.records import RawPage
from schemas.topics import PAGES

__all__ = ["BUDGET_BYTES", "PageProducer", "PageTooLarge"]

BUDGET_BYTES: Final = 64 * 1024 * 1024
"""Bodies that may wait for their ack before claims stop."""

MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""A body of 5 MiB that zstd cannot shrink, and its headers. Topics are made with room for it."""

DELIVERY_S: Final = 30.0
"""How long the client tries by itself before we hear of it and send again."""

RETRY_S: Final = 1.0

log = structlog.get_logger(__name__)


class PageTooLarge(Exception):
    """The broker does not take a message of this size; sending again never helps."""


@dataclass(slots=True)
class _Item:
    page: RawPage
    future: asyncio.Future[None]
    data: bytes | None = None


def _is_anybody_there(bootstrap: list[str]) -> bool:
    """Whether one of the brokers accepts connections.

    The client's constructor leaves its sockets open when it fails, once for each try.
    """
    for server in bootstrap:
        host, _, port = server.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=2.0).close()
        except (OSError, ValueError):
            continue
        return True
    return False


class PageProducer:
    """Sends pages; `send` returns when the broker has acknowledged.

    Args:
        make: builds the client; a test passes another.
        budget_bytes: bodies that may wait before `has_room` is False.
        delivery_s: how long the client tries a page by itself, in seconds.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        client_id: str,
        budget_bytes: int = BUDGET_BYTES,
        delivery_s: float = DELIVERY_S,
        make: Callable[..., Any] = KafkaProducer,
    ) -> None:
        self._config: dict[str, Any] = {
            "bootstrap_servers": bootstrap.split(","),
            "client_id": client_id,
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": 20,
            "batch_size": 256 * 1024,
            "max_request_size": MAX_MESSAGE_BYTES,
            "max_block_ms": 1000,
            "delivery_timeout_ms": int(delivery_s * 1000),
            "request_timeout_ms": int(min(delivery_s - 0.5, 10.0) * 1000),
            "bootstrap_timeout_ms": 5_000,
            "reconnect_backoff_max_ms": 1_000,
        }
        self._make = make
        self._budget_bytes = budget_bytes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._unacked: dict[int, _Item] = {}
        self._generation = 0
        self._waiting_bytes = 0
        self._thread = threading.Thread(target=self._run, name="page-producer", daemon=True)
        self._stopping = threading.Event()
        self._broken = threading.Event()
        self.is_up = False
        self.acked = 0
        self.errors = 0

    @property
    def waiting_bytes(self) -> int:
        """Bodies that wait for their ack."""
        return self._waiting_bytes

    @property
    def has_room(self) -> bool:
        """Whether more may be claimed: the broker is there and the budget is not used up."""
        return self.is_up and self._waiting_bytes < self._budget_bytes

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Starts the thread; futures are fulfilled on `loop`."""
        self._loop = loop
        self._thread.start()

    async def send(self, page: RawPage) -> None:
        """Returns when the broker has acknowledged `page`, however long that takes.

        Raises:
            PageTooLarge: the broker will never take it.
            asyncio.CancelledError: the producer was stopped before.
        """
        assert self._loop is not None
        future: asyncio.Future[None] = self._loop.create_future()
        size_bytes = len(page.body)
        with self._lock:
            self._waiting_bytes += size_bytes
        self._queue.put(_Item(page, future))
        try:
            await future
        finally:
            with self._lock:
                self._waiting_bytes -= size_bytes

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ends the thread; pages that were not acknowledged are given up. Blocks: call it from a thread."""
        self._stopping.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        client: Any = None
        while not self._stopping.is_set():
            if self._broken.is_set():
                # A new client: an idempotent one that gave a batch up may refuse everything after it.
                self._abandon(client)
                client = None
                self._broken.clear()
            if client is None:
                client = self._connect()
                continue
            try:
                item = self._queue.get(timeout=1.0)
            except queue.Empty:
                continue
            if item is not None and not item.future.cancelled():
                self._pass_on(client, item)
        self._abandon(client)

    def _connect(self) -> Any:
        """A client that knows the topic, or None after a pause."""
        client: Any = None
        try:
            if not _is_anybody_there(self._config["bootstrap_servers"]):
                raise KafkaConnectionError("nobody listens there")
            client = self._make(**self._config)
            if not client.partitions_for(PAGES):
                raise KafkaError(f"no topic {PAGES}")
        except (KafkaError, OSError, ValueError) as error:
            self.is_up = False
            log.warning("broker is away", action="broker_away", why=cut(repr(error)))
            self._abandon(client)
            self._stopping.wait(RETRY_S)
            return None
        self.is_up = True
        log.info("broker is there", action="broker_up")
        return client

    def _pass_on(self, client: Any, item: _Item) -> None:
        """Hands one page to the client."""
        with self._lock:
            self._unacked[id(item)] = item
        generation = self._generation
        try:
            if item.data is None:
                item.data = encode_page(item.page)
            sent = client.send(PAGES, key=item.page.url_key.encode(), value=item.data)
        except MessageSizeTooLargeError:
            self._end(item, PageTooLarge())
        except (KafkaError, OSError, AssertionError) as error:
            self._is_lost(error)
        else:
            sent.add_callback(lambda _: self._acked(item))
            sent.add_errback(lambda error: self._failed(item, generation, error))

    def _acked(self, item: _Item) -> None:
        # On the client's own thread, as `_failed`. An ack of a client that was given up counts all the same.
        self.acked += 1
        self._end(item, None)

    def _failed(self, item: _Item, generation: int, error: BaseException) -> None:
        if isinstance(error, MessageSizeTooLargeError):
            self._end(item, PageTooLarge())
        elif generation == self._generation:
            self._is_lost(error)

    def _is_lost(self, error: BaseException) -> None:
        """The client is of no more use; what it has not delivered goes to the next one."""
        self.errors += 1
        self.is_up = False
        self._broken.set()
        log.warning("page not acknowledged", action="broker_away", why=cut(repr(error)))

    def _end(self, item: _Item, error: Exception | None) -> None:
        with self._lock:
            self._unacked.pop(id(item), None)

        def fulfil() -> None:
            if item.future.done():
                return
            if error is None:
                item.future.set_result(None)
            else:
                item.future.set_exception(error)

        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(fulfil)

    def _abandon(self, client: Any) -> None:
        """Ends a client at once, and takes back what it has not delivered.

        Its own `close` waits for its batches first and leaves everything open when they do not end in time.
        """
        self._generation += 1
        if client is not None:
            try:
                client._sender.force_close()
                client._sender.join(2.0)
                client.close(timeout=1)
            except (KafkaError, OSError, ValueError, AttributeError) as error:
                log.warning("producer not closed", action="broker_close", why=cut(repr(error)))
        with self._lock:
            left, self._unacked = list(self._unacked.values()), {}
        for item in left:
            if not item.future.cancelled():
                self._queue.put(item)
