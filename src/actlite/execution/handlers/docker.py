"""Docker actions and ``docker://`` steps (R: Handlers/ContainerActionHandler.cs)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from actlite.engines.base import ContainerRun, ImageSpec, Mount, Progress
from actlite.errors import CannotRun, UsageError
from actlite.events import ImageProgress
from actlite.execution.cancellation import until_cancelled
from actlite.execution.containers import DOCKER_SOCKET, ContainerSpec, image_spec
from actlite.execution.environment import as_c_string, process_env
from actlite.execution.prepared import PreparedAction
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.scope import scope
from actlite.execution.shells import split_arguments
from actlite.execution.state import JobState
from actlite.execution.steps import StepResult, StepRun
from actlite.expressions.template import Scope, evaluate_mapping, evaluate_string
from actlite.workflow.model import DockerRuns


def run_docker(run: StepRun, action: PreparedAction, inputs: dict[str, str], image: str) -> StepResult:
    """Run one stage of a docker action in a container of its own, on the job's network where it has one."""
    state = run.state
    runs = action.manifest.runs
    assert isinstance(runs, DockerRuns)
    lowered = {k.lower(): v for k, v in inputs.items()}
    run.log.write(f"##[group]Run {action.reference}\n##[endgroup]\n")
    inner = _scope(run, inputs)
    entrypoint = runs.entrypoint or lowered.get("entrypoint", "")
    if run.task.stage == "pre":
        entrypoint = runs.pre_entrypoint
    elif run.task.stage == "post":
        entrypoint = runs.post_entrypoint
    if runs.args is not None:
        line = " ".join(_quoted(evaluate_string(a, inner)) for a in runs.args)
    else:
        line = lowered.get("args", "")
    own = evaluate_mapping(runs.env, inner) if runs.env is not None else {}
    env = process_env(
        state,
        run.github,
        {"CI": "true", **own, **run.env},
        run.files.env_vars("/github/file_commands"),
        states=run.effects.state,
        inputs=inputs,
    )
    env["HOME"] = "/github/home"
    spec = ContainerRun(
        image=ImageSpec(image, state.services.settings.pull),
        owner=state.services.owner,
        env=_translated(state, env),
        mounts=_mounts(state),
        workdir="/github/workspace",
        entrypoint=entrypoint,
        args=split_arguments(as_c_string(line)),
        network=state.network,
        timeout=None if run.deadline is None else max(0.1, run.deadline - state.services.clock()),
    )

    def started(kill: Callable[[], None]) -> None:
        """Whoever stops this step, or one around it, finds the way to; it asks until the step has ended."""
        state.kill_container = kill

    if run.killed:
        return StepResult(FAILURE)
    try:
        status = state.services.engine.run_container(spec, run.log.feed, started)
    finally:
        state.kill_container = None
    run.killed = run.killed or status.killed
    run.timed_out = run.timed_out or status.timed_out
    ok = status.code == 0 and not status.timed_out
    return StepResult(SUCCESS if ok else FAILURE, status.code)


def _quoted(argument: str) -> str:
    """An argument of the manifest as the runner writes it into docker's command line."""
    return '"' + argument.replace('"', '\\"') + '"'


def image_of(state: JobState, action: PreparedAction, log: Callable[[bytes], None]) -> str:
    """The image of a docker action: pulled by the engine when run, or built here. Raises CannotRun, UsageError."""
    runs = action.manifest.runs
    assert isinstance(runs, DockerRuns)
    name = runs.image
    if name.lower().startswith("docker://"):
        return _pulled(state, name[len("docker://") :])
    last = name.rsplit("/", 1)[-1].lower()
    if not (last.startswith("dockerfile.") or last.endswith("dockerfile")):
        raise UsageError(f"'{name}' should be either '[path]/Dockerfile' or 'docker://image[:tag]'.")
    dockerfile = (action.folder / name).resolve()
    root = action.root or action.folder
    if not dockerfile.is_relative_to(root.resolve()):
        raise UsageError(f"'{name}' is outside of the action's repository")
    if not dockerfile.exists():
        raise CannotRun(f"Can't find '{name}' in {action.reference}")
    info = state.services.engine.images.build(
        dockerfile.parent, dockerfile, f"actlite-action:{uuid.uuid4().hex}", state.services.owner, log
    )
    return info.id


def _pulled(state: JobState, name: str) -> str:
    """An image that is here, pulled where the policy says so. Raises ImageUnavailable."""
    spec = image_spec(state.services, ContainerSpec(name), state.github)
    clock, leg = state.services.clock, state.leg.key

    def report(p: Progress) -> None:
        state.emit(ImageProgress(clock(), leg, spec.name, p.status, p.current, p.total))

    return until_cancelled(
        state.cancel,
        f"{spec.name} was being pulled",
        lambda: state.services.engine.images.ensure(spec, report).name,
    )


def _scope(run: StepRun, inputs: dict[str, str]) -> Scope:
    """A docker action's args and env see only inputs."""
    full = scope(run.state, run.frame, run.env, run.task.step, stage=run.task.stage)
    return Scope({"inputs": inputs}, full.functions)


def _rules(state: JobState) -> tuple[tuple[str, str], ...]:
    work = state.layout.runner_work
    return (
        (f"{work}/_temp/_github_workflow", "/github/workflow"),
        (f"{work}/_temp/_github_home", "/github/home"),
        (f"{work}/_temp/_runner_file_commands", "/github/file_commands"),
        (f"{work}/_temp", "/github/runner_temp"),
        (state.layout.runner_workspace, "/github/workspace"),
    )


def _translated(state: JobState, env: dict[str, str]) -> dict[str, str]:
    rules = _rules(state)

    def one(value: str) -> str:
        for runner, inside in rules:
            if value == runner or value.startswith(runner + "/"):
                return inside + value[len(runner) :]
        return value

    return {k: one(v) for k, v in env.items()}


def _mounts(state: JobState) -> tuple[Mount, ...]:
    layout = state.layout
    pairs: list[tuple[Path, str]] = [
        (layout.temp, "/github/runner_temp"),
        (layout.home, "/github/home"),
        (layout.event_folder, "/github/workflow"),
        (layout.files, "/github/file_commands"),
        (layout.workspace, "/github/workspace"),
    ]
    socket = (Mount(DOCKER_SOCKET, DOCKER_SOCKET),) if state.services.settings.docker_socket else ()
    return (*socket, *(Mount(str(real), inside) for real, inside in pairs))
