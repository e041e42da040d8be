"""Losses are kept for the very rows, model and code that they were computed with."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.evaluation.kept_results import (
    BASE,
    KeptResults,
    Key,
    adapter_digest,
    compute_missing,
    forget_results,
    losses_file,
    row_digest,
)

ROWS = [Encoded([1, 2, 3, number], 2) for number in range(40)]


class Scorer:
    """Gives each row its last token as loss, and counts the rows that it is asked for."""

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, rows: Mapping[Key, Encoded]) -> list[float]:
        self.rows += len(rows)
        return [float(row.input_ids[-1]) for row in rows.values()]


def by_key(rows: Sequence[Encoded], model: str = BASE) -> dict[Key, Encoded]:
    return {(model, row_digest(row)): row for row in rows}


def scored_rows(
    file: Path, rows: Sequence[Encoded] = ROWS, *, model: str = BASE, scorer: str = "code"
) -> int:
    """How many rows an evaluation of these rows computes."""
    kept: KeptResults[float] = KeptResults(file, scorer)
    compute = Scorer()
    compute_missing([(kept, by_key(rows, model))], compute)
    assert [kept.get(model, row_digest(row)) for row in rows] == Scorer()(by_key(rows))
    kept.save()
    return compute.rows


def test_what_was_scored_before_is_not_scored_again(tmp_path: Path) -> None:
    assert scored_rows(tmp_path / "losses.json") == 40
    assert scored_rows(tmp_path / "losses.json") == 0


def test_a_new_row_alone_is_scored(tmp_path: Path) -> None:
    scored_rows(tmp_path / "losses.json", ROWS[1:])
    assert scored_rows(tmp_path / "losses.json") == 1


def test_a_row_that_two_candidates_have_is_scored_once() -> None:
    kept: list[KeptResults[float]] = [KeptResults(None, "code"), KeptResults(None, "code")]
    compute = Scorer()
    compute_missing([(kept[0], by_key(ROWS[:2])), (kept[1], by_key(ROWS[1:3]))], compute)
    assert compute.rows == 3
    assert kept[1].get(BASE, row_digest(ROWS[1])) == 1.0


def test_another_model_and_other_code_are_scored(tmp_path: Path) -> None:
    scored_rows(tmp_path / "losses.json")
    assert scored_rows(tmp_path / "losses.json", model="an adapter") == 40
    assert scored_rows(tmp_path / "losses.json", scorer="other code") == 40


def test_what_the_last_evaluation_did_not_need_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "losses.json"
    scored_rows(file, model="an adapter")
    scored_rows(file)
    assert b"an adapter" not in file.read_bytes()
    full = file.stat().st_size
    scored_rows(file, ROWS[:4])
    assert file.stat().st_size < full / 3


@pytest.mark.parametrize("damage", [b"", b"{", b"x\n{}"])
def test_a_damaged_file_is_no_obstacle(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "losses.json"
    scored_rows(file)
    file.write_bytes(damage)
    assert scored_rows(file) == 40
    assert scored_rows(file) == 0


def test_a_flipped_digit_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "losses.json"
    scored_rows(file)
    file.write_bytes(file.read_bytes().replace(b"39.0", b"38.0"))
    assert scored_rows(file) == 40


def test_losses_that_cannot_be_written_cost_time_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert scored_rows(tmp_path / "file" / "losses.json") == 40


def test_forgetting_removes_all_losses(tmp_path: Path) -> None:
    scored_rows(losses_file(tmp_path, "robbie", "validation"))
    forget_results(tmp_path)
    assert list(tmp_path.iterdir()) == []
    forget_results(tmp_path)


def test_an_adapter_is_known_by_all_its_files(tmp_path: Path) -> None:
    digests = set()
    for name, content in (("a.json", "1"), ("a.json", "2"), ("b.json", "1"), ("b.json", "2")):
        (tmp_path / name).write_text(content)
        digests.add(adapter_digest(tmp_path))
    assert len(digests) == 4


def test_what_is_supervised_is_part_of_a_row() -> None:
    assert row_digest(Encoded([1, 2, 3], 1)) != row_digest(Encoded([1, 2, 3], 2))
