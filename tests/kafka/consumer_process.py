"""A member of a group in a process of its own, for tests that kill it.

    python -m tests.kafka.consumer_process BOOTSTRAP TOPIC GROUP FILE DELAY_S

The product's consumer and loop; the work is to append each message's key to FILE, which survives this process, and to
take DELAY_S for it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

from workers.loop import Message, Rejected, consume, make_consumer


def main(bootstrap: str, topic: str, group: str, file: str, delay_s: str) -> None:
    consumer = make_consumer(bootstrap, topic, group=group, instance_id=None, client_id="test-process")
    with open(file, "ab", buffering=0) as done:

        def work(messages: Sequence[Message]) -> Sequence[Rejected]:
            for message in messages:
                done.write((message.key or b"") + b"\n")
                time.sleep(float(delay_s))
            return []

        consume(
            consumer, work, lambda rejected: None, is_transient=lambda error: False, stop=threading.Event()
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
