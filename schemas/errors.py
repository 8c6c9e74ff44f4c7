"""Every error that Wiretrace raises on purpose.

    WiretraceError
    ├── UsageError            exit 2: the caller asked for something impossible
    │   ├── SettingsError     a WIRETRACE_* variable is unknown or has a bad value
    │   └── SiteListError     a line of the site list cannot be used
    ├── ServiceUnavailable    exit 4: a server cannot be reached; a retry can help
    │   ├── DatabaseUnavailable
    │   └── BrokerUnavailable
    ├── SchemaOutdated        exit 1: the database lacks migrations; `wiretrace db migrate`
    └── MessageError          a message on a topic cannot be decoded; a retry never helps

A message names the thing, the value (cut at 200 characters) and the next command to run.
"""

from __future__ import annotations

__all__ = [
    "BrokerUnavailable",
    "DatabaseUnavailable",
    "MessageError",
    "SchemaOutdated",
    "ServiceUnavailable",
    "SettingsError",
    "SiteListError",
    "UsageError",
    "WiretraceError",
    "cut",
]


def cut(value: object, limit: int = 200) -> str:
    """`value` as text of at most `limit` characters, for messages.

    >>> cut("a" * 300, 5)
    'aaaaa…'
    """
    text = str(value)
    return text if len(text) <= limit else text[:limit] + "…"


class WiretraceError(Exception):
    """Something went wrong."""

    exit_code = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class UsageError(WiretraceError):
    """This cannot be done as asked."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown or has a bad value."""


class SiteListError(UsageError):
    """The site list names no site that can be crawled."""


class ServiceUnavailable(WiretraceError):
    """A server that is needed cannot be reached."""

    exit_code = 4


class DatabaseUnavailable(ServiceUnavailable):
    """The Postgres server cannot be reached. Try: wiretrace doctor"""


class BrokerUnavailable(ServiceUnavailable):
    """The Kafka broker cannot be reached. Try: wiretrace doctor"""


class SchemaOutdated(WiretraceError):
    """The database does not have the current schema. Run: wiretrace db migrate"""


class MessageError(WiretraceError):
    """A message cannot be decoded."""
