"""The parity gate on a node: its answers are those of the files that it was sent.

The gate before the release has compared these files with what was trained. A node renders messages
by its own template and computes with another llama.cpp, on other hardware, so it is asked the same
20 prompts as messages, and its greedy texts are compared with those that the llama.cpp of this
machine gives to the token ids of training.
"""

import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from maverick_assets.base_model.isolated import run_isolated
from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.processes import thread_limit
from maverick_assets.recipes import Recipe
from maverick_assets.serving.export.engines import LIKELIEST, ParityPrompt
from maverick_assets.serving.export.gate import CONTEXT, SLOTS
from maverick_assets.serving.export.parity import MAX_TOKENS, MIN_EQUAL, TIE
from maverick_assets.serving.export.parity_prompts import parity_prompts
from maverick_assets.serving.nodes.ollama_api import Generated, OllamaApi
from maverick_assets.serving.nodes.problems import Unlike
from maverick_assets.strict_model import StrictModel

# Of the answers; the others that count may part where two tokens are about equally likely. On a
# base whose tokens are all about equally likely, ties alone would say nothing.
MIN_SAME = 0.5


class Candidate(StrictModel):
    """A token that may come next; without bytes: the end of the answer."""

    content: tuple[int, ...]  # its bytes
    logprob: float  # nats


class OwnAnswer(StrictModel):
    """What the files of a version say to a prompt here, greedily."""

    name: str
    messages: tuple[dict[str, str], ...]
    text: str
    stopped: bool  # by itself, not at the limit
    # The token that was said at each position, and then the likeliest ones.
    steps: tuple[tuple[Candidate, ...], ...]

    def ties_with(self, text: str, stopped: bool) -> bool:
        """Whether an answer parts from this one where two tokens are about equally likely."""
        spoken, at = text.encode(), 0
        for said, *others in self.steps:
            token = bytes(said.content)
            if token and spoken.startswith(token, at):
                at += len(token)
                continue
            near = {bytes(o.content) for o in others if said.logprob - o.logprob <= TIE}
            ends = stopped and at == len(spoken)
            return any(spoken.startswith(o, at) if o else ends for o in near - {token})
        return False


def own_answers(
    recipe: Recipe, base_dir: Path, gguf: Path, adapter: Path | None, folder: Path
) -> Sequence[OwnAnswer]:
    """What the files of a version say to the gate's prompts, computed in a process of its own.

    Raises `MaverickError` when they do not load.
    """
    out = folder / "answers.json"
    run_isolated(_answer_all, recipe, base_dir, gguf, adapter, out, MAX_TOKENS)
    content = json.loads(out.read_text(encoding="utf-8"))
    out.unlink()
    return [OwnAnswer.model_validate(answer) for answer in content]


def require_parity(
    api: OllamaApi, name: str, expected: Sequence[OwnAnswer], clean: Callable[[str], str]
) -> None:
    """Raise `Unlike`, with a prompt and both texts, unless a node's model answers as expected.

    `clean` makes texts such as reports may hold.
    """
    equal = ties = 0
    wrong: tuple[OwnAnswer, Generated] | None = None  # rather one that is no tie
    wrong_is_tie = False
    for own in expected:
        reply = api.chat(_request(name, own))
        stopped = reply.reason == "stop"
        if (reply.text.strip(), stopped) == (own.text.strip(), own.stopped):
            equal += 1
        else:
            tie = own.ties_with(reply.text, stopped)
            ties += tie
            if wrong is None or (not tie and wrong_is_tie):
                wrong, wrong_is_tie = (own, reply), tie
    needed, same = (math.ceil(share * len(expected)) for share in (MIN_EQUAL, MIN_SAME))
    if wrong is None or (equal + ties >= needed and equal >= same):
        return
    own, reply = wrong
    goes_on = own.stopped and reply.reason != "stop"
    raise Unlike(
        f"{name} answers otherwise than the files that were sent: prompt {own.name!r}: "
        f"{'the answer goes on' if goes_on else 'the texts differ'}: expected "
        f"{clean(own.text)!r}, got {clean(reply.text)!r}; {equal} of {len(expected)} answers are "
        f"equal, and {ties} but for a tie (at least {needed}, {same} of them equal)"
    )


def _request(name: str, own: OwnAnswer) -> dict[str, Any]:
    options = {"temperature": 0, "seed": 0, "num_predict": MAX_TOKENS, "repeat_penalty": 1.0}
    return {"model": name, "messages": list(own.messages), "stream": True, "options": options}


def _answer_all(
    recipe: Recipe, base_dir: Path, gguf: Path, adapter: Path | None, out: Path, max_tokens: int
) -> None:
    prompts = parity_prompts(recipe, ChatTokenizer(base_dir))
    server = LlamaServer(gguf, [adapter] if adapter else [], CONTEXT, thread_limit(), SLOTS)
    lora = [{"id": 0, "scale": 1.0}] if adapter else []
    with ThreadPoolExecutor(len(prompts)) as waiting:
        answers = list(
            waiting.map(lambda prompt: _answer(server, prompt, lora, max_tokens), prompts)
        )
    content = [answer.model_dump(mode="json") for answer in answers]
    out.write_text(json.dumps(content), encoding="utf-8")


def _answer(
    server: LlamaServer, prompt: ParityPrompt, lora: Sequence[Any], max_tokens: int
) -> OwnAnswer:
    response = server.generate(
        {
            "prompt": list(prompt.ids),
            "n_predict": max_tokens,
            "temperature": 0,
            "repeat_penalty": 1.0,
            "lora": lora,
            "n_probs": LIKELIEST,
            "cache_prompt": False,
        }
    )
    steps = [
        (_candidate(told), *map(_candidate, told["top_logprobs"]))
        for told in response.get("completion_probabilities", ())
    ]
    return OwnAnswer(
        name=prompt.name,
        messages=tuple({"role": m["role"], "content": m["content"]} for m in prompt.messages),
        text=response["content"],
        stopped=response["stop_type"] in ("eos", "word"),
        steps=tuple(steps),
    )


def _candidate(told: dict[str, Any]) -> Candidate:
    return Candidate(content=tuple(told["bytes"]), logprob=told["logprob"])
