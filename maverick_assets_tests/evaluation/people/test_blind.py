"""A judge cannot tell from a question who wrote which answer."""

import json
from collections import Counter
from pathlib import Path

import pytest

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.people.blind import BlindQuestions
from maverick_assets_tests.evaluation.people.reports import SAMPLES, attach_answers
from maverick_assets_tests.serving.released_homes import ReleasedHome


def questions_of(home: ReleasedHome, keys: str = "keys") -> BlindQuestions:
    manifest = home.registry.get("persona", "v1.0")
    return BlindQuestions(home.registry, manifest, home.settings.home / keys)


def test_each_answer_stands_beside_its_writer(judged_home: ReleasedHome) -> None:
    names = {"owner": "owner", "version": "version", "prompt_pack": "pack"}
    drawn = questions_of(judged_home).draw(100, seed=1)
    assert len(drawn) == len(SAMPLES)
    for question in drawn:
        for writer, answer in zip(question.writers, question.answers, strict=True):
            assert f"the {names[writer]} wrote" in answer


def test_every_order_comes_about_equally_often(judged_home: ReleasedHome) -> None:
    questions = questions_of(judged_home)
    [drawn] = questions.draw(1, seed=1)
    orders = Counter(questions.question(drawn.question_id, seed).writers for seed in range(1200))
    assert len(orders) == 6
    assert min(orders.values()) > 150  # 200 each, with a spread of 13


def test_the_order_is_the_same_again_but_not_with_another_key(judged_home: ReleasedHome) -> None:
    first, again, other = (
        {
            each.example_id: (each.writers, each.question_id)
            for seed in range(40)
            for each in questions_of(judged_home, keys).draw(12, seed)
        }
        for keys in ("keys", "keys", "others-keys")
    )
    assert first == again
    assert first != other


def test_the_id_of_a_question_is_no_hash_of_what_the_owner_wrote(judged_home: ReleasedHome) -> None:
    """An example's id is: with it a judge could try each answer."""
    drawn = questions_of(judged_home).draw(12, seed=1)
    assert {each.example_id for each in drawn} == {each["example_id"] for each in SAMPLES}
    theirs = questions_of(judged_home, "others-keys").draw(12, seed=1)
    assert not {each.question_id for each in drawn} & {each.question_id for each in theirs}
    asked = questions_of(judged_home).question(drawn[0].question_id, drawn[0].seed)
    assert asked == drawn[0]
    with pytest.raises(BadInput, match=r"persona v1.0 has no such question; ask anew"):
        questions_of(judged_home).question(drawn[0].example_id, drawn[0].seed)


def test_a_prompt_with_two_equal_answers_is_not_asked(
    judged_home: ReleasedHome, tmp_path: Path
) -> None:
    manifest = judged_home.registry.get("persona", "v1.0")
    same = SAMPLES[0] | {"generated": f"{SAMPLES[0]['real']} \n"}
    attach_answers(judged_home, manifest, tmp_path / "other", [same, *SAMPLES[1:3]])
    assert len(questions_of(judged_home)) == 2


def test_white_space_at_the_ends_does_not_show_who_wrote(
    judged_home: ReleasedHome, tmp_path: Path
) -> None:
    manifest = judged_home.registry.get("persona", "v1.0")
    spaced = [each | {"real": f"\n{each['real']} \n\n"} for each in SAMPLES]
    attach_answers(judged_home, manifest, tmp_path / "spaced", spaced)
    answers = [text for each in questions_of(judged_home).draw(12, 1) for text in each.answers]
    assert len(answers) == 36
    assert all(text == text.strip() for text in answers)


def test_an_answer_longer_than_any_that_models_write_is_not_asked(
    judged_home: ReleasedHome, tmp_path: Path
) -> None:
    manifest = judged_home.registry.get("persona", "v1.0")
    long = SAMPLES[0] | {"real": "The owner takes his time. " * 40}
    attach_answers(judged_home, manifest, tmp_path / "long", [long, *SAMPLES[1:]])
    asked = {each.example_id for each in questions_of(judged_home).draw(100, seed=1)}
    assert asked == {each["example_id"] for each in SAMPLES[1:]}


def test_a_version_without_a_report_has_no_questions(released_home: ReleasedHome) -> None:
    released_home.release("persona", "v1.0", "adapter-0")
    with pytest.raises(BadInput, match=r"persona v1.0 has no report with answers"):
        questions_of(released_home)


def test_a_report_that_was_changed_is_refused(judged_home: ReleasedHome) -> None:
    path = judged_home.settings.models / "persona" / "v1.0" / "report" / "samples.json"
    path.write_text(json.dumps(SAMPLES[:1]))
    with pytest.raises(MaverickError, match="corrupt"):
        questions_of(judged_home)
