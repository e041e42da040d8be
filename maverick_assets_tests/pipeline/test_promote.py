"""Promotion: the version in service becomes a major version, once a month, if it passes."""

from dataclasses import replace
from datetime import UTC, datetime, tzinfo

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.pipeline import run_context
from maverick_assets.pipeline.promote import promote, promote_all
from maverick_assets.pipeline.release import release_by_operator
from maverick_assets.pipeline.review import monthly_report, quarterly_report
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets.registry.manifest import Manifest
from maverick_assets_tests.audits import FakeAudit, write_audit
from maverick_assets_tests.pipeline.child_processes import FAILS, FakeEvaluation, FakeExport
from maverick_assets_tests.pipeline.conftest import WriteDataset
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.registry.conftest import AddVersion

RECIPES = load_recipes()
ROBBIE = RECIPES["robbie"]
pytestmark = pytest.mark.usefixtures("audits")


@pytest.fixture
def released(run: RunContext, add_version: AddVersion, write_dataset: WriteDataset) -> Manifest:
    """v1.0 in service, trained on a dataset whose test set is frozen by the promotion."""
    write_dataset(test=1)
    write_dataset(test=2)
    add_version("v1.0")
    return run.registry.release("robbie", "v1.0")


def test_the_version_in_service_is_measured_on_its_test_set_and_released_as_the_next_major(
    run: RunContext, released: Manifest, evaluation: FakeEvaluation, export: FakeExport
) -> None:
    [major] = promote(run, [ROBBIE])
    assert (str(major.version), major.kind, major.state) == ("v2.0", "major", "released")
    assert (major.parent, major.chain[0].version) == (released.version, released.version)
    assert major.fingerprint == released.fingerprint
    assert major.created_at.date() == datetime.now(UTC).date()
    assert evaluation.specs[0].split == "test"
    assert export.exported == ["robbie v2.0"]


def test_a_month_has_one_major_version(
    run: RunContext, released: Manifest, evaluation: FakeEvaluation, export: FakeExport
) -> None:
    assert promote(run, [ROBBIE]) == promote(run, [ROBBIE])
    assert len(evaluation.specs) == 1


def test_a_month_begins_where_the_owner_lives(
    run: RunContext,
    released: Manifest,
    evaluation: FakeEvaluation,
    export: FakeExport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """East of UTC, the job of the 1st runs on the last day of UTC's month before.

    November's job ran late, on the 2nd: December's is not the same month.
    """
    moment = datetime(2026, 11, 1, 20, tzinfo=UTC)  # 5:00 on November 2 in Tokyo
    home = Clock(moment)
    monkeypatch.setattr(run_context, "datetime", home)
    run = replace(run, settings=run.settings.model_copy(update={"timezone": "Asia/Tokyo"}))
    [november] = promote(run, [ROBBIE])
    assert november.created_at == moment
    assert monthly_report(run, [ROBBIE]).path.name == "monthly-2026-11.md"
    home.moment = datetime(2026, 11, 30, 20, tzinfo=UTC)  # 5:00 on December 1
    report = monthly_report(run, [ROBBIE])
    assert report.path.name == "monthly-2026-12.md"
    assert "| robbie | v3.0 | major |" in report.text
    home.moment = datetime(2026, 12, 31, 21, tzinfo=UTC)  # 6:00 on January 1
    assert quarterly_report(run).path.name == "quarterly-2026Q4.md"


class Clock:
    """In place of the class `datetime`, where only its `now` is used."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self, zone: tzinfo) -> datetime:
        return self.moment.astimezone(zone)


def test_a_version_that_fails_is_kept_explained_and_not_released(
    run: RunContext,
    released: Manifest,
    evaluation: FakeEvaluation,
    export: FakeExport,
    log: RecordingLog,
) -> None:
    evaluation.gate = FAILS
    [major] = promote(run, [ROBBIE])
    assert (major.state, major.gate) == ("candidate", FAILS)
    assert log.of_level("error") == ["robbie v2.0 is not released: worse than the base"]
    assert run.registry.in_service("robbie") == released
    assert export.exported == []


def test_without_test_examples_validation_takes_their_place_and_the_log_says_so(
    run: RunContext,
    add_version: AddVersion,
    write_dataset: WriteDataset,
    evaluation: FakeEvaluation,
    export: FakeExport,
    log: RecordingLog,
) -> None:
    write_dataset()
    write_dataset(validation=4)
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    assert promote(run, [ROBBIE])
    assert log.of_level("warning") == ["robbie has no test examples; validation took their place"]


def test_personalities_without_a_version_in_service_are_named(
    run: RunContext,
    released: Manifest,
    evaluation: FakeEvaluation,
    export: FakeExport,
    log: RecordingLog,
) -> None:
    majors = promote_all(run, [RECIPES["gatekeeper"], ROBBIE])
    assert [str(major.version) for major in majors] == ["v2.0"]
    assert log.of_level("warning") == ["gatekeeper has no version in service"]
    with pytest.raises(MaverickError, match="no personality has a version in service"):
        promote_all(run, [RECIPES["gatekeeper"]])


@pytest.fixture
def two_released(
    run: RunContext, released: Manifest, add_version: AddVersion, write_dataset: WriteDataset
) -> None:
    write_dataset("gatekeeper", test=1)
    write_dataset("gatekeeper", test=2)
    add_version("v1.0", "gatekeeper")
    run.registry.release("gatekeeper", "v1.0")


def test_a_month_has_one_process_for_the_evaluations_and_one_for_the_exports(
    run: RunContext, two_released: None, evaluation: FakeEvaluation, export: FakeExport
) -> None:
    majors = promote_all(run, [RECIPES["gatekeeper"], ROBBIE])
    assert [(m.personality, m.state) for m in majors] == [
        ("gatekeeper", "released"),
        ("robbie", "released"),
    ]
    assert (evaluation.processes, export.processes) == (1, 1)


def test_a_major_version_that_cannot_be_measured_stops_no_other(
    run: RunContext, two_released: None, evaluation: FakeEvaluation, export: FakeExport
) -> None:
    evaluation.problems["gatekeeper"] = "no such adapter"
    with pytest.raises(MaverickError, match="no such adapter"):
        promote_all(run, [RECIPES["gatekeeper"], ROBBIE])
    in_service = run.registry.in_service("robbie")
    assert in_service is not None
    assert str(in_service.version) == "v2.0"


def audited_robbie(run: RunContext, given_away: int = 0) -> Manifest:
    """Robbie's version in service, of which a recent audit found so many canaries."""
    robbie = run.registry.in_service("robbie")
    assert robbie is not None
    write_audit(run.settings, robbie, given_away=given_away)
    return robbie


def test_an_audit_comes_before_a_major_version_unless_there_is_a_recent_one(
    run: RunContext,
    two_released: None,
    evaluation: FakeEvaluation,
    export: FakeExport,
    audits: FakeAudit,
) -> None:
    audited_robbie(run)
    majors = promote_all(run, [RECIPES["gatekeeper"], ROBBIE])
    assert [spec.recipe.name for spec in audits.specs] == ["gatekeeper"]
    for major in majors:
        assert major.state == "released"
        assert major.metrics is not None
        assert major.metrics.audit is not None
        assert (major.metrics.audit.given_away, major.metrics.audit.n) == (0, 200)


def test_a_major_version_that_could_give_a_secret_away_is_refused_and_stops_no_other(
    run: RunContext, two_released: None, evaluation: FakeEvaluation, export: FakeExport
) -> None:
    robbie = audited_robbie(run, given_away=3)
    report = monthly_report(run, [RECIPES["gatekeeper"], ROBBIE])
    reason = "3 of 200 canaries given away that were read up to 4 times"
    assert report.refused == (f"robbie v2.0: {reason}",)
    assert f"- robbie: {reason}" in report.text
    assert run.registry.in_service("robbie") == robbie
    gatekeeper = run.registry.in_service("gatekeeper")
    assert gatekeeper is not None
    assert str(gatekeeper.version) == "v2.0"
    with pytest.raises(MaverickError, match="3 of 200 canaries given away"):
        release_by_operator(run, "robbie", "v2.0")
    released = release_by_operator(run, "robbie", "v2.0", "its rows hold no secret")
    assert (released.state, str(released.version)) == ("released", "v2.0")


def test_a_void_audit_refuses_until_another_one_says_more(
    run: RunContext,
    released: Manifest,
    evaluation: FakeEvaluation,
    export: FakeExport,
    audits: FakeAudit,
) -> None:
    audits.problems = ("the positive control is not found",)
    [major] = promote(run, [ROBBIE])
    assert major.gate is not None
    assert major.gate.reasons == (
        "what it could give away is not known: the positive control is not found",
    )
    assert promote(run, [ROBBIE]) == [major]  # once a month
    assert len(evaluation.specs) == len(audits.specs) == 1
    write_audit(run.settings, released)
    [again] = promote(replace(run, run_id="next"), [ROBBIE])
    assert (again.version, again.state) == (major.version, "released")


def test_where_an_audit_fails_there_is_no_major_version_and_the_others_go_on(
    run: RunContext,
    two_released: None,
    evaluation: FakeEvaluation,
    export: FakeExport,
    audits: FakeAudit,
) -> None:
    audited_robbie(run)
    audits.failure = MaverickError("out of memory")
    with pytest.raises(MaverickError, match="out of memory"):
        promote_all(run, [RECIPES["gatekeeper"], ROBBIE])
    assert [str(m.version) for m in run.registry.versions_of("gatekeeper")] == ["v1.0"]
    serving = run.registry.in_service("robbie")
    assert serving is not None
    assert str(serving.version) == "v2.0"
    audits.failure = None
    majors = promote_all(run, [RECIPES["gatekeeper"], ROBBIE])
    assert [major.state for major in majors] == ["released", "released"]


def test_the_reports_of_month_and_quarter_are_written(
    run: RunContext, released: Manifest, evaluation: FakeEvaluation, export: FakeExport
) -> None:
    monthly = monthly_report(run, [ROBBIE])
    assert "| robbie | v2.0 | major | released | test, 9 examples | 54.32 | 12.30 |" in monthly.text
    quarterly = quarterly_report(run)
    for report in (monthly, quarterly):
        assert report.path.read_text() == report.text
        assert report.path.parent == run.settings.reports
