"""The panel of a run home's twin, as a major version is measured, and what it says of known texts.

The answers are generated anew on the home's base and adapters; nothing of the home is changed.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.evaluation import base_spec, version_spec
from benchmarks.style.known_answers import Sources, Texts, known_panels
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.errors import BadInput
from maverick_assets.evaluation.collect import collected, read_candidate
from maverick_assets.evaluation.evidence import Answered, Evidence
from maverick_assets.evaluation.loaded_base import load_base
from maverick_assets.evaluation.spec import THOROUGH_ANSWERS
from maverick_assets.evaluation.style.blocks import StyleText
from maverick_assets.evaluation.style.masking import Masking
from maverick_assets.evaluation.style.measure import (
    halves,
    measure_style,
    own_texts,
    senders,
    surrogate_names,
)
from maverick_assets.figures.style import StyleFigures
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings

TWIN = "allan-maverick"


@dataclass(frozen=True)
class TwinPanel:
    """The figures of the twin, and what they cost."""

    figures: StyleFigures
    evidence: Evidence
    answering_seconds: float  # of processors, for losses and answers of all arms
    panel_seconds: float  # of processors


def twin_panel(home: Path, personality: str = TWIN) -> TwinPanel:
    """Raises `BadInput` where the home has no version of the personality."""
    settings = Settings(home=home)
    registry = Registry(settings.models)
    version = registry.newest(personality)
    if version is None:
        raise BadInput(f"{home} has no version of {personality}; run a demo there first")
    base = load_base(base_spec(settings, version.base_digest))
    with tempfile.TemporaryDirectory() as folder:
        spec = version_spec(settings, registry, version, Path(folder)).model_copy(
            update={"thorough": True, "answers_each": THOROUGH_ANSWERS}
        )
        candidate = read_candidate(spec, base)
        started = time.process_time()
        with collected(base, [candidate]) as collection:
            collection.compute([candidate])
            evidence = collection.evidence(candidate)
        answering = time.process_time() - started
    started = time.process_time()
    figures = measure_style(evidence)
    assert figures is not None
    return TwinPanel(figures, evidence, answering, time.process_time() - started)


def known_twins(evidence: Evidence) -> Mapping[str, StyleFigures]:
    """The panel of known candidates in the twin's place: beside its own base, pack and senders."""
    lake, spec = evidence.spec.lake, evidence.spec
    assert lake is not None
    masking = Masking(surrogate_names(lake))
    _, unseen = halves(senders(lake, masking))
    test = read_examples(spec.dataset, spec.dataset_version, "test")
    sources = Sources(
        again=own_texts(test, masking),
        # Half of those whom the panel's own reference holds: none else has written enough.
        others=[text for writer in unseen[::2] for text in writer.texts],
        train=own_texts(evidence.train, masking),
    )
    held_out = own_texts([each.example for each in evidence.answered], masking)

    def panel(answers: Texts) -> StyleFigures:
        figures = measure_style(replace(evidence, answered=_with_answers(evidence, answers)))
        assert figures is not None
        return figures

    return known_panels(panel, held_out, sources)


def _with_answers(evidence: Evidence, answers: Texts) -> list[Answered]:
    """The evidence's prompts with these answers as the candidate's."""
    texts = [*answers, *[StyleText("", "")] * len(evidence.answered)]
    return [
        replace(each, answers={**each.answers, "candidate": text.text})
        for each, text in zip(evidence.answered, texts, strict=False)
    ]
