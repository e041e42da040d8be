"""`maverick rate`: the owner judges answers without knowing which are his own."""

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from maverick_assets.cli.console import AsJson, PersonalityName, print_result
from maverick_assets.cli.evaluation.asked_again import decide_again
from maverick_assets.cli.evaluation.asking import ask_choice, indented
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.private.run_home import open_run_home
from maverick_assets.registry.catalog import FINAL, Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from maverick_assets.evaluation.people.blind import BlindQuestion
    from maverick_assets.evaluation.people.judgements import Judgement

_TIE = "="
_QUESTIONS = 10
_NAMES = {"owner": "the owner", "version": "the version", "prompt_pack": "the base with examples"}


def rate(
    personality: PersonalityName,
    version: Annotated[
        str, typer.Option(help="A version, such as v1.0, or `final`, the one in service.")
    ] = FINAL,
    questions: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many questions to be asked, at most.  [default: 10; of decisions: 20]"
        ),
    ] = None,
    decisions: Annotated[
        bool,
        typer.Option(
            "--decisions", help="Decide once more on old decisions of yours, which are not shown."
        ),
    ] = False,
    results: Annotated[
        bool, typer.Option("--results", help="Ask nothing; show what was said so far.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge answers blind: your own are among them. An empty line ends."""
    from maverick_assets.pipeline.production.feedback import read_feedback
    from maverick_assets.pipeline.production.opinions import people_figures

    settings = load_settings()
    open_run_home(settings.home)
    catalog = Catalog(settings.models)
    manifest = catalog.usable(personality, version)
    if not results and decisions:
        decide_again(settings, personality, questions)
    elif not results:
        _judge(settings, catalog, manifest, questions or _QUESTIONS)
    feedback = read_feedback(settings.lake)
    figures = people_figures(settings, feedback, personality, str(manifest.version))
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
    for kind, rate in figures.repeated_decisions.items():
        lines.append(f"{rate.n} {kind} decided again, {_shown(rate, '.0%')} as before")
    return "\n".join(lines)


def _shown(figure: Interval, form: str) -> str:
    return f"{figure.value:{form}} ({figure.low:{form}} to {figure.high:{form}})"


def _judge(settings: Settings, catalog: Catalog, manifest: Manifest, count: int) -> None:
    """Ask blind questions, and keep what the owner says."""
    from maverick_assets.evaluation.people.blind import BlindQuestions
    from maverick_assets.evaluation.people.judgements import JudgementFile

    kept = JudgementFile(settings.judgements)
    asked = BlindQuestions(catalog, manifest, settings.home / "keys")
    drawn = asked.draw(count, secrets.randbits(32))
    for number, question in enumerate(drawn, start=1):
        typer.echo(f"\nQuestion {number} of {len(drawn)}")
        judgement = _ask(question)
        if judgement is None:
            break
        kept.add(judgement)


def _ask(question: "BlindQuestion") -> "Judgement | None":
    """What the owner says of one question; None when he ends."""
    from maverick_assets.evaluation.people.judgements import judged
    from maverick_assets.evaluation.people.line_file import OWNER

    letters = "ABC"[: len(question.answers)]
    typer.echo(f"They wrote:\n{indented(question.prompt)}")
    for letter, answer in zip(letters, question.answers, strict=True):
        typer.echo(f"{letter}:\n{indented(answer)}")
    ratings = []
    for letter in letters:
        said = ask_choice(f"How good is {letter}, from 1 to 10", [str(n) for n in range(1, 11)])
        if said is None:
            return None
        ratings.append(int(said))
    pick = ask_choice(f"Which one is you: {', '.join(letters)}, or {_TIE}", [*letters, _TIE])
    if pick is None:
        return None
    return judged(question, ratings, None if pick == _TIE else letters.index(pick), OWNER)
