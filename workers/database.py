"""How a worker connects to Postgres, and which of its errors a retry can mend."""

from __future__ import annotations

from typing import Any, Final

import psycopg

from schemas.errors import DatabaseUnavailable, cut
from schemas.settings import redacted

__all__ = ["Connection", "connect", "is_transient"]

Connection = psycopg.Connection[tuple[Any, ...]]

_OPTIONS: Final = (
    # A worker that hangs inside a transaction would hold its row locks and keep VACUUM from the queue tables.
    "-c idle_in_transaction_session_timeout=60000 "
    # Nothing that a worker runs takes minutes; a statement that does is stuck behind a lock.
    "-c statement_timeout=300000 -c lock_timeout=60000 "
    "-c timezone=UTC"
)


def connect(database_url: str, *, application_name: str = "wiretrace worker") -> Connection:
    """A connection in autocommit mode; transactions are opened with `connection.transaction()`.

    Raises:
        DatabaseUnavailable: the server cannot be reached; a retry can help.
    """
    try:
        return psycopg.connect(
            database_url,
            autocommit=True,
            application_name=application_name,
            connect_timeout=10,
            options=_OPTIONS,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"no connection to {redacted(database_url)}: {cut(error)}. Try: wiretrace doctor"
        ) from error


def is_transient(error: BaseException) -> bool:
    """Whether doing the same again can succeed: the server was away, or a lock or a snapshot was in the way.

    Class 08 (connection), 40 (deadlock, serialisation), 53 (no resources), 55P03 (lock not available) and
    57 (shutting down, cancelled) of the SQLSTATE table; an OperationalError without a state never reached the
    server.

    Source: PostgreSQL documentation, appendix "PostgreSQL Error Codes".
    """
    if isinstance(error, DatabaseUnavailable):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate[:2] in ("08", "40", "53", "57") or error.sqlstate in ("55P03", "25P03")
