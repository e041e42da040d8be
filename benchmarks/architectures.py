"""Which architectures the engine computes as transformers and peft do, and by which fast paths.

`python -m benchmarks.architectures [--write docs/benchmarks]`: a tiny random model of each, in
float32, about a minute. The same models are compared in the tests.
"""

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.machine import machine_line
from maverick_assets.base_model.load import quiet_transformers
from maverick_assets.errors import MaverickError, first_line
from maverick_assets.training.device.roofline import roofline_tokens_per_second
from maverick_assets.training.model.kept_check import engine_version
from maverick_assets_tests.architectures import ARCHITECTURES, REFUSED, Architecture, tiny_model
from maverick_assets_tests.training.model.comparison import CPU, Comparison, compare

PAGE = """# Architectures: `python -m benchmarks.architectures`

{machine} torch {torch}, transformers {transformers}, peft {peft}; engine {engine}.

Tiny random models in float32, two adapters in one step of six examples, all longer than every
window (16 tokens). Beside each: the greatest difference from transformers and peft, of an adapter's
loss (nats) and of a LoRA weight's gradient (of its norm). Bounds: 1e-4 and 1e-3. Fast paths that
are off were found by the engine itself, on other examples. The last column says why: how far it is
from transformers and peft with every fast path on, or why that cannot run.

| architecture | as transformers names it | off | loss | gradients | with every fast path on |
|---|---|---|---:|---:|---|
{rows}

{equal} of {all} are equal, {fast} with every fast path on.

Refused by the same check, where the preparation of a base has not refused them before:

| architecture | reason |
|---|---|
{refusals}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="folder for architectures.md")
    folder = parser.parse_args(arguments).write
    quiet_transformers()
    comparisons = {name: _compared(name) for name in ARCHITECTURES}
    equal = [c for c in comparisons.values() if c.loss < 1e-4 and c.gradient < 1e-3]
    page = PAGE.format(
        machine=machine_line(),
        torch=torch.__version__,
        transformers=version("transformers"),
        peft=version("peft"),
        engine=engine_version()[:12],
        rows="\n".join(_row(name, comparison) for name, comparison in comparisons.items()),
        equal=len(equal),
        all=len(comparisons),
        fast=sum(not comparison.check.chosen.paths.switched_off for comparison in equal),
        refusals="\n".join(f"| {name} | {_refusal(REFUSED[name])} |" for name in REFUSED),
    )
    print(page)
    if folder:
        (folder / "architectures.md").write_text(page, encoding="utf-8")


def _compared(name: str) -> Comparison:
    roofline_tokens_per_second(tiny_model(ARCHITECTURES[name]), CPU)  # must know each kind of layer
    return compare(ARCHITECTURES[name])


def _row(name: str, comparison: Comparison) -> str:
    check = comparison.check
    off = ", ".join(check.chosen.paths.switched_off) or "-"
    all_fast = check.all_fast
    reason = all_fast.error or (
        f"loss {all_fast.difference.loss:.0e}, gradients {all_fast.difference.gradient:.0e}"
    )
    family = ARCHITECTURES[name].model_type
    differences = f"{comparison.loss:.0e} | {comparison.gradient:.0e}"
    return f"| {name} | `{family}` | {off} | {differences} | {reason if off != '-' else '-'} |"


def _refusal(architecture: Architecture) -> str:
    try:
        compare(architecture)
    except MaverickError as error:
        return first_line(error)
    return "NOT REFUSED"


if __name__ == "__main__":
    main()
