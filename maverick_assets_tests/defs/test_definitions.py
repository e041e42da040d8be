"""The Dagster definitions: compared with a snapshot, light to import, one row of assets for each
personality."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, Definitions
from syrupy.assertion import SnapshotAssertion

from maverick_assets.crm.sources.sources_file import load_sources
from maverick_assets.definitions import build_definitions
from maverick_assets.fleets import load_fleet
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import PACKAGED_PERSONALITIES
from maverick_assets_tests.command import PROJECT


@pytest.fixture(scope="module")
def defs() -> Definitions:
    return build_definitions(load_recipes(), load_fleet("laptop"), "Europe/Berlin")


def assets_of(defs: Definitions) -> dict[str, dict[str, Any]]:
    graph = defs.resolve_asset_graph()
    return {
        key.to_user_string(): {
            "deps": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "group": graph.get(key).group_name,
            "kinds": sorted(graph.get(key).kinds),
            "owners": list(graph.get(key).owners),
            "code_version": graph.get(key).code_version,
            "described": bool(graph.get(key).description),
            "checks": sorted(check.name for check in graph.get(key).check_keys),
        }
        for key in sorted(graph.get_all_asset_keys())
    }


def test_assets_are_as_in_the_snapshot(defs: Definitions, snapshot: SnapshotAssertion) -> None:
    assert assets_of(defs) == snapshot


def test_jobs_schedules_and_sensors_are_as_in_the_snapshot(
    defs: Definitions, snapshot: SnapshotAssertion
) -> None:
    names = ("ingest", "nightly", "weekly", "memorisation", "monthly", "quarterly")
    repository = defs.get_repository_def()
    assert {
        "jobs": {
            name: {
                "assets": sorted(
                    key.to_user_string()
                    for key in defs.resolve_job_def(name).asset_layer.selected_asset_keys
                ),
                "run_tags": dict(defs.resolve_job_def(name).run_tags),
            }
            for name in names
        },
        "schedules": {
            each.name: (each.job_name, each.cron_schedule, each.execution_timezone)
            for each in repository.schedule_defs
        },
        "sensors": {
            each.name: (each.sensor_type.value, each.minimum_interval_seconds)
            for each in repository.sensor_defs
        },
    } == snapshot


def test_a_seventh_recipe_is_a_seventh_row_of_assets() -> None:
    recipes = load_recipes()
    seventh = recipes["gatekeeper"].model_copy(update={"name": "chef"})
    keys = assets_of(build_definitions(recipes | {"chef": seventh}, load_fleet("laptop"), "UTC"))
    row = {f"chef/{part}" for part in ("dataset", "adapter", "evaluation", "release")}
    assert row <= keys.keys()
    assert keys["chef/adapter"]["deps"] == ["base_model", "chef/dataset"]


def test_a_recipe_of_ones_own_folder_is_a_row_of_assets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = (PACKAGED_PERSONALITIES / "gatekeeper.yaml").read_text()
    (tmp_path / "chef.yaml").write_text(packaged.replace("gatekeeper", "chef"))
    monkeypatch.setenv("MAVERICK_PERSONALITIES", f"packaged,{tmp_path}")
    keys = assets_of(build_definitions(load_recipes(), load_fleet("laptop"), "UTC"))
    parts = ("dataset", "adapter", "evaluation", "release")
    assert {f"{name}/{part}" for name in ("chef", "robbie") for part in parts} <= keys.keys()


def test_an_entry_of_the_sources_file_is_a_raw_table_that_personalities_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(
        "sources:\n"
        "  - {kind: hubspot, name: hubspot, user: allan, token: HUBSPOT_TOKEN, "
        "addresses: [allan@testpilot.example]}\n"
        f"  - {{kind: documents, name: papers, user: allan, folder: {tmp_path}}}\n"
    )
    recipes = load_recipes()
    keys = assets_of(build_definitions(recipes, load_fleet("laptop"), "UTC", load_sources(path)))
    tables = {"hubspot_emails", "hubspot_messages", "hubspot_deals", "papers_documents"}
    assert {f"raw/{table}" for table in tables} <= set(keys["clean/turns"]["deps"])
    alike = {"hubspot_emails": "crm_emails", "papers_documents": "sticky_notes"}
    allan = recipes["allan-maverick"].with_tables(alike)
    assert {source.table: source.examples for source in allan.sources}.items() >= {
        ("hubspot_emails", "reply"),
        ("papers_documents", "insight"),
    }
    assert recipes["robbie"].with_tables(alike) == recipes["robbie"]


def test_every_training_of_a_node_shares_one_pool(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    pools = {
        name: graph.get(AssetKey([name, "adapter"])).pools
        for name in ("robbie", "allan_maverick", "gatekeeper")
    }
    assert all(pool == {"gpu_laptop"} for pool in pools.values())


def test_what_audits_holds_the_pool_of_the_trainings(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in (["robbie", "memorisation"], ["reports", "monthly"]):
        assert graph.get(AssetKey(key)).pools == {"gpu_laptop"}
    large = build_definitions(load_recipes(), load_fleet("rtx4090x5"), "UTC")
    pools = large.resolve_asset_graph().get(AssetKey(["robbie", "memorisation"])).pools
    assert pools == {"gpu_collaboration"}


def test_each_node_of_a_fleet_has_a_graph_and_a_pool() -> None:
    defs = build_definitions(load_recipes(), load_fleet("rtx4090x5"), "UTC")
    graph = defs.resolve_asset_graph()
    pools = {
        key.path[0]: graph.get(key).pools
        for key in graph.get_all_asset_keys()
        if key.path[-1] == "adapter"
    }
    assert pools == {
        "allan_maverick": {"gpu_aurora"},
        "robbie": {"gpu_collaboration"},
        "business_mentor": {"gpu_fluenti"},
        "technical_mentor": {"gpu_fluenti"},
        "gatekeeper": {"gpu_vengeance"},
        "health_monitor": {"gpu_vengeance"},
    }
    names = {node.name for node in defs.resolve_job_def("weekly").graph.node_defs}
    assert {"adapters_aurora", "adapters_fluenti"} <= names
    laptop = build_definitions(load_recipes(), load_fleet("laptop"), "UTC")
    more = assets_of(defs).keys() - assets_of(laptop).keys()
    assert assets_of(laptop).keys() <= assets_of(defs).keys()
    assert more == {"nodes", *(f"{name}/deployment" for name in pools)}  # its Ollama servers


def test_a_node_may_have_a_hyphen(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text("name: one\nnodes:\n  - {name: gpu-host}\n")
    defs = build_definitions(load_recipes(), load_fleet(str(path)), "UTC")
    pools = defs.resolve_asset_graph().get(AssetKey(["robbie", "adapter"])).pools
    assert pools == {"gpu_gpu_host"}


@pytest.mark.parametrize("module", ["definitions", "cli.app"])
def test_importing_what_every_command_needs_brings_no_heavy_package(module: str) -> None:
    heavy = ["torch", "transformers", "peft", "deepspeed", "scipy", "spacy", "xllamacpp"]
    heavy += ["tensorboard", "wandb"]
    code = (
        f"import maverick_assets.{module}, sys; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_workspace_validates_without_warnings_of_ours(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        cwd=PROJECT,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "All code locations passed validation" in done.stderr + done.stdout
    warnings = [line for line in done.stderr.splitlines() if "Warning" in line]
    ours = [line for line in warnings if "maverick_assets" in line]  # a folder may be "maverick"
    assert ours == []


def test_nodes_with_ollama_are_assets_and_a_laptop_has_none(defs: Definitions) -> None:
    def keys(definitions: Definitions) -> set[str]:
        graph = definitions.resolve_asset_graph()
        return {key.to_user_string() for key in graph.get_all_asset_keys()}

    fleet = build_definitions(load_recipes(), load_fleet("rtx4090x5"), "Europe/Berlin")
    prefixes = {recipe.asset_prefix for recipe in load_recipes().values()}
    assert keys(fleet) - keys(defs) == {"nodes", *(f"{name}/deployment" for name in prefixes)}
    nightly = fleet.resolve_job_def("nightly").asset_layer.selected_asset_keys
    assert {AssetKey("nodes"), AssetKey(["robbie", "deployment"])} <= set(nightly)
