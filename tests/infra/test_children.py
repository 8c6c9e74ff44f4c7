"""Child processes: started again after a crash, drained, killed, and never left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import infra.children
from infra.children import Children
from schemas.errors import WiretraceError


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def _until(condition: Callable[[], bool], children: Children | None = None, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        if children is not None:
            children.watch()
        time.sleep(0.02)


def _has_ended(process: psutil.Process) -> bool:
    """Whether it is gone or waits to be collected; in one look, as it may go between two."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Children:
    monkeypatch.setattr(infra.children, "_FIRST_PAUSE_S", 0.01)
    return Children(environment={"GREETING": "hello"}, log_dir=tmp_path / "logs")


def test_a_child_gets_its_environment_and_a_log(family: Children, tmp_path: Path) -> None:
    family.add("one", _python("import os; print(os.environ['GREETING'])"))
    _until(lambda: family.is_done, family)
    assert (tmp_path / "logs" / "one.log").read_text() == "hello\n"


def test_a_crashed_child_is_started_again(family: Children, tmp_path: Path) -> None:
    mark = tmp_path / "tries"
    family.add(
        "one",
        _python(
            f"f=open({str(mark)!r},'a'); f.write('x'); f.close(); import sys, os; sys.exit(os.path.getsize({str(mark)!r}) < 3)"
        ),
    )
    _until(lambda: family.is_done, family)
    assert mark.read_text() == "xxx"
    assert family.restarts == 2


def test_a_child_that_always_crashes_is_given_up_with_its_last_words(family: Children) -> None:
    family.add("one", _python("import sys; print('no such luck', file=sys.stderr); sys.exit(1)"))
    with pytest.raises(WiretraceError, match=r"(?s)one ended with code 1.*no such luck"):
        _until(lambda: False, family)


def test_a_usage_error_of_a_child_is_not_tried_again(family: Children) -> None:
    family.add("one", _python("import sys; sys.exit('wrong setting') if False else sys.exit(2)"))
    with pytest.raises(WiretraceError, match="code 2"):
        _until(lambda: False, family)
    assert family.restarts == 0


def test_draining_lets_a_child_finish(family: Children, tmp_path: Path) -> None:
    code = """
import signal, time
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
print('ready', flush=True)
while not stop: time.sleep(0.01)
print('finished', flush=True)
"""
    log = tmp_path / "logs" / "one.log"
    family.add("one", _python(code))
    _until(lambda: log.read_text() == "ready\n")
    family.drain()
    assert family.join(60)
    assert log.read_text() == "ready\nfinished\n"


def test_killing_ends_a_child_that_does_not_listen_and_its_own_children(
    family: Children, tmp_path: Path
) -> None:
    code = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
print(grandchild.pid, flush=True)
time.sleep(60)
"""
    log = tmp_path / "logs" / "one.log"
    family.add("one", _python(code))
    _until(lambda: log.read_text().endswith("\n"))
    grandchild = psutil.Process(int(log.read_text()))
    family.drain()
    assert not family.join(0.3)
    family.kill()
    assert family.running == 0
    _until(lambda: _has_ended(grandchild))


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    child = "from infra.children import end_with_parent; end_with_parent(); print('up', flush=True); import time; time.sleep(60)"
    parent = f"""
import time
from pathlib import Path
from infra.children import Children
children = Children(environment={{}}, log_dir=Path({str(tmp_path)!r}))
children.add('one', {_python(child)!r})
print(children.pids['one'], flush=True)
time.sleep(60)
"""
    process = subprocess.Popen(_python(parent), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child_process = psutil.Process(int(process.stdout.readline()))
    log = tmp_path / "one.log"
    _until(lambda: log.exists() and log.read_text() == "up\n")
    process.kill()
    process.wait(60)
    process.stdout.close()
    _until(lambda: _has_ended(child_process))
