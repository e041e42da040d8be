"""Adapters side by side in one llama.cpp: do they stay apart, and what does the service cost?

    python -m benchmarks.serving [--requests 500] [--seconds 60] [--chats 32]

Six random adapters on the embedded base. First, requests of all of them at once are compared with
each of them alone. Then as many chats as `--chats` ask one after another for `--seconds`: bare
llama.cpp first, the service after it, with a release in the middle. Prints Markdown.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.machine import machine_line
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.serving.export.adapter import export_adapter
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.runtime import AdapterFile, Runtime, Sampling
from maverick_assets.serving.service import ChatService, Question, Reply
from maverick_assets.settings import Settings
from maverick_assets_tests.serving.conftest import make_adapter
from maverick_assets_tests.serving.released_homes import ReleasedHome

ADAPTERS = 6
WORDS = [
    "should",
    "we",
    "offer",
    "the",
    "new",
    "client",
    "a",
    "discount",
    "before",
    "the",
    "meeting",
    "on",
    "Tuesday",
    "about",
    "team",
]
ANSWER = Sampling(max_tokens=24, temperature=0)
TokenLogprobs = list[dict[str, float]]


@dataclass(frozen=True)
class Asked:
    """One request: which adapter, and what."""

    adapter: str
    messages: list[Message]


@dataclass
class Load:
    """What the chats of one run saw."""

    first_tokens: list[float] = field(default_factory=list)  # seconds
    tokens: int = 0
    chats: list[int] = field(default_factory=list)  # answers of each chat
    dropped: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def row(self, name: str) -> str:
        p95 = statistics.quantiles(self.first_tokens, n=20, method="inclusive")[-1]
        return (
            f"| {name} | {sum(self.chats)} | {min(self.chats)} | {self.dropped} | {p95:.1f} | "
            f"{self.tokens / self.seconds:.1f} | {self.tokens / self.cpu_seconds:.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--chats", type=int, default=32)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        home = released_home(Path(name))
        print(machine_line(), "\n", flush=True)
        if arguments.requests:
            print_isolation(home, arguments.requests)
        if arguments.seconds:
            print_load(home, arguments.seconds, arguments.chats)


def released_home(folder: Path) -> ReleasedHome:
    """Six personalities in service, each with an adapter that changes every answer."""
    settings = Settings(home=folder / "home", base_model=None)
    base = ensure_base(settings)
    adapters = {}
    for seed in range(ADAPTERS + 1):
        directory, gguf = folder / f"adapter-{seed}", folder / f"adapter-{seed}.gguf"
        make_adapter(base, directory, seed, 0.06)
        export_adapter(directory, base.directory, gguf)
        adapters[directory.name] = (directory, gguf)
    home = ReleasedHome(settings, base.digest, adapters)
    for seed in range(ADAPTERS):
        home.release(personality(seed), "v1.0", f"adapter-{seed}")
    return home


def personality(number: int) -> str:
    return f"persona-{'abcdef'[number]}"


def requests(count: int) -> list[Asked]:
    chance = random.Random(0)
    return [
        Asked(
            personality(chance.randrange(ADAPTERS)),
            [
                Message(role="system", content="You are here."),
                Message(role="user", content=" ".join(chance.choices(WORDS, k=3 + n % 60))),
            ],
        )
        for n in range(count)
    ]


def runtime_of(home: ReleasedHome) -> Runtime:
    """Bare llama.cpp with the settings of the service."""
    settings = home.settings
    base = ensure_base(settings)
    files = {
        personality(number): AdapterFile(home.adapters[f"adapter-{number}"][1])
        for number in range(ADAPTERS)
    }
    return Runtime(
        ensure_base_gguf(base, settings.base_dir),
        files,
        context=settings.serving_context,
        threads=settings.serving_threads,
        slots=settings.serving_slots,
    )


def print_isolation(home: ReleasedHome, count: int) -> None:
    runtime = runtime_of(home)
    asked = requests(count)
    alone = [logprobs(runtime, each, each.adapter) for each in asked]
    with ThreadPoolExecutor(32) as pool:
        together = list(pool.map(lambda each: logprobs(runtime, each, each.adapter), asked))
    wrong = [
        difference(logprobs(runtime, each, personality(next_of(each)))[:1], own[:1])
        for each, own in zip(asked[:60], alone, strict=False)
    ]
    pairs = list(zip(alone, together, strict=True))
    first = [difference(a[:1], b[:1]) for a, b in pairs]
    later = [difference(a, b) for a, b in pairs]
    equal_texts = sum(texts(a) == texts(b) for a, b in pairs)
    print(
        f"{count} requests over {ADAPTERS} adapters, 32 at once, against each alone: first token "
        f"equal in {sum(value == 0 for value in first)}, at most {max(first):.5f} nats apart; all "
        f"{len(alone[0])} tokens equal in {sum(value == 0 for value in later)}, at most "
        f"{max(later):.3f} apart up to the first other word; the same words in {equal_texts}. "
        f"Another adapter's first token: at least {min(wrong):.3f} apart.\n",
        flush=True,
    )


def next_of(asked: Asked) -> int:
    return ("abcdef".index(asked.adapter[-1]) + 1) % ADAPTERS


def logprobs(runtime: Runtime, asked: Asked, adapter: str) -> TokenLogprobs:
    """The likeliest tokens at each of the first eight, with their log-probabilities (nats)."""
    names = [personality(number) for number in range(ADAPTERS)]
    response = runtime.server.chat(
        {
            "messages": asked.messages,
            "lora": [{"id": at, "scale": float(n == adapter)} for at, n in enumerate(names)],
            "max_tokens": 8,
            "temperature": 0,
            "ignore_eos": True,
            "logprobs": True,
            "top_logprobs": 10,
        }
    )
    return [
        {entry["token"]: entry["logprob"] for entry in token["top_logprobs"]}
        for token in response["choices"][0]["logprobs"]["content"]
    ]


def texts(tokens: TokenLogprobs) -> list[str]:
    return [max(token, key=lambda text: token[text]) for token in tokens]


def difference(one: TokenLogprobs, other: TokenLogprobs) -> float:
    """The largest difference of a token's log-probability, up to the first other word."""
    largest = 0.0
    for a, b in zip(one, other, strict=True):
        largest = max([largest, *(abs(a[token] - b[token]) for token in a.keys() & b.keys())])
        if texts([a]) != texts([b]):
            break
    return largest


def print_load(home: ReleasedHome, seconds: float, chats: int) -> None:
    print(f"{chats} chats for {seconds:.0f} s, {home.settings.serving_slots} slots:\n")
    print("| | answers | fewest of a chat | dropped | first token p95, s | tokens/s | of a CPU |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    print(bare_load(home, seconds, chats).row("bare llama.cpp"), flush=True)
    load, memory = asyncio.run(service_load(home, seconds, chats))
    print(load.row("service, a release in the middle"))
    print(f"\nMemory of the process, MiB: {memory}.")


def bare_load(home: ReleasedHome, seconds: float, chats: int) -> Load:
    """Threads that ask llama.cpp directly."""
    runtime, load = runtime_of(home), Load(chats=[0] * chats)
    end = time.monotonic() + seconds
    lock = threading.Lock()

    def chat(number: int) -> None:
        for asked in endless(number):
            if time.monotonic() > end:
                return
            watch = Stopwatch()
            answer = runtime.answer(asked.messages, asked.adapter, ANSWER, watch.on_text)
            with lock:
                load.first_tokens.append(watch.first)
                load.tokens += answer.completion_tokens
                load.chats[number] += 1

    begin, cpu = time.monotonic(), cpu_seconds()
    with ThreadPoolExecutor(chats) as pool:
        list(pool.map(chat, range(chats)))
    load.seconds, load.cpu_seconds = time.monotonic() - begin, cpu_seconds() - cpu
    return load


async def service_load(home: ReleasedHome, seconds: float, chats: int) -> tuple[Load, str]:
    """Tasks that ask the service, while a version is released."""
    service, load = ChatService(home.settings), Load(chats=[0] * chats)
    await service.open()
    watching = asyncio.create_task(service.watch())
    end = time.monotonic() + seconds
    memory = [f"one engine {resident()}"]

    async def chat(number: int) -> None:
        for asked in endless(number):
            if time.monotonic() > end:
                return
            watch = Stopwatch()
            try:
                async for part in service.stream(Question(asked.adapter, asked.messages, ANSWER)):
                    if isinstance(part, Reply):
                        load.tokens += part.answer.completion_tokens
                    else:
                        watch.on_text(part)
            except Exception as error:
                print(f"dropped: {error}", flush=True)
                load.dropped += 1
                return
            load.first_tokens.append(watch.first)
            load.chats[number] += 1

    async def release() -> None:
        await asyncio.sleep(seconds / 2)
        await asyncio.to_thread(home.release, personality(0), "v1.1", f"adapter-{ADAPTERS}")
        while service.engines < 2:
            await asyncio.sleep(0.01)
        memory.append(f"two engines {resident()}")
        while service.engines > 1:
            await asyncio.sleep(0.1)
        memory.append(f"one again {resident()}")

    begin, cpu = time.monotonic(), cpu_seconds()
    await asyncio.gather(release(), *(chat(number) for number in range(chats)))
    load.seconds, load.cpu_seconds = time.monotonic() - begin, cpu_seconds() - cpu
    watching.cancel()
    await service.close()
    return load, ", ".join(memory)


def endless(number: int) -> Sequence[Asked]:
    """What one chat asks, over and over: always the same personality."""
    own = [each for each in requests(600) if "abcdef".index(each.adapter[-1]) == number % ADAPTERS]
    random.Random(number).shuffle(own)
    return own * 100


class Stopwatch:
    """Seconds until the first piece of an answer."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self.first = 0.0

    def on_text(self, _: str) -> None:
        self.first = self.first or time.monotonic() - self._begin


def cpu_seconds() -> float:
    times = psutil.Process().cpu_times()
    return times.user + times.system


def resident() -> int:
    return int(psutil.Process().memory_info().rss / 2**20)


if __name__ == "__main__":
    main()
