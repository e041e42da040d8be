"""What `maverick base check` says of a base, and at what it stops."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.pipeline.base.check import check_base
from maverick_assets.settings import Settings
from maverick_assets.training.device.hardware import detect_hardware
from maverick_assets.training.kernels.fast_paths import FastPaths
from maverick_assets.training.model import kept_check
from maverick_assets.training.model.self_check import CheckResult, Difference, Trial


def test_what_a_training_found_is_shown(tiny_base: PreparedBase, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    before = {fact.subject: fact.text for fact in check_base(settings, tiny_base.directory, "own")}
    assert list(before) == ["identity", "model", "template", "tokens", "llama.cpp", "arithmetic"]
    assert before["arithmetic"] == "compared with transformers at its first training"
    small = Difference(2e-7, 3e-6)
    fast = Trial(FastPaths(), small, 900.0)
    chosen = replace(fast, paths=replace(FastPaths(), norms=False))
    result = CheckResult(chosen, small, fast, None)
    settings.engine_checks.mkdir(parents=True)
    digest = before["identity"].split(",")[0]
    kept = settings.engine_checks / f"{digest}-key.json"
    kept.write_text(kept_check._as_json(result, detect_hardware()))
    kept.with_name(f"{digest}-damaged.json").write_text("{")
    *_, arithmetic = check_base(settings, tiny_base.directory, "own")
    assert "loss within 2.0e-07 of transformers and peft, without norms" in arithmetic.text
    assert f"{digest}-damaged.json cannot be read" in arithmetic.text


def test_it_stops_at_the_first_thing_that_is_wrong(tiny_base: PreparedBase, tmp_path: Path) -> None:
    own = Path(shutil.copytree(tiny_base.directory, tmp_path / "own"))
    config = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps(config | {"model_type": "mamba"}))
    facts = check_base(Settings(home=tmp_path / "home"), own, "own")
    assert next(facts).subject == "identity"
    with pytest.raises(BadInput, match="base model own cannot be trained: mamba"):
        next(facts)
