"""Stories from verified pairs: no chains, no regard to the order of arrival."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.dedupe import bounds
from workers.dedupe.cluster import adjacency, components, group_articles
from workers.dedupe.model import Edge, Node, Pointer

T0 = datetime(2026, 11, 1, tzinfo=UTC)


def node(article_id: int, name: str, hours: float = 0.0, **more: object) -> Node:
    facts: dict[str, object] = {
        "article_id": article_id,
        "version": 1,
        "url": f"https://{name}.test/a",
        "url_key": f"{name}.test/a",
        "canonical_key": None,
        "site": f"{name}.test",
        "title": None,
        "word_count": 300,
        "published_at": T0 + timedelta(hours=hours),
        "published_certainty": "exact",
        "first_seen_at": T0 + timedelta(days=3),
    }
    return Node(**(facts | more))  # type: ignore[arg-type]


def edge(
    a: int, b: int, jaccard: float = 0.9, a_in_b: float | None = None, b_in_a: float | None = None
) -> Edge:
    within = 2 * jaccard / (1 + jaccard)
    first, second = within if a_in_b is None else a_in_b, within if b_in_a is None else b_in_a
    if a > b:
        a, b, first, second = b, a, second, first
    return Edge(a=a, b=b, kind="copy", jaccard=jaccard, a_in_b=first, b_in_a=second)


def stories(nodes: Iterable[Node], edges: Iterable[Edge]) -> set[frozenset[str]]:
    by_id = {n.article_id: n for n in nodes}
    around = adjacency(edges)
    return {
        frozenset(by_id[m].url_key.partition(".")[0] for m in members)
        for component in components(by_id, around)
        for _, members in group_articles({i: by_id[i] for i in component}, around)
    }


def _sets(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group) for group in groups}


def test_full_copies_are_one_story() -> None:
    nodes = [node(i, name, i) for i, name in enumerate("abc", 1)]
    assert stories(nodes, [edge(1, 2), edge(1, 3), edge(2, 3)]) == _sets("abc")


def test_a_chain_does_not_join_its_ends() -> None:
    nodes = [node(i, name, i) for i, name in enumerate("abcdef", 1)]
    chain = [edge(i, i + 1, 0.55) for i in range(1, 6)]
    found = stories(nodes, chain)
    assert all(len(story) <= 2 for story in found)


def test_copies_of_one_source_are_one_story_though_they_differ() -> None:
    nodes = [node(1, "s"), node(2, "a", 1), node(3, "b", 2)]
    trims = [edge(2, 1, 0.4, a_in_b=1.0, b_in_a=0.4), edge(3, 1, 0.4, a_in_b=1.0, b_in_a=0.4)]
    assert stories(nodes, trims) == _sets("sab")


def test_a_missing_edge_to_the_head_is_made_up_for_by_most_of_the_story() -> None:
    nodes = [node(i, name, i) for i, name in enumerate("abcd", 1)]
    edges = [edge(1, 2), edge(1, 3), edge(2, 3), edge(4, 2), edge(4, 3)]
    assert stories(nodes, edges) == _sets("abcd")


def test_a_text_that_holds_two_stories_joins_one_and_merges_none() -> None:
    nodes = [node(1, "a"), node(2, "b"), node(3, "m", 5)]
    edges = [edge(1, 3, 0.5, a_in_b=1.0, b_in_a=0.5), edge(2, 3, 0.4, a_in_b=1.0, b_in_a=0.4)]
    assert stories(nodes, edges) == _sets("am", "b")


def test_a_round_up_belongs_to_none_of_its_stories() -> None:
    nodes = [*(node(i, name) for i, name in enumerate("abc", 1)), node(4, "r", 5), node(5, "d", 6)]
    edges = [edge(i, 4, 0.25, a_in_b=1.0, b_in_a=0.25) for i in (1, 2, 3)]
    late = edge(5, 4, 0.25, a_in_b=1.0, b_in_a=0.25)
    assert stories(nodes, [*edges, late]) == _sets("a", "b", "c", "r", "d")


def test_a_round_up_with_a_false_early_date_does_not_merge_its_stories() -> None:
    round_up = node(1, "r", 0, published_certainty="guessed")
    nodes = [round_up, node(2, "a", 1), node(3, "b", 1)]
    edges = [edge(i, 1, 0.3, a_in_b=1.0, b_in_a=0.3) for i in (2, 3)]
    found = stories(nodes, edges)
    assert not any({"a", "b"} <= story for story in found)


def test_a_source_link_decides_between_two_heads() -> None:
    link = Pointer(kind="source_link", url_key="b.test/a", url="https://b.test/a", site="b.test")
    nodes = [node(1, "a"), node(2, "b"), node(3, "x", 1, pointers=(link,))]
    assert stories(nodes, [edge(1, 3, 0.6), edge(2, 3, 0.55)]) == _sets("a", "bx")


@pytest.mark.parametrize("seed", range(20))
def test_copies_of_a_whole_stay_one_story_though_two_parts_of_it_were_out_first(seed: int) -> None:
    """Each copy holds a little more of one part or the other."""
    rng = random.Random(seed)
    whole = range(3, 13)
    nodes = [node(1, "alert"), node(2, "sidebar", 0.2), *(node(i, f"full{i}", i) for i in whole)]
    edges = [edge(a, b, 0.95) for a in whole for b in whole if a < b]
    for i in whole:
        share = rng.uniform(0.48, 0.52)
        edges += [edge(1, i, share, 1.0, share), edge(2, i, 1 - share, 1.0, 1 - share)]
    assert stories(nodes, edges) == {frozenset(n.site.partition(".")[0] for n in nodes)}


FEW = 4


def bounded(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[Edge]:
    """The edges that are kept where an article keeps its `FEW` earliest."""
    order = {n.article_id: n.order for n in nodes}
    earlier: dict[int, list[Edge]] = {}
    for one in edges:
        earlier.setdefault(max((one.a, one.b), key=order.__getitem__), []).append(one)
    return [
        one
        for around in earlier.values()
        for one in sorted(around, key=lambda e: min(order[e.a], order[e.b]))[:FEW]
    ]


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=100)
def test_a_large_story_of_copies_is_one_whatever_its_pages_say_and_though_few_pairs_are_kept(
    seed: int,
) -> None:
    """Links, marks and clocks decide who is taken first; most have no edge to the head then."""
    rng = random.Random(seed)
    count = rng.randint(2, 40)
    nodes = []
    for i in range(1, count + 1):
        target = rng.randint(1, count)
        link = Pointer(kind="source_link", url_key=f"n{target}.test/a", site=f"n{target}.test")
        nodes.append(
            node(
                i,
                f"n{i}",
                rng.choice((0, 1, 2, 5.5, 9)),
                pointers=(link,) if target != i and rng.random() < 0.4 else (),
                has_copy_mark=rng.random() < 0.3,
                published_certainty=rng.choice(("exact", "date_only", "guessed")),
                word_count=rng.choice((100, 300)),
            )
        )
    edges = [edge(a, b, rng.choice((0.6, 0.9))) for a in range(1, count + 1) for b in range(a + 1, count + 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "EARLIER_COPIES", FEW)
        assert [len(story) for story in stories(nodes, bounded(nodes, edges))] == [count]


@pytest.mark.parametrize("certainty", ["exact", "guessed"])
def test_first_parts_of_one_long_text_stay_together_though_few_pairs_are_kept(
    certainty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "EARLIER_COPIES", FEW)
    nodes = [node(i, f"n{i}", i, published_certainty=certainty) for i in range(1, 31)]
    edges = [edge(1, i, 0.3, a_in_b=0.3, b_in_a=1.0) for i in range(2, 31)]
    edges += [edge(a, b, 0.95) for a in range(2, 31) for b in range(a + 1, 31)]
    assert [len(story) for story in stories(nodes, bounded(nodes, edges))] == [30]


def test_a_copy_of_few_of_a_large_story_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the four first, or none of them: not more than half."""
    monkeypatch.setattr(bounds, "EARLIER_COPIES", FEW)
    nodes = [node(i, f"n{i}", i) for i in range(1, 22)]
    story = [edge(a, b, 0.9) for a in range(1, 20) for b in range(a + 1, 20)]
    few = [edge(20, i, 0.55) for i in (2, 3)] + [edge(21, i, 0.55) for i in (15, 16, 17)]
    sizes = sorted(len(found) for found in stories(nodes, bounded(nodes, [*story, *few])))
    assert sizes == [1, 1, 19]
    more = edge(20, 4, 0.55)
    assert sorted(len(f) for f in stories(nodes, bounded(nodes, [*story, *few, more]))) == [1, 20]


def _random_web(rng: random.Random) -> tuple[list[Node], list[Edge]]:
    count = rng.randint(2, 14)
    names = rng.sample([f"{a}{b}" for a in "abcdefgh" for b in "xyz"], k=count)
    nodes = []
    for i, name in enumerate(names):
        pointers: tuple[Pointer, ...] = ()
        if rng.random() < 0.25:
            target = rng.choice(names)
            if target != name:
                pointers = (Pointer(kind="source_link", url_key=f"{target}.test/a", site=f"{target}.test"),)
        nodes.append(
            node(
                i + 1,
                name,
                rng.choice((0, 1, 2, 5.5)),
                pointers=pointers,
                has_copy_mark=rng.random() < 0.1,
                published_certainty=rng.choice(("exact", "date_only", "guessed")),
                word_count=rng.choice((100, 300)),
            )
        )
    edges = [
        edge(a, b, rng.choice((0.2, 0.5, 0.9)), rng.choice((0.6, 1.0)), rng.choice((0.3, 0.9)))
        for a in range(1, count + 1)
        for b in range(a + 1, count + 1)
        if rng.random() < 0.4
    ]
    return nodes, edges


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=300)
def test_stories_do_not_depend_on_the_order_of_arrival(seed: int, shuffler: random.Random) -> None:
    """Article ids are given in the order of arrival; whatever they are, the same stories come out."""
    nodes, edges = _random_web(random.Random(seed))
    ids = list(range(1, len(nodes) + 1))
    shuffler.shuffle(ids)
    renamed: Mapping[int, int] = {n.article_id: new for n, new in zip(nodes, ids, strict=True)}
    others = [
        Node(
            **({f: getattr(n, f) for f in Node.__dataclass_fields__} | {"article_id": renamed[n.article_id]})
        )
        for n in nodes
    ]
    again = [edge(renamed[e.a], renamed[e.b], e.jaccard, e.a_in_b, e.b_in_a) for e in edges]
    shuffler.shuffle(others)
    shuffler.shuffle(again)
    assert stories(nodes, edges) == stories(others, again)


@given(st.integers(0, 2**32))
@example(33)
@example(1664)
@settings(deadline=None, max_examples=1500)
def test_every_member_was_verified_against_the_head_or_most_of_the_story(seed: int) -> None:
    """The webs of the examples had members that matched neither after others had moved away."""
    nodes, edges = _random_web(random.Random(seed))
    by_id = {n.article_id: n for n in nodes}
    around = adjacency(edges)
    seen: list[int] = []
    for component in components(by_id, around):
        for head, members in group_articles({i: by_id[i] for i in component}, around):
            seen.extend(members)
            assert head in members
            for member in members:
                matched = sum(other in around[member] for other in members if other != member)
                assert member == head or head in around[member] or 2 * matched > len(members) - 1, (
                    f"{member} of {members} is a copy of {matched}"
                )
    assert sorted(seen) == sorted(by_id)
