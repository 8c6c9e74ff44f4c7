"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import iter_modules

import pytest

import crawler.discovery

MODULES = [
    *(f"crawler.discovery.{module.name}" for module in iter_modules(crawler.discovery.__path__)),
    *("crawler.sites", "crawler.traps", "crawler.revisit", "schemas.urls"),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_examples() -> None:
    assert sum(doctest.testmod(import_module(name)).attempted for name in MODULES) >= 10
