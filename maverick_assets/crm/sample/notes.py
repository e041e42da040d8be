"""Sticky notes: Allan talking to himself."""

import random
from functools import partial

from maverick_assets.crm.sample.expander import Expander, load_bank
from maverick_assets.crm.sample.world import (
    OWNER_ID,
    contacts,
    day_slots,
    draw_moment,
    draw_project,
    project_slots,
)

NOTES = 150
SECOND_LINE_CHANCE = 0.5  # probability that a part of a note has two lines


def note_rows(seed: int, factor: int) -> list[dict[str, object]]:
    """Rows of `sticky_notes`, in order of time."""
    rng = random.Random(f"{seed}-notes")
    expander = Expander(rng)
    bank = load_bank("notes")
    rows: list[dict[str, object]] = []
    moments = sorted(draw_moment(rng) for _ in range(NOTES * factor))
    for number, moment in enumerate(moments, start=1):
        kind = bank[expander.pick(sorted(bank))]
        title, text = kind["text"].strip().split("\n\n", 1)
        client = rng.choice([contact for contact in contacts() if contact.kind == "client"])
        slots = project_slots(draw_project(rng, client.company), rng) | day_slots(moment, rng)
        slots["who"] = client.first
        content = expander.fresh(partial(expander.longer, text, slots, SECOND_LINE_CHANCE))
        rows.append(
            {
                "id": f"note-{number:04d}",
                "user_id": OWNER_ID,
                "title": expander.text(title, slots),
                "content": content,
                "tags": list(kind["tags"]),
                "created_at": moment,
            }
        )
    return rows
