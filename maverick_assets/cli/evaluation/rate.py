"""`maverick rate`: the owner judges answers without knowing which are his own."""

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from maverick_assets.cli.console import AsJson, PersonalityName, note, print_result
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.printable import printable
from maverick_assets.private.run_home import open_run_home
from maverick_assets.registry.catalog import FINAL, Catalog
from maverick_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from maverick_assets.evaluation.people.blind import BlindQuestion
    from maverick_assets.evaluation.people.judgements import Judgement, JudgementFile

_TIE = "="
_NAMES = {"owner": "the owner", "version": "the version", "prompt_pack": "the base with examples"}


def rate(
    personality: PersonalityName,
    version: Annotated[
        str, typer.Option(help="A version, such as v1.0, or `final`, the one in service.")
    ] = FINAL,
    questions: Annotated[
        int, typer.Option(min=1, help="How many prompts to be asked about, at most.")
    ] = 10,
    results: Annotated[
        bool, typer.Option("--results", help="Ask nothing; show what was said so far.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge answers blind: your own are among them. An empty line ends."""
    from maverick_assets.evaluation.people.blind import BlindQuestions
    from maverick_assets.evaluation.people.judgements import JudgementFile

    settings = load_settings()
    open_run_home(settings.home)
    catalog = Catalog(settings.models)
    manifest = catalog.usable(personality, version)
    kept = JudgementFile(settings.judgements)
    if not results:
        asked = BlindQuestions(catalog, manifest, settings.home / "keys")
        drawn = asked.draw(questions, secrets.randbits(32))
        for number, question in enumerate(drawn, start=1):
            typer.echo(f"\nQuestion {number} of {len(drawn)}")
            judgement = _ask(question)
            if judgement is None:
                break
            kept.add(judgement)
    figures = _figures(settings, personality, str(manifest.version), kept)
    print_result(
        {"personality": personality, "version": str(manifest.version), **figures.model_dump()},
        opinion_text(figures),
        as_json,
    )


def opinion_text(figures: PeopleFigures) -> str:
    """What people said, for the terminal."""
    lines = [f"{figures.judgements} questions judged by {figures.judges}, {figures.ties} ties"]
    for writer, rating in figures.ratings.items():
        taken = figures.taken_for_owner[writer]
        lines.append(
            f"{_NAMES[writer]}: {_shown(rating, '.1f')} of 10, "
            f"taken for the owner in {_shown(taken, '.0%')}"
        )
    if figures.satisfaction is None:
        lines.append("no answer in use was rated yet")
    else:
        lines.append(
            f"{figures.in_use} answers in use rated, "
            f"{_shown(figures.satisfaction, '.0%')} with 8 or more"
        )
    return "\n".join(lines)


def _shown(figure: Interval, form: str) -> str:
    return f"{figure.value:{form}} ({figure.low:{form}} to {figure.high:{form}})"


def _ask(question: "BlindQuestion") -> "Judgement | None":
    """What the owner says of one question; None when he ends."""
    from maverick_assets.evaluation.people.judgements import OWNER, judged

    letters = "ABC"[: len(question.answers)]
    typer.echo(f"They wrote:\n{_indented(question.prompt)}")
    for letter, answer in zip(letters, question.answers, strict=True):
        typer.echo(f"{letter}:\n{_indented(answer)}")
    ratings = []
    for letter in letters:
        said = _prompt(f"How good is {letter}, from 1 to 10", [str(n) for n in range(1, 11)])
        if said is None:
            return None
        ratings.append(int(said))
    pick = _prompt(f"Which one is you: {', '.join(letters)}, or {_TIE}", [*letters, _TIE])
    if pick is None:
        return None
    return judged(question, ratings, None if pick == _TIE else letters.index(pick), OWNER)


def _prompt(question: str, choices: list[str]) -> str | None:
    """One of `choices`; None for an empty line or the end of the input."""
    while True:
        try:
            said = typer.prompt(question, default="", show_default=False).strip().upper()
        except typer.Abort:
            return None
        if not said or said in choices:
            return said or None
        note(f"{said} is not one of: {', '.join(choices)}")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in printable(text).splitlines() or [""])


def _figures(
    settings: Settings, personality: str, version: str, kept: "JudgementFile"
) -> PeopleFigures:
    from maverick_assets.evaluation.people.opinion import opinion_of
    from maverick_assets.pipeline.production.feedback import ratings_of, read_feedback

    in_use = ratings_of(read_feedback(settings.lake), personality, version)
    return opinion_of(version, kept.read(personality), in_use)
