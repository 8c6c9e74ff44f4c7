"""The cursor that every function of this package takes: inside a transaction that the caller opened."""

from __future__ import annotations

from typing import Any

import psycopg

__all__ = ["Cursor"]

Cursor = psycopg.Cursor[tuple[Any, ...]]
