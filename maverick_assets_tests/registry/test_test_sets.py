"""The test set of a major version stays what it was when the version was made."""

from dataclasses import replace
from pathlib import Path

from maverick_assets.datasets.examples.example import Example
from maverick_assets.registry.test_sets import frozen_test_set
from maverick_assets_tests.datasets.example_template import EXAMPLE


def example(row: str, split: str = "test") -> Example:
    return replace(EXAMPLE, source_ids=["asked", row], split=split)


def test_later_test_examples_do_not_join_the_set_of_a_major_version(tmp_path: Path) -> None:
    (tmp_path / "echo").mkdir()
    first = [example("1"), example("2"), example("3", "train"), example("4", "validation")]
    assert frozen_test_set(tmp_path, "echo", 1, first) == {"crm_emails:1", "crm_emails:2"}
    later = [*first, example("5")]
    assert frozen_test_set(tmp_path, "echo", 1, later) == {"crm_emails:1", "crm_emails:2"}
    assert frozen_test_set(tmp_path, "echo", 2, later) >= {"crm_emails:5"}


def test_an_example_that_is_cleaned_differently_stays_in_the_set(tmp_path: Path) -> None:
    (tmp_path / "echo").mkdir()
    before = frozen_test_set(tmp_path, "echo", 1, [example("1")])
    again = frozen_test_set(tmp_path, "echo", 1, [replace(example("1"), example_id="other")])
    assert before == again == {"crm_emails:1"}


def test_a_frozen_set_holds_no_text(tmp_path: Path) -> None:
    (tmp_path / "echo").mkdir()
    frozen_test_set(tmp_path, "echo", 1, [example("1")])
    assert (tmp_path / "echo" / "test-v1.json").read_text() == '[\n "crm_emails:1"\n]\n'
