"""Records of trainings, evaluations and gates: contents of their JSON files and of manifests.

They lie below the rooms that write and read them (`training`, `evaluation`, `registry`), so that
none of these imports another.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from maverick_assets.figures.comparison import Comparison, Generalisation, Provenance
from maverick_assets.figures.decisions import DecisionFigures
from maverick_assets.figures.figure import Figure, Interval
from maverick_assets.figures.memorisation import MemorisationFigures, VersionAudit
from maverick_assets.figures.personality import PersonalityFigures
from maverick_assets.figures.response import ResponseTimes
from maverick_assets.figures.style import StyleFigures
from maverick_assets.figures.text import TextFigures
from maverick_assets.strict_model import StrictModel

AUDIT_GATE = "audit of memorisation"  # of major versions

TrainingMode = Literal["full", "incremental"]


class AdapterProgress(StrictModel):
    """How far the training of one adapter is."""

    step: int
    steps: int
    loss: Figure
    learning_rate: float


class TrainingProgress(StrictModel):
    """progress-<node>.json: how far the training of a node's adapters is."""

    at: AwareDatetime
    step: int  # of the adapter that has come furthest
    steps: int
    tokens_per_second: float
    seconds_left: float
    adapters: dict[str, AdapterProgress]


class TrainingSummary(StrictModel):
    """training.json: what one adapter was trained on, and how its training went.

    Aliases are the keys on disk. Fields with a default are missing in the manifests of earlier
    releases.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    personality: str
    mode: TrainingMode
    base_digest: str
    dataset_version: int
    n_examples: int
    n_tokens: int = Field(description="tokens of one epoch")
    n_supervised: int = Field(description="supervised tokens of one epoch")
    learning_rate: float | None = Field(None, description="at its peak")
    epochs: int
    steps: int
    seconds: float = Field(description="of the whole run, with every adapter trained in it")
    tokens_per_second: float = Field(description="of the whole run")
    roofline_share: float | None = Field(
        None, alias="share_of_bound", description="tokens_per_second / the roofline's"
    )
    peak_memory_mb: int = Field(description="of the whole run")
    losses: list[tuple[int, Figure]] = Field(description="training loss by step")
    validation_losses: list[tuple[int, Figure]] = Field(
        default_factory=list,
        alias="held_out",
        description="validation loss by step, after each epoch",
    )
    seed: int
    dtype: str
    device: str
    curves: str | None = Field(None, description="TensorBoard directory of the run")
    n_canaries: int = Field(
        0,
        exclude_if=lambda count: count == 0,
        description="examples that an audit made up; what learned any may not become a version",
    )

    def message(self, out: Path) -> dict[str, Any]:
        """What the training process reports: the summary, with the last loss in place of them all.

        `out` is the folder of the adapter.
        """
        summary = self.model_dump(exclude={"losses", "validation_losses"})
        return {"out": str(out), "status": "trained", **summary, "final_loss": self.losses[-1][1]}


class Score(StrictModel):
    """How well a model predicts completions."""

    loss: Figure = Field(description="mean negative log-likelihood of supervised tokens, in nats")
    perplexity: Figure = Field(description="exponential of the loss")


class Metrics(StrictModel):
    """metrics.json: scores of base, adapter and version in service on the same examples."""

    split: str
    n_examples: int
    n_supervised: int = Field(description="supervised tokens")
    base: Score
    adapter: Score
    in_service: Score | None = Field(None, description="of the version in service, if any")
    ratio: Figure = Field(description="perplexity of the adapter / of the base")
    seconds: float
    base_digest: str
    decisions: DecisionFigures | None = Field(None, description="None: too few are held out")
    style: StyleFigures | None = Field(
        None, description="how alike the writing is to the owner's; of thorough evaluations alone"
    )
    text: TextFigures | None = Field(None, description="what is counted in answers")
    personality: PersonalityFigures | None = Field(
        None, description="who is heard in the candidate's answers; None: not measured"
    )
    memorisation: MemorisationFigures | None = Field(
        None, description="what the answers repeat; None in evaluations of earlier releases"
    )
    audit: VersionAudit | None = Field(
        None, description="the last audit with canaries; of major versions alone"
    )
    comparisons: tuple[Comparison, ...] = Field(
        (),
        description="loss in nats per token less that of the base, or of the version in service, "
        "on the same examples: below 0 it is better",
    )
    generalisation: Generalisation | None = Field(
        None, description="None where nothing learned was scored"
    )
    provenance: Provenance | None = Field(None, description="of the examples, by the records")


class GateResult(StrictModel):
    """What one gate made of one metric."""

    gate: str
    metric: str = Field(description="dotted path into the metrics")
    value: Figure | None = Field(None, description="None where it was not measured")
    interval: Interval | None = None
    limit: str = Field("", description="such as: at most 0")
    passed: bool
    reason: str

    @property
    def shown_interval(self) -> str:
        """The interval for people; empty without one."""
        if self.interval is None:
            return ""
        ends = f"{self.interval.low:.3f} to {self.interval.high:.3f}"
        return f"{ends}, n = {self.interval.n}" if "nan" not in ends else f"n = {self.interval.n}"


class GateDecision(StrictModel):
    """gate.json: whether a version may be released, decided once, by its evaluation."""

    passed: bool
    reasons: tuple[str, ...] = Field((), description="a sentence for each gate, passed or not")
    gates: tuple[GateResult, ...] = Field(
        (), description="each gate; none in the manifests of earlier releases"
    )
    is_tie: bool = Field(
        False,
        description="whether nothing refused it, but it is not worth the place of the version in "
        "service, which stays; False in the manifests of earlier releases",
    )
    decided_at: AwareDatetime
    override: str | None = Field(None, description="why an operator released it all the same")

    def keeping_override(self, earlier: "GateDecision | None") -> "GateDecision":
        """This decision with the reason for which an operator released what `earlier` refused."""
        return self.model_copy(update={"override": earlier.override}) if earlier else self

    @property
    def verdict(self) -> str:
        """The decision in a word or two."""
        if self.passed:
            return "passed"
        return "not worth a release" if self.is_tie else "refused"


class EngineParity(StrictModel):
    """How the answers of one engine compare with those of a reference to the same prompts."""

    engine: str = Field(description="such as: llama.cpp, f16")
    reference: str
    mean_difference: Figure = Field(
        description="nats; mean over the prompts of the largest difference between the "
        "log-probabilities of their likeliest first tokens"
    )
    largest_difference: Figure = Field(description="the largest of these, in nats")
    equal_answers: int | None = Field(
        None, description="greedy answers of the same tokens, end of turn included"
    )
    ties: int | None = Field(
        None, description="greedy answers that part where two tokens are equally likely"
    )
    stopped: int | None = Field(None, description="greedy answers that ended by themselves")


class ParityFailure(StrictModel):
    """Where an engine answers otherwise than its reference. Texts are as reports may hold them."""

    engine: str
    prompt: str = Field(description="name of the prompt")
    problem: str
    expected: str = Field("", description="what the reference answers")
    actual: str = ""


class ParityDecision(StrictModel):
    """Whether what is served answers as what was trained, decided once, by the export."""

    passed: bool
    reasons: tuple[str, ...] = Field((), description="a sentence for each engine")
    n_prompts: int
    engines: tuple[EngineParity, ...] = ()
    failures: tuple[ParityFailure, ...] = Field((), description="the first of each engine")
    response_times: ResponseTimes | None = Field(
        None, description="of what is served; no gate. None in exports of earlier releases"
    )
    decided_at: AwareDatetime
    override: str | None = Field(None, description="why an operator released it all the same")
