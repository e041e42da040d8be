"""Texts made from forgotten rows leave pages and reports."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.evaluation.people.asked_again import RepeatedDecision, RepeatedDecisionFile
from maverick_assets.evaluation.people.judgements import Judgement, JudgementFile
from maverick_assets.pipeline.forget.reports import purge_judgements, purge_reports
from maverick_assets.pipeline.forget.trace import trace
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets_tests.pipeline.forget.evaluation_reports import write_report
from maverick_assets_tests.pipeline.forget.mails import on_disk
from maverick_assets_tests.pipeline.forget.versions import DATA, states, write_datasets


def test_pages_of_datasets_with_a_forgotten_row_are_removed(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, *DATA)
    traced = trace(tmp_path, trained, {"crm_emails": ["b"]})
    pages = tmp_path / "reports" / "datasets" / "robbie"
    pages.mkdir(parents=True)
    for name in ("0.html", "1.html", "2.html", "3.html", ".2.html.killed"):
        (pages / name).touch()
    purge_reports(traced, trained, tmp_path / "reports", tmp_path / "runs")
    assert sorted(page.name for page in pages.iterdir()) == ["0.html", "2.html"]


def test_samples_of_revoked_versions_and_those_from_forgotten_rows_leave_the_reports(
    trained: Registry, tmp_path: Path
) -> None:
    """v1.1 is revoked; v1.0 was measured on what it was not trained on."""
    write_datasets(tmp_path, *DATA)
    for version, shown in (("v1.0", "eb"), ("v1.1", "ea"), ("v1.1.1", "ea")):
        write_report(tmp_path / version, [(shown, f"Tea of {version}!")])
        trained.attach("robbie", version, tmp_path / version, "report")
        shutil.rmtree(tmp_path / version)
    traced = trace(tmp_path, trained, {"crm_emails": ["b"]})
    trained.revoke("robbie", [Version(1, 1)], "forgotten")
    for left in ("report.md", "samples.json"):  # by a call that was killed
        for _ in range(2):
            purge_reports(traced, trained, tmp_path / "reports", tmp_path / "runs")
            files = {
                version: on_disk(tmp_path, f"Tea of {version}!") for version in states(trained)
            }
            assert (files["v1.0"], files["v1.1"], len(files["v1.1.1"])) == ([], [], 2)
            for version in files:
                trained.verify("robbie", version)
        (trained.directory("robbie", "v1.1") / "report" / left).write_text(
            "# Scores\n\n## Samples\n\nTea of v1.1!"
        )
    manifest = trained.get("robbie", "v1.0")
    assert {"report/report.md", "report/metrics.json"} <= manifest.files.keys()
    page = trained.directory("robbie", "v1.0") / "report" / "report.md"
    assert "held-out examples" in page.read_text()


def test_what_was_said_of_forgotten_examples_goes_and_the_rest_stays(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, *DATA)
    blind, again = JudgementFile(tmp_path / "said"), RepeatedDecisionFile(tmp_path / "said")
    said = {"at": datetime.now(UTC), "judge": "owner", "personality": "robbie", "seed": 1}
    of_blind = {"version": "v1.0", "ratings": {"owner": 9}, "taken_for_owner": "owner"}
    of_again = {"kind": "mails", "dataset_version": 1, "before": "accept", "option": "decline"}
    for example_id in ("ea", "eb"):
        line = said | {"example_id": example_id}
        blind.add(Judgement.model_validate(line | of_blind))
        again.add(RepeatedDecision.model_validate(line | of_again))
    traced = trace(tmp_path, trained, {"crm_emails": ["b"]})
    for _ in range(2):  # the second by a call that completes the first
        purge_judgements(traced, tmp_path / "said")
        assert [each.example_id for each in blind.read()] == ["ea"]
        assert [each.example_id for each in again.read()] == ["ea"]
    assert on_disk(tmp_path / "said", '"eb"') == []


def test_a_version_that_does_not_verify_stops_no_forgetting(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, *DATA)
    write_report(tmp_path / "report", [("eb", "Tea of v1.0!")])
    trained.attach("robbie", "v1.0", tmp_path / "report", "report")
    shutil.rmtree(tmp_path / "report")
    manifest = trained.directory("robbie", "v1.0") / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    traced = trace(tmp_path, trained, {"crm_emails": ["b"]})
    purge_reports(traced, trained, tmp_path / "reports", tmp_path / "runs")
    assert on_disk(tmp_path, "Tea of v1.0!") == []
