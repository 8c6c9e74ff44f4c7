"""Made-up stories for the tests of this room: words drawn from a list, so that no two share a passage."""

from __future__ import annotations

import random

_WORDS = [
    "harbour",
    "council",
    "bridge",
    "winter",
    "ferry",
    "school",
    "budget",
    "river",
    "market",
    "teacher",
    "engine",
    "valley",
    "report",
    "island",
    "doctor",
    "garden",
    "railway",
    "storm",
    "library",
    "mayor",
    "farmer",
    "signal",
    "village",
    "tunnel",
    "museum",
    "tariff",
    "orchard",
    "captain",
    "survey",
    "lantern",
    "quarry",
    "meadow",
    "council",
    "pension",
    "grain",
    "mirror",
    "saddle",
    "copper",
    "canyon",
    "ledger",
    "violin",
    "timber",
    "beacon",
    "parcel",
    "glacier",
    "summit",
    "harvest",
]


def paragraph(rng: random.Random, words: int = 35) -> str:
    """One paragraph of about so many words, ending with a full stop."""
    return " ".join(rng.choice(_WORDS) for _ in range(words)).capitalize() + "."


def story(seed: int, paragraphs: int = 6) -> list[str]:
    """The paragraphs of story number `seed`; always the same for one number."""
    rng = random.Random(seed)
    return [paragraph(rng) for _ in range(paragraphs)]


BOILERPLATE = [
    "Get the morning briefing of the Paper in your inbox before breakfast",
    "The Paper is a member of the press council and corrects its errors",
]
PROSE = (
    "The Paper is owned by a trust that was set up ninety years ago by three printers, and whatever it earns goes back into "
    "the work of its reporters in the city and in the villages along the river."
)
"""A paragraph that a site puts under every story, in whole sentences."""


def page(seed: int, paragraphs: int = 6) -> list[str]:
    """A story between the lines that its site puts around every story."""
    return [BOILERPLATE[0], *story(seed, paragraphs), BOILERPLATE[1]]
