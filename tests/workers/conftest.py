"""What every test of the worker needs: extraction processes and a connection as a worker has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workers.database import Connection, connect
from workers.extract.pool import ExtractPool


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractPool]:
    with ExtractPool(processes=1, timeout_s=20, memory_mb=1024) as pool:
        yield pool


@pytest.fixture
def db(database_url: str) -> Iterator[Connection]:
    with connect(database_url) as connection:
        yield connection
