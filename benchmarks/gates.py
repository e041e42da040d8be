"""Good and bad candidates, put through evaluation, gates, export and release.

    python -m benchmarks.gates [--good 50] [--bad 200]

Every candidate is a real adapter that the engine trained on a small base, or a variant of one; they
share trainings. Each is registered beside the same version in service, evaluated and released by
the functions of `pipeline/` that a run calls. Prints how many went into service, in Markdown.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.candidates.kinds import DROPPED, GOOD, Candidate, Datasets, Maker
from benchmarks.candidates.world import NAME, Trained, World, in_this_process, is_old, make_world
from benchmarks.machine import machine_line
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.evaluate import evaluate_version
from maverick_assets.pipeline.release import release_version
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.versions import Version
from maverick_assets.settings import load_settings

# Of the 200 bad ones.
SHARES = {
    "noise": 25,
    "another person": 25,
    "leaked test rows": 20,
    "over-trained": 20,
    "corrupted": 24,
    "wrong base": 16,
    "worse on old data": 20,
    "bleeding": 20,
    "quantised to rubbish": 10,
    "tie": 20,
}
SECOND = Version(1, 1)


@dataclass(frozen=True)
class Outcome:
    """What became of a candidate."""

    kind: str
    released: bool
    refused_by: tuple[str, ...]  # gates, or the stage that failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--good", type=int, default=50)
    parser.add_argument("--bad", type=int, default=200)
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder), ensure_base(load_settings()))
        with in_this_process(world.settings):
            outcomes = []
            for outcome in judged(world, arguments.good, arguments.bad):
                outcomes.append(outcome)
                _show(len(outcomes), outcome, time.monotonic() - started)
    print(machine_line())
    print()
    print(report(outcomes))
    print(f"\n{len(outcomes)} candidates in {(time.monotonic() - started) / 60:.0f} minutes.")


def judged(world: World, n_good: int, n_bad: int) -> Iterator[Outcome]:
    """The outcome of each candidate, one after the other."""
    maker = first_version(world)
    for number, candidate in enumerate(candidates(maker, n_good, n_bad)):
        yield judge(world, candidate, number)


def first_version(world: World) -> Maker:
    """Put the first version in service, trained on the old topics."""
    every = world.examples[NAME]
    old = world.commit([example for example in every if is_old(example)])
    held_out = next(example for example in every if example.split == "test")
    also_train = replace(held_out, example_id="also in training", split="train")
    foreign = [example for example in world.examples["robbie"] if example.split == "train"]
    datasets = Datasets(
        old=old,
        mixed_up=world.commit([*every, also_train]),
        relabelled=world.commit([replace(e, split="train") for e in every]),
        bled=world.commit([*every, *foreign]),
        all=world.commit(every),
    )
    trained = world.trained("in-service", world.old_train)
    folder = world.settings.home / "variants"
    candidate = Candidate("first", trained, old)
    run = world.run("first")
    version = run.registry.add_candidate(manifest(world, candidate, Version(1, 0)), trained.adapter)
    release_version(run, evaluate_version(run, version, world.recipe.gates))
    return Maker(world, datasets, trained, folder)


def candidates(maker: Maker, n_good: int, n_bad: int) -> Iterator[Candidate]:
    """So many good ones, and of the bad ones each kind by its share.

    Between them, uncounted: trainings that were to be good, and are not.
    """
    good = list(maker.good(n_good))
    yield from good
    yield from maker.dropped
    count = {kind: max(min(1, n_bad), n_bad * share // 200) for kind, share in SHARES.items()}
    best: Trained = good[0].trained
    yield from maker.noise(count["noise"])
    yield from maker.another_person(count["another person"])
    yield from maker.leaked(count["leaked test rows"])
    yield from maker.over_trained(count["over-trained"])
    yield from maker.corrupted(best, count["corrupted"])
    yield from maker.wrong_base(best, count["wrong base"])
    yield from maker.worse_on_old(count["worse on old data"])
    yield from maker.bleeding(count["bleeding"])
    yield from maker.lost_in_export(best, count["quantised to rubbish"])
    yield from maker.ties(count["tie"])


def judge(world: World, candidate: Candidate, number: int) -> Outcome:
    """Register a candidate, evaluate and release it, and put the registry back as it was."""
    run = world.run(f"candidate-{number}")
    registry = run.registry
    version = registry.add_candidate(manifest(world, candidate, SECOND), candidate.trained.adapter)
    directory = registry.directory(NAME, SECOND)
    refused_by: tuple[str, ...] = ()
    try:
        if candidate.damage:
            candidate.damage(directory)
        evaluated = evaluate_version(run, version, world.recipe.gates)
        assert evaluated.gate is not None
        refused_by = tuple(gate.gate for gate in evaluated.gate.gates if not gate.passed)
        release_version(run, evaluated)
    except MaverickError as error:
        refused_by = refused_by or (str(error),)
    current = registry.in_service(NAME)
    released = current is not None and current.version == SECOND
    with suppress(MaverickError):
        registry.rollback(NAME, "v1.0")
    shutil.rmtree(directory)
    shutil.rmtree(run.folder, ignore_errors=True)
    return Outcome(candidate.kind, released, refused_by)


def manifest(world: World, candidate: Candidate, version: Version) -> Manifest:
    """What the run that trained a candidate would write of it."""
    trained = Manifest(
        personality=NAME,
        version=version,
        kind="full",
        created_at=datetime.now(UTC),
        fingerprint="f",
        base_digest=world.base.digest,
        dataset_version=candidate.dataset_version,
        recipe=RecordedRecipe.model_validate(world.recipe),
        code_version="1",
        training=candidate.trained.summary,
    )
    return trained.model_copy(update=candidate.changes)


def report(outcomes: list[Outcome]) -> str:
    """A line for each kind: how many went into service, and what refused the others."""
    lines = ["| candidates | n | released | refused by |", "|---|---:|---:|---|"]
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_kind[outcome.kind].append(outcome)
    for kind, some in by_kind.items():
        reasons = Counter(reason for outcome in some for reason in outcome.refused_by)
        shown = ", ".join(f"{_short(reason)} ({n})" for reason, n in reasons.most_common(5))
        released = sum(outcome.released for outcome in some)
        lines.append(f"| {kind} | {len(some)} | {released} | {shown} |")
    bad = [outcome for outcome in outcomes if not outcome.kind.startswith((GOOD, DROPPED))]
    lines.append(f"| all bad ones | {len(bad)} | {sum(each.released for each in bad)} | |")
    return "\n".join(lines)


def _show(number: int, outcome: Outcome, seconds: float) -> None:
    """A line on stderr: all of them take most of an hour."""
    end = "released" if outcome.released else "; ".join(map(_short, outcome.refused_by))
    print(f"{seconds:6.0f} s  {number:3d}  {outcome.kind}: {end}", file=sys.stderr, flush=True)


def _short(reason: str) -> str:
    return reason if len(reason) <= 60 else reason[:57] + "..."


if __name__ == "__main__":
    main()
