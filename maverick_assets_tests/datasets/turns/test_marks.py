"""What marks of rows say: whose words, and of which class."""

import json
from typing import Any

import pytest

from maverick_assets.datasets.turns.marks import (
    Marks,
    classes_of,
    conversation_marks,
    joined_classes,
    tag_marks,
)

HEALTH, INTIMATE = frozenset({"health"}), frozenset({"intimate"})


@pytest.mark.parametrize(
    ("metadata", "marks"),
    [
        ({"channel": "slack", "contact": "Dana"}, Marks()),
        ({"personality": "Health Monitor"}, Marks("health-monitor")),
        ({"personality": "robbie", "mode": "Intimate", "mood": "joy"}, Marks("robbie", INTIMATE)),
        ({"personality": "robbie", "mode": "professional", "mood": "joy"}, Marks("robbie")),
        ({"mood": "joy"}, Marks(None, INTIMATE)),
        ({"app": {"session": [{"tags": ["Gesundheit"]}]}}, Marks(None, HEALTH)),
        ({"contact": "Health Foods Ltd", "type": "private"}, Marks()),
        ({"personality": "robbie", "app": {"persona": "gatekeeper"}}, Marks("gatekeeper,robbie")),
        ({"tags": None, "mode": 3, "labels": []}, Marks()),
        (["intimate"], Marks()),
        (None, Marks()),
    ],
)
def test_the_metadata_of_a_conversation_marks_its_messages(metadata: Any, marks: Marks) -> None:
    assert conversation_marks(json.dumps(metadata)) == marks


@pytest.mark.parametrize("metadata", ["", "{", "[" * 100_000, None])
def test_metadata_that_is_no_json_marks_nothing(metadata: str | None) -> None:
    assert conversation_marks(metadata) == Marks()


@pytest.mark.parametrize(
    ("tags", "marks"),
    [
        (None, Marks()),
        ([], Marks()),
        (["pricing", "healthy", "personality test"], Marks()),
        (["Mental-Health"], Marks(None, HEALTH)),
        (["Santé", None, "privat"], Marks(None, HEALTH | INTIMATE)),
        (["personality:robbie", "mood: joy"], Marks("robbie")),
        (["mode:intimate"], Marks(None, INTIMATE)),
        ([" Private "], Marks(None, INTIMATE)),
        (["private label", "personal care", "category: personal"], Marks(None, INTIMATE)),
        (["private label", "personal care"], Marks()),
    ],
)
def test_tags_mark_a_note(tags: list[str | None] | None, marks: Marks) -> None:
    assert tag_marks(tags) == marks


def test_classes_are_named_by_whole_words() -> None:
    assert classes_of(["health"]) == HEALTH
    assert classes_of(["healthcheck", "unhealthy", "wealth", None]) == frozenset()


def test_classes_are_stored_sorted_and_once() -> None:
    assert joined_classes("intimate", None, "health+intimate") == "health+intimate"
    assert joined_classes(None) is None
