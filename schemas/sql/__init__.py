"""The SQL of Wiretrace: migrations, views and named queries, as files.

SQL text never stands in Python. A query lives in `queries/<room>/<name>.sql` and is read by
`sql("frontier/claim")`; parameters are psycopg's `%(name)s`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

__all__ = ["migrations_dir", "sql", "view_files"]


def _root() -> Path:
    return Path(str(files("schemas.sql")))


@cache
def sql(name: str) -> str:
    """The text of the query `queries/<name>.sql`.

    Raises:
        FileNotFoundError: there is no such query.
    """
    return (_root() / "queries" / f"{name}.sql").read_text("utf-8")


def migrations_dir() -> Path:
    """The folder of the numbered migrations: each is applied once, in order."""
    return _root() / "migrations"


def view_files() -> list[Path]:
    """The files that create views and functions, in order; all are applied anew at every migrate."""
    return sorted((_root() / "views").glob("*.sql"))
