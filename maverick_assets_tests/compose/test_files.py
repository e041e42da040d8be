"""compose.yaml, its Dockerfile and its .env, without an engine."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from maverick_assets.fleets import load_fleet
from maverick_assets_tests.compose.compose_file import (
    COMPOSE,
    EXAMPLE_ENV,
    FILLED,
    PROJECT,
    example_values,
    read_compose,
    variables,
)

TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services, by name."""
    services: dict[str, dict[str, Any]] = read_compose(example_values() | FILLED)["services"]
    return services


def _reads(*command: str) -> None:
    done = subprocess.run(
        [str(TOOLS / command[0]), *command[1:]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_a_compose_file_by_the_specification(tmp_path: Path) -> None:
    filled = tmp_path / "compose.yaml"
    filled.write_text(yaml.safe_dump(read_compose(example_values() | FILLED)), encoding="utf-8")
    for file in (COMPOSE, filled):
        _reads("check-jsonschema", "--builtin-schema=vendor.compose-spec", str(file))


def test_the_dockerfile_passes_its_linter() -> None:
    _reads("hadolint", str(PROJECT / "compose" / "Dockerfile"))


def test_the_proxy_alone_is_reached_from_outside(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert [n for n, service in services.items() if "outside" in service["networks"]] == ["proxy"]
    assert services["proxy"]["ports"] == ["127.0.0.1:443:443"]  # other machines only when asked
    assert read_compose(example_values() | FILLED)["networks"]["inside"] == {"internal": True}


def test_every_image_has_an_exact_version(services: dict[str, dict[str, Any]]) -> None:
    built = [service["image"] for service in services.values() if "build" in service]
    assert set(built) == {"maverick"}
    for service in services.values():
        name, _, version = service["image"].partition(":")
        assert name == "maverick" or version.count(".") >= 1


def test_maverick_runs_without_rights_and_writes_only_to_its_home(
    services: dict[str, dict[str, Any]],
) -> None:
    for service in services.values():
        assert service["security_opt"] == ["no-new-privileges:true"]
        if service["image"] == "maverick":
            assert service["cap_drop"] == ["ALL"]
            assert service["read_only"] is True
            assert service["volumes"] == ["home:/var/lib/maverick"]


def test_what_trains_has_one_card_and_16_gb(services: dict[str, dict[str, Any]]) -> None:
    resources = services["code"]["deploy"]["resources"]
    assert resources["limits"] == {"memory": "16G"}
    assert resources["reservations"]["devices"][0]["count"] == 1
    (node,) = load_fleet("compose").nodes
    assert node.gpus == 1
    assert node.training_gb == 16


def test_every_service_that_stays_says_whether_it_is_well(
    services: dict[str, dict[str, Any]],
) -> None:
    for name, service in services.items():
        assert "healthcheck" in service or service["restart"] == "no", name


@pytest.mark.parametrize("name", [*FILLED, "MAVERICK_DOMAIN", "LOGIN_NAME"])
def test_a_value_that_is_missing_stops_it_by_name(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        read_compose(example_values() | FILLED | {name: ""})


def test_the_api_knows_where_the_proxy_serves_dagsters_pages(
    services: dict[str, dict[str, Any]],
) -> None:
    origin = services["api"]["environment"]["MAVERICK_UI_ORIGIN"]
    domain = example_values()["MAVERICK_DOMAIN"]
    assert origin == f"https://dagster.{domain}"
    sites = (PROJECT / "compose" / "Caddyfile").read_text(encoding="utf-8")
    assert "dagster.{$MAVERICK_DOMAIN} {" in sites


def test_the_example_names_every_variable_and_holds_no_secret() -> None:
    text = EXAMPLE_ENV.read_text(encoding="utf-8")
    named = {line.lstrip("#").partition("=")[0] for line in text.splitlines() if "=" in line}
    assert variables() <= named
    assert all(not example_values()[name] for name in FILLED)
