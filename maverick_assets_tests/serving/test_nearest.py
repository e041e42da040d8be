"""The nearest of the owner's texts is found by the words that prompts have in common."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.serving.nearest import nearest_texts


def write(lake: Path, pairs: dict[str, str], mode: str | None = None) -> None:
    examples = [
        Example(
            example_id=f"{mode}{number}",
            personality="persona",
            kind="reply",
            messages=[
                Message(role="system", content="You are Allan."),
                Message(role="user", content=prompt),
                Message(role="assistant", content=answer),
            ],
            source="crm_emails",
            source_ids=[f"m{number}"],
            thread_id="t",
            occurred_at=datetime(2026, 11, 1, tzinfo=UTC),
            split="train",
            mood=None,
            mode=mode,
            n_tokens=1,
            n_supervised=1,
        )
        for number, (prompt, answer) in enumerate(pairs.items())
    ]
    rows = arrow_table([asdict(example) for example in examples], EXAMPLE_SCHEMA)
    sync_table(dataset_path(lake, "persona"), rows, "example_id", scope=())


def test_the_nearest_text_comes_with_its_rows(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "Can you give us a discount on the licences?": "Ten percent, not more.",
            "Can you meet on Tuesday?": "Tue works.",
            "Can you send the contract?": "Attached.",
        },
    )
    nearest = nearest_texts(tmp_path, "persona", "What DISCOUNT can you offer?")
    assert (nearest[0].text, nearest[0].row_ids) == ("Ten percent, not more.", ["m0"])
    assert nearest[0].score > nearest[1].score
    assert nearest_texts(tmp_path, "persona", "zebra") == []
    assert nearest_texts(tmp_path, "persona", "") == []


def test_without_a_dataset_there_is_none(tmp_path: Path) -> None:
    assert nearest_texts(tmp_path, "persona", "What discount?") == []


def test_texts_in_a_mode_that_may_not_be_shown_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"Come closer?": "I am here."}, mode="intimate")
    assert nearest_texts(tmp_path, "persona", "closer") != []
    assert nearest_texts(tmp_path, "persona", "closer", lambda mode: mode is None) == []
