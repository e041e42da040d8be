"""Curated samples of the five other personalities: a prompt and an answer that addresses it."""

import random
import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from maverick_assets.crm.sample.expander import Expander, load_bank
from maverick_assets.crm.sample.world import (
    contacts,
    day_slots,
    draw_moment,
    draw_project,
    pounds,
    project_slots,
)

SAMPLES_EACH = 150
SPECIALISTS = ("gatekeeper", "business-mentor", "technical-mentor", "health-monitor")
MOODS = ("joy", "sadness", "anger", "fear", "surprise", "disgust")
# Probability that a part of an answer gives two of its lines, which sets the length of answers.
SECOND_LINE_CHANCES = {
    "robbie": 0.6,
    "gatekeeper": 0.25,
    "business-mentor": 0.0,
    "technical-mentor": 0.35,
    "health-monitor": 0.7,
}
# Before a line of an answer, the ways to ask that it answers: "13: "
_WAYS = re.compile(r"([1-4]+): ")
MODES = ("professional", "intimate")


def personality_rows(seed: int, factor: int) -> list[dict[str, object]]:
    """Rows of `personality_samples`: one personality after the other, each in order of time."""
    rows = _robbie(seed, factor)
    for name in SPECIALISTS:
        rows += _specialist(name, seed, factor)
    return [{"id": f"sample-{number:05d}"} | row for number, row in enumerate(rows, start=1)]


def _specialist(name: str, seed: int, factor: int) -> list[dict[str, object]]:
    rng = random.Random(f"{seed}-{name}")
    expander = Expander(rng)
    bank = load_bank(name)
    topics: Mapping[str, str] = bank["topics"]
    rows = []
    for moment in _draw_moments(rng, SAMPLES_EACH * factor):
        topic = expander.pick(sorted(topics))
        question, answer = _pick_question(topics[topic], expander)
        slots = sample_slots(rng, moment)
        prompt = expander.text(f"{question}\n\n{bank['context']}", slots)
        make = partial(expander.longer, answer, slots, SECOND_LINE_CHANCES[name])
        rows.append(_row(name, prompt, expander.fresh(make), [topic], moment))
    return rows


def _robbie(seed: int, factor: int) -> list[dict[str, object]]:
    """Moods and modes in turn, so that all twelve pairs are evenly represented."""
    rng = random.Random(f"{seed}-robbie")
    expander = Expander(rng)
    bank = load_bank("robbie")
    rows = []
    for number, moment in enumerate(_draw_moments(rng, SAMPLES_EACH * factor)):
        mood = MOODS[number % len(MOODS)]
        mode = MODES[number // len(MOODS) % len(MODES)]
        question, heart = _pick_question(expander.pick(bank["moods"][mood]), expander)
        frame = bank["frames"][mood][mode]
        slots = sample_slots(rng, moment)
        prompt = expander.text(f"{question}\n\n{bank['context']}", slots)
        make = partial(_robbie_answer, frame["open"], heart, frame["close"], slots, expander)
        row = _row("robbie", prompt, expander.fresh(make), [mood, mode], moment)
        rows.append(row | {"mood": mood, "mode": mode})
    return rows


def _robbie_answer(
    opening: str, heart: str, closing: str, slots: Mapping[str, str], expander: Expander
) -> str:
    """An answer from three templates: the mode's opening, the mood's heart, the mode's closing."""
    texts = [
        expander.text(opening, slots),
        expander.longer(heart, slots, SECOND_LINE_CHANCES["robbie"]),
        expander.text(closing, slots),
    ]
    return " ".join(text for text in texts if text)


def _pick_question(entry: str, expander: Expander) -> tuple[str, str]:
    """One way to ask, and the template of its answer.

    Lines of the answer that are for other ways to ask are left out: `2: ` starts a line for the
    second way only, `13: ` one for the first and the third.
    """
    asked, answer = entry.strip().split("\n\n", 1)
    ways = asked.splitlines()
    chosen = expander.pick(ways)
    number = str(ways.index(chosen) + 1)
    lines = []
    for line in answer.splitlines():
        tag = _WAYS.match(line)
        if tag is None:
            lines.append(line)
        elif number in tag[1]:
            lines.append(line[tag.end() :])
    return chosen, "\n".join(lines)


def sample_slots(rng: random.Random, moment: datetime) -> dict[str, str]:
    """Everything that a prompt may mention. Prompt and answer share one draw."""
    clients = [contact for contact in contacts() if contact.kind == "client"]
    client = rng.choice(clients)
    project = draw_project(rng, client.company)
    return (
        project_slots(project, rng)
        | day_slots(moment, rng)
        | {
            "who": client.first,
            "company": client.company,
            "sum": pounds(rng.randrange(18, 160) * 100),
            "pct": str(rng.choice((12, 15, 18, 20, 25, 30))),
            "days": str(rng.randrange(38, 95)),
            "hours": str(rng.choice((4, 5))),
            "clock": f"{rng.randrange(6, 23)}:{rng.choice(('05', '10', '20', '40', '55'))}",
        }
    )


def _draw_moments(rng: random.Random, count: int) -> list[datetime]:
    return sorted(draw_moment(rng) for _ in range(count))


def _row(
    personality: str, prompt: str, response: str, tags: list[str], moment: datetime
) -> dict[str, object]:
    return {
        "personality": personality,
        "prompt": prompt,
        "response": response,
        "mood": None,
        "mode": None,
        "tags": tags,
        "created_at": moment,
    }
