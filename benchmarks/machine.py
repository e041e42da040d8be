"""The machine that a benchmark runs on."""

import os
import platform
from pathlib import Path

import psutil


def machine_line() -> str:
    """One line that names the machine that a figure was measured on."""
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    processor = names[0] if names else platform.processor()
    memory = psutil.virtual_memory().total / 2**30
    return f"Machine: {processor}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.platform()}."
