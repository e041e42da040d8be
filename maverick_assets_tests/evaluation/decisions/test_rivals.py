"""Boring models: of deals that say next to nothing, they still predict."""

import pytest

from maverick_assets.datasets.layout import DealFacts, deal_text, decision_prompt
from maverick_assets.decisions.own_decisions import decisions_among
from maverick_assets.evaluation.decisions.cases import DEAL_OPTIONS, Kind, deal_decisions
from maverick_assets.evaluation.decisions.rivals import regression
from maverick_assets_tests.evaluation.decisions.deals import example


@pytest.mark.parametrize("stage", ["pilot", None])
def test_deals_without_a_word_are_predicted_by_stage_and_amount(stage: str | None) -> None:
    """No name and no notes: large ones are lost."""
    examples = [
        example(
            number,
            decision_prompt(deal_text(DealFacts(stage=stage, amount=1_000 * (1 + number)))),
            "Outcome: lost." if number > 20 else "Outcome: won.",
        )
        for number in range(40)
    ]
    decided = deal_decisions(decisions_among(examples, None))
    kind = Kind("deals", DEAL_OPTIONS, decided, [decided[0], decided[-1]])
    small, large = regression(kind)
    assert small[0] > 0.8 and large[1] > 0.6
