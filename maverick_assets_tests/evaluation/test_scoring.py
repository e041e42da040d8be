"""Packed losses are those of each example alone, to the last bit, whatever is scored with it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.evaluation.kept_results import BASE, adapter_digest
from maverick_assets.evaluation.loaded_base import (
    AdaptedBase,
    LoadedBase,
    adapted_base,
    load_base,
)
from maverick_assets.evaluation.metrics import row_losses
from maverick_assets.evaluation.scoring import PackedScorer
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.fast_paths import ALL_FAST
from maverick_assets.training.kernels.packing import NO_ADAPTER, Document
from maverick_assets.training.loop.adapters import load_adapter, save_adapter
from maverick_assets.training.model.pack_model import PackModel
from maverick_assets.training.spec import BaseSpec

RNG = random.Random(0)
SYSTEM = [RNG.randrange(10, 4000) for _ in range(40)]  # a prefix that rows share


def row(length: int, supervised: int) -> Encoded:
    ids = SYSTEM + [RNG.randrange(10, 4000) for _ in range(length)]
    return Encoded(ids, len(ids) - supervised)


ROWS = [row(length, 1 + length % 7) for length in (10, 12, 25, 40, 41, 77, 150, 180, 230)]


@pytest.fixture(scope="module")
def loaded(tiny_base: PreparedBase) -> LoadedBase:
    return load_base(BaseSpec(directory=tiny_base.directory, digest=tiny_base.digest))


@pytest.fixture(scope="module")
def adapters(loaded: LoadedBase, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two adapters of different ranks with random weights."""
    folder = tmp_path_factory.mktemp("adapters")
    for rank in (4, 8):
        torch.manual_seed(rank)
        config = LoraConfig(
            r=rank, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"
        )
        lora = get_peft_model(loaded.model, config, adapter_name="random")
        save_adapter(lora, "random", folder / str(rank))
        lora.unload()
    return [folder / "4", folder / "8"]


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def adapted(
    request: pytest.FixtureRequest, loaded: LoadedBase, adapters: list[Path]
) -> Iterator[AdaptedBase]:
    dtype: torch.dtype = request.param
    base = replace(loaded, model=loaded.model.to(dtype), hardware=Hardware("cpu", dtype))
    with adapted_base(base, adapters, ALL_FAST) as adapted:
        yield adapted


def documents(rows: Sequence[Encoded] = ROWS) -> list[Document]:
    return [Document(row, adapter) for adapter in (NO_ADAPTER, 0, 1) for row in rows]


def test_a_loss_is_the_same_to_the_last_bit_alone_and_in_any_company(adapted: AdaptedBase) -> None:
    said: list[object] = []
    scorer = PackedScorer(adapted, said.append)
    together = scorer.losses(documents())
    assert said == []  # that packs round otherwise here
    assert [scorer.losses([each])[0] for each in documents()] == together
    assert scorer.losses(documents()[::-1]) == together[::-1]
    assert scorer.losses(documents(ROWS[::2])[:5]) == together[:9:2]


def test_losses_are_those_of_transformers_and_peft(
    adapted: AdaptedBase, adapters: list[Path]
) -> None:
    hardware = adapted.base.hardware
    packed = PackedScorer(adapted).losses(documents())
    tolerance = 1e-4 if hardware.dtype == torch.float32 else 2e-2
    assert packed[: len(ROWS)] == pytest.approx(_plain(adapted, None), rel=tolerance)
    assert packed[len(ROWS) : 2 * len(ROWS)] == pytest.approx(
        _plain(adapted, adapters[0]), rel=tolerance
    )


def _plain(adapted: AdaptedBase, adapter: Path | None) -> list[float]:
    """By the plainest pass, on a copy of the base that has no adapter or this one alone."""
    base = load_base(adapted.base.spec)
    model = base.model.to(adapted.base.hardware.dtype)
    if adapter:
        load_adapter(model, adapter)
    return row_losses(model, ROWS, adapted.base.hardware)


def test_where_packs_round_otherwise_every_example_is_scored_alone(
    adapted: AdaptedBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = PackedScorer(adapted).losses(documents())
    compute = PackModel.document_losses

    def rounding(model: PackModel, some: Sequence[Document]) -> list[float]:
        return [loss + 1e-9 * (len(some) > 1) for loss in compute(model, some)]

    monkeypatch.setattr(PackModel, "document_losses", rounding)
    said: list[object] = []
    assert PackedScorer(adapted, said.append).losses(documents()) == right
    assert len(said) == 1


def test_an_adapter_that_is_no_number_spoils_no_other(
    adapted: AdaptedBase, adapters: list[Path]
) -> None:
    right = PackedScorer(adapted).losses(documents())
    name = adapter_digest(adapters[1])
    for parameter_name, weight in adapted.lora.named_parameters():
        if f"lora_B.{name}." in parameter_name:
            weight.data.fill_(float("nan"))
    losses = PackedScorer(adapted, lambda _: None).losses(documents())
    assert losses[: 2 * len(ROWS)] == right[: 2 * len(ROWS)]
    assert all(loss != loss for loss in losses[2 * len(ROWS) :])


def test_an_adapter_that_does_not_load_leaves_the_others(
    loaded: LoadedBase, adapters: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in adapters[0].iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    weights = broken / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    names = [name for name, _ in loaded.model.named_parameters()]
    with adapted_base(loaded, [broken, adapters[1], tmp_path / "none"], ALL_FAST) as adapted:
        assert set(adapted.problems) == {broken, tmp_path / "none"}
        assert "does not fit this base" in adapted.problems[broken]
        assert list(adapted.names) == [adapter_digest(adapters[1])]
        assert adapted.index(BASE) == NO_ADAPTER
    assert [name for name, _ in loaded.model.named_parameters()] == names
