"""Deals of the sample's generator as examples, and a model that knows some of the owner's rules."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message
from maverick_assets.crm.sample.deals import deal_rows
from maverick_assets.crm.sample.world import OWNER_EMAIL
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.layout import decision_prompt
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.fields import deal_fields
from maverick_assets.datasets.turns.marks import known_personalities
from maverick_assets.evaluation.evidence import Evidence
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.recipes import Gates

CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)

Score = Callable[[Sequence[Encoded]], list[float]]


def deal_examples(factor: int = 2) -> list[Example]:
    """Deals, three in four of them to train on."""
    examples = []
    for number, row in enumerate(deal_rows(5, factor)):
        fields = deal_fields(row, Owner((OWNER_EMAIL,), ()), known_personalities())
        prompt, answer = decision_prompt(fields["context"]), fields["text"]
        split = "validation" if number % 4 == 0 else "train"
        examples.append(example(number, prompt, answer, split))
    return examples


def example(
    number: int, prompt: str, answer: str, split: str = "train", kind: str = "decision"
) -> Example:
    return Example(
        example_id=hashlib.sha256(f"{prompt}{number}".encode()).hexdigest()[:32],
        personality="persona",
        kind=kind,
        messages=[
            Message(role="system", content="You are here."),
            Message(role="user", content=prompt),
            Message(role="assistant", content=answer),
        ],
        source="crm_deals",
        source_ids=[f"row-{number}"],
        thread_id=f"thread:{number}",
        occurred_at=CREATED_AT,
        split=split,
        mood=None,
        mode=None,
        n_tokens=50,
        n_supervised=20,
    )


def evidence_of(
    examples: Sequence[Example], folder: Path, emails: tuple[str, ...] = (OWNER_EMAIL,)
) -> Evidence:
    spec = EvaluationSpec(
        personality="persona",
        dataset=folder,
        dataset_version=0,
        adapter=folder,
        max_length=512,
        gates=Gates(),
        out=folder,
        owner_emails=emails,
    )
    train, held_out = (
        [each for each in examples if (each.split == "train") == is_train]
        for is_train in (True, False)
    )
    return Evidence(spec, held_out, [1] * len(held_out), {}, [], train)


def rule_model(
    tokenizer: ChatTokenizer,
    examples: Sequence[Example],
    declines: Callable[[Example], bool],
    sure: float,
) -> Score:
    """A model that says "Outcome: lost." on the examples that `declines` names.

    `sure`: nats by which it prefers one outcome; it knows no preference on another prompt.
    """
    verdicts = {
        tuple(tokenizer.encode_prompt(each.messages[:-1])): declines(each) for each in examples
    }

    def score(rows: Sequence[Encoded]) -> list[float]:
        losses = []
        for row in rows:
            verdict = verdicts.get(tuple(row.input_ids[: row.n_prompt]))
            says_lost = "lost" in tokenizer.decode(row.input_ids[row.n_prompt :])
            losses.append(5.0 + (sure if verdict is not None and verdict != says_lost else 0.0))
        return losses

    return score
