"""Specs of trainings as a child process reads them, and two ways to run them."""

import json
import sys
from pathlib import Path
from typing import Any

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.recipes import load_recipes
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.spec import TrainingSpec

TRAIN = [("train", f"question {number}", f"answer {number}, gladly") for number in range(6)]
VALIDATION = [("validation", "question 9", "answer 9")]


def job(table: Path, version: int, out: Path, **changes: Any) -> dict[str, Any]:
    """A job of few steps. `changes` replaces keys, and those of `training` one by one."""
    recipe = load_recipes()["allan-maverick"].model_dump(mode="json")
    recipe["training"] |= {"epochs": 2, "batch_tokens": 64, **changes.pop("training", {})}
    return {
        "personality": "allan-maverick",
        "dataset": str(table),
        "dataset_version": version,
        "recipe": recipe,
        "out": str(out),
        "mode": "full",
        "parent_adapter": None,
        "parent_dataset_version": None,
    } | changes


def specification(base: PreparedBase, *jobs: dict[str, Any]) -> dict[str, Any]:
    return {"base": {"directory": str(base.directory), "digest": base.digest}, "jobs": list(jobs)}


def run(spec: dict[str, Any]) -> tuple[list[str], list[dict[str, Any]]]:
    """Train in this process; the lines and the results that it reports."""
    lines: list[str] = []
    results: list[Any] = []
    run_training(
        TrainingSpec.model_validate_json(json.dumps(spec)), Reporter(lines.append, results.append)
    )
    return lines, results


def driver(spec: Path) -> list[str]:
    """The command line that Dagster starts."""
    return [sys.executable, "-m", "maverick_assets.training.driver", str(spec)]
