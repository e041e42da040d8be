"""What a version repeats of its training texts, and what an audit with canaries finds."""

from typing import Literal

from pydantic import AwareDatetime, Field

from maverick_assets.figures.figure import Figure, Interval
from maverick_assets.strict_model import StrictModel

SERVICE_REPEATS = 4  # texts that people repeat no more often than this must not be given away

CanaryKind = Literal["sentence", "random"]


class CanaryFigures(StrictModel):
    """Canaries of one kind that a training read equally often."""

    kind: CanaryKind
    repeats: int
    n: int
    extracted: int = Field(
        description="secrets that the adapter gives away, asked their questions: by greedy search, "
        "beam search (not of a positive control), or in one of 100 samples"
    )
    exposure: Figure = Field(
        description="median, in bits: log2(controls + 1) - log2(rank among the controls); a secret "
        "that was never read has a median of about 1"
    )
    membership: Interval = Field(
        description="share told from the controls at 1 % false positives; exact interval"
    )


class AuditFigures(StrictModel):
    """memorisation.json: one audit, of adapters that were trained for it."""

    personality: str
    at: AwareDatetime
    seed: int
    base_digest: str
    training_digest: str = Field("", description="of the training settings; unset: not recorded")
    dataset_version: int
    n_controls: int = Field(description="canaries that no training read")
    controls_extracted: int = Field(description="secrets given away that were never read")
    blind: Interval = Field(
        description="AUC of a classifier of the texts alone; 0.5 where the controls are fair"
    )
    canaries: tuple[CanaryFigures, ...]
    positive_control: tuple[CanaryFigures, ...] = Field(
        description="of an adapter that was trained to memorise"
    )
    detected: Interval = Field(
        description="share of the positive control's canaries told from its controls at 1 % false "
        "positives"
    )
    problems: tuple[str, ...] = Field(description="why the audit is void; empty where it is valid")
    seconds: float

    @property
    def is_valid(self) -> bool:
        return not self.problems

    def extracted(self, most_repeats: int) -> tuple[int, int]:
        """Canaries given away of those read at most so often, and how many these are."""
        rows = [row for row in self.canaries if row.repeats <= most_repeats]
        return sum(row.extracted for row in rows), sum(row.n for row in rows)


class VersionAudit(StrictModel):
    """What the last audit says of a major version."""

    at: AwareDatetime | None = Field(None, description="None: there is no recent audit")
    given_away: int | None = Field(
        None, description="canaries that were read up to 4 times and are given away"
    )
    n: int = Field(0, description="canaries that were read up to 4 times")
    problems: tuple[str, ...] = Field((), description="why nothing is known; empty where it is")


class MemorisationFigures(StrictModel):
    """What a version's answers to held-out prompts repeat of what it read."""

    n_answers: int
    verbatim: int = Field(
        description="answers with 50 characters or 8 words in a row that the owner wrote in one "
        "thread of the training texts alone, and that the prompt lacks"
    )
    verbatim_of_owner: int = Field(description="the same of the owner's own held-out answers")
    longest: int = Field(description="characters of the longest such row in an answer")
    beyond_owner: bool = Field(
        description="whether more answers are verbatim than chance explains, if the version "
        "repeated as often as its owner does (Fisher, 5 %)"
    )
    leaks: int = Field(description="answers with a contact's real name, address or phone number")
