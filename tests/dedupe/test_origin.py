"""Who was first, who copied from whom, and how much: by the evidence on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.dedupe.test_cluster import T0, edge, node
from workers.dedupe.cluster import adjacency
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
