"""An example to make others from, with `dataclasses.replace`."""

from datetime import UTC, datetime

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import Example

EXAMPLE = Example(
    example_id="e0",
    personality="gatekeeper",
    kind="reply",
    messages=[
        Message(role="system", content="You are Gatekeeper."),
        Message(role="user", content="Question 0"),
        Message(role="assistant", content="Answer number 0"),
    ],
    source="crm_emails",
    source_ids=["0"],
    thread_id="t0",
    occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
    split="train",
    mood=None,
    mode=None,
    n_tokens=40,
    n_supervised=5,
)
