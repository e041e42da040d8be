"""A handful of ratings (`feedback`) and of events on devices (`device_interactions`)."""

import random

from maverick_assets.crm.sample.expander import Expander, load_bank
from maverick_assets.crm.sample.personalities import sample_slots
from maverick_assets.crm.sample.world import OWNER_ID, draw_moment

ROWS_EACH = 22


def feedback_rows(seed: int, factor: int) -> list[dict[str, object]]:
    """Rows of `feedback`, in order of time: an answer, its rating, and for some a correction."""
    rng = random.Random(f"{seed}-feedback")
    expander = Expander(rng)
    rows: list[dict[str, object]] = []
    moments = sorted(draw_moment(rng) for _ in range(ROWS_EACH * factor))
    entries = [tuple(entry) for entry in load_bank("signals")["feedback"]]
    for number, moment in enumerate(moments, start=1):
        entry = entries[(number - 1) % len(entries)]
        slots = sample_slots(rng, moment)
        personality, prompt, response, rating, correction = (
            expander.text(template, slots) if position else template
            for position, template in enumerate(entry)
        )
        rows.append(
            {
                "id": f"feedback-{number:04d}",
                "personality": personality,
                "version": f"v1.{number * 6 // (ROWS_EACH * factor)}",
                "prompt": prompt,
                "response": response,
                "rating": int(rating),
                "correction": correction or None,
                "created_at": moment,
            }
        )
    return rows


def device_rows(seed: int, factor: int) -> list[dict[str, object]]:
    """Rows of `device_interactions`, in order of time."""
    rng = random.Random(f"{seed}-devices")
    expander = Expander(rng)
    moments = sorted(draw_moment(rng) for _ in range(ROWS_EACH * factor))
    entries = load_bank("signals")["events"]
    rows: list[dict[str, object]] = []
    for number, moment in enumerate(moments, start=1):
        device, event, content = entries[(number - 1) % len(entries)]
        rows.append(
            {
                "id": f"interaction-{number:04d}",
                "user_id": OWNER_ID,
                "device": device,
                "event": event,
                "content": expander.text(content, sample_slots(rng, moment)) or None,
                "created_at": moment,
            }
        )
    return rows
