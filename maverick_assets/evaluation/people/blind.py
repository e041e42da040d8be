"""Questions of which a judge does not know who wrote which answer.

They come from the answers that a version's report keeps. The order of the answers and the id of a
question depend on a key of the run home, so that nobody can tell anything from what the judge is
shown. An example's own id is a hash of its text, the owner's answer included: whoever saw it could
try each answer.
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
    question_id: str
    seed: int  # of the order
    prompt: str
    answers: tuple[str, ...]
    example_id: str  # judges do not see it
    writers: tuple[Writer, ...]  # of the answers; judges do not see them


@dataclass(frozen=True)
class _Prompt:
    """A prompt of a report, with all answers to it."""

    example_id: str
    text: str
    answers: dict[Writer, str]

    @property
    def longest_of_models(self) -> int:
        """Characters of the longest answer that a model wrote."""
        return max(len(text) for writer, text in self.answers.items() if writer != "owner")


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
        ids = self._example_ids()
        chosen = rng.sample(sorted(ids), min(count, len(ids)))
        return [self._asked(ids[question_id], rng.getrandbits(32)) for question_id in chosen]

    def question(self, question_id: str, seed: int) -> BlindQuestion:
        """The question of that id. Raises `BadInput` where the report has none."""
        example_id = self._example_ids().get(question_id)
        if example_id is None:
            raise BadInput(f"{label(self._manifest)} has no such question; ask anew")
        return self._asked(example_id, seed)

    def _asked(self, example_id: str, seed: int) -> BlindQuestion:
        prompt = self._prompts[example_id]

        def place(writer: Writer) -> bytes:
            return self._keyed(f"{example_id}\n{seed}\n{writer}")

        writers = tuple(sorted(prompt.answers, key=place))
        return BlindQuestion(
            personality=self._manifest.personality,
            version=str(self._manifest.version),
            question_id=self._question_id(example_id),
            seed=seed,
            prompt=prompt.text,
            answers=tuple(prompt.answers[writer] for writer in writers),
            example_id=example_id,
            writers=writers,
        )

    def _example_ids(self) -> dict[str, str]:
        """The example of each question's id."""
        return {self._question_id(example_id): example_id for example_id in self._prompts}

    def _question_id(self, example_id: str) -> str:
        return self._keyed(example_id).hex()[:32]

    def _keyed(self, words: str) -> bytes:
        """A hash that nobody computes without the key; it differs from version to version."""
        path = self._keys / _KEY
        if not path.exists():
            create_key(path)
        asked = f"{self._manifest.personality}\n{self._manifest.version}\n{words}"
        return hmac.digest(read_key(path), asked.encode(), hashlib.sha256)


def _prompts(catalog: Catalog, manifest: Manifest) -> dict[str, _Prompt]:
    """The prompts of a report by example.

    Left out are those to which two answers are the same, and those that the owner answered at
    greater length than any model did: an evaluation cuts what a model writes, and so length alone
    would show him.
    """
    if SAMPLES not in manifest.files:
        raise BadInput(f"{label(manifest)} has no report with answers; evaluate it first")
    path = catalog.file(manifest.personality, manifest.version, SAMPLES)
    try:
        samples = json.loads(path.read_text(encoding="utf-8"))
        prompts = [_prompt(sample) for sample in samples]
    except (ValueError, KeyError, TypeError) as error:
        raise MaverickError(f"{path} cannot be read; evaluate the version again") from error
    longest = max((each.longest_of_models for each in prompts), default=0)
    return {
        each.example_id: each
        for each in prompts
        if _differ(list(each.answers.values())) and len(each.answers["owner"]) <= longest
    }


def _prompt(sample: Sample) -> _Prompt:
    answers: dict[Writer, str] = {"owner": sample["real"], "version": sample["generated"]}
    pack = sample.get("others", {}).get("prompt_pack")
    if pack is not None:
        answers["prompt_pack"] = pack
    # What a model writes has no white space at its ends, and a stray newline would show the owner.
    plain = {writer: text.strip() for writer, text in answers.items()}
    return _Prompt(sample["example_id"], sample["prompt"], plain)


def _differ(texts: Sequence[str]) -> bool:
    plain = {" ".join(text.split()) for text in texts}
    return len(plain) == len(texts)
