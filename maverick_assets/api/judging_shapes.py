"""What the routes of judging answer: blind questions, old decisions asked again, results."""

from typing import Literal

from pydantic import Field, RootModel

from maverick_assets.api.shapes import ALLAN, example
from maverick_assets.figures.decisions import Stance
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.strict_model import StrictModel


class BlindQuestion(StrictModel):
    """A prompt with answers, of which one is the owner's."""

    personality: str
    version: str
    question_id: str
    seed: int
    prompt: str
    answers: list[str]


class BlindQuestionList(RootModel[list[BlindQuestion]]):
    model_config = example(
        [
            {
                "personality": ALLAN,
                "version": "v1.0",
                "question_id": "3f2a9c",
                "seed": 7,
                "prompt": "Can you do 15 % off?",
                "answers": ["10, if you sign today.", "Dear Sir, I would be delighted."],
            }
        ]
    )


class JudgementKept(StrictModel):
    model_config = example({"kept": True})

    kept: Literal[True]


class Judgeable(StrictModel):
    """What a token may judge of one personality."""

    personality: str
    title: str
    version: str
    owner: str = Field(description="whose answer is among the others: a name, or `the owner`")
    is_owner: bool = Field(description="whether the token is the owner's own")
    questions: int = Field(description="prompts with answers to judge blind")
    decisions: int = Field(description="old decisions to decide again; 0 for all but the owner")


class JudgeableList(RootModel[list[Judgeable]]):
    model_config = example(
        [
            {
                "personality": ALLAN,
                "title": "Allan",
                "version": "v1.0",
                "owner": "Allan",
                "is_owner": True,
                "questions": 24,
                "decisions": 310,
            }
        ]
    )


class DecisionQuestion(StrictModel):
    """An old decision without what was decided."""

    personality: str
    example_id: str
    seed: int
    kind: Literal["deals", "mails"]
    text: str = Field(description="a deal's facts, or the message that asked")
    options: list[Stance] = Field(description="in a random order")


class DecisionQuestionList(RootModel[list[DecisionQuestion]]):
    model_config = example(
        [
            {
                "personality": ALLAN,
                "example_id": "3f2a9c",
                "seed": 7,
                "kind": "deals",
                "text": "Deal: Acme Foods: pilot\nStage: negotiation\nAmount: $5,000\n30% off?",
                "options": ["decline", "accept"],
            }
        ]
    )


def _interval(value: float, low: float, high: float, n: int) -> dict[str, float | int]:
    return {"value": value, "low": low, "high": high, "n": n}


class JudgingResults(PeopleFigures):
    """What people said so far of a version in service."""

    model_config = example(
        {
            "personality": ALLAN,
            "version": "v1.0",
            "judges": 2,
            "judgements": 20,
            "ratings": {
                "owner": _interval(8.1, 7.4, 8.8, 20),
                "version": _interval(6.9, 6.0, 7.8, 20),
            },
            "taken_for_owner": {
                "owner": _interval(0.6, 0.39, 0.78, 20),
                "version": _interval(0.3, 0.15, 0.52, 20),
            },
            "ties": 2,
            "in_use": 0,
            "satisfaction": None,
            "repeated_decisions": {"deals": _interval(0.85, 0.64, 0.95, 20)},
        }
    )

    personality: str
    version: str
