"""Docker actions and ``docker://`` steps (R: Handlers/ContainerActionHandler.cs)."""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Callable
from pathlib import Path

from actlite.engines.base import ContainerRun, ImageSpec, Mount, Progress
from actlite.errors import CannotRun, UsageError
from actlite.events import ImageProgress
from actlite.execution import docker_log
from actlite.execution.cancellation import Listener
from actlite.execution.containers import DOCKER_SOCKET, ContainerSpec, image_spec
from actlite.execution.environment import as_c_string, process_env
from actlite.execution.handlers.node import write_header
from actlite.execution.prepared import PreparedAction, is_image
from actlite.execution.results import FAILURE, SUCCESS
from actlite.execution.scope import scope
from actlite.execution.shells import split_arguments
from actlite.execution.state import JobState
from actlite.execution.steps import StepResult, StepRun
from actlite.expressions.template import Scope, evaluate_mapping, evaluate_string
from actlite.records import frozen
from actlite.workflow.manifest import is_dockerfile
from actlite.workflow.model import DockerRuns


def run_docker(
    run: StepRun, action: PreparedAction, inputs: dict[str, str], image: Callable[[], ActionImage]
) -> StepResult:
    """Run one stage of a docker action in a container of its own, on the job's network where it has one. ``image``
    gives its image, which may have to be built first."""
    state = run.state
    runs = action.manifest.runs
    assert isinstance(runs, DockerRuns)
    lowered = {k.lower(): v for k, v in inputs.items()}
    write_header(run, action, inputs)
    used = image()
    run.runtime["image"] = used.name
    inner = _scope(run, inputs)
    entrypoint = runs.entrypoint or lowered.get("entrypoint", "")
    if run.task.stage == "pre":
        entrypoint = runs.pre_entrypoint
    elif run.task.stage == "post":
        entrypoint = runs.post_entrypoint
    if runs.args is not None:
        line = "".join(f" {_quoted(evaluate_string(a, inner))}" for a in runs.args)
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
    run.effects.translate_path = lambda path: _real_path(state, path)
    spec = ContainerRun(
        image=ImageSpec(used.name, state.services.settings.pull),
        owner=state.services.owner,
        env=_translated(state, env),
        mounts=_mounts(state),
        workdir="/github/workspace",
        entrypoint=entrypoint,
        args=split_arguments(as_c_string(line)),
        network=state.network,
        timeout=run.seconds_left,
    )

    if run.killed or run.stopping:
        run.killed = True
        return StepResult(FAILURE)
    run.log.write(_command(state, spec, used.told, own_ci="CI" in own or "CI" in run.env, arguments=line))
    status = state.services.engine.run_container(spec, run.log.feed, run.started)
    run.killed = run.killed or status.killed
    run.timed_out = run.timed_out or status.timed_out
    ok = status.code == 0 and not status.timed_out
    return StepResult(SUCCESS if ok else FAILURE, status.code)


def _command(state: JobState, spec: ContainerRun, image: str, *, own_ci: bool, arguments: str) -> str:
    """The ``docker run`` that the runner would have written, with its own paths."""
    layout = state.layout
    names = [name for name in spec.env if name != "GITHUB_ACTIONS" and (name != "CI" or own_ci)]
    known = {layout.temp, layout.home, layout.event_folder, layout.files, layout.workspace}
    mounts = [
        Mount(
            layout.runner_path(Path(m.source)) if m.source and Path(m.source) in known else m.source, m.target
        )
        for m in spec.mounts
    ]
    return docker_log.run(
        docker_log.container_name(image, alias=False),
        docker_log.label(spec.owner.run),
        spec.workdir,
        sorted(names, key=_place),
        spec.entrypoint,
        spec.network or "",
        mounts,
        image,
        arguments,
    )


def _place(name: str) -> int:
    """The runner tells the workflow's variables first, then inputs, HOME, the contexts'."""
    for place, start in enumerate(("INPUT_", "HOME", "GITHUB_", "RUNNER_"), 1):
        if name == start or (start.endswith("_") and name.startswith(start)):
            return place
    return 0


@frozen
class ActionImage:
    """The image that a docker action runs in."""

    name: str
    """As the engine finds it."""
    told: str
    """As the log names it: a built one by the tag that it has."""


def build_tag(state: JobState) -> str:
    """A tag in the runner's form for an image that is built (R: ActionManager.BuildActionContainerAsync)."""
    return f"{docker_log.label(state.services.owner.run)}:{uuid.uuid4().hex}"


def image_title(state: JobState, action: PreparedAction, tag: str, *, at_use: bool) -> str:
    """The group and the command before an image is pulled or built; ``at_use``: by the step itself, as for local
    actions (R: ActionManager.PullActionContainerAsync, BuildActionContainerAsync, ContainerActionHandler)."""
    runs = action.manifest.runs
    assert isinstance(runs, DockerRuns)
    if runs.image.lower().startswith("docker://"):
        return f"##[group]Pull down action image '{runs.image[len('docker://') :]}'\n"
    file = state.layout.runner_path(action.folder / runs.image)
    build = docker_log.command(f'build -t {tag} -f "{file}" "{posixpath.dirname(file)}"')
    if at_use:
        return f"##[group]Building docker image\nDockerfile for action: '{file}'.\n{build}"
    return f"##[group]Build container for action use: '{file}'.\n{build}"


def _quoted(argument: str) -> str:
    """An argument of the manifest as the runner writes it into docker's command line."""
    return '"' + argument.replace('"', '\\"') + '"'


def image_of(run: StepRun, action: PreparedAction, tag: str, *, tell: bool = True) -> ActionImage:
    """The image of a docker action: pulled, or built here with this tag, within the time of the step. ``tell``: say
    how it is pulled. Raises CannotRun, UsageError, ImageUnavailable, TimeIsOver."""
    state, runs = run.state, action.manifest.runs
    assert isinstance(runs, DockerRuns)
    name = runs.image
    if is_image(name):
        pulled = _pulled(run, name[len("docker://") :], tell=tell)
        return ActionImage(pulled, pulled)
    if not is_dockerfile(name):  # of a local action; a remote one's was looked at when it was made ready
        pulled = _pulled(run, name, tell=False)
        return ActionImage(pulled, pulled)
    dockerfile = (action.folder / name).resolve()
    root = action.root or action.folder
    if not dockerfile.is_relative_to(root.resolve()):
        raise UsageError(f"'{name}' is outside of the action's repository")
    if not dockerfile.exists():
        raise CannotRun(f"File not found: '{state.layout.runner_path(action.folder)}/{name}'")
    images, log = state.services.engine.images, Listener(run.log.feed, needed=True)
    try:
        built = run.wait_for(
            f"the image of {action.reference} was being built",
            lambda: images.build(dockerfile.parent, dockerfile, tag, state.services.owner, log),
        )
    finally:
        log.leave()
    return ActionImage(built.id, tag)


def _pulled(run: StepRun, name: str, *, tell: bool) -> str:
    """An image that is here, pulled where the policy says so. Raises ImageUnavailable, TimeIsOver."""
    state = run.state
    spec = image_spec(state.services, ContainerSpec(name), state.github)
    clock, leg = state.services.clock, state.leg.key
    pull, begun = docker_log.Pull(spec.name), False

    def say(text: str) -> None:
        if tell and text:
            run.log.feed(text.encode())

    def report(p: Progress) -> None:
        nonlocal begun
        say("" if begun else docker_log.command(f"pull {spec.name}"))
        begun = True
        say(pull.line(p))
        state.emit(ImageProgress(clock(), leg, spec.name, p.status, p.current, p.total))

    listener = Listener(report, needed=False)  # another job may wait for the image
    try:
        found = run.wait_for(
            f"{spec.name} was being pulled", lambda: state.services.engine.images.ensure(spec, listener).name
        )
    finally:
        listener.leave()
    say("" if begun else docker_log.here(spec.name))
    return found


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
    """Raises CannotRun where a step has made one of the folders a link that leads to other files of this machine."""
    for real, _ in _places(state):
        if not state.keeps(real):
            raise CannotRun(
                f"'{state.layout.runner_path(real)}' is not mounted: a step has put a symbolic link there, or above it",
                why="It leads out of the job's folders, to files of this machine.",
                do="Remove the link first.",
            )
    socket = (Mount(DOCKER_SOCKET, DOCKER_SOCKET),) if state.services.settings.docker_socket else ()
    return (*socket, *(Mount(str(real), inside) for real, inside in _places(state)))


def _places(state: JobState) -> list[tuple[Path, str]]:
    """The folders that the container gets, and its names of them."""
    layout = state.layout
    return [
        (layout.temp, "/github/runner_temp"),
        (layout.home, "/github/home"),
        (layout.event_folder, "/github/workflow"),
        (layout.files, "/github/file_commands"),
        (layout.workspace, "/github/workspace"),
    ]


def _real_path(state: JobState, path: str) -> Path | None:
    """The path on this machine of a file that the container's programs name."""
    for real, inside in _places(state):
        if path == inside or path.startswith(inside + "/"):
            return real / path[len(inside) + 1 :]
    return state.real_path(path)
