"""Children with faults in them: pages of a crawl `fault:…` hang, crash, eat memory or raise."""

from __future__ import annotations

import ctypes
import os
import re
import time
from multiprocessing.connection import Connection

from schemas.records import RawPage
from workers.extract import page as page_module
from workers.extract import pool as pool_module
from workers.extract.model import Extraction

_real_serve = pool_module._serve


def _faulty(page: RawPage) -> Extraction:
    match page.crawl_id.partition("fault:")[2]:
        case "hang":
            time.sleep(3600)
        case "hang in C":
            re.match(r"(a+)+$", "a" * 60 + "b")
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "memory":
            hoard = []
            while True:
                hoard.append(bytes(64 * 1024 * 1024))
        case "raise":
            raise ValueError("made for the test")
        case "recurse":
            return _faulty(page)
        case _:
            pass
    return _real(page)


_real = page_module.extract_page


def serve(pipe: Connection, memory_mb: int, cpu_s: int) -> None:
    """`pool._serve` over a faulty `extract_page`."""
    page_module.extract_page = _faulty
    _real_serve(pipe, memory_mb, cpu_s)
