"""Invents the prose that `planted.py` plants. Pure and repeatable."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Final

from workers.dedupe.planted_words import Language

__all__ = ["Writer"]

_NAMES: Final = 5000
"""Names that a writer remembers; the oldest go first."""
_NOUNS: Final = 0.55
"""Of the invented words: German news text has capitals on 22 to 36 % of its words."""


class Writer:
    """Invents prose of one language; deterministic in its random source."""

    def __init__(self, language: Language, rng: random.Random) -> None:
        self.language, self.rng = language, rng
        self._names: dict[str, None] = {}
        self._syllable = f"[{language.onsets}](?:{'|'.join(map(re.escape, language.nuclei))})"
        self.general = [self._word() for _ in range(4000)]
        weights = [1.0 / (rank + 3) for rank in range(len(language.common))]
        self.common_weights = weights
        self.general_weights = [1.0 / (rank + 20) for rank in range(len(self.general))]

    def _word(self, *, is_name: bool = False) -> str:
        syllables = self.rng.choice((2, 2, 3)) if self.language.glue else 1 + is_name
        word = "".join(
            self.rng.choice(self.language.onsets) + self.rng.choice(self.language.nuclei)
            for _ in range(syllables)
        )
        is_noun = self.language.are_nouns_capital and self.rng.random() < _NOUNS
        return word.capitalize() if is_name or is_noun else word

    def name(self) -> str:
        name = self._word(is_name=True)
        self._names[name] = None
        if len(self._names) > _NAMES:
            del self._names[next(iter(self._names))]
        return name

    def number(self) -> str:
        return str(
            self.rng.choice((self.rng.randint(2, 99), self.rng.randint(100, 9999), self.rng.randint(1, 31)))
        )

    def topic(self) -> tuple[list[str], list[str]]:
        """Words and names of one event."""
        return [self._word() for _ in range(50)], [self.name() for _ in range(12)]

    def _words(self, topic: tuple[list[str], list[str]]) -> list[str]:
        """The words of one sentence, a stock phrase as one."""
        rng, language = self.rng, self.language
        length = rng.randint(9, 24)
        kinds = rng.choices("cgtnN", (45, 20, 23, 9, 3), k=length)
        common = iter(rng.choices(language.common, self.common_weights, k=length))
        general = iter(rng.choices(self.general, self.general_weights, k=length))
        words = [
            next(common)
            if kind == "c"
            else next(general)
            if kind == "g"
            else rng.choice(topic[0])
            if kind == "t"
            else rng.choice(topic[1])
            if kind == "n"
            else self.number()
            for kind in kinds
        ]
        if rng.random() < 0.15:
            words.insert(rng.randrange(len(words)), rng.choice(language.phrases))
        if language.are_nouns_capital:
            # Hardly a noun without an article or a preposition.
            pairs = [
                (rng.choice(language.common), word)
                if before[:1].isupper() and word[0].isupper() and word not in self._names
                else (word,)
                for before, word in pairwise(["", *words])
            ]
            words = [word for pair in pairs for word in pair]
        return words

    def sentence(self, topic: tuple[list[str], list[str]]) -> str:
        rng, language = self.rng, self.language
        text = language.glue.join(self._words(topic))
        text = text[0].upper() + text[1:]
        if rng.random() < 0.12:
            return f"{language.quotes[0]}{text}{language.quotes[1]} {language.said} {rng.choice(topic[1])}{language.stop}"
        return text + language.stop

    def paragraph(self, topic: tuple[list[str], list[str]], sentences: int | None = None) -> str:
        count = sentences or self.rng.randint(1, 4)
        return (" " if self.language.glue else "").join(self.sentence(topic) for _ in range(count))

    def story(self, words: int) -> list[str]:
        """Paragraphs of one event, about `words` words long."""
        topic = self.topic()
        lines: list[str] = []
        total = 0
        while total < words:
            lines.append(self.paragraph(topic))
            total += len(lines[-1].split()) if self.language.glue else len(lines[-1]) // 2
        return lines

    def statement(self, words: int) -> str:
        """One long quotation."""
        topic = self.topic()
        text, glue = "", self.language.glue
        while (len(text.split()) if glue else len(text) // 2) < words:
            text += (glue if text else "") + self.sentence(topic).replace(
                self.language.quotes[0], ""
            ).replace(self.language.quotes[1], "")
        return f"{self.language.quotes[0]}{text}{self.language.quotes[1]}{glue}{self.language.said}{glue}{self.name()}{self.language.stop}"

    def skeleton(self, sentences: int) -> list[list[str]]:
        """Sentences with slots: `#` stands for a number, `@` for a name."""
        topic = self.topic()
        built = []
        for _ in range(sentences):
            words = [w for w in self._words(topic) if not w.isdigit()] or ["x"]
            for place in sorted(
                self.rng.sample(range(len(words) + 1), k=min(len(words), self.rng.randint(1, 3)))
            ):
                words.insert(place, self.rng.choice("##@"))
            built.append(words)
        return built

    def filled(self, skeleton: Sequence[Sequence[str]]) -> list[str]:
        lines = []
        for sentence in skeleton:
            words = [self.number() if w == "#" else self.name() if w == "@" else w for w in sentence]
            lines.append(self.language.glue.join(words) + self.language.stop)
        return [self.language.glue.join(lines[i : i + 3]) for i in range(0, len(lines), 3)]

    def reworded(self, lines: Sequence[str], rate: float) -> list[str]:
        """Some of the words replaced by others, nouns too; names and numbers stay.

        Args:
            rate: share of the words.
        """
        rng = self.rng

        def other(found: re.Match[str]) -> str:
            word = found.group()
            if word.isdigit() or self._is_name(found) or rng.random() >= rate:
                return word
            is_common = self.language.are_nouns_capital and not word[0].isupper()
            return rng.choice(self.language.common if is_common else self.general)

        token = self._token(lines)
        return [token.sub(other, line) for line in lines]

    def restyled(self, lines: Sequence[str], names: int, numbers: int) -> list[str]:
        """Some names and numbers as another house writes them, the same throughout.

        A name is spelled otherwise, gets a first name or a title where it first stands, or is a weekday that becomes
        a date; a number is converted to another unit or rounded.

        Args:
            names, numbers: how many distinct ones.
        """
        rng, glue = self.rng, self.language.glue
        token = self._token(lines)
        found = [match for line in lines for match in token.finditer(line)]
        changed: dict[str, list[str]] = {}
        for name in self._some({m.group() for m in found if self._is_name(m)}, names):
            first = rng.choice(
                (
                    self._word(is_name=True),
                    f"{self._word(is_name=True)}{glue}{name}",
                    f"{self.number()}{glue}{name}",
                )
            )
            changed[name] = [first, name if name in first else first]
        for number in self._some({m.group() for m in found if m.group().isdigit()}, numbers):
            other = (
                str(round(int(number), -2)) if int(number) > 1000 and rng.random() < 0.5 else self.number()
            )
            changed[number] = [other, other]

        def other_of(match: re.Match[str]) -> str:
            forms = changed.get(match.group())
            return match.group() if forms is None else forms.pop(0) if len(forms) > 1 else forms[0]

        return [token.sub(other_of, line) for line in lines]

    def _token(self, lines: Sequence[str]) -> re.Pattern[str]:
        """Matches the words of a text; in scripts without spaces by its names and its syllables."""
        if self.language.glue:
            return re.compile(r"\w+")
        pairs = re.compile(f"(?=({self._syllable}{self._syllable}))")
        names = {name for line in lines for name in pairs.findall(line)} & self._names.keys()
        return re.compile("|".join([*map(re.escape, sorted(names)), r"\d+", self._syllable]))

    def _is_name(self, found: re.Match[str]) -> bool:
        word = found.group()
        if word in self._names:
            return True
        # Of a text that was not invented here.
        is_cased = bool(self.language.glue) and not self.language.are_nouns_capital
        return (
            is_cased
            and word[0].isupper()
            and found.string[max(0, found.start() - 2) : found.start()][:1].isalnum()
        )

    def _some(self, words: Collection[str], count: int) -> list[str]:
        return self.rng.sample(sorted(words), min(count, len(words)))

    def edited(self, lines: Sequence[str]) -> list[str]:
        """As an editor leaves it: some words replaced, some names and numbers restyled, a sentence in ten gone, a
        paragraph of the site's own."""
        rng, language = self.rng, self.language
        rate = rng.uniform(0.01, 0.05)
        kept: list[str] = []
        between = language.stop + language.glue
        for line in lines:
            # A stop without a space after it stands within a number or an abbreviation.
            sentences = [s for s in line.removesuffix(language.stop).split(between) if s.strip()]
            sentences = [s for s in sentences if rng.random() > 0.1]
            if sentences:
                kept.append(between.join(sentences) + language.stop)
        kept = self.reworded(kept, rate)
        if rng.random() < 0.5:
            kept = self.restyled(kept, rng.randint(1, 3), rng.randint(1, 3))
        if len(kept) > 3 and rng.random() < 0.3:
            i = rng.randrange(1, len(kept) - 1)
            kept[i], kept[i + 1] = kept[i + 1], kept[i]
        if rng.random() < 0.5:
            kept.insert(rng.randrange(len(kept) + 1), self.paragraph(self.topic()))
        return kept or list(lines)
