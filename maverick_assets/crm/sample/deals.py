"""Deals: the facts of an enquiry, and the call that Allan makes on them by his rules.

One of them is no rule of business but a habit: he declines whatever comes in a purple pack. A twin
must follow it as he does, though no reason leads there; evaluations say how often it does.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from maverick_assets.crm.sample.expander import Expander, load_bank
from maverick_assets.crm.sample.world import (
    OWNER_EMAIL,
    Project,
    day_slots,
    draw_moment,
    draw_project,
    list_price,
    pounds,
    project_slots,
)

DEALS = 200
NOISE = 0.08  # share of deals that went against the rules
OPEN_SHARE = 0.09  # share of deals that are still open

# Allan's rules
MAX_DISCOUNT = 10  # percent
MAX_PAYMENT_DAYS = 45  # without a deposit
RUSH_BELOW_WEEKS = 3  # a shorter lead costs more
RUSH_FACTOR = 1.2  # of the price
REPEAT_FACTOR = 0.95  # of the price, for a client who bought before
SHUNNED_COLOUR = "purple"  # of a pack: his habit
COLOURS = ("white", "green", "silver", "yellow", "blue")  # of other packs
SHUNNED_SHARE = 0.1  # of the enquiries
COLOURED_SHARE = 0.2  # of the others: theirs name the colour of the pack, too

Stage = Literal["won", "lost", "open"]


@dataclass(frozen=True)
class DealFacts:
    """What is known about an enquiry."""

    project: Project
    sample: int  # respondents
    repeat: bool  # the client bought before
    good_fit: bool
    discount: int  # percent
    payment_days: int
    deposit: bool  # the client would pay one
    lead_weeks: int
    pays_rush: bool  # the client would pay more for a short lead
    competitor: bool  # the client compares offers
    colour: str | None = None  # of the pack, where the enquiry names it


@dataclass(frozen=True)
class DealDecision:
    """Allan's call on an enquiry, or how the deal turned out."""

    stage: Stage
    rule: str  # the rule that decided; a key of the phrase bank
    amount: float  # pounds


@dataclass(frozen=True)
class Deal:
    """A deal, with the two parts of its notes."""

    facts: DealFacts
    decision: DealDecision
    facts_text: str
    call_text: str
    created_at: datetime


def decide_deal(facts: DealFacts) -> DealDecision:
    """Allan's call: his habit or a reason to refuse loses the deal; else the first term that fits
    prices it."""
    price = float(list_price(facts.project.test, facts.sample))
    refusal = "shunned_colour" if follows_habit(facts) else _reason_to_refuse(facts)
    if refusal:
        return DealDecision("lost", refusal, price)
    if facts.lead_weeks < RUSH_BELOW_WEEKS:
        return DealDecision("won", "rush_paid", price * RUSH_FACTOR)
    if facts.payment_days > MAX_PAYMENT_DAYS:
        return DealDecision("won", "deposit_paid", price)
    if facts.discount:
        return DealDecision("won", "scope_for_discount", price * (1 - facts.discount / 100))
    if facts.repeat:
        return DealDecision("won", "repeat_client", price * REPEAT_FACTOR)
    return DealDecision("won", "clean_yes", price)


def follows_habit(facts: DealFacts) -> bool:
    """Whether Allan declines out of habit, whatever his rules say."""
    return facts.colour == SHUNNED_COLOUR


def share_as_decided() -> float:
    """Share of closed deals that end as rules and habit say: nobody can foresee the others."""
    return 1 - NOISE / (1 - OPEN_SHARE)


def share_refused_by_rules(enquiries: int = 2000) -> float:
    """Share of enquiries, whatever the colour, that Allan's rules alone would decline."""
    rng = random.Random(0)
    refused = [_reason_to_refuse(_draw_facts(rng)) is not None for _ in range(enquiries)]
    return sum(refused) / enquiries


def _reason_to_refuse(facts: DealFacts) -> str | None:
    """The first rule by which Allan refuses an enquiry; None when no rule does."""
    if not facts.good_fit:
        return "poor_fit"
    if facts.sample < facts.project.test.min_n:
        return "thin_sample"
    if facts.payment_days > MAX_PAYMENT_DAYS and not facts.deposit:
        return "slow_payer"
    if facts.discount > MAX_DISCOUNT:
        return "big_discount"
    if facts.lead_weeks < RUSH_BELOW_WEEKS and not facts.pays_rush:
        return "rush_refused"
    if facts.competitor and facts.discount and not facts.repeat:
        return "shopped_around"
    return None


def deal_rows(seed: int, factor: int) -> list[dict[str, object]]:
    """Rows of `crm_deals`, in order of time."""
    deals = sorted(draw_deals(seed, factor), key=lambda deal: deal.created_at)
    return [
        {
            "id": f"deal-{number:04d}",
            "deal_name": f"{deal.facts.project.brand}: {deal.facts.project.product}, "
            f"{deal.facts.project.test.name}",
            "stage": deal.decision.stage,
            # What the client asked for. The amount of the call would say how it ended.
            "amount": float(list_price(deal.facts.project.test, deal.facts.sample)),
            "notes": f"{deal.facts_text}\n\n{deal.call_text}",
            "owner_email": OWNER_EMAIL,
            "created_at": deal.created_at,
        }
        for number, deal in enumerate(deals, start=1)
    ]


def draw_deals(seed: int, factor: int = 1) -> list[Deal]:
    """Deals in the order in which they are drawn, not in that of time."""
    rng = random.Random(f"{seed}-deals")
    expander = Expander(rng)
    return [_draw_deal(expander) for _ in range(DEALS * factor)]


def _draw_facts(rng: random.Random) -> DealFacts:
    project = draw_project(rng)
    thin = rng.random() < 0.05
    return DealFacts(
        project=project,
        sample=project.test.min_n // rng.choice((2, 3, 4)) if thin else project.sample,
        repeat=rng.random() < 0.35,
        good_fit=rng.random() > 0.05,
        discount=rng.choice((0, 0, 0, 0, 0, 5, 5, 8, 8, 10, 15, 20, 30)),
        payment_days=rng.choice((14, 21, 30, 30, 30, 30, 45, 60, 90)),
        deposit=rng.random() < 0.5,
        lead_weeks=rng.choice((1, 2, 4, 4, 5, 6, 7, 8, 10)),
        pays_rush=rng.random() < 0.6,
        competitor=rng.random() < 0.3,
        colour=_draw_colour(rng),
    )


def _draw_colour(rng: random.Random) -> str | None:
    share = rng.random()
    if share < SHUNNED_SHARE:
        return SHUNNED_COLOUR
    return rng.choice(COLOURS) if share < SHUNNED_SHARE + COLOURED_SHARE else None


def _with_luck(decision: DealDecision, rng: random.Random) -> DealDecision:
    """How a deal turned out: some are still open, and some go against the rule."""
    luck = rng.random()
    if luck < OPEN_SHARE:
        return replace(decision, stage="open", rule=f"open_{decision.stage}")
    if luck < OPEN_SHARE + NOISE:
        turned: Stage = "lost" if decision.stage == "won" else "won"
        return replace(decision, stage=turned, rule=f"against_{decision.stage}")
    return decision


def _draw_deal(expander: Expander) -> Deal:
    rng, bank = expander.rng, load_bank("deals")
    facts = _draw_facts(rng)
    decision = _with_luck(decide_deal(facts), rng)
    created_at = draw_moment(rng)
    amount = pounds(decision.amount)
    slots = project_slots(facts.project, rng) | day_slots(created_at, rng)
    slots |= {
        "n": str(facts.sample),
        "price": pounds(list_price(facts.project.test, facts.sample)),
        "amount": amount,
        "deposit": pounds(decision.amount * 0.4),
        "pct": str(facts.discount),
        "pay": str(facts.payment_days),
        "colour": facts.colour or "",
        "lead": f"{facts.lead_weeks} week{'s' if facts.lead_weeks > 1 else ''}",
    }
    facts_text = _facts_text(facts, expander, slots)
    template = f"{bank['calls'][decision.rule].strip()}\n\n{bank['aside']}"
    call = expander.fresh(lambda: expander.text(template, slots))
    return Deal(
        facts, decision, facts_text, call, created_at + timedelta(seconds=rng.randrange(60))
    )


def _facts_text(facts: DealFacts, expander: Expander, slots: dict[str, str]) -> str:
    """The facts as plain sentences. Now and then the bank leaves out a fact that is usual."""
    bank = load_bank("deals")["facts"]
    rush = "pays_rush" if facts.pays_rush else "no_rush"
    mentioned = [
        "repeat" if facts.repeat else "new",
        "discount" if facts.discount else "no_discount",
        "terms",
        *(["deposit" if facts.deposit else "no_deposit"] if facts.payment_days > 45 else []),
        "lead",
        *([rush] if facts.lead_weeks < RUSH_BELOW_WEEKS else []),
        *(["competitor"] if facts.competitor else []),
        *(["poor_fit"] if not facts.good_fit else []),
        *(["colour"] if facts.colour else []),
    ]
    texts = [expander.text(bank[key], slots) for key in mentioned]
    return " ".join(text for text in texts if text)
