"""The process that audits a personality, by the path of an `AuditSpec`:
`python -m maverick_assets.evaluation.memorisation.audit SPEC.json`.

Two adapters are trained by the engine: one as the personality's versions are, on its dataset and
canaries, and one to memorise, the positive control. An audit that does not find the positive
control could have found nothing, and is void. Both adapters and their datasets are deleted:
canaries never enter a version.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.errors import BadInput
from maverick_assets.evaluation.memorisation.adapters import AUDITED, CONTROL, train_adapters
from maverick_assets.evaluation.memorisation.canaries import (
    Canary,
    fair_canaries,
    unseen_words,
)
from maverick_assets.evaluation.memorisation.extraction import (
    AskedSecret,
    Recall,
    asked_secret,
    beam_finds,
    recalls,
)
from maverick_assets.evaluation.memorisation.fairness import MAX_BLIND_AREA
from maverick_assets.evaluation.memorisation.results import (
    MeasuredCanary,
    canary_figures,
    detected,
    extracted_controls,
    problems,
)
from maverick_assets.evaluation.memorisation.spec import CONTROL_READ_SHARE, AuditSpec
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.memorisation import AuditFigures
from maverick_assets.files import write_atomically
from maverick_assets.processes import run_main
from maverick_assets.training.device.hardware import Hardware, detect_hardware, prepare_process
from maverick_assets.training.device.memory import memory_errors
from maverick_assets.training.loop.adapters import load_adapter
from maverick_assets.training.spec import read_json

_MAX_LENGTH = 100_000  # no example is cut when its words are counted as seen
_TINY = 1e-6  # nats; a base that knows a secret for certain divides by no zero

Measured = dict[str, list[MeasuredCanary]]  # by adapter


@dataclass(frozen=True)
class Drawn:
    """The canaries of both adapters, and the worse of the two blind AUCs."""

    canaries: Mapping[str, Sequence[Canary]]
    blind: Interval


def main(arguments: Sequence[str]) -> None:
    if len(arguments) != 1:
        raise BadInput("usage: python -m maverick_assets.evaluation.memorisation.audit SPEC.json")
    audit(read_json(Path(arguments[0]), AuditSpec))


def audit(spec: AuditSpec) -> AuditFigures:
    """Train, measure, write the figures to `spec.out`, and delete everything else.

    Nothing is trained where the texts alone tell canaries from controls. Raises `MaverickError`
    when a training is refused.
    """
    started = time.monotonic()
    prepare_process()
    tokenizer = ChatTokenizer(spec.base.directory)
    examples = read_examples(spec.dataset, spec.dataset_version)
    drawn = _draw(spec, examples, tokenizer)
    measured: Measured = {AUDITED: [], CONTROL: []}
    if drawn.blind.value <= MAX_BLIND_AREA:
        with _deleted(spec.work):
            adapters = train_adapters(
                spec, examples, drawn.canaries[AUDITED], drawn.canaries[CONTROL]
            )
            measured = _measure(spec, tokenizer, adapters, drawn.canaries)
    figures = _figures(spec, drawn, measured, time.monotonic() - started)
    write_atomically(spec.out, figures.model_dump_json(indent=1))
    return figures


def _draw(spec: AuditSpec, examples: Sequence[Example], tokenizer: ChatTokenizer) -> Drawn:
    seen: set[int] = set()
    for example in examples:
        seen.update(tokenizer.encode(example.messages, _MAX_LENGTH).input_ids)
    words = unseen_words(tokenizer, seen, spec.seed)
    audited, blind = fair_canaries(spec.counts, words, spec.seed)
    control, blind_control = fair_canaries(
        spec.control_counts, words, spec.seed + 1, CONTROL_READ_SHARE
    )
    worse = max(blind, blind_control, key=lambda area: area.value)
    return Drawn({AUDITED: audited, CONTROL: control}, worse)


@contextmanager
def _deleted(work: Path) -> Iterator[None]:
    """Inside, the folder may hold canaries; afterwards it is gone, however the block ends."""
    shutil.rmtree(work, ignore_errors=True)  # of an audit that was killed
    work.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(work)


def _measure(
    spec: AuditSpec,
    tokenizer: ChatTokenizer,
    adapters: Mapping[str, Path],
    canaries: Mapping[str, Sequence[Canary]],
) -> Measured:
    """Scores and extractions of each adapter's canaries; the base is the reference of scores."""
    hardware = detect_hardware()
    with memory_errors("the base, which an audit loads as it is,", "free memory", hardware):
        model = load_base_model(spec.base.directory, spec.base.digest, hardware.dtype)
        model = model.to(hardware.device)
    prompt = spec.recipe.prompt_for()
    secrets = {
        name: [asked_secret(canary, prompt, tokenizer) for canary in of_adapter]
        for name, of_adapter in canaries.items()
    }
    of_base = {name: recalls(model, asked, hardware) for name, asked in secrets.items()}
    measured: Measured = {}
    for name, directory in adapters.items():
        lora = load_adapter(model, directory)
        try:
            of_adapter = recalls(lora, secrets[name], hardware)
            # Of the positive control membership counts, so that no beams are searched: they would
            # take longer than everything else, because it half knows most of its canaries.
            search = _beams(lora, tokenizer, hardware) if name == AUDITED else lambda *_: False
            found = [
                recall.is_greedy or recall.is_sampled or search(secret, recall)
                for secret, recall in zip(secrets[name], of_adapter, strict=True)
            ]
        finally:
            lora.unload()
        scores = [
            recall.loss / max(reference.loss, _TINY)
            for recall, reference in zip(of_adapter, of_base[name], strict=True)
        ]
        measured[name] = [
            MeasuredCanary(*row) for row in zip(canaries[name], scores, found, strict=True)
        ]
    return measured


def _beams(
    model: Any, tokenizer: ChatTokenizer, hardware: Hardware
) -> Callable[[AskedSecret, Recall], bool]:
    """A function that says whether a beam search finds a secret."""

    def search(secret: AskedSecret, recall: Recall) -> bool:
        return recall.may_be_beamed and beam_finds(model, secret, tokenizer, hardware)

    return search


def _figures(spec: AuditSpec, drawn: Drawn, measured: Measured, seconds: float) -> AuditFigures:
    of_control = canary_figures(measured[CONTROL])
    guessed = sum(extracted_controls(of_adapter) for of_adapter in measured.values())
    n_controls = sum(
        canary.repeats == 0 for of_adapter in drawn.canaries.values() for canary in of_adapter
    )
    found = detected(of_control)
    return AuditFigures(
        personality=spec.recipe.name,
        at=datetime.now(UTC),
        seed=spec.seed,
        base_digest=spec.base.digest,
        training_digest=spec.training_digest,
        dataset_version=spec.dataset_version,
        n_controls=n_controls,
        controls_extracted=guessed,
        blind=drawn.blind,
        canaries=canary_figures(measured[AUDITED]),
        positive_control=of_control,
        detected=found,
        problems=problems(drawn.blind, found, guessed),
        seconds=round(seconds, 1),
    )


if __name__ == "__main__":
    sys.exit(run_main(main))
