"""The names of the Kafka topics and what travels on each.

| topic | key | value |
|---|---|---|
| wiretrace.pages.v1 | URL key, UTF-8 | RawPage, Avro single-object encoding |
| wiretrace.pages.dead.v1 | as it came | the original bytes; who, when, why and where in headers |
| wiretrace.copies.v1 | match key | CopyEvent, Avro single-object encoding |
"""

from __future__ import annotations

from typing import Final

__all__ = ["ALL_TOPICS", "COPIES", "DEAD_PAGES", "PAGES"]

PAGES: Final = "wiretrace.pages.v1"
DEAD_PAGES: Final = "wiretrace.pages.dead.v1"
COPIES: Final = "wiretrace.copies.v1"
ALL_TOPICS: Final = (PAGES, DEAD_PAGES, COPIES)
