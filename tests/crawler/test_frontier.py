"""The frontier's statements over a real Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from crawler.claims import Claim, Exchange, HostPace, Offer, Settlement
from crawler.frontier import ADDRESS_CAP, Frontier
from crawler.options import CrawlOptions
from crawler.session import Session
from crawler.sites import site_spec
from schemas.sql import sql
from tests.crawler.conftest import wait_for

LEASE_S = 60.0


@pytest.fixture
def db(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def article(url: str, **more: object) -> Offer:
    return Offer(url=url, kind="article", found_by="feed", **more)  # type: ignore[arg-type]


def robots_done(frontier: Frontier, *, limit: int = 100) -> None:
    """Settles every robots.txt that is due as 'the site has none'."""
    for claim in frontier.claim("robots", limit=limit, lease_s=LEASE_S):
        assert claim.kind == "robots"
        frontier.write_robots(claim, "free", body=b"", status=404, crawl_delay_s=0, lifetime_s=86400)
        frontier.settle([done(claim, state="waiting", due_in_s=80000)], crawl_id="c")


def done(claim: Claim, **more: object) -> Settlement:
    values = {"state": "done", "outcome": "published", "host": HostPace(), **more}
    return Settlement(claim=claim, **values)  # type: ignore[arg-type]


def test_robots_comes_before_everything_else_of_a_host(frontier: Frontier) -> None:
    assert frontier.offer([article("http://a.test/1")])["due"] == 1
    [claim] = frontier.claim("c1", limit=10, lease_s=LEASE_S)
    assert (claim.kind, claim.url) == ("robots", "http://a.test/robots.txt")
    assert claim.robots_state == "unknown"


def test_one_request_in_flight_per_host(frontier: Frontier) -> None:
    frontier.offer([article(f"http://{host}.test/{n}") for host in "ab" for n in range(5)])
    robots_done(frontier)
    first = frontier.claim("c1", limit=10, lease_s=LEASE_S)
    assert sorted(c.host_key for c in first) == ["a.test", "b.test"]
    assert frontier.claim("c2", limit=10, lease_s=LEASE_S) == []
    frontier.settle([done(first[0])], crawl_id="c")
    [second] = frontier.claim("c2", limit=10, lease_s=LEASE_S)
    assert second.host_key == first[0].host_key
    assert second.url != first[0].url


def test_the_newest_story_of_a_host_comes_first_and_those_without_a_date_last(frontier: Frontier) -> None:
    def announced(name: str, day: int) -> Offer:
        return article(f"http://a.test/{name}", hint_published_at=datetime(2026, 11, day, tzinfo=UTC))

    frontier.offer([article("http://a.test/0-undated"), announced("1-old", 1), announced("2-newer", 9)])
    robots_done(frontier)
    order = []
    for late in ([announced("3-newest", 20)], [], [], []):
        [claim] = frontier.claim("c1", limit=10, lease_s=LEASE_S)
        order.append(claim.url.rpartition("/")[2])
        frontier.offer(late)  # found while the others wait
        frontier.settle([done(claim)], crawl_id="c")
    assert order == ["2-newer", "3-newest", "1-old", "0-undated"]


def test_a_settle_with_an_old_token_changes_nothing(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.offer([article("http://a.test/1")])
    robots_done(frontier)
    [lost] = frontier.claim("c1", limit=1, lease_s=0.01)
    db.execute("select pg_sleep(0.05)")
    [taken] = frontier.claim("c2", limit=1, lease_s=LEASE_S)
    assert taken.url == lost.url
    assert frontier.settle([done(lost)], crawl_id="c") == set()
    assert frontier.renew([lost.token], lease_s=LEASE_S) == set()
    assert frontier.release([(lost, True)]) == 0
    assert frontier.settle([done(taken)], crawl_id="c") == {taken.token}
    assert db.execute("select count(*) from core.fetches where url like '%/1'").fetchone() == (1,)


def test_a_url_that_kills_its_crawler_three_times_is_quarantined(
    frontier: Frontier, db: psycopg.Connection
) -> None:
    frontier.offer([article("http://a.test/deadly"), article("http://a.test/fine")])
    robots_done(frontier)
    seen = []
    for _ in range(4):
        seen.extend(c.url for c in frontier.claim("c1", limit=1, lease_s=0.0))
        seen.extend(c.url for c in frontier.claim("c1", limit=1, lease_s=0.0))
    assert seen[:3] == ["http://a.test/deadly"] * 3
    assert "http://a.test/fine" in seen
    row = db.execute("select state, reason from core.urls where url = 'http://a.test/deadly'").fetchone()
    assert row == ("quarantined", "killed its crawler 3 times")


def test_the_next_time_of_a_host_counts_from_the_settle(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.offer([article("http://a.test/1"), article("http://a.test/2")])
    robots_done(frontier)
    db.execute("update core.hosts set delay_s = 7, crawl_delay_s = 3")
    [claim] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    frontier.settle([done(claim)], crawl_id="c")
    rows = db.execute(
        "select extract(epoch from h.next_at - f.fetched_at)::float, h.ready_at = h.next_at"
        "  from core.hosts h join core.fetches f using (host_key) where f.kind = 'article'"
    ).fetchall()
    assert rows == [(7.0, True)]
    db.execute("update core.hosts set next_at = now() + interval '1 h', ready_at = now() + interval '1 h'")
    assert frontier.claim("c1", limit=1, lease_s=LEASE_S) == []
    wait = frontier.wait_s()
    assert wait is not None and 3000 < wait <= 3600


def test_a_known_url_is_not_offered_again(frontier: Frontier) -> None:
    assert frontier.offer([article("http://a.test/1?utm_source=x")])["due"] == 1
    again = frontier.offer(
        [article("https://www.a.test/1"), article("nonsense"), article("http://a.test/\x00")]
    )
    assert (again["known"], again["bad_url"], again["due"]) == (1, 2, 0)
    odd = frontier.offer(
        [
            article("http://a.test/2", hint_title="half a \ud83d"),
            article("http://a.test/3", hint_title="\x00"),
            article("http://a.test/4", hint_title="quote ' \" and \\ and \U0001f600 %s"),
        ]
    )
    assert (odd["bad_url"], odd["due"]) == (2, 1)


def test_a_document_that_is_named_replaces_the_usual_place_of_the_same_key(
    frontier: Frontier, db: psycopg.Connection
) -> None:
    frontier.offer([Offer(url="http://a.test/map", kind="sitemap", found_by="seed", is_probe=True)])
    db.execute("update core.urls set state = 'gone' where kind = 'sitemap'")
    frontier.offer([Offer(url="http://a.test/map", kind="sitemap", found_by="seed")])
    assert db.execute("select state from core.urls where kind = 'sitemap'").fetchall() == [("gone",)]
    frontier.offer([Offer(url="http://a.test/map/", kind="sitemap", found_by="seed")])
    rows = db.execute("select url, state, is_probe from core.urls where kind = 'sitemap'").fetchall()
    assert rows == [("http://a.test/map/", "due", False)]


def test_a_dropped_url_is_stored_with_its_reason(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.offer([article("http://a.test/1", drop_reason="calendar")])
    assert db.execute("select state, reason from core.urls").fetchall() == [("dropped", "calendar")]
    assert frontier.claim("c1", limit=1, lease_s=LEASE_S) == []


def test_the_daily_quota_of_a_host_holds_over_offers(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.offer([article("http://a.test/0")])
    db.execute("update core.hosts set daily_quota = 5")
    frontier.offer([article(f"http://a.test/{n}") for n in range(4)])
    frontier.offer([article(f"http://a.test/{n}") for n in range(4, 9)])
    counts = dict(
        db.execute("select state, count(*) from core.urls where kind = 'article' group by 1").fetchall()
    )
    assert counts == {"due": 5, "dropped": 4}
    # The next day they may come in after all.
    db.execute("update core.urls set settled_at = settled_at - interval '1 day' where state = 'dropped'")
    db.execute("update core.hosts set quota_day = quota_day - 1")
    again = frontier.offer([article(f"http://a.test/{n}") for n in range(9)])
    assert (again["due"], again["known"]) == (4, 5)


def test_an_offer_wakes_a_host_that_had_nothing_to_do(frontier: Frontier) -> None:
    frontier.offer([article("http://a.test/1")])
    robots_done(frontier)
    [claim] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    frontier.settle([done(claim)], crawl_id="c")
    assert frontier.claim("c1", limit=1, lease_s=LEASE_S) == []
    assert frontier.wait_s() is None or (frontier.wait_s() or 0) > 60
    frontier.offer([article("http://a.test/2")])
    assert len(frontier.claim("c1", limit=1, lease_s=LEASE_S)) == 1


def test_a_waiting_url_becomes_due_in_time(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.offer([article("http://a.test/1")])
    robots_done(frontier)
    [claim] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    frontier.settle([done(claim, state="waiting", outcome="http_500", due_in_s=3600)], crawl_id="c")
    assert frontier.promote() == 0
    assert frontier.claim("c1", limit=1, lease_s=LEASE_S) == []
    wait = frontier.wait_s()
    assert wait is not None and 3000 < wait <= 3600
    db.execute("update core.urls set due_at = now() where state = 'waiting' and kind = 'article'")
    assert (frontier.wait_s() or 0.0) <= 0
    assert frontier.promote() == 1
    assert len(frontier.claim("c1", limit=1, lease_s=LEASE_S)) == 1


def test_hosts_of_one_address_are_claimed_four_at_a_time(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.offer([article(f"http://h{n}.test/{k}") for n in range(10) for k in range(2)])
    robots_done(frontier)
    db.execute("update core.hosts set address = '192.0.2.1' where host_key < 'h7'")
    first = frontier.claim("c1", limit=100, lease_s=LEASE_S)
    farm = [c for c in first if c.host_key < "h7"]
    assert (len(farm), len(first)) == (ADDRESS_CAP, ADDRESS_CAP + 3)
    db.execute("update core.hosts set ready_at = now() where claim_token is null")
    assert frontier.claim("c2", limit=100, lease_s=LEASE_S) == []
    frontier.settle([done(c) for c in farm[:2]], crawl_id="c")
    db.execute("update core.hosts set ready_at = now() where claim_token is null")
    assert len(frontier.claim("c2", limit=100, lease_s=LEASE_S)) == 2


def test_the_cap_of_an_address_holds_for_claims_at_the_same_moment(
    frontier: Frontier, db: psycopg.Connection, database_url: str
) -> None:
    frontier.offer([article(f"http://h{n}.test/1") for n in range(20)])
    robots_done(frontier)
    db.execute("update core.hosts set address = '192.0.2.1'")
    params = {
        "limit": ADDRESS_CAP,
        "lease_s": LEASE_S,
        "crawler_id": "c1",
        "max_tries": 3,
        "address_cap": ADDRESS_CAP,
        "ahead_s": 0.0,
    }
    waiting = (
        "select count(*) from pg_locks join pg_database d on d.oid = database"
        " where datname = current_database() and locktype = 'advisory' and not granted"
    )
    with psycopg.connect(database_url) as other, ThreadPoolExecutor(1) as pool:
        first = other.execute(sql("frontier/claim").encode(), params).fetchall()
        second = pool.submit(frontier.claim, "c2", limit=100, lease_s=LEASE_S)
        wait_for(lambda: db.execute(waiting).fetchone() == (1,), "the second claim waits for its turn")
        other.commit()
        assert (len(first), second.result(30)) == (ADDRESS_CAP, [])


def test_a_settlement_that_the_database_refuses_costs_the_others_nothing_and_ends_in_quarantine(
    frontier: Frontier, db: psycopg.Connection
) -> None:
    frontier.offer([article(f"http://h{n}.test/1") for n in range(3)])
    robots_done(frontier)
    options = CrawlOptions(lease_s=0.1, timeout_s=0.05)

    async def settle(claims: list[Claim]) -> list[bool]:
        session = Session(frontier, crawler_id="c1", crawl_id="c", options=options, has_room=lambda: True)
        session.start()
        # No smallint: such a status cannot come from the spider, but something else may slip through one day.
        settled = [
            session.settle(done(c, exchange=Exchange(status=70_000 if c.host_key == "h1.test" else 200)))
            for c in claims
        ]
        found = await asyncio.gather(*settled)
        await session.close()
        return found

    frontier.hello("c1", machine="m", pid=1, crawl_id="c")
    claims = frontier.claim("c1", limit=10, lease_s=0.1)
    assert asyncio.run(settle(claims)) == [c.host_key != "h1.test" for c in claims]
    states = "select host_key, state, tries from core.urls where kind = 'article' order by 1"
    assert db.execute(states.encode()).fetchall() == [
        ("h0.test", "done", 0),
        ("h1.test", "due", 1),
        ("h2.test", "done", 0),
    ]
    for tries in (2, 3):
        db.execute(
            "update core.hosts set claim_until = now(), ready_at = now() where claim_token is not null"
        )
        [claim] = frontier.claim("c1", limit=10, lease_s=0.1)
        assert asyncio.run(settle([claim])) == [False]
        assert db.execute("select tries from core.urls where tries > 0").fetchall() == [(tries,)]
    db.execute("update core.hosts set claim_until = now(), ready_at = now() where claim_token is not null")
    assert frontier.claim("c1", limit=10, lease_s=0.1) == []
    assert db.execute(
        "select state from core.urls where host_key = 'h1.test' and kind = 'article'"
    ).fetchall() == [("quarantined",)]
    # The claims that ran out are in the log, as each may have been sent.
    rows = db.execute("select host, outcome from wiretrace.fetches where outcome = 'abandoned'").fetchall()
    assert rows == [("h1.test", "abandoned")] * 3


def test_no_host_holds_more_than_a_quarter_of_a_window(frontier: Frontier) -> None:
    with pytest.raises(ValueError, match="quarter"):
        CrawlOptions(window=3)
    frontier.offer([article(f"http://large.test/{n}") for n in range(100)])
    frontier.offer([article("http://small.test/1")])
    robots_done(frontier)
    for crawler in ("c1", "c2"):
        held = frontier.claim(crawler, limit=CrawlOptions(window=4).window, lease_s=LEASE_S)
        assert sorted(c.host_key for c in held) == (["large.test", "small.test"] if crawler == "c1" else [])


def test_another_pause_moves_what_a_host_waits_for_but_no_back_off(
    frontier: Frontier, db: psycopg.Connection
) -> None:
    spec = site_spec("http://a.test/")
    frontier.add_site(spec)
    robots_done(frontier)
    db.execute(
        "update core.hosts set delay_s = 100, next_at = now() + interval '100 s', ready_at = now() + interval '100 s'"
    )
    before = db.execute("select next_at from core.hosts").fetchone()
    assert before is not None
    for delay_s, shift in ((250.0, 150), (40.0, -60), (100.0, 0)):
        db.execute("select core.set_pace('a.test', %s, null)", (delay_s,))
        row = db.execute(
            "select extract(epoch from next_at - %s)::int, ready_at = next_at, delay_s from core.hosts",
            before,
        ).fetchone()
        assert row == (shift, True, delay_s)
    # A crawl delay that is longer stays.
    db.execute("update core.hosts set crawl_delay_s = 100")
    db.execute("select core.set_pace('a.test', 10, 7)")
    row = db.execute("select next_at, ready_at, daily_quota from core.hosts").fetchone()
    assert row == (before[0], before[0], 7)
    db.execute("update core.hosts set back_off_until = next_at, crawl_delay_s = 0")
    db.execute("select core.set_pace('a.test', 0, null)")
    row = db.execute("select next_at, ready_at, daily_quota from core.hosts").fetchone()
    assert row == (before[0], before[0], 7)
    # A list that says nothing of the pause leaves it as it was set.
    db.execute("update core.sites set delay_s = 12")
    frontier.add_site(spec)
    assert db.execute(
        "select s.delay_s, h.delay_s from core.sites s join core.hosts h using (site)"
    ).fetchall() == [(12.0, 12.0)]


def test_a_released_claim_does_not_count_as_a_try(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.offer([article("http://a.test/1")])
    robots_done(frontier)
    for _ in range(5):
        [claim] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
        assert frontier.release([(claim, False)]) == 1
    assert db.execute("select tries, state from core.urls where kind = 'article'").fetchall() == [(0, "due")]


def test_robots_that_cannot_be_read_holds_all_urls_of_its_authority_back(
    frontier: Frontier, db: psycopg.Connection
) -> None:
    frontier.offer([article(f"http://a.test/{n}") for n in range(3)])
    [robots] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    frontier.write_robots(robots, "unavailable", body=b"", status=503, crawl_delay_s=0, lifetime_s=60)
    frontier.settle([done(robots, state="waiting", due_in_s=60, outcome="http_503")], crawl_id="c")
    frontier.offer([article("http://a.test/late")])
    assert frontier.claim("c1", limit=1, lease_s=LEASE_S) == []
    states = db.execute("select distinct state from core.urls where kind = 'article'").fetchall()
    assert states == [("waiting",)]
    frontier.write_robots(robots, "free", body=b"", status=404, crawl_delay_s=0, lifetime_s=86400)
    assert frontier.promote() >= 3
    assert len(frontier.claim("c1", limit=1, lease_s=LEASE_S)) == 1


def test_each_failure_of_robots_holds_back_what_waits_for_it_already(
    frontier: Frontier, db: psycopg.Connection
) -> None:
    frontier.offer([article(f"http://a.test/{n}") for n in range(3)])
    [robots] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    for lifetime_s in (60, 120):
        frontier.write_robots(
            robots, "unavailable", body=b"", status=503, crawl_delay_s=0, lifetime_s=lifetime_s
        )
        late = db.execute(
            "select count(*) from core.urls u join core.robots r using (authority)"
            " where u.kind = 'article' and u.state = 'waiting' and u.due_at = r.expires_at + interval '1 s'"
        ).fetchone()
        assert late == (3,)


def test_a_redirect_to_another_scheme_keeps_the_row(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.offer([article("http://a.test/1")])
    robots_done(frontier)
    [claim] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    frontier.settle(
        [done(claim, state="due", outcome="redirect", next_url="https://a.test/1", hops=1)], crawl_id="c"
    )
    row = db.execute(
        "select url, found_url, authority, hops from core.urls where kind = 'article'"
    ).fetchone()
    assert row == ("https://a.test/1", "http://a.test/1", "https://a.test", 1)
    [again] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    assert again.robots_state is None
    frontier.want_robots([again])
    frontier.settle(
        [done(again, state="waiting", was_sent=False, outcome="robots_pending", due_in_s=1)], crawl_id="c"
    )
    [robots] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    assert robots.url == "https://a.test/robots.txt"


def test_idle_says_what_is_left(frontier: Frontier) -> None:
    assert frontier.idle().is_idle
    frontier.offer([article("http://a.test/1")])
    assert frontier.idle().due == 2
    robots_done(frontier)
    [claim] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    assert frontier.idle().claimed == 1
    frontier.settle([done(claim, state="waiting", due_in_s=60, outcome="http_500")], crawl_id="c")
    assert (frontier.idle().soon, frontier.idle(patience_s=10).is_idle) == (1, True)


def test_claims_of_a_buried_crawler_are_free_after_the_pause(frontier: Frontier) -> None:
    frontier.hello("c1", machine="m", pid=1, crawl_id="c")
    frontier.offer([article("http://a.test/1")])
    robots_done(frontier)
    frontier.claim("c1", limit=1, lease_s=LEASE_S)
    assert frontier.open_crawlers("m") == [("c1", 1)]
    assert frontier.bury(["c1"]) == 1
    assert frontier.open_crawlers("m") == []
    assert len(frontier.claim("c2", limit=1, lease_s=LEASE_S)) == 1


def test_the_log_has_partitions_ahead_and_drops_old_ones(frontier: Frontier, db: psycopg.Connection) -> None:
    frontier.keep_fetches(keep_days=14)
    db.execute(
        "create table core.fetches_20200101 partition of core.fetches for values from ('2020-01-01') to ('2020-01-02')"
    )
    frontier.keep_fetches(keep_days=14)
    names = [
        r[0]
        for r in db.execute(
            "select relname from pg_class where relname like 'fetches\\_2%' and relkind = 'r'"
        )
    ]
    assert len(names) == 4 and "fetches_20200101" not in names


def test_a_request_is_in_the_log_for_fourteen_days(frontier: Frontier, db: psycopg.Connection) -> None:
    for days in (0, 1, 13, 15, 400):
        db.execute(
            "insert into core.fetches (fetched_at, claimed_at, elapsed_s, host_key, site, url_id, url, kind, crawl_id,"
            " crawler_id, outcome, pause_s) select m, m, 0, 'a.test', 'a.test', 1, %s, 'article', 'c', 'c', 'published', 0"
            " from (select now() - %s * interval '1 day' as m) d",
            (f"{days} days", days),
        )
    frontier.keep_fetches()
    rows = db.execute("select url from wiretrace.fetches order by ended_at desc").fetchall()
    assert rows == [("0 days",), ("1 days",), ("13 days",)]


def test_articles_whose_robots_cannot_be_read_for_a_month_are_given_up(
    frontier: Frontier, db: psycopg.Connection
) -> None:
    frontier.offer([article("http://a.test/old"), article("http://a.test/new")])
    db.execute("update core.urls set offered_at = now() - interval '31 days' where url like '%%/old'")
    [robots] = frontier.claim("c1", limit=10, lease_s=LEASE_S)
    frontier.write_robots(robots, "unavailable", body=b"", status=503, crawl_delay_s=0, lifetime_s=60)
    found = db.execute(
        "select url, state, reason from core.urls where kind = 'article' order by url"
    ).fetchall()
    assert found == [
        ("http://a.test/new", "waiting", "robots_unavailable"),
        ("http://a.test/old", "failed", "robots_unavailable"),
    ]


def test_rules_that_have_come_meanwhile_are_not_asked_for_again(
    frontier: Frontier, db: psycopg.Connection
) -> None:
    frontier.offer([article("http://a.test/1")])
    robots_done(frontier)
    [claim] = frontier.claim("c1", limit=1, lease_s=LEASE_S)
    state = "select state from core.urls where kind = 'robots'"
    frontier.want_robots([claim])
    assert db.execute(state.encode()).fetchall() == [("waiting",)]
    db.execute("update core.robots set expires_at = now()")
    frontier.want_robots([claim])
    assert db.execute(state.encode()).fetchall() == [("due",)]
