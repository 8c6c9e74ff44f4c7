"""Which servers a command uses: those that are configured, else embedded ones on the data directory.

    with servers(settings) as found:
        found.database_url, found.kafka_bootstrap

Several commands on one data directory share its servers; the last one to leave stops them. What a killed
command left running is found and reused. Nothing after this module knows whether a server is embedded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from infra.broker_server import BrokerServer
from infra.locks import UserCount, exclusive
from infra.postgres_server import PostgresServer
from schemas.errors import UsageError, cut
from schemas.settings import Settings

__all__ = ["Servers", "broker_of", "postgres_of", "servers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Where the servers are.

    Attributes:
        kafka_bootstrap: None where the command asked for no broker and none is configured.
        broker_started_at: of an embedded broker, UTC: pages published before are not on it. None for a real one.
    """

    database_url: str
    kafka_bootstrap: str | None
    is_database_embedded: bool
    is_broker_embedded: bool
    broker_started_at: datetime | None = None

    @property
    def bootstrap(self) -> str:
        """The broker, for a command that asked for one."""
        assert self.kafka_bootstrap is not None
        return self.kafka_bootstrap


class _Server(Protocol):
    def start(self) -> bool: ...
    def stop(self) -> None: ...


def postgres_of(data_dir: Path, *, is_durable: bool = True) -> PostgresServer:
    """The embedded Postgres of a data directory, running or not."""
    return PostgresServer(folder=data_dir.resolve() / "postgres", is_durable=is_durable)


def broker_of(data_dir: Path) -> BrokerServer:
    """The embedded broker of a data directory, running or not."""
    return BrokerServer(folder=data_dir.resolve() / "broker")


@contextmanager
def _used(server: _Server, data_dir: Path, name: str) -> Iterator[None]:
    """Use `server`: started if need be, stopped by the last user."""
    locks = data_dir / "locks"
    users = UserCount(locks / f"{name}.users")
    with exclusive(locks / f"{name}.start"):
        users.enter()
        try:
            server.start()
        except BaseException:
            users.leave()
            raise
    try:
        yield
    finally:
        with exclusive(locks / f"{name}.start"):
            if users.leave():
                server.stop()


@contextmanager
def servers(settings: Settings, *, with_broker: bool = True, is_durable: bool = True) -> Iterator[Servers]:
    """The servers of `settings`, running for as long as the context is open.

    Args:
        with_broker: False for commands that only read the database: no embedded broker is started for them.
        is_durable: False only for tests: the embedded Postgres runs without fsync.

    Raises:
        ServiceUnavailable: an embedded server does not start.
        UsageError: the data directory cannot be written.
    """
    with ExitStack() as stack:
        database_url = settings.database_url
        bootstrap = settings.kafka_bootstrap
        started_at = None
        needs_folder = database_url is None or (with_broker and bootstrap is None)
        data_dir = _made(settings.data_dir) if needs_folder else settings.data_dir
        if database_url is None:
            postgres = postgres_of(data_dir, is_durable=is_durable)
            stack.enter_context(_used(postgres, data_dir, "postgres"))
            database_url = postgres.url()
        if with_broker and bootstrap is None:
            broker = broker_of(data_dir)
            stack.enter_context(_used(broker, data_dir, "broker"))
            bootstrap = broker.bootstrap
            started_at = broker.started_at
        yield Servers(
            database_url=database_url,
            kafka_bootstrap=bootstrap,
            is_database_embedded=settings.database_url is None,
            is_broker_embedded=with_broker and settings.kafka_bootstrap is None,
            broker_started_at=started_at,
        )


def _made(data_dir: Path) -> Path:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        (data_dir / "locks").mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the data directory {cut(data_dir)} cannot be made: {error.strerror}. Name another with --data-dir"
        ) from None
    return data_dir.resolve()
