"""CPU time by program while something is measured: says which of them is the limit."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Mapping

import psutil

__all__ = ["cpu_of", "cpu_since", "run_to_end"]


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of its children, also of those that it has seen end. 0 for one that is gone."""
    try:
        process = psutil.Process(pid)
        own = process.cpu_times()
        total = float(own.user + own.system + own.children_user + own.children_system)
        for child in process.children(recursive=True):
            total += _own(child)
    except psutil.NoSuchProcess:
        return 0.0
    return total


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def cpu_since(before: Mapping[str, float], pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds of the programs in `pids` since `before`, by name."""
    return {name: cpu_of(pid) - before[name] for name, pid in pids.items()}


def run_to_end(process: subprocess.Popen[bytes]) -> tuple[bytes, float]:
    """What a child process wrote, and the CPU seconds of its whole life, its own children's included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out or b"", after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
