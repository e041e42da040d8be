"""The file of a training without Dagster: what it sets, and how a mistake is reported."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.training.run_file import read_run_file

TRAIN = [("train", "question", "answer")]


@pytest.fixture
def run(tiny_base: PreparedBase, tmp_path: Path, write_examples: Any) -> dict[str, Any]:
    write_examples(tmp_path / "dataset", TRAIN)
    adapters = [{"personality": "robbie", "dataset": "dataset", "out": "out"}]
    return {"base": str(tiny_base.directory), "adapters": adapters}


def write(folder: Path, run: Any) -> Path:
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump(run))
    return path


def test_a_mistake_in_a_run_file_is_named_in_one_line(run: dict[str, Any], tmp_path: Path) -> None:
    adapter = run["adapters"][0]
    wrong = {
        "base: Field required": {"adapters": []},
        "no personality 'bob'; there are: allan": run
        | {"adapters": [adapter | {"personality": "bob"}]},
        "is not a dataset": run | {"adapters": [adapter | {"dataset": "nowhere"}]},
        "has no config.json": run | {"base": "nowhere"},
        "node.quantize": run | {"node": {"quantize": "int8"}},
        "start the same command on each with --hostfile": run | {"node": {"host": "aurora"}},
        "training.epochs": run | {"adapters": [adapter | {"training": {"epochs": 0}}]},
    }
    for message, content in wrong.items():
        with pytest.raises(BadInput, match=message):
            read_run_file(write(tmp_path, content))
    with pytest.raises(BadInput, match="no such file"):
        read_run_file(tmp_path / "nothing.yaml")
    (tmp_path / "no.yaml").write_text("a: [")
    with pytest.raises(BadInput, match=r"no\.yaml:1: not YAML"):
        read_run_file(tmp_path / "no.yaml")


def test_the_machine_is_a_node_of_a_fleet_and_does_not_change_what_is_trained(
    run: dict[str, Any], tmp_path: Path
) -> None:
    plain = read_run_file(write(tmp_path, run))
    node = {"gpus": 2, "deepspeed": "zero2.json", "training_gb": 16, "name": "aurora"}
    of_two = read_run_file(write(tmp_path, run | {"node": node}))
    assert of_two.node.gpus == 2
    assert of_two.node.deepspeed == tmp_path / "zero2.json"
    assert of_two.digest == plain.digest
    four_bits = read_run_file(write(tmp_path, run | {"node": {"quantize": "nf4"}}))
    assert four_bits.digest != plain.digest


def test_keys_under_training_replace_those_of_the_recipe_and_no_others(
    run: dict[str, Any], tmp_path: Path
) -> None:
    [plain] = read_run_file(write(tmp_path, run)).jobs
    run["adapters"][0]["training"] = {"epochs": 7}
    [changed] = read_run_file(write(tmp_path, run)).jobs
    expected = plain.recipe.training.model_copy(update={"epochs": 7})
    assert changed.recipe.training == expected != plain.recipe.training
