"""Every setting that cannot be right is refused in one line that names it."""

from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.crm.connection import connect
from maverick_assets.errors import BadInput
from maverick_assets.fleets import load_fleet
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import PREFIX, Settings, load_settings

WRONG = {
    "home": ["/tmp/new\nline", "/tmp/bell\a"],
    "crm_url": ["not a url", "postgresql://a:pw@127.0.0.1:1/crm", "mysql://127.0.0.1/crm"],
    "owner_email": [",", " , "],
    "owner_names": [";", "*", "Allan Kern; allan@x.example"],
    "owner_user_id": [","],
    "base_model": ["/nowhere", "./model", "a model", "{file}", "{folder}", "tiny", "{folder}/tiny"],
    "session_hours": ["0", "-1", "nan", "inf", "1e300", "twelve", "12,5"],
    "languages": ["xx", "english", "de,xx"],
    "timezone": ["Mars/Olympus", "Europe", "../etc/passwd", "/etc/localtime", "UTC+2"],
    "nightly_after_rows": ["0", "-1", "1.5", "many"],
    "fleet": ["nowhere", "{folder}/fleet.yaml", "{file}.yaml", "{folder}", "../laptop"],
    "personalities": [",", "{folder}", "{file}", "/nowhere"],
    "serving_slots": ["0", "-1", "257", "many"],
    "serving_context": ["0", "255", "2000000"],
    "serving_threads": ["0", "1.5"],
    "serving_queue": ["0", "-1"],
    "serving_requests_per_minute": ["0", "-1"],
    "serving_node_versions": ["0", "-1", "101", "many"],
    "keep_versions": ["0", "-1", "10001", "many"],
    "serving_origin": ["http://maverick.example.com", "maverick.example.com", "https://a/b"],
}

# Used by commands alone: end_to_end/test_bad_input.py, crm/embedded/test_account.py and
# ui/test_rules.py have wrong values for them.
OF_COMMANDS = {"dagster_url", "sources", "postgres_account"} | {
    "ui_origin",
    "ui_certificate",
    "ui_key",
}


def use(settings: Settings) -> None:
    """What a command does with the settings that name something."""
    with connect(settings):
        pass
    load_fleet(settings.fleet)
    load_recipes()
    ensure_base(settings)


def test_every_setting_is_looked_at() -> None:
    assert WRONG.keys() | OF_COMMANDS == Settings.model_fields.keys()


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_setting_is_one_line_that_names_it(
    crm_environment: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("{", encoding="utf-8")
    (tmp_path / "file.yaml").write_text("{", encoding="utf-8")
    value = value.format(folder=tmp_path / "folder", file=tmp_path / "file")
    monkeypatch.setenv(PREFIX + name.upper(), value)
    with pytest.raises(BadInput) as caught:
        use(load_settings())
    line = str(caught.value)
    assert "\n" not in line
    assert "pw" not in line
    assert PREFIX + name.upper() in line or value in line


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("models/tiny", "{here}/models/tiny"),
        ("models/tiny/", "{here}/models/tiny"),
        ("./models/tiny", "{here}/models/tiny"),
        ("models/../models/tiny", "{here}/models/../models/tiny"),
        ("~/tiny", "{home}/tiny"),
        ("/elsewhere/tiny", "/elsewhere/tiny"),
        ("models/not-there", "{here}/models/not-there"),  # a typo, and nothing to ask the hub for
        ("tiny", "{here}/tiny"),
        ("org/name", "org/name"),
        ("org/name@v1.0", "org/name@v1.0"),
    ],
)
def test_a_path_is_the_same_one_for_every_process_and_a_hub_id_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, path: str
) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    (here / "models" / "tiny").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MAVERICK_BASE_MODEL", value)
    first = load_settings().base_model
    assert first == path.format(here=here, home=home)
    monkeypatch.chdir("/")  # where a service works, which reads the first one's value
    monkeypatch.setenv("MAVERICK_BASE_MODEL", str(first))
    assert load_settings().base_model == first
