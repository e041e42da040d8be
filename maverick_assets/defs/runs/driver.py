"""The training process of a node, started through Dagster Pipes: here, or on the node's hosts."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dagster import (
    OpExecutionContext,
    PipesClient,
    PipesClientCompletedInvocation,
    PipesEnvContextInjector,
    PipesFileContextInjector,
    PipesFileMessageReader,
    PipesMessageReader,
    PipesSubprocessClient,
    open_pipes_session,
)
from dagster._core.pipes.context import PipesMessageHandler
from dagster._core.pipes.utils import extract_message_or_forward_to_stdout
from dagster_pipes import PipesDefaultMessageWriter, PipesParams

from maverick_assets.fleets import Node
from maverick_assets.pipeline.train import Driver
from maverick_assets.processes import CURVE_SECRETS, child_environment
from maverick_assets.training.launch.hosts import HostTraining
from maverick_assets.training.launch.ssh import Patience

# What a driver reads from its environment besides Pipes' own parameters: where curves go.
CARRIED_PREFIXES = ("WANDB_",)


def drive_through_pipes(context: OpExecutionContext, node: Node) -> Driver:
    """A driver whose lines go to the log of the run, and which stops when the run is cancelled."""

    def drive(spec: Path) -> Mapping[str, str]:
        if node.remote_hosts:
            invocation = PipesSSHClient().run(context=context, spec=spec)
        else:
            command = [sys.executable, "-m", "maverick_assets.training.driver", str(spec)]
            invocation = _subprocess_client(spec).run(
                context=context, command=command, env=child_environment(*CURVE_SECRETS)
            )
        reports = invocation.get_custom_messages()
        return {report["personality"]: report["reason"] for report in reports if "reason" in report}

    return drive


def _subprocess_client(spec: Path) -> PipesSubprocessClient:
    """Its files lie beside the spec: temporary ones stay for ever when a run is killed."""
    return PipesSubprocessClient(
        context_injector=PipesFileContextInjector(str(spec.with_name("pipes-context"))),
        message_reader=PipesFileMessageReader(str(spec.with_name("pipes-messages"))),
    )


class LineMessageReader(PipesMessageReader):
    """Reads Pipes' messages from the lines of a driver's stdout, as SSH brings them."""

    def __init__(self) -> None:
        self._handler: PipesMessageHandler | None = None
        self._closing: str | None = None

    @contextmanager
    def read_messages(self, handler: PipesMessageHandler) -> Iterator[PipesParams]:
        self._handler = handler
        try:
            yield {PipesDefaultMessageWriter.STDIO_KEY: PipesDefaultMessageWriter.STDOUT}
        finally:
            if self._closing:
                extract_message_or_forward_to_stdout(handler, self._closing)

    def read_line(self, line: str) -> None:
        """Handle a line: a message of Pipes, or one that a library printed."""
        assert self._handler is not None
        if _method(line) == "closed":
            # Only that of the last driver: Dagster warns of messages that come after it, and a
            # training that lost a host has several drivers.
            self._closing = line
        else:
            extract_message_or_forward_to_stdout(self._handler, line)

    def no_messages_debug_text(self) -> str:
        return "Read lines of the driver's stdout through SSH."


def _method(line: str) -> str | None:
    """The method of a Pipes message; None for any other line."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message.get("method") if isinstance(message, dict) else None


class PipesSSHClient(PipesClient):
    """Runs the driver of a spec on the hosts of its node, whose main process opens Pipes."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()

    def run(  # type: ignore[override]
        self, *, context: OpExecutionContext, spec: Path
    ) -> PipesClientCompletedInvocation:
        """Train, and return what the drivers reported.

        Raises `BadInput` or `MaverickError`, one line each, when a host or the training fails.
        """
        training = HostTraining(spec, context.log, self._patience)
        hosts = training.ready_hosts()
        reader = LineMessageReader()
        with open_pipes_session(context, PipesEnvContextInjector(), reader) as session:
            carried = {
                name: value
                for name, value in os.environ.items()
                if name.startswith(CARRIED_PREFIXES)
            }
            environment = carried | dict(session.get_bootstrap_env_vars())
            training.run(hosts, environment, reader.read_line)
        return PipesClientCompletedInvocation(session)
