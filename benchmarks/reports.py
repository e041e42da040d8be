"""The reports of the sample CRM under `docs/`: of its twin, and of all personalities.

    python -m benchmarks.reports --home DIR --out docs

DIR is the run home of a demo; a copy of it is used. In the copy the month's job is done: every
version in service becomes a major one, which is measured thoroughly, after an audit of memorisation
where the run home has none of this month (minutes each). The two pages are those that the job
writes, but for their links. Everything in them is invented, and a page that names this machine is
not written. Prints the page of the month in Markdown.
"""

import argparse
import os
import re
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import machine_line, server_folder
from maverick_assets.cli.console import TerminalLog
from maverick_assets.evaluation.reports.page import PAGE
from maverick_assets.pipeline.review import monthly_report
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import Settings, load_settings

TWIN = "allan-maverick"
TWIN_PAGE = "evaluation-of-the-sample.html"
FLEET_PAGE = "month-of-the-sample.html"
# Of the run home. `reports` has the last audits of memorisation; the job asks no server.
_NEEDED = (".private", "base", "keys", "lake", "models", "reports")
_LINK = re.compile(r'<a href="\.\./([^/"]+)/[^"]+">([^<]*)</a>')  # to the page of a version


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with server_folder() as folder:
        copy = folder / "home"
        copy.mkdir(mode=0o700)
        needed = [path for path in arguments.home.iterdir() if path.name in _NEEDED]
        subprocess.run(["cp", "-a", *map(str, needed), str(copy)], check=True)
        os.environ["MAVERICK_HOME"] = str(copy)
        text, pages = month(load_settings())
        names = [str(folder), str(arguments.home.resolve()), str(Path.home()), socket.gethostname()]
        for name, page in pages.items():
            refuse_names(page, names)
            (arguments.out / name).write_text(page, encoding="utf-8")
    print(f"{machine_line()}\n\n{text}")


def month(settings: Settings) -> tuple[str, dict[str, str]]:
    """Do the month's job; its report in Markdown, and the pages by name."""
    run = RunContext(settings, "month", TerminalLog())
    report = monthly_report(run, load_recipes().values())
    twin = run.registry.newest(TWIN)
    assert twin is not None
    page = run.registry.directory(TWIN, twin.version) / "report" / PAGE
    return report.text, {
        TWIN_PAGE: page.read_text(encoding="utf-8"),
        FLEET_PAGE: relinked(report.page.read_text(encoding="utf-8")),
    }


def relinked(page: str) -> str:
    """The fleet's page with a link to the twin's page alone, which lies beside it."""
    return _LINK.sub(
        lambda link: f'<a href="{TWIN_PAGE}">{link[2]}</a>' if link[1] == TWIN else str(link[2]),
        page,
    )


def refuse_names(page: str, names: Sequence[str]) -> None:
    """Raise `SystemExit` for a page that holds one of these folders or hosts."""
    held = [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", page)]
    if held:
        raise SystemExit(f"not written: a page names {', '.join(held)}")


if __name__ == "__main__":
    main()
