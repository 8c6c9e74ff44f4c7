"""Reading the database for a listing: one query file, one connection, rows as dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from infra.embedded import servers
from infra.migrate import connect, require_current
from schemas.errors import DatabaseUnavailable, WiretraceError
from schemas.settings import Settings, redacted
from schemas.sql import sql

__all__ = ["Reader", "reading"]


class Reader:
    """Runs query files."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def rows(self, name: str, **params: object) -> list[dict[str, Any]]:
        """All rows of `queries/<name>.sql`.

        Raises:
            DatabaseUnavailable: the server went away; a retry can help.
            WiretraceError: the server refuses the query.
        """
        try:
            with self._connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(sql(name).encode(), params).fetchall()
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(
                f"the database does not answer: {error}. Try: wiretrace doctor"
            ) from None
        except psycopg.Error as error:
            raise WiretraceError(f"query {name}: {error}") from error

    def row(self, name: str, **params: object) -> dict[str, Any] | None:
        """The first row, or None."""
        rows = self.rows(name, **params)
        return rows[0] if rows else None

    def execute(self, name: str, **params: object) -> int:
        """Runs a statement without rows; how many rows it touched."""
        return self._connection.execute(sql(name).encode(), params).rowcount


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    """A reader on the database of `settings`; an embedded server is started for as long as it is read.

    Raises:
        DatabaseUnavailable: the server cannot be reached; a retry can help.
        SchemaOutdated: the database lacks migrations.
        WiretraceError: the data directory holds no database yet.
    """
    if settings.database_url is None and not (settings.data_dir / "postgres").exists():
        raise WiretraceError(
            f"there is nothing in {settings.data_dir} yet. Run: wiretrace demo, or wiretrace run SITES; "
            "or name another folder with --data-dir"
        )
    with servers(settings, with_broker=False) as found:
        require_current(found.database_url)
        with connect(found.database_url) as connection:
            try:
                yield Reader(connection)
            except psycopg.OperationalError as error:
                raise DatabaseUnavailable(
                    f"{redacted(found.database_url)} does not answer any more: {error}"
                ) from None
