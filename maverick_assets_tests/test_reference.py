"""The pages of docs/reference are what the code says, and leave nothing undescribed."""

import pytest

from docs.reference.generate import FOLDER, SECTIONS, pages
from maverick_assets.settings import Settings


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_is_as_the_code_says(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == pages()[name], f"docs/reference/{name} is stale; run `make reference`"


@pytest.mark.parametrize("model", [Settings, *SECTIONS.values()])
def test_every_setting_and_every_key_is_described(model: type[Settings]) -> None:
    fields = model.model_fields.items()
    assert [name for name, field in fields if not field.description] == []


def test_every_command_and_every_argument_has_help() -> None:
    lines = pages()["commands.md"].splitlines()
    assert [line for line in lines if line.endswith("|  |")] == []
