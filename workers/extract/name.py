"""The name and version of what makes the text, stored with every article. Imports no extractor."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Final

__all__ = ["extractor_name"]

_METHOD: Final = "blocks 2"


@cache
def extractor_name() -> str:
    """What makes the text, e.g. `blocks 2 (trafilatura 2.3.1)`."""
    return f"{_METHOD} (trafilatura {version('trafilatura')})"
