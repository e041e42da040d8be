"""Requests made from the API's own description are answered as it says, and never by an error."""

import subprocess
import sys
from pathlib import Path

from maverick_assets_tests.api.conftest import Server

NOT_CHECKED = (
    "positive_data_acceptance",  # rules between two fields, which a schema does not say
    "allow_header_conformance",  # of two methods of a path, Starlette names the first
)


def test_requests_by_the_description_are_answered_as_it_says(
    server: Server, tmp_path: Path
) -> None:
    # Neither `train` nor `admin`: what they change, the other tests would see.
    token = server.token("fuzzer", "chat", "owner", "intimate", "health")
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{server.address}/openapi.json",
            f"--header=Authorization: Bearer {token}",
            "--phases=examples,coverage,fuzzing",
            "--max-examples=10",
            f"--exclude-checks={','.join(NOT_CHECKED)}",
            "--generation-deterministic",
            "--no-color",
        ],
        cwd=tmp_path,  # it writes a folder of its own
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
