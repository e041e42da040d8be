"""The style panel where the right answer is known, and what it says of a twin. Prints Markdown.

    python -m benchmarks.style [--data ../shared/data] [--home DEMO_HOME]

Of the Enron mailboxes: the equal error rate of the authorship classifier alone, on blocks of 500
characters, and the panel of known candidates. Settings are chosen on half of the people; the other
half is locked, and looked at by this command alone. Of a run home: the twin's panel as a major
version has it, and that of known candidates in the twin's place.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.machine import machine_line
from benchmarks.style.authors import Author, enron_authors, halves
from benchmarks.style.known_answers import enron_panels, verdicts
from benchmarks.style.twin import TwinPanel, known_twins, twin_panel
from benchmarks.style.verification import LEAST_CHARACTERS, ErrorRates, error_rates, verify
from maverick_assets.errors import BadInput
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.style import StyleFigures, SubScore
from maverick_assets_tests.corpora.real_data import REAL_DATA


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REAL_DATA)
    parser.add_argument("--home", type=Path, help="the run home of a demo")
    parsed = parser.parse_args()
    print(f"{machine_line()}\n")
    try:
        authors = enron_authors(parsed.data)
    except BadInput as error:
        print(f"Enron mailboxes: not measured, {error}")
    else:
        for line in enron_lines(authors):
            print(line, flush=True)
    if parsed.home:
        try:
            twin = twin_panel(parsed.home.absolute())
        except BadInput as error:
            sys.exit(f"error: {error}")
        for line in twin_lines(twin):
            print(line, flush=True)


def enron_lines(authors: Sequence[Author]) -> Iterator[str]:
    """The error rates of both halves, and the known answers of who wrote most in each."""
    tuning, locked = halves(authors)
    yield "| equal error rate | tuning half | locked half |\n|---|---:|---:|"
    rates = [error_rates(verify(tuning[::2], tuning[1::2]) + verify(tuning[1::2], tuning[::2]))]
    rates.append(error_rates(verify(locked, tuning)))
    for title, values in rate_rows(rates).items():
        yield f"| {title} | {values[0]} | {values[1]} |"
    people = [sum(author.length >= LEAST_CHARACTERS for author in half) for half in halves(authors)]
    yield f"\n{people[0]} and {people[1]} people verified, of {len(authors)}.\n"
    for owner in (tuning[0], locked[0]):
        others = [author for author in authors if author is not owner]
        yield f"Owner: {owner.name}, {len(owner.texts)} texts.\n"
        yield from known_lines(enron_panels(owner, others))


def rate_rows(rates: Sequence[ErrorRates]) -> dict[str, list[str]]:
    return {
        "a threshold for each person, mean over people": [shown(each.by_author) for each in rates],
        "one threshold, mean over people": [shown(each.one_threshold) for each in rates],
        "one threshold, all blocks alike": [f"{each.by_block:.1%}" for each in rates],
        "blocks of the people, of impostors": [f"{each.n_own}, {each.n_others}" for each in rates],
    }


def known_lines(panels: Mapping[str, StyleFigures]) -> Iterator[str]:
    """The sub-scores of known candidates, and whether they are what they must be."""
    names = list(next(iter(panels.values())).sub_scores)
    yield f"| written by | {' | '.join(names)} | copies |\n|---|{'---:|' * len(names)}---|"
    for candidate, figures in panels.items():
        cells = [place(score) for score in figures.sub_scores.values()]
        alarm = "alarm" if figures.copies.alarm else "none"
        yield f"| {candidate} | {' | '.join(cells)} | {alarm} |"
    wrong = [
        f"{name}: {claim}"
        for name in names
        for claim, is_right in verdicts(panels, name).items()
        if not is_right
    ]
    right = sum(sum(verdicts(panels, name).values()) for name in names)
    yield f"\n{right} known answers are right; wrong: {'; '.join(wrong) or 'none'}.\n"


def twin_lines(twin: TwinPanel) -> Iterator[str]:
    figures = twin.figures
    yield (
        f"Twin: {figures.n_answers} answers to {figures.n_threads} threads, "
        f"{figures.n_characters} characters of the owner, {figures.n_empty} answers empty; "
        f"copies {figures.copies.candidate:.1%}, the owner {figures.copies.owner:.1%}. Losses and "
        f"answers took {twin.answering_seconds:.0f} s of processors, the panel "
        f"{twin.panel_seconds:.0f} s.\n"
    )
    yield "| measure | twin on the scale | above the pack | 0 is | raw: twin, owner | raw: others |"
    yield "|---|---:|---:|---|---:|---|"
    for name, score in figures.sub_scores.items():
        others = ", ".join(f"{side} {raw:.3f}" for side, raw in score.references.items())
        above = signed(score.above_pack) if score.above_pack else ""
        raws = f"{score.candidate:.3f}, {score.owner:.3f}"
        yield f"| {name} | {place(score)} | {above} | {score.zero or ''} | {raws} | {others} |"
    for name, score in figures.sub_scores.items():
        if score.reason:
            yield f"\n{name}: {score.reason}."
    yield "\nKnown candidates in the twin's place:\n"
    yield from known_lines(known_twins(twin.evidence))


def place(score: SubScore) -> str:
    """A score as a cell: value and interval, or a dash where there is no scale."""
    return signed(score.score) if score.score else "-"


def signed(interval: Interval) -> str:
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def shown(interval: Interval) -> str:
    return f"{interval.value:.1%} ({interval.low:.1%} to {interval.high:.1%})"


if __name__ == "__main__":
    main()
