"""All personalities beside each other, from the figures of their own evaluations."""

import pytest

from maverick_assets.evaluation.reports.fleet import goal_rows, heard_matrix, mood_grids
from maverick_assets.evaluation.reports.goals import Goal
from maverick_assets.evaluation.reports.page import member, render_fleet
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.personality import Consistency, PersonalityFigures, Recognition
from maverick_assets.registry.manifest import Manifest
from maverick_assets_tests.registry.conftest import SCORES, MakeManifest, make_manifest

__all__ = ["make_manifest"]

SHARE = Interval(value=0.75, low=0.5, high=0.9, n=8)
MOODS = Recognition(
    held_out=SHARE, recognised=SHARE, confusion={"calm": {"calm": 3, "brisk": 1, "kind": 0}}
)


@pytest.fixture
def fleet(make_manifest: MakeManifest) -> list[Manifest]:
    """Two personalities that are heard, and one that was not measured."""
    heard = {"robbie": {"robbie": 6, "a machine": 2}, "mentor": {"mentor": 3, "robbie": 1}}
    manifests = []
    for name, counts in heard.items():
        figures = PersonalityFigures(
            consistency=Consistency(
                classifier=SHARE, voices=(), own=SHARE, candidate=SHARE, heard=counts
            ),
            moods=MOODS if name == "robbie" else None,
        )
        metrics = SCORES.model_copy(update={"personality": figures})
        manifests.append(make_manifest("v1.0", name).model_copy(update={"metrics": metrics}))
    few = PersonalityFigures(left_out=("too few texts",))
    metrics = SCORES.model_copy(update={"personality": few})
    return [*manifests, make_manifest("v1.0", "new").model_copy(update={"metrics": metrics})]


def test_the_matrix_has_a_row_of_each_personality_and_a_column_of_each_voice(
    fleet: list[Manifest],
) -> None:
    matrix = heard_matrix(fleet)
    assert matrix.voices == ["robbie", "mentor", "new", "a machine"]
    counts = {row.personality: [cell.count for cell in row.cells] for row in matrix.rows}
    assert counts == {"robbie": [6, 0, 0, 2], "mentor": [1, 3, 0, 0]}
    assert [cell.is_own for cell in matrix.rows[1].cells] == [False, True, False, False]
    assert matrix.rows[1].cells[1].share == 0.75


def test_a_personality_without_a_row_is_named_with_the_reason(
    fleet: list[Manifest], make_manifest: MakeManifest
) -> None:
    unmeasured = make_manifest("v1.0", "old")
    matrix = heard_matrix([*fleet, unmeasured])
    assert matrix.left_out == {"new": "too few texts", "old": "not measured"}


def test_moods_say_what_was_heard_instead(fleet: list[Manifest]) -> None:
    [grid] = mood_grids(fleet)
    assert grid.title == "moods"
    assert grid.rows[0] == ["robbie", "calm", "3 of 4", "brisk 1"]
    assert grid.rows[1][2] == "0.75 (0.5 to 0.9)"


def test_goals_stand_side_by_side_and_what_is_missing_is_said_once() -> None:
    missing = Goal("satisfaction", "95 %", missing="rate answers")
    rows = goal_rows([[missing], [missing], [Goal("satisfaction", "95 %", "0.97", True)]])
    assert len(rows) == 1
    assert [cell.reached for cell in rows[0].cells] == [None, None, True]
    assert rows[0].missing == ["rate answers"]


def test_the_page_shows_all_of_it(fleet: list[Manifest]) -> None:
    page = render_fleet("Month", "All.", [member(each, [each], None, None) for each in fleet])
    assert '<td class="own" style="--share: 0.75">6</td>' in page
    assert "new: too few texts" in page
    assert "<code>maverick run ingest</code>" in page
    assert "perplexity / that of the base" in page
