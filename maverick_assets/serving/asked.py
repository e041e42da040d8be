"""What a personality is asked: the one place, whoever asks.

A message, the chat so far, and a context (a deal's facts, a mail to be answered or written, a
note's title) are laid out by the functions that made the personality's training examples
(`datasets/layout`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Annotated, Any, Protocol

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.crm.html_text import TooMuchText
from maverick_assets.datasets.layout import (
    BETWEEN_LINES,
    BETWEEN_MAILS,
    DealFacts,
    Relation,
    deal_text,
    decision_prompt,
    insight_prompt,
    new_mail_prompt,
    note_prompt,
    prompt_messages,
    recipient_text,
    subject_lead,
)
from maverick_assets.datasets.mail.cleaning import clean_body, clean_text, plain_text
from maverick_assets.datasets.mail.links.subjects import has_reply_prefix
from maverick_assets.datasets.turns.deal_outcome import before_end, deal_end
from maverick_assets.datasets.turns.fields import name_of_address
from maverick_assets.errors import BadInput
from maverick_assets.recipes import Recipe
from maverick_assets.strict_model import StrictModel

_LONGEST = 100_000  # characters of a text; the context of a model holds fewer
Text = Annotated[str, StringConstraints(max_length=_LONGEST)]
Line = Annotated[str, StringConstraints(max_length=1_000)]


class ContextRefused(BadInput):
    """A context that the personality was not trained on, or that cannot be read."""


class HidesNames(Protocol):
    """Puts surrogates in the place of third parties, as datasets do."""

    def hide(self, text: str, participants: Sequence[str] = (), /) -> str:
        """The text of a turn; `participants` are addresses of those who take part."""

    def hide_unlisted(self, messages: Sequence[Message]) -> list[Message]:
        """A whole prompt, whose turns are hidden: without persons that no column knows."""


class NamesStay:
    """Leaves names as they are, where nothing was learnt of a lake."""

    def hide(self, text: str, _participants: Sequence[str] = (), /) -> str:
        return text

    def hide_unlisted(self, messages: Sequence[Message]) -> list[Message]:
        return list(messages)


@dataclass(frozen=True)
class Said:
    """The message beside a context, and to whom it is said."""

    message: str  # clean, with its names
    kinds: Sequence[str]  # of the examples that the personality learnt from, in its order
    names: HidesNames


@dataclass(frozen=True)
class Layout:
    """What is asked last: turns of the other side, and what stands before them."""

    turns: Sequence[str] = ()
    lead: str = ""
    separator: str = BETWEEN_LINES


class Deal(StrictModel):
    """The facts of a deal, before the owner's call."""

    model_config = ConfigDict(allow_inf_nan=False)

    deal_name: Line = ""
    deal_stage: Line | None = None
    deal_amount: float | None = Field(
        None, strict=True, gt=-1e15, lt=1e15, description="in dollars"
    )
    deal_age_days: int | None = Field(None, strict=True, ge=0, lt=100_000)
    deal_notes: Text = ""

    def layout(self, said: Said) -> Layout:
        """The message is the last of the facts. What says how the deal ended is left out."""
        notes = "\n".join(part for part in (clean_text(self.deal_notes), said.message) if part)
        name, stage = clean_text(self.deal_name), clean_text(self.deal_stage or "")
        facts = DealFacts(name, stage, self.deal_amount, self.deal_age_days, notes)
        known = before_end(facts, deal_end({"stage": stage}))
        return Layout(lead=decision_prompt(said.names.hide(deal_text(known))))


class AnsweredMail(StrictModel):
    """A mail."""

    sender: Line = Field("", alias="from", description="its address")
    subject: Line = ""
    body: Text = Field("", description="where it is missing, the message is the body")


class Reply(StrictModel):
    """A mail to be answered."""

    mail: AnsweredMail

    def layout(self, said: Said) -> Layout:
        """A message beside a body follows it, as a second mail of the sender would."""
        sender = self.mail.sender.strip().lower()
        participants = [sender] if sender else []
        try:
            body = clean_body(self.mail.body, sender).text or plain_text(self.mail.body)
        except TooMuchText as error:
            raise ContextRefused(f"context: mail.body: {error}") from None
        subject = clean_text(self.mail.subject)
        if subject and not has_reply_prefix(subject):
            subject = f"Re: {subject}"  # an example has the subject of the answer
        texts = [text for text in (body, said.message) if text]
        if not texts:
            raise BadInput("the message is empty, and context: mail.body as well")
        subject, *turns = [said.names.hide(text, participants) for text in (subject, *texts)]
        return Layout(turns, subject_lead(subject), BETWEEN_MAILS)


class OpenedMail(StrictModel):
    """A mail that answers nothing."""

    to: Line = Field("", description="an address or a name")
    subject: Line = ""
    relation: Relation = "first contact"
    deal_stage: Line = ""


class NewMail(StrictModel):
    """A mail to be written."""

    new_mail: OpenedMail

    def layout(self, said: Said) -> Layout:
        """The message is the subject where there is none, and else what is known of the matter."""
        mail = self.new_mail
        address = mail.to.strip().lower() if "@" in mail.to else ""
        participants = [address] if address else []
        recipient = name_of_address(address) if address else clean_text(mail.to)
        subject, more = clean_text(mail.subject), said.message
        if not subject:
            subject, more = more, ""
        facts = recipient_text(mail.relation, clean_text(mail.deal_stage))
        facts = "\n".join(part for part in (facts, more) if part)
        shown = [said.names.hide(text, participants) for text in (recipient or "", subject, facts)]
        return Layout(lead=new_mail_prompt(*shown))


class Note(StrictModel):
    """A note to be written."""

    note_title: Line = Field(min_length=1)

    def layout(self, said: Said) -> Layout:
        """The message is a further line of the title."""
        title = "\n".join(part for part in (clean_text(self.note_title), said.message) if part)
        kind = next(kind for kind in said.kinds if kind in _NOTE_PROMPTS)
        return Layout(lead=_NOTE_PROMPTS[kind](said.names.hide(title)))


_NOTE_PROMPTS = {"note": note_prompt, "insight": insight_prompt}
Context = Deal | Reply | NewMail | Note
# The kinds of examples that a personality must learn from to know what a context is.
_LEARNT_FROM: Mapping[type[Context], frozenset[str]] = {
    Deal: frozenset(["decision"]),
    Reply: frozenset(["reply"]),
    NewMail: frozenset(["reply"]),
    Note: frozenset(_NOTE_PROMPTS),
}


class AskedBefore(Message, total=False):
    """A message of the chat so far, with the context that it had."""

    context: Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """Something that somebody asks a personality."""

    message: str = ""  # may be empty beside a context
    context: Mapping[str, Any] | None = None  # keys and values as `context_of` reads them
    mood: str | None = None
    mode: str | None = None
    earlier: Sequence[
        Message | AskedBefore
    ] = ()  # the chat so far, oldest first: user and assistant


def known_context(recipe: Recipe) -> list[str]:
    """The keys of the contexts that a personality was trained on."""
    return [key for model in _models(recipe) for key in _keys(model)]


def context_of(recipe: Recipe, values: Mapping[str, Any] | None) -> Context | None:
    """The context that a request names; None where it names none.

    `{"deal_amount": 50000, "deal_stage": "negotiation"}`, `{"mail": {"subject": ..., "body": ...}}`
    Raises `ContextRefused` that names what is refused, and what the personality knows.
    """
    if not values:
        return None
    known = known_context(recipe)
    unknown = next((key for key in values if key not in known), None)
    if unknown is not None:
        listed = ", ".join(known) or "none"
        raise ContextRefused(
            f"context: {recipe.name} was not trained on {unknown[:50]!r}; it knows: {listed}"
        )
    models = [model for model in _models(recipe) if not values.keys().isdisjoint(_keys(model))]
    if len(models) > 1:
        apart = " and ".join(next(key for key in _keys(m) if key in values) for m in models)
        raise ContextRefused(f"context: {apart} are of two questions; ask them one by one")
    try:
        return models[0].model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])[:100]
        raise ContextRefused(f"context: {where}: {first['msg']}") from None


def asked(recipe: Recipe, ask: Ask, names: HidesNames) -> list[Message]:
    """The messages that ask a personality: its system prompt, the chat so far, the question.

    Raises `ContextRefused` for a context that it was not trained on, and `BadInput` for a mood or
    mode that it does not have and where nothing is asked.
    """
    system = Message(role="system", content=recipe.prompt_for(ask.mood, ask.mode))
    layout = _layout(recipe, ask.message, ask.context, names)
    said = (
        (turn["role"] == "assistant", _said_before(recipe, turn, names)) for turn in ask.earlier
    )
    earlier = [(is_own, text) for is_own, text in said if text]
    # As in examples, the other side begins.
    turns = list(dropwhile(lambda turn: turn[0], earlier))
    turns += [(False, text) for text in layout.turns]
    if turns and not layout.turns:
        turns.append((False, ""))  # what the lead stands before, or it would be in the last answer
    if not layout.lead and not layout.turns:
        raise BadInput("the message is empty")
    return [system, *names.hide_unlisted(prompt_messages(turns, layout.lead, layout.separator))]


def _layout(
    recipe: Recipe, message: str, values: Mapping[str, Any] | None, names: HidesNames
) -> Layout:
    said, context = clean_text(message), context_of(recipe, values)
    if context is None:
        return Layout([names.hide(said)] if said else [])
    kinds = [source.examples for source in recipe.sources]
    return context.layout(Said(said, kinds, names))


def _said_before(recipe: Recipe, turn: Message | AskedBefore, names: HidesNames) -> str:
    """A message of the chat so far as it was asked then, without a context that is unknown now."""
    values: Any = turn.get("context")
    try:
        layout = _layout(recipe, turn["content"], values, names)
    except BadInput:  # of a version with other sources
        layout = _layout(recipe, turn["content"], None, names)
    turns = [(False, text) for text in layout.turns]
    return prompt_messages(turns, layout.lead, layout.separator)[-1]["content"]


def trial(recipe: Recipe, question: str) -> Ask:
    """A first question to a personality, in its first mood and mode, if it has any."""
    mood, mode = (next(iter(choices), None) for choices in (recipe.moods, recipe.modes))
    return Ask(question, mood=mood, mode=mode)


def _models(recipe: Recipe) -> list[type[Context]]:
    kinds = {source.examples for source in recipe.sources}
    return [model for model, learnt_from in _LEARNT_FROM.items() if kinds & learnt_from]


def _keys(model: type[Context]) -> list[str]:
    return list(model.model_fields)
