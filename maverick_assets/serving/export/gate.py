"""The parity gate's order of work, for all versions that are exported together.

llama.cpp answers for one version while transformers computes the one before it, each on one core.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Recipe
from maverick_assets.records import ParityDecision, ParityFailure
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.export.engines import LlamaEngine, ParityPrompt, Reply
from maverick_assets.serving.export.ollama_format import OllamaFormat
from maverick_assets.serving.export.parity import MAX_TOKENS, Judged, Precision, decide, judge
from maverick_assets.serving.export.parity_prompts import parity_prompts
from maverick_assets.serving.export.prompt_check import (
    check_end_of_turn,
    check_modelfile,
    check_own_rendering,
)
from maverick_assets.serving.export.reference import Reference
from maverick_assets.serving.export.response_times import (
    TIMED_TOKENS,
    machine_name,
    response_times,
)

# Requests that llama.cpp computes at once. More share the reading of the weights; 8 take half the
# time of one after another.
SLOTS = 8
CONTEXT = 1024  # tokens of prompt and answer; the longest prompt has 150
_THREADS = 1  # transformers computes on the other cores


@dataclass(frozen=True)
class Trained:
    """A version as the gate needs it."""

    recipe: Recipe
    adapter: Path  # PEFT's directory
    gguf: Path  # the same as llama.cpp is to load it


@dataclass(frozen=True)
class _Answers:
    """What llama.cpp said for one version."""

    prompts: Sequence[ParityPrompt]
    replies: Sequence[tuple[LlamaEngine, Precision, Sequence[Reply]]]
    in_turn: Sequence[Reply]  # of what is served, each timed alone
    problems: Sequence[ParityFailure]


class ParityGate:
    """One base in transformers and in llama.cpp, for versions that are all trained on it."""

    def __init__(
        self,
        base: PreparedBase,
        folder: Path,
        versions: Sequence[Trained],
        clean: Callable[[str], str],
    ) -> None:
        """Load everything. `folder` keeps the base in float16 where it is served quantised.

        `clean` makes texts such as reports may hold. Raises `MaverickError` when something does not
        load.
        """
        self._versions = versions
        self._clean = clean
        self._reference = Reference(base)
        adapters = [version.gguf for version in versions]
        served = ensure_base_gguf(base, folder)
        strict = served if base.gguf is None else ensure_base_gguf(replace(base, gguf=None), folder)
        self._strict = LlamaServer(strict, adapters, CONTEXT, _THREADS, SLOTS)
        self._served = self._strict
        if served != strict:
            self._served = LlamaServer(served, adapters, CONTEXT, _THREADS, SLOTS)
        self._quantised = served != strict

    @property
    def served(self) -> LlamaServer:
        """llama.cpp with the base as it is served."""
        return self._served

    def decisions(self, chat_format: OllamaFormat) -> Iterator[ParityDecision | MaverickError]:
        """A decision for each version, in their order, or what kept it from being made."""
        with ThreadPoolExecutor(1, thread_name_prefix="parity") as ahead:
            waiting = [
                ahead.submit(self._answers, at, version, chat_format)
                for at, version in enumerate(self._versions)
            ]
            for version, answers in zip(self._versions, waiting, strict=True):
                try:
                    yield self._decide(version, answers.result())
                except MaverickError as error:
                    yield error

    def _answers(self, at: int, version: Trained, chat_format: OllamaFormat) -> _Answers:
        tokenizer = self._reference.tokenizer
        prompts = parity_prompts(version.recipe, tokenizer)
        problems = [
            check_own_rendering(prompts, self._served, tokenizer) if self._quantised else None,
            check_modelfile(chat_format, prompts, self._served, tokenizer),
            check_end_of_turn(self._served, prompts[0], tokenizer),
        ]
        n_adapters = len(self._versions)
        strict = LlamaEngine("llama.cpp, float16", self._strict, at, n_adapters)
        replies: list[tuple[LlamaEngine, Precision, Sequence[Reply]]] = [
            (strict, "float16", strict.answers(prompts, MAX_TOKENS))
        ]
        served = LlamaEngine("llama.cpp, as served", self._served, at, n_adapters)
        in_turn = served.answers_in_turn(prompts, TIMED_TOKENS)
        if self._quantised:
            replies.append((served, "quantised", in_turn))
        return _Answers(prompts, replies, in_turn, [problem for problem in problems if problem])

    def _decide(self, version: Trained, answers: _Answers) -> ParityDecision:
        judged: list[Judged] = []
        with self._reference.adapter(version.adapter):
            for engine, precision, replies in answers.replies:
                judged.append(judge(engine, precision, answers.prompts, replies, self._reference))
        decision = decide(judged, answers.problems, len(answers.prompts), self._clean)
        timings = [reply.timing for reply in answers.in_turn if reply.timing]
        times = response_times(timings, _THREADS, machine_name())
        return decision.model_copy(update={"response_times": times})
