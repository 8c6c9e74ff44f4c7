"""Migrations over a real Postgres."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import psycopg
import pytest

from infra.migrate import _LOCK_KEY, migrate, pending, require_current
from schemas.errors import DatabaseUnavailable, SchemaOutdated, WiretraceError
from schemas.sql import migrations_dir

ALL = sorted(path.stem for path in migrations_dir().glob("*.sql"))


def test_an_empty_database_gets_every_migration_once(empty_database_url: str) -> None:
    assert pending(empty_database_url) == [*ALL, "views"]
    assert migrate(empty_database_url) == ALL
    assert migrate(empty_database_url) == []
    assert pending(empty_database_url) == []


def test_an_outdated_database_is_refused_with_the_command_that_mends(empty_database_url: str) -> None:
    with pytest.raises(SchemaOutdated, match="wiretrace db migrate"):
        require_current(empty_database_url)
    migrate(empty_database_url)
    require_current(empty_database_url)


def test_a_database_in_another_encoding_is_refused_with_the_command_that_makes_a_right_one(
    admin_url: str, empty_database_url: str
) -> None:
    name = f"wt_test_{os.getpid()}_ascii"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0".encode()
        )
    try:
        url = empty_database_url.replace(empty_database_url.split("/")[3].split("?")[0], name)
        with pytest.raises(WiretraceError, match="encoding SQL_ASCII; Wiretrace needs UTF8"):
            migrate(url)
    finally:
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(f"drop database {name}".encode())


def _migrate_and_count(url: str, queue: multiprocessing.Queue[list[str]]) -> None:
    queue.put(migrate(url))


def test_of_four_that_migrate_at_once_one_works_and_none_fails(empty_database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[list[str]] = context.Queue()
    racers = [context.Process(target=_migrate_and_count, args=(empty_database_url, queue)) for _ in range(4)]
    for racer in racers:
        racer.start()
    applied = [queue.get(timeout=150) for _ in racers]
    for racer in racers:
        racer.join()
        racer.close()
    queue.close()
    assert sorted(applied) == [[], [], [], ALL]


def _hold_the_lock(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (_LOCK_KEY,))
        time.sleep(300)


def test_a_killed_migration_leaves_no_lock(empty_database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    holder = context.Process(target=_hold_the_lock, args=(empty_database_url,))
    holder.start()
    held = "select 1 from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())"
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        deadline = time.monotonic() + 120
        while connection.execute(held).fetchone() is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    holder.close()
    assert migrate(empty_database_url) == ALL


def test_an_unreachable_server_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        migrate("postgresql://ann:secret@127.0.0.1:1/wire")
    assert "127.0.0.1:1" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_everything_public_has_a_comment(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    bare = connection.execute(
        """
        select c.relname || coalesce('.' || a.attname, '')
        from pg_class c
        left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'wiretrace'::regnamespace and c.relkind in ('r', 'v', 'm')
          and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)
        union all
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace = 'wiretrace'::regnamespace and obj_description(p.oid, 'pg_proc') is null
        """
    ).fetchall()
    assert bare == []


def test_views_are_replaced_even_where_their_columns_have_changed(
    database_url: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    columns = (
        "select attname from pg_attribute where attrelid = 'wiretrace.outcomes'::regclass and attnum > 0"
    )
    before = connection.execute(columns).fetchall()
    connection.execute("drop view wiretrace.outcomes")
    connection.execute("create view wiretrace.outcomes as select 1 as another")
    assert migrate(database_url, is_forced=True) == []
    assert connection.execute(columns).fetchall() == before


def test_a_view_that_somebody_built_on_ours_is_never_dropped(
    database_url: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    connection.execute("drop view wiretrace.outcomes")
    connection.execute("create view wiretrace.outcomes as select 1 as another")
    connection.execute("create view public.mine as select another from wiretrace.outcomes")
    with pytest.raises(WiretraceError, match=r"mine"):
        migrate(database_url, is_forced=True)
    assert connection.execute("select another from public.mine").fetchall() == [(1,)]
