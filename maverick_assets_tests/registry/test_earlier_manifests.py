"""Manifests that earlier releases wrote: each is read, typed, and written again as it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.recipes import load_recipes
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs

# The first release: moods without descriptions, no replay, one list of losses, no chain.
FIRST: dict[str, Any] = {
    "personality": "robbie",
    "version": "v1.0",
    "kind": "full",
    "created_at": "2026-11-01T04:00:00Z",
    "released_at": "2026-11-01T04:10:00Z",
    "fingerprint": "f",
    "base_digest": "b",
    "dataset_version": 0,
    "dataset_rows": 154,
    "recipe": {
        "name": "robbie",
        "title": "Robbie",
        "description": "Allan's companion.",
        "system_prompt": "You are Robbie.",
        "sources": [
            {
                "table": "personality_samples",
                "examples": "sample",
                "filter": {"personality": "robbie"},
                "limit": 2000,
            }
        ],
        "modes": ["professional", "intimate"],
        "moods": ["joy", "sadness"],
        "training": {
            "rank": 16,
            "alpha": 32,
            "learning_rate": 0.0002,
            "epochs": 3,
            "max_length": 512,
            "min_characters": 10,
            "validation_fraction": 0.6,
            "batch_tokens": 1024,
        },
        "gates": {
            "max_perplexity_ratio": 1.0,
            "max_regression": 1.02,
            "min_validation_examples": 3,
        },
        "sensitivity": "private",
    },
    "parent": None,
    "code_version": "1",
    "training": {
        "personality": "robbie",
        "mode": "full",
        "base_digest": "b",
        "dataset_version": 0,
        "n_examples": 130,
        "n_tokens": 11261,
        "n_supervised": 5033,
        "epochs": 3,
        "steps": 2,
        "seconds": 332.57,
        "tokens_per_second": 638.9,
        "peak_memory_mb": 2758,
        "losses": [[1, 4.3901], [2, None]],
        "seed": 0,
        "dtype": "bfloat16",
        "device": "cpu",
    },
    "metrics": {
        "split": "validation",
        "n_examples": 18,
        "n_supervised": 709,
        "base": {"loss": 4.38, "perplexity": 80.2},
        "adapter": {"loss": 3.34, "perplexity": 28.4},
        "in_service": None,
        "ratio": 0.354,
        "seconds": 1.77,
        "base_digest": "b",
    },
    "gate": {
        "passed": True,
        "reasons": ["18 held-out examples, at least the 3 required"],
        "decided_at": "2026-11-01T04:05:00Z",
        "override": None,
    },
    "files": {},
}
# With `maverick forget` came `revoked`; replay and the share of the bound came in the same weeks.
FORGETTING = FIRST | {
    "revoked": {"reason": "it learned from rows that were forgotten", "at": "2026-11-02T00:00:00Z"},
    "recipe": FIRST["recipe"]
    | {
        "moods": {"joy": "Glad with him."},
        "modes": {"professional": "The working day."},
        "training": FIRST["recipe"]["training"]
        | {"replay": 1.0, "incremental_rate": 0.5, "context_tokens": 128, "test_fraction": 0.05},
    },
    "training": FIRST["training"]
    | {"held_out": [[2, 3.3]], "share_of_bound": 0.38, "curves": "/logs/tensorboard/c9"},
}
# Then the whole chain of ancestors.
CHAIN = FORGETTING | {
    "version": "v1.0.1",
    "kind": "incremental",
    "parent": "v1.0",
    "ancestors": [{"version": "v1.0", "kind": "full", "fingerprint": "f", "dataset_version": 0}],
    "training": FORGETTING["training"] | {"mode": "incremental", "learning_rate": 0.000926},
    "revoked": None,
}
# A version that was never evaluated, of a release whose recipes had keys that are gone.
OTHER_KEYS = FIRST | {
    "recipe": FIRST["recipe"]
    | {
        "temperature": 0.7,
        "sources": [FIRST["recipe"]["sources"][0] | {"weight": 2}],
        "gates": FIRST["recipe"]["gates"] | {"max_toxicity": 0.1},
    },
    "training": {},
    "metrics": None,
    "gate": None,
}
SHAPES = {"first": FIRST, "forgetting": FORGETTING, "chain": CHAIN, "other keys": OTHER_KEYS}


def stored(models: Path, content: dict[str, Any]) -> Registry:
    folder = models / "robbie" / content["version"]
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(content))
    return Registry(models)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_earlier_manifest_is_read_with_typed_recipe_training_and_metrics(
    tmp_path: Path, shape: str
) -> None:
    content = SHAPES[shape]
    [manifest] = stored(tmp_path, content).list("robbie")
    assert manifest.recipe.prompt_for("joy", "professional").endswith("Mode: professional.")
    assert manifest.recipe.training.min_examples == 10
    assert manifest.recipe.training.validation_fraction == 0.6
    assert (manifest.training is not None) == bool(content["training"])
    assert (manifest.metrics is not None) == bool(content["metrics"])
    if manifest.training and manifest.metrics:
        assert manifest.training.losses[0] == (1, 4.3901)
        assert manifest.metrics.adapter.perplexity == 28.4


@pytest.mark.parametrize("shape", SHAPES)
def test_a_recipe_keeps_its_spelling_when_its_manifest_is_written_again(
    tmp_path: Path, shape: str
) -> None:
    content = SHAPES[shape]
    registry = stored(tmp_path, content)
    registry.revoke("robbie", [registry.list("robbie")[0].version], "forgotten")
    path = registry.directory("robbie", content["version"]) / "manifest.json"
    again = json.loads(path.read_text())
    assert json.dumps(again["recipe"]) == json.dumps(content["recipe"])
    assert again["revoked"] is not None
    assert again["fingerprint"] == content["fingerprint"]
    for key in ("metrics", "gate"):  # later releases measure more
        assert (again[key] or {}).items() >= (content[key] or {}).items()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_fingerprint_is_a_hash_of_the_recipe_as_it_is_stored(shape: str) -> None:
    manifest = Manifest.model_validate(SHAPES[shape])
    inputs = TrainingInputs(manifest.recipe, 0, "digest", "b", "1")
    same = RecordedRecipe.model_validate(json.loads(json.dumps(SHAPES[shape]["recipe"])))
    assert TrainingInputs(same, 0, "digest", "b", "1").fingerprint("full") == inputs.fingerprint(
        "full"
    )
    today = RecordedRecipe.model_validate(load_recipes()["robbie"])
    assert manifest.recipe.stored == SHAPES[shape]["recipe"] != today.stored
