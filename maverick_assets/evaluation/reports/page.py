"""One HTML file for an evaluation, and one for all personalities in a month or a quarter."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from maverick_assets.evaluation.reports import pictures
from maverick_assets.evaluation.reports.fleet import goal_rows, heard_matrix, mood_grids
from maverick_assets.evaluation.reports.goals import Goal, goals_of
from maverick_assets.evaluation.reports.tables import FigureTable, Grid, shown, table_of, words
from maverick_assets.evaluation.sample import Sample
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.metric_paths import meaning
from maverick_assets.records import Score
from maverick_assets.registry.manifest import Manifest

PAGE = "report.html"  # beside report.md
# A page needs nothing but itself: no script, no file, no other host.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

_SCORES = {words(name) for name in ("base", "adapter", "in_service")}
_SAMPLES_SHOWN = 12
_OTHERS = {  # in this order
    "in_service": "The version in service",
    "prompt_pack": "The base with examples of his",
    "base": "The base",
}


@dataclass(frozen=True)
class SideBySide:
    """A prompt with the answers of all who answered it."""

    prompt: str
    answers: Sequence[tuple[str, str]]  # who, text


@dataclass(frozen=True)
class Member:
    """A personality in a report on all of them."""

    manifest: Manifest
    people: PeopleFigures | None
    goals: Sequence[Goal]
    tables: Sequence[FigureTable]
    trends: Sequence[pictures.TrendRow]
    report: str | None  # address of its evaluation's page


def render_evaluation(
    manifest: Manifest, earlier: Sequence[Manifest], folder: Path, people: PeopleFigures | None
) -> str:
    """The page of an evaluation whose files lie in `folder`.

    `earlier` are versions of the personality before this one, for the trend. Without samples.json
    in the folder the page shows no answers.
    """
    return (
        _environment()
        .get_template("evaluation.html")
        .render(
            manifest=manifest,
            goals=goals_of(manifest, people),
            tables=figure_tables(manifest, people),
            trends=pictures.trend_rows([*earlier, manifest]),
            samples=_samples(folder / "samples.json"),
            loss=_picture(folder / "loss.png"),
        )
    )


def render_fleet(title: str, intro: str, members: Sequence[Member]) -> str:
    """The page of all personalities in a month or a quarter."""
    manifests = [each.manifest for each in members]
    return (
        _environment()
        .get_template("fleet.html")
        .render(
            title=title,
            intro=intro,
            members=members,
            goals=goal_rows([each.goals for each in members]),
            heard=heard_matrix(manifests),
            moods=mood_grids(manifests),
        )
    )


def render_index(manifests: Sequence[Manifest], fleet: Sequence[str]) -> str:
    """The page that links to the evaluations of versions and to the reports on all."""
    return _environment().get_template("index.html").render(manifests=manifests, fleet=fleet)


def member(
    manifest: Manifest,
    earlier: Sequence[Manifest],
    people: PeopleFigures | None,
    report: str | None,
) -> Member:
    """What a report on all personalities says of one; `earlier` are the versions before it."""
    return Member(
        manifest,
        people,
        goals_of(manifest, people),
        figure_tables(manifest, people),
        pictures.trend_rows([*earlier, manifest]),
        report,
    )


def figure_tables(manifest: Manifest, people: PeopleFigures | None) -> list[FigureTable]:
    """All figures of a version: a table for its losses, and one for each room that measured it."""
    metrics = manifest.metrics
    if metrics is None:
        return []
    losses = table_of("losses", metrics)
    rooms = [part for part in losses.parts if part.title not in _SCORES]
    scores = Grid(
        "models",
        ["", *map(words, Score.model_fields)],
        [
            [words(name), *(shown(value) for _, value in score)]
            for name, score in metrics
            if isinstance(score, Score)
        ],
    )
    tables = [replace(losses, grids=[scores, *losses.grids], parts=()), *rooms]
    times = manifest.parity.response_times if manifest.parity else None
    if times:
        tables.append(table_of("response times", times))
    return [*tables, table_of("people", people)] if people else tables


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("maverick_assets.evaluation.reports", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    environment.filters["meaning"] = meaning
    environment.globals["pictures"] = pictures
    return environment


def _samples(path: Path) -> list[SideBySide]:
    if not path.exists():
        return []
    samples: list[Sample] = json.loads(path.read_text(encoding="utf-8"))[:_SAMPLES_SHOWN]
    return [SideBySide(each["prompt"], _answers(each)) for each in samples]


def _answers(sample: Sample) -> list[tuple[str, str]]:
    others = dict(sample.get("others", {}))
    return [
        ("The owner", sample["real"]),
        ("This version", sample["generated"]),
        *((name, others[arm]) for arm, name in _OTHERS.items() if arm in others),
    ]


def _picture(path: Path) -> str | None:
    """A PNG as an address that holds it."""
    if not path.exists():
        return None
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
