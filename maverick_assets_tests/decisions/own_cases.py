"""A small dataset of decisions in a run home."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.datasets.layout import DealFacts, deal_text, decision_prompt
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path

SOURCES = [
    {"table": "crm_deals", "examples": "decision"},
    {"table": "messages", "examples": "dialogue"},
]


def example(number: int, kind: str, prompt: str, answer: str, split: str = "train") -> Example:
    table = "crm_deals" if kind == "decision" else "messages"
    return Example(
        example_id=f"{number:032x}",
        personality="persona",
        kind=kind,
        messages=[
            Message(role="system", content="You are here."),
            Message(role="user", content=prompt),
            Message(role="assistant", content=answer),
        ],
        source=table,
        source_ids=[f"{table}-{number}"],
        thread_id=f"{table}:{number}",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
        split=split,
        mood=None,
        mode=None,
        n_tokens=20,
        n_supervised=5,
    )


def deal(number: int, notes: str, answer: str, amount: float = 5000, **facts: str) -> Example:
    text = deal_text(DealFacts("Acme Foods: pilot", facts.get("stage"), amount, None, notes))
    split = facts.get("split", "train")
    return example(number, "decision", decision_prompt(text), answer, split)


CASES = [
    deal(1, "They ask for 30% off.", "Outcome: lost.\n\nNever past 10."),
    deal(2, "They ask for 25% off.", "Outcome: lost.\n\nNo."),
    deal(3, "They ask for 5% off.", "Outcome: won.\n\nFine.", 6000),
    deal(4, "Price accepted.", "Outcome: won.\n\nEasy yes.", 9000),
    deal(5, "They ask for 30% off.", "Outcome: lost.\n\nNo.", split="test"),
    example(6, "dialogue", "Should we wait for the paper?", "No. We sail."),
    example(7, "dialogue", "Is the paper here?", "Yes."),
]


def write_cases(lake: Path, cases: Sequence[Example] = CASES, personality: str = "persona") -> None:
    rows = arrow_table([asdict(case) for case in cases], EXAMPLE_SCHEMA)
    sync_table(dataset_path(lake, personality), rows, "example_id")
