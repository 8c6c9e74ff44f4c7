"""Hosts and sites that detectors know by name, from `hosts.toml`. Pure after import."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Final

__all__ = ["KNOWN"]


def _load() -> dict[str, frozenset[str]]:
    raw = tomllib.loads(files("workers.credit").joinpath("hosts.toml").read_text("utf-8"))
    return {name: frozenset(hosts) for name, hosts in raw.items()}


KNOWN: Final[dict[str, frozenset[str]]] = _load()
"""The lists of `hosts.toml` by name."""
