"""Invents the prose that `planted.py` plants. Pure and repeatable."""

from __future__ import annotations

import random
from collections.abc import Sequence

from workers.dedupe.planted_words import Language

__all__ = ["Writer"]


class Writer:
    """Invents prose of one language; deterministic in its random source."""

    def __init__(self, language: Language, rng: random.Random) -> None:
        self.language, self.rng = language, rng
        self.general = [self._word() for _ in range(4000)]
        weights = [1.0 / (rank + 3) for rank in range(len(language.common))]
        self.common_weights = weights
        self.general_weights = [1.0 / (rank + 20) for rank in range(len(self.general))]

    def _word(self, *, is_name: bool = False) -> str:
        syllables = self.rng.choice((2, 2, 3)) if self.language.glue else 1
        word = "".join(
            self.rng.choice(self.language.onsets) + self.rng.choice(self.language.nuclei)
            for _ in range(syllables)
        )
        return word.capitalize() if is_name or self.language.are_nouns_capital else word

    def name(self) -> str:
        return self._word(is_name=True)

    def number(self) -> str:
        return str(
            self.rng.choice((self.rng.randint(2, 99), self.rng.randint(100, 9999), self.rng.randint(1, 31)))
        )

    def topic(self) -> tuple[list[str], list[str]]:
        """Words and names of one event."""
        return [self._word() for _ in range(50)], [self.name() for _ in range(12)]

    def sentence(self, topic: tuple[list[str], list[str]]) -> str:
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
        text = language.glue.join(words)
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
        text = ""
        while len(text.split()) < words:
            text += (" " if text else "") + self.sentence(topic).replace(self.language.quotes[0], "").replace(
                self.language.quotes[1], ""
            )
        return f"{self.language.quotes[0]}{text}{self.language.quotes[1]} {self.language.said} {self.name()}{self.language.stop}"

    def skeleton(self, sentences: int) -> list[list[str]]:
        """Sentences with slots: `#` stands for a number, `@` for a name."""
        topic = self.topic()
        built = []
        for _ in range(sentences):
            words = [
                w for w in self.sentence(topic).rstrip(self.language.stop).split() if not w.isdigit()
            ] or ["x"]
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
            lines.append(" ".join(words) + self.language.stop)
        return [" ".join(lines[i : i + 3]) for i in range(0, len(lines), 3)]

    def edited(self, lines: Sequence[str]) -> list[str]:
        """As an editor leaves it: some words replaced, a sentence in ten gone, a paragraph of the site's own."""
        rng, language = self.rng, self.language
        rate = rng.uniform(0.01, 0.05)
        kept: list[str] = []
        between = language.stop + (" " if language.glue else "")
        for line in lines:
            # A stop without a space after it stands within a number or an abbreviation.
            sentences = [s for s in line.removesuffix(language.stop).split(between) if s.strip()]
            sentences = [s for s in sentences if rng.random() > 0.1]
            if language.glue:
                sentences = [
                    " ".join(
                        rng.choice(self.general)
                        if rng.random() < rate and w[0].islower() and not w[0].isdigit()
                        else w
                        for w in s.split()
                    )
                    for s in sentences
                ]
            if sentences:
                kept.append(between.join(sentences) + language.stop)
        if len(kept) > 3 and rng.random() < 0.3:
            i = rng.randrange(1, len(kept) - 1)
            kept[i], kept[i + 1] = kept[i + 1], kept[i]
        if rng.random() < 0.5:
            kept.insert(rng.randrange(len(kept) + 1), self.paragraph(self.topic()))
        return kept or list(lines)
