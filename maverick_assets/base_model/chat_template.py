"""What a base's chat template writes around messages, found by rendering probes with it.

Templates differ in more than their markers. Some trim what they are given, refuse a system message,
demand that user and assistant alternate, or open a thinking block in front of the answer. Nothing
of that is declared anywhere, so a template is asked: it renders conversations of known words, and
where they reappear shows what it does.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, TypedDict

from maverick_assets.base_model.control_tokens import ControlTokens
from maverick_assets.errors import BadInput

# Tokens at which llama.cpp stops beside the tokenizer's own end of sequence: chat models end their
# turns with them, and often declare that in no file that reaches a GGUF.
_STOP_TOKENS = (
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|return|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<end_of_utterance>",
    "<turn|>",
    "<eos>",
    "</s>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "[e~[",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",  # DeepSeek, with its wide bars
)

# What asks templates not to think: Qwen 3 and SmolLM 3 read the first, Granite and DeepSeek the
# second. Other templates ignore both.
_WITHOUT_THINKING = {"enable_thinking": False, "thinking": False}

# Some templates write today's date: SmolLM 3, Llama 3.2, Granite 3.3, Mistral Small 3. A prompt
# would be another one every day, in service another than in training. So it is always the day that
# the template of Llama 3.1 names, which asks for no date.
_TODAY = datetime(2024, 7, 26)
_DATE_DIRECTIVES = "YymdBbAajeHIMSp"

# A prompt that ends inside a thinking block, as DeepSeek R1's does: "<think>\n"
_OPEN_THINKING = re.compile(
    r"(?:<(?P<tag>think|thinking|thought|reasoning)>|(?P<square>\[THINK\])"
    r"|(?P<cohere><\|START_THINKING\|>))\s*\Z"
)

_EDGES = " \n\t"  # characters that a template may trim from a message

# Words that no template contains.
_SYSTEM, _QUESTION, _ANSWER, _NEXT = "Qsystem7Q", "Qquestion7Q", "Qanswer7Q", "Qnext7Q"


class Message(TypedDict):
    """One message of a chat."""

    role: str  # system, user or assistant
    content: str


class ChatTemplate:
    """Renders prompts and completions with the chat template of a tokenizer."""

    def __init__(self, tokenizer: Any, name: str) -> None:
        """Probe the template; `name` is the base's, for messages.

        Raises `BadInput` when the base has no template, or one that cannot be used.
        """
        if not tokenizer.chat_template:
            raise BadInput(
                f"base model {name} has no chat template; take its instruct or chat version, "
                "or add a chat_template.jinja to its directory"
            )
        self._tokenizer = tokenizer
        self._name = name
        self._dated = _on_one_day(self.source)
        self.control_tokens = ControlTokens(self._tokens_of_tokenizer())
        self._suffix = ""  # what ends a prompt beside the template's own opening of an answer
        self._has_system = True
        self._answer_may_be_first = True
        self._may_repeat_roles = True
        self._probe_roles()
        self._probe_answer()
        framing = self.prompt([_user(_QUESTION), _assistant(_ANSWER), _user(_NEXT)])
        framing += self.prompt([Message(role="system", content=_SYSTEM), _user(_QUESTION)])
        framing += self._closing
        self.control_tokens = self.control_tokens.with_markers(framing, self.source)

    def prompt(self, messages: Sequence[Message]) -> str:
        """`messages`, then the opening of the assistant's turn, up to where the answer begins.

        A thinking block that the template opens is closed again. Control tokens in a message are
        made plain, so that the roles are those of `messages`. Raises `BadInput` when the template
        refuses the messages.
        """
        plain = [
            Message(role=message["role"], content=self.control_tokens.plain(message["content"]))
            for message in messages
        ]
        return self._render(self._arrange(plain), add_generation_prompt=True) + self._suffix

    def completion(self, answer: str) -> str:
        """`answer` as the template writes it behind a prompt, with the token that ends it.

        Control tokens in the answer are made plain.
        """
        return self._lead + self._trim(self.control_tokens.plain(answer)) + self._closing

    @property
    def stop_tokens(self) -> list[str]:
        """Tokens that end an answer in service. The tokenizer's end of sequence is the first."""
        vocabulary = self._tokenizer.get_added_vocab()
        known = [token for token in _STOP_TOKENS if token in vocabulary]
        end = self._tokenizer.eos_token
        return [end, *(token for token in known if token != end)] if end else known

    @property
    def source(self) -> str:
        """The template's own text."""
        return str(self._tokenizer.get_chat_template())

    @property
    def traits(self) -> list[str]:
        """What a person who chooses a base wants to know of its template, a phrase each."""
        system = "has a system role" if self._has_system else "system prompt goes to the user's"
        roles = "any order of roles" if self._may_repeat_roles else "roles alternate"
        thinking = ["closes a thinking block before the answer"] if self._suffix else []
        return [system, roles, *thinking, f"an answer ends with {self._closing!r}"]

    def _tokens_of_tokenizer(self) -> list[str]:
        """Special tokens, and those added to the vocabulary that the template writes."""
        added = self._tokenizer.added_tokens_decoder.values()
        special = (token.content for token in added if token.special)
        written = (token for token in self._tokenizer.get_added_vocab() if token in self.source)
        return [*self._tokenizer.all_special_tokens, *special, *written, *self.stop_tokens]

    def _probe_roles(self) -> None:
        """Find which sequences of roles the template renders without losing a message."""
        system, user, answer, following = (
            Message(role=role, content=content)
            for role, content in (
                ("system", _SYSTEM),
                ("user", _QUESTION),
                ("assistant", _ANSWER),
                ("user", _NEXT),
            )
        )
        self.prompt([user, answer, following])  # raises when not even this works
        if not self._shows_all([user, answer, following]):
            raise BadInput(
                f"the chat template of base model {self._name} leaves out messages; "
                "take the template of the base's instruct or chat version"
            )
        has_system = self._shows_all([system, user]) and self._shows_all(
            [system, user, answer, following]
        )
        answer_may_be_first = self._opens_alike([system], [user]) and self._opens_alike(
            [system, answer, user], [user, answer, following]
        )
        may_repeat_roles = self._shows_all([user, following])
        self._has_system = has_system
        self._answer_may_be_first = answer_may_be_first
        self._may_repeat_roles = may_repeat_roles

    def _shows_all(self, messages: Sequence[Message]) -> bool:
        """Whether a prompt of `messages`, as they are, shows each of them once."""
        try:
            text = self._render(messages, add_generation_prompt=True)
        except BadInput:
            return False
        return all(text.count(message["content"]) == 1 for message in messages)

    def _opens_alike(self, messages: Sequence[Message], usual: Sequence[Message]) -> bool:
        """Whether each answer in a prompt of `messages` is opened as it is behind a question.

        `usual` is a conversation with as many answers, which begins with a question. DeepSeek V3.1
        and Granite 3.3 open no answer where nobody has asked.
        """
        if not self._shows_all(messages):
            return False
        text, usual_text = (self._render(m, add_generation_prompt=True) for m in (messages, usual))
        if not text.endswith(usual_text.rpartition(usual[-1]["content"])[2]):
            return False
        before_answer = usual_text.rpartition(_ANSWER)[0]  # empty if the text holds no answer
        return text.rpartition(_ANSWER)[0].endswith(before_answer.rpartition(_QUESTION)[2])

    def _probe_answer(self) -> None:
        """Find what stands around an answer, and what is trimmed from it."""
        before, after = self._around(_ANSWER)
        opening = self._render([_user(_QUESTION)], add_generation_prompt=True)
        lead = before[len(opening) :] if before.startswith(opening) else ""
        thinking = _OPEN_THINKING.search(opening)
        if lead.strip():  # written by the template alone, so it is not the model's to say
            self._suffix, lead = lead, ""
        elif thinking:
            self._suffix, lead = _close(thinking), ""
        self._lead = lead
        self._closing = self._cut_closing(after)
        ends = [f"{edge}{_ANSWER}{edge}" for edge in _EDGES]
        around = [self._around(_ANSWER, text) for text in ends]
        self._trimmed_left = "".join(
            edge
            for edge, (start, _) in zip(_EDGES, around, strict=True)
            if start != before + edge  # a lead of spaces looks like a space that was kept
        )
        self._trimmed_right = "".join(
            edge for edge, (_, end) in zip(_EDGES, around, strict=True) if end != edge + after
        )

    def _around(self, word: str, text: str | None = None) -> tuple[str, str]:
        """What the template writes before and behind `word` in the answer `text`."""
        answer = _assistant(text or word)
        whole = self._render([_user(_QUESTION), answer], add_generation_prompt=False)
        before, found, after = whole.rpartition(word)
        if not found:
            raise BadInput(
                f"the chat template of base model {self._name} leaves out the assistant's "
                "messages; take the template of the base's instruct or chat version"
            )
        return before, after

    def _cut_closing(self, after: str) -> str:
        """`after` up to its first stop token, or the end of sequence where it has none."""
        stops = self.stop_tokens
        ends = [after.index(token) + len(token) for token in stops if token in after]
        if ends:
            return after[: min(ends)]
        if not stops:
            raise BadInput(
                f"base model {self._name} has no token that ends an answer; "
                "name its eos_token in tokenizer_config.json"
            )
        return stops[0]

    def _trim(self, answer: str) -> str:
        for edges, strip in ((self._trimmed_left, str.lstrip), (self._trimmed_right, str.rstrip)):
            # A template that trims all three trims whatever Python calls white space.
            answer = strip(answer) if edges == _EDGES else strip(answer, edges)
        return answer

    def _arrange(self, messages: Sequence[Message]) -> Sequence[Message]:
        """`messages` in an order of roles that the template renders.

        A system message that it refuses, or that no user message may follow, goes before the first
        user message. Messages of one role in a row become one where the template demands it.
        """
        arranged = list(messages)
        if arranged and arranged[0]["role"] == "system":
            user_is_next = len(arranged) > 1 and arranged[1]["role"] == "user"
            if not self._has_system or not (user_is_next or self._answer_may_be_first):
                arranged[0] = _user(arranged[0]["content"])
                if user_is_next:
                    arranged[:2] = [_merge(arranged[:2])]
        if self._may_repeat_roles:
            return arranged
        return [_merge(list(group)) for _, group in groupby(arranged, key=itemgetter("role"))]

    def _render(self, messages: Sequence[Message], add_generation_prompt: bool) -> str:
        from jinja2 import TemplateError

        try:
            return str(
                self._tokenizer.apply_chat_template(
                    list(messages),
                    chat_template=self._dated,
                    tokenize=False,
                    add_generation_prompt=add_generation_prompt,
                    **_WITHOUT_THINKING,
                )
            )
        # Besides what Jinja raises, whatever operation a template does on values it did not expect.
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            roles = ", ".join(message["role"] for message in messages) or "no messages"
            raise BadInput(
                f"the chat template of base model {self._name} refuses a conversation of {roles}: "
                f"{reason}; take the template of the base's instruct or chat version"
            ) from error


def _on_one_day(template: str) -> str:
    """`template`, in which `strftime_now` gives a fixed day."""
    if "strftime_now" not in template:
        return template
    # transformers passes no functions on to a template, so this one is a macro of Jinja's.
    day = "".join(f"|replace('%{d}', '{_TODAY:%{d}}')" for d in _DATE_DIRECTIVES)
    macro = "{% macro strftime_now(format) %}{{ format" + day + " }}{% endmacro %}"
    return macro + "{{ '' }}" + template  # behind a block, Jinja would drop a line break


def _user(content: str) -> Message:
    return Message(role="user", content=content)


def _assistant(content: str) -> Message:
    return Message(role="assistant", content=content)


def _merge(messages: Sequence[Message]) -> Message:
    """Messages in a row as one, a paragraph each."""
    texts = [message["content"] for message in messages if message["content"]]
    return Message(role=messages[0]["role"], content="\n\n".join(texts))


def _close(thinking: re.Match[str]) -> str:
    """The end of an empty thinking block that stands open at the end of a prompt."""
    if thinking["square"]:
        return "[/THINK]"
    if thinking["cohere"]:
        return "<|END_THINKING|>"
    line = "\n" if thinking[0].endswith("\n") else "\n\n"
    return f"{line}</{thinking['tag']}>\n\n"
