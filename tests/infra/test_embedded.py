"""Embedded servers: started, shared, found again after a kill, and stopped by the last user."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from infra.broker_server import BrokerServer
from infra.embedded import broker_of, postgres_of, servers
from infra.locks import UserCount, exclusive
from infra.postgres_server import _buffers_mb
from schemas.errors import UsageError
from schemas.settings import Settings, load_settings

_USE = """
import sys, time
from pathlib import Path
from infra.embedded import servers
from schemas.settings import load_settings
with servers(load_settings({}, data_dir=Path(sys.argv[1])), is_durable=False) as found:
    print(found.kafka_bootstrap, flush=True)
    time.sleep(float(sys.argv[2]))
"""


def _settings(folder: Path) -> Settings:
    return load_settings({}, data_dir=folder)


def _user(folder: Path, seconds: float) -> subprocess.Popen[str]:
    """Another command on the same data directory."""
    return subprocess.Popen(
        [sys.executable, "-c", _USE, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def folder(data_dir: Path) -> Path:
    return data_dir


def test_both_servers_answer_while_they_are_used_and_end_afterwards(folder: Path) -> None:
    with servers(_settings(folder), is_durable=False) as found:
        with psycopg.connect(found.database_url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        broker = broker_of(folder)
        assert broker.bootstrap == found.kafka_bootstrap
        assert broker.memory_bytes() > 0
    assert not postgres_of(folder).is_answering()
    assert broker_of(folder).bootstrap is None


def test_the_database_keeps_its_rows_from_one_command_to_the_next(folder: Path) -> None:
    with (
        servers(_settings(folder), with_broker=False, is_durable=False) as found,
        psycopg.connect(found.database_url) as connection,
    ):
        connection.execute("create table kept as select 7 as x")
    with (
        servers(_settings(folder), with_broker=False, is_durable=False) as found,
        psycopg.connect(found.database_url) as connection,
    ):
        assert connection.execute("select x from kept").fetchone() == (7,)


def test_two_commands_share_servers_and_the_last_one_stops_them(folder: Path) -> None:
    with servers(_settings(folder), is_durable=False) as found:
        other = _user(folder, 0.5)
        assert other.stdout is not None
        assert other.stdout.readline().strip() == found.kafka_bootstrap
        assert other.wait(120) == 0
        other.stdout.close()
        psycopg.connect(found.database_url).close()
        assert broker_of(folder).bootstrap == found.kafka_bootstrap
    assert not postgres_of(folder).is_answering()


def test_servers_of_a_killed_command_are_found_and_reused_and_stopped(folder: Path) -> None:
    killed = _user(folder, 60)
    assert killed.stdout is not None
    bootstrap = killed.stdout.readline().strip()
    killed.kill()
    killed.wait(60)
    killed.stdout.close()
    before = postgres_of(folder).process()
    assert before is not None
    with servers(_settings(folder), is_durable=False) as found:
        assert found.kafka_bootstrap == bootstrap
        assert postgres_of(folder).process() == before
    assert postgres_of(folder).process() is None
    assert broker_of(folder).bootstrap is None


def test_a_server_that_was_killed_itself_is_started_again(folder: Path) -> None:
    with servers(_settings(folder), is_durable=False) as first:
        process = postgres_of(folder).process()
        assert process is not None
        os.kill(process.pid, signal.SIGQUIT)
        process.wait(60)
        with servers(_settings(folder), is_durable=False) as again:
            assert again.database_url == first.database_url
            with psycopg.connect(again.database_url) as connection:
                assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(("memory_gb", "buffers_mb"), [(0.5, 128), (4, 512), (64, 2048)])
def test_the_server_takes_an_eighth_of_the_memory_within_bounds(memory_gb: float, buffers_mb: int) -> None:
    assert _buffers_mb(int(memory_gb * 2**30)) == buffers_mb


def test_the_running_server_has_the_buffers_that_fit_this_machine(folder: Path) -> None:
    with (
        servers(_settings(folder), with_broker=False, is_durable=False) as found,
        psycopg.connect(found.database_url) as connection,
    ):
        row = connection.execute(
            "select setting::integer * 8 / 1024 from pg_settings where name = 'shared_buffers'"
        )
        assert row.fetchone() == (_buffers_mb(psutil.virtual_memory().total),)


def test_a_process_number_that_another_program_has_now_is_not_taken_for_the_server(folder: Path) -> None:
    server = postgres_of(folder, is_durable=False)
    server.start()
    lines = (server.data / "postmaster.pid").read_text().splitlines()
    server.stop()
    lines[0] = str(os.getpid())
    (server.data / "postmaster.pid").write_text("\n".join(lines) + "\n")
    assert server.process() is None
    assert server.start() is True
    server.stop()


def test_a_broker_that_is_gone_is_replaced(tmp_path: Path) -> None:
    broker = BrokerServer(folder=tmp_path / "broker", dies_with_us=True)
    broker.start()
    first, started_at = broker.bootstrap, broker.started_at
    assert first is not None
    assert started_at is not None
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while broker.bootstrap is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert broker.start() is True
    assert broker.started_at is not None
    assert broker.started_at > started_at
    broker.stop()


def test_an_initdb_that_was_cut_short_is_done_again(folder: Path) -> None:
    server = postgres_of(folder, is_durable=False)
    (server.folder / "data.making" / "base").mkdir(parents=True)
    server.start()
    assert server.is_answering()
    server.stop()


def test_a_data_directory_with_a_very_long_path_works(data_dir: Path) -> None:
    long = data_dir / ("a" * 90) / ("b" * 90)
    with (
        servers(_settings(long), with_broker=False, is_durable=False) as found,
        psycopg.connect(found.database_url) as connection,
    ):
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UsageError, match="--data-dir"),
        servers(_settings(tmp_path / "file" / "below"), with_broker=False),
    ):
        pass


def test_configured_servers_are_used_and_nothing_is_started(folder: Path, database_url: str) -> None:
    settings = load_settings({}, data_dir=folder, database_url=database_url, kafka_bootstrap="127.0.0.1:9")
    with servers(settings) as found:
        assert (found.database_url, found.kafka_bootstrap) == (database_url, "127.0.0.1:9")
        assert not found.is_broker_embedded
        assert found.broker_started_at is None
    assert not folder.exists()


def test_a_lock_falls_with_its_process(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from infra.locks import exclusive
import time
with exclusive(Path({str(tmp_path / "lock")!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    holder.stdout.readline()
    holder.kill()
    holder.wait(60)
    holder.stdout.close()
    with exclusive(tmp_path / "lock"):
        pass


def test_the_last_user_is_told_apart_from_the_others(tmp_path: Path) -> None:
    first, second = UserCount(tmp_path / "users"), UserCount(tmp_path / "users")
    first.enter()
    second.enter()
    assert UserCount(tmp_path / "users").is_used()
    assert first.leave() is False
    assert second.leave() is True
    assert not UserCount(tmp_path / "users").is_used()
