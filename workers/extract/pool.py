"""Extraction in child processes that can be killed.

The parent hands one page at a time to each child and waits with a deadline. A child that hangs is killed, one
that dies or runs out of memory is replaced; only the page it held pays, with an outcome that says why. Children
are forked by a fork server that has imported everything already, so replacing one costs some 10 ms; they are
reused for many pages and exchanged after `_PAGES_PER_CHILD`, because the libraries' caches grow.

A child ends when its parent does: the closed pipe ends an idle one, its CPU limit a busy one.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Final, Self

from schemas.errors import cut
from schemas.outcomes import Outcome
from schemas.records import RawPage
from workers.extract.model import Extraction, failed
from workers.extract.name import extractor_name

__all__ = ["ExtractPool"]

_PAGES_PER_CHILD: Final = 2_000
_START_TIMEOUT_S: Final = 60.0
"""The first child waits for the fork server's imports: 2 s here, more on a loaded machine."""


class _Child:
    """One process and the page it works on."""

    def __init__(self, context: ForkServerContext, memory_mb: int, cpu_s: int) -> None:
        ours, theirs = context.Pipe(duplex=True)
        self.pipe = ours
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs, memory_mb, cpu_s), name="wiretrace-extract", daemon=True
        )
        self.process.start()
        theirs.close()
        self.index: int | None = None
        self.deadline = 0.0
        self.done = 0
        self.is_ready = False

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.pipe.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.process.close()


class ExtractPool:
    """A context manager over child processes that extract pages.

    Not for use from several threads at once.

    Args:
        processes: children at work at the same time.
        timeout_s: wall-clock deadline of one page. A page's CPU time has the same bound, twice over.
        memory_mb: what one child may allocate beyond what it holds after its imports, in MiB.
    """

    def __init__(self, processes: int, timeout_s: float, memory_mb: int) -> None:
        if processes < 1:
            raise ValueError(f"an extraction pool needs at least one process, not {processes}")
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["workers.extract.warm"])
        self._size = processes
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._children: list[_Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the children; pages at work are lost. Can be called twice."""
        while self._children:
            self._children.pop().stop()

    def extract_many(self, pages: Sequence[RawPage]) -> list[Extraction]:
        """The extraction of each page, in order. Never raises for a page: a child's end is that page's outcome."""
        results: list[Extraction | None] = [None] * len(pages)
        todo = deque(range(len(pages)))
        tries = [0] * len(pages)
        while todo or any(child.index is not None for child in self._children):
            self._feed(pages, todo, tries)
            for child in self._wait():
                self._take(child, results, todo, tries)
        return [result or failed(Outcome.EXTRACT_FAILED, "lost", extractor_name()) for result in results]

    def _feed(self, pages: Sequence[RawPage], todo: deque[int], tries: list[int]) -> None:
        """Give every idle child a page, starting children where there are too few."""
        while len(self._children) < min(self._size, len(todo) + len(self._children)):
            self._children.append(_Child(self._context, self._memory_mb, int(2 * self._timeout_s) + 2))
        for child in list(self._children):
            if not todo:
                return
            if child.index is not None:
                continue
            index = todo.popleft()
            try:
                child.pipe.send(pages[index])
            except OSError:  # it died while idle: the page never reached it
                self._drop(child)
                tries[index] += 1
                if tries[index] <= 3:
                    todo.appendleft(index)
                    continue
                raise
            child.index = index
            grace = 0.0 if child.is_ready else _START_TIMEOUT_S
            child.deadline = time.monotonic() + self._timeout_s + grace

    def _wait(self) -> list[_Child]:
        """The children that have answered, died or run out of time."""
        busy = [child for child in self._children if child.index is not None]
        if not busy:
            return []
        left = max(0.0, min(child.deadline for child in busy) - time.monotonic())
        ready = wait([child.pipe for child in busy], timeout=left)
        now = time.monotonic()
        return [child for child in busy if child.pipe in ready or child.deadline <= now]

    def _take(
        self, child: _Child, results: list[Extraction | None], todo: deque[int], tries: list[int]
    ) -> None:
        index = child.index
        assert index is not None
        if not child.pipe.poll():
            results[index] = failed(
                Outcome.EXTRACT_TIMEOUT, f"deadline: {self._timeout_s:g} s", extractor_name()
            )
            self._drop(child)
            return
        try:
            answer = child.pipe.recv()
        except (EOFError, OSError):
            child.process.join(5)
            self._died(child, index, results, todo, tries)
            return
        if answer == _READY:
            child.is_ready = True
            child.deadline = time.monotonic() + self._timeout_s
            return
        results[index], is_spent = answer
        child.index = None
        child.done += 1
        if is_spent or child.done >= _PAGES_PER_CHILD:
            self._drop(child)

    def _died(
        self, child: _Child, index: int, results: list[Extraction | None], todo: deque[int], tries: list[int]
    ) -> None:
        code = child.process.exitcode
        was_ready = child.is_ready
        self._drop(child)
        if code == -signal.SIGXCPU:
            results[index] = failed(Outcome.EXTRACT_TIMEOUT, "cpu limit", extractor_name())
        elif not was_ready and tries[index] < 2:
            # It ended before it saw the page: a fault of starting, not of the page.
            tries[index] += 1
            todo.appendleft(index)
        else:
            what = (
                f"signal {signal.Signals(-code).name}"
                if code is not None and code < 0
                else f"exit code {code}"
            )
            results[index] = failed(Outcome.EXTRACT_FAILED, f"crash: {what}", extractor_name())

    def _drop(self, child: _Child) -> None:
        if child in self._children:
            self._children.remove(child)
        child.stop()


_READY: Final = "ready"


def _serve(pipe: Connection, memory_mb: int, cpu_s: int) -> None:
    """The life of a child: read a page, extract it, answer; end when the parent's end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    from workers.extract.page import extract_page

    name = extractor_name()
    _limit_memory(memory_mb)
    try:
        pipe.send(_READY)
        while True:
            page: RawPage = pipe.recv()
            _limit_cpu(cpu_s)
            is_spent = False
            try:
                result = extract_page(page)
            except MemoryError:
                result, is_spent = failed(Outcome.EXTRACT_FAILED, f"memory: over {memory_mb} MiB", name), True
            except RecursionError:
                result = failed(Outcome.EXTRACT_FAILED, "recursion", name)
            except Exception as error:  # noqa: BLE001 - whatever a library raises is this page's outcome
                result = failed(Outcome.EXTRACT_FAILED, cut(f"{type(error).__name__}: {error}"), name)
            del page
            pipe.send((result, is_spent))
            if is_spent:
                return
    except (EOFError, OSError):
        return


def _limit_memory(memory_mb: int) -> None:
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limit = used + memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_cpu(cpu_s: int) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + cpu_s
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
