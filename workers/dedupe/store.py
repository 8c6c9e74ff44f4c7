"""The index of sketches and the tables of matches and clusters: the one place of this package that speaks SQL.

Two transactions, in this order, for every batch of articles:

* A, `Index.add`: sketches with their keys are written. Once it is committed, every other worker can find them.
* B, `Index.resolve`: (1) candidates are looked up and (2) verified; (3) the units that guard every story touched are
  locked in the order of their ids, and looked up again until no new one appears; (4) matches are written, (5) the
  stories are computed anew from the matches, and (6) written where they differ.

Of two workers that add two copies at the same moment the second to commit A sees the first. Both may then come to
write the same story: the lock makes them take turns, and whoever is second reads what the first has written. What B
writes is a function of the articles and their matches, so doing it again changes nothing.

A *unit* is the row of `core.memberships` of the smallest member of a cluster, or of an article that has none.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg

from schemas.errors import WiretraceError
from schemas.records import CopyEvent
from schemas.sql import sql
from schemas.urls import site_of, url_key
from workers.credit.agencies import agency_of_site
from workers.dedupe.cluster import adjacency, components, group_articles
from workers.dedupe.model import Edge, Node, Pointer, StoryCluster
from workers.dedupe.origin import describe
from workers.dedupe.sketch import SCHEME, sketch_batch
from workers.dedupe.verify import Measure, Story, kind_of, measure

__all__ = ["Cursor", "Index", "SchemeMismatch", "SketchItem"]

Cursor = psycopg.Cursor[tuple[Any, ...]]

MAX_EDGES: Final = 500
"""Matches kept per article: the strongest. A story with more copies stays connected through its strongest."""
MAX_REJECTED: Final = 50
"""Pairs kept per article that are no copies: enough to ask why, whatever a template series grows to."""
_ATTEMPTS: Final = 5

_POINTING: Final = frozenset(
    {"canonical", "source_link", "originally_published", "appeared_first", "pixel", "syndication_meta"}
)
_NO_CREDIT: Final = frozenset({"contributed", "plugin_mark", "url_path"})


class SchemeMismatch(WiretraceError):
    """The database holds sketches that were made another way. Drop them: select core.drop_sketches_before('infinity')"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchItem:
    """One article's text, to be sketched.

    Attributes:
        version: of the text; `core.articles.version` of the same transaction.
        first_seen_at: `core.articles.first_seen_at`; decides the partition and the window.
        lines: the story, without the site's repeated lines, credits and datelines.
    """

    article_id: int
    version: int
    site: str
    first_seen_at: datetime
    lines: tuple[str, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
    version: int
    site: str
    story: Story


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    a: int
    b: int
    version_a: int
    version_b: int
    kind: str
    measured: Measure


class Index:
    """The sketches of all articles, and the stories that follow from them.

    Args:
        window_days: articles first seen farther apart than this are not compared; 0 = all are.
        cache_stories: stories whose words are kept in memory between calls, about 6 kB each.
    """

    def __init__(self, *, window_days: int = 30, cache_stories: int = 4096) -> None:
        self._window_days = window_days
        self._cache_stories = cache_stories
        self._stories: OrderedDict[tuple[int, int], _Stored] = OrderedDict()
        self._is_scheme_known = False

    # ---------------------------------------------------------------- transaction A

    def add(self, cur: Cursor, items: Sequence[SketchItem]) -> None:
        """Writes the sketches of these articles in place of their earlier ones; inside the caller's transaction A.

        Raises:
            SchemeMismatch: the database's sketches were made another way.
        """
        if not items:
            return
        self._ensure_scheme(cur)
        items = sorted(items, key=lambda item: item.article_id)
        ids = [item.article_id for item in items]
        seen_at = [item.first_seen_at for item in items]
        cur.execute(sql("dedupe/ensure_partitions"), {"seen_at": seen_at})
        cur.execute(sql("dedupe/add_memberships"), {"article_ids": ids})
        cur.execute(sql("dedupe/delete_sketches"), {"article_ids": ids, "seen_at": seen_at})
        sketches = sketch_batch([item.lines for item in items])
        with cur.copy(sql("dedupe/copy_sketches")) as copy:
            copy.set_types(
                ["int8", "timestamptz", "int4", "int2", "text", "int4", "bytea", "bytea", "int8[]"]
            )
            for item, sketch in zip(items, sketches, strict=True):
                copy.write_row(
                    (
                        item.article_id,
                        item.first_seen_at,
                        item.version,
                        sketch.scheme_id,
                        item.site,
                        sketch.set_size,
                        sketch.words.astype("<u4").tobytes(),
                        sketch.signature.astype("<u4").tobytes(),
                        sketch.keys.tolist(),
                    )
                )

    def _ensure_scheme(self, cur: Cursor) -> None:
        if not self._is_scheme_known:
            cur.execute(sql("dedupe/write_scheme"), asdict(SCHEME))
            if cur.fetchone() is None:
                raise SchemeMismatch
            self._is_scheme_known = True

    # ---------------------------------------------------------------- transaction B

    def resolve(self, cur: Cursor, article_ids: Sequence[int]) -> list[CopyEvent]:
        """Finds the copies of these articles and brings their stories up to date; inside the caller's transaction B.

        Doing it again changes nothing. Transaction A of these articles must be committed.

        Returns:
            The copies of these articles that no event was acknowledged for, as `unsent`.

        Raises:
            psycopg.Error: the transaction is lost; doing A and B again is safe.
        """
        if not article_ids:
            return []
        ids = sorted(set(article_ids))
        matches = self._verified(cur, ids)
        for attempt in range(_ATTEMPTS):
            try:
                with cur.connection.transaction():
                    self._write_stories(cur, ids, matches)
                break
            except psycopg.errors.DeadlockDetected:
                # Someone saw a unit before a merge and locked it after; the other side has its locks now.
                if attempt == _ATTEMPTS - 1:
                    raise
        return self.unsent(cur, ids)

    def _verified(self, cur: Cursor, ids: Sequence[int]) -> list[_Match]:
        """Steps 1 and 2: every pair of these articles worth keeping."""
        stored = self._load(cur, ids)
        cur.execute(
            sql("dedupe/candidates"),
            {"article_ids": list(stored), "window_days": self._window_days, "scheme_id": SCHEME.scheme_id},
        )
        candidates: dict[int, dict[int, int]] = {}
        for article_id, candidate_id, version in cur.fetchall():
            candidates.setdefault(article_id, {})[candidate_id] = version
        wanted = {c: v for found in candidates.values() for c, v in found.items() if c not in stored}
        stored.update(self._load_cached(cur, wanted))

        found: dict[tuple[int, int], _Match] = {}
        for article_id, others in sorted(candidates.items()):
            fresh = [
                c
                for c in sorted(others)
                if c in stored and (min(article_id, c), max(article_id, c)) not in found
            ]
            for match in _matches_of(article_id, stored[article_id], {c: stored[c] for c in fresh}):
                found[match.a, match.b] = match
        return [found[pair] for pair in sorted(found)]

    def _load(self, cur: Cursor, ids: Iterable[int]) -> dict[int, _Stored]:
        cur.execute(sql("dedupe/sketches"), {"article_ids": list(ids), "scheme_id": SCHEME.scheme_id})
        loaded = {}
        for article_id, version, site, words in cur.fetchall():
            loaded[article_id] = _Stored(version, site, Story(np.frombuffer(words, "<u4").astype(np.uint32)))
            self._remember(article_id, loaded[article_id])
        return loaded

    def _load_cached(self, cur: Cursor, wanted: Mapping[int, int]) -> dict[int, _Stored]:
        """Stories by article id and version; those that are gone since are left out."""
        loaded, missing = {}, []
        for article_id, version in wanted.items():
            known = self._stories.get((article_id, version))
            if known is None:
                missing.append(article_id)
            else:
                self._stories.move_to_end((article_id, version))
                loaded[article_id] = known
        if missing:
            loaded.update(self._load(cur, missing))
        return loaded

    def _remember(self, article_id: int, stored: _Stored) -> None:
        self._stories[article_id, stored.version] = stored
        while len(self._stories) > self._cache_stories:
            self._stories.popitem(last=False)

    def _write_stories(self, cur: Cursor, ids: Sequence[int], matches: Sequence[_Match]) -> None:
        """Steps 3 to 6."""
        copies = [m for m in matches if m.kind == "copy"]
        seeds = sorted({*ids, *(m.a for m in copies), *(m.b for m in copies)})
        old_clusters = _lock_stories(cur, seeds)
        cur.execute(sql("dedupe/delete_stale_matches"), {"article_ids": ids})
        _write_matches(cur, matches)
        _write_clusters(cur, sorted(old_clusters), old_clusters)

    # ---------------------------------------------------------------- events

    def unsent(self, cur: Cursor, article_ids: Sequence[int]) -> list[CopyEvent]:
        """An event for every copy of these articles whose event was not acknowledged yet."""
        cur.execute(sql("dedupe/unsent"), {"article_ids": list(article_ids)})
        return [
            CopyEvent(
                article_a=a,
                version_a=version_a,
                url_a=url_a,
                site_a=site_a,
                article_b=b,
                version_b=version_b,
                url_b=url_b,
                site_b=site_b,
                jaccard=jaccard,
                containment_a_in_b=a_in_b,
                containment_b_in_a=b_in_a,
                matched_at=matched_at,
                copied_from=copied_from,
            )
            for (
                a,
                version_a,
                url_a,
                site_a,
                b,
                version_b,
                url_b,
                site_b,
                jaccard,
                a_in_b,
                b_in_a,
                matched_at,
                copied_from,
            ) in cur.fetchall()
        ]

    def mark_sent(self, cur: Cursor, events: Sequence[CopyEvent]) -> None:
        """Notes that these events were acknowledged; they are not returned by `unsent` again."""
        if events:
            cur.execute(
                sql("dedupe/mark_sent"),
                {
                    "article_a": [e.article_a for e in events],
                    "article_b": [e.article_b for e in events],
                    "version_a": [e.version_a for e in events],
                    "version_b": [e.version_b for e in events],
                },
            )


def _matches_of(article_id: int, own: _Stored, others: Mapping[int, _Stored]) -> list[_Match]:
    """The pairs of one article that are worth keeping, at most `MAX_EDGES` and `MAX_REJECTED`."""
    kept: list[_Match] = []
    for other_id, shared in _shared_counts(own.story, others).items():
        other = others[other_id]
        (a, first), (b, second) = sorted([(article_id, own), (other_id, other)], key=lambda pair: pair[0])
        measured = measure(first.story, second.story, shared)
        if measured is not None:
            kind = kind_of(measured, is_same_site=own.site == other.site)
            kept.append(
                _Match(
                    a=a, b=b, version_a=first.version, version_b=second.version, kind=kind, measured=measured
                )
            )
    kept.sort(key=lambda m: (-m.measured.jaccard, -m.measured.containment, m.a, m.b))
    copies = [m for m in kept if m.kind == "copy"]
    return copies[:MAX_EDGES] + [m for m in kept if m.kind != "copy"][:MAX_REJECTED]


def _shared_counts(own: Story, others: Mapping[int, _Stored]) -> dict[int, int]:
    """Number of distinct shingles that each other story shares with `own`, in one pass."""
    if not others or not len(own.unique):
        return {}
    ids = [i for i, other in others.items() if len(other.story.unique)]
    if not ids:
        return {}
    joined = np.concatenate([others[i].story.unique for i in ids])
    places = np.searchsorted(own.unique, joined)
    places[places == len(own.unique)] = 0
    hits = (own.unique[places] == joined).astype(np.int64)
    starts = np.cumsum([0, *(len(others[i].story.unique) for i in ids[:-1])])
    return dict(zip(ids, np.add.reduceat(hits, starts).tolist(), strict=True))


def _lock_stories(cur: Cursor, seeds: Sequence[int]) -> dict[int, int]:
    """Locks the units of every story that the seeds touch.

    Returns:
        For each article of those stories its unit, as it stands under the locks.
    """
    locked: set[int] = set()
    while True:
        with cur.connection.transaction(force_rollback=False) as savepoint:
            cur.execute(sql("dedupe/component"), {"seeds": list(seeds)})
            units: dict[int, int] = dict(cur.fetchall())
            wanted = locked | set(units.values())
            cur.execute(sql("dedupe/lock_units"), {"units": sorted(wanted)})
            cur.execute(sql("dedupe/component"), {"seeds": list(seeds)})
            again: dict[int, int] = dict(cur.fetchall())
            if set(again.values()) <= wanted:
                return again
            # A story grew or merged meanwhile. The locks go back, so that all are taken in the order of their ids.
            locked = wanted | set(again.values())
            raise psycopg.Rollback(savepoint)


def _write_matches(cur: Cursor, matches: Sequence[_Match]) -> None:
    if matches:
        cur.execute(
            sql("dedupe/write_matches"),
            {
                "article_a": [m.a for m in matches],
                "article_b": [m.b for m in matches],
                "version_a": [m.version_a for m in matches],
                "version_b": [m.version_b for m in matches],
                "kind": [m.kind for m in matches],
                "jaccard": [m.measured.jaccard for m in matches],
                "a_in_b": [m.measured.containment_a_in_b for m in matches],
                "b_in_a": [m.measured.containment_b_in_a for m in matches],
                "longest": [m.measured.longest_passage_words for m in matches],
            },
        )


def _write_clusters(cur: Cursor, ids: Sequence[int], old_units: Mapping[int, int]) -> None:
    """Computes the stories among these articles, which no match of kind `copy` connects with others, and writes them."""
    cur.execute(sql("dedupe/edges"), {"article_ids": list(ids)})
    edges = [
        Edge(a=a, b=b, kind=kind, jaccard=jaccard, a_in_b=a_in_b, b_in_a=b_in_a)
        for a, b, kind, jaccard, a_in_b, b_in_a in cur.fetchall()
    ]
    strong = adjacency(edges)
    weak: dict[int, dict[int, Edge]] = {}
    for edge in edges:
        if edge.kind != "copy":
            weak.setdefault(edge.a, {})[edge.b] = edge
            weak.setdefault(edge.b, {})[edge.a] = edge
    clusters: list[StoryCluster] = []
    nodes: dict[int, Node] = {}
    connected = [component for component in components(ids, strong) if len(component) > 1]
    if connected:
        nodes = load_nodes(cur, [i for component in connected for i in component])
    for component in connected:
        for head, members in group_articles({i: nodes[i] for i in component if i in nodes}, strong):
            if len(members) > 1:
                clusters.append(describe(head, members, nodes, strong, weak))
    current = {cluster.cluster_id for cluster in clusters}
    gone = sorted(set(old_units.values()) - current)
    if gone:
        cur.execute(sql("dedupe/delete_clusters"), {"cluster_ids": gone})
    if clusters:
        cur.execute(
            sql("dedupe/write_clusters"), {"clusters": _json([_cluster_row(c, nodes) for c in clusters])}
        )
    rows = [_membership_row(cluster, place) for cluster in clusters for place in cluster.members]
    placed = {row["article_id"] for row in rows}
    rows.extend({"article_id": i, "is_origin": False} for i in ids if i not in placed)
    cur.execute(sql("dedupe/write_memberships"), {"memberships": _json(rows)})


def load_nodes(cur: Cursor, ids: Sequence[int]) -> dict[int, Node]:
    """The facts about articles on which stories and origins depend."""
    cur.execute(sql("dedupe/facts"), {"article_ids": list(ids)})
    return {row[0]: _node(*row) for row in cur.fetchall()}


def _node(
    article_id: int,
    version: int,
    url: str,
    key: str,
    canonical_url: str | None,
    source_link_url: str | None,
    site: str,
    title: str | None,
    word_count: int,
    published_at: datetime | None,
    published_certainty: str | None,
    first_seen_at: datetime,
    credits: Sequence[Mapping[str, Any]] | None,
) -> Node:
    own_agency = agency_of_site(site)
    own = own_agency.id if own_agency else None
    agencies: dict[str, float] = {}
    pointers: dict[tuple[str | None, str | None], Pointer] = {}

    def point(kind: str, url: str | None, named_site: str | None, confidence: float) -> None:
        named = named_site or (site_of(url) if url else None)
        if named and named != site:
            pointer_key = _url_key(url)
            pointers.setdefault(
                (pointer_key, named),
                Pointer(kind=kind, url_key=pointer_key, url=url, site=named, confidence=confidence),
            )

    has_copy_mark = False
    for credit in credits or ():
        kind, agency, confidence = credit["kind"], credit["agency"], float(credit["confidence"])
        if kind == "plugin_mark":
            has_copy_mark = True
        if agency and agency != own and kind not in _NO_CREDIT:
            agencies[agency] = max(confidence, agencies.get(agency, 0.0))
        if kind in _POINTING:
            point(kind, credit["url"], credit["site"], confidence)
    if source_link_url:
        point("source_link", source_link_url, None, 1.0)
    canonical_key = _url_key(canonical_url)
    return Node(
        article_id=article_id,
        version=version,
        url=url,
        url_key=key,
        canonical_key=canonical_key if canonical_url and site_of(canonical_url) == site else None,
        site=site,
        title=title,
        word_count=word_count,
        published_at=published_at,
        published_certainty=published_certainty,
        first_seen_at=first_seen_at,
        agency_of_site=own,
        credit_agencies=agencies,
        pointers=tuple(pointers.values()),
        has_copy_mark=has_copy_mark,
        item_ids=frozenset(c["item_id"] for c in credits or () if c["item_id"]),
    )


def _url_key(url: str | None) -> str | None:
    if not url:
        return None
    try:
        return url_key(url)
    except ValueError:
        return None


def _cluster_row(cluster: StoryCluster, nodes: Mapping[int, Node]) -> dict[str, object]:
    members = [nodes[place.article_id] for place in cluster.members]
    times = sorted(node.published_at for node in members if node.published_at is not None)
    return {
        "cluster_id": cluster.cluster_id,
        "size": len(members),
        "sites": len({node.site for node in members}),
        "head_article_id": cluster.head,
        "origin_article_id": cluster.origin.article_id,
        "origin_agency": cluster.origin.agency,
        "origin_url": cluster.origin.url,
        "origin_site": cluster.origin.site,
        "origin_reason": cluster.origin.reason,
        "origin_evidence": cluster.origin.evidence,
        "first_published_at": times[0].isoformat() if times else None,
        "last_published_at": times[-1].isoformat() if times else None,
    }


def _membership_row(cluster: StoryCluster, place: Any) -> dict[str, object]:
    return {"cluster_id": cluster.cluster_id, **asdict(place)}


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return json.dumps(rows, ensure_ascii=False)
