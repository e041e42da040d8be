"""Every figure of an evaluation is printed under a name of its own."""

from benchmarks.real_mailbox import figure_lines, gate_lines
from maverick_assets.evaluation.reports.page import figure_tables
from maverick_assets.figures.decisions import DecisionFigures
from maverick_assets.records import GateResult
from maverick_assets_tests.evaluation.reports.style_figures import STYLE
from maverick_assets_tests.registry.conftest import PASSED, SCORES, MakeManifest, make_manifest

__all__ = ["make_manifest"]


def test_figures_within_figures_have_the_names_of_both(make_manifest: MakeManifest) -> None:
    decisions = DecisionFigures(temperature=1.5, mail_stances={"accept": 3, "": 2})
    metrics = SCORES.model_copy(update={"style": STYLE, "decisions": decisions})
    manifest = make_manifest("v1.0").model_copy(update={"metrics": metrics})
    lines = figure_lines(figure_tables(manifest, None))
    assert "| losses: models: base | loss 4; perplexity 54.3 |" in lines
    assert "| style: authorship: score | 0.5 (0.25 to 0.75) |" in lines
    assert "| style: meaning: reason | too little text of: owner |" in lines
    assert "| decisions: mail stances: accept | 3 |" in lines
    assert len(lines) == len(set(lines))


def test_a_gate_has_a_line_with_its_reason() -> None:
    result = GateResult(gate="no leak", metric="memorisation.leaks", passed=False, reason="2 leaks")
    lines = gate_lines(PASSED.model_copy(update={"gates": (result,)}))
    assert lines[-1] == "| no leak | refused | 2 leaks |"
    assert len(gate_lines(None)) == 2
