"""Who was first, who copied from whom, and how much: by the evidence on the pages."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dedupe.test_cluster import T0, edge, node
from workers.dedupe.cluster import adjacency
from workers.dedupe.facts import _node
from workers.dedupe.model import Edge, Membership, Node, Pointer, StoryCluster
from workers.dedupe.origin import describe, outline


def link_to(name: str, *, page: str = "a", kind: str = "source_link") -> Pointer:
    return Pointer(
        kind=kind, url_key=f"{name}.test/{page}", url=f"https://{name}.test/{page}", site=f"{name}.test"
    )


def story(*nodes: Node, edges: list[Edge] | None = None) -> StoryCluster:
    ids = [n.article_id for n in nodes]
    if edges is None:
        edges = [edge(a, b) for a in ids for b in ids if a < b]
    around = adjacency(edges)
    found = outline(ids[0], ids, {n.article_id: n for n in nodes}, around)
    return describe(found, around, {})


def place(cluster: StoryCluster, article_id: int) -> Membership:
    return next(m for m in cluster.members if m.article_id == article_id)


@pytest.mark.parametrize("hours", [-5.0, 0.0, 7.0])
def test_whoever_a_copy_links_to_is_the_origin_whenever_the_copy_claims_to_be_out(hours: float) -> None:
    found = story(node(1, "autoblog", hours, pointers=(link_to("original"),)), node(2, "original"))
    assert (found.origin.article_id, found.origin.reason) == (2, "linked")
    assert found.origin.evidence["linked_by"] == [{"url": "https://autoblog.test/a", "kind": "source_link"}]
    assert (place(found, 2).relation, place(found, 2).is_origin) == ("origin", True)
    assert (place(found, 1).copied_from, place(found, 1).is_credit_missing) == (2, False)


def test_a_link_to_another_page_of_a_members_site_counts_for_the_member() -> None:
    found = story(node(1, "autoblog", -1, pointers=(link_to("original", page="amp/a"),)), node(2, "original"))
    assert found.origin.article_id == 2


def test_the_trail_of_links_is_followed_to_its_end() -> None:
    blog, paper, first = (
        node(1, "blog", -3, pointers=(link_to("paper"),)),
        node(2, "paper", -2, pointers=(link_to("first", kind="originally_published"),)),
        node(3, "first", 0),
    )
    assert story(blog, paper, first).origin.article_id == 3


def test_the_agencys_own_page_goes_before_whoever_was_earlier() -> None:
    paper = node(1, "paper", -1, credit_agencies={"ap": 0.9})
    agency = node(2, "apnews", 0, agency_of_site="ap")
    found = story(paper, agency)
    assert (found.origin.article_id, found.origin.reason, found.origin.agency) == (2, "agency_page", "ap")
    assert found.origin.evidence["credited_by"] == ["https://paper.test/a"]


def test_a_credited_agency_is_the_origin_though_its_page_was_not_crawled() -> None:
    found = story(
        node(1, "one", 0, credit_agencies={"dpa": 0.95}),
        node(2, "two", 1, credit_agencies={"dpa": 0.9}),
        node(3, "three", 2),
    )
    assert (found.origin.article_id, found.origin.agency, found.origin.reason) == (
        None,
        "dpa",
        "credited_agency",
    )
    assert not any(m.is_origin for m in found.members)
    assert [m.is_credit_missing for m in found.members] == [False, False, True]


def test_a_doubtful_credit_does_not_make_an_agency_the_origin() -> None:
    found = story(node(1, "one", 0), node(2, "two", 1, credit_agencies={"ap": 0.3}))
    assert (found.origin.article_id, found.origin.reason) == (1, "earliest")


def test_a_paper_that_is_linked_to_and_credits_an_agency_is_not_the_origin() -> None:
    found = story(
        node(1, "blog", 1, pointers=(link_to("paper"),)),
        node(2, "paper", 0, credit_agencies={"reuters": 0.95}),
    )
    assert (found.origin.article_id, found.origin.agency) == (None, "reuters")


def test_a_page_outside_the_crawl_that_copies_name_is_a_named_origin() -> None:
    found = story(node(1, "one", 0, pointers=(link_to("elsewhere"),)), node(2, "two", 1))
    assert (found.origin.article_id, found.origin.reason) == (None, "linked_outside")
    assert (found.origin.url, found.origin.site) == ("https://elsewhere.test/a", "elsewhere.test")


def test_without_other_evidence_the_earliest_is_the_origin() -> None:
    found = story(node(1, "late", 4), node(2, "early", 1))
    assert (found.origin.article_id, found.origin.reason) == (2, "earliest")
    assert found.origin.evidence["certainty"] == "exact"


def test_a_date_without_a_time_does_not_go_before_a_time_on_that_day() -> None:
    dated = node(1, "dated", 0, published_certainty="date_only")
    timed = node(2, "timed", 15)
    assert story(dated, timed).origin.article_id == 2


def test_nobody_was_out_later_than_he_was_first_seen() -> None:
    wrong = node(1, "wrong", 500, first_seen_at=T0)
    assert wrong.known_by == T0
    assert story(wrong, node(2, "right", 2)).origin.article_id == 1


def test_a_site_that_imports_its_pages_is_not_first_while_another_can_be() -> None:
    importer = node(1, "importer", -2, has_copy_mark=True)
    assert story(importer, node(2, "writer", 0)).origin.article_id == 2


def test_at_the_same_time_the_most_complete_text_is_the_origin() -> None:
    assert (
        story(node(1, "short", 0, word_count=100), node(2, "long", 0, word_count=400)).origin.article_id == 2
    )


@pytest.mark.parametrize(
    ("jaccard", "within", "taken", "relation"),
    [
        (0.95, 0.97, 0.98, "verbatim"),
        (0.33, 0.98, 0.33, "trimmed"),
        (0.55, 0.72, 0.70, "edited"),
        (0.30, 0.30, 1.0, "partial"),
        (0.60, 0.62, 0.97, "edited"),
    ],
)
def test_relations_follow_from_both_shares(
    jaccard: float, within: float, taken: float, relation: str
) -> None:
    found = story(node(1, "origin"), node(2, "copy", 1), edges=[edge(2, 1, jaccard, within, taken)])
    assert place(found, 2).relation == relation
    assert place(found, 2).containment == pytest.approx(within)
    assert place(found, 2).share_of_origin == pytest.approx(taken)


def test_each_copy_has_one_source_the_one_it_took_most_from() -> None:
    first, trimmed, copy = node(1, "first"), node(2, "trimmed", 1), node(3, "copy", 2)
    edges = [edge(1, 2, 0.5, 0.5, 1.0), edge(1, 3, 0.5, 0.5, 1.0), edge(2, 3, 1.0, 1.0, 1.0)]
    found = story(first, trimmed, copy, edges=edges)
    assert place(found, 2).copied_from == 1
    assert place(found, 3).copied_from == 1


def test_the_description_does_not_depend_on_article_ids() -> None:
    nodes = [node(1, "a", 0), node(2, "b", 1), node(3, "c", 1)]
    swapped = [node(3, "a", 0), node(1, "b", 1), node(2, "c", 1)]
    relations = [
        {
            n.url: (p.relation, p.is_origin, p.jaccard)
            for n in group
            for p in found.members
            if p.article_id == n.article_id
        }
        for group, found in ((nodes, story(*nodes)), (swapped, story(*swapped)))
    ]
    assert relations[0] == relations[1]


def test_lag_is_told_by_when_each_was_known() -> None:
    assert node(1, "x", 2).known_by - node(2, "y", 0).known_by == timedelta(hours=2)


def test_one_link_to_a_late_copy_counts_little_against_the_credits_of_nearly_all() -> None:
    papers = [node(i, f"paper{i}", i * 0.1, credit_agencies={"ap": 0.95}) for i in range(1, 41)]
    found = story(*papers, node(41, "stripped", 9), node(42, "blog", 10, pointers=(link_to("stripped"),)))
    assert (found.origin.article_id, found.origin.agency) == (None, "ap")
    assert found.origin.reason == "credited_agency"


def test_an_agencys_page_that_credits_another_is_a_copy_like_the_others() -> None:
    papers = [node(i, f"paper{i}", i, credit_agencies={"reuters": 0.95}) for i in range(1, 4)]
    ansa = node(4, "ansa", 5, agency_of_site="ansa", credit_agencies={"reuters": 0.95})
    found = story(*papers, ansa)
    assert (found.origin.article_id, found.origin.agency) == (None, "reuters")
    assert len(found.origin.evidence["credited_by"]) == 4  # type: ignore[arg-type]
    with_page = story(*papers, ansa, node(5, "reuters", 6, agency_of_site="reuters"))
    assert (with_page.origin.article_id, with_page.origin.reason) == (5, "agency_page")


def test_what_papers_credit_to_an_agency_whose_page_credits_another_passes_on() -> None:
    papers = [node(i, f"paper{i}", i, credit_agencies={"ansa": 0.9}) for i in range(1, 4)]
    ansa = node(4, "ansa", 5, agency_of_site="ansa", credit_agencies={"reuters": 0.95})
    assert story(*papers, ansa).origin.agency == "reuters"


@pytest.mark.parametrize(
    ("certainty", "hours"), [("guessed", -480.0), ("no_zone", -8.0), ("date_only", -15.0)]
)
def test_an_uncertain_time_does_not_go_before_an_exact_one(certainty: str, hours: float) -> None:
    found = story(
        node(1, "vague", hours, published_certainty=certainty), node(2, "sure", 0), node(3, "late", 1)
    )
    assert (found.origin.article_id, found.origin.reason) == (2, "earliest")


def test_a_time_without_a_zone_goes_first_where_no_zone_makes_it_later() -> None:
    assert (
        story(node(1, "early", -13, published_certainty="no_zone"), node(2, "sure", 0)).origin.article_id == 1
    )


def test_between_uncertain_times_the_complete_text_is_the_origin_and_between_certain_ones_the_earlier() -> (
    None
):
    trims = [edge(1, 2, 0.4, 1.0, 0.4), edge(1, 3, 0.4, 1.0, 0.4), edge(2, 3, 0.95)]
    for certainty, origin in (("no_zone", 2), ("exact", 1)):
        nodes = [node(i, f"n{i}", i / 10, published_certainty=certainty) for i in (1, 2, 3)]
        assert story(*nodes, edges=trims).origin.article_id == origin


def test_doubtful_links_name_no_origin() -> None:
    doubtful = Pointer(
        kind="canonical", url_key="x.test/a", url="https://x.test/a", site="x.test", confidence=0.2
    )
    found = story(node(1, "first", 0), node(2, "x", 5), node(3, "y", 6, pointers=(doubtful,)))
    assert (found.origin.article_id, found.origin.reason) == (1, "earliest")


def test_pages_that_link_to_each_other_say_nothing() -> None:
    x, y = node(2, "x", 5, pointers=(link_to("y"),)), node(3, "y", 6, pointers=(link_to("x"),))
    assert story(node(1, "first", 0), x, y).origin.article_id == 1
    alone = story(x, y)
    assert alone.origin.article_id == 2
    assert place(alone, 3).copied_from == 2


def test_a_link_to_a_page_that_was_out_later_than_another_names_a_station() -> None:
    late, blog = node(2, "late", 5), node(3, "blog", 6, pointers=(link_to("late"),))
    found = story(node(1, "first", 0), late, blog)
    assert found.origin.article_id == 1
    assert place(found, 3).copied_from == 2
    # Nearly all sites name it: then it is the clock that is wrong.
    blogs = [node(i, f"blog{i}", i, pointers=(link_to("late"),)) for i in range(4, 14)]
    assert story(node(1, "first", 0), late, *blogs).origin.article_id == 2


def test_a_shared_item_id_names_the_agency_and_joins_its_page() -> None:
    item = frozenset({"dpa:230428-99-483045/5"})
    copies = [node(1, "one", 2, item_ids=item), node(2, "two", 3, item_ids=item), node(3, "third", 0)]
    found = story(*copies)
    assert (found.origin.article_id, found.origin.agency, found.origin.reason) == (None, "dpa", "item_id")
    assert found.origin.evidence["item_ids"] == sorted(item)
    assert [m.is_credit_missing for m in found.members] == [False, False, True]
    pages = [
        node(4, "dpa", 8, agency_of_site="dpa"),
        node(5, "dpa-infocom", 9, agency_of_site="dpa", item_ids=item),
    ]
    assert story(*copies, *pages).origin.article_id == 5


def test_sites_count_once() -> None:
    chain = [node(i, f"chain{i}", i, site="chain.test", credit_agencies={"ap": 0.9}) for i in range(10, 20)]
    others = [node(i, f"n{i}", i) for i in range(9)]
    assert story(*others, *chain).origin.article_id == 0
    apart = [node(i, f"chain{i}", i, credit_agencies={"ap": 0.9}) for i in range(10, 20)]
    assert story(*others, *apart).origin.agency == "ap"


def test_a_link_to_an_agencys_own_site_outside_the_crawl_names_the_agency() -> None:
    pointer = Pointer(kind="canonical", url_key="apnews.com/x", url="https://apnews.com/x", site="apnews.com")
    found = story(node(1, "one", 0, credit_agencies={"ap": 0.95}), node(2, "two", 1, pointers=(pointer,)))
    assert (found.origin.agency, found.origin.url, found.origin.site) == (
        "ap",
        "https://apnews.com/x",
        "apnews.com",
    )
    assert not any(m.is_credit_missing for m in found.members)


def test_a_doubtful_credit_is_no_credit() -> None:
    found = story(
        node(1, "one", 0, credit_agencies={"ap": 0.95}), node(2, "two", 1, credit_agencies={"ap": 0.3})
    )
    assert [m.is_credit_missing for m in found.members] == [False, True]


def test_the_score_of_every_likely_candidate_is_part_of_the_evidence() -> None:
    found = story(
        node(1, "paper", -1, credit_agencies={"ap": 0.9}), node(2, "apnews", 0, agency_of_site="ap")
    )
    first, second = found.origin.evidence["candidates"]  # type: ignore[misc]
    assert first["url"] == "https://apnews.test/a"
    # It has .947 of the paper's text.
    assert first["parts"] == {"complete": -0.026, "credit": 3.0, "first": 1.0, "page": 2.0}
    assert sum(first["parts"].values()) == pytest.approx(first["score"], abs=0.002)
    assert second["url"] == "https://paper.test/a"
    assert second["parts"]["marked"] == pytest.approx(-1.8)
    assert found.origin.evidence["score"] == first["score"]


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=300)
def test_the_origin_does_not_depend_on_the_order_of_arrival(seed: int, shuffler: random.Random) -> None:
    rng = random.Random(seed)
    count = rng.randint(2, 9)
    nodes = [
        node(
            i,
            f"n{i}",
            rng.choice((0, 1, 2, 30)),
            site=f"n{rng.randint(1, count)}.test",
            pointers=tuple(link_to(f"n{rng.randint(1, count)}") for _ in range(rng.choice((0, 0, 0, 1, 2)))),
            credit_agencies={rng.choice(("ap", "dpa")): rng.choice((0.3, 0.6, 0.95))}
            if rng.random() < 0.3
            else {},
            agency_of_site=rng.choice((None, None, None, "ap")),
            item_ids=frozenset({"dpa:230428-99-483045/5"} if rng.random() < 0.2 else ()),
            published_certainty=rng.choice(("exact", "no_zone", "date_only", "guessed")),
            has_copy_mark=rng.random() < 0.1,
        )
        for i in range(1, count + 1)
    ]
    edges = [
        edge(a, b, rng.choice((0.4, 0.9)))
        for a in range(1, count + 1)
        for b in range(a + 1, count + 1)
        if b == a + 1 or rng.random() < 0.7
    ]
    ids = list(range(1, count + 1))
    shuffler.shuffle(ids)
    again = [replace(n, article_id=ids[n.article_id - 1]) for n in nodes]
    shuffler.shuffle(again)
    renamed = [edge(ids[e.a - 1], ids[e.b - 1], e.jaccard, e.a_in_b, e.b_in_a) for e in edges]
    one, other = story(*nodes, edges=edges).origin, story(*again, edges=renamed).origin
    assert (one.url, one.agency, one.reason, one.evidence) == (
        other.url,
        other.agency,
        other.reason,
        other.evidence,
    )


@pytest.mark.parametrize("words_fewer", [0, 1])
def test_a_word_fewer_does_not_turn_an_edited_copy_into_a_trimmed_one(words_fewer: int) -> None:
    """Every thirtieth word replaced."""
    found = story(
        node(1, "origin"), node(2, "copy", 1), edges=[edge(2, 1, 0.76, 0.868, 0.868 - words_fewer * 0.003)]
    )
    assert place(found, 2).relation == "edited"


def test_of_two_signs_that_name_one_page_the_surer_counts() -> None:
    credit = {
        "kind": "canonical",
        "agency": None,
        "site": "x.test",
        "url": "https://x.test/a",
        "confidence": 0.4,
    }
    found = _node(
        1, 1, "https://a.test/a", "a.test/a", None, "https://x.test/a", "a.test", None, 300, T0, "exact", T0,
        [{**credit, "item_id": None}],
    )  # fmt: skip
    assert [(p.kind, p.confidence) for p in found.pointers] == [("source_link", 1.0)]


def test_a_farm_whose_pages_all_name_each_other_says_nothing() -> None:
    names = [f"farm{i}" for i in range(40)]
    farm = [
        node(i, name, 1.0, pointers=tuple(link_to(other) for other in names if other != name))
        for i, name in enumerate(names)
    ]
    assert story(*farm, node(99, "paper")).origin.article_id == 99


def test_the_score_is_the_same_in_whatever_order_confidences_are_added() -> None:
    confidences = (0.8, 0.7, 0.7, 0.7)
    scores = set()
    for order in set(itertools.permutations(range(4))):
        nodes = [
            node(i, f"s{named}", float(named), credit_agencies={"dpa": confidences[named]})
            for i, named in enumerate(order)
        ]
        nodes += [node(i, f"s{i}", float(i)) for i in range(4, 16)]
        candidates = story(*nodes).origin.evidence["candidates"]
        scores.add(next(c["score"] for c in candidates if c.get("agency") == "dpa"))  # type: ignore[attr-defined]
    assert len(scores) == 1
