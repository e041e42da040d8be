"""Recipes: one YAML file per personality (and per fleet), validated, errors with file and line."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from maverick_assets.errors import BadInput

PERSONALITIES = Path(__file__).parent / "personalities"
FLEETS = Path(__file__).parent / "fleets"

M = TypeVar("M", bound=BaseModel)
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """One table of turns and how they become examples.

    `examples`: `reply` (a mail and the owner's answer, or a mail of his that answers nothing),
    `dialogue` (a chat and his answer), `decision` (a deal's facts, his call and its outcome),
    `note` (a title and his note), `insight` (a subject and what he noted of it), `sample` (a
    curated prompt and response), `feedback` (a prompt and the answer he praised or corrected).
    """

    table: str
    examples: Literal["reply", "dialogue", "decision", "note", "insight", "sample", "feedback"]
    filter: dict[str, str] = {}
    limit: int = Field(1000, gt=0, description="newest examples that are kept")
    per_contact: int | None = Field(
        None, gt=0, description="newest examples with one counterpart that are kept; unset: all"
    )


class Training(Strict):
    rank: int = Field(16, gt=0)
    alpha: int = Field(32, gt=0)
    learning_rate: float | None = Field(
        None, gt=0, description="unset: 2e-4 for a base 4,096 wide, more for a narrower one"
    )
    epochs: int = Field(3, gt=0)
    replay: float = Field(
        1.0, ge=0, description="known examples beside each new one, in an incremental training"
    )
    incremental_rate: float = Field(
        0.5, gt=0, le=1, description="factor of learning_rate in an incremental training"
    )
    max_length: int = Field(512, ge=32, description="tokens of one example, prompt included")
    min_characters: int = Field(10, ge=1, description="shorter completions are left out")
    min_examples: int = Field(10, ge=1, description="fewer train no adapter")
    context_tokens: int = Field(
        128, ge=0, description="tokens of earlier turns that stand before what is answered"
    )
    validation_fraction: float = Field(0.1, gt=0, lt=0.5)
    test_fraction: float = Field(0.05, ge=0, lt=0.5)
    batch_tokens: int = Field(512, gt=0, description="tokens of one optimizer step")


class Gates(Strict):
    max_perplexity_ratio: float = Field(
        1.0, gt=0, description="held-out perplexity of the adapter / of the base: below this"
    )
    max_regression: float = Field(
        1.02, gt=0, description="held-out perplexity / that of the version in service: at most this"
    )
    min_validation_examples: int = Field(3, ge=1)


def _own_rows(source: Source, info: ValidationInfo) -> Source:
    """Curated samples and feedback are read by the personality they are of, and by no other: so
    neither intimate words nor health data reach another one."""
    name = info.data.get("name")
    named = source.filter.get("personality")
    if source.examples in ("sample", "feedback") and named is None:
        raise PydanticCustomError(
            "whose_rows", f"{source.table} holds rows of all; add filter: {{personality: {name}}}"
        )
    if named not in (None, name):
        raise PydanticCustomError("whose_rows", f"rows of {named} are for {named} alone")
    return source


def _described(value: Any) -> Any:
    """A list of names, as older manifests have it, is one without descriptions."""
    return dict.fromkeys(value, "") if isinstance(value, list) else value


Choices = Annotated[dict[Name, str], BeforeValidator(_described)]


class Recipe(Strict):
    """A personality: what it is trained on, how it speaks, and what a release must pass."""

    name: Name
    title: str
    description: str
    system_prompt: str = Field(min_length=1)
    sources: list[Annotated[Source, AfterValidator(_own_rows)]] = Field(min_length=1)
    modes: Choices = {}
    moods: Choices = {}
    training: Training = Training()
    gates: Gates = Gates()
    sensitivity: Literal["internal", "private"] = "private"

    @property
    def asset_prefix(self) -> str:
        """`allan-maverick` -> `allan_maverick`: Dagster names have no hyphen."""
        return self.name.replace("-", "_")

    def with_tables(self, alike: dict[str, str]) -> "Recipe":
        """This recipe reading more tables: each (key) as its sources read another one (value)."""
        more = [
            source.model_copy(update={"table": table})
            for table, like in alike.items()
            for source in self.sources
            if source.table == like
        ]
        return self.model_copy(update={"sources": [*self.sources, *more]})

    def prompt_for(self, mood: str | None = None, mode: str | None = None) -> str:
        """The system prompt with mood and mode as tags; the same text trains and serves.

        Raises `BadInput` for a mood or mode that the recipe does not list.
        """
        tags = []
        for label, value, known in (("Mood", mood, self.moods), ("Mode", mode, self.modes)):
            if value is None:
                continue
            if value not in known:
                choices = ", ".join(known) or "none"
                raise BadInput(f"{self.name} has no {label.lower()} {value!r}; it has: {choices}")
            tags.append(f"{label}: {value}.")
        return " ".join([self.system_prompt, *tags])


class Node(Strict):
    """A host: its personalities are trained at the same time, on one base.

    `gpus`: how many ranks train, a GPU each; 0: one process. `training_gb`, `inference_gb`: of each
    card (2**30 bytes) for training and for Ollama at `ollama` (URL). `deepspeed`: the JSON file
    that several GPUs are trained by, relative to the fleet's. `quantize`: how the frozen weights
    are kept; nf4: in 4 bits.
    """

    name: Name
    personalities: list[str] | Literal["all"] = "all"
    gpus: int = Field(0, ge=0)
    training_gb: float | None = Field(None, gt=0)
    inference_gb: float | None = Field(None, ge=0)
    ollama: str | None = Field(None, pattern=r"^https?://")
    deepspeed: Path | None = None
    quantize: Literal["none", "nf4"] = "none"


class Fleet(Strict):
    """Nodes and the personalities placed on them; each personality on exactly one node."""

    name: Name
    nodes: list[Node] = Field(min_length=1)

    def placement(self, personalities: list[str]) -> dict[str, list[str]]:
        """Node name -> its personalities, in the order given.

        Raises `BadInput` when one is placed twice, nowhere, or is unknown, or when two nodes have
        one name.
        """
        placed: dict[str, list[str]] = {}
        for node in self.nodes:
            if node.name in placed:
                raise BadInput(f"fleet {self.name}: two nodes have the name {node.name}")
            wanted = personalities if node.personalities == "all" else node.personalities
            unknown = [name for name in wanted if name not in personalities]
            if unknown:
                raise BadInput(f"fleet {self.name}, node {node.name}: no personality {unknown[0]}")
            placed[node.name] = list(wanted)
        for name in personalities:
            hosts = [node for node, names in placed.items() if name in names]
            if len(hosts) != 1:
                where = " and ".join(hosts) or "no node"
                raise BadInput(f"fleet {self.name}: {name} is placed on {where}; name one node")
        return placed


def load_recipes(folder: Path = PERSONALITIES) -> dict[str, Recipe]:
    """All recipes of a folder by name, in alphabetical order.

    Raises `BadInput` for a file that does not validate, or two files with one name.
    """
    recipes: dict[str, Recipe] = {}
    for path in sorted(folder.glob("*.yaml")):
        recipe = load_yaml(path, Recipe)
        if recipe.name in recipes:
            raise BadInput(f"{path}: the name {recipe.name} is taken by another file; rename it")
        recipes[recipe.name] = recipe
    if not recipes:
        raise BadInput(f"{folder} has no personality file; add one *.yaml")
    return recipes


def load_fleet(name: str) -> Fleet:
    """A fleet by name (a file in `fleets/`) or by path; the files it names as absolute paths."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else FLEETS / f"{name}.yaml"
    fleet = load_yaml(path, Fleet)
    nodes = [_with_file(node, path) for node in fleet.nodes]
    return fleet.model_copy(update={"nodes": nodes})


def _with_file(node: Node, fleet: Path) -> Node:
    if node.deepspeed is None:
        return node
    file = (fleet.parent / node.deepspeed).absolute()
    if not file.is_file():
        raise BadInput(f"{fleet}: node {node.name}: deepspeed: {file} is no file")
    return node.model_copy(update={"deepspeed": file})


def load_yaml(path: Path, model: type[M]) -> M:
    """Parse and validate one YAML file; `BadInput` names file, line and key."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{path}:{line}: not YAML: {error.problem}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        what = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise BadInput(f"{path}:{_line_of(tree, first['loc'])}: {key}: {what}") from error


def _line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """1-based line of the deepest node on the path `location` that exists."""
    line = node.start_mark.line + 1 if node else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            match = [pair for pair in node.value if pair[0].value == part]
            if not match:  # a missing key, or pydantic's name of one kind of several
                continue
            key, node = match[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
