"""An evaluation scores options as serving does, on another engine."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.decisions.own_decisions import OwnDecisions
from maverick_assets.decisions.own_rate import OwnRate
from maverick_assets.decisions.priors import Priors
from maverick_assets.evaluation.decisions.cases import DEAL_OPTIONS, Kind, deal_decisions
from maverick_assets.evaluation.decisions.phrase_scores import option_gains
from maverick_assets.evaluation.kept_results import adapter_digest
from maverick_assets.evaluation.loaded_base import adapted_base, load_base
from maverick_assets.evaluation.scoring import PackedScorer
from maverick_assets.serving.allanbot.decide import Known, Twin, decide
from maverick_assets.serving.runtime import AdapterFile, Runtime, prompt_encoder
from maverick_assets.training.kernels.fast_paths import ALL_FAST, PLAINEST, FastPaths
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.spec import BaseSpec
from maverick_assets_tests.decisions.own_cases import write_cases
from maverick_assets_tests.serving.conftest import (
    prepared_tiny_base,
    tiny_adapters,
    tiny_base,
)

__all__ = ["prepared_tiny_base", "tiny_adapters", "tiny_base"]


@pytest.mark.parametrize("paths", [ALL_FAST, PLAINEST])
def test_torch_and_llama_cpp_weigh_a_deal_alike(
    tmp_path: Path,
    tiny_base: PreparedBase,
    prepared_tiny_base: Path,
    tiny_adapters: dict[str, tuple[Path, Path]],
    paths: FastPaths,
) -> None:
    write_cases(tmp_path)
    own = OwnDecisions(tmp_path, "persona").read()
    decided = deal_decisions(own)
    directory, file = tiny_adapters["adapter-0"]
    (gguf,) = prepared_tiny_base.glob("*.gguf")
    encoder = prompt_encoder(tiny_base)
    runtime = Runtime(gguf, {"adapter-0": AdapterFile(file)}, encode_prompt=encoder)
    twin = Twin(runtime, "adapter-0", "persona", "v1.0", "here")
    known = Known(OwnRate(own), Priors())
    served = [decide(twin, each.prompt, DEAL_OPTIONS, known, threading.Event()) for each in decided]
    base = load_base(BaseSpec(directory=tiny_base.directory, digest=tiny_base.digest))
    with adapted_base(base, [directory], paths) as adapted:

        def score(rows: Sequence[Encoded]) -> list[float]:
            adapter = adapted.index(adapter_digest(directory))
            return PackedScorer(adapted).losses([Document(row, adapter) for row in rows])

        kind = Kind("deals", DEAL_OPTIONS, decided, decided)
        gains = option_gains(kind, base.tokenizer, score, 512)
    for decision, some in zip(served, gains, strict=True):
        by_option = {each.option: each.log_probability - each.prior for each in decision.options}
        wanted = [by_option[option] for option in DEAL_OPTIONS]
        assert some == pytest.approx(wanted, abs=0.1)
