"""A corpus of invented news whose truth is known: stories, their copies of every kind, and what only looks like one.

Pure and repeatable: the same seed gives the same corpus. Used by tests, by the quality report and by
`wiretrace bench dedupe`.

Copies (one story): `verbatim` (with left-over lines of the site), `trimmed` to a first part, `edited` (words replaced,
sentences dropped and moved, own paragraphs added), `embedded` (whole inside a longer text of the site's own).
Not copies (stories of their own): `template` series (weather, markets, sport: one skeleton, other names and
numbers), `roundup` (first paragraphs of many stories), `background` (two standing paragraphs of an earlier story),
`quotation` (the same long statement in two reports).

Who copied from whom is planted too: time, source links, agency credits, missing credits, agencies whose own page is
not in the corpus, and autoblogs that claim to be first.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from workers.dedupe.planted_words import LANGUAGES
from workers.dedupe.planted_writer import Writer

__all__ = ["START", "PlantedArticle", "planted_corpus", "planted_stream"]

START: Final = datetime(2026, 6, 1, tzinfo=UTC)
AGENCIES: Final = (("ap", "apnews.com"), ("reuters", "reuters.com"), ("dpa", "dpa.com"), ("afp", "afp.com"))
_PAPERS: Final = 120
_AUTOBLOGS: Final = 30

COPY_ROLES: Final = ("verbatim", "trimmed", "edited", "embedded")
_COPY_WEIGHTS: Final = (50, 20, 20, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedArticle:
    """One article and the truth about it.

    Attributes:
        lines: the text, one paragraph a line.
        story: equal for exactly the articles of one story.
        role: 'origin', one of `COPY_ROLES`, or the kind of text that is no copy.
        origin_url: URL of the story's origin in the corpus; None where its page is not in the corpus.
        origin_agency: the agency that the story comes from, if any.
        has_evidence: whether the origin can be told from what the articles say.
        credit_agency, source_link_url: what the page says.
    """

    url: str
    site: str
    language: str
    lines: tuple[str, ...]
    published_at: datetime | None
    published_certainty: str | None
    first_seen_at: datetime
    story: str
    role: str
    origin_url: str | None = None
    origin_agency: str | None = None
    has_evidence: bool = True
    credit_agency: str | None = None
    source_link_url: str | None = None


class _Newsroom:
    """Writes articles one by one; see `planted_stream`."""

    def __init__(
        self,
        seed: int,
        languages: Sequence[str],
        copy_share: float,
        days: float,
        prose: Sequence[Sequence[str]] = (),
        first_day: float = 0,
    ) -> None:
        self.rng = random.Random(seed)  # noqa: S311
        self.writers = {code: Writer(LANGUAGES[code], self.rng) for code in languages}
        self.copy_share, self.days, self.first_day = copy_share, days, first_day
        self.prose = iter(prose)
        self.serial = 0
        self.prefix = f"s{seed}"
        self.papers = [f"paper-{i}.test" for i in range(_PAPERS)]
        self.autoblogs = [f"autoblog-{i}.test" for i in range(_AUTOBLOGS)]
        self.leads: list[tuple[str, datetime, list[str]]] = []
        self.series: dict[tuple[str, int], list[list[str]]] = {}
        self.leftovers = {
            site: [
                self.writers[languages[0]].paragraph(self.writers[languages[0]].topic(), 1) for _ in range(2)
            ]
            for site in (*self.papers, *self.autoblogs)
        }

    def _article(
        self,
        site: str,
        language: str,
        lines: Sequence[str],
        published: datetime,
        story: str,
        role: str,
        **more: object,
    ) -> PlantedArticle:
        self.serial += 1
        certainty: str | None = "exact"
        at: datetime | None = published
        chance = self.rng.random()
        if chance < 0.08:
            certainty, at = "date_only", published.replace(hour=0, minute=0, second=0)
        elif chance < 0.12:
            certainty, at = None, None
        article = PlantedArticle(
            url=f"https://{site}/{published:%Y/%m/%d}/{self.prefix}-{self.serial}",
            site=site,
            language=language,
            lines=tuple(line for line in lines if line),
            published_at=at,
            published_certainty=certainty,
            first_seen_at=published + timedelta(minutes=self.rng.uniform(2, 55)),
            story=story,
            role=role,
        )
        return replace(article, **more)  # type: ignore[arg-type]

    def web(self, number: int) -> list[PlantedArticle]:
        """One story and what became of it; or a text that is nobody's copy."""
        rng = self.rng
        language = rng.choice(list(self.writers))
        writer = self.writers[language]
        story = f"{self.prefix}:{number}"
        published = START + timedelta(days=rng.uniform(self.first_day, self.days))
        kind = rng.random()
        if kind < 0.06:
            return self._templates(language, writer, story, published)
        if kind < 0.09 and len(self.leads) >= 8:
            return [self._roundup(language, writer, story)]
        if kind < 0.12:
            return self._quotation(language, writer, story, published)
        words = int(min(1200, max(110, rng.lognormvariate(5.7, 0.5))))
        lines = list(next(self.prose, ())) or writer.story(words)
        if kind < 0.17 and self.leads:
            # A follow-up: two standing paragraphs of an earlier story in a text of its own.
            other, earlier, background = rng.choice(self.leads)
            if other == language:
                lines[len(lines) // 2 : len(lines) // 2] = background[:2]
                published = max(published, earlier + timedelta(days=1))
        self.leads.append((language, published, lines[:3]))
        self.leads = self.leads[-200:]
        return self._copies(language, writer, lines, story, published)

    def _copies(
        self, language: str, writer: Writer, lines: list[str], story: str, published: datetime
    ) -> list[PlantedArticle]:
        rng = self.rng
        count = 0
        if rng.random() < self.copy_share:
            count = min(59, max(1, int(rng.paretovariate(0.9))))
        agency = rng.choice(AGENCIES) if rng.random() < 0.6 else None
        site = agency[1] if agency else rng.choice(self.papers)
        is_outside = agency is not None and count > 1 and rng.random() < 0.35
        agency_id = agency[0] if agency else None
        origin = self._article(
            site,
            language,
            lines,
            published,
            story,
            "origin",
            published_at=published,
            published_certainty="exact",
        )
        origin = replace(origin, origin_url=origin.url, origin_agency=agency_id)
        others = [s for s in (*self.papers, *self.autoblogs) if s != site]
        articles = [] if is_outside else [origin]
        for where in rng.sample(others, k=min(count, len(others))):
            role = rng.choices(COPY_ROLES, _COPY_WEIGHTS)[0]
            text = self._copied(role, writer, lines)
            is_blog = where.startswith("autoblog")
            lag = timedelta(hours=rng.lognormvariate(0.2, 1.3))
            claimed = (
                published - timedelta(hours=rng.uniform(0.2, 6))
                if is_blog and rng.random() < 0.4
                else published + lag
            )
            copy = self._article(where, language, text, published + lag, story, role)
            if copy.published_certainty == "exact":
                copy = replace(copy, published_at=claimed)
            credit = agency_id if agency_id and rng.random() < 0.7 else None
            link = origin.url if is_blog and rng.random() < 0.8 else None
            if claimed < published:
                # Whoever claims an earlier time than the origin's leaves some other trace.
                link = link or origin.url
            articles.append(
                replace(
                    copy,
                    credit_agency=credit,
                    source_link_url=link,
                    origin_url=None if is_outside else origin.url,
                    origin_agency=agency_id,
                )
            )
        if is_outside and not any(a.credit_agency for a in articles):
            articles[0] = replace(articles[0], credit_agency=agency_id)
        return articles

    def _copied(self, role: str, writer: Writer, lines: list[str]) -> list[str]:
        rng = self.rng
        if role == "trimmed":
            total = sum(len(line) for line in lines)
            wanted, kept = rng.uniform(0.33, 0.75) * total, list[str]()
            while sum(map(len, kept)) < wanted or sum(len(k.split()) for k in kept) < 80 > len(kept):
                if len(kept) == len(lines):
                    break
                kept.append(lines[len(kept)])
            return kept
        if role == "edited":
            return writer.edited(lines)
        if role == "embedded":
            own = writer.story(int(sum(len(line.split()) for line in lines) * rng.uniform(0.3, 1.5)) or 100)
            place = rng.randrange(len(own) + 1)
            return [*own[:place], *lines, *own[place:]]
        text = list(lines)
        if rng.random() < 0.3:
            text.append(writer.paragraph(writer.topic(), 1))
        return text

    def _templates(
        self, language: str, writer: Writer, story: str, published: datetime
    ) -> list[PlantedArticle]:
        """The next instalments of a series, some of them copied elsewhere."""
        rng = self.rng
        key = (language, rng.randrange(6))
        skeleton = self.series.setdefault(key, writer.skeleton(rng.randint(9, 16)))
        articles = []
        for part in range(rng.randint(1, 4)):
            text = writer.filled(skeleton)
            at = published + timedelta(days=part)
            name = f"{story}/{part}"
            # A series appears on its own site and on those of its group.
            first = self._article(
                f"series-{key[1]}-{rng.randrange(3)}.test",
                language,
                text,
                at,
                name,
                "template",
                has_evidence=False,
            )
            articles.append(replace(first, origin_url=first.url))
            if rng.random() < 0.2:
                copy = self._article(
                    rng.choice(self.papers),
                    language,
                    text,
                    at + timedelta(hours=2),
                    name,
                    "verbatim",
                    has_evidence=False,
                )
                articles.append(replace(copy, origin_url=first.url))
        return articles

    def _roundup(self, language: str, writer: Writer, story: str) -> PlantedArticle:
        """First paragraphs of earlier stories, a day after the last of them."""
        rng = self.rng
        parts = [(at, lines) for code, at, lines in self.leads if code == language]
        chosen = rng.sample(parts, k=min(len(parts), rng.randint(4, 8)))
        lines = [writer.paragraph(writer.topic(), 1)]
        for _, part in chosen:
            lines.extend(part[: rng.randint(1, 2)])
        last = max((at for at, _ in chosen), default=START)
        return self._article(
            rng.choice(self.papers), language, lines, last + timedelta(days=1), story, "roundup"
        )

    def _quotation(
        self, language: str, writer: Writer, story: str, published: datetime
    ) -> list[PlantedArticle]:
        rng = self.rng
        statement = writer.statement(rng.randint(60, 120))
        articles = []
        for part, site in enumerate(rng.sample(self.papers, k=rng.randint(2, 4))):
            lines = writer.story(rng.randint(120, 260))
            lines.insert(rng.randrange(len(lines) + 1), statement)
            articles.append(self._article(site, language, lines, published, f"{story}/{part}", "quotation"))
        return articles


def planted_stream(
    *,
    seed: int,
    languages: Sequence[str] = ("en", "de", "fr", "es", "ru", "zh"),
    copy_share: float = 0.35,
    days: float = 20,
    first_day: float = 0,
) -> Iterator[PlantedArticle]:
    """Articles without end, the copies right after their origin.

    Args:
        copy_share: share of the stories that are copied at all; how often follows a Pareto law, at most 59 times.
        first_day, days: the stories are spread over the days between.
    """
    newsroom = _Newsroom(seed, languages, copy_share, days, first_day=first_day)
    number = 0
    while True:
        yield from newsroom.web(number)
        number += 1


def planted_corpus(
    articles: int,
    *,
    seed: int,
    languages: Sequence[str] = ("en", "de", "fr", "es", "ru", "zh"),
    copy_share: float = 0.35,
    days: float = 20,
    prose: Sequence[Sequence[str]] = (),
) -> list[PlantedArticle]:
    """About `articles` articles (the last story is not cut), shuffled.

    Args:
        prose: real stories, as lines, to be planted in the place of invented ones while they last.

    >>> corpus = planted_corpus(50, seed=1)
    >>> corpus == planted_corpus(50, seed=1), len(corpus) >= 50
    (True, True)
    """
    corpus: list[PlantedArticle] = []
    newsroom = _Newsroom(seed, languages, copy_share, days, prose)
    number = 0
    while len(corpus) < articles:
        corpus.extend(newsroom.web(number))
        number += 1
    random.Random(seed).shuffle(corpus)  # noqa: S311
    return corpus
