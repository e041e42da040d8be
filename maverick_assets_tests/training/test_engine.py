import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from maverick_assets.datasets.tokens import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Training
from maverick_assets.training.engine import (
    Progress,
    Run,
    attached_lora,
    load_adapter,
    save_adapter,
    schedule,
    train,
)
from maverick_assets.training.hardware import Hardware
from maverick_assets_tests.tiny_llama import tiny_llama

CPU = Hardware("cpu", torch.float32)
RECIPE = Training(rank=4, alpha=8, learning_rate=0.02, epochs=3, batch_tokens=16)
ROWS = [
    Encoded([1, 2, 3, 10, 11, 12], 3),
    Encoded([1, 4, 13, 14], 2),
    Encoded([1, 5, 6, 7, 15, 16, 17], 4),
    Encoded([1, 8, 18, 19, 20], 2),
]
OTHER_ROWS = [Encoded([1, 9, 21, 22], 2), Encoded([1, 2, 3, 23, 24], 3)]


@pytest.fixture
def model() -> Any:
    return tiny_llama(32, 0.5)


def train_adapter(
    model: Any,
    rows: list[Encoded],
    directory: Path,
    recipe: Training = RECIPE,
    parent: Path | None = None,
) -> Run:
    with attached_lora(model, recipe, parent, seed=0) as lora:
        run = train(lora, rows, recipe, CPU, seed=0, on_progress=lambda _: None)
        save_adapter(lora, directory)
    return run


def weights(directory: Path) -> dict[str, torch.Tensor]:
    return load_file(directory / "adapter_model.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_training_learns_four_examples_by_heart(model: Any, tmp_path: Path) -> None:
    run = train_adapter(model, ROWS, tmp_path, RECIPE.model_copy(update={"epochs": 60}))
    assert run.losses[0][1] > 3
    assert max(loss for _, loss in run.losses[-4:]) < 0.1


def test_only_lora_weights_get_gradients_and_the_head_has_none(model: Any) -> None:
    with attached_lora(model, RECIPE, None, seed=0) as lora:
        train(lora, ROWS, RECIPE, CPU, seed=0, on_progress=lambda _: None)
        trained = {name for name, weight in lora.named_parameters() if weight.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
    assert not any("lm_head" in name for name in trained)


def test_the_base_is_untouched_after_an_adapter(model: Any, tmp_path: Path) -> None:
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    train_adapter(model, ROWS, tmp_path)
    assert same(before, model.state_dict())


def test_the_same_seed_gives_the_same_adapter(model: Any, tmp_path: Path) -> None:
    first = train_adapter(model, ROWS, tmp_path / "first")
    second = train_adapter(model, ROWS, tmp_path / "second")
    assert first.losses == second.losses
    assert same(weights(tmp_path / "first"), weights(tmp_path / "second"))


def test_an_adapter_is_the_same_alone_and_after_another(model: Any, tmp_path: Path) -> None:
    train_adapter(model, OTHER_ROWS, tmp_path / "alone")
    train_adapter(model, ROWS, tmp_path / "before")
    train_adapter(model, OTHER_ROWS, tmp_path / "after")
    assert same(weights(tmp_path / "alone"), weights(tmp_path / "after"))


def test_incremental_training_starts_from_the_parent(model: Any, tmp_path: Path) -> None:
    full = train_adapter(model, ROWS, tmp_path / "parent", RECIPE.model_copy(update={"epochs": 40}))
    more = train_adapter(model, ROWS, tmp_path / "child", parent=tmp_path / "parent")
    assert more.losses[0][1] < full.losses[0][1] / 3


def test_a_parent_of_another_rank_is_refused(model: Any, tmp_path: Path) -> None:
    train_adapter(model, ROWS, tmp_path / "parent")
    other = RECIPE.model_copy(update={"rank": 8})
    with pytest.raises(MaverickError, match=r"rank 4 .* recipe 8 .* train it in full"):
        train_adapter(model, ROWS, tmp_path / "child", other, parent=tmp_path / "parent")
    train_adapter(model, ROWS, tmp_path / "again")
    assert same(weights(tmp_path / "parent"), weights(tmp_path / "again"))


def test_a_directory_without_adapter_is_refused_offline(model: Any, tmp_path: Path) -> None:
    with pytest.raises(MaverickError, match="holds no adapter"):
        load_adapter(model, tmp_path / "nowhere")


def test_a_truncated_adapter_is_refused(model: Any, tmp_path: Path) -> None:
    train_adapter(model, ROWS, tmp_path)
    path = tmp_path / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(MaverickError, match="does not fit this base"):
        load_adapter(model, tmp_path)


def test_a_loss_that_is_no_number_stops_training(model: Any, tmp_path: Path) -> None:
    with torch.no_grad():
        model.model.norm.weight.fill_(math.inf)
    with pytest.raises(MaverickError, match="the loss is nan at step 1 of"):
        train_adapter(model, ROWS, tmp_path)


def test_an_adapter_is_two_files(model: Any, tmp_path: Path) -> None:
    train_adapter(model, ROWS, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    assert all(weight.dtype == torch.float32 for weight in weights(tmp_path).values())


def test_progress_counts_epochs_and_steps(model: Any) -> None:
    seen: list[Progress] = []
    with attached_lora(model, RECIPE, None, seed=0) as lora:
        run = train(lora, ROWS, RECIPE, CPU, seed=0, on_progress=seen.append)
    assert [each.step for each in seen] == list(range(1, len(run.losses) + 1))
    assert {each.epoch for each in seen} == {1, 2, 3}
    assert seen[-1].seconds_left == 0
    assert all(each.tokens_per_second > 0 for each in seen)


def test_the_rate_warms_up_and_then_falls() -> None:
    rates = [schedule(step, 200) for step in range(1, 201)]
    assert rates[:6] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1.0])
    assert all(earlier > later for earlier, later in pairwise(rates[5:]))
    assert 0 < rates[-1] < 0.01
    assert schedule(1, 1) == 1.0
