"""The SQL files: read by name, used, and explained where they are public."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg

from schemas.sql import migrations_dir, sql, view_files

ROOT = Path(__file__).resolve().parents[2]
QUERIES = ROOT / "schemas" / "sql" / "queries"


def test_every_query_is_used_by_some_module() -> None:
    names = {str(path.relative_to(QUERIES).with_suffix("")) for path in QUERIES.rglob("*.sql")}
    source = "\n".join(
        path.read_text("utf-8")
        for room in ("crawler", "workers", "infra", "tests")
        for path in (ROOT / room).rglob("*.py")
    )
    # Some shells name a query of their own room by its last part alone.
    quoted = set(re.findall(r"[\"']([\w/]+)[\"']", source))
    used = {name for name in names if {name, Path(name).name} & quoted}
    assert names - used == set()
    assert all(sql(name).strip() for name in names)


def test_migrations_are_numbered_without_gaps_and_depend_on_an_earlier_one() -> None:
    paths = sorted(migrations_dir().glob("*.sql"))
    assert [int(path.name[:4]) for path in paths] == list(range(1, len(paths) + 1))
    for path in paths[1:]:
        depends = re.search(r"^-- depends: (\S+)", path.read_text("utf-8"), re.MULTILINE)
        assert depends, path.name
        assert depends[1] < path.stem


def test_no_module_holds_sql_text() -> None:
    statement = re.compile(
        r"[\"'](select\s+\w|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\()",
        re.IGNORECASE,
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for room in ("crawler", "workers")
        for path in (ROOT / room).rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if statement.search(line)
    ]
    assert found == []


def test_everything_public_has_a_comment(connection: psycopg.Connection[Any]) -> None:
    bare = connection.execute(
        """
        select c.relname || coalesce('.' || a.attname, '')
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'wiretrace'
        left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('r', 'v', 'm', 'p')
          and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null)
        union all
        select p.proname || '()' from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'wiretrace' and obj_description(p.oid, 'pg_proc') is null
        """
    ).fetchall()
    assert bare == []


PUBLIC_COLUMNS = {
    "articles": "article_id url canonical_url site title byline published_at first_seen_at language word_count text "
    "cluster_id is_origin credit_agency source_link_url",
    "clusters": "cluster_id title size sites origin_article_id origin_url origin_site first_published_at "
    "last_published_at spread",
    "cluster_members": "cluster_id article_id url site published_at lag jaccard containment relation evidence",
    "matches": "article_a article_b url_a url_b jaccard containment_a_in_b containment_b_in_a",
    "outcomes": "url outcome reason",
    "dead_letters": "url reason",
}


def test_the_public_relations_have_their_promised_columns(connection: psycopg.Connection[Any]) -> None:
    for relation, promised in PUBLIC_COLUMNS.items():
        columns = {
            row[0]
            for row in connection.execute(
                "select column_name from information_schema.columns where table_schema = 'wiretrace' and table_name = %s",
                (relation,),
            )
        }
        assert set(promised.split()) <= columns, relation


def test_views_can_be_applied_twice(connection: psycopg.Connection[Any]) -> None:
    assert view_files()
    for path in view_files():
        connection.execute(path.read_text("utf-8").encode())
