"""Synthetic people who write in clearly different ways, about topics that they share.

The style is in the words between the topic's: how they open, link, close, punctuate and spell.
"""

from dataclasses import dataclass, field

import numpy as np

from maverick_assets.evaluation.style.blocks import StyleText

KITCHEN = [
    "oven",
    "panel",
    "tray",
    "recipe",
    "batch",
    "spoon",
    "cook",
    "taste",
    "menu",
    "kettle",
    "flour",
]
SAILING = [
    "hull",
    "sail",
    "harbour",
    "rope",
    "anchor",
    "crew",
    "tide",
    "mast",
    "deck",
    "chart",
    "rudder",
]


@dataclass(frozen=True)
class Habits:
    """How one of them writes."""

    greetings: tuple[str, ...]
    closings: tuple[str, ...]
    frames: tuple[str, ...]  # sentences with places for words of the topic
    topic: tuple[str, ...] = field(default=tuple(KITCHEN))

    def texts(self, count: int, seed: int, topic: list[str] | None = None) -> list[StyleText]:
        """Texts of one to four sentences; two make a thread."""
        rng = np.random.default_rng(seed)
        words = topic or list(self.topic)
        texts = []
        for number in range(count):
            sentences = [
                str(rng.choice(self.frames)).format(*(str(rng.choice(words)) for _ in range(3)))
                for _ in range(int(rng.integers(1, 5)))
            ]
            parts = [rng.choice(self.greetings), " ".join(sentences), rng.choice(self.closings)]
            text = "\n".join(str(part) for part in parts if part)
            texts.append(StyleText(text, f"{seed}-{number // 2}"))
        return texts


TERSE = Habits(
    greetings=("", "", "\ue000 -"),
    closings=("", "onward,\n\ue000", "A."),
    frames=(
        "no {0}, no {1}.",
        "we keep the {0} as it is, not the {1}!",
        "look at {0} again before {1}...",
        "all {0} or none of it.",
        "if the {0} is off, so am i.",
        "what of the {0} and its {1}?",
        "that is my {0}, take it.",
        "{0} first; then {1}, then {2}.",
    ),
)
FORMAL = Habits(
    greetings=("Dear \ue000,", "Good morning \ue000,"),
    closings=("Kind regards,\n\ue000", "With best wishes,\n\ue000"),
    frames=(
        "I would be very grateful if you could please consider the {0} together with the {1}.",
        "Thank you very much for having sent us the {0}, which has been received.",
        "We should, therefore, be able to confirm that the {0} has been agreed by everybody.",
        "It may perhaps be useful for you to know about the {0}, although they have some {1}.",
        "Moreover, she will be able to provide them with a {0} whenever you would like.",
    ),
)
CHATTY = Habits(
    greetings=("Hey \ue000!", "Hiya,"),
    closings=("xx", "Cheers!!\n\ue000"),
    frames=(
        "So I was just thinking about the {0}, you know?",
        "OMG the {0} was sooo good, and then he told me about the {1}!!",
        "Anyway, can you do me a {0} like you did before?",
        "Really not sure about that {0} but whatever, right?",
        "Did you see what they did with the {0} there!?",
    ),
)
PLAIN = Habits(
    greetings=("Hello \ue000,", ""),
    closings=("Thanks, \ue000", "Thanks"),
    frames=(
        "Attached is the {0} for this week.",
        "The {0} was moved to the {1} on Monday.",
        "Please call me about the {0} when you get in.",
        "There were two {0} in the {1} from last month.",
        "Let me know whether the {0} works for you.",
    ),
)
