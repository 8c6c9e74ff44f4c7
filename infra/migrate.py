"""Bring a database to the current schema: migrations once, then all public views and functions.

Owns the order and the lock. Safe from several machines at once: an advisory lock of Postgres is held by this
session alone and falls with it, so a killed migration leaves nothing locked (yoyo's own lock table would stay).
Knows nothing of what the tables mean.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql as pgsql
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI

from schemas.errors import DatabaseUnavailable, SchemaOutdated, WiretraceError
from schemas.settings import redacted
from schemas.sql import migrations_dir, sql, view_files

__all__ = ["LEAST_SERVER_VERSION", "composed", "connect", "migrate", "pending", "require_current"]

LEAST_SERVER_VERSION: Final = 150_000
"""Postgres 15, as `server_version_num`."""

_LOCK_KEY: Final = 0x7769_7265_7472_6163
"""Advisory lock of all Wiretrace migrations: the letters "wiretrac" as a bigint."""

_VIEWS_MARK: Final = "views sha256:"


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo has no types
    """yoyo's psycopg 3 backend, opened from a libpq URL as it is.

    yoyo takes a URL apart and puts it together again, which loses several hosts and `service=`; and it passes
    empty parameters to psycopg, which then reads every `%` of a migration as a placeholder.
    """

    def connect(self, dburi: DatabaseURI) -> psycopg.Connection[Any]:
        connection = connect(dburi.args["conninfo"])
        connection.execute(sql("infra/prepare_migrations").encode())
        return connection

    @contextmanager
    def lock(self, timeout: float = 0) -> Iterator[None]:
        """Nothing: the advisory lock is held already, and yoyo's lock table is never made."""
        yield

    def execute(self, sql: str, params: Any = None) -> Any:
        if params:
            return super().execute(sql, params)
        cursor = self.cursor()
        cursor.execute(sql)
        return cursor


def connect(database_url: str) -> psycopg.Connection[Any]:
    """An autocommit connection to `database_url`.

    Raises:
        DatabaseUnavailable: no answer, or the server refuses; the password is not in the message.
    """
    try:
        return psycopg.connect(
            database_url, autocommit=True, connect_timeout=10, application_name="wiretrace"
        )
    except psycopg.OperationalError as error:
        why = " ".join(str(error).split())
        raise DatabaseUnavailable(
            f"cannot connect to {redacted(database_url)}: {redacted(why)}. Try: wiretrace doctor"
        ) from None


def composed(name: str, *parts: pgsql.Composable) -> pgsql.Composed:
    """The query `name` with `parts` in its `{}` places: identifiers and literals where parameters cannot be."""
    return pgsql.SQL(sql(name)).format(*parts)


def _backend(database_url: str) -> _Backend:
    whole = DatabaseURI("postgresql+psycopg", None, None, None, None, "", {"conninfo": database_url})
    return _Backend(whole, "_yoyo_migration")


@contextmanager
def _locked(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that holds the migration lock; waits for another migration to end."""
    with connect(database_url) as connection:
        version = connection.info.server_version
        if version < LEAST_SERVER_VERSION:
            raise WiretraceError(
                f"Postgres {version // 10000} at {redacted(database_url)} is too old; "
                f"Wiretrace needs {LEAST_SERVER_VERSION // 10000} or newer"
            )
        # Without an encoding the server hands out bytes, and counts bytes where characters are meant.
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise WiretraceError(
                f"the database {redacted(database_url)} has the encoding {encoding}; Wiretrace needs UTF8. "
                "Make one with: create database wiretrace encoding 'UTF8' template template0"
            )
        connection.execute(sql("infra/lock_migrations").encode(), {"key": _LOCK_KEY})
        yield connection


def _views_digest() -> str:
    digest = hashlib.sha256()
    for path in view_files():
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _applied_views(connection: psycopg.Connection[Any]) -> str | None:
    """Digest of the view files that were applied last; None before the first time."""
    row = connection.execute(sql("infra/core_comment")).fetchone()
    comment = str(row[0]) if row and row[0] else ""
    return comment.partition(_VIEWS_MARK)[2] or None


def _apply_views(connection: psycopg.Connection[Any]) -> None:
    """All view files in one transaction.

    A view that lost a column, or a function with another result, cannot be replaced: then all of them are dropped
    and made anew, in the same transaction.
    """
    with connection.transaction():
        try:
            with connection.transaction():
                _run_view_files(connection)
        except (psycopg.errors.InvalidTableDefinition, psycopg.errors.InvalidFunctionDefinition):
            names = ",".join(_functions_of_view_files())
            connection.execute(sql("infra/name_functions").encode(), {"names": names})
            connection.execute(sql("infra/drop_views").encode())
            _run_view_files(connection)
        mark = (
            f"Private tables of Wiretrace; read the views in schema wiretrace. {_VIEWS_MARK}{_views_digest()}"
        )
        connection.execute(composed("infra/mark_views", pgsql.Literal(mark)))


def _run_view_files(connection: psycopg.Connection[Any]) -> None:
    for path in view_files():
        try:
            connection.execute(path.read_text("utf-8").encode())
        except psycopg.Error as error:
            error.add_note(f"in view file {path.name}")
            raise


def _functions_of_view_files() -> list[str]:
    """Names of the private functions that the view files make; the others belong to migrations."""
    text = "\n".join(path.read_text("utf-8") for path in view_files())
    return sorted(set(re.findall(r"create or replace function (core\.\w+)", text)))


def migrate(database_url: str, *, is_forced: bool = False) -> list[str]:
    """The names of the migrations that this call applied, after which the schema is current.

    Any number of programs may call it at once: one works, the others wait and then find nothing to do.

    Args:
        is_forced: apply the views even where they are those that were applied last.

    Raises:
        DatabaseUnavailable: the server cannot be reached; a retry can help.
        WiretraceError: the server is too old, or a migration fails; its transaction was rolled back.
    """
    with _locked(database_url) as connection, _backend(database_url) as backend:
        migrations = read_migrations(str(migrations_dir()))
        names: list[str] = []
        for migration in backend.to_apply(migrations):
            try:
                backend.apply_one(migration)
            except psycopg.Error as error:
                raise WiretraceError(f"migration {migration.id} failed: {error}") from error
            names.append(migration.id)
        if names or is_forced or _applied_views(connection) != _views_digest():
            try:
                _apply_views(connection)
            except psycopg.Error as error:
                notes = " ".join(getattr(error, "__notes__", []))
                raise WiretraceError(f"the views cannot be made: {error} {notes}".rstrip()) from error
        return names


def pending(database_url: str) -> list[str]:
    """The names of the migrations that the database lacks, and `views` if those are not current. Changes nothing.

    Raises:
        DatabaseUnavailable: the server cannot be reached; a retry can help.
    """
    known = sorted(path.stem for path in migrations_dir().glob("*.sql"))
    with connect(database_url) as connection:
        has_table = connection.execute(sql("infra/has_migrations").encode()).fetchone()
        if not (has_table and has_table[0]):
            return [*known, "views"]
        applied = {str(row[0]) for row in connection.execute(sql("infra/applied_migrations"))}
        missing = [name for name in known if name not in applied]
        if _applied_views(connection) != _views_digest():
            missing.append("views")
        return missing


def require_current(database_url: str) -> None:
    """Return if the schema is current.

    Raises:
        DatabaseUnavailable: the server cannot be reached; a retry can help.
        SchemaOutdated: migrations are missing.
    """
    missing = pending(database_url)
    if missing:
        raise SchemaOutdated(f"the database lacks {', '.join(missing)}. Run: wiretrace db migrate")
