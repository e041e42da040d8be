"""YAML files that cannot be read are named, with the line where there is one."""

from pathlib import Path

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import load_yaml, parse_yaml


class Menu(StrictModel):
    dish: str
    price: float = 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", r"menu.yaml:1: content: Input should be a valid dictionary"),
        (b"# none yet\n- dish", r"menu.yaml:2: content: Input should be a valid dictionary"),
        (b"dish: Oats\nprice: [1", r"menu.yaml:2: not YAML: "),
        (b"dish: Oats\nprice: much", r"menu.yaml:2: price: Input should be a valid number"),
        (b"dish: Oats\nprise: 1", r"menu.yaml:2: prise: unknown key"),
        (b"dish: Oats\nname: K\xe4se", r"menu.yaml:2: not UTF-8"),
        (b"dish: \x07", r"menu.yaml: not YAML: "),
    ],
    ids=["empty", "list", "syntax", "type", "key", "encoding", "control character"],
)
def test_a_mistake_is_one_line_with_file_line_and_key(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "menu.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=complaint) as caught:
        load_yaml(path, Menu)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"menu\.yaml: no such file"):
        load_yaml(tmp_path / "menu.yaml", Menu)
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        parse_yaml(tmp_path)
