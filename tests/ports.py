"""Ports for servers that a test starts as processes."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

__all__ = ["free_port"]


def free_port() -> int:
    """A port that is free on every address, below those that the kernel gives to connections: one of these may be taken
    a moment later.

    Source: Linux gives from 32768 on, macOS and RFC 6335 section 6 from 49152.
    """
    while True:
        # Not of `random`: all processes of a test run would draw the same.
        port = 16_000 + secrets.randbelow(16_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("0.0.0.0", port))
            return port
