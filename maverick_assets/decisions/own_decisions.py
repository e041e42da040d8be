"""What the owner decided before: the decisions among the examples that his twin learnt from.

They come from the dataset of the personality, so that what a dataset must not hold (secrets, other
people's names, what was forgotten) is in no decision either, and each has its row ids.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.layout import decision_prompt, outcome_in
from maverick_assets.datasets.turns.deal_outcome import OPEN, deal_end
from maverick_assets.decisions.polarity import Polarity, opening_polarity
from maverick_assets.decisions.questions import yes_and_no
from maverick_assets.lake.delta import open_table, read_table
from maverick_assets.lake.paths import dataset_path, raw_path

_BEFORE, _AFTER = decision_prompt("\0").split("\0")
_STAGE = re.compile(r"^Stage: (.+)$", re.MULTILINE)
_LABELLED = re.compile(r"^(?:Stage|Amount|Age): .*$\n?", re.MULTILINE)
_AMOUNT = re.compile(r"^Amount: \$(-?[\d,]+)$", re.MULTILINE)
_SAID: dict[str, Polarity] = {"won": "yes", "lost": "no"}


@dataclass(frozen=True)
class Case:
    """What is to be decided: a deal's facts, or a message."""

    text: str
    is_deal: bool

    @property
    def words(self) -> str:
        """The text without what it labels as a stage, an amount or an age."""
        return _LABELLED.sub("", self.text) if self.is_deal else self.text

    @property
    def stage(self) -> str | None:
        """The stage of a deal, folded."""
        match = _STAGE.search(self.text) if self.is_deal else None
        return fold(match[1]) if match else None

    @property
    def amount(self) -> float | None:
        """The amount of a deal, in dollars."""
        match = _AMOUNT.search(self.text) if self.is_deal else None
        return float(match[1].replace(",", "")) if match else None


@dataclass(frozen=True)
class OwnDecision:
    """A decision of the owner."""

    example: Example
    case: Case
    stage: str | None  # at which a deal was decided, where the CRM says so; folded

    @cached_property
    def said(self) -> Polarity | None:
        """Whether he said yes: a deal that was won; the first word of an answer."""
        answer = self.example.messages[-1]["content"]
        if self.case.is_deal:
            outcome = outcome_in(answer)
            return _SAID[outcome] if outcome else None
        return opening_polarity(answer)

    @property
    def prompt(self) -> list[Message]:
        return self.example.messages[:-1]


def case_of(messages: Sequence[Message]) -> Case:
    """What a prompt asks to decide."""
    text = messages[-1]["content"]
    if text.startswith(_BEFORE) and text.endswith(_AFTER):
        return Case(text[len(_BEFORE) : len(text) - len(_AFTER)], True)
    return Case(text, False)


def neutral_prompt(messages: Sequence[Message]) -> list[Message]:
    """A prompt of the same layout that says nothing of any case.

    "N/A" is one of the content-free inputs of Zhao et al. (2021), "Calibrate Before Use".
    """
    text = decision_prompt("N/A") if case_of(messages).is_deal else "N/A"
    system = [message for message in messages[:1] if message["role"] == "system"]
    return [*system, Message(role="user", content=text)]


class OwnDecisions:
    """The decisions in a dataset as it is now; read again when it has changed."""

    def __init__(self, lake: Path, personality: str) -> None:
        self._lake = lake
        self._personality = personality
        self._version: int | None = None
        self._decisions: tuple[OwnDecision, ...] = ()

    def read(self) -> tuple[OwnDecision, ...]:
        """The decisions that were trained on, ordered by id; none where there is no dataset.

        Raises `MaverickError` for a dataset that cannot be read.
        """
        path = dataset_path(self._lake, self._personality)
        table = open_table(path)
        if table is None:
            return ()
        version = table.version()
        if version != self._version:
            examples = read_examples(path, version, "train")
            self._decisions = tuple(decisions_among(examples, self._lake))
            self._version = version
        return self._decisions


def decisions_among(examples: Sequence[Example], lake: Path | None) -> list[OwnDecision]:
    """The decisions among examples; stages of deals come from the raw tables of a lake."""
    cases = [(example, case_of(example.messages[:-1])) for example in examples]
    asked = [
        (example, case)
        for example, case in cases
        if case.is_deal or (example.kind in ("reply", "dialogue") and yes_and_no(case.text))
    ]
    stages = _stages(lake, {example.source for example, case in asked if case.is_deal})
    return [
        OwnDecision(example, case, stages.get((example.source, example.source_ids[0])))
        for example, case in asked
    ]


def _stages(lake: Path | None, tables: set[str]) -> dict[tuple[str, str], str]:
    """Stages of the rows of raw tables, where they do not say how the deal ended."""
    stages: dict[tuple[str, str], str] = {}
    for table in tables:
        if lake is None:
            break
        rows = read_table(raw_path(lake, table), columns=["id", "stage"])
        for row in rows.to_pylist() if rows is not None else []:
            if row["stage"] and deal_end({"stage": row["stage"]}) == OPEN:
                stages[table, str(row["id"])] = fold(row["stage"])
    return stages
