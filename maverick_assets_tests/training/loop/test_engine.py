"""The engine trains each adapter as if it were alone, and leaves the base as it was."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.metrics import perplexity
from maverick_assets.recipes import Training
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.attention import document_attention
from maverick_assets.training.kernels.completion_loss import completion_losses
from maverick_assets.training.kernels.lora import fused_lora
from maverick_assets.training.kernels.packing import Document, pack
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapters import attached_lora, load_adapter, save_adapter
from maverick_assets.training.loop.engine import StepReport, TrainingResult, train
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


def quiet(_: StepReport) -> None:
    pass


def train_all(model: Any, jobs: list[AdapterJob], directory: Path) -> TrainingResult:
    """Train and save each under its name."""
    with attached_lora(model, jobs, seed=0) as lora:
        run = train(lora, jobs, CPU, seed=0, on_step=quiet)
        for job in jobs:
            save_adapter(lora, job.name, directory / job.name)
    return run


def train_adapter(
    model: Any,
    rows: list[Encoded],
    directory: Path,
    settings: Training = RECIPE,
    parent: Path | None = None,
) -> list[tuple[int, float]]:
    """Train one, saved in `directory` itself; the loss of each step."""
    job = AdapterJob(directory.name, rows, settings, parent)
    run = train_all(model, [job], directory.parent)
    if run.failures:
        raise MaverickError(run.failures[job.name])
    return run.losses[job.name]


def weights(directory: Path) -> dict[str, torch.Tensor]:
    return load_file(directory / "adapter_model.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_training_learns_four_examples_by_heart(model: Any, tmp_path: Path) -> None:
    losses = train_adapter(model, ROWS, tmp_path / "only", RECIPE.model_copy(update={"epochs": 60}))
    assert losses[0][1] > 3
    assert max(loss for _, loss in losses[-4:]) < 0.1


def test_only_lora_weights_get_gradients_and_the_head_has_none(model: Any) -> None:
    job = AdapterJob("only", ROWS, RECIPE)
    with attached_lora(model, [job], seed=0) as lora:
        train(lora, [job], CPU, seed=0, on_step=quiet)
        trained = {name for name, weight in lora.named_parameters() if weight.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
    assert not any("lm_head" in name for name in trained)


def test_the_base_is_untouched_after_an_adapter(model: Any, tmp_path: Path) -> None:
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    train_adapter(model, ROWS, tmp_path / "only")
    assert same(before, model.state_dict())


def test_the_same_seed_gives_the_same_adapter(model: Any, tmp_path: Path) -> None:
    first = train_adapter(model, ROWS, tmp_path / "first")
    second = train_adapter(model, ROWS, tmp_path / "second")
    assert first == second
    assert same(weights(tmp_path / "first"), weights(tmp_path / "second"))


def test_an_adapter_is_the_same_alone_and_after_another(model: Any, tmp_path: Path) -> None:
    train_adapter(model, OTHER_ROWS, tmp_path / "alone")
    train_adapter(model, ROWS, tmp_path / "before")
    train_adapter(model, OTHER_ROWS, tmp_path / "after")
    assert same(weights(tmp_path / "alone"), weights(tmp_path / "after"))


def test_incremental_training_starts_from_the_parent(model: Any, tmp_path: Path) -> None:
    full = train_adapter(model, ROWS, tmp_path / "parent", RECIPE.model_copy(update={"epochs": 40}))
    more = train_adapter(model, ROWS, tmp_path / "child", parent=tmp_path / "parent")
    assert more[0][1] < full[0][1] / 3


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
    train_adapter(model, ROWS, tmp_path / "only")
    path = tmp_path / "only" / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(MaverickError, match="does not fit this base"):
        load_adapter(model, tmp_path / "only")


def test_a_loss_that_is_no_number_stops_training(model: Any, tmp_path: Path) -> None:
    with torch.no_grad():
        model.model.norm.weight.fill_(math.inf)
    with pytest.raises(MaverickError, match="the loss is nan at step 1 of"):
        train_adapter(model, ROWS, tmp_path / "only")


def test_an_adapter_is_two_files(model: Any, tmp_path: Path) -> None:
    train_adapter(model, ROWS, tmp_path / "only")
    names = {path.name for path in (tmp_path / "only").iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    assert all(weight.dtype == torch.float32 for weight in weights(tmp_path / "only").values())


def test_shorter_adapters_take_turns_and_end_with_the_longest(model: Any) -> None:
    names = ["long", *"abcd"]
    jobs = [
        AdapterJob(name, ROWS, RECIPE.model_copy(update={"epochs": 3 if len(name) == 1 else 30}))
        for name in names
    ]
    reports: list[StepReport] = []
    with attached_lora(model, jobs, seed=0) as lora:
        run = train(lora, jobs, CPU, seed=0, on_step=reports.append)
    assert len(reports) == len(run.losses["long"]) == 10 * len(run.losses["a"])
    assert max(len(report.adapter_steps) for report in reports) == 2
    last = {
        name: [at for at, report in enumerate(reports) if name in report.adapter_steps][-1]
        for name in names
    }
    assert min(last.values()) > 0.85 * len(reports)


def test_reports_count_steps_and_name_the_adapters_that_took_one(model: Any) -> None:
    reports: list[StepReport] = []
    jobs = [
        AdapterJob("long", ROWS, RECIPE),
        AdapterJob("short", OTHER_ROWS, RECIPE.model_copy(update={"epochs": 1})),
    ]
    with attached_lora(model, jobs, seed=0) as lora:
        run = train(lora, jobs, CPU, seed=0, on_step=reports.append)
    steps = len(run.losses["long"])
    assert [report.step for report in reports] == list(range(1, steps + 1))
    assert all("long" in report.adapter_steps for report in reports)
    assert sum("short" in report.adapter_steps for report in reports) == len(run.losses["short"])
    assert reports[-1].seconds_left == 0
    assert all(report.tokens_per_second > 0 for report in reports)
    tokens = 3 * jobs[0].n_tokens + jobs[1].n_tokens
    assert run.tokens_per_second * run.seconds == pytest.approx(tokens, rel=0.01)


OTHER = RECIPE.model_copy(update={"rank": 2, "learning_rate": 0.005, "epochs": 5})


def test_gradients_of_adapters_in_one_pack_are_those_of_each_alone(model: Any) -> None:
    jobs = [AdapterJob("one", ROWS, RECIPE), AdapterJob("two", OTHER_ROWS, OTHER)]
    documents = [[Document(row, adapter) for row in t.rows] for adapter, t in enumerate(jobs)]
    with (
        attached_lora(model, jobs, seed=0) as lora,
        fused_lora(lora, ["one", "two"]) as routing,
        document_attention(lora),
    ):
        weights_of = {
            name: weight for name, weight in lora.named_parameters() if weight.requires_grad
        }

        def gradients(*chosen: Document) -> dict[str, torch.Tensor]:
            packed = pack(chosen)
            routing.spans = packed.adapter_spans
            total, _ = completion_losses(lora.get_base_model(), packed)
            computed = torch.autograd.grad(total, list(weights_of.values()), allow_unused=True)
            return {n: g for n, g in zip(weights_of, computed, strict=True) if g is not None}

        together = gradients(*documents[0], *documents[1])
        alone = gradients(*documents[0]) | gradients(*documents[1])
    assert together.keys() == alone.keys() == weights_of.keys()
    for name, gradient in together.items():
        # Other documents share a block of attention, which adds in another order.
        assert (gradient - alone[name]).norm() <= 1e-5 * alone[name].norm()


def test_an_adapter_is_the_same_alone_and_beside_others(model: Any, tmp_path: Path) -> None:
    jobs = [
        AdapterJob("one", ROWS, RECIPE),
        AdapterJob("two", OTHER_ROWS, OTHER),
        AdapterJob("three", ROWS[:3], RECIPE),
    ]
    together = train_all(model, jobs, tmp_path / "together")
    for job in jobs:
        alone = train_all(model, [job], tmp_path / "alone")
        expected = weights(tmp_path / "alone" / job.name)
        for name, weight in weights(tmp_path / "together" / job.name).items():
            torch.testing.assert_close(weight, expected[name], rtol=1e-4, atol=1e-5)
        losses = [loss for _, loss in together.losses[job.name]]
        assert losses == pytest.approx([loss for _, loss in alone.losses[job.name]], abs=1e-4)


def test_the_gradient_of_a_step_is_the_same_in_one_pack_and_in_several(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for tokens in (1000, 1):
        monkeypatch.setattr(Hardware, "micro_batch_tokens", tokens)
        train_adapter(model, ROWS, tmp_path / str(tokens) / "only", RECIPE)
        results.append(weights(tmp_path / str(tokens) / "only"))
    for name, weight in results[0].items():
        torch.testing.assert_close(weight, results[1][name], rtol=1e-4, atol=1e-6)


PROMPT = list(range(1, 13))  # both adapters have it: each computes its own
PROMPTED = [Encoded([*PROMPT, *row.input_ids], 12 + row.n_prompt) for row in ROWS + OTHER_ROWS]


def test_losses_and_gradients_are_the_same_where_prompts_are_computed_once(model: Any) -> None:
    jobs = [AdapterJob("one", PROMPTED, RECIPE), AdapterJob("two", PROMPTED[:3], OTHER)]
    documents = [Document(row, adapter) for adapter, t in enumerate(jobs) for row in t.rows]
    results = []
    with (
        attached_lora(model, jobs, seed=0) as lora,
        fused_lora(lora, ["one", "two"]) as routing,
        document_attention(lora),
    ):
        trained = [weight for weight in lora.parameters() if weight.requires_grad]
        generator = torch.Generator().manual_seed(0)
        for weight in trained:
            weight.data += 0.1 * torch.randn(weight.shape, generator=generator)
        for sharing in (True, False):
            packed = pack(documents, sharing)
            routing.spans = packed.adapter_spans
            total, losses = completion_losses(lora.get_base_model(), packed)
            results.append((packed, losses, torch.autograd.grad(total, trained)))
    (shared, losses, gradients), (apart, expected_losses, expected) = results
    assert apart.input_ids.shape[1] - shared.input_ids.shape[1] >= 12 * (len(documents) - 2)
    torch.testing.assert_close(losses, expected_losses, rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(gradients, expected, strict=True):
        assert theirs.norm() > 0
        assert (ours - theirs).norm() < 1e-5 * theirs.norm()


def test_an_adapter_is_the_same_where_prompts_are_computed_once(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for sharing in (True, False):
        monkeypatch.setattr(Hardware, "shares_prefixes", sharing)
        directory = tmp_path / str(sharing) / "only"
        train_adapter(model, PROMPTED, directory, RECIPE.model_copy(update={"batch_tokens": 64}))
        results.append(weights(directory))
    for name, weight in results[0].items():
        torch.testing.assert_close(weight, results[1][name], rtol=1e-4, atol=1e-6)


def test_an_adapter_that_fails_is_given_up_and_the_others_are_as_without_it(
    model: Any, tmp_path: Path
) -> None:
    wild = RECIPE.model_copy(update={"learning_rate": 1e30})
    jobs = [AdapterJob("wild", OTHER_ROWS, wild), AdapterJob("calm", ROWS, RECIPE)]
    run = train_all(model, jobs, tmp_path / "together")
    assert "the loss is nan at step" in run.failures["wild"]
    assert "lower learning_rate" in run.failures["wild"]
    train_all(model, [AdapterJob("calm", ROWS, RECIPE)], tmp_path / "alone")
    calm = weights(tmp_path / "together" / "calm")
    expected = weights(tmp_path / "alone" / "calm")
    for name, weight in calm.items():
        torch.testing.assert_close(weight, expected[name], rtol=1e-5, atol=1e-6)


def test_an_early_stop_does_not_end_the_count_of_the_others(model: Any) -> None:
    long = RECIPE.model_copy(update={"epochs": 30})
    jobs = [
        AdapterJob("stops", ROWS, long, validation_rows=OTHER_ROWS),
        AdapterJob("continues", ROWS, long),
    ]
    reports: list[StepReport] = []
    with attached_lora(model, jobs, seed=0) as lora:
        run = train(lora, jobs, CPU, seed=0, on_step=reports.append)
    assert len(run.losses["stops"]) < len(run.losses["continues"])
    steps = len(run.losses["continues"])
    assert [(report.step, report.steps) for report in reports] == [
        (at, steps) for at in range(1, steps + 1)
    ]
    reported = [
        (at.adapter_steps["stops"].step, *at.validation_losses.values())
        for at in reports
        if at.validation_losses
    ]
    assert reported == run.validation_losses["stops"]


def test_training_stops_when_validation_gets_worse_and_keeps_the_best_epoch(
    model: Any, tmp_path: Path
) -> None:
    long = RECIPE.model_copy(update={"epochs": 30})
    job = AdapterJob("only", ROWS, long, validation_rows=OTHER_ROWS)
    run = train_all(model, [job], tmp_path / "stopped")
    losses = [loss for _, loss in run.validation_losses["only"]]
    assert 1 < len(losses) < 30
    assert losses[:-1] == sorted(losses[:-1], reverse=True)
    assert losses[-1] >= losses[-2]
    assert len(run.losses["only"]) == run.validation_losses["only"][-1][0]
    lora = load_adapter(model, tmp_path / "stopped" / "only")
    assert perplexity(lora.get_base_model(), OTHER_ROWS, CPU).loss == pytest.approx(
        losses[-2], rel=1e-4
    )
    lora.unload()


def test_a_single_epoch_is_not_validated(model: Any, tmp_path: Path) -> None:
    """There is no other to choose from, and the evaluation measures the adapter anyway."""
    once = RECIPE.model_copy(update={"epochs": 1})
    job = AdapterJob("only", ROWS, once, validation_rows=OTHER_ROWS)
    assert train_all(model, [job], tmp_path).validation_losses == {"only": []}


def test_a_parent_is_trained_further_beside_a_fresh_adapter(model: Any, tmp_path: Path) -> None:
    train_adapter(model, ROWS, tmp_path / "parent", RECIPE.model_copy(update={"epochs": 40}))
    jobs = [
        AdapterJob("fresh", ROWS, RECIPE),
        AdapterJob("more", ROWS, RECIPE, tmp_path / "parent"),
    ]
    run = train_all(model, jobs, tmp_path / "both")
    assert run.losses["more"][0][1] < run.losses["fresh"][0][1] / 3
