"""The scale of a measure: what has no interval is not shown with one."""

import math

import numpy as np

from maverick_assets.evaluation.style.scale import DRAWS, Measured, sub_score


def test_a_candidate_that_no_drawing_can_measure_has_a_score_without_an_interval() -> None:
    """Its texts make one block, and fewer of them make none."""
    rng = np.random.default_rng(1)
    draws = {side: at + rng.normal(0, 0.01, DRAWS) for at, side in enumerate(("base", "owner"))}
    draws["candidate"] = np.full(DRAWS, math.nan)
    found = sub_score(Measured({"base": 0.0, "owner": 1.0, "candidate": 0.5}, draws, 20), nearer=1)
    assert found.score is not None
    assert found.score.value == 0.5
    assert math.isnan(found.score.low) and math.isnan(found.score.high)
