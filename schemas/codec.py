"""Records to bytes and back: Avro single-object encoding, without a registry.

A message is `C3 01`, the schema's 64-bit Rabin fingerprint (little-endian), then the Avro binary body. The
reader looks the writer's schema up by that fingerprint among the schemas that ship with this package, so a
new version of a schema is added beside the old one and both stay readable.

Source: Avro 1.12 specification, "Single-object encoding".
"""

from __future__ import annotations

import io
import json
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

import fastavro
import zstandard
from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

from schemas.errors import MessageError, cut
from schemas.records import CopyEvent, RawPage

__all__ = ["MAX_BODY_BYTES", "decode_copy", "decode_page", "encode_copy", "encode_page"]

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""Bound on a decompressed body. Crawlers cut at 5 MiB; what is far above is a bomb."""

_MARKER: Final = b"\xc3\x01"
_ZSTD_LEVEL: Final = 3


@cache
def _schema(name: str) -> tuple[Any, bytes]:
    """The parsed schema `messages/<name>.avsc` and its fingerprint as 8 little-endian bytes."""
    raw = json.loads(files("schemas.messages").joinpath(f"{name}.avsc").read_text("utf-8"))
    digest = fingerprint(to_parsing_canonical_form(raw), "CRC-64-AVRO")
    return parse_schema(raw), bytes.fromhex(digest)


def _encode(name: str, datum: dict[str, Any]) -> bytes:
    schema, print_ = _schema(name)
    out = io.BytesIO()
    out.write(_MARKER)
    out.write(print_)
    fastavro.schemaless_writer(out, schema, datum)
    return out.getvalue()


def _decode(name: str, data: bytes) -> dict[str, Any]:
    schema, print_ = _schema(name)
    if data[:2] != _MARKER:
        raise MessageError(f"not an Avro single-object message: starts with {data[:2].hex() or 'nothing'}")
    if data[2:10] != print_:
        raise MessageError(f"message has an unknown schema {data[2:10].hex()}, wanted {name} {print_.hex()}")
    stream = io.BytesIO(data[10:])
    try:
        datum = fastavro.schemaless_reader(stream, schema, None)
    except (EOFError, ValueError, IndexError, UnicodeDecodeError, OverflowError, TypeError) as error:
        raise MessageError(f"message of schema {name} is damaged: {cut(repr(error))}") from error
    if stream.read(1):
        raise MessageError(f"message of schema {name} has bytes after its end")
    return cast("dict[str, Any]", datum)


def encode_page(page: RawPage) -> bytes:
    """`page` as the value of a message on the pages topic."""
    datum: dict[str, Any] = {f.name: getattr(page, f.name) for f in fields(page)}
    datum["page_id"] = str(page.page_id)
    datum["body"] = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(page.body)
    datum["body_size_bytes"] = len(page.body)
    return _encode("raw_page", datum)


def decode_page(data: bytes) -> RawPage:
    """The page that `encode_page` made `data` from.

    Raises:
        MessageError: `data` is damaged or of another schema; a retry never helps.
    """
    datum = _decode("raw_page", data)
    size_bytes = datum.pop("body_size_bytes")
    if not 0 <= size_bytes <= MAX_BODY_BYTES:
        raise MessageError(f"page body claims {size_bytes} bytes, over the bound of {MAX_BODY_BYTES}")
    try:
        reader = zstandard.ZstdDecompressor().stream_reader(datum["body"])
        body = reader.read(size_bytes + 1)
    except zstandard.ZstdError as error:
        raise MessageError(f"page message is damaged: {cut(repr(error))}") from error
    if len(body) != size_bytes:
        raise MessageError(f"page body has {len(body)} bytes, its message says {size_bytes}")
    datum["body"] = body
    return RawPage(**datum)


def encode_copy(event: CopyEvent) -> bytes:
    """`event` as the value of a message on the copies topic."""
    datum = {f.name: getattr(event, f.name) for f in fields(event)}
    return _encode("copy_event", {"event_key": event.event_key, **datum})


def decode_copy(data: bytes) -> CopyEvent:
    """The event that `encode_copy` made `data` from.

    Raises:
        MessageError: `data` is damaged or of another schema.
    """
    datum = _decode("copy_event", data)
    datum.pop("event_key")
    return CopyEvent(**datum)
