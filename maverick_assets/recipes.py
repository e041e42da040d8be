"""Recipes: what a personality learns from, how it speaks, and what its releases must pass."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from maverick_assets.errors import BadInput
from maverick_assets.metric_paths import path_problem
from maverick_assets.settings import load_settings
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import Name, load_yaml

# What words may be besides business words. None of a class may reach a personality that does not
# hold it.
SensitivityClass = Literal["health", "intimate"]
# What an entry of the sources file may say of all its words, whatever the marks of its rows say
SourceClass = Literal["business", "health", "intimate"]


class ExampleSource(StrictModel):
    """One table, and how its rows become examples."""

    table: str = Field(description="a table of the CRM, or of an entry of the sources file")
    examples: Literal["reply", "dialogue", "decision", "note", "insight", "sample", "feedback"] = (
        Field(
            description="`reply`: a mail and the owner's answer, or the owner's mail that answers "
            "nothing; `dialogue`: a chat and the owner's answer; `decision`: the facts of a deal, "
            "the owner's call and its outcome; `note`: a title and the note; `insight`: a subject "
            "and what the owner noted about it; `sample`: a curated prompt and its response; "
            "`feedback`: a prompt, and the answer that was praised or corrected"
        )
    )
    filter: dict[str, str] = Field({}, description="columns and the value that a row must have")
    limit: int = Field(1000, gt=0, description="how many examples are kept, the newest first")
    per_contact: int | None = Field(
        None,
        gt=0,
        description="how many examples with one counterpart are kept, the newest first; unset: all",
    )


class Training(StrictModel):
    """How an adapter is trained."""

    rank: int = Field(16, gt=0, description="rank of the LoRA matrices")
    alpha: int = Field(32, gt=0, description="LoRA scale: the update is multiplied by alpha / rank")
    learning_rate: float | None = Field(
        None,
        gt=0,
        description="peak learning rate of AdamW; unset: 2e-4 for a base model 4,096 wide, more "
        "for a narrower one",
    )
    epochs: int = Field(3, gt=0, description="at most this many passes over the training examples")
    replay: float = Field(
        1.0, ge=0, description="earlier examples beside each new one in an incremental training"
    )
    incremental_rate: float = Field(
        0.5, gt=0, le=1, description="factor of the learning rate in an incremental training"
    )
    max_length: int = Field(
        512, ge=32, description="tokens of one example, prompt included; longer ones are left out"
    )
    min_characters: int = Field(10, ge=1, description="shorter completions are left out")
    min_examples: int = Field(10, ge=1, description="fewer examples train no adapter")
    context_tokens: int = Field(
        128, ge=0, description="tokens of earlier turns in front of the one that is answered"
    )
    validation_fraction: float = Field(
        0.1, gt=0, lt=0.5, description="share of the threads that are kept for validation"
    )
    test_fraction: float = Field(
        0.05, ge=0, lt=0.5, description="share of the threads that are kept for the frozen test set"
    )
    batch_tokens: int = Field(512, gt=0, description="tokens of one optimizer step")


class TrainingOverrides(StrictModel):
    """What one run does otherwise than the recipes say; None: as they say."""

    epochs: int | None = Field(None, ge=1, le=100, description="passes over the examples, at most")
    learning_rate: float | None = Field(None, gt=0, le=0.1, description="peak learning rate")
    batch_size: int | None = Field(
        None, ge=1, le=1024, description="examples of the full length in one optimizer step"
    )
    max_length: int | None = Field(
        None, ge=32, le=32768, description="tokens of one example; longer ones are left out"
    )

    def applied(self, training: Training) -> Training:
        """The training settings of a run with these overrides."""
        changed = self.model_dump(exclude_none=True)
        size = changed.pop("batch_size", None)
        if size is not None:
            changed["batch_tokens"] = size * (self.max_length or training.max_length)
        return training.model_copy(update=changed)


def _metric(path: str) -> str:
    if problem := path_problem(path):
        raise PydanticCustomError("metric", "{problem}", {"problem": problem})
    return path


class Limit(StrictModel):
    """A bound of one metric; one with an interval is refused where all of it is beyond it."""

    metric: Annotated[str, AfterValidator(_metric)] = Field(
        description="which figure of the evaluation, such as `generalisation.share`, or "
        "`comparisons.in_service.frozen`: loss in nats per token less that of the version in "
        "service, on the frozen test set"
    )
    at_most: float | None = Field(None, description="the highest value that passes")
    at_least: float | None = Field(None, description="the lowest value that passes")
    margin: float = Field(0.0, ge=0, description="by how much the bound may be missed")
    required: bool = Field(
        False, description="whether a version is refused where this was not measured"
    )

    @model_validator(mode="after")
    def _has_one_bound(self) -> "Limit":
        if (self.at_most is None) == (self.at_least is None):
            raise PydanticCustomError("bounds", "give at_most or at_least, and not both")
        return self


# Those of every recipe; an entry of a recipe's `limits` takes the place of one of the same metric.
COMMON_LIMITS = (
    Limit(metric="comparisons.base.newest", at_most=0),
    Limit(metric="comparisons.base.frozen", at_most=0),
    Limit(metric="comparisons.in_service.newest", at_most=0),
    Limit(metric="comparisons.in_service.frozen", at_most=0),
    Limit(metric="generalisation.share", at_least=0.25),
    Limit(metric="generalisation.excess", at_most=0),
    Limit(metric="provenance.surplus", at_most=0),
    # A word of others stands in one text of a hundred by chance: only more than chance is a leak.
    Limit(metric="personality.bleed.p_value", at_least=0.001),
    # Any training for one person's answers costs a small base a little of the forty questions: the
    # sample's adapters lose 0.04 to 0.09 of the probability of the right one.
    Limit(metric="text.skills.difference", at_least=0, margin=0.05),
    # Odds that were fitted on few decisions lose a little beside a rate for all by luck alone.
    Limit(metric="decisions.deals.against_majority", at_most=0, margin=0.05),
    Limit(metric="decisions.deals.against_in_service", at_most=0, margin=0.05),
    Limit(metric="memorisation.leaks", at_most=0),
    Limit(metric="memorisation.beyond_owner", at_most=0),
)


class Gates(StrictModel):
    """What a new version must pass to be released."""

    max_perplexity_ratio: float = Field(
        1.0,
        gt=0,
        description="validation perplexity of the adapter / that of the base must be below this",
    )
    max_regression: float = Field(
        1.02,
        gt=0,
        description="validation perplexity / that of the version in service may be at most this",
    )
    min_validation_examples: int = Field(
        3, ge=1, description="fewer validation examples decide nothing, and the gate refuses"
    )
    min_gain: float = Field(
        0.01,
        ge=0,
        description="nats per token by which a version must be better than the one in service on "
        "held-out examples, beyond the interval; a version that is neither better nor worse is "
        "released only if it has learned new examples so much better",
    )
    limits: list[Limit] = Field(
        [], description="bounds of more metrics; each takes the place of a common one"
    )

    @property
    def all_limits(self) -> list[Limit]:
        """The common limits and the recipe's own."""
        own = {limit.metric for limit in self.limits}
        return [*(limit for limit in COMMON_LIMITS if limit.metric not in own), *self.limits]

    @model_serializer(mode="wrap")
    def _without_later_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what earlier releases had not, where it says nothing.

        A version's fingerprint is a hash of its recipe: with more keys, every run home would train
        all personalities anew.
        """
        written = handler(self)
        later = {"min_gain", "limits"}
        unchanged = {name for name in later if getattr(self, name) == _default_of(name)}
        return {name: value for name, value in written.items() if name not in unchanged}


def _default_of(name: str) -> Any:
    return Gates.model_fields[name].default


def _only_own_rows(source: ExampleSource, info: ValidationInfo) -> ExampleSource:
    """Refuse curated samples and feedback of another personality.

    Only their own personality reads them, so that neither intimate words nor health data reach
    another.
    """
    name = info.data.get("name")
    owner = source.filter.get("personality")
    if source.examples in ("sample", "feedback") and owner is None:
        raise PydanticCustomError(
            "whose_rows",
            f"{source.table} holds rows of all personalities; add filter: {{personality: {name}}}",
        )
    if owner not in (None, name):
        raise PydanticCustomError("whose_rows", f"rows of {owner} are for {owner} alone")
    return source


def _with_descriptions(value: Any) -> Any:
    """Give empty descriptions to a plain list of names, as earlier releases wrote it."""
    return dict.fromkeys(value, "") if isinstance(value, list) else value


Choices = Annotated[dict[Name, str], BeforeValidator(_with_descriptions)]


class Recipe(StrictModel):
    """A personality: one YAML file."""

    name: Name = Field(description="how it is called; lower-case words joined by hyphens")
    title: str = Field(description="name for people, as the chat shows it")
    description: str = Field(description="what it is, in one sentence")
    system_prompt: str = Field(
        min_length=1, description="first message of every example and of every conversation"
    )
    sources: list[Annotated[ExampleSource, AfterValidator(_only_own_rows)]] = Field(
        min_length=1, description="the tables that it learns from"
    )
    modes: Choices = Field(
        {}, description="modes that a message may ask for, each with its meaning"
    )
    moods: Choices = Field(
        {}, description="moods that a message may ask for, each with its meaning"
    )
    training: Training = Field(Training(), description="how its adapter is trained")
    gates: Gates = Field(Gates(), description="what a version must pass to be released")
    sensitivity: Literal["internal", "private", "health", "intimate"] = Field(
        "private",
        description="which words it may hold. `internal`: business words; `private`: besides them, "
        "health and intimate words of the samples and ratings that name it; `health`, `intimate`: "
        "besides all these, words of that class from any table",
    )

    @property
    def asset_prefix(self) -> str:
        """`allan-maverick` -> `allan_maverick`: Dagster names have no hyphen."""
        return self.name.replace("-", "_")

    def with_tables(self, like: dict[str, str]) -> "Recipe":
        """This recipe with more sources: each key of `like` is a table that is read like its value.

        Every source of a value's table is repeated for the key.
        """
        added = [
            source.model_copy(update={"table": table})
            for table, known_table in like.items()
            for source in self.sources
            if source.table == known_table
        ]
        return self.model_copy(update={"sources": [*self.sources, *added]})

    def prompt_for(self, mood: str | None = None, mode: str | None = None) -> str:
        """The system prompt with mood and mode as tags; the same text trains and serves.

        Raises `BadInput` for a mood or mode that the recipe does not list.
        """
        tags = []
        for label, value, choices in (("Mood", mood, self.moods), ("Mode", mode, self.modes)):
            if value is None:
                continue
            if value not in choices:
                listed = ", ".join(choices) or "none"
                raise BadInput(f"{self.name} has no {label.lower()} {value!r}; it has: {listed}")
            tags.append(f"{label}: {value}.")
        return " ".join([self.system_prompt, *tags])


def load_recipes(folders: Sequence[Path] | None = None) -> dict[str, Recipe]:
    """The recipes of some folders by name, in alphabetical order.

    Without `folders`, those of the setting MAVERICK_PERSONALITIES. A recipe of a later folder
    replaces one of the same name of an earlier folder. Raises `BadInput` for a file that does not
    validate, for two files of a folder with one name, and for a folder without a recipe.
    """
    if folders is None:
        folders = load_settings().personality_folders
    recipes: dict[str, Recipe] = {}
    for folder in folders:
        recipes |= _recipes_in(folder)
    return dict(sorted(recipes.items()))


def _recipes_in(folder: Path) -> dict[str, Recipe]:
    recipes: dict[str, Recipe] = {}
    for path in sorted(folder.glob("*.y*ml")):
        recipe = load_yaml(path, Recipe)
        if recipe.name in recipes:
            raise BadInput(f"{path}: the name {recipe.name} is taken by another file; rename it")
        recipes[recipe.name] = recipe
    if not recipes:
        problem = "has no personality file" if folder.is_dir() else "is not a folder"
        raise BadInput(
            f"setting MAVERICK_PERSONALITIES: {folder} {problem}; put .yaml files there, or "
            "unset it to use those that come with Maverick"
        )
    return recipes


def recipe_named(recipes: dict[str, Recipe], name: str) -> Recipe:
    """The recipe of that name. Raises `BadInput` listing the names that exist."""
    if name not in recipes:
        raise BadInput(f"no personality {name!r}; there are: {', '.join(recipes)}")
    return recipes[name]
