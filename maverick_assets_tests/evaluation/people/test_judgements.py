"""Judgements are kept whole, and the last of a judge on a question counts."""

import errno
import os
import threading
from pathlib import Path

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.evaluation.people.blind import BlindQuestion
from maverick_assets.evaluation.people.judgements import Judgement, JudgementFile, judged, latest

QUESTION = BlindQuestion(
    personality="persona",
    version="v1.0",
    question_id="q1",
    seed=7,
    prompt="Question?",
    answers=("mine", "its"),
    example_id="example-1",
    writers=("owner", "version"),
)


def said(pick: int | None = 0, judge: str = "owner") -> Judgement:
    return judged(QUESTION, [9, 3], pick, judge)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    kept = JudgementFile(tmp_path / "judgements")
    kept.add(said(None))
    kept.add(said(1, "friend"))
    assert [each.taken_for_owner for each in kept.read("persona")] == [None, "version"]
    assert kept.read("robbie") == []
    assert kept.read("persona")[0].ratings == {"owner": 9, "version": 3}


def test_no_text_is_kept_and_nobody_else_reads_it(tmp_path: Path) -> None:
    JudgementFile(tmp_path / "judgements").add(said())
    path = tmp_path / "judgements" / "judgements.jsonl"
    assert "mine" not in path.read_text()
    assert "Question?" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_line_that_a_power_cut_tore_costs_that_line(tmp_path: Path) -> None:
    kept = JudgementFile(tmp_path)
    kept.add(said())
    path = tmp_path / "judgements.jsonl"
    os.truncate(path, path.stat().st_size - 20)
    kept.add(said(1))
    assert [each.taken_for_owner for each in kept.read("persona")] == ["version"]


def test_what_a_full_disk_does_not_take_is_not_kept_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = JudgementFile(tmp_path / "judgements")
    kept.add(said(0))
    write, room = os.write, [40, 30]  # bytes that the next writes take

    def almost_full(descriptor: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: room.pop(0)])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", almost_full)
        with pytest.raises(OSError, match="No space left"):
            kept.add(said(1))
    kept.add(said(None))
    assert [each.taken_for_owner for each in kept.read()] == ["owner", None]


def test_judges_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    kept = JudgementFile(tmp_path)
    threads = [
        threading.Thread(target=kept.add, args=[said(0, f"judge-{number}")]) for number in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.judge for each in kept.read("persona")}) == 24


def test_the_last_judgement_of_a_judge_on_a_question_counts() -> None:
    assert [each.taken_for_owner for each in latest([said(0), said(1), said(0, "friend")])] == [
        "version",
        "owner",
    ]


@pytest.mark.parametrize("ratings", [[9], [9, 3, 4], [0, 3], [9, 11]])
def test_each_answer_needs_a_rating_of_the_scale(ratings: list[int]) -> None:
    with pytest.raises(BadInput, match="rate each of the 2 answers from 1 to 10"):
        judged(QUESTION, ratings, None, "owner")


def test_the_pick_is_one_of_the_answers() -> None:
    with pytest.raises(BadInput, match="choose one of the 2 answers"):
        judged(QUESTION, [9, 3], 2, "owner")
