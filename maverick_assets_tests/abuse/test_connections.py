"""Passwords and tokens: in no message, and in the environment of no process that needs none."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import psycopg
import pytest

from maverick_assets.cli.services import running_services
from maverick_assets.crm.connection import crm_url, dagster_url, describe_database, open_database
from maverick_assets.crm.sources.pdf_text import PdfReader
from maverick_assets.errors import BadInput
from maverick_assets.processes import (
    CURVE_SECRETS,
    HUB_SECRETS,
    child_environment,
    inherited_environment,
    run_module,
)
from maverick_assets.settings import Settings, load_settings
from maverick_assets.training.launch import torchrun
from maverick_assets.training.launch.layout import RankLayout
from maverick_assets.training.launch.ssh import SSH_VARIABLES
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.recording_log import RecordingLog

SECRET = "hunter2zebra"
READABLE = [
    f"postgresql://allan:{SECRET}@127.0.0.1:1/crm",
    f"postgresql://allan:p%40{SECRET}%2F@127.0.0.1:1/crm",
    f"postgresql://allan:p?{SECRET}@127.0.0.1:1/crm",
    f"postgresql://allan@127.0.0.1:1/crm?password={SECRET}",
    f"postgres://127.0.0.1:1/crm?user=allan&password={SECRET}&sslpassword={SECRET}",
    f"host=127.0.0.1 port=1 user=allan password={SECRET} dbname=crm",
    f"host=127.0.0.1 port=1 user=allan password='p \\'{SECRET}' dbname=crm",
    f"user=allan host=127.0.0.1 port=1 dbname=crm passfile=/{SECRET} sslpassword={SECRET}",
]
WRONG = [
    f"postgresql://allan:p@{SECRET}@127.0.0.1:1/crm",
    f"postgresql://allan:p/{SECRET}@127.0.0.1:1/crm",
    f"postgresql://allan:12/{SECRET}@127.0.0.1:1/crm",
    f"postgresql://allan:%zz{SECRET}@127.0.0.1:1/crm",
    f"host=127.0.0.1 password={SECRET} {SECRET}",
    f"host=127.0.0.1 {SECRET}=x",
    f"mysql://allan:{SECRET}@127.0.0.1/crm",
    SECRET,
]


@pytest.mark.parametrize("url", READABLE)
def test_a_database_is_shown_by_its_parts_without_secrets(url: str) -> None:
    assert describe_database(url) == "postgresql://allan@127.0.0.1:1/crm"
    with pytest.raises(BadInput) as caught:
        open_database(url, "MAVERICK_CRM_URL")
    assert "no connection to postgresql://allan@127.0.0.1:1/crm: " in str(caught.value)
    assert SECRET not in repr(caught.value)
    assert caught.value.__suppress_context__  # nor in a stack trace


@pytest.mark.parametrize("url", WRONG)
def test_of_a_string_that_cannot_be_read_nothing_is_shown(url: str) -> None:
    assert describe_database(url) is None
    with pytest.raises(BadInput, match="check MAVERICK_CRM_URL") as caught:
        open_database(url, "MAVERICK_CRM_URL")
    assert SECRET not in repr(caught.value)


def test_dagster_gets_a_url_whatever_the_form(tmp_path: Path) -> None:
    from sqlalchemy.engine import make_url

    keywords = "host=db.example port=5 user=me password='p@/ %' dbname=runs sslmode=require"
    url = make_url(dagster_url(Settings(home=tmp_path, dagster_url=keywords)))
    assert (url.username, url.password, url.database) == ("me", "p@/ %", "runs")
    assert url.query == {"host": "db.example", "port": "5", "sslmode": "require"}


def test_an_import_writes_to_no_crm_but_our_own(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    mails = tmp_path / "notes.jsonl"
    mails.write_text(json.dumps({"content": "hello"}))
    maverick = Maverick(tmp_path / "home", {"MAVERICK_CRM_URL": crm_url})
    done = maverick("crm", "import", "--jsonl", f"sticky_notes={mails}")
    assert done.returncode == 2
    assert done.stderr.startswith("maverick: `maverick crm import` fills a CRM that Maverick made")
    assert done.stderr.count("\n") == 1
    assert crm.execute("select count(*) from sticky_notes").fetchone() == (0,)


def test_the_folder_of_another_dagster_is_named_and_not_used(
    crm_environment: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "theirs"))
    monkeypatch.setenv("MAVERICK_DAGSTER_URL", "postgresql://db.example/dagster")
    for name in ("MODEL", "FLEET", "SOURCES"):
        monkeypatch.setenv(f"MAVERICK_{name}", "")
    with running_services(load_settings()):
        assert os.environ["DAGSTER_HOME"].endswith("/dagster_home")
    assert f"DAGSTER_HOME={tmp_path}/theirs is not used" in capsys.readouterr().err


TOKENS = {
    "HF_TOKEN": "hf",
    "WANDB_API_KEY": "wandb",
    "HUBSPOT_TOKEN": "hubspot",
    "MY_CALENDAR": "calendar",  # the sources file names such variables
    "PGPASSWORD": "pg",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "HTTPS_PROXY": "http://me:proxy@proxy.example",
    "MAVERICK_CRM_URL": "postgresql://me:crm@db.example/crm",
    "MAVERICK_DAGSTER_URL": "postgresql://me:dagster@db.example/dagster",
}


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, f"canary-{value}")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def held(environment: Mapping[str, str]) -> set[str]:
    """The tokens that an environment holds, under whatever name."""
    return {
        name
        for name, value in TOKENS.items()
        if any(f"canary-{value}" in text for text in environment.values())
    }


@pytest.mark.usefixtures("tokens")
class TestEachChild:
    """Each is started as in production, and its environment is read from the kernel or itself."""

    @pytest.mark.parametrize(
        ("secrets", "expected"), [((), set()), (HUB_SECRETS, {"HF_TOKEN", "HTTPS_PROXY"})]
    )
    def test_preparation_evaluation_and_conversion(
        self, secrets: tuple[str, ...], expected: set[str]
    ) -> None:
        results: list[str] = []
        module = "maverick_assets_tests.abuse.print_environment"
        run_module(module, log=RecordingLog(), on_result=results.append, secrets=secrets)
        environment = json.loads(results[0])
        assert held(environment) == expected
        assert environment["OMP_NUM_THREADS"] == "1"

    def test_the_driver_of_a_training_has_the_key_of_its_curves(self) -> None:
        child = subprocess.run(
            [sys.executable, "-m", "maverick_assets_tests.abuse.print_environment"],
            env=child_environment(*CURVE_SECRETS),
            capture_output=True,
            check=True,
        )
        assert held(json.loads(child.stdout)) == {"WANDB_API_KEY", "HTTPS_PROXY"}

    def test_ranks(self) -> None:
        layout = RankLayout(local_ranks=1)
        assert held(torchrun._environment(layout)) == set()

    def test_ssh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
        environment = inherited_environment(*SSH_VARIABLES)
        assert held(environment) == set()
        assert environment["SSH_AUTH_SOCK"] == "/agent"

    def test_the_reader_of_documents(self) -> None:
        with PdfReader() as reader:
            with pytest.raises(ValueError, match="not a readable PDF"):
                reader.read(b"%PDF-1.7")
            assert reader._child is not None
            assert held(psutil.Process(reader._child.pid).environ()) == set()

    def test_the_embedded_database(self, tmp_path: Path) -> None:
        settings = Settings(home=tmp_path, crm_url=None)
        crm_url(settings)
        pid = int((settings.postgres / "postmaster.pid").read_text().split()[0])
        assert held(psutil.Process(pid).environ()) == set()


def test_an_empty_database_becomes_a_crm_that_is_filled(crm_url: str, tmp_path: Path) -> None:
    note = {"id": "n1", "user_id": "allan", "title": "a", "content": "b", "tags": []}
    notes = tmp_path / "notes.jsonl"
    notes.write_text(json.dumps({**note, "created_at": "2026-11-01T09:00:00Z"}))
    maverick = Maverick(tmp_path / "home", {"MAVERICK_CRM_URL": crm_url})
    for _ in range(2):
        maverick.ok("crm", "create")
    maverick.ok("crm", "import", "--jsonl", f"sticky_notes={notes}")
    with psycopg.connect(crm_url) as connection:
        assert connection.execute("select id from sticky_notes").fetchall() == [("n1",)]


def test_tables_of_somebody_else_are_never_adopted(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    crm.execute("drop table crm_emails")
    crm.commit()
    done = Maverick(tmp_path / "home", {"MAVERICK_CRM_URL": crm_url})("crm", "create")
    assert done.returncode == 2
    assert "that Maverick did not make" in done.stderr
    assert crm.execute("select to_regclass('crm_emails')").fetchone() == (None,)
