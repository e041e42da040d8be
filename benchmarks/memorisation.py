"""An audit of memorisation, as its job makes it.

    python -m benchmarks.memorisation DEMO_HOME [--personality allan-maverick]

DEMO_HOME: a run home with a version in service; it gets the report. Prints Markdown.
"""

import argparse
from pathlib import Path
from uuid import uuid4

from benchmarks.machine import machine_line
from maverick_assets.pipeline.memorisation import audit_personality, audit_report
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes, recipe_named
from maverick_assets.settings import Settings


class TerminalLog:
    """Lines on the terminal."""

    def info(self, msg: str) -> None:
        print(msg, flush=True)

    warning = error = info


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--personality", default="allan-maverick")
    arguments = parser.parse_args()
    run = RunContext(Settings(home=arguments.home), str(uuid4()), TerminalLog())
    figures = audit_personality(run, recipe_named(load_recipes(), arguments.personality))
    text, _ = audit_report(run.settings, figures)
    print(f"{machine_line()}\n\n{figures.seconds:.0f} s\n\n{text}")


if __name__ == "__main__":
    main()
