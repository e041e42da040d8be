"""The panel of a candidate, from the evidence that an evaluation has of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import Example
from maverick_assets.evaluation.evidence import Answered, Evidence
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.evaluation.style.blocks import StyleText
from maverick_assets.evaluation.style.measure import measure_style
from maverick_assets.recipes import Gates
from maverick_assets_tests.datasets.example_template import EXAMPLE
from maverick_assets_tests.evaluation.style.writers import FORMAL, TERSE

SPEC = EvaluationSpec(
    personality="robbie",
    dataset=Path("dataset"),
    dataset_version=0,
    adapter=Path("adapter"),
    max_length=512,
    gates=Gates(),
    out=Path("out"),
)


def examples(texts: Sequence[StyleText]) -> list[Example]:
    return [
        replace(
            EXAMPLE,
            example_id=f"{text.thread}-{at}",
            thread_id=text.thread,
            messages=[*EXAMPLE.messages[:-1], Message(role="assistant", content=text.text)],
        )
        for at, text in enumerate(texts)
    ]


def evidence(candidate: Sequence[StyleText]) -> Evidence:
    """Of an owner who writes tersely, beside a base that is formal."""
    held_out, base = examples(TERSE.texts(40, 2)), FORMAL.texts(40, 7)
    answered = [
        Answered(example, {"candidate": said.text, "base": plain.text})
        for example, said, plain in zip(held_out, candidate, base, strict=True)
    ]
    return Evidence(SPEC, held_out, [1] * 40, {}, answered, examples(TERSE.texts(160, 1)))


def test_a_candidate_that_writes_as_the_owner_is_near_him() -> None:
    figures = measure_style(evidence(TERSE.texts(40, 3)))
    assert figures is not None
    assert figures.function_words.score is not None
    assert figures.function_words.score.value > 0.7
    assert figures.left_out["prompt_pack"] == "no such answers were generated"
    assert "senders" in figures.left_out


def test_without_an_answer_there_is_no_panel() -> None:
    assert measure_style(replace(evidence(TERSE.texts(40, 3)), answered=[])) is None
