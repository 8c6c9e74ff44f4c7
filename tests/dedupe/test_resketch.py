"""Sketches of an earlier scheme, made anew from their words."""

from __future__ import annotations

from typing import Any

import pytest

from infra.cli.app import run
from tests.dedupe.written import article, stories, tables, work
from workers.dedupe import resketch as resketch_module
from workers.dedupe.notes import claim_notes
from workers.dedupe.planted_writer import Writer
from workers.dedupe.resketch import resketch
from workers.dedupe.sketch import SCHEME, sketch_lines
from workers.dedupe.store import Index


def _outdate(conn: Any, ids: list[int]) -> None:
    """As if these sketches had been made by scheme 1, with other keys."""
    conn.execute(
        "insert into core.sketch_schemes select 1, permutation, seed, num_perm, hash, shingle, normalisation, bands, "
        "rows, passage, now() from core.sketch_schemes"
    )
    conn.execute(
        "update core.sketches set scheme_id = 1, keys = array[1], signature = '' where article_id = any(%s)",
        (ids,),
    )


def test_sketches_of_an_earlier_scheme_are_made_anew_from_their_words(
    connection: Any, writer: Writer
) -> None:
    """As if never made another way: the same stories, and every article looked up again."""
    lines, other = writer.story(300), writer.story(200)
    old = [article("a", lines), article("b", lines, 1), article("c", other, 2)]
    new = [article("d", lines, 3), article("e", other, 4)]
    work(connection, [*old, *new])
    right = tables(connection)
    sketches = (
        "select article_id, version, first_seen_at, set_size, revision, words, signature, keys, scheme_id"
    )
    made_right = connection.execute(f"{sketches} from core.sketches order by 1").fetchall()
    connection.execute(
        "truncate core.articles, core.sketches, core.matches, core.sketch_schemes restart identity cascade"
    )
    ids = work(connection, old)
    _outdate(connection, ids)
    work(connection, new)
    assert len(stories(connection)) == 1, "the new ones do not find the old ones"
    seen: list[tuple[int, int]] = []
    done = resketch(connection, on_progress=lambda at, of: seen.append((at, of)))
    assert (done.made, done.left) == (3, 0)
    assert seen[-1] == (3, 3)
    assert connection.execute(f"{sketches} from core.sketches order by 1").fetchall() == made_right
    assert connection.execute("select scheme_id from core.sketch_schemes").fetchall() == [(SCHEME.scheme_id,)]
    with connection.transaction(), connection.cursor() as cur:
        notes = claim_notes(cur, 100)
        assert sorted(notes.article_ids) == sorted(ids)
        Index().resolve(cur, notes.article_ids)
    assert tables(connection) == right
    assert resketch(connection).made == 0


def test_sketches_of_other_words_stay_as_they_are(connection: Any, writer: Writer) -> None:
    ids = work(connection, [article("a", writer.story(200)), article("b", writer.story(200))])
    _outdate(connection, ids[:1])
    connection.execute("update core.sketch_schemes set normalisation = 'other' where scheme_id = 1")
    before = connection.execute("select * from core.sketches order by article_id").fetchall()
    done = resketch(connection)
    assert (done.made, done.left) == (0, 1)
    assert connection.execute("select * from core.sketches order by article_id").fetchall() == before
    assert connection.execute("select count(*) from core.sketch_schemes").fetchone() == (2,)
    assert connection.execute("select count(*) from core.resketched").fetchone() == (0,)


def test_a_text_that_is_replaced_before_its_sketch_is_made_anew_keeps_the_newer_sketch(
    connection: Any, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = writer.story(200), writer.story(200)
    ids = work(connection, [article("a", first)])
    _outdate(connection, ids)
    resketch_some = resketch_module._resketch_some

    def replaced_meanwhile(*given: Any) -> int:
        work(connection, [article("a", second)], version=2)
        return resketch_some(*given)

    monkeypatch.setattr(resketch_module, "_resketch_some", replaced_meanwhile)
    assert resketch(connection).made == 0
    held = connection.execute("select version, scheme_id, revision from core.sketches").fetchall()
    assert held == [(2, SCHEME.scheme_id, sketch_lines(second).revision)]


def test_the_command_tells_what_it_did_and_the_doctor_when_it_is_needed(
    connection: Any,
    writer: Writer,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WIRETRACE_DATABASE_URL", database_url)
    lines = writer.story(200)
    _outdate(connection, work(connection, [article("a", lines), article("b", lines)]))
    run(["doctor"])
    assert "mend: wiretrace db resketch" in capsys.readouterr().out
    assert run(["db", "resketch"]) == 0
    assert "2 sketches made anew" in capsys.readouterr().out
    run(["doctor"])
    assert "resketch" not in capsys.readouterr().out
    assert run(["db", "resketch"]) == 0
    assert "0 sketches made anew" in capsys.readouterr().out
