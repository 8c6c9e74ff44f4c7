"""What a program says when no broker is there. Needs none, so it is not repeated for every kind of broker."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_making_a_consumer_where_no_broker_is_fails_within_its_bound_and_says_what_to_do() -> None:
    """In a process of its own: a client whose bootstrap fails leaves its sockets to the garbage collector."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        script = (
            "import time\n"
            "from workers.loop import make_consumer\n"
            "started = time.monotonic()\n"
            "try:\n"
            f"    make_consumer({address!r}, 't', group='g', instance_id=None, client_id='c')\n"
            "finally:\n"
            "    print(time.monotonic() - started)\n"
        )
        ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert f"BrokerUnavailable: no Kafka broker at {address}" in ended.stderr
    assert "wiretrace doctor" in ended.stderr
    assert float(ended.stdout) < 20  # what comes before, the start of Python and the imports, is not bounded
