"""Versions in service on every node of the fleet that answers as their personality.

In two phases: first every node that can be reached gets the version and answers a question with it;
only then does any of them put it in service. What the registry has in service decides, so that a
rollback is deployed as a release is, and a node that was down is brought level by the next call.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from filelock import FileLock, Timeout

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.fleets import Fleet, load_fleet
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.manifest import Manifest, NodeOverride
from maverick_assets.serving.nodes.endpoints import Endpoint, endpoints_of
from maverick_assets.serving.nodes.installation import (
    prepare,
    remove_old,
    serving_version,
    switch,
    versions_on,
    withdraw,
)
from maverick_assets.serving.nodes.ollama_api import MOVING, OllamaApi, model_name, open_api
from maverick_assets.serving.nodes.package import Package, package_of
from maverick_assets.serving.nodes.patience import Patience
from maverick_assets.serving.nodes.problems import NodeDown, NodeFull, NodeProblem, Unlike
from maverick_assets.serving.nodes.state import Held, read_state, states_folder, write_state

# level: the version in service answers, and no revoked one is left. waiting: it has the version,
# and another node could not get it. down: it does not answer. failed: it answers, and says no.
NodeStanding = Literal["level", "waiting", "down", "failed"]
Result = TypeVar("Result")


@dataclass(frozen=True)
class NodeOutcome:
    """How one node fared with one personality."""

    node: str
    state: NodeStanding
    serves: str | None  # the version that it answers with; of a node that is down, the last known
    seconds: float
    problem: str | None = None
    override: str | None = None  # why an operator takes it as it answers there


@dataclass(frozen=True)
class Deployment:
    """One personality on its nodes."""

    personality: str
    version: str | None  # in service; None: no version is, and the nodes are to have none
    nodes: Sequence[NodeOutcome]
    problem: str | None = None  # why nothing could be brought to any node

    @property
    def is_level(self) -> bool:
        """Whether every node answers with the version in service, and with no other."""
        return self.problem is None and all(node.state == "level" for node in self.nodes)


@dataclass
class _Visit:
    """The work on one node for one personality, until its outcome."""

    endpoint: Endpoint
    digest: str = ""  # of the version's manifest there, once it has answered
    problem: MaverickError | None = None
    override: str | None = None  # an operator's reason to take it as it answers there
    seconds: float = 0.0


@dataclass(frozen=True)
class _Work:
    """What the steps of one deployment share."""

    run: RunContext
    personality: str
    patience: Patience
    manifests: Sequence[Manifest]
    visits: Sequence[_Visit] = field(default_factory=list)
    reason: str | None = None  # an operator's, of this call

    @property
    def revoked(self) -> list[str]:
        return [str(m.version) for m in self.manifests if m.state == "revoked"]

    @property
    def wanted(self) -> str | None:
        """The version in service."""
        return next((str(m.version) for m in self.manifests if m.state == "released"), None)

    @property
    def ready(self) -> list[_Visit]:
        return [visit for visit in self.visits if visit.problem is None]


def served_personalities(fleet: Fleet, names: Sequence[str]) -> list[str]:
    """Those of `names` that some node answers as."""
    return [name for name in names if fleet.serving_nodes(name)]


def deploy(
    run: RunContext,
    personalities: Sequence[str] = (),
    patience: Patience | None = None,
    reason: str | None = None,
) -> list[Deployment]:
    """Bring nodes level with what is in service; without names for all personalities.

    `reason` takes the versions of the named personalities on nodes that answer otherwise than
    their files do; the manifest keeps it for each such node. What goes wrong with a node or a
    personality is in the result, and the others are deployed all the same. Raises `BadInput` when
    no node of the fleet answers as one of the personalities, and for a reason that is empty or
    names none; `MaverickError` while another deployment does not end.
    """
    if reason is not None and not (reason.strip() and personalities):
        raise BadInput("an override needs a reason, and the personality that it is for")
    fleet = load_fleet(run.settings.fleet)
    names = list(personalities) or served_personalities(fleet, run.registry.personalities())
    for name in names:
        if not fleet.serving_nodes(name):
            raise BadInput(
                f"no node of the fleet {fleet.name} answers as {name}; give one its `ollama` "
                "(docs/deploy.md), or set MAVERICK_FLEET"
            )
    patience = patience or Patience()
    deployments = []
    with _alone(run, patience):
        for name in names:
            try:
                deployments.append(_deploy_one(run, fleet, name, patience, reason))
            except MaverickError as error:  # such as a corrupt manifest of this personality
                deployments.append(Deployment(name, None, [], str(error)))
    return deployments


def follow_registry(run: RunContext, personality: str) -> list[Deployment]:
    """What `deploy` does for one personality, after a release or a rollback; nothing without nodes.

    Raises `MaverickError` while another deployment does not end.
    """
    if not load_fleet(run.settings.fleet).serving_nodes(personality):
        return []
    return deploy(run, [personality])


def require_level(deployments: Sequence[Deployment]) -> None:
    """Raise `MaverickError` that names the first node that is not level, and counts the others."""
    problems = [f"{each.personality}: {each.problem}" for each in deployments if each.problem]
    for each in deployments:
        for node in each.nodes:
            if node.state != "level" and each.problem is None:
                serves = f"it answers with {node.serves}" if node.serves else "it has no version"
                last = " when it was last seen" if node.state == "down" else ""
                reason = f": {node.problem}" if node.problem else ""
                problems.append(
                    f"{each.personality} on {node.node} is {node.state} ({serves}{last}){reason}"
                )
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise MaverickError(f"{problems[0]}{more}; run `maverick deploy` again once that is over")


def require_no_refusal(deployments: Sequence[Deployment]) -> None:
    """What `require_level` does, but for nodes that are down: the next run brings them level."""
    reachable = [
        replace(each, nodes=[node for node in each.nodes if node.state != "down"])
        for each in deployments
    ]
    require_level(reachable)


def withdraw_revoked(run: RunContext, patience: Patience | None = None) -> list[Deployment]:
    """Remove revoked versions from all nodes at once, before anything else is brought there.

    A node that is down is in the result: it may answer with one of them once it is back, until the
    next deployment. Raises `MaverickError` while another deployment does not end.
    """
    fleet = load_fleet(run.settings.fleet)
    names = served_personalities(fleet, run.registry.personalities())
    if not names:
        return []
    patience = patience or Patience()
    with _alone(run, patience):
        return [
            deployment
            for name in names
            if (deployment := _withdraw_one(run, fleet, name, patience)) is not None
        ]


def _withdraw_one(
    run: RunContext, fleet: Fleet, name: str, patience: Patience
) -> Deployment | None:
    """None where no version of a personality is revoked."""
    try:
        work = _work(run, fleet, name, patience)
    except MaverickError as error:  # a corrupt manifest
        return Deployment(name, None, [], str(error))
    if not work.revoked:
        return None
    _on_each(work, work.visits, lambda visit, api: _withdraw(work, visit, api))
    return _deployment(work, None)


def _deploy_one(
    run: RunContext, fleet: Fleet, name: str, patience: Patience, reason: str | None
) -> Deployment:
    work = replace(_work(run, fleet, name, patience), reason=reason and reason.strip())
    if work.revoked:
        _on_each(work, work.visits, lambda visit, api: _withdraw(work, visit, api))
    current = next((m for m in work.manifests if m.state == "released"), None)
    if current is None:
        return _deployment(work, None)
    run.settings.runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run.settings.runs) as folder:
        try:
            package = package_of(run.settings, run.registry, current, Path(folder))
        except MaverickError as error:
            return _deployment(work, str(current.version), str(error))
        return _in_two_phases(work, package)


def _in_two_phases(work: _Work, package: Package) -> Deployment:
    run, name, version = work.run, package.personality, package.version
    _on_each(work, work.ready, lambda visit, api: _prepare(work, visit, api, package))
    refused = [v for v in work.visits if v.problem and not isinstance(v.problem, NodeDown)]
    if refused:
        names = ", ".join(visit.endpoint.name for visit in refused)
        run.log.error(f"{name} {version} is put in service on no node: not ready: {names}")
        return _deployment(work, version)
    ready = ", ".join(visit.endpoint.name for visit in work.ready) or "no node"
    run.log.info(f"{name} {version} has answered on {ready}")
    _on_each(work, work.ready, lambda visit, api: _switch(work, visit, api, package))
    return _deployment(work, version)


def _work(run: RunContext, fleet: Fleet, name: str, patience: Patience) -> _Work:
    visits = [_Visit(endpoint) for endpoint in endpoints_of(fleet, name)]
    return _Work(run, name, patience, run.registry.versions_of(name), visits)


def _on_each(
    work: _Work, visits: Sequence[_Visit], step: Callable[[_Visit, OllamaApi], object]
) -> None:
    """Take a step on several nodes at once; what goes wrong is noted in the visit."""
    if not visits:
        return
    with ThreadPoolExecutor(len(visits)) as threads:
        list(threads.map(lambda visit: _attempt(work, visit, step), visits))


def _attempt(work: _Work, visit: _Visit, step: Callable[[_Visit, OllamaApi], object]) -> None:
    """Try a step a few times, with longer and longer pauses."""
    started, patience = time.monotonic(), work.patience
    visit.problem = None
    for attempt in range(patience.attempts):
        if attempt:
            time.sleep(patience.pause * 2 ** (attempt - 1))
        try:
            with open_api(visit.endpoint, patience) as api:
                step(visit, api)
            visit.problem = None
            break
        except MaverickError as error:
            visit.problem = error
            if isinstance(error, NodeFull | Unlike) or not isinstance(error, NodeProblem):
                break  # it is not the node that would do better
    if visit.problem is not None:
        work.run.log.warning(f"{work.personality} on {visit.endpoint.name}: {visit.problem}")
    visit.seconds += time.monotonic() - started


def _withdraw(work: _Work, visit: _Visit, api: OllamaApi) -> None:
    held = read_state(work.run.settings, visit.endpoint.name).held(work.personality)
    usable = {v: digest for v, digest in held.verified.items() if v not in work.revoked}
    for removed in withdraw(api, work.personality, work.revoked, usable):
        work.run.log.info(f"removed from {visit.endpoint.name}, for it is revoked: {removed}")
    _note(work, visit, api, usable)


def _prepare(work: _Work, visit: _Visit, api: OllamaApi, package: Package) -> None:
    held = read_state(work.run.settings, visit.endpoint.name).held(work.personality)
    manifest = work.run.registry.usable(work.personality, package.version)
    visit.override = manifest.node_override(visit.endpoint.name)
    verified = held.verified.get(package.version)
    visit.digest = prepare(api, package, verified, partial(_accept, work, visit, package))
    _note(work, visit, api, {**held.verified, package.version: visit.digest})


def _accept(work: _Work, visit: _Visit, package: Package, difference: Unlike) -> bool:
    """Whether an operator takes a version on a node as it answers there, now or before."""
    node, name = visit.endpoint.name, package.personality
    if work.reason is not None:
        override = NodeOverride(
            node=node, reason=work.reason, difference=str(difference), at=datetime.now(UTC)
        )
        work.run.registry.override_node(name, package.version, override)
        visit.override = work.reason
    if visit.override is None:
        difference.add_note(f"if that is right, take it with `maverick deploy {name} --reason ...`")
        return False
    work.run.log.warning(f"{name} on {node}: {difference}; taken, because: {visit.override}")
    return True


def _switch(work: _Work, visit: _Visit, api: OllamaApi, package: Package) -> None:
    work.run.registry.usable(work.personality, package.version)  # it may be revoked by now
    switch(api, package, visit.digest)
    name = visit.endpoint.name
    held = read_state(work.run.settings, name).held(work.personality)
    _note(work, visit, api, held.verified)  # from now on it answers with the version
    try:
        for removed in remove_old(api, work.personality, _kept(work, package.version)):
            work.run.log.info(f"removed from {name}, for it is old: {removed}")
    except NodeProblem as error:
        work.run.log.warning(f"{name}: old versions stay until the next deployment: {error}")


def _kept(work: _Work, current: str) -> set[str]:
    """The versions that stay on a node: the one in service, and those before it that were."""
    usable = [m for m in work.manifests if m.state in ("released", "archived")]
    newest = [str(m.version) for m in usable[-work.run.settings.serving_node_versions :]]
    return {current, *newest}


def _note(work: _Work, visit: _Visit, api: OllamaApi, verified: Mapping[str, str]) -> None:
    """Write down what a node has now, by its own list."""
    models = api.models()
    present = versions_on(models, work.personality)
    moving = models.get(model_name(work.personality, MOVING))
    kept = {v: d for v, d in verified.items() if d in (present.get(v), moving)}
    serves = serving_version(models, work.personality, kept, work.wanted)
    held = Held(serves=serves, verified=kept)
    name = visit.endpoint.name
    state = read_state(work.run.settings, name)
    write_state(work.run.settings, name, state.with_held(work.personality, held, datetime.now(UTC)))


def _deployment(work: _Work, version: str | None, problem: str | None = None) -> Deployment:
    outcomes = [_outcome(work, visit) for visit in work.visits]
    if version is not None:
        outcomes = [_with_version(outcome, version) for outcome in outcomes]
    return Deployment(work.personality, version, outcomes, problem)


def _outcome(work: _Work, visit: _Visit) -> NodeOutcome:
    name, problem = visit.endpoint.name, visit.problem
    held = read_state(work.run.settings, name).held(work.personality)
    state: NodeStanding = "level"
    if problem is not None:
        state = "down" if isinstance(problem, NodeDown) else "failed"
    notes = [str(problem), *getattr(problem, "__notes__", ())] if problem else []
    text = "; ".join(notes) or None
    seconds = round(visit.seconds, 3)
    return NodeOutcome(name, state, held.serves, seconds, text, visit.override)


def _with_version(outcome: NodeOutcome, version: str) -> NodeOutcome:
    """A node that waits for others is not level, unless it had the version before."""
    if outcome.state != "level" or outcome.serves == version:
        return outcome
    return replace(outcome, state="waiting")


@contextmanager
def _alone(run: RunContext, patience: Patience) -> Iterator[None]:
    """One deployment at a time: the tag that moves last must be the one decided last."""
    folder = states_folder(run.settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=patience.lock):
            yield
    except Timeout as error:
        raise MaverickError("another deployment is under way; try again later") from error
