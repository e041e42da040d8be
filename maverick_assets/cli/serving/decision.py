"""A decision in the terminal: the option, the odds, and what was decided before."""

from collections.abc import Sequence

from maverick_assets.decisions.questions import yes_and_no
from maverick_assets.printable import one_line
from maverick_assets.recipes import Recipe
from maverick_assets.serving.allanbot.bot import decide_in
from maverick_assets.serving.allanbot.decide import decides
from maverick_assets.serving.allanbot.decision import Decision, FactReason, Reason
from maverick_assets.serving.allanbot.memory import DecisionMemory
from maverick_assets.serving.asked import Ask
from maverick_assets.serving.chat import Conversation
from maverick_assets.settings import Settings

_WIDTH = 110  # characters of a reason's question and of its answer


def decision_on(
    settings: Settings,
    recipe: Recipe,
    conversation: Conversation,
    ask: Ask,
    options: Sequence[str] | None,
) -> Decision | None:
    """The decision between `options`, or between yes and no where a twin is asked for one.

    Raises `BadInput` for options that cannot be weighed against each other.
    """
    if not options and decides(recipe):
        options = yes_and_no(ask.message)
    if not options:
        return None
    return decide_in(conversation, recipe.name, ask, options, DecisionMemory(settings))


def decision_text(decision: Decision, title: str, answer: str) -> str:
    """A decision for people, and the answer in free text below."""
    odds = ", ".join(
        f"{option} {probability:.0%}" for option, probability in decision.probabilities.items()
    )
    lines = [decision.option, "", f"Odds: {odds}"]
    if decision.facts:
        lines.append("Facts that count: " + ", ".join(_fact_text(fact) for fact in decision.facts))
    if decision.reasons:
        lines += [f"The nearest of {decision.own_decisions} own decisions:"]
        lines += [line for reason in decision.reasons for line in _reason_lines(reason)]
    else:
        lines.append("No own decision is near.")
    return "\n".join([*lines, "", f"{title} {decision.version}: {answer}"])


def _fact_text(fact: FactReason) -> str:
    return f"{one_line(fact.fact)} ({fact.speaks_for})"


def _reason_lines(reason: Reason) -> list[str]:
    where = f"{reason.table} {', '.join(reason.row_ids)}"
    return [
        f"  {reason.decided_at:%Y-%m-%d} {where}",
        f"    {_end(reason.question)}",
        f"    -> {_beginning(reason.answer)}",
    ]


def _end(text: str) -> str:
    """The end of a question: a deal's facts stand behind its name, a question behind its story."""
    line = one_line(" ".join(text.split()))
    return line if len(line) <= _WIDTH else f"... {line[-_WIDTH:].partition(' ')[2]}"


def _beginning(text: str) -> str:
    line = one_line(" ".join(text.split()))
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH].rpartition(' ')[0]} ..."
