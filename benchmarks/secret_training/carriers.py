"""What training texts stand in: exports of chats, lists, quotes, mails, texts of the sample."""

import random
from dataclasses import replace

from benchmarks.secret_training.lookalikes import clock, date
from benchmarks.secret_training.texts import TrainingText
from benchmarks.secret_training.values import NAMES

_MOST_BEFORE, _MOST_AFTER = 1_200, 600  # characters of a carrier that are kept around a text
# "[10:32] Novak: ", "Novak, 3.4.2021: ", "<rex> ", "- ", "> "
_CHAT = ("[{clock}] {name}: ", "{name}, {date}: ", "<{name}> ", "{clock} - {name}: ", "{name}: ")
_MARKS = ("- ", "* ", "> ", "• ", "# ", "    ", "> > ", "-- ", "1. ", "☐ ")


def carried(rng: random.Random, drawn: TrainingText, carriers: list[str]) -> TrainingText:
    """The text as it may come: as it is, with a mark or a speaker in its lines, within another."""
    chance = rng.random()
    if chance < 0.12:
        drawn = with_line_starts(rng, drawn)
    return within(rng, drawn, rng.choice(carriers)) if rng.random() < 0.45 and carriers else drawn


def with_line_starts(rng: random.Random, drawn: TrainingText) -> TrainingText:
    """The text with a mark of a list or a quote, or with a speaker's name, before each line."""
    speakers = rng.sample(NAMES, 2)
    form = rng.choice(_CHAT)
    mark = rng.choice(_MARKS) if rng.random() < 0.5 else ""
    text, at = "", 0
    moved: list[tuple[int, int]] = []
    for number, line in enumerate(drawn.text.split("\n")):
        start = mark or form.format(name=speakers[number % 2], clock=clock(rng), date=date(rng))
        text += ("\n" if number else "") + start
        # A secret of more lines than one is marked in each of them.
        moved += [
            (len(text) + max(left - at, 0), len(text) + min(right - at, len(line)))
            for left, right in drawn.secrets
            if left < at + len(line) and right > at
        ]
        text += line
        at += len(line) + 1
    return replace(drawn, text=text, secrets=tuple(moved))


def within(rng: random.Random, drawn: TrainingText, carrier: str) -> TrainingText:
    """The text as a paragraph, a line or a sentence of another one."""
    border = rng.choice(["\n\n", "\n\n", "\n", " "])
    pieces = carrier.split(border)
    at = rng.randint(0, len(pieces))
    before = border.join([*pieces[:at], ""])[-_MOST_BEFORE:]
    after = border.join(["", *pieces[at:]])[:_MOST_AFTER]
    secrets = tuple((left + len(before), right + len(before)) for left, right in drawn.secrets)
    return replace(drawn, text=before + drawn.text + after, secrets=secrets)
