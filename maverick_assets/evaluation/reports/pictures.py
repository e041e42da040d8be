"""What the pictures of a report show: where each mark lies, and in words what it stands for.

Templates draw them as SVG. Places are those of a view box: x to the right, y downwards.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from maverick_assets.evaluation.reports.tables import shown
from maverick_assets.evaluation.shares import wilson
from maverick_assets.figures.decisions import ReliabilityBin
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.style import StyleFigures, SubScore
from maverick_assets.registry.manifest import Manifest

# Of the strip of a sub-score, whose ends are scores: what lies beyond is drawn at the end.
STRIP_WIDTH, _LOWEST, _HIGHEST = 240.0, -1.0, 1.1
STRIP_EDGE = 8.0  # on either side, for marks at the ends
# Of a reliability picture: the square of shares, and its distance from the view box's corner.
SQUARE, MARGIN = 180.0, 40.0
# Of a trend: an axis from 0 upwards.
TREND_WIDTH, TREND_HEIGHT, _EDGE = 240.0, 48.0, 6.0


@dataclass(frozen=True)
class Mark:
    """A point, with its interval where it has one."""

    x: float
    y: float
    low: float  # where the interval ends, on the axis of the figure
    high: float
    words: str


@dataclass(frozen=True)
class ReferenceMark:
    """A reference on the scale of a sub-score."""

    name: str  # such as prompt_pack: its shape
    x: float
    is_beyond: bool  # left of the strip
    words: str


@dataclass(frozen=True)
class StyleRow:
    """A sub-score on its scale, or the reason why it has no score."""

    name: str
    text: str
    candidate: Mark | None
    references: Sequence[ReferenceMark]
    reason: str


@dataclass(frozen=True)
class TrendRow:
    """One figure of several versions, the oldest first."""

    name: str
    better: str  # lower or higher
    marks: Sequence[Mark]
    first: str
    last: str


def style_rows(style: StyleFigures) -> list[StyleRow]:
    """The panel, a row for each measure. The habits are five measures of their own."""
    habits = [(f"habit: {name}", habit) for name, habit in style.habits.items()]
    return [
        _style_row(name, score)
        for name, score in (
            ("authorship", style.authorship),
            ("function words", style.function_words),
            *habits,
            ("detector", style.detector),
            ("meaning", style.meaning),
        )
    ]


def reliability_marks(bins: Sequence[ReliabilityBin]) -> list[Mark]:
    """Bins in the square of confidence (x) and share that was right (y), with Wilson's interval."""
    marks = []
    for each in bins:
        share = wilson(each.accuracy, each.n)
        words = f"{each.n} decisions: said {shown(each.confidence)}, right {shown(each.accuracy)}"
        x = MARGIN + SQUARE * each.confidence
        y, bottom, top = map(_upwards, (share.value, share.low, share.high))
        ends = f"{shown(share.low)} to {shown(share.high)}"
        marks.append(Mark(x, y, bottom, top, f"{words} ({ends})"))
    return marks


def trend_rows(versions: Sequence[Manifest]) -> list[TrendRow]:
    """Figures that at least two of the versions have, the oldest version first."""
    rows = []
    for name, better, figure in _TRENDS:
        values = [(str(each.version), figure(each)) for each in versions]
        measured = [(version, value) for version, value in values if _is_known(value)]
        if len(measured) > 1:
            texts = [shown(value) for _, value in (measured[0], measured[-1])]
            rows.append(TrendRow(name, better, _trend_marks(measured), *texts))
    return rows


_Figure = float | Interval | None


def _perplexity(version: Manifest) -> _Figure:
    return version.metrics.ratio if version.metrics else None


def _decisions(version: Manifest) -> _Figure:
    decisions = version.metrics.decisions if version.metrics else None
    return decisions.deals.twin.accuracy if decisions and decisions.deals else None


def _voice(version: Manifest) -> _Figure:
    personality = version.metrics.personality if version.metrics else None
    return personality.consistency.candidate if personality and personality.consistency else None


def _style(measure: str) -> Callable[[Manifest], _Figure]:
    def score(version: Manifest) -> _Figure:
        style = version.metrics.style if version.metrics else None
        return getattr(style, measure).score if style else None

    return score


def _knowledge(version: Manifest) -> _Figure:
    text = version.metrics.text if version.metrics else None
    return text.skills.accuracy if text and text.skills else None


def _first_token(version: Manifest) -> _Figure:
    times = version.parity.response_times if version.parity else None
    return times.first_token_ms.p50 if times else None


_TRENDS: Sequence[tuple[str, str, Callable[[Manifest], _Figure]]] = (
    ("perplexity / that of the base", "lower", _perplexity),
    ("decisions as the owner decided", "higher", _decisions),
    ("answers in which it is heard", "higher", _voice),
    ("style: authorship", "higher", _style("authorship")),
    ("style: function words", "higher", _style("function_words")),
    ("style: detector", "higher", _style("detector")),
    ("style: meaning", "higher", _style("meaning")),
    ("general questions", "higher", _knowledge),
    ("first token, ms", "lower", _first_token),
)


def _is_known(value: _Figure) -> bool:
    return value is not None and math.isfinite(_value(value))


def _value(value: _Figure) -> float:
    assert value is not None
    return value.value if isinstance(value, Interval) else value


def _style_row(name: str, score: SubScore) -> StyleRow:
    if score.score is None:
        return StyleRow(name, "no score", None, (), score.reason)
    centre, ends = score.score.value, [score.score.low, score.score.high]
    low, high = (end if math.isfinite(end) else centre for end in ends)
    text = shown(score.score)
    mark = Mark(_along(centre), 0, _along(low), _along(high), f"this version {text}")
    references = [
        ReferenceMark(side, _along(at), at < _LOWEST, f"{side.replace('_', ' ')} {shown(at)}")
        for side, place in score.on_scale.items()
        if side in score.references and math.isfinite(at := place.value)
    ]
    return StyleRow(name, text, mark, references, "")


def _along(score: float) -> float:
    """The place of a score on the strip; beyond its ends, the end."""
    within = min(max(score, _LOWEST), _HIGHEST)
    return STRIP_WIDTH * (within - _LOWEST) / (_HIGHEST - _LOWEST)


ZERO_AT, ONE_AT = _along(0), _along(1)


def percent_of_strip(x: float) -> float:
    """Where a place is in the strip with its edges, for labels beside the picture."""
    return 100 * (x + STRIP_EDGE) / (STRIP_WIDTH + 2 * STRIP_EDGE)


def _upwards(share: float) -> float:
    return MARGIN / 2 + SQUARE * (1 - share)


def _trend_marks(measured: Sequence[tuple[str, _Figure]]) -> list[Mark]:
    ends = [_ends(value) for _, value in measured]
    lowest, highest = min(0.0, *(low for low, _ in ends)), max(high for _, high in ends)
    height = TREND_HEIGHT - 2 * _EDGE

    def up(value: float) -> float:
        return _EDGE + height * (1 - (value - lowest) / ((highest - lowest) or 1))

    gap = (TREND_WIDTH - 2 * _EDGE) / (len(measured) - 1)
    return [
        Mark(_EDGE + gap * at, up(_value(value)), up(low), up(high), f"{version}: {shown(value)}")
        for at, ((version, value), (low, high)) in enumerate(zip(measured, ends, strict=True))
    ]


def _ends(value: _Figure) -> tuple[float, float]:
    """An interval's ends; those of a bare figure, or of an interval without any, are itself."""
    centre = _value(value)
    if not isinstance(value, Interval):
        return centre, centre
    low, high = (end if math.isfinite(end) else centre for end in (value.low, value.high))
    return low, high
