"""What every test can use: a database and a broker of its own, settings that point there, and no way out.

| fixture | what |
|---|---|
| `database_url` | a fresh database with the current schema, made from a template (about 50 ms) |
| `empty_database_url` | a fresh database with nothing in it |
| `kafka_bootstrap` | a broker whose topics exist and are empty |
| `data_dir` | where commands of a test may keep embedded servers |
| `settings` | `Settings` with both, a data directory of its own and no pause between requests |

The servers are embedded ones; `WIRETRACE_TEST_DATABASE_URL` (a server on which databases can be made) and
`WIRETRACE_TEST_KAFKA` name real ones. Sockets of the test process reach loopback only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import psutil
import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from psycopg import sql as pgsql
from psycopg.conninfo import conninfo_to_dict

from infra.broker_server import BrokerServer
from infra.embedded import postgres_of
from infra.locks import UserCount, exclusive
from infra.migrate import migrate
from infra.topics import ensure_topics
from schemas.errors import WiretraceError
from schemas.settings import PREFIX, Settings, load_settings
from schemas.sql import migrations_dir, view_files
from schemas.topics import ALL_TOPICS

_ROOT = Path(__file__).resolve().parent.parent
_SHARED_DATA = _ROOT.parent / "shared" / "data"


def _loopback_only(event: str, args: tuple[object, ...]) -> None:
    """Audit hook: a connection to anything but loopback fails the test that makes it."""
    if event != "socket.connect":
        return
    address = args[1]
    if isinstance(address, tuple) and isinstance(address[0], str):
        host = address[0]
        if host != "localhost" and not ip_address(host.partition("%")[0]).is_loopback:
            raise PermissionError(f"tests connect to loopback only, not to {host}")


sys.addaudithook(_loopback_only)

# An example may take as long as the machine likes: the 200 ms that are Hypothesis' own time limit are soon over on a
# busy one, and the second run of the example, which is fast, makes that an error ("unreliable test timings").
hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")


_LONG_FILES = (
    "test_broker_away",
    "test_drain",
    "test_no_loss",
    "test_concurrency",
    "test_groups",
    "test_worker",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first: of several at a time none is left alone at the end."""
    items.sort(key=lambda item: "e2e" not in item.path.parts and item.path.stem not in _LONG_FILES)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """Variables of the shell never change a test's result."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if (name.startswith(PREFIX) and not name.startswith("WIRETRACE_TEST_")) or name.startswith("PG"):
                patch.delenv(name)
        yield


# ------------------------------------------------------------------------------------------- Postgres


def _schema_digest() -> str:
    digest = hashlib.sha256()
    for path in [*sorted(migrations_dir().glob("*.sql")), *view_files()]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _execute(admin_url: str, statement: str, *names: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(pgsql.SQL(statement).format(*map(pgsql.Identifier, names)))


def _in_database(admin_url: str, name: str) -> str:
    """`admin_url` with another database, as a URL."""
    parts = conninfo_to_dict(admin_url)
    host, port = str(parts.get("host") or ""), parts.get("port")
    if host.startswith("/"):
        return f"postgresql://{parts.get('user', 'postgres')}@/{name}?host={host}" + (
            f"&port={port}" if port else ""
        )
    password = f":{parts['password']}" if parts.get("password") else ""
    return f"postgresql://{parts['user']}{password}@{host}" + (f":{port}" if port else "") + f"/{name}"


@pytest.fixture(scope="session")
def admin_url(_no_settings_from_outside: None) -> Iterator[str]:
    """A server on which databases can be made. The embedded one is kept between runs, as is its template."""
    configured = os.environ.get("WIRETRACE_TEST_DATABASE_URL")
    if configured:
        try:
            psycopg.connect(configured, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            pytest.exit(f"WIRETRACE_TEST_DATABASE_URL cannot be reached: {error}", returncode=4)
        yield configured
        return
    name = hashlib.sha256(str(_ROOT).encode()).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"wiretrace-tests-{os.geteuid()}-{name}"
    server = postgres_of(folder, is_durable=False)
    users = UserCount(folder / "locks" / "users")
    with exclusive(folder / "locks" / "start"):
        users.enter()
        try:
            server.start()
        except WiretraceError as error:
            pytest.exit(f"the embedded Postgres for tests does not start: {error}", returncode=4)
    yield server.url("postgres")
    with exclusive(folder / "locks" / "start"):
        if users.leave():
            server.stop()


@pytest.fixture(scope="session")
def _template(admin_url: str) -> str:
    """A database with the current schema, to be copied. Made again whenever a migration or a view changes."""
    name = f"wt_template_{_schema_digest()}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(7012)")  # another test run may make it at the same time
        names = {str(row[0]) for row in connection.execute("select datname from pg_database")}
        for old in names:
            is_left = old.startswith("wt_test_") and not psutil.pid_exists(int(old.split("_")[2]))
            if is_left or (old.startswith("wt_template_") and old != name and not os.environ.get("CI")):
                _drop(admin_url, old)
        if name not in names:
            making = f"{name}_making"
            _drop(admin_url, making)
            _execute(admin_url, "create database {}", making)
            migrate(_in_database(admin_url, making))
            _execute(admin_url, "alter database {} rename to {}", making, name)
    return name


def _drop(admin_url: str, name: str) -> None:
    _execute(admin_url, "drop database if exists {} with (force)", name)


def _new_name() -> str:
    return f"wt_test_{os.getpid()}_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def database_url(admin_url: str, _template: str) -> Iterator[str]:
    """A fresh database with the current schema."""
    name = _new_name()
    _execute(admin_url, "create database {} template {}", name, _template)
    yield _in_database(admin_url, name)
    _drop(admin_url, name)


@pytest.fixture
def empty_database_url(admin_url: str) -> Iterator[str]:
    """A fresh database with nothing in it."""
    name = _new_name()
    _execute(admin_url, "create database {}", name)
    yield _in_database(admin_url, name)
    _drop(admin_url, name)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """An autocommit connection to `database_url`."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


# ---------------------------------------------------------------------------------------------- Kafka


@pytest.fixture
def kafka_bootstrap(tmp_path: Path) -> Iterator[str]:
    """A broker with empty topics: an embedded one of this test alone, or the one of `WIRETRACE_TEST_KAFKA`."""
    configured = os.environ.get("WIRETRACE_TEST_KAFKA")
    if configured:
        _empty_topics(configured)
        yield configured
        return
    broker = BrokerServer(folder=tmp_path / "broker", dies_with_us=True)
    broker.start()
    yield str(broker.bootstrap)
    broker.stop()


def _empty_topics(bootstrap: str) -> None:
    """Delete the topics and make them anew."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError, UnknownTopicOrPartitionError

    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","))
    except KafkaError as error:
        pytest.exit(f"WIRETRACE_TEST_KAFKA={bootstrap} cannot be reached: {error}", returncode=4)
    try:
        deadline = time.monotonic() + 30
        while present := sorted(set(admin.list_topics()) & set(ALL_TOPICS)):
            assert time.monotonic() < deadline, f"topics {present} are still there"
            with contextlib.suppress(UnknownTopicOrPartitionError):
                admin.delete_topics(present)
            time.sleep(0.2)
    finally:
        admin.close()
    ensure_topics(bootstrap, replication=1)


# ------------------------------------------------------------------------------------------- settings


@pytest.fixture
def settings(database_url: str, kafka_bootstrap: str, tmp_path: Path) -> Settings:
    """Settings of this test's own servers; change some with `settings.model_copy(update={...})`."""
    return load_settings(
        {},
        database_url=database_url,
        kafka_bootstrap=kafka_bootstrap,
        data_dir=tmp_path / "data",
        crawl_contact="https://crawler.test/about",
        crawl_delay_s=0.0,
        crawl_allow_networks="127.0.0.0/8,::1/128",
    )


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder for embedded servers: not below pytest's own, which other test runs close to the server's user."""
    folder = Path(tempfile.mkdtemp(prefix="wiretrace-data-"))
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pages with ground truth; tests that need it are skipped where it is absent."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("no ../shared/data beside this checkout: real pages with ground truth are not part of it")
    return _SHARED_DATA
