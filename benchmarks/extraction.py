"""Times the extraction of a large table against `pandas.read_sql`, and compares their memory.

    python -m benchmarks.extraction [--rows 200000]

Both sides run three times, alternating, each time in a process of its own. Ours also writes the
Delta table. Prints Markdown.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.machine import machine_line, server_folder
from maverick_assets.crm.connection import create_tables
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.schema import TABLES

REPEATS = 3
FILL = """
insert into crm_emails (id, sender_email, recipients, subject, body, sent_at, updated_at)
select 'mail-' || n, 'person' || n %% 500 || '@brand.example', 'allan@testpilot.example',
       'Shelf test ' || n %% 1000,
       (select string_agg(md5((n * 40 + w)::text), ' ') from generate_series(1, 30) w),
       timestamptz '2020-01-01' + n * interval '1 minute', now()
from generate_series(%s::int + 1, %s::int) n
"""


@dataclass(frozen=True)
class Side:
    """What one process took."""

    seconds: float  # of wall clock
    megabytes: float  # peak memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(run_side(*arguments.child)))
        return
    with server_folder() as folder:
        print(report(arguments.rows, folder))


def report(rows: int, folder: Path) -> str:
    url = database_url(folder / "postgres", "bench")
    with psycopg.connect(url) as connection:
        create_tables(connection)
        connection.execute(FILL, [0, rows])
    pandas: list[Side] = []
    ours: list[Side] = []
    for repeat in range(REPEATS):
        pandas.append(measure("pandas", url, folder / f"pandas{repeat}"))
        ours.append(measure("extract", url, folder / f"lake{repeat}"))
    with psycopg.connect(url) as connection:
        connection.execute(FILL, [rows, rows + rows // 100])
    night = measure("extract", url, folder / "lake0")
    quarter = measure("extract-quarter", url, folder / "quarter")
    lines = [
        machine_line(),
        "",
        f"| {rows} mails of 1 kB | seconds | peak memory |",
        "|---|---:|---:|",
    ]
    for name, sides in (("`pandas.read_sql`", pandas), ("extraction into Delta", ours)):
        seconds, megabytes = medians(sides)
        lines.append(f"| {name} | {seconds:.1f} | {megabytes:.0f} MB |")
    lines.append(f"| a quarter of the table | {quarter.seconds:.1f} | {quarter.megabytes:.0f} MB |")
    lines.append(f"| 1 % new rows on top | {night.seconds:.1f} | {night.megabytes:.0f} MB |")
    times = medians(pandas)[0] / medians(ours)[0]
    share = medians(ours)[1] / medians(pandas)[1]
    return "\n".join([*lines, "", f"{times:.1f} times as fast, {share:.2f} of the memory."])


def medians(sides: list[Side]) -> tuple[float, float]:
    """Medians of seconds and memory."""
    return (
        statistics.median(side.seconds for side in sides),
        statistics.median(side.megabytes for side in sides),
    )


def measure(side: str, url: str, lake: Path) -> Side:
    command = [sys.executable, "-m", "benchmarks.extraction", "--child", side, url, str(lake)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return Side(**json.loads(done.stdout))


def run_side(side: str, url: str, lake: str) -> dict[str, float]:
    """Run one side: seconds without imports, memory with them."""
    if side == "pandas":
        import pandas
        import sqlalchemy

        engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
        columns = ", ".join(TABLES["crm_emails"].columns)
        started = time.monotonic()
        with engine.connect() as connection:
            pandas.read_sql(sqlalchemy.text(f"select {columns} from crm_emails"), connection)
    else:
        from maverick_assets.crm.extraction import extract

        if side == "extract-quarter":
            with psycopg.connect(url) as connection:
                connection.execute("delete from crm_emails where mod(hashtext(id), 4) <> 0")
        started = time.monotonic()
        extract(url, TABLES["crm_emails"], Path(lake))
    seconds = time.monotonic() - started
    return {
        "seconds": seconds,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
