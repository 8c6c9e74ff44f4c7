"""Numbers to Postgres in its binary format, packed by numpy: many times faster than value by value.

Knows the format (one-dimensional arrays, and rows of COPY) and nothing of what is stored.

Source: PostgreSQL's `array_send` and the documentation of COPY, "Binary Format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from psycopg import adapters
from psycopg.adapt import Dumper
from psycopg.pq import Format

__all__ = ["COPY_HEADER", "COPY_TRAILER", "Float4s", "Int4s", "Int8s", "copied_row", "int8_array", "micros"]

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)

COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER: Final = b"\xff\xff"


class Int8s:
    """A bigint[] as a parameter of a statement.

    Args:
        values: of integers; no nulls.
    """

    __slots__ = ("data",)
    dtype, element, oid = ">i8", 20, 1016

    def __init__(self, values: Iterable[float] | npt.NDArray[Any]) -> None:
        array = values if isinstance(values, np.ndarray) else np.array(list(values), self.dtype)
        self.data = _array(array, self.dtype, self.element)


class Int4s(Int8s):
    """An integer[]."""

    __slots__ = ()
    dtype, element, oid = ">i4", 23, 1007


class Float4s(Int8s):
    """A real[]."""

    __slots__ = ()
    dtype, element, oid = ">f4", 700, 1021


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Int8s) -> bytes:
        return obj.data


class _Int8sDumper(_PackedDumper):
    oid = Int8s.oid


class _Int4sDumper(_PackedDumper):
    oid = Int4s.oid


class _Float4sDumper(_PackedDumper):
    oid = Float4s.oid


# For every connection that is opened later.
adapters.register_dumper(Int8s, _Int8sDumper)
adapters.register_dumper(Int4s, _Int4sDumper)
adapters.register_dumper(Float4s, _Float4sDumper)


def _array(values: npt.NDArray[Any], dtype: str, element: int) -> bytes:
    if not len(values):
        return struct.pack(">iii", 0, 0, element)
    size = np.dtype(dtype).itemsize
    packed = np.empty(len(values), [("size", ">i4"), ("value", dtype)])
    packed["size"], packed["value"] = size, values
    return struct.pack(">iiiii", 1, 0, element, len(values), 1) + packed.tobytes()


def int8_array(values: npt.NDArray[np.int64]) -> bytes:
    """A bigint[] as a field of COPY."""
    return _array(values, ">i8", 20)


def micros(at: datetime) -> bytes:
    """A timestamptz as a field of COPY."""
    since = at - _EPOCH
    return struct.pack(">q", (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def copied_row(fields: Sequence[bytes]) -> bytes:
    """A row of binary COPY."""
    parts = [struct.pack(">h", len(fields))]
    for field in fields:
        parts += (struct.pack(">i", len(field)), field)
    return b"".join(parts)
