"""No command prints a control sequence, whatever mails, files, models and servers say."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from maverick_assets.cli.app import main
from maverick_assets.cli.console import cell, note, print_result, print_table
from maverick_assets.defs.runs.context import _PrintableLog
from maverick_assets.errors import BadInput
from maverick_assets.printable import PrintableOutput, printable
from maverick_assets.records import GateDecision
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.crm.raw_messages import raw_message
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.registry.conftest import AddVersion

# A link and the clipboard (OSC 8 and 52), a cleared screen (CSI), the same with C1 characters, a
# line that covers itself, words turned around, tags, and a character of no width
ATTACK = (
    "\x1b]8;;http://evil.example\x1b\\a\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b2J\x9d52;c;x\x9c"
    "ok\rforged\x08\x7f\u202egnp.exe\u2066\u200b\U000e0041\ufeff\u2028\x85"
)
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `maverick` in this process; returns its exit code, and everything that it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        before = sys.stdout, sys.stderr
        monkeypatch.setattr(sys, "argv", ["maverick", *arguments])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            for stream in (sys.stdout, sys.stderr):
                assert isinstance(stream, PrintableOutput)
                stream.flush()
                stream.detach()
            sys.stdout, sys.stderr = before
        printed = capfdbinary.readouterr()
        return code, (printed.out + printed.err).decode()

    return run


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("MAVERICK_HOME", str(folder))
    return folder


def harmless(text: str) -> bool:
    return FORBIDDEN.search(text) is None


def test_the_attack_is_one() -> None:
    assert not harmless(ATTACK)
    assert harmless(printable(ATTACK))
    ordinary = "Grüße\n\t👩\u200d👧 \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert printable(ordinary) == ordinary


@pytest.mark.parametrize(
    "arguments",
    [
        ["chat", ATTACK, "hello"],
        ["chat", "robbie", ATTACK],
        ["chat", "robbie", "hello", "--mood", ATTACK],
        ["chat", "robbie", "hello", "--version", ATTACK],
        ["models", "show", ATTACK],
        ["models", "list", ATTACK],
        ["models", "rollback", "robbie", "--to", ATTACK],
        ["models", "release", "robbie", ATTACK],
        ["datasets", "quarantine", "--personality", ATTACK],
        ["datasets", "quarantine", "show", ATTACK],
        ["forget", "--row", ATTACK],
        ["forget", "--contact", ATTACK, "--row", ATTACK],
        ["run", ATTACK],
        [f"--{ATTACK}"],
        [ATTACK],
    ],
    ids=lambda arguments: " ".join(arguments).replace(ATTACK, "ATTACK"),
)
def test_an_argument_in_an_error_is_escaped(
    arguments: list[str], command: Command, home: Path
) -> None:
    code, printed = command(*arguments)
    assert code
    assert harmless(printed), ascii(printed)


def test_names_of_mails_and_reasons_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    name = ATTACK.replace("/", "").replace("\x00", "")
    (folder / f"{name}\nforged line").write_bytes(raw_message(From=None))
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "1", "created_at": ATTACK, "content": "x"}))
    arguments = ["--maildir", str(folder), "--jsonl", f"sticky_notes={rows}"]
    done = Maverick(tmp_path / "home")("crm", "import", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("1 skipped") == 2
    assert "\nforged line" not in done.stderr
    assert harmless(done.stdout + done.stderr), ascii(done.stderr)


def test_what_a_manifest_says_is_escaped(
    command: Command, home: Path, add_version: AddVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = GateDecision(
        passed=True, reasons=(ATTACK,), decided_at="2026-11-01T00:00:00Z", override=ATTACK
    )
    manifest = add_version("v1.0", gate=gate)
    assert manifest.gate is not None
    assert manifest.gate.override == ATTACK
    registry_home = next(p for p in (home.parent).rglob("robbie") if p.is_dir()).parent
    if registry_home != home / "models":
        (home / "models").symlink_to(registry_home)
        (home / "keys").symlink_to(registry_home.with_name("keys"))
    for arguments in (
        ["models", "list"],
        ["models", "list", "--json"],
        ["models", "show", "robbie", "v1.0"],
        ["models", "show", "robbie", "v1.0", "--json"],
    ):
        code, printed = command(*arguments)
        assert code == 0, printed
        assert harmless(printed), ascii(printed)
        if arguments[-1] == "--json" and arguments[1] == "show":
            assert json.loads(printed)["gate"]["override"] == ATTACK


def test_everything_goes_through_one_layer(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from rich.table import Table

    table = Table("name")
    table.add_row(cell(ATTACK + "[red]"))
    print_table({}, table, as_json=False)
    print_result(ATTACK, ATTACK, as_json=False)
    print_result({ATTACK: ATTACK}, "", as_json=True)
    note(ATTACK + "\nforged")
    log = RecordingLog()
    _PrintableLog(log).warning(ATTACK + "\nforged")
    printed = capfdbinary.readouterr()
    text = (printed.out + printed.err).decode() + "".join(log.of_level("warning"))
    assert harmless(text), ascii(text)
    assert "\nforged" not in text
    assert "\n" not in str(BadInput(f"{ATTACK}\nforged"))
    assert harmless(str(BadInput(ATTACK)))
