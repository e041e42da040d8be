"""What is known beside the model is read once, and again when the dataset has changed."""

from pathlib import Path

from maverick_assets.serving.allanbot.memory import DecisionMemory
from maverick_assets.settings import Settings
from maverick_assets_tests.decisions.own_cases import CASES, write_cases


def test_a_rate_is_fitted_once_for_a_dataset(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    write_cases(settings.lake)
    memory = DecisionMemory(settings)
    first = memory.of("persona", str, str)
    assert memory.of("persona", str, str).own is first.own
    assert len(first.own.decisions) == 5


def test_what_is_forgotten_is_in_no_rate_any_more(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    write_cases(settings.lake)
    memory = DecisionMemory(settings)
    before = memory.of("persona", str, str).own
    write_cases(settings.lake, CASES[2:])
    after = memory.of("persona", str, str).own
    left = {each.example.example_id for each in after.decisions}
    forgotten = {each.example.example_id for each in before.decisions} - left
    assert forgotten == {each.example_id for each in CASES[:2]}
    near = after.near(before.decisions[0].case)
    assert forgotten.isdisjoint(each.decision.example.example_id for each in near)
