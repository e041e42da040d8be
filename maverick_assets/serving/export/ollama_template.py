"""A base's chat template as Ollama's, in Go's template language, found by rendering probes.

Ollama hands a template the messages in order, those of one role in a row as one. What stands
between two messages must thus follow from their roles, and that is asked of the base's template: it
renders conversations, and the text between their words is what Ollama has to write there. The
system prompt may come first, or, as Mistral v3 wants it, before the last question.

Two things Go's templates cannot do: trim a message, and remove words from one.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import MaverickError

# Renders the prompt of messages, up to where the answer begins.
PromptText = Callable[[list[Message]], str]

_WORDS = {"S": "Qsystem7Q", "U": "Qask{}7Q", "A": "Qsay{}7Q"}
_ROLES = {"S": "system", "U": "user", "A": "assistant"}


class Inexpressible(MaverickError):
    """A chat template that Ollama cannot have, and why."""


@dataclass(frozen=True)
class OllamaTemplate:
    """What stands before a message of a role behind another, and before the answer.

    Keys of `before` are pairs of letters: S, U, A for the roles, and a blank for the beginning.
    """

    before: dict[str, str]
    opening: str  # of the answer
    # Where the system prompt stands before the last question: what is between the two.
    joint: str | None = None
    # What the system prompt follows where the personality speaks first, and what follows then.
    answer_first: tuple[str, str] | None = None

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt of `messages`, which alternate behind an optional system message."""
        system = messages[0]["content"] if messages[0]["role"] == "system" else ""
        answers_first = len(messages) > 1 and messages[1]["role"] == "assistant"
        text, last = "", " "
        for at, message in enumerate(messages):
            letter = message["role"][0].upper()
            if letter == "S" and answers_first and self.answer_first:
                text, last = self.answer_first[0] + system, "F"
                continue
            if letter == "S" and self.joint is not None:
                continue
            if last == "F" and letter == "A" and self.answer_first:
                text += self.answer_first[1]
            else:
                text += self.before[last + letter]
            in_last = self.joint is not None and system and at == len(messages) - 1
            if in_last and not (answers_first and self.answer_first):
                text += system + (self.joint or "")
            text, last = text + message["content"], letter
        return text + self.opening

    def go(self) -> str:
        """The same for Go's text/template, as Ollama calls it."""
        lines = [
            '{{- $last := "" }}{{ $answersFirst := false }}',
            '{{- range $i, $_ := .Messages }}{{ if and (eq $i 1) (eq .Role "assistant") }}'
            "{{ $answersFirst = true }}{{ end }}{{ end }}",
            "{{- range $i, $_ := .Messages }}",
            '{{- if eq .Role "system" }}' + self._go_system(),
            '{{- else if eq .Role "user" }}' + self._go_user() + '{{ $last = "user" }}',
            '{{- else if eq .Role "assistant" }}' + self._go_answer() + '{{ $last = "assistant" }}',
            "{{- end }}",
            f"{{{{- end }}}}{_literal(self.opening)}",
        ]
        return "\n".join(lines)

    def _go_system(self) -> str:
        usual = ""
        if self.joint is None:
            usual = _literal(self.before[" S"]) + '{{ .Content }}{{ $last = "system" }}'
        if self.answer_first is None:
            return usual
        first = _literal(self.answer_first[0]) + '{{ .Content }}{{ $last = "first" }}'
        return f"{{{{ if $answersFirst }}}}{first}{{{{ else }}}}{usual}{{{{ end }}}}"

    def _go_user(self) -> str:
        cases = {"": self.before[" U"], "assistant": self.before["AU"]}
        if self.joint is None:
            cases["system"] = self.before["SU"]
        text = _choice(cases)
        if self.joint is not None:
            last = "{{ if and $.System (not $answersFirst) (eq (len (slice $.Messages $i)) 1) }}"
            text += last + "{{ $.System }}" + _literal(self.joint) + "{{ end }}"
        return text + "{{ .Content }}"

    def _go_answer(self) -> str:
        cases = {"user": self.before["UA"]}
        if self.answer_first is not None:
            cases["first"] = self.answer_first[1]
        elif "SA" in self.before:
            cases["system"] = self.before["SA"]
        return _choice(cases) + "{{ .Content }}"


def derive_template(prompt: PromptText, bos: str) -> OllamaTemplate:
    """Ollama's template for the prompts that `prompt` renders, without a `bos` at the beginning.

    Ollama puts that token there itself where the GGUF file says so; `bos` is empty where it does
    not. Raises `Inexpressible` when what stands between messages does not follow from their roles.
    """
    plain = _gaps(prompt, "UAUAU")
    if plain is None:
        raise Inexpressible("it changes the order of messages")
    before = {" U": plain[0], "UA": plain[1], "AU": plain[2]}
    opening = plain[-1]
    asked, joint = _gaps(prompt, "SUAUAU"), None
    if asked is None:
        asked, joint = plain, _joint(prompt, plain)
    else:
        before |= {" S": asked[0], "SU": asked[1]}
    for gaps in (plain, asked):
        letters = " UAUAU" if gaps is plain else " SUAUAU"
        if gaps != [*(before[a + b] for a, b in pairwise(letters)), opening]:
            raise Inexpressible("what it writes between two messages depends on more than roles")
    first = _gaps(prompt, "SAU")
    if first is None or first[2:] != [before["AU"], opening]:
        raise Inexpressible("it has no place for a system prompt before an answer")
    answer_first = None
    if first[0] == before.get(" S"):
        before["SA"] = first[1]
    else:
        answer_first = (first[0].removeprefix(bos), first[1])
    for start in {" U", " S"} & before.keys():
        before[start] = before[start].removeprefix(bos)
    return OllamaTemplate(before, opening, joint, answer_first)


def _joint(prompt: PromptText, plain: list[str]) -> str:
    """What stands between the system prompt and the last question, before which it is found.

    `plain` are the gaps of a conversation without a system prompt.
    """
    once, late = _gaps(prompt, "SU"), _gaps(prompt, "SUAUAU", shown="UAUASU")
    if once is None or late is None or late != [*plain[:-1], once[1], plain[-1]]:
        raise Inexpressible("it puts the system prompt where Ollama cannot")
    return once[1]


def _gaps(prompt: PromptText, letters: str, shown: str | None = None) -> list[str] | None:
    """What the prompt of these messages writes before, between and behind their words.

    `shown` is the order in which the words must appear; None for any other order.
    """
    words = [_WORDS[letter].format(letters[:at].count(letter)) for at, letter in enumerate(letters)]
    said = list(zip(letters, words, strict=True))
    text = prompt([Message(role=_ROLES[letter], content=word) for letter, word in said])
    in_turn = {role: iter([word for letter, word in said if letter == role]) for role in _ROLES}
    order = [next(in_turn[letter]) for letter in shown or letters]
    gaps = []
    for word in order:
        gap, found, text = text.partition(word)
        if not found:
            return None
        gaps.append(gap)
    return [*gaps, text]


def _literal(text: str) -> str:
    """Text as a constant of Go, which needs no care for braces and line breaks."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if text else ""


def _choice(cases: dict[str, str]) -> str:
    """The text of the case that `$last` is; the last case is for all others."""
    if len(set(cases.values())) == 1:
        return _literal(next(iter(cases.values())))
    *tested, (_, other) = cases.items()
    text, word = "", "if"
    for last, value in tested:
        text += f'{{{{ {word} eq $last "{last}" }}}}{_literal(value)}'
        word = "else if"
    return f"{text}{{{{ else }}}}{_literal(other)}{{{{ end }}}}"
