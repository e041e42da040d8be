"""Machine text: what a base model answers that is nobody.

A classifier of six personalities must name one of them, and takes the chatter of a base model for
the friendliest. So it learns a seventh voice.
"""

from functools import cache
from pathlib import Path

from pydantic import Field

from maverick_assets.evaluation.personality.texts import Text
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import load_yaml

MACHINE = "a machine"  # no name of a recipe: these have no space
_FILE = Path(__file__).with_name("machine.yaml")
_HELD_OUT_EVERY = 4


class MachineTexts(StrictModel):
    """machine.yaml: answers of a base model, those to one question together."""

    answers: list[list[str]] = Field(
        description="by question; the answers to every fourth question are held out"
    )


@cache
def machine_texts() -> tuple[Text, ...]:
    """Answers of the embedded base, which no adapter had a part in."""
    questions = load_yaml(_FILE, MachineTexts).answers
    return tuple(
        Text(MACHINE, answer, "", f"machine-{at}", "train" if at % _HELD_OUT_EVERY else "test")
        for at, answers in enumerate(questions)
        for answer in answers
    )
