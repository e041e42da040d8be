"""The spec of an evaluation process: which adapters to score, on which examples (no torch)."""

from pathlib import Path

from pydantic import Field

from maverick_assets.figures.figure import Interval
from maverick_assets.figures.memorisation import VersionAudit
from maverick_assets.recipes import Gates
from maverick_assets.registry.compared_sets import ComparedSets
from maverick_assets.strict_model import StrictModel
from maverick_assets.training.spec import BaseSpec

# Prompts that every arm answers each night, and once a month: a sub-score of style needs blocks of
# several threads, and two dozen short answers make four.
ANSWERS, THOROUGH_ANSWERS = 24, 96


class EvaluationSpec(StrictModel):
    """One adapter to score on the examples of a split and to put to the gates."""

    personality: str
    dataset: Path
    dataset_version: int
    adapter: Path
    max_length: int = Field(description="tokens of one example, as in the adapter's training")
    gates: Gates = Field(description="limits that decide whether the adapter may be released")
    out: Path = Field(description="directory for the report")
    training: Path | None = Field(None, description="the adapter's training.json")
    in_service_adapter: Path | None = Field(
        None, description="adapter of the released version, scored on the same examples"
    )
    other_adapter: Path | None = Field(
        None, description="adapter of another personality, which answers the same prompts"
    )
    answers_each: int = Field(ANSWERS, description="how many prompts each arm answers")
    thorough: bool = Field(
        False,
        description="whether prompt pack and other adapter answer, and style, drift over ten turns "
        "and five wordings are measured, too",
    )
    audit: VersionAudit | None = Field(
        None, description="what the last audit with canaries says; of a major version"
    )
    ceilings: dict[str, Interval] = Field(
        {}, description="how often the owner decides as he did, by kind of decision, where known"
    )
    samples: int = Field(5, description="how many of the answers the report shows")
    split: str = "validation"
    example_ids: frozenset[str] | None = Field(
        None, description="the examples of the split to score; unset: all"
    )
    compared: ComparedSets = Field(
        ComparedSets(),
        description="examples on which it is compared with base and version in "
        "service; empty: on none",
    )
    lake: Path | None = Field(
        None, description="the lake whose contacts no sample may name; unset: there are none"
    )
    owner_emails: tuple[str, ...] = Field((), description="the owner's addresses, which stay")
    checks: Path | None = Field(
        None, description="directory of kept self-checks; unset: the engine compares itself anew"
    )
    tokens: Path | None = Field(
        None, description="directory of cached token ids; unset: every example is tokenized"
    )
    losses: Path | None = Field(
        None, description="file of kept losses; unset: every example is scored"
    )
    answers: Path | None = Field(
        None, description="file of kept answers; unset: every prompt is answered"
    )


class EvaluationsSpec(StrictModel):
    """Adapters of one base to evaluate one after another, in one process."""

    base: BaseSpec
    evaluations: list[EvaluationSpec]
