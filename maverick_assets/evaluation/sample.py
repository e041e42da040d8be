"""Sample answers, as samples.json in a report holds them."""

from typing import NotRequired, TypedDict

from maverick_assets.evaluation.evidence import Arm


class Sample(TypedDict):
    """An entry of samples.json. Texts are as reports may hold them."""

    example_id: str
    prompt: str
    real: str  # the completion of the example
    generated: str  # the candidate's answer
    others: NotRequired[dict[Arm, str]]  # answers of the other arms
