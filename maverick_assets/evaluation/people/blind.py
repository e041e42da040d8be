"""Questions of which a judge does not know who wrote which answer.

They come from the answers that a version's report keeps. The order of the answers depends on a key
of the run home, so that nobody can tell it from what the judge is shown.
"""

import hashlib
import hmac
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.sample import Sample
from maverick_assets.figures.people import Writer
from maverick_assets.private.keys import create_key, read_key
from maverick_assets.registry.catalog import Catalog, label
from maverick_assets.registry.manifest import Manifest

SAMPLES = "report/samples.json"  # as manifests name it
_KEY = "judging.key"


@dataclass(frozen=True)
class BlindQuestion:
    """A prompt, and answers to it in an order that says nothing of who wrote them."""

    personality: str
    version: str
    example_id: str
    seed: int  # of the order
    prompt: str
    answers: tuple[str, ...]
    writers: tuple[Writer, ...]  # of the answers; judges do not see them


@dataclass(frozen=True)
class _Prompt:
    """A prompt of a report, with all answers to it."""

    example_id: str
    text: str
    answers: dict[Writer, str]


class BlindQuestions:
    """The questions that the report of one version holds."""

    def __init__(self, catalog: Catalog, manifest: Manifest, keys: Path) -> None:
        """Raises `BadInput` for a version without a report, `MaverickError` for a damaged one."""
        self._manifest = manifest
        self._prompts = _prompts(catalog, manifest)
        self._keys = keys

    def __len__(self) -> int:
        return len(self._prompts)

    def draw(self, count: int, seed: int) -> list[BlindQuestion]:
        """At most `count` questions in a random order, each with an order of its own."""
        rng = random.Random(seed)
        chosen = rng.sample(sorted(self._prompts), min(count, len(self._prompts)))
        return [self.question(example_id, rng.getrandbits(32)) for example_id in chosen]

    def question(self, example_id: str, seed: int) -> BlindQuestion:
        """The question on one example. Raises `BadInput` where the report has none on it."""
        prompt = self._prompts.get(example_id)
        if prompt is None:
            raise BadInput(f"{label(self._manifest)} has no question on that example; ask anew")
        name, version = self._manifest.personality, str(self._manifest.version)
        path = self._keys / _KEY
        if not path.exists():
            create_key(path)
        key, asked = read_key(path), f"{name}\n{version}\n{example_id}\n{seed}"

        def place(writer: Writer) -> bytes:
            return hmac.digest(key, f"{asked}\n{writer}".encode(), hashlib.sha256)

        writers = tuple(sorted(prompt.answers, key=place))
        answers = tuple(prompt.answers[writer] for writer in writers)
        return BlindQuestion(name, version, example_id, seed, prompt.text, answers, writers)


def _prompts(catalog: Catalog, manifest: Manifest) -> dict[str, _Prompt]:
    """The prompts of a report by example; without those to which two answers are the same."""
    if SAMPLES not in manifest.files:
        raise BadInput(f"{label(manifest)} has no report with answers; evaluate it first")
    path = catalog.file(manifest.personality, manifest.version, SAMPLES)
    try:
        samples = json.loads(path.read_text(encoding="utf-8"))
        prompts = [_prompt(sample) for sample in samples]
    except (ValueError, KeyError, TypeError) as error:
        raise MaverickError(f"{path} cannot be read; evaluate the version again") from error
    return {each.example_id: each for each in prompts if _differ(list(each.answers.values()))}


def _prompt(sample: Sample) -> _Prompt:
    answers: dict[Writer, str] = {"owner": sample["real"], "version": sample["generated"]}
    pack = sample.get("others", {}).get("prompt_pack")
    if pack is not None:
        answers["prompt_pack"] = pack
    return _Prompt(sample["example_id"], sample["prompt"], answers)


def _differ(texts: Sequence[str]) -> bool:
    plain = {" ".join(text.split()) for text in texts}
    return len(plain) == len(texts)
