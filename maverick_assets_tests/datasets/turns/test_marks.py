"""What marks of rows say: whose words, and of which class."""

import json
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.datasets.turns.marks import (
    Marks,
    classes_of,
    conversation_marks,
    joined_classes,
    known_personalities,
    tag_marks,
)
from maverick_assets.settings import PACKAGED_PERSONALITIES

KNOWN = known_personalities()
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
        ({"mood": "neutral", "moods": ["positive", ""]}, Marks()),
        ({"persona": "Marketing Manager"}, Marks()),
        ({"persona": "Marketing Manager", "mood": "joy"}, Marks(None, INTIMATE)),
        ({"personality": "one of a recipe that went"}, Marks("one-of-a-recipe-that-went")),
        (json.dumps({"mode": "intimate"}), Marks(None, INTIMATE)),
        ({"app": json.dumps(json.dumps({"persona": "robbie"}))}, Marks("robbie")),
        ({"tags": json.dumps(["health"]), "text": "{ not json"}, Marks(None, HEALTH)),
        ({"tags": None, "mode": 3, "labels": []}, Marks()),
        (["intimate"], Marks()),
        (None, Marks()),
    ],
)
def test_the_metadata_of_a_conversation_marks_its_messages(metadata: Any, marks: Marks) -> None:
    assert conversation_marks(json.dumps(metadata), KNOWN) == marks


@pytest.mark.parametrize("metadata", ["", "{", "[" * 100_000, '[{"a":' * 450, None])
def test_metadata_that_is_no_json_marks_nothing(metadata: str | None) -> None:
    assert conversation_marks(metadata, KNOWN) == Marks()


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
    assert tag_marks(tags, KNOWN) == marks


def test_metadata_of_any_depth_that_json_reads_is_read() -> None:
    marks = [
        conversation_marks('{"a":' * depth + '{"mode": "intimate"}' + "}" * depth, KNOWN)
        for depth in range(300, 1000)
    ]
    # The parser's limit depends on the stack. Up to it all is read, and beyond it nothing.
    limit = marks.index(Marks())
    assert limit > 100
    assert marks == [Marks(None, INTIMATE)] * limit + [Marks()] * (len(marks) - limit)


def test_a_personality_of_the_setting_is_known_by_its_name_and_moods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (PACKAGED_PERSONALITIES / "robbie.yaml").read_text(encoding="utf-8")
    text = text.replace("robbie", "marketing-manager").replace("  joy:", "  neutral:")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("MAVERICK_PERSONALITIES", str(tmp_path))
    known = known_personalities()
    assert conversation_marks('{"persona": "Marketing Manager"}', known).personality
    for mood in ("neutral", "joy"):
        assert conversation_marks(f'{{"mood": "{mood}"}}', known).classes == INTIMATE


def test_classes_are_named_by_whole_words() -> None:
    assert classes_of(["health"]) == HEALTH
    assert classes_of(["healthcheck", "unhealthy", "wealth", None]) == frozenset()


def test_classes_are_stored_sorted_and_once() -> None:
    assert joined_classes("intimate", None, "health+intimate") == "health+intimate"
    assert joined_classes(None) is None
