"""The sample CRM's curated texts as a corpus: five voices, two with private words."""

import pytest

from maverick_assets.crm.sample.personalities import personality_rows
from maverick_assets.evaluation.personality.measure import Voices
from maverick_assets.evaluation.personality.texts import Corpus, Text

_HELD_OUT_EVERY = 5


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    rows = personality_rows(7, 1)
    return Corpus([_text(number, row) for number, row in enumerate(rows)])


@pytest.fixture(scope="session")
def voices(corpus: Corpus) -> Voices:
    return Voices(corpus)


def _text(number: int, row: dict[str, object]) -> Text:
    personality, mode = str(row["personality"]), row["mode"]
    classes = {"robbie": "intimate" if mode == "intimate" else "robbie"}
    private = classes | {"health-monitor": "health-monitor"}
    return Text(
        personality=personality,
        said=str(row["response"]),
        before=str(row["prompt"]),
        thread=str(row["id"]),
        split="validation" if number % _HELD_OUT_EVERY == 0 else "train",
        mood=None if row["mood"] is None else str(row["mood"]),
        mode=None if mode is None else str(mode),
        classes=frozenset([private[personality]] if personality in private else []),
    )
