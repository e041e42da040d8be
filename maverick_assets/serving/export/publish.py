"""Publishing versions: GGUF adapters and Modelfiles, attached once the adapters have answered.

`python -m maverick_assets.serving.export.publish PERSONALITY VERSION ...`, with as many pairs as
there are versions, does it in a process of its own, so that a crash inside llama.cpp ends nothing
else. For each version it prints a line of JSON with its answer, or with why it failed.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.datasets.outgoing import OutgoingText, outgoing_text
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.processes import run_main
from maverick_assets.records import ParityDecision
from maverick_assets.registry.catalog import GGUF, MODELFILE, label
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.serving.asked import NamesStay, asked, trial
from maverick_assets.serving.export.adapter import export_adapter
from maverick_assets.serving.export.base import base_model_of, ensure_base_gguf
from maverick_assets.serving.export.gate import ParityGate, Trained
from maverick_assets.serving.export.modelfile import modelfile
from maverick_assets.serving.export.ollama_format import OllamaFormat, ollama_format
from maverick_assets.serving.export.parity import explain
from maverick_assets.serving.runtime import AdapterFile, Runtime, prompt_encoder, trial_answer
from maverick_assets.settings import Settings, load_settings

TRIAL_QUESTION = "What should we do first this week?"


@dataclass(frozen=True)
class Published:
    """How one version fared: its answer to `TRIAL_QUESTION`, or why nothing is attached to it."""

    personality: str
    answer: str = ""
    problem: str | None = None


@dataclass(frozen=True)
class Export:
    """A version's adapter, converted but not attached yet."""

    manifest: Manifest
    base: PreparedBase
    base_gguf: Path
    gguf: Path  # the adapter
    context: int = 2048  # tokens of prompt and answer together


def publish(settings: Settings, versions: Sequence[tuple[str, str]]) -> Iterator[Published]:
    """Export versions, try them in llama.cpp, and attach `adapter.gguf` and `Modelfile` to each.

    A base whose chat template Ollama cannot have gives no Modelfile; log and manifest say why.
    `versions` are pairs of personality and version. Nothing is attached to a version that has a
    corrupt file, or whose exported adapter does not answer; the others are published all the same.
    A version that answers otherwise than what was trained has the files, so that it can be looked
    into, and the manifest has the decision: the registry releases no such version.
    """
    settings.runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.runs) as folder:
        exports: list[Export] = []
        for personality, version in versions:
            try:
                exports.append(_export(settings, personality, version, Path(folder)))
            except MaverickError as error:
                yield Published(personality, problem=str(error))
        runtime = _common_runtime(exports)
        outgoing = outgoing_text(settings.lake, settings.owner_emails)
        answering: dict[str, Export] = {}
        answers: dict[str, str] = {}
        for export in exports:
            name = export.manifest.personality
            try:
                answers[name] = outgoing.clean(_try(export, runtime or _runtime([export])))
                answering[name] = export
            except MaverickError as error:
                yield Published(name, problem=str(error))
        del runtime  # its memory, before the gate loads the base three times
        for export, problem in _compared(settings, list(answering.values()), outgoing):
            name = export.manifest.personality
            yield Published(name, "" if problem else answers[name], problem)


def _compared(
    settings: Settings, exports: Sequence[Export], outgoing: OutgoingText
) -> Iterator[tuple[Export, str | None]]:
    """Each version attached and put to the parity gate, and why it is not to be released."""
    if not exports:
        return
    registry, base = Registry(settings.models), exports[0].base
    versions = [_trained(registry, export) for export in exports]
    try:
        gate = ParityGate(base, settings.base_dir, versions, outgoing.clean)
        chat_format = ollama_format(base, settings.base_dir, gate.served)
    except MaverickError as error:
        yield from ((export, str(error)) for export in exports)
        return
    for export, decision in zip(exports, gate.decisions(chat_format), strict=True):
        try:
            if isinstance(decision, MaverickError):
                raise decision
            _attach(registry, export, chat_format, decision)
        except MaverickError as error:
            yield export, str(error)
            continue
        for reason in decision.reasons:
            print(f"{label(export.manifest)}: {reason}")
        refused = f"{label(export.manifest)} answers otherwise than what was trained: "
        yield export, None if decision.passed else refused + explain(decision)


def _trained(registry: Registry, export: Export) -> Trained:
    manifest = export.manifest
    adapter = registry.weights(manifest.personality, manifest.version, "adapter")
    return Trained(manifest.recipe, adapter, export.gguf)


def _export(settings: Settings, personality: str, version: str, folder: Path) -> Export:
    registry = Registry(settings.models)
    manifest = registry.usable(personality, version)
    base = base_model_of(settings, manifest)
    gguf = folder / personality / GGUF
    gguf.parent.mkdir()
    export_adapter(registry.weights(personality, version, "adapter"), base.directory, gguf)
    base_gguf = ensure_base_gguf(base, settings.base_dir)
    return Export(manifest, base, base_gguf, gguf, settings.serving_context)


def _common_runtime(exports: Sequence[Export]) -> Runtime | None:
    """One llama.cpp with all adapters; None when it does not start, or there is no adapter.

    It says no more than that one of the files is bad: each adapter then gets one of its own.
    """
    try:
        return _runtime(exports) if exports else None
    except MaverickError:
        return None


def _runtime(exports: Sequence[Export]) -> Runtime:
    adapters = {label(export.manifest): AdapterFile(export.gguf) for export in exports}
    return Runtime(exports[0].base_gguf, adapters, encode_prompt=prompt_encoder(exports[0].base))


def _try(export: Export, runtime: Runtime) -> str:
    recipe = export.manifest.recipe
    question = asked(recipe, trial(recipe, TRIAL_QUESTION), NamesStay())
    return trial_answer(runtime, label(export.manifest), question)


def _attach(
    registry: Registry, export: Export, chat_format: OllamaFormat, parity: ParityDecision
) -> None:
    manifest, page = export.manifest, export.gguf.parent / MODELFILE
    if chat_format.problem is None:
        prompt = manifest.recipe.system_prompt
        text = modelfile(export.base_gguf.name, prompt, chat_format, export.context)
        write_atomically(page, text)
        registry.attach(manifest.personality, manifest.version, page, page.name)
    else:
        print(f"{label(manifest)} has no Modelfile: {chat_format.problem}")
    registry.note_modelfile(manifest.personality, manifest.version, chat_format.problem)
    registry.record_parity(manifest.personality, manifest.version, parity)
    # Last, because an operator's release exports no version that has it.
    registry.attach(manifest.personality, manifest.version, export.gguf, export.gguf.name)


def main(arguments: Sequence[str]) -> None:
    """Publish versions; what the command above runs."""
    if not arguments or len(arguments) % 2:
        raise BadInput(
            "usage: python -m maverick_assets.serving.export.publish PERSONALITY VERSION ..."
        )
    versions = list(zip(arguments[::2], arguments[1::2], strict=True))
    for published in publish(load_settings(), versions):
        print(json.dumps(asdict(published)))


if __name__ == "__main__":
    sys.exit(run_main(main))
