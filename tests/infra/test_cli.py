"""The command line: help, formats, errors and exit codes."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import click
import psycopg
import pytest

from infra.cli.app import COMMANDS, run
from infra.cli.reference import commands
from schemas.settings import Settings, load_settings

ALL = dict(commands())
LEAVES = {path: command for path, command in ALL.items() if not isinstance(command, click.Group)}


def call(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = run(list(args))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> str:
    """Commands of this test read a fresh database."""
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", database_url)
    monkeypatch.setenv("WIRETRACE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    return database_url


# ------------------------------------------------------------------------------------------------ help


@pytest.mark.parametrize("path", sorted(ALL))
def test_every_command_says_what_it_does_with_an_example(path: str) -> None:
    text = ALL[path].help or ""
    assert "Example" in text, f"{path} --help has no example"
    assert "wiretrace" in text.partition("Example")[2]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_summary_of_a_command_is_its_first_line(name: str) -> None:
    command = ALL[f"wiretrace {name}"]
    assert (command.help or "").splitlines()[0] == COMMANDS[name][1]


@pytest.mark.parametrize("path", sorted(path for path in LEAVES if not path.startswith("wiretrace bench")))
def test_every_command_takes_a_data_directory_and_explains_every_option(path: str) -> None:
    options = [p for p in LEAVES[path].params if isinstance(p, click.Option)]
    assert any("--data-dir" in option.opts for option in options)
    assert [option.name for option in options if not option.help] == []


def test_the_reference_is_current() -> None:
    """In a process of its own: a command remembers the names of its help option from its first use, in any test."""
    page = Path(__file__).parents[2] / "infra" / "cli" / "README.md"
    made = subprocess.run(
        [sys.executable, "-m", "infra.cli.reference"], capture_output=True, text=True, check=True
    )
    assert page.read_text() == made.stdout, "run: python -m infra.cli.reference > infra/cli/README.md"


# ---------------------------------------------------------------------------------------------- errors


def test_a_wrong_command_is_a_usage_error_with_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "clster")
    assert (code, out) == (2, "")
    assert "clusters" in err


def test_an_error_with_json_is_one_object_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", "postgresql://ann:secret@127.0.0.1:1/wire")
    code, out, err = call(capsys, "clusters", "--json")
    assert (code, out) == (4, "")
    error = json.loads(err)["error"]
    assert error["type"] == "DatabaseUnavailable"
    assert error["exit_code"] == 4
    assert "127.0.0.1:1" in error["message"]
    assert "secret" not in err


def test_an_unknown_setting_is_named_with_the_nearest_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRETRACE_DATABSE_URL", "x")
    code, _, err = call(capsys, "status")
    assert code == 2
    assert "WIRETRACE_DATABSE_URL" in err
    assert "WIRETRACE_DATABASE_URL" in err


def test_two_formats_at_once_are_refused(capsys: pytest.CaptureFixture[str], here: str) -> None:
    code, _, err = call(capsys, "clusters", "--csv", "--json")
    assert code == 2
    assert "exclude each other" in err


def test_a_database_without_the_schema_is_named_with_the_command_that_mends_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", empty_database_url)
    code, _, err = call(capsys, "clusters")
    assert code == 1
    assert "wiretrace db migrate" in err
    assert call(capsys, "db", "migrate")[0] == 0
    assert call(capsys, "clusters")[0] == 0


def test_an_empty_data_directory_is_not_filled_by_looking(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = call(capsys, "clusters", "--data-dir", str(tmp_path / "nothing"))
    assert code == 1
    assert "wiretrace run" in err
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("text", ["10x", "m", "1h 5", "-3", ""])
def test_a_bad_duration_is_a_usage_error(capsys: pytest.CaptureFixture[str], here: str, text: str) -> None:
    code, _, err = call(capsys, "clusters", f"--since={text}")
    assert code == 2
    assert "duration" in err


# ------------------------------------------------------------------------------------------------- sql


def test_a_query_gives_the_same_rows_in_every_format(capsys: pytest.CaptureFixture[str], here: str) -> None:
    query = (
        "select 1 as a, 'x,y' as b, null as c, '2024-02-08 04:12+00'::timestamptz as d, interval '90 s' as e"
    )
    want = {"a": 1, "b": "x,y", "c": None, "d": "2024-02-08T04:12:00Z", "e": 90.0}
    assert json.loads(call(capsys, "sql", "-c", query, "--json")[1]) == [want]
    assert [json.loads(line) for line in call(capsys, "sql", "-c", query, "--nl")[1].splitlines()] == [want]
    rows = list(csv.DictReader(io.StringIO(call(capsys, "sql", "-c", query, "--csv")[1])))
    assert rows == [{"a": "1", "b": "x,y", "c": "", "d": "2024-02-08T04:12:00Z", "e": "90.0"}]
    table = call(capsys, "sql", "-c", query)[1]
    assert "2024-02-08 04:12" in table
    assert "(1 row)" in table


def test_a_query_may_be_several_statements_and_finds_the_public_views(
    capsys: pytest.CaptureFixture[str], here: str
) -> None:
    code, out, _ = call(capsys, "sql", "-c", "select 1 as one; select count(*) from clusters", "--json")
    assert code == 0
    assert '"one": 1' in out
    assert '"count": 0' in out


def test_a_percent_sign_in_a_query_is_only_a_percent_sign(
    capsys: pytest.CaptureFixture[str], here: str
) -> None:
    assert json.loads(call(capsys, "sql", "-c", "select 'a' like '%a%' as x", "--json")[1]) == [{"x": True}]


def test_columns_with_one_name_are_told_apart(capsys: pytest.CaptureFixture[str], here: str) -> None:
    assert json.loads(call(capsys, "sql", "-c", "select 1, 2", "--json")[1]) == [
        {"?column?": 1, "?column?_2": 2}
    ]


def test_a_table_is_headed_as_psql_heads_it(capsys: pytest.CaptureFixture[str], here: str) -> None:
    table = call(capsys, "sql", "-c", "select 7 as count, 8 as count")[1]
    assert table.count("count") == 2
    assert "count_2" not in table
    assert "7" in table and "8" in table


def test_a_wrong_query_says_what_the_server_says(capsys: pytest.CaptureFixture[str], here: str) -> None:
    code, _, err = call(capsys, "sql", "-c", "select nothing from clusters")
    assert code == 1
    assert "nothing" in err


# ------------------------------------------------------------------------------------- sites and status


def test_sites_are_added_paused_resumed_and_slowed_down(
    capsys: pytest.CaptureFixture[str], here: str
) -> None:
    assert call(capsys, "sites", "add", "https://paper.test", "https://other.test:8443/")[0] == 0
    assert call(capsys, "sites", "pause", "paper.test")[0] == 0
    assert call(capsys, "sites", "set-delay", "https://paper.test/", "12.5")[0] == 0
    rows = {row["site"]: row for row in json.loads(call(capsys, "sites", "list", "--json")[1])}
    assert sorted(rows) == ["other.test", "paper.test"]
    assert rows["paper.test"]["is_paused"] is True
    assert rows["paper.test"]["delay_s"] == 12.5
    assert rows["other.test"]["is_paused"] is False
    states = {row["site"]: row["state"] for row in json.loads(call(capsys, "frontier", "--json")[1])}
    assert states == {"paper.test": "paused", "other.test": "due"}
    assert call(capsys, "sites", "resume", "paper.test")[0] == 0
    states = {row["site"]: row["state"] for row in json.loads(call(capsys, "frontier", "--json")[1])}
    assert states["paper.test"] == "due"
    code, out, _ = call(capsys, "sites", "show", "paper.test")
    assert code == 0
    assert "https://paper.test/" in out


def test_a_site_that_is_not_listed_is_named(capsys: pytest.CaptureFixture[str], here: str) -> None:
    code, _, err = call(capsys, "sites", "pause", "nobody.test")
    assert code == 1
    assert "nobody.test" in err


def test_bad_lines_of_a_site_list_are_named_by_number_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str], here: str, tmp_path: Path
) -> None:
    path = tmp_path / "sites.txt"
    path.write_text(
        "https://one.test\n\n# a remark\nnot a url at all\nftp://three.test\nhttps://four.test/\n"
    )
    code, out, err = call(capsys, "sites", "add", str(path))
    assert code == 3
    assert "line 4" in err
    assert "line 5" in err
    assert out.split() == ["added", "one.test", "added", "four.test"]


def test_status_counts_pages_and_raises_alerts(
    capsys: pytest.CaptureFixture[str], here: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    code, out, _ = call(capsys, "status", "--json")
    assert code == 0
    connection.execute(
        "insert into core.pages (page_id, url_key, url, site, crawl_id, found_by, fetched_at, published_at)"
        " values (gen_random_uuid(), 'a.test/1', 'https://a.test/1', 'a.test', 'x', 'feed', now(), now() - interval '1 h')"
    )
    code, out, _ = call(capsys, "status", "--json")
    facts = {(row["kind"], row["name"]): row for row in json.loads(out)}
    assert code == 3
    assert facts["total", "pages_open"]["value"] == 1
    assert "wiretrace worker" in facts["alert", "pages_stuck"]["detail"]
    assert "! 1 published page waits" in call(capsys, "status")[1]


# ---------------------------------------------------------------------------------------- show, doctor


def test_show_says_what_is_known_of_a_url_that_is_no_article(
    capsys: pytest.CaptureFixture[str], here: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    code, _, err = call(capsys, "show", "https://a.test/gone")
    assert code == 1
    assert "not known" in err
    connection.execute(
        "insert into core.pages (page_id, url_key, url, site, crawl_id, found_by, fetched_at, outcome, reason, worked_at)"
        " values (gen_random_uuid(), 'a.test/gone', 'https://a.test/gone', 'a.test', 'x', 'feed', now(), 'not_article', 'a listing', now())"
    )
    _, _, err = call(capsys, "show", "https://a.test/gone")
    assert "not_article (a listing)" in err


def test_doctor_names_every_fault_with_the_command_that_mends_it(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    empty_database_url: str,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", empty_database_url)
    monkeypatch.setenv("WIRETRACE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("WIRETRACE_DATA_DIR", str(tmp_path))
    code, out, _ = call(capsys, "doctor", "--json")
    found = {row["name"]: row for row in json.loads(out)}
    assert code == 3
    assert found["schema"]["mend"] == "wiretrace db migrate"
    assert "WIRETRACE_CRAWL_CONTACT" in found["contact"]["mend"]
    assert found["broker"]["verdict"] == "bad"
    assert found["database"]["verdict"] == "ok"


@pytest.mark.kafka
def test_doctor_finds_nothing_where_all_is_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", str(settings.database_url))
    monkeypatch.setenv("WIRETRACE_KAFKA_BOOTSTRAP", str(settings.kafka_bootstrap))
    monkeypatch.setenv("WIRETRACE_CRAWL_CONTACT", "https://crawler.test/about")
    monkeypatch.setenv("WIRETRACE_DATA_DIR", str(settings.data_dir))
    code, out, _ = call(capsys, "doctor", "--json")
    assert [row for row in json.loads(out) if row["verdict"] == "bad"] == []
    assert code == 0


def test_settings_lists_every_setting_and_no_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", "postgresql://ann:secret@db.test/wire")
    code, out, _ = call(capsys, "settings", "--json")
    assert code == 0
    rows = {row["variable"]: row for row in json.loads(out)}
    assert set(rows) == {"WIRETRACE_" + name.upper() for name in Settings.model_fields}
    assert rows["WIRETRACE_DATABASE_URL"]["from"] == "environment"
    assert "secret" not in out


def test_crawling_without_a_contact_is_refused(
    capsys: pytest.CaptureFixture[str], here: str, tmp_path: Path
) -> None:
    path = tmp_path / "sites.txt"
    path.write_text("https://one.test\n")
    code, _, err = call(capsys, "run", str(path))
    assert code == 2
    assert "WIRETRACE_CRAWL_CONTACT" in err


def test_the_embedded_url_is_printed_without_starting_anything(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = call(capsys, "db", "url", "--data-dir", str(tmp_path / "d"))
    assert code == 0
    assert out.startswith("postgresql://")
    assert not (tmp_path / "d").exists()
    assert load_settings({}, data_dir=tmp_path).database_url is None


# --------------------------------------------------------------------------------------------- database


def _spans(database_url: str, *days: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "select core.ensure_sketch_partition(day) from unnest(%s::timestamptz[]) day", (list(days),)
        )


def test_old_sketches_are_dropped_by_date_by_age_or_all_and_listed(
    capsys: pytest.CaptureFixture[str], here: str
) -> None:
    _spans(here, "2024-01-01", "2024-02-01", "2024-03-01", "2099-01-01")
    code, out, err = call(capsys, "db", "prune", "--before", "2024-01-22", "--json")
    assert code == 0
    (row,) = json.loads(out)
    assert (row["seen_from"], row["seen_until"]) == ("2023-12-25T00:00:00Z", "2024-01-22T00:00:00Z")
    assert row["size_bytes"] > 0
    assert "1 span of sketches dropped; all articles, matches and stories are kept" in err
    code, out, _ = call(capsys, "db", "prune", "--older-than", "60")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["sketches_20240122", "sketches_20240219"]
    assert call(capsys, "db", "prune", "--older-than", "0")[1] == "no span of sketches is that old\n"
    assert len(json.loads(call(capsys, "db", "prune", "--all", "--json")[1])) == 1


@pytest.mark.parametrize("options", [(), ("--all", "--older-than", "3"), ("--before", "yesterday")])
def test_pruning_without_one_limit_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], here: str, options: tuple[str, ...]
) -> None:
    assert call(capsys, "db", "prune", *options)[0] == 2
