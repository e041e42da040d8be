"""A run worker whose one step holds the pool `gpu_test` until it reads a line.

Usage: `python -m maverick_assets_tests.defs.runs.pool_holder MARK`; the run carries MARK as a tag.
"""

import sys

from dagster import DagsterInstance, execute_job, job, op, reconstructable

from maverick_assets.defs.runs.liveness import locking_in_process_executor
from maverick_assets.defs.runs.progress import progress_logger


@op(pool="gpu_test")
def hold_pool() -> None:
    print("holding", flush=True)
    sys.stdin.readline()


@job(executor_def=locking_in_process_executor, logger_defs={"progress": progress_logger})
def pool_holder() -> None:
    hold_pool()


if __name__ == "__main__":
    with DagsterInstance.get() as instance:
        execute_job(
            reconstructable(pool_holder),
            instance,
            run_config={"loggers": {"progress": {}}},
            tags={"maverick/test": sys.argv[1]},
        )
