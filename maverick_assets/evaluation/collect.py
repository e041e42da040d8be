"""The evidence on all candidates of a run, computed together on one base."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from maverick_assets.base_model.tokenizer import Encoded, Message
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.examples.token_cache import TokenCache
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.answers.generation import (
    MAX_NEW_TOKENS,
    BatchedGenerator,
    Question,
    question_digest,
)
from maverick_assets.evaluation.evidence import Answered, Arm, Evidence, ScoredExamples, pick_evenly
from maverick_assets.evaluation.kept_results import (
    BASE,
    KeptResults,
    Key,
    adapter_digest,
    compute_missing,
    row_digest,
)
from maverick_assets.evaluation.loaded_base import AdaptedBase, LoadedBase, adapted_base
from maverick_assets.evaluation.metrics import scorer_digest
from maverick_assets.evaluation.prompt_pack import MAX_TOKENS as PACK_TOKENS
from maverick_assets.evaluation.prompt_pack import PromptPack
from maverick_assets.evaluation.scoring import PackedScorer
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.evaluation.style.measure import surrogate_names
from maverick_assets.evaluation.text.skills import skill_rows
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.model.self_check import check_lengths

# Text, tokens, and whether it ended by itself: an answer as JSON keeps it.
_Answer = tuple[str, int, bool]

_SKILLED: tuple[Arm, ...] = ("base", "candidate")  # asked general questions

# These decide on no release, and the prompts of a pack are the longest of all.
_THOROUGH: tuple[Arm, ...] = ("prompt_pack", "other")

_SCORED: tuple[Arm, ...] = ("base", "in_service", "candidate")


@dataclass(frozen=True, eq=False)
class Candidate:
    """An adapter to evaluate, and what it is evaluated on."""

    spec: EvaluationSpec
    examples: Sequence[Example]  # of the split
    rows: Sequence[Encoded]
    train: Sequence[Example]
    compared: Sequence[Example]  # of any split: `spec.compared`
    compared_rows: Sequence[Encoded]
    pack: PromptPack

    @cached_property
    def asked(self) -> Sequence[Example]:
        """The examples whose prompts every arm answers."""
        return pick_evenly(self.examples, self.spec.answers_each)

    def prompts(self, arm: Arm) -> list[list[Message]]:
        """What an arm is asked for the answers to these examples."""
        if arm != "prompt_pack":
            return [example.messages[:-1] for example in self.asked]
        return self._packs

    @cached_property
    def _packs(self) -> list[list[Message]]:
        return [self.pack.pack(example) for example in self.asked]

    @property
    def adapters(self) -> list[Path]:
        """The directories of the adapters without which it cannot be evaluated."""
        in_service = self.spec.in_service_adapter
        return [self.spec.adapter, *([in_service] if in_service else [])]


def read_candidate(spec: EvaluationSpec, base: LoadedBase) -> Candidate:
    """Raises `MaverickError` when the split has no example that can be scored."""
    examples = read_examples(spec.dataset, spec.dataset_version)
    chosen = [
        example
        for example in examples
        if example.split == spec.split
        and (spec.example_ids is None or example.example_id in spec.example_ids)
    ]
    examples_scored, rows = _encoded(spec, base, chosen)
    if not rows:
        raise MaverickError(
            f"{spec.personality}: {spec.dataset} has no {spec.split} example at version "
            f"{spec.dataset_version}; it needs more threads"
        )
    ids = spec.compared.all_ids
    compared = _encoded(spec, base, [each for each in examples if each.example_id in ids])
    check_lengths(base.model.config, [*rows, *compared[1]])
    train = [example for example in examples if example.split == "train"]
    names = surrogate_names(spec.lake) if spec.thorough and spec.lake else ()
    pack = PromptPack(train, base.tokenizer, names)
    return Candidate(spec, examples_scored, rows, train, *compared, pack)


def _encoded(
    spec: EvaluationSpec, base: LoadedBase, examples: Sequence[Example]
) -> tuple[list[Example], list[Encoded]]:
    """Those of the examples that have a supervised token, and their token ids."""
    cache = TokenCache(base.tokenizer, spec.dataset, spec.dataset_version, spec.tokens)
    encoded = zip(examples, cache.encode(examples, spec.max_length), strict=True)
    supervised = [(example, row) for example, row in encoded if row.n_supervised > 0]
    return [example for example, _ in supervised], [row for _, row in supervised]


@dataclass(frozen=True)
class Generator:
    """Answers of one candidate's arms, on the base and the adapters that are loaded."""

    batched: BatchedGenerator
    models: Mapping[Arm, str]  # digest of the adapter that answers for an arm, or BASE
    max_length: int  # tokens of prompt and answer

    def answers(
        self,
        prompts: Sequence[Sequence[Message]],
        arm: Arm,
        *,
        seed: int = 0,
        max_new_tokens: int = MAX_NEW_TOKENS,
    ) -> list[str]:
        """An arm's answer to each prompt, sampled as in service; another seed gives others."""
        model = self.models[arm]
        limits = {"max_length": self.max_length, "max_new_tokens": max_new_tokens}
        questions = [Question(tuple(prompt), model, seed, **limits) for prompt in prompts]
        return [answer.text for answer in self.batched.answers(questions)]


@dataclass(frozen=True)
class Scorer:
    """Losses of one candidate's arms, on the base and the adapters that are loaded."""

    packed: PackedScorer
    models: Mapping[Arm, str]

    def losses(self, rows: Sequence[Encoded], arm: Arm) -> list[float]:
        """The loss of each row's completion: nats, summed over its tokens."""
        at = self.packed.adapted.index(self.models[arm])
        return self.packed.losses([Document(row, at) for row in rows])


@dataclass(frozen=True, eq=False)
class Collection:
    """The losses and answers of candidates."""

    adapted: AdaptedBase
    losses: Mapping[Candidate, KeptResults[float]]
    answers: Mapping[Candidate, KeptResults[_Answer]]

    @property
    def base(self) -> LoadedBase:
        return self.adapted.base

    def problem(self, candidate: Candidate) -> str | None:
        """Why an adapter of a candidate does not load."""
        problems = self.adapted.problems
        return next((problems[path] for path in candidate.adapters if path in problems), None)

    def models(self, candidate: Candidate) -> dict[Arm, str]:
        """The digest of the adapter that answers for each arm, or BASE."""
        spec = candidate.spec
        models: dict[Arm, str] = {
            "base": BASE,
            "prompt_pack": BASE,
            "candidate": adapter_digest(spec.adapter),
        }
        if spec.in_service_adapter:
            models["in_service"] = adapter_digest(spec.in_service_adapter)
        if spec.other_adapter and spec.other_adapter not in self.adapted.problems:
            models["other"] = adapter_digest(spec.other_adapter)
        return models

    def generator(self, candidate: Candidate) -> Generator:
        batched = BatchedGenerator(self.adapted)
        return Generator(batched, self.models(candidate), candidate.spec.max_length)

    def scorer(self, candidate: Candidate) -> Scorer:
        return Scorer(PackedScorer(self.adapted), self.models(candidate))

    def evidence(self, candidate: Candidate) -> Evidence:
        """What was computed of a candidate."""
        models = self.models(candidate)
        answers = {
            arm: self._answers_of(candidate, arm, model)
            for arm, model in self._answering(candidate).items()
        }
        return Evidence(
            spec=candidate.spec,
            examples=candidate.examples,
            n_supervised=[row.n_supervised for row in candidate.rows],
            losses={
                arm: self._losses_of(candidate, models[arm], candidate.rows)
                for arm in _SCORED
                if arm in models
            },
            answered=[
                Answered(
                    example,
                    {arm: texts[at][0] for arm, texts in answers.items()},
                    {arm: texts[at][2] for arm, texts in answers.items()},
                )
                for at, example in enumerate(candidate.asked)
            ],
            train=candidate.train,
            compared=ScoredExamples(
                candidate.compared,
                [row.n_supervised for row in candidate.compared_rows],
                {
                    arm: self._losses_of(candidate, models[arm], candidate.compared_rows)
                    for arm in _SCORED
                    if arm in models
                },
            ),
            skill_losses={
                arm: self._losses_of(candidate, models[arm], self._skill_rows) for arm in _SKILLED
            },
        )

    def losses_under(self, candidate: Candidate, arm: Arm, rows: Sequence[Encoded]) -> list[float]:
        """The losses of further rows under an arm: computed now unless known, and kept, too."""
        model = self.models(candidate)[arm]
        wanted = {(model, row_digest(row)): row for row in rows}
        compute_missing([(self.losses[candidate], wanted)], self._score)
        return self._losses_of(candidate, model, rows)

    def save(self, candidate: Candidate) -> None:
        """Keep a candidate's results for the next evaluation."""
        self.losses[candidate].save()
        self.answers[candidate].save()

    def compute(self, candidates: Sequence[Candidate]) -> None:
        """Compute what is not known of these candidates, of all of them together."""
        scored = [(self.losses[each], self._rows_to_score(each)) for each in candidates]
        compute_missing(scored, self._score)
        answered = [(self.answers[each], self._questions(each)) for each in candidates]
        compute_missing(answered, self._answer)

    def _rows_to_score(self, candidate: Candidate) -> dict[Key, Encoded]:
        models = self.models(candidate)
        rows = [*candidate.rows, *candidate.compared_rows]
        arms = [(arm, rows) for arm in _SCORED if arm in models]
        arms += [(arm, self._skill_rows) for arm in _SKILLED]
        return {(models[arm], row_digest(row)): row for arm, rows in arms for row in rows}

    def _score(self, rows: Mapping[Key, Encoded]) -> list[float]:
        documents = [Document(row, self.adapted.index(model)) for (model, _), row in rows.items()]
        return PackedScorer(self.adapted).losses(documents)

    def _questions(self, candidate: Candidate) -> dict[Key, Question]:
        return {
            (model, question_digest(question)): question
            for arm, model in self._answering(candidate).items()
            for question in self._asked(candidate, arm, model)
        }

    def _answering(self, candidate: Candidate) -> dict[Arm, str]:
        """The models of the arms that answer the prompts."""
        models = self.models(candidate)
        if candidate.spec.thorough:
            return models
        return {arm: model for arm, model in models.items() if arm not in _THOROUGH}

    def _asked(self, candidate: Candidate, arm: Arm, model: str) -> list[Question]:
        # A pack has a budget of its own, which is larger than that of an example.
        length = PACK_TOKENS if arm == "prompt_pack" else candidate.spec.max_length
        return [Question(prompt, model, max_length=length) for prompt in candidate.prompts(arm)]

    def _answer(self, questions: Mapping[Key, Question]) -> list[_Answer]:
        answers = BatchedGenerator(self.adapted).answers(list(questions.values()))
        return [(answer.text, answer.n_tokens, answer.ended) for answer in answers]

    def _losses_of(self, candidate: Candidate, model: str, rows: Sequence[Encoded]) -> list[float]:
        losses = self.losses[candidate]
        return [losses.get(model, row_digest(row)) for row in rows]

    @cached_property
    def _skill_rows(self) -> list[Encoded]:
        return skill_rows(self.base.tokenizer)

    def _answers_of(self, candidate: Candidate, arm: Arm, model: str) -> list[_Answer]:
        questions = self._asked(candidate, arm, model)
        return [self.answers[candidate].get(model, question_digest(each)) for each in questions]


@contextmanager
def collected(base: LoadedBase, candidates: Sequence[Candidate]) -> Iterator[Collection]:
    """The evidence on these candidates; one whose adapter does not load has a problem."""
    rows = [row for candidate in candidates for row in candidate.rows]
    paths = base.paths(rows, candidates[0].spec.checks)  # without adapters: it attaches its own
    others = [each.spec.other_adapter for each in candidates if each.spec.other_adapter]
    directories = [*chain.from_iterable(each.adapters for each in candidates), *others]
    computed_by = scorer_digest(base.spec.digest, base.hardware, paths)
    with adapted_base(base, directories, paths) as adapted:
        for path in set(others) & set(adapted.problems):
            print(f"{path} does not answer beside others: {adapted.problems[path]}")
        yield Collection(
            adapted,
            {each: KeptResults(each.spec.losses, computed_by) for each in candidates},
            {each: KeptResults(each.spec.answers, computed_by) for each in candidates},
        )
