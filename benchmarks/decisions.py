"""Does the twin decide as its owner did? Decisions that it was not trained on, beside simple rules.

    python -m benchmarks.decisions HOME [--deals 100] [--seed 2027]

HOME is the run home of a demo, which is read only. Two sets: the held-out decisions of its dataset
(validation and test), and deals that the sample's generator draws with another seed, on which its
Allan decided by his rules. What is right is how a deal ended; open deals are left out. Nothing was
chosen by these sets. Prints Markdown.
"""

import argparse
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import machine_line
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.crm.sample.deals import deal_rows
from maverick_assets.crm.sample.world import OWNER_EMAIL
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.layout import decision_prompt
from maverick_assets.datasets.outgoing import outgoing_text
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.fields import deal_fields
from maverick_assets.datasets.turns.marks import known_personalities
from maverick_assets.decisions.nearest import Nearest, rate_of_yes
from maverick_assets.decisions.own_decisions import OwnDecision, OwnDecisions, case_of
from maverick_assets.decisions.polarity import Polarity
from maverick_assets.decisions.priors import Priors
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.registry.store import Registry
from maverick_assets.serving.allanbot.decide import Known, Twin, decide
from maverick_assets.serving.chat import ADAPTER, open_chat
from maverick_assets.settings import Settings

TWIN = "allan-maverick"
OPTIONS = ["Yes", "No"]
_OUTCOMES: dict[str, Polarity] = {"won": "yes", "lost": "no"}
_Z = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class HeldOut:
    """A decision that was not trained on."""

    prompt: list[Message]
    said: Polarity


@dataclass(frozen=True)
class Verdict:
    """What each way of deciding says of one case."""

    said: Polarity
    twin: Polarity
    model: Polarity  # the same without the owner's rate
    near: Polarity  # the owner's rate in the nearest cases, without the model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--deals", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2027)
    arguments = parser.parse_args()
    settings = Settings(home=arguments.home)
    manifest = Registry(settings.models).usable(TWIN, "final")
    conversation = open_chat(settings, manifest.recipe, str(manifest.version), None, None)
    twin = Twin(conversation.runtime, ADAPTER, TWIN, str(manifest.version), "here")
    known = Known(OwnDecisions(settings.lake, TWIN).read(), Priors())
    said = [each.said for each in known.decisions if each.case.is_deal and each.said]
    system = Message(role="system", content=manifest.recipe.system_prompt)
    print(f"{machine_line()}\n")
    print(f"Trained on {len(said)} decisions, {said.count('yes')} of them yes.\n")
    print("| decisions | cases | said yes | twin | model alone | nearest cases | own rate |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    majority: Polarity = "yes" if 2 * said.count("yes") > len(said) else "no"
    sets = {
        "held out of the home's dataset": in_dataset(settings),
        f"drawn with seed {arguments.seed}": drawn(settings, system, arguments),
    }
    for name, cases in sets.items():
        verdicts = [verdict(twin, known, case) for case in cases]
        cells = [
            share([each.twin == each.said for each in verdicts]),
            share([each.model == each.said for each in verdicts]),
            share([each.near == each.said for each in verdicts]),
            share([majority == each.said for each in verdicts]),
        ]
        yes = sum(each.said == "yes" for each in verdicts)
        print(f"| {name} | {len(verdicts)} | {yes} | {' | '.join(cells)} |", flush=True)


def in_dataset(settings: Settings) -> list[HeldOut]:
    """The held-out decisions of a home's dataset."""
    path = dataset_path(settings.lake, TWIN)
    table = open_table(path)
    assert table is not None, f"{path} does not exist"
    decisions = [
        OwnDecision(example, case_of(example.messages[:-1]), None)
        for example in read_examples(path, table.version())
        if example.kind == "decision" and example.split != "train"
    ]
    return [HeldOut(each.prompt, each.said) for each in decisions if each.said]


def drawn(settings: Settings, system: Message, arguments: argparse.Namespace) -> list[HeldOut]:
    """Deals of the sample's generator, with the names of companies as the lake spells them."""
    outgoing = outgoing_text(settings.lake, settings.owner_emails)
    owner = Owner((OWNER_EMAIL,), ())
    cases: list[HeldOut] = []
    for row in deal_rows(arguments.seed, 1):
        said = _OUTCOMES.get(str(row["stage"]))
        if said is None or len(cases) == arguments.deals:
            continue
        text = outgoing.clean(deal_fields(row, owner, known_personalities())["context"])
        prompt = [system, Message(role="user", content=decision_prompt(text))]
        cases.append(HeldOut(prompt, said))
    return cases


def verdict(twin: Twin, known: Known, case: HeldOut) -> Verdict:
    decision = decide(twin, case.prompt, OPTIONS, known, threading.Event())
    gains = {each.option: each.log_probability - each.prior for each in decision.options}
    asked = case_of(case.prompt)
    rate = rate_of_yes(asked, known.decisions, Nearest(known.decisions).to(asked))
    assert rate is not None
    return Verdict(
        case.said,
        "yes" if decision.option == "Yes" else "no",
        "yes" if gains["Yes"] > gains["No"] else "no",
        "yes" if rate > 0.5 else "no",
    )


def share(right: Sequence[bool]) -> str:
    """`61 % (52-70)`: the share that is right, with its interval (Wilson 1927)."""
    n, p = len(right), sum(right) / len(right)
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return f"{p:.0%} ({middle - half:.0%}-{middle + half:.0%})".replace("%", " %")


if __name__ == "__main__":
    main()
