"""All personalities beside each other: who is heard in whose answers, who reached which goal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maverick_assets.evaluation.reports.goals import Goal
from maverick_assets.evaluation.reports.tables import NOT_MEASURED, Grid, shown
from maverick_assets.figures.personality import PersonalityFigures, Recognition
from maverick_assets.registry.manifest import Manifest


@dataclass(frozen=True)
class HeardCell:
    """Answers of one personality in which one voice is heard."""

    count: int
    share: float  # of the personality's answers, 0 to 1
    is_own: bool


@dataclass(frozen=True)
class HeardRow:
    """The answers of one personality, by the voice that is heard in them."""

    personality: str
    version: str
    cells: Sequence[HeardCell]  # one for each voice


@dataclass(frozen=True)
class HeardMatrix:
    """The confusion of all personalities: each row was measured by its own evaluation."""

    voices: Sequence[str]  # the personalities in the order of the rows, then others
    rows: Sequence[HeardRow]
    left_out: Mapping[str, str]  # personality -> why it has no row


@dataclass(frozen=True)
class GoalRow:
    """One goal, with what each personality reached of it."""

    name: str
    goal: str
    cells: Sequence[Goal]  # in the order of the personalities
    missing: Sequence[str]  # what it needs to be measured, of those that it is not measured of


def heard_matrix(manifests: Sequence[Manifest]) -> HeardMatrix:
    """Who is heard in the answers of each version, from the figures in its manifest."""
    heard: dict[str, Mapping[str, int]] = {}
    left_out: dict[str, str] = {}
    for manifest in manifests:
        figures = _personality(manifest)
        if figures and figures.consistency:
            heard[manifest.personality] = figures.consistency.heard
        else:
            reasons = figures.left_out if figures else ()
            left_out[manifest.personality] = "; ".join(reasons) or NOT_MEASURED
    names = [manifest.personality for manifest in manifests]
    others = {voice for counts in heard.values() for voice in counts} - set(names)
    voices = [*names, *sorted(others)]
    rows = [
        HeardRow(
            manifest.personality,
            str(manifest.version),
            _cells(manifest.personality, voices, counts),
        )
        for manifest in manifests
        if (counts := heard.get(manifest.personality)) is not None
    ]
    return HeardMatrix(voices, rows, left_out)


def mood_grids(manifests: Sequence[Manifest]) -> list[Grid]:
    """How often the mood, and the mode, is heard that was asked for: a grid for each."""
    grids = []
    for title in ("moods", "modes"):
        found = [
            (manifest.personality, recognition)
            for manifest in manifests
            if isinstance(recognition := getattr(_personality(manifest), title, None), Recognition)
        ]
        if found:
            grids.append(_recognition_grid(title, found))
    return grids


def goal_rows(goals: Sequence[Sequence[Goal]]) -> list[GoalRow]:
    """The goals of all personalities; each personality has the same goals in the same order."""
    return [
        GoalRow(
            cells[0].name,
            cells[0].goal,
            cells,
            list(dict.fromkeys(cell.missing for cell in cells if cell.missing)),
        )
        for cells in zip(*goals, strict=True)
    ]


def _personality(manifest: Manifest) -> PersonalityFigures | None:
    return manifest.metrics.personality if manifest.metrics else None


def _cells(own: str, voices: Sequence[str], counts: Mapping[str, int]) -> list[HeardCell]:
    total = max(sum(counts.values()), 1)
    return [
        HeardCell(counts.get(voice, 0), counts.get(voice, 0) / total, voice == own)
        for voice in voices
    ]


def _recognition_grid(title: str, found: Sequence[tuple[str, Recognition]]) -> Grid:
    rows = []
    for personality, recognition in found:
        for asked, counts in recognition.confusion.items():
            others = {voice: n for voice, n in counts.items() if voice != asked and n}
            total = sum(counts.values())
            row = [personality, asked, f"{counts.get(asked, 0)} of {total}", shown(others)]
            rows.append(row)
        rows.append(
            [
                personality,
                "all",
                shown(recognition.recognised),
                f"of held-out texts {shown(recognition.held_out)}",
            ]
        )
    columns = ["personality", "asked for", "heard", "heard instead"]
    return Grid(title, columns, rows, "the ceiling is the same share of held-out texts")
