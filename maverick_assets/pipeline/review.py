"""Reports over the versions of all personalities: the month's evaluation, the quarter's review."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.reports.library import has_page
from maverick_assets.evaluation.reports.page import member, render_fleet
from maverick_assets.evaluation.reports.refresh import refresh_page
from maverick_assets.files import write_atomically
from maverick_assets.pipeline.memorisation import audit_sentence, recent_audit
from maverick_assets.pipeline.production.feedback import read_feedback
from maverick_assets.pipeline.production.opinions import people_figures
from maverick_assets.pipeline.promote import promote_all
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import Recipe
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.review import quarter_of, quarterly_review, version_table


@dataclass(frozen=True)
class WrittenReport:
    """A report in Markdown and as a page, and where they lie."""

    text: str
    path: Path
    page: Path
    refused: tuple[str, ...] = ()  # major versions that are not in service, and why


def monthly_report(run: RunContext, recipes: Iterable[Recipe]) -> WrittenReport:
    """Promote every version in service, and report on the major versions of the month.

    Raises `MaverickError` when no version is in service.
    """
    majors = promote_all(run, recipes)
    now = run.now()
    month = f"{now:%Y-%m}"
    title = f"Evaluation of {month}"
    audits = [
        f"- {major.personality}: "
        f"{audit_sentence(recent_audit(run.settings, major.personality, now))}"
        for major in majors
    ]
    found = "\n".join(audits)
    text = f"# {title}\n\n{version_table(majors)}\n\n## Memorisation\n\n{found}\n"
    page = _page(run, title, "Each version in service, measured once a month.", majors)
    return replace(_write(run, f"monthly-{month}", text, page), refused=_refused(majors))


def _refused(majors: Iterable[Manifest]) -> tuple[str, ...]:
    """A line for each major version that a gate refused, with what did not pass."""
    return tuple(
        f"{major.personality} {major.version}: "
        + "; ".join(each.reason for each in major.gate.gates if not each.passed)
        for major in majors
        if major.gate and not major.gate.passed and major.state == "candidate"
    )


def quarterly_report(run: RunContext) -> WrittenReport:
    """Report on the versions, metrics and ratings since the start of the last full quarter."""
    quarter, since = quarter_of(run.now())
    versions = run.registry.list()
    ratings = defaultdict(list)
    for each in read_feedback(run.settings.lake):
        if each.at >= since and each.rating is not None:
            ratings[each.personality].append(each.rating)
    text = quarterly_review(quarter, since, versions, ratings)
    in_service = [manifest for manifest in versions if manifest.state == "released"]
    title = f"Personality review {quarter}"
    page = _page(run, title, f"The versions in service, since {since:%Y-%m-%d}.", in_service)
    return _write(run, f"quarterly-{quarter}", text, page)


def _page(run: RunContext, title: str, intro: str, manifests: Sequence[Manifest]) -> str:
    """The page on some versions, with what people say of them so far."""
    feedback = read_feedback(run.settings.lake)
    members = []
    for manifest in manifests:
        name, version = manifest.personality, str(manifest.version)
        people = people_figures(run.settings, feedback, name, version)
        try:
            manifest = refresh_page(run.registry, manifest, people)
        except MaverickError as error:  # the report on all is written all the same
            run.log.warning(f"the page of {name} {version} stays as it was: {error}")
        address = f"../{name}/{version}/" if has_page(manifest) else None
        versions = run.registry.versions_of(name)
        earlier = [each for each in versions if each.version < manifest.version]
        members.append(member(manifest, earlier, people, address))
    return render_fleet(title, intro, members)


def _write(run: RunContext, name: str, text: str, page: str) -> WrittenReport:
    path, page_path = (run.settings.reports / f"{name}.{kind}" for kind in ("md", "html"))
    write_atomically(path, text)
    write_atomically(page_path, page)
    return WrittenReport(text, path, page_path)
