"""Child processes of this very program: started, watched, started again after a crash, drained and killed.

Knows nothing of what the children do. A child gets SIGTERM to drain and SIGKILL when it takes too long; it is in a
process group of its own, so that Ctrl-C on the terminal reaches the parent alone; and it ends when its parent ends,
however that happens.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from schemas.errors import WiretraceError

__all__ = ["PARENT_VARIABLE", "Children", "end_with_parent", "this_program"]

log = structlog.get_logger(__name__)

PARENT_VARIABLE: Final = "_WIRETRACE_PARENT_PID"
"""Not one of the settings: it is between a parent and its children alone."""

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_HEALTHY_S: Final = 60.0
"""A child that lived this long is started again at once; the pause doubles for those that die sooner."""

_MAX_CRASHES: Final = 6
"""In a row, each sooner than `_HEALTHY_S`: with pauses of 0.5 to 16 s that is half a minute of trying."""


def this_program(*args: str) -> list[str]:
    """The command line of `wiretrace ARGS` with this interpreter and these packages."""
    return [sys.executable, "-m", "infra.cli", *args]


def end_with_parent() -> None:
    """Ask the kernel to send SIGTERM to this process when the one that started it as a child ends (Linux alone)."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None or not sys.platform.startswith("linux"):
        return
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGTERM)
    if os.getppid() != int(parent):
        os.kill(os.getpid(), signal.SIGTERM)  # it ended before we asked


_MAX_LOG_BYTES: Final = 16 * 1024 * 1024
"""A longer log is put aside when its child is started; the one before it is dropped."""


@dataclass(slots=True)
class _Child:
    name: str
    command: Sequence[str]
    log_path: Path
    process: subprocess.Popen[bytes] | None = None
    started_at_s: float = 0.0
    crashes: int = 0
    start_again_at_s: float = 0.0
    is_done: bool = False


@dataclass(slots=True)
class Children:
    """A family of child processes.

    Attributes:
        environment: variables that all of them get, beside this process's own.
        log_dir: each child's output goes to `<log_dir>/<name>.log`; None = to this process's stderr.
    """

    environment: Mapping[str, str]
    log_dir: Path | None
    _children: list[_Child] = field(default_factory=list)
    restarts: int = 0
    _is_draining: bool = False

    def add(self, name: str, command: Sequence[str]) -> None:
        """Start one more child."""
        log_path = (self.log_dir or Path(os.devnull)) / f"{name}.log"
        if log_path.exists() and log_path.stat().st_size > _MAX_LOG_BYTES and log_path.is_file():
            log_path.replace(log_path.with_suffix(".log.1"))
        child = _Child(name=name, command=command, log_path=log_path)
        self._children.append(child)
        self._start(child)

    def _start(self, child: _Child) -> None:
        environment = {**os.environ, **self.environment, PARENT_VARIABLE: str(os.getpid())}
        child.started_at_s = time.monotonic()
        if self.log_dir is None:
            child.process = subprocess.Popen(
                child.command, stdin=subprocess.DEVNULL, env=environment, process_group=0
            )
            return
        self.log_dir.mkdir(parents=True, exist_ok=True)
        with child.log_path.open("ab") as output:
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                process_group=0,
            )

    @property
    def running(self) -> int:
        """How many run now."""
        return sum(c.process is not None and c.process.poll() is None for c in self._children)

    @property
    def is_done(self) -> bool:
        """Whether each has ended by itself, with success."""
        return all(child.is_done for child in self._children)

    @property
    def is_empty(self) -> bool:
        """Whether there is no child at all."""
        return not self._children

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of those that run, by name."""
        return {c.name: c.process.pid for c in self._children if c.process and c.process.poll() is None}

    def watch(self) -> None:
        """Start those again that crashed. Call it about once a second.

        Raises:
            WiretraceError: a child crashes over and over; the end of its log is in the message.
        """
        if self._is_draining:
            return
        now = time.monotonic()
        for child in self._children:
            if child.is_done:
                continue
            if child.process is None:
                if now >= child.start_again_at_s:
                    self.restarts += 1
                    self._start(child)
                continue
            code = child.process.poll()
            if code is None:
                continue
            if code == 0:
                child.is_done = True
                continue
            child.process = None
            child.crashes = 1 if now - child.started_at_s > _HEALTHY_S else child.crashes + 1
            if code == 2 or child.crashes >= _MAX_CRASHES:
                raise WiretraceError(f"{child.name} ended with code {code}{self._last_words(child)}")
            pause_s = min(_FIRST_PAUSE_S * 2 ** (child.crashes - 1), _LONGEST_PAUSE_S)
            child.start_again_at_s = now + pause_s
            log.warning(
                "child crashed", action="child_crashed", child=child.name, code=code, again_in_s=pause_s
            )

    def _last_words(self, child: _Child) -> str:
        if self.log_dir is None or not child.log_path.exists():
            return ""
        lines = child.log_path.read_text(errors="replace").splitlines()[-3:]
        return f"; {child.log_path} ends with:\n" + "\n".join(line[:500] for line in lines)

    def drain(self) -> None:
        """Send SIGTERM to all: they end what they have in hand and stop. Returns at once."""
        self._is_draining = True
        for child in self._children:
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(signal.SIGCONT)
                child.process.terminate()

    def start_again(self) -> None:
        """Start all of them again after they were drained."""
        self._is_draining = False
        for child in self._children:
            child.is_done = False
            child.crashes = 0
            self._start(child)

    def kill(self) -> None:
        """End all of them and their own children at once."""
        self._is_draining = True
        for child in self._children:
            if child.process is not None and child.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
        self.join(10)

    def join(self, timeout_s: float) -> bool:
        """Whether all have ended, after waiting up to `timeout_s` seconds."""
        deadline = time.monotonic() + timeout_s
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                return False
        return True
