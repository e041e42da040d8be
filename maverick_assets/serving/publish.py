"""Publishing a version: its GGUF adapter and Modelfile, attached once the adapter has answered.

`python -m maverick_assets.serving.publish PERSONALITY VERSION` does it in a process of its own, so
that a crash inside llama.cpp ends nothing else. Its last line is the answer, as JSON.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.processes import run_main
from maverick_assets.recipes import Recipe
from maverick_assets.registry.catalog import label
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.serving.export import ensure_base_gguf, export_adapter, modelfile
from maverick_assets.serving.runtime import AdapterFile, prompt_encoder, trial_answer
from maverick_assets.settings import Settings, load_settings

TRIAL_QUESTION = "What should we do first this week?"


def publish(settings: Settings, personality: str, version: str) -> str:
    """Export a version, try it in llama.cpp, and attach `adapter.gguf` and `Modelfile` to it.

    Returns its answer to `TRIAL_QUESTION`. Raises `MaverickError`, and attaches nothing, when a
    file is corrupt or the exported adapter does not answer.
    """
    registry = Registry(settings.models)
    registry.verify(personality, version)
    manifest = registry.get(personality, version)
    base = base_model_of(settings, manifest)
    base_gguf = ensure_base_gguf(base, settings.base_dir)
    recipe = manifest.recipe
    settings.runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.runs) as folder:
        gguf = Path(folder) / "adapter.gguf"
        export_adapter(registry.directory(personality, version) / "adapter", base.directory, gguf)
        question = first_messages(recipe, TRIAL_QUESTION)
        answer = trial_answer(base_gguf, AdapterFile(gguf), question, prompt_encoder(base))
        write_atomically(
            Path(folder) / "Modelfile", modelfile(base_gguf.name, recipe.system_prompt)
        )
        for name in ("adapter.gguf", "Modelfile"):
            registry.attach(personality, version, Path(folder) / name, name)
    return answer


def first_messages(recipe: Recipe, question: str) -> list[Message]:
    """The system prompt, with the recipe's first mood and mode if any, and a first question."""
    mood, mode = (next(iter(choices), None) for choices in (recipe.moods, recipe.modes))
    return [
        Message(role="system", content=recipe.prompt_for(mood, mode)),
        Message(role="user", content=question),
    ]


def base_model_of(settings: Settings, manifest: Manifest) -> PreparedBase:
    """The base model that a version was trained on, prepared first where a copied home lacks it.

    Raises `MaverickError` when the settings name another one.
    """
    base = ensure_base(settings)
    if base.digest != manifest.base_digest:
        raise MaverickError(
            f"{label(manifest)} was trained on another base model "
            f"({manifest.base_digest[:12]}); set MAVERICK_BASE_MODEL to it, or retrain"
        )
    return base


def main(arguments: Sequence[str]) -> None:
    """Publish one version; what the command above runs."""
    personality, version = arguments
    print(json.dumps({"answer": publish(load_settings(), personality, version)}))


if __name__ == "__main__":
    sys.exit(run_main(main))
