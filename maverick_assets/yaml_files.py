"""YAML files that people write. A mistake is reported with its file, line and key."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError

from maverick_assets.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)
# It serves as a file name, as the prefix of an asset and as a word on the command line.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]


def load_yaml(path: Path, model: type[Model]) -> Model:
    """Parse a YAML file and validate it against `model`.

    Raises `BadInput` that names the file, the line and the key.
    """
    content, tree = _parse(path)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "content"
        problem = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        problem = problem.removeprefix("Value error, ")
        raise BadInput(f"{path}:{_line_of(tree, first['loc'])}: {key}: {problem}") from error


def parse_yaml(path: Path) -> Any:
    """The content of a YAML file, not validated. Raises `BadInput` that names file and line."""
    return _parse(path)[0]


def _parse(path: Path) -> tuple[Any, yaml.Node | None]:
    """Content and syntax tree of a file. Only the tree has line numbers."""
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        tree = loader.get_single_node()
        return (loader.construct_document(tree) if tree else None), tree
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}:{line}: not UTF-8; save the file in that encoding") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{path}:{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:  # a control character, which has no line
        raise BadInput(f"{path}: not YAML: {' '.join(str(error).split())}") from error


def _line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """1-based line of the deepest node on the path `location` that exists."""
    line = node.start_mark.line + 1 if node else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            # A missing key, or the name that pydantic gives to one type of a union.
            if pair is None:
                continue
            key, node = pair
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
